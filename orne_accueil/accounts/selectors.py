"""What pages read about people, their accounts and their posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import JSONField, Model

from orne_accueil.outbox import registry
from orne_accueil.outbox.enums import Category
from orne_accueil.territory.models import Commune

from .models import Delegation, FormerPerson, Mandate, Person, User


def person_of(user: User | AnonymousUser | None) -> Person | None:
    """The human being behind an account, with her commune; None for a stranger. One query, then none."""
    if user is None or user.pk is None:
        return None
    cached = getattr(user, "_orne_person", None)
    if cached is None:
        cached = _person_of_user(user.pk)
        if cached is not None:
            user._orne_person = cached  # type: ignore[attr-defined]
    return cached


def user_with_person(pk: int) -> User | None:
    """An account, with its Person and her commune for `person_of`. One query: each page of a session begins with it."""
    columns = _columns(User)
    row = _first(_query(User, "person__commune", "pk"), pk)
    if row is None:
        return None
    user = User.from_db(connection.alias, columns, row[: len(columns)])
    person = _person_from(row[len(columns) :])
    if person is not None:
        user._orne_person = person  # type: ignore[attr-defined]
    return user


def _person_of_user(user_id: int) -> Person | None:
    row = _first(_query(Person, "commune", "user_id"), user_id)
    return _person_from(row) if row else None


def _person_from(row: Sequence[Any]) -> Person | None:
    of_person, of_commune = _columns(Person), _columns(Commune)
    if row[0] is None:
        return None
    person = Person.from_db(connection.alias, of_person, row[: len(of_person)])
    if person.commune_id is not None:
        person.commune = Commune.from_db(connection.alias, of_commune, row[len(of_person) :])
    return person


def _first(sql: str, parameter: int) -> Sequence[Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])
        row: Sequence[Any] | None = cursor.fetchone()
    return row


@cache
def _query(model: type[Model], path: str, key: str) -> str:
    """The ORM's own query, written once: it spends more processor writing it than PostgreSQL answering it."""
    names = list(_columns(model))
    for depth, related in enumerate(path.split("__"), start=1):
        prefix = "__".join(path.split("__")[:depth])
        names += [f"{prefix}__{name}" for name in _columns({"person": Person, "commune": Commune}[related])]
    rows = model._default_manager.select_related(path).filter(**{key: 0}).order_by().only(*names)
    return rows.query.sql_with_params()[0]


@cache
def _columns(model: type[Model]) -> list[str]:
    """Without JSON, which only the ORM reads: those columns are read when asked for."""
    return [field.attname for field in model._meta.concrete_fields if not isinstance(field, JSONField)]


def current_person(pk: int) -> Person | None:
    """The Person of that number, or the one she was merged into; None when she is gone."""
    person = Person.objects.filter(pk=pk).first()
    if person is None:
        former = FormerPerson.objects.select_related("person").filter(former_id=pk).first()
        person = former.person if former else None
    return person


RECIPIENT_PREFIX = "person:"


def person_for_recipient(recipient: str) -> Person | None:
    """Whom the outbox means by « person:12 », or by an address."""
    number = recipient.removeprefix(RECIPIENT_PREFIX)
    if recipient.startswith(RECIPIENT_PREFIX):
        return current_person(int(number)) if number.isdecimal() else None
    return Person.objects.with_email(recipient).first()


@dataclass(frozen=True)
class Power:
    """A mandate somebody may use on a day, her own or by delegation."""

    mandate: Mandate
    delegation: Delegation | None

    @property
    def is_delegated(self) -> bool:
        return self.delegation is not None


def active_mandates(person: Person, on: date) -> list[Mandate]:
    """Her own mandates that hold on that day, newest first."""
    return list(person.mandates.active(on).select_related("commune", "epci", "person"))


def powers(person: Person, on: date) -> list[Power]:
    """Every mandate she may act through on that day: hers, then those delegated to her. Two queries.

    A delegation never outlives its mandate.
    """
    own = [Power(mandate, None) for mandate in active_mandates(person, on)]
    delegations = (
        Delegation.objects.active(on)
        .filter(delegate=person, mandate__in=Mandate.objects.active(on))
        .select_related("mandate__person", "mandate__commune", "mandate__epci")
    )
    return own + [Power(delegation.mandate, delegation) for delegation in delegations]


@dataclass(frozen=True)
class MailChoice:
    """One sort of mails, whether it may be refused, and what she answered."""

    category: Category
    examples: str
    can_refuse: bool
    accepts: bool


def mail_choices(person: Person) -> list[MailChoice]:
    """Every sort of mails the site sends, with her answer; examples are the kinds' own names. One query."""
    answers = dict(person.mail_preferences.values_list("category", "accepts"))
    choices = []
    for category in Category:
        kinds = [kind for kind in registry.declared().values() if kind.category == category]
        refusable = [kind for kind in kinds if kind.mutable]
        named = refusable or kinds
        if kinds:
            examples = ", ".join(sorted({(kind.label or kind.kind).lower() for kind in named}))
            choices.append(MailChoice(category, examples, bool(refusable), answers.get(category.value, True)))
    return choices
