"""Nothing waits in silence: each step is done once, whoever sweeps, and the first answer stands."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps

from orne_accueil.answers import registry, selectors
from orne_accueil.answers.actions import SweepReport, sweep
from orne_accueil.answers.enums import Outcome
from orne_accueil.answers.models import Answerable
from orne_accueil.answers.policies import booking_approval

AT = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

with isolate_apps("orne_accueil.answers"):

    class Question(Answerable):
        """Something asked of somebody, for these tests only."""

        policy = booking_approval("tests.question")
        text = models.CharField(max_length=50)

        class Meta:
            app_label = "answers"
            verbose_name = "question"
            constraints = [*Answerable.Meta.constraints]
            indexes = [*Answerable.Meta.indexes]

        def __str__(self) -> str:
            return self.text


class Desk:
    """Who acts on questions, and what was done."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.locked: list[int] = []
        self._guard = threading.Lock()

    def step(self, name: str) -> Any:
        def act(row: Question, *, at: datetime) -> None:
            if row.text in self.broken:
                raise ZeroDivisionError(row.text)
            with self._guard:
                self.done.append((name, row.text))
            if name == "lapse":
                fresh = Question._base_manager.get(pk=row.pk)
                fresh.stop_clock(outcome=Outcome.EXPIRED, at=at)
                fresh.save()

        return act

    def lock(self, row: Question) -> None:
        self.locked.append(row.pk)

    def register(self, **options: Any) -> None:
        handlers = {name: self.step(name) for name in ("reminder", "coordinator", "lapse")}
        registry.register(Question, Question.policy, handlers, **options)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(registry, "_registrations", {})
    made = Desk()
    made.register(lock=made.lock)
    return made


@pytest.fixture
def table(db: None) -> None:
    """The table of questions, in this test's transaction."""
    with connection.schema_editor() as editor:
        editor.create_model(Question)


@pytest.fixture
def committed_table(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Question)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Question)


def ask(text: str = "Une place ?", *, before: datetime | None = AT + 72 * HOUR, at: datetime = AT) -> Question:
    question = Question(text=text)
    question.start_clock(at=at, before=before)
    question.save()
    return question


# --- The clock ---


def test_a_request_carries_its_promise_and_its_next_step(table: None, desk: Desk) -> None:
    question = ask()
    assert question.is_waiting
    assert question.asked_at == AT
    assert question.answer_due_at == AT + 48 * HOUR
    assert question.next_step_at == AT + 24 * HOUR
    assert question.lapses_at == AT + 70 * HOUR
    assert not question.is_late(AT + 48 * HOUR)
    assert question.is_late(AT + 48 * HOUR + timedelta(seconds=1))


def test_the_first_answer_stands(table: None, desk: Desk) -> None:
    question = ask()
    question.stop_clock(outcome=Outcome.REFUSED, at=AT + HOUR)
    question.stop_clock(outcome=Outcome.WITHDRAWN, at=AT + 2 * HOUR)
    question.save()
    assert (question.outcome, question.answered_at, question.next_step_at) == (Outcome.REFUSED, AT + HOUR, None)
    assert not question.is_waiting


def test_an_unknown_outcome_is_refused(desk: Desk) -> None:
    question = Question(text="x")
    question.start_clock(at=AT)
    with pytest.raises(ValueError, match="peut-être"):
        question.stop_clock(outcome="peut-être", at=AT)


def test_without_a_question_there_is_no_answer(desk: Desk) -> None:
    question = Question(text="x")
    question.stop_clock(outcome=Outcome.SUCCEEDED, at=AT)
    assert question.outcome == ""


def test_asking_again_starts_anew(table: None, desk: Desk) -> None:
    question = ask()
    question.stop_clock(outcome=Outcome.SUCCEEDED, at=AT + HOUR)
    question.start_clock(at=AT + 2 * HOUR, before=AT + 72 * HOUR)
    question.save()
    assert question.is_waiting
    assert (question.answer_step, question.outcome) == (0, "")


@pytest.mark.parametrize(
    "values",
    [
        {"next_step_at": None},
        {"answer_due_at": None},
        {"answered_at": AT},
        {"outcome": "refused"},
        {"answered_at": AT, "next_step_at": None},
        {"answered_at": AT, "next_step_at": None, "outcome": "peut-être"},
        {"asked_at": None},
    ],
)
def test_the_database_lets_nothing_wait_in_silence(table: None, desk: Desk, values: dict[str, Any]) -> None:
    ask()
    with pytest.raises(IntegrityError, match="answers_question_waits_or_is_answered"), transaction.atomic():
        Question._base_manager.update(**values)


# --- The sweep ---


def test_each_step_is_done_in_its_time_and_the_limit_closes(table: None, desk: Desk) -> None:
    question = ask("Q")
    for hours in (23, 24, 47, 48, 69, 70, 200):
        sweep(AT + hours * HOUR)
    assert desk.done == [("reminder", "Q"), ("coordinator", "Q"), ("lapse", "Q")]
    question = Question._base_manager.get(pk=question.pk)
    assert (question.outcome, question.answered_at) == (Outcome.EXPIRED, AT + 70 * HOUR)


