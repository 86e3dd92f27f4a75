"""Human beings, the accounts some of them have, and the posts through which some of them act."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from orne_accueil.common import clock
from orne_accueil.common.db import UnitPoint

from .enums import OrganisationKind
from .rules import normal_email


class UserManager(BaseUserManager["User"]):
    """Accounts are known by their address."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normal_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An account without a Person: `actions` give it one. No password means sign-in by code only."""
        user = self.model(email=normal_email(email) or "", **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """What signs in: an address, perhaps a password. Whoever it is, is a Person.

    An account that was asked for and whose address nobody has proven yet is provisional (no `confirmed_at`):
    it lets known and unknown addresses get the same answer, and it is purged at night.
    """

    email = models.EmailField(
        "adresse e-mail", unique=True, error_messages={"unique": "Cette adresse a déjà un compte."}
    )
    is_active = models.BooleanField(
        "peut se connecter", default=True, help_text="Décocher met la personne dehors dès sa prochaine page."
    )
    is_staff = models.BooleanField(
        "équipe", default=False, help_text="Peut ouvrir l’administration, avec un second facteur."
    )
    created_at = models.DateTimeField("créé le", default=clock.now, editable=False)
    code_asked_at = models.DateTimeField("dernier code demandé le", null=True, blank=True, editable=False)
    confirmed_at = models.DateTimeField("adresse prouvée le", null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_is_lower_case",
                violation_error_message="L’adresse s’écrit en minuscules.",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class PersonQuerySet(models.QuerySet["Person"]):
    def with_email(self, email: str) -> "PersonQuerySet":
        """Whoever has that address, however it was typed."""
        return self.filter(email=normal_email(email))

    def matching(self, text: str) -> "PersonQuerySet":
        """Persons whose name, address or phone contains each word of `text`."""
        found = self
        for word in text.split():
            found = found.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(phone__icontains=word))
        return found


class Person(models.Model):
    """A human being. Everything that belongs to somebody points here, never to a User."""

    name = models.CharField("nom", max_length=150, blank=True, help_text="Prénom et nom, comme elle se présente.")
    email = models.EmailField("adresse e-mail", null=True, blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    commune = models.ForeignKey(
        "territory.Commune",
        verbose_name="commune",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="persons",
    )
    user = models.OneToOneField(
        User, verbose_name="compte", on_delete=models.SET_NULL, null=True, blank=True, related_name="person"
    )
    typed_by = models.ForeignKey(
        "self",
        verbose_name="saisie par",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Qui a noté cette personne, par exemple au téléphone.",
    )
    created_at = models.DateTimeField("connue depuis le", default=clock.now, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="person_email_is_hers_alone",
                violation_error_message="Cette adresse est déjà celle de quelqu’un d’autre.",
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=True) | (Q(email=Lower("email")) & ~Q(email="")),
                name="person_email_is_lower_case",
                violation_error_message="L’adresse s’écrit en minuscules.",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(email__isnull=False) | ~Q(phone=""),
                name="person_can_be_called",
                violation_error_message="Indiquez au moins un nom, une adresse ou un téléphone.",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """How she is named on a page: her name, or what stands before the @ of her address, or her phone."""
        return self.name or (self.email or "").partition("@")[0] or self.phone

    @property
    def recipient(self) -> str:
        """How the outbox names her: her current address is looked up when the message leaves."""
        return f"person:{self.pk}"


class FormerPerson(models.Model):
    """A Person merged into another: what was addressed to the old number reaches the one who was kept."""

    former_id = models.BigIntegerField("ancien numéro", primary_key=True)
    person = models.ForeignKey(
        Person, verbose_name="personne gardée", on_delete=models.CASCADE, related_name="former_persons"
    )
    merged_at = models.DateTimeField("fusionnée le", default=clock.now, editable=False)

    class Meta:
        verbose_name = "ancienne fiche"
        verbose_name_plural = "anciennes fiches"

    def __str__(self) -> str:
        return f"{self.former_id} → {self.person}"


class Organisation(models.Model):
    """A body that takes part in the welcome: a CdC, a chamber, a school, an agency…"""

    kind = models.CharField("sorte", max_length=20, choices=OrganisationKind.choices)
    name = models.CharField("nom", max_length=150)
    siret = models.CharField("SIRET", max_length=14, null=True, blank=True, unique=True)
    commune = models.ForeignKey(
        "territory.Commune",
        verbose_name="commune",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
    )
    contact = models.ForeignKey(
        Person,
        verbose_name="contact",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="organisations",
        help_text="Qui répond pour elle.",
    )
    website = models.URLField("site", blank=True)

    class Meta:
        verbose_name = "organisation"
        verbose_name_plural = "organisations"
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(siret__isnull=True) | Q(siret__regex=r"^[0-9]{14}$"),
                name="organisation_siret_has_14_digits",
                violation_error_message="Un SIRET compte quatorze chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OrganisationKind.values),
                name="organisation_kind_is_known",
                violation_error_message="Cette sorte d’organisation est inconnue.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Days(models.Func):
    """daterange(first, last, '[]'): both days included, either open."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[]')"


class DatedQuerySet(models.QuerySet[Any]):
    """Posts that run from one day to another, both included."""

    def active(self, on: date) -> "DatedQuerySet":
        """Those that hold on that day."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)


def _held_once(scope: str, territory: F | None, condition: Q) -> ExclusionConstraint:
    """Nobody holds two mandates for one territory on one day. One constraint per scope: NULL matches all."""
    expressions: list[Any] = [
        (UnitPoint(F("person")), RangeOperators.OVERLAPS),
        (Days(F("starts_on"), F("ends_on")), RangeOperators.OVERLAPS),
    ]
    if territory is not None:
        expressions.append((UnitPoint(territory), RangeOperators.OVERLAPS))
    return ExclusionConstraint(
        name=f"mandate_is_held_once_per_{scope}",
        expressions=expressions,
        condition=condition,
        violation_error_message="Cette personne a déjà un mandat pour ce territoire à ces dates.",
    )


class Mandate(models.Model):
    """The post through which an official acts: for one commune, one EPCI or the whole Département.

    It can be delegated (to a deputy, to the mairie's secretary). When it ends, its files are handed over.
    """

    person = models.ForeignKey(Person, verbose_name="personne", on_delete=models.PROTECT, related_name="mandates")
    title = models.CharField(
        "titre",
        max_length=80,
        help_text="Comme elle le dit : « maire », « adjointe au logement », « vice-président ».",
    )
    commune = models.ForeignKey(
        "territory.Commune",
        verbose_name="commune",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
    )
    epci = models.ForeignKey(
        "territory.Epci",
        verbose_name="communauté de communes",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
    )
    is_departmental = models.BooleanField("pour tout le Département", default=False)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au", null=True, blank=True, help_text="Dernier jour compris ; vide si on ne sait pas.")

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "mandat"
        verbose_name_plural = "mandats"
        ordering = ["-starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(commune__isnull=False, epci__isnull=True, is_departmental=False)
                    | Q(commune__isnull=True, epci__isnull=False, is_departmental=False)
                    | Q(commune__isnull=True, epci__isnull=True, is_departmental=True)
                ),
                name="mandate_has_one_scope",
                violation_error_message=(
                    "Un mandat porte sur une commune, ou sur une communauté de communes, "
                    "ou sur le Département : un seul des trois."
                ),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="mandate_dates_are_ordered",
                violation_error_message="Un mandat ne peut finir avant d’avoir commencé.",
            ),
            _held_once("commune", F("commune"), Q(commune__isnull=False)),
            _held_once("epci", F("epci"), Q(epci__isnull=False)),
            _held_once("departement", None, Q(is_departmental=True)),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.title}, {self.scope_name}"

    @property
    def scope(self) -> models.Model | None:
        """The Commune or Epci it holds for; None for the whole Département."""
        return self.commune or self.epci

    @property
    def scope_name(self) -> str:
        return str(self.scope) if self.scope is not None else "Département de l’Orne"


