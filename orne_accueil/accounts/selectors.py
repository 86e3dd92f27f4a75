"""What pages read about people, their accounts and their posts."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import JSONField

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


def _person_of_user(user_id: int) -> Person | None:
    sql, of_person, of_commune = _person_query()
    with connection.cursor() as cursor:
        cursor.execute(sql, [user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    person = Person.from_db(connection.alias, of_person, row[: len(of_person)])
    if person.commune_id is not None:
        person.commune = Commune.from_db(connection.alias, of_commune, row[len(of_person) :])
    return person


@cache
def _person_query() -> tuple[str, list[str], list[str]]:
    """The ORM's own query, written once: every signed-in page asks it, and writing it costs more than answering."""
    of_person = [field.attname for field in Person._meta.concrete_fields]
    of_commune = [field.attname for field in Commune._meta.concrete_fields if not isinstance(field, JSONField)]
    persons = Person.objects.select_related("commune").filter(user_id=0).order_by()
    sql, _ = persons.only(*of_person, *(f"commune__{name}" for name in of_commune)).query.sql_with_params()
    return sql, of_person, of_commune


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
