"""Everything that is done to persons, accounts and posts. Views, tasks, commands and the admin call these."""

import logging
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction

from orne_accueil.common.db import constraints_as_errors
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import fold
from orne_accueil.outbox.actions import enqueue
from orne_accueil.outbox.enums import Category
from orne_accueil.territory.models import Commune, Epci

from .merging import merge_persons
from .models import Delegation, Invitation, MailPreference, Mandate, Person, User
from .notifications import SecurityNotice, StaffInvitation
from .rules import normal_email, normal_phone

logger = logging.getLogger("orne.accounts")

PROVISIONAL_LIFE = timedelta(hours=24)
"""How long an account that nobody proved waits for its code; a night's purge takes it afterwards."""

INVITATION_LIFE = timedelta(days=14)

OFFICIALS = "/mairie/"
"""Where an official's invitation leads."""


# --- What people type ---


def _clean_email(typed: str | None, *, field: str = "email") -> str | None:
    email = normal_email(typed)
    if email is None:
        return None
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("Cette adresse n’est pas complète : vérifiez-la.", code="email", field=field) from error
    return email


def _clean_phone(typed: str, *, field: str = "phone") -> str:
    phone = normal_phone(typed)
    if phone is None:
        raise DomainError(
            "Ce numéro n’est pas complet : dix chiffres, ou l’indicatif du pays d’abord.", code="phone", field=field
        )
    return phone


# --- Persons ---


def person_for_contact(
    *, name: str, email: str | None, phone: str, by: Person | None, at: datetime, commune: Commune | None = None
) -> Person:
    """Find the Person who has that address, or write her down: for somebody on the phone.

    Without an address, a Person of the same phone and the same name (accents and capitals apart) is found again, if
    she has no account. What is known of somebody who has an account is hers to change: only blanks are filled.
    Raises DomainError for an address or a number that cannot be, or for nothing at all.
    """
    name, email, phone = " ".join(name.split()), _clean_email(email), _clean_phone(phone)
    with transaction.atomic():
        person = _known(name, email, phone)
        if person is None:
            with constraints_as_errors():
                try:
                    with transaction.atomic():
                        return Person.objects.create(
                            name=name, email=email, phone=phone, commune=commune, typed_by=by, created_at=at
                        )
                except IntegrityError:
                    person = _known(name, email, phone)  # somebody wrote her down at the same instant
                    if person is None:
                        raise
        _fill_blanks(person, name=name, phone=phone, commune=commune)
        return person


def _known(name: str, email: str | None, phone: str) -> Person | None:
    if email:
        return Person.objects.with_email(email).first()
    if not phone:
        return None
    same = Person.objects.filter(phone=phone, user__isnull=True).order_by("pk")
    return next((person for person in same if fold(person.name) == fold(name)), None)


def _fill_blanks(person: Person, **values: Any) -> None:
    missing = {field: value for field, value in values.items() if value and not getattr(person, field)}
    if missing:
        for field, value in missing.items():
            setattr(person, field, value)
        person.save(update_fields=list(missing))


def update_profile(
    person: Person, *, name: str, phone: str, commune: Commune | None, by: Person | None, at: datetime
) -> Person:
    """Write what she says of herself. Her address changes through its own proof, not here."""
    person.name, person.phone, person.commune = " ".join(name.split()), _clean_phone(phone), commune
    with transaction.atomic(), constraints_as_errors():
        person.save(update_fields=["name", "phone", "commune"])
    return person


def correct_person(
    person: Person,
    *,
    name: str,
    email: str | None,
    phone: str,
    commune: Commune | None,
    by: Person | None,
    at: datetime,
) -> Person:
    """Correct, for somebody on the phone, what staff wrote down.

    Raises DomainError for the address of a person who has an account (she alone changes it, by proving the new one),
    and for an address that is somebody else's already: the two are to be merged.
    """
    email = _clean_email(email)
    if person.user_id is not None and email != person.email:
        raise DomainError(
            "Cette personne se connecte avec cette adresse : elle seule peut en changer, depuis son compte.",
            code="has_account",
            field="email",
        )
    person.name, person.email = " ".join(name.split()), email
    person.phone, person.commune = _clean_phone(phone), commune
    with transaction.atomic():
        if email and Person.objects.with_email(email).exclude(pk=person.pk).exists():
            raise DomainError(
                "Cette adresse est déjà celle d’une autre fiche : fusionnez les deux.", code="taken", field="email"
            )
        with constraints_as_errors():
            person.save(update_fields=["name", "email", "phone", "commune"])
    return person


def set_mail_preference(person: Person, *, category: Category, accepts: bool, at: datetime) -> MailPreference:
    """Write whether she wants that category of mails. The same answer twice is one."""
    with transaction.atomic():
        preference, _ = MailPreference.objects.update_or_create(
            person=person, category=Category(category), defaults={"accepts": accepts}
        )
    return preference