class Delegation(models.Model):
    """A mandate lent to somebody who acts in its name, never beyond its own end."""

    mandate = models.ForeignKey(Mandate, verbose_name="mandat", on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(
        Person, verbose_name="déléguée à", on_delete=models.PROTECT, related_name="delegations"
    )
    starts_on = models.DateField("du")
    ends_on = models.DateField("au", null=True, blank=True, help_text="Vide : jusqu’à la fin du mandat.")

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "délégation"
        verbose_name_plural = "délégations"
        ordering = ["-starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="delegation_dates_are_ordered",
                violation_error_message="Une délégation ne peut finir avant d’avoir commencé.",
            ),
            ExclusionConstraint(
                name="delegation_is_given_once",
                expressions=[
                    (UnitPoint(F("mandate")), RangeOperators.OVERLAPS),
                    (UnitPoint(F("delegate")), RangeOperators.OVERLAPS),
                    (Days(F("starts_on"), F("ends_on")), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cette personne a déjà une délégation de ce mandat à ces dates.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate}, pour {self.mandate}"


class MailPreference(models.Model):
    """A person's answer about one category of mails. Without a row, she accepts."""

    person = models.ForeignKey(
        Person, verbose_name="personne", on_delete=models.CASCADE, related_name="mail_preferences"
    )
    category = models.CharField("sorte de courriers", max_length=20)
    accepts = models.BooleanField("les reçoit")

    class Meta:
        verbose_name = "préférence de courriers"
        verbose_name_plural = "préférences de courriers"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "category"],
                name="mail_preference_is_one_per_category",
                violation_error_message="Cette préférence existe déjà.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.category}"


class Invitation(models.Model):
    """A coordinator asked somebody by mail to come and work here: an animator, an official."""

    person = models.ForeignKey(
        Person, verbose_name="personne invitée", on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(
        "pour",
        max_length=150,
        help_text="Ce qu’elle fera ici, par exemple « l’animation de l’EPN d’Argentan ».",
    )
    invited_by = models.ForeignKey(
        Person, verbose_name="invitée par", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    leads_to = models.CharField("mène à", max_length=100, default="/admin/", editable=False)
    created_at = models.DateTimeField("envoyée le", default=clock.now, editable=False)
    expires_at = models.DateTimeField("valable jusqu’au")
    accepted_at = models.DateTimeField("acceptée le", null=True, blank=True)

    class Meta:
        verbose_name = "invitation"
        verbose_name_plural = "invitations"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="invitation_expires_after_it_is_sent",
                violation_error_message="Une invitation ne peut expirer avant d’être envoyée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.role}"

    def is_open(self, at: datetime) -> bool:
        """Whether its link still works."""
        return self.accepted_at is None and at < self.expires_at
