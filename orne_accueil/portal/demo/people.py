"""The people of the demonstration: nine accounts, and forty visitors. All invented.

Addresses are in @demo.test, which leads nowhere; telephones are in the ranges that the regulator keeps for fiction.
"""

from dataclasses import dataclass
from datetime import date, datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from coworking.actions import add_animator
from coworking.models import Space
from orne_accueil.accounts import actions as accounts
from orne_accueil.accounts.models import Delegation, Mandate, Person, User
from orne_accueil.common.text import fold
from orne_accueil.territory.models import Commune

from .run import PASSWORD

ARGENTAN, SEES = "61006", "61464"
MANDATE_START = date(2026, 3, 22)
"""The second round of the municipal elections of 2026."""

ACCOUNTS = {
    "coordination@demo.test": "Claire Fontaine",
    "animatrice@demo.test": "Sylvie Besnard",
    "maire@demo.test": "Hélène Duval",
    "secretaire@demo.test": "Nadine Lecoq",
    "parrain@demo.test": "Jean-Pierre Morin",
    "elue.cdc@demo.test": "Isabelle Gautier",
    "nouvelle@demo.test": "Camille Lenoir",
    "membre@demo.test": "Thomas Lefèvre",
    "intervenant@demo.test": "Karim Benali",
}

FIRST_VISITOR = "Capucine Hamel"
"""She books once, today: a first visit stays one."""

VISITORS = (
    "Aurélie Lemoine", "Baptiste Hardy", "Cécile Ozenne", "Damien Quesnel", "Élodie Vallée", "Fabien Lhermitte",
    "Gaëlle Poisson", "Hugo Marie", "Inès Bouquet", "Julien Desrues", "Karine Lebailly", "Loïc Prunier",
    "Manon Geslin", "Nicolas Heuzé", "Océane Tessier", "Paul Anquetil", "Quentin Roussel", "Romane Letellier",
    "Stéphane Chauvin", "Tiphaine Leroyer", "Ugo Maillard", "Valérie Chesnel", "William Foucault", "Xavier Lecomte",
    "Yasmine Haddad", "Zoé Guérin", "Amine Belkacem", "Brigitte Lainé", "Corentin Yvon", "Delphine Aubert",
    "Étienne Renouf", "Fatou Diallo", "Guillaume Sauvage", "Héloïse Pichard", "Ivan Kovalenko", "Joëlle Mauger",
    "Kévin Brunet", "Lucie Plessis", "Marcel Toutain",
)  # fmt: skip
WITHOUT_ADDRESS = 5
"""One visitor in five has no e-mail: somebody on the phone."""


@dataclass(frozen=True)
class Cast:
    """Who is who in the demonstration."""

    accounts: dict[str, Person]
    visitors: list[Person]
    first_visitor: Person

    @property
    def coordination(self) -> Person:
        return self.accounts["coordination@demo.test"]

    @property
    def animatrice(self) -> Person:
        return self.accounts["animatrice@demo.test"]

    @property
    def nouvelle(self) -> Person:
        return self.accounts["nouvelle@demo.test"]

    @property
    def everybody(self) -> list[Person]:
        return [*self.accounts.values(), *self.visitors, self.first_visitor]


def load_people(*, at: datetime) -> Cast:
    """The accounts and the visitors, made once: whoever exists is left as she is."""
    communes = Commune.objects.in_bulk([ARGENTAN, SEES], field_name="code_insee")
    known = {person.email: person for person in Person.objects.filter(email__in=ACCOUNTS).select_related("user")}
    password = "" if len(known) == len(ACCOUNTS) else make_password(PASSWORD)  # slow by design: hashed once for all
    people = {
        email: known.get(email) or _account(email, name, password, communes[ARGENTAN], number, at=at)
        for number, (email, name) in enumerate(ACCOUNTS.items(), start=1)
    }
    visitors = _visitors(communes, by=people["coordination@demo.test"], at=at)
    return Cast(accounts=people, visitors=visitors[1:], first_visitor=visitors[0])


def _account(email: str, name: str, password: str, commune: Commune, number: int, *, at: datetime) -> Person:
    """An account whose address is proven and whose password is the demonstration's, with its Person."""
    user = accounts.account_for_code(email, at=at)
    staff = email == "coordination@demo.test"
    User.objects.filter(pk=user.pk).update(password=password, is_staff=staff, is_superuser=staff)
    EmailAddress.objects.filter(user=user, email=email).update(verified=True, primary=True)
    user.refresh_from_db()
    person = accounts.confirm_account(user, at=at)
    return accounts.update_profile(
        person, name=name, phone=_phone(number), commune=commune, by=person, at=at
    )  # fmt: skip


def _visitors(communes: dict[str, Commune], *, by: Person, at: datetime) -> list[Person]:
    """The first visitor, then the others, in the order of their list."""
    names = (FIRST_VISITOR, *VISITORS)
    emails = {name: None if index % WITHOUT_ADDRESS == 4 else _email(name) for index, name in enumerate(names)}
    phones = {name: _phone(100 + index) for index, name in enumerate(names)}
    wanted = [email for email in emails.values() if email]
    by_email = {person.email: person for person in Person.objects.filter(email__in=wanted)}
    by_phone = {person.phone: person for person in Person.objects.filter(phone__in=phones.values(), email=None)}
    towns = list(communes.values())
    return [
        (by_email.get(emails[name]) if emails[name] else by_phone.get(phones[name]))
        or accounts.person_for_contact(
            name=name, email=emails[name], phone=phones[name], commune=towns[index % len(towns)], by=by, at=at
        )
        for index, name in enumerate(names)
    ]  # fmt: skip


def _email(name: str) -> str:
    return f"{fold(name).replace(' ', '.')}@demo.test"


def _phone(number: int) -> str:
    return f"06 39 98 {number // 100:02d} {number % 100:02d}"


def load_posts(cast: Cast, *, spaces: list[Space], at: datetime) -> None:
    """Who runs the spaces of Argentan and Sées, and who acts for the commune and its communauté."""
    for space in spaces:
        add_animator(space=space, person=cast.animatrice, by=cast.coordination, at=at)
    argentan = Commune.objects.select_related("epci").get(code_insee=ARGENTAN)
    maire, secretaire = cast.accounts["maire@demo.test"], cast.accounts["secretaire@demo.test"]
    mandate = Mandate.objects.filter(person=maire, commune=argentan).first() or accounts.grant_mandate(
        person=maire, title="maire", starts_on=MANDATE_START, ends_on=None, commune=argentan, by=None, at=at
    )
    if not Delegation.objects.filter(mandate=mandate, delegate=secretaire).exists():
        accounts.delegate(mandate, to=secretaire, starts_on=MANDATE_START, ends_on=None, by=maire, at=at)
    elue = cast.accounts["elue.cdc@demo.test"]
    if not Mandate.objects.filter(person=elue).exists():
        accounts.grant_mandate(
            person=elue, title="vice-présidente à l’accueil", starts_on=MANDATE_START, ends_on=None,
            epci=argentan.epci, by=None, at=at,
        )  # fmt: skip