# --- Accounts ---


def account_for_code(email: str, *, at: datetime) -> User:
    """The account of that address, or a provisional one: known and unknown addresses get the same answer.

    The provisional one has no password, no Person and no proven address; it is purged at night if nobody proves it.
    Both cost one write, so that neither takes longer.
    """
    email = email.lower()
    user = _account_of(email)
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create(
                    email=email, password=make_password(None), created_at=at, code_asked_at=at, confirmed_at=None
                )
                EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
            return user
        except IntegrityError:  # another request wrote it first, or its address is still to be written
            user = User.objects.get(email=email)
            EmailAddress.objects.get_or_create(user=user, email=email)
    User.objects.filter(pk=user.pk).update(code_asked_at=at)
    return user


def _account_of(email: str) -> User | None:
    address = EmailAddress.objects.filter(email=email).select_related("user").order_by("-verified").first()
    return address.user if address is not None else None


def confirm_account(user: User, *, at: datetime) -> Person:
    """Her address is proven: the account stays, and her Person is claimed."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk, confirmed_at__isnull=True).update(confirmed_at=at)
        return claim_person(user, at=at)


def claim_person(user: User, *, at: datetime) -> Person:
    """Give the account its Person: the one who has that address and no account, with everything that is hers.

    Without one, a new Person is written. Idempotent; safe when two requests claim at once. Call it only for an address
    that was proven.
    """
    for _ in range(3):
        person = Person.objects.filter(user=user).first()
        if person is not None:
            break
        with transaction.atomic():
            waiting = Person.objects.select_for_update(of=("self",), no_key=True).with_email(user.email).first()
            try:
                if waiting is None:
                    with transaction.atomic():
                        person = Person.objects.create(email=user.email, user=user, created_at=at)
                elif waiting.user_id is None:
                    waiting.user = user
                    with transaction.atomic():
                        waiting.save(update_fields=["user"])
                    person = waiting
                else:  # the address is written on somebody else's account: never take hers
                    name = user.email.partition("@")[0]
                    with transaction.atomic():
                        person = Person.objects.create(name=name, user=user, created_at=at)
                break
            except IntegrityError:
                continue  # another request claimed first: look again
    assert person is not None, "a Person was claimed thrice and is still nowhere"
    user._orne_person = person  # type: ignore[attr-defined]
    return person


def follow_new_email(user: User, *, email: str, at: datetime) -> Person:
    """She proved a new address: her Person takes it, and whoever was written down with it proves to be her.

    Somebody else's account is never touched.
    """
    with transaction.atomic():
        person = claim_person(user, at=at)
        other = Person.objects.with_email(email).exclude(pk=person.pk).first()
        if other is not None:
            if other.user_id is not None:
                logger.warning("accounts: address of user %s is on the Person of another account", user.pk)
                return person
            person = merge_persons(keep=person, drop=other, by=person, at=at)
        if person.email != normal_email(email):
            person.email = normal_email(email)
            person.save(update_fields=["email"])
        return person


def discard_provisional(email: str) -> int:
    """Remove the unproven account of an address that somebody else is proving now. Returns how many went."""
    return _provisional().filter(email=normal_email(email)).delete()[0]


def purge_provisional(*, at: datetime) -> int:
    """Remove the accounts that were asked for and that nobody proved within a day. Returns how many went."""
    too_old = at - PROVISIONAL_LIFE
    old = _provisional().filter(created_at__lt=too_old).exclude(code_asked_at__gte=too_old)
    count = old.count()
    old.delete()
    return count


def _provisional() -> models.QuerySet[User]:
    """Accounts without proof, Person, role nor password: nothing hangs on them."""
    return User.objects.filter(
        confirmed_at__isnull=True, last_login__isnull=True, person__isnull=True, is_staff=False, is_superuser=False
    )


def end_sessions(user: User) -> int:
    """Close every open session of an account. Returns how many were open."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def set_active(user: User, *, active: bool, by: Person | None, at: datetime) -> User:
    """Let an account sign in, or put it out: at once, at its next page. Her Person and what is hers stay.

    Raises DomainError for the last active superuser: somebody must be able to come back.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not active and user.is_superuser and not _other_superusers(user).exists():
            raise DomainError("C’est le dernier compte de coordination : il doit rester ouvert.", code="last_one")
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            end_sessions(user)
    return user


def set_roles(user: User, *, is_staff: bool, is_superuser: bool, by: Person | None, at: datetime) -> User:
    """Say whether an account belongs to the team, and whether it coordinates.

    Raises DomainError for the last active superuser, as `set_active` does.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if user.is_superuser and not is_superuser and not _other_superusers(user).exists():
            raise DomainError("C’est le dernier compte de coordination : il doit le rester.", code="last_one")
        user.is_staff, user.is_superuser = is_staff or is_superuser, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
    return user


