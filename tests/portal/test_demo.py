"""The demonstration: loaded once or ten times, it stands around today and keeps what was done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import pytest_django
from allauth.account.models import EmailAddress
from django.db import transaction
from django.test import Client

from coworking import actions, selectors
from coworking.enums import BookingState, Period, Presence, Usage
from coworking.models import Booking, Closure, Occupation, Room, Space
from coworking.rules.slots import Wish
from orne_accueil.accounts.models import Delegation, Mandate, Person, User
from orne_accueil.accounts.selectors import powers
from orne_accueil.common import clock
from orne_accueil.outbox.models import Message
from orne_accueil.portal.demo.bookings import TRAINING_DAY
from orne_accueil.portal.demo.load import DemoReport, load_demo
from orne_accueil.portal.demo.run import ACCOUNTS, PASSWORD
from orne_accueil.territory.actions import load_territory
from orne_accueil.territory.management.commands.load_territory import DEFAULT_FOLDER
from tests.conftest import paris

pytestmark = pytest.mark.django_db

WEDNESDAY = paris("2026-11-25 08:30")


@pytest.fixture(autouse=True, scope="module")
def first_load(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[DemoReport]:
    """One first load for all of this module, on WEDNESDAY, taken back at its end: each test has its own savepoint."""
    block = transaction.atomic()
    block._from_testcase = True  # as TestCase marks its own: a durable action may run inside
    with django_db_blocker.unblock(), block:
        load_territory(DEFAULT_FOLDER, at=WEDNESDAY)
        yield load_demo(at=WEDNESDAY)
        transaction.set_rollback(True)


def load(at: str) -> DemoReport:
    return load_demo(at=paris(at))


def argentan() -> Space:
    return Space.objects.get(commune__code_insee="61006")


def person(email: str) -> Person:
    return Person.objects.get(email=email)


# --- What is there ---


def test_every_account_that_is_printed_signs_in_with_the_password() -> None:
    for email, _ in ACCOUNTS:
        user = User.objects.get(email=email)
        assert user.check_password(PASSWORD)
        assert user.confirmed_at is not None
        assert EmailAddress.objects.filter(user=user, email=email, verified=True, primary=True).exists()
        assert person(email).user == user


def test_posts_are_held_by_those_who_should() -> None:
    today = clock.local(WEDNESDAY).date()
    by_title = {mandate.title: mandate for mandate in Mandate.objects.all()}
    assert by_title["maire"].commune.name == "Argentan"
    assert by_title["vice-présidente à l’accueil"].epci == by_title["maire"].commune.epci
    [power] = powers(person("secretaire@demo.test"), today)
    assert (power.mandate, power.is_delegated) == (by_title["maire"], True)
    animated = person("animatrice@demo.test").animated_spaces.values_list("space__commune__name", flat=True)
    assert sorted(animated) == ["Argentan", "Sées"]
    assert person("coordination@demo.test").user.is_superuser


def test_the_places_are_varied() -> None:
    assert Space.objects.filter(external_id__startswith="demo-").count() == 21
    rooms = Room.objects.all()
    kinds = set(rooms.values_list("kind", flat=True))
    assert (len(kinds), set(rooms.values_list("mode", flat=True))) == (5, {"half_day", "free"})
    assert rooms.filter(includes__isnull=False).exists()
    assert rooms.exclude(access_code="").exists()
    assert rooms.filter(needs_approval=True).exists()
    assert all(rooms.exclude(equipment=None).exclude(price_text="").values_list("pk", flat=True))
    elsewhere = Space.objects.filter(is_bookable=False)
    assert sorted(bool(space.external_url) for space in elsewhere) == [False, True]
    day = clock.local(WEDNESDAY).date()
    ages = {space.measure_is_stale(day) for space in Space.objects.exclude(measured_on=None)}
    assert ages == {True, False}


def test_today_somebody_comes_to_argentan_and_one_for_the_first_time() -> None:
    sheet = selectors.day_sheet(argentan(), clock.local(WEDNESDAY).date())
    assert len(sheet.bookings) >= 5
    assert [booking.person.name for booking in sheet.bookings if booking.is_first_visit] == ["Capucine Hamel"]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-28 17:00", "2026-11-28"),  # Saturday afternoon: the morning's arrivals are already there
        ("2026-11-29 10:00", "2026-12-01"),  # Sunday; and on Monday the animator is away
        ("2026-12-25 10:00", "2026-12-26"),  # a public holiday
    ],
)
def test_when_today_is_closed_the_next_open_day_has_arrivals(at: str, day: str) -> None:
    load(at)

    sheet = selectors.day_sheet(argentan(), clock.date.fromisoformat(day))
    assert len(sheet.bookings) >= 3
    assert any(booking.is_first_visit for booking in sheet.bookings)


def test_requests_wait_for_the_animator_and_one_has_waited_for_a_day() -> None:
    waiting = selectors.waiting_for(Space.objects.filter(animators__person=person("animatrice@demo.test")))
    assert len(waiting) >= 3
    assert any(WEDNESDAY - booking.asked_at > timedelta(days=1) for booking in waiting if booking.asked_at)
    assert Message.objects.filter(kind="coworking.approval_needed", recipient=person("animatrice@demo.test").recipient)


def test_the_newcomer_has_one_booking_to_come_and_some_behind_her() -> None:
    hers = selectors.bookings_of(person("nouvelle@demo.test"), at=WEDNESDAY)
    assert len(hers.coming) == 1
    assert {booking.state for booking in hers.past} == {BookingState.CONFIRMED, BookingState.CANCELLED}


def test_the_animator_is_away_on_a_monday_to_come() -> None:
    closure = Closure.objects.get(reason=TRAINING_DAY)
    assert clock.local(closure.starts_at).date().weekday() == 0
    assert closure.starts_at > WEDNESDAY
    assert not Booking.objects.live().overlapping(closure.starts_at, closure.ends_at).filter(room__space=argentan())


def test_every_live_booking_holds_its_units() -> None:
    assert not Booking.objects.live().exclude(occupations__live=True).exists()
    assert not Occupation.objects.live().exclude(booking__state__in=["pending", "confirmed"]).exists()


# --- Again ---


def everything() -> dict[str, list[dict[str, object]]]:
    models = (Space, Room, Booking, Occupation, Closure, Person, User, Mandate, Delegation, Message)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}  # type: ignore[attr-defined]


def test_the_same_day_again_changes_nothing() -> None:
    before = everything()

    report = load("2026-11-25 08:31")

    assert (report.bookings.made, report.bookings.moved) == (0, 0)
    assert everything() == before


def test_a_fortnight_later_the_dates_have_moved_and_nothing_has_piled_up(first_load: DemoReport) -> None:
    before = first_load.bookings.made

    report = load("2026-12-09 08:30")

    later = paris("2026-12-09 08:30")
    assert report.bookings.moved > 100
    assert abs(Booking.objects.count() - before) < 30
    assert len(selectors.day_sheet(argentan(), later.date()).bookings) >= 5
    assert len(selectors.bookings_of(person("nouvelle@demo.test"), at=later).coming) == 1
    assert Closure.objects.get(reason=TRAINING_DAY).starts_at > later


def test_what_was_done_is_kept_and_the_story_goes_on_beside_it() -> None:
    animatrice, nouvelle = person("animatrice@demo.test"), person("nouvelle@demo.test")
    waiting = selectors.waiting_for([argentan()])
    approved = actions.approve_booking(booking=waiting[0], by=animatrice, at=WEDNESDAY)
    coming = selectors.bookings_of(nouvelle, at=WEDNESDAY).coming[0]
    actions.cancel_booking(booking=coming, by=nouvelle, at=WEDNESDAY)
    pointed = selectors.day_sheet(argentan(), WEDNESDAY.date()).bookings[0]
    actions.mark_presence(booking=pointed, presence=Presence.ABSENT, by=animatrice, at=WEDNESDAY)
    done = {booking.pk: booking.starts_at for booking in (approved, coming, pointed)}

    load("2026-11-25 09:00")
    load("2026-12-02 08:30")

    kept = {booking.pk: booking for booking in Booking.objects.filter(pk__in=done)}
    assert {pk: booking.starts_at for pk, booking in kept.items()} == done
    states = (kept[approved.pk].state, kept[coming.pk].state, kept[pointed.pk].presence)
    assert states == (BookingState.CONFIRMED, BookingState.CANCELLED, Presence.ABSENT)
    later = paris("2026-12-02 08:30")
    assert len(selectors.bookings_of(nouvelle, at=later).coming) == 1
    assert len(selectors.waiting_for([argentan()])) == len(waiting)


def test_a_visitors_own_booking_is_never_moved(alice: Person) -> None:
    desks = Room.objects.get(space=argentan(), kind="desk")
    nouvelle = person("nouvelle@demo.test")
    wish = Wish(clock.local(WEDNESDAY).date() + timedelta(days=1), Period.MORNING)
    own = [
        actions.book_room(room=desks, person=who, wish=wish, usage=Usage.OCCASIONAL, by=who, at=WEDNESDAY).pk
        for who in (alice, nouvelle)
    ]
    before = list(Booking.objects.filter(pk__in=own).order_by("pk").values())

    load("2026-12-09 08:30")

    assert list(Booking.objects.filter(pk__in=own).order_by("pk").values()) == before


def test_what_staff_changed_in_a_place_is_kept() -> None:
    space, coordination = argentan(), person("coordination@demo.test")
    space.phone, space.access_text = "06 11 11 11 11", "Par le jardin."
    actions.save_space(space=space, changed=["phone", "access_text"], by=coordination, at=WEDNESDAY)
    room = space.rooms.first()
    room.name = "Les grandes tables"
    actions.change_room(room=room, by=coordination, at=WEDNESDAY)

    load("2026-11-26 08:30")

    space.refresh_from_db()
    assert (space.phone, space.access_text) == ("06 11 11 11 11", "Par le jardin.")
    assert space.rooms.count() == 5
    assert space.rooms.filter(name="Les grandes tables").exists()


def test_a_demo_account_signs_in_on_the_page(client: Client) -> None:
    response = client.post("/compte/login/", {"login": "nouvelle@demo.test", "password": PASSWORD})

    assert response.status_code == 302
    assert client.session.get("_auth_user_id") == str(person("nouvelle@demo.test").user_id)
