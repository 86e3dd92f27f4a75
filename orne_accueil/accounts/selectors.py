"""What pages read about people, their accounts and their posts."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser

from orne_accueil.outbox import registry
from orne_accueil.outbox.enums import Category

from .models import Delegation, FormerPerson, Mandate, Person, User


def person_of(user: User | AnonymousUser | None) -> Person | None:
    """The human being behind an account, with her commune; None for a stranger. One query, then none."""
    if user is None or user.pk is None:
        return None
    cached = getattr(user, "_orne_person", None)
    if cached is None:
        cached = Person.objects.select_related("commune").filter(user_id=user.pk).first()
        if cached is not None:
            user._orne_person = cached  # type: ignore[attr-defined]
    return cached


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