def _other_superusers(user: User) -> models.QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)


def remove_password(user: User, *, at: datetime, browser: str = "") -> User:
    """Go back to codes by mail only. Every other session ends, as with any change of password."""
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        warn(user.email, "password_removed", user=user, at=at, browser=browser)
    return user


def reset_second_factor(user: User, *, by: Person | None, at: datetime) -> None:
    """Forget the authenticator of somebody who lost her phone; her sessions end and she is told by mail."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)
        warn(user.email, "second_factor_reset", user=user, at=at)


def warn(email: str, event: str, *, user: User | None, at: datetime, browser: str = "") -> None:
    """Tell an address that something which protects its account changed. Runs in the caller's transaction."""
    with transaction.atomic():
        enqueue(
            SecurityNotice,
            subject=user,
            recipient=email,
            occurrence=f"{event}:{at.isoformat()}",
            data={"event": event, "browser": browser},
            at=at,
        )


def create_coordinator(*, email: str, name: str, password: str | None, at: datetime) -> Person:
    """The first account of an empty install: superuser, address taken as proven, with her Person."""
    email = _clean_email(email) or ""
    if not email:
        raise DomainError("Une adresse est nécessaire.", code="email", field="email")
    with transaction.atomic():
        user = account_for_code(email, at=at)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        EmailAddress.objects.filter(user=user, email=email).update(verified=True, primary=True)
        person = confirm_account(user, at=at)
        if name:
            person.name = " ".join(name.split())
            person.save(update_fields=["name"])
    return person


# --- Invitations ---


def invite_staff(
    *,
    name: str,
    email: str,
    role: str,
    by: Person,
    at: datetime,
    is_staff: bool = False,
    leads_to: str = "/admin/",
) -> Invitation:
    """Ask somebody by mail to come and work here, as an animator or an official.

    1. Her Person is found or written down; 2. with `is_staff`, her account is made and belongs to the team (a domain's
    post needs no such flag); 3. the invitation and its mail are written. The link leads to a code, then to `leads_to`:
    nobody enters with the link alone. Inviting again sends a new link. `role` completes « pour… » (« l’animation de
    l’EPN d’Argentan »). Raises DomainError for an address that cannot be or an account that is closed.
    """
    if not normal_email(email):
        raise DomainError("Une adresse est nécessaire pour inviter quelqu’un.", code="email", field="email")
    with transaction.atomic():
        person = person_for_contact(name=name, email=email, phone="", by=by, at=at)
        user = person.user
        if is_staff and user is None:
            user = account_for_code(person.email or "", at=at)
        if user is not None and not user.is_active:
            raise DomainError(
                "Le compte de cette personne est fermé : rouvrez-le d’abord.", code="inactive", field="email"
            )
        if is_staff and user is not None and not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        invitation = Invitation.objects.create(
            person=person,
            role=role.strip(),
            leads_to=leads_to,
            invited_by=by,
            created_at=at,
            expires_at=at + INVITATION_LIFE,
        )
        enqueue(
            StaffInvitation,
            subject=invitation,
            recipient=person.recipient,
            at=at,
            expires_at=invitation.expires_at,
        )
    return invitation


def invite_again(invitation: Invitation, *, by: Person, at: datetime) -> Invitation:
    """Send another link for the same post. Raises DomainError once it was accepted."""
    if invitation.accepted_at is not None:
        raise DomainError("Cette invitation a été acceptée : elle n’a plus à partir.", code="accepted")
    person = invitation.person
    return invite_staff(
        name=person.name,
        email=person.email or "",
        role=invitation.role,
        by=by,
        at=at,
        leads_to=invitation.leads_to,
    )


def accept_invitations(person: Person, *, at: datetime) -> int:
    """She signed in: her open invitations are accepted. Returns how many were."""
    return Invitation.objects.filter(person=person, accepted_at__isnull=True, expires_at__gt=at).update(accepted_at=at)


# --- Posts ---