def test_a_step_swept_twice_is_done_once(table: None, desk: Desk) -> None:
    ask("Q")
    assert sweep(AT + 24 * HOUR) == SweepReport(done=1)
    assert sweep(AT + 24 * HOUR) == SweepReport()


def test_a_worker_that_slept_catches_up_one_step_a_sweep(table: None, desk: Desk) -> None:
    ask("Q")
    late = AT + 100 * HOUR
    assert [sweep(late).done for _ in range(4)] == [1, 1, 1, 0]


def test_an_answer_stops_the_steps(table: None, desk: Desk) -> None:
    question = ask()
    question.stop_clock(outcome=Outcome.TAKEN_UP, at=AT + HOUR)
    question.save()
    assert sweep(AT + 100 * HOUR) == SweepReport()


def test_without_an_answer_the_last_step_comes_back(table: None, desk: Desk) -> None:
    ask("Q", before=None)
    swept = []
    for days in range(2, 9):  # from Thursday to the next Wednesday
        swept.append(sweep(AT + timedelta(days=days, hours=1)).done)
    assert swept == [1, 1, 0, 0, 1, 1, 1]
    assert [name for name, _ in desk.done] == ["reminder"] + ["coordinator"] * 4


def test_a_handler_that_breaks_undoes_its_row_only(table: None, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    ask("cassée", at=AT - HOUR)
    ask("saine")
    desk.broken = {"cassée"}
    assert sweep(AT + 24 * HOUR) == SweepReport(done=1, failed=1)
    assert "step of answers.Question" in caplog.text
    assert Question._base_manager.get(text="cassée").answer_step == 0
    desk.broken = set()
    assert sweep(AT + 24 * HOUR) == SweepReport(done=1)


def test_a_closing_that_closes_nothing_is_said(
    table: None, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Question, "stop_clock", lambda self, **answer: None)
    ask("Q", before=AT + 3 * HOUR)
    sweep(AT + 3 * HOUR)
    assert "left it waiting" in caplog.text
    assert Question._base_manager.get().next_step_at is not None


def test_the_sweep_is_bounded(table: None, desk: Desk) -> None:
    for number in range(5):
        ask(str(number))
    assert sweep(AT + 24 * HOUR, limit=3).done == 3
    assert sweep(AT + 24 * HOUR, limit=3).done == 2


def test_the_domain_locks_first(table: None, desk: Desk) -> None:
    question = ask()
    sweep(AT + 24 * HOUR)
    assert desk.locked == [question.pk]


@pytest.mark.engine
@pytest.mark.race
def test_two_sweeps_at_once_do_each_step_once(committed_table: None, desk: Desk) -> None:
    for number in range(20):
        ask(str(number))
    barrier = threading.Barrier(3)

    def work() -> None:
        try:
            barrier.wait()
            sweep(AT + 24 * HOUR)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(desk.done) == sorted(("reminder", str(number)) for number in range(20))


@pytest.mark.engine
@pytest.mark.race
def test_a_row_that_somebody_holds_waits_for_the_next_sweep(committed_table: None, desk: Desk) -> None:
    ask("Q")
    held, checked = threading.Event(), threading.Event()

    def answer_slowly() -> None:
        try:
            with transaction.atomic():
                Question._base_manager.select_for_update().get()
                held.set()
                checked.wait(timeout=10)
        finally:
            connection.close()

    holder = threading.Thread(target=answer_slowly)
    holder.start()
    held.wait(timeout=10)
    assert sweep(AT + 24 * HOUR) == SweepReport()
    checked.set()
    holder.join()
    assert sweep(AT + 24 * HOUR) == SweepReport(done=1)


# --- What waits ---


def test_everything_that_waits_is_listed_the_oldest_promise_first(table: None, desk: Desk) -> None:
    ask("demain", at=AT + HOUR)
    ask("hier", at=AT - 48 * HOUR)
    answered = ask("répondue")
    answered.stop_clock(outcome=Outcome.SUCCEEDED, at=AT)
    answered.save()
    found = selectors.waiting(AT + HOUR)
    assert [(str(one.row), one.label, one.is_late) for one in found] == [
        ("hier", "question", True),
        ("demain", "question", False),
    ]


def test_a_policy_without_its_handlers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registrations", {})
    with pytest.raises(ImproperlyConfigured, match="coordinator"):
        registry.register(Question, Question.policy, {"reminder": lambda row, *, at: None})
    with pytest.raises(ImproperlyConfigured, match="no policy"):
        registry.registration_of(Question)


def answerables() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, Answerable)]


def test_nothing_can_wait_outside_the_sweep() -> None:
    """Every model that asks is under a policy, with every handler, its guard and its index."""
    assert answerables(), "booking approval at least"
    for model in answerables():
        registration = registry.registration_of(model)  # type: ignore[arg-type]
        assert registration.policy.closing in registration.handlers, model
        names = {constraint.name for constraint in model._meta.constraints}
        assert f"{model._meta.app_label}_{model._meta.model_name}_waits_or_is_answered" in names
        assert f"{model._meta.model_name}_waits" in {index.name for index in model._meta.indexes}