def grant_mandate(
    *,
    person: Person,
    title: str,
    starts_on: date,
    ends_on: date | None,
    commune: Commune | None = None,
    epci: Epci | None = None,
    is_departmental: bool = False,
    by: Person | None,
    at: datetime,
) -> Mandate:
    """Write down that she holds a post, for one commune, one EPCI or the Département. Raises DomainError."""
    mandate = Mandate(
        person=person,
        title=title.strip(),
        commune=commune,
        epci=epci,
        is_departmental=is_departmental,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    with transaction.atomic(), constraints_as_errors():
        mandate.save()
    return mandate


def install_official(
    *,
    name: str,
    email: str,
    title: str,
    starts_on: date,
    ends_on: date | None,
    invites: bool,
    commune: Commune | None = None,
    epci: Epci | None = None,
    is_departmental: bool = False,
    by: Person,
    at: datetime,
) -> Mandate:
    """Write down an official and her mandate in one gesture, and invite her by mail if asked. All or nothing."""
    with transaction.atomic():
        person = person_for_contact(name=name, email=email, phone="", by=by, at=at)
        mandate = grant_mandate(
            person=person,
            title=title,
            starts_on=starts_on,
            ends_on=ends_on,
            commune=commune,
            epci=epci,
            is_departmental=is_departmental,
            by=by,
            at=at,
        )
        if invites:
            role = f"agir comme {mandate.title} ({mandate.scope_name})"
            invite_staff(name=name, email=email, role=role, by=by, at=at, leads_to=OFFICIALS)
    return mandate


def correct_mandate(
    mandate: Mandate, *, title: str, starts_on: date, ends_on: date | None, by: Person | None, at: datetime
) -> Mandate:
    """Correct its title or its dates. Delegations that would outlive it are shortened."""
    with transaction.atomic(), constraints_as_errors():
        mandate.title, mandate.starts_on, mandate.ends_on = title.strip(), starts_on, ends_on
        mandate.save(update_fields=["title", "starts_on", "ends_on"])
        _shorten(mandate.delegations.all(), ends_on)
    return mandate


def end_mandate(mandate: Mandate, *, on: date, by: Person | None, at: datetime) -> Mandate:
    """Her last day is `on`; what she delegated ends with it.

    Raises DomainError when it had ended before, or had not begun.
    """
    with transaction.atomic():
        mandate = Mandate.objects.select_for_update(of=("self",), no_key=True).get(pk=mandate.pk)
        if mandate.ends_on is not None and mandate.ends_on <= on:
            raise DomainError("Ce mandat est déjà terminé à cette date.", code="ended", field="on")
        mandate.ends_on = on
        with constraints_as_errors():
            mandate.save(update_fields=["ends_on"])
        _shorten(mandate.delegations.all(), on)
    return mandate


def delegate(
    mandate: Mandate, *, to: Person, starts_on: date, ends_on: date | None, by: Person | None, at: datetime
) -> Delegation:
    """Lend a mandate to somebody, within its dates. Raises DomainError."""
    if to.pk == mandate.person_id:
        raise DomainError("On ne délègue pas son mandat à soi-même.", code="to_herself", field="delegate")
    if starts_on < mandate.starts_on or (mandate.ends_on and starts_on > mandate.ends_on):
        raise DomainError("Une délégation tient dans les dates du mandat.", code="outside", field="starts_on")
    if mandate.ends_on and ends_on and ends_on > mandate.ends_on:
        raise DomainError("Une délégation tient dans les dates du mandat.", code="outside", field="ends_on")
    with transaction.atomic(), constraints_as_errors():
        return Delegation.objects.create(mandate=mandate, delegate=to, starts_on=starts_on, ends_on=ends_on)


def delegate_to_contact(
    mandate: Mandate, *, name: str, email: str, starts_on: date, ends_on: date | None, by: Person, at: datetime
) -> Delegation:
    """Lend a mandate to somebody known by her address, and invite her by mail. All or nothing."""
    with transaction.atomic():
        person = person_for_contact(name=name, email=email, phone="", by=by, at=at)
        delegation = delegate(mandate, to=person, starts_on=starts_on, ends_on=ends_on, by=by, at=at)
        role = f"agir au nom de {mandate.person.display_name}, {mandate.title} ({mandate.scope_name})"
        invite_staff(name=name, email=email, role=role[:150], by=by, at=at, leads_to=OFFICIALS)
    return delegation


def end_delegation(delegation: Delegation, *, on: date, by: Person | None, at: datetime) -> Delegation:
    """Its last day is `on`. A delegation that had not begun is removed."""
    with transaction.atomic():
        if delegation.starts_on > on:
            delegation.delete()
            return delegation
        if delegation.ends_on is not None and delegation.ends_on <= on:
            raise DomainError("Cette délégation est déjà terminée.", code="ended")
        delegation.ends_on = on
        delegation.save(update_fields=["ends_on"])
    return delegation


def _shorten(delegations: models.QuerySet[Delegation], last_day: date | None) -> None:
    if last_day is None:
        return
    for delegation in delegations:  # one by one, so that each is in the audit log
        if delegation.starts_on > last_day:
            delegation.delete()
        elif delegation.ends_on is None or delegation.ends_on > last_day:
            delegation.ends_on = last_day
            delegation.save(update_fields=["ends_on"])
