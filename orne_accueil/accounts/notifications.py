"""The mails about accounts: codes, warnings, invitations."""

from datetime import timedelta
from typing import Any

from orne_accueil.common.clock import local
from orne_accueil.common.text import NBSP, clock_time, long_date
from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.models import Message
from orne_accueil.outbox.registry import Notification

from .models import Invitation
from .rules import browser_name, spaced_code

CODE_MINUTES = 15


class Code(Notification):
    """A code to type on the page that asked for it. Sent at once by the web process, gone from the row once sent."""

    category = Category.ACCOUNT
    secret = True
    keep_for = timedelta(minutes=CODE_MINUTES)

    def context(self, message: Message, subject: Any) -> dict[str, Any]:
        return {
            "code": spaced_code(message.data.get("code", "")),
            "minutes": CODE_MINUTES,
            "waiting": message.data.get("waiting", ""),
        }


class SignInCode(Code):
    kind = "accounts.sign_in_code"
    label = "Code de connexion"
    template = "accounts/mail/sign_in_code.html"
    reason = "quelqu’un a demandé un code pour cette adresse"


class AddressCode(Code):
    kind = "accounts.address_code"
    label = "Code pour une nouvelle adresse"
    template = "accounts/mail/address_code.html"
    reason = "quelqu’un veut se connecter avec cette adresse"


class PasswordCode(Code):
    kind = "accounts.password_code"
    label = "Code pour un nouveau mot de passe"
    template = "accounts/mail/password_code.html"
    reason = "quelqu’un a demandé un nouveau mot de passe pour cette adresse"


class NoAccount(Notification):
    """Somebody asked for a new password for an address without account."""

    kind = "accounts.no_account"
    label = "Adresse sans compte"
    category = Category.ACCOUNT
    template = "accounts/mail/no_account.html"
    keep_for = timedelta(minutes=CODE_MINUTES)
    reason = "quelqu’un a demandé un nouveau mot de passe pour cette adresse"


SECURITY_EVENTS: dict[str, tuple[str, str]] = {
    "email_changed": (
        "Votre adresse de connexion a changé",
        "Votre compte s’ouvre désormais avec une autre adresse. Celle-ci ne recevra plus nos messages.",
    ),
    "password_changed": ("Votre mot de passe a changé", "Les autres sessions ouvertes ont été fermées."),
    "password_set": (
        "Votre compte a maintenant un mot de passe",
        "Vous pouvez vous connecter avec lui, ou comme avant avec un code.",
    ),
    "password_removed": (
        "Votre compte n’a plus de mot de passe",
        "Vous vous connectez désormais avec un code reçu à cette adresse.",
    ),
    "password_reset": ("Votre mot de passe a changé", "Les autres sessions ouvertes ont été fermées."),
    "totp_activated": (
        "Le second facteur est activé",
        "À chaque connexion, votre application donnera le code qui complète celui du courrier.",
    ),
    "totp_deactivated": ("Le second facteur est désactivé", "Votre compte n’est plus protégé que par votre adresse."),
    "recovery_codes_generated": (
        "De nouveaux codes de secours ont été tirés",
        "Les anciens ne servent plus. Gardez les nouveaux sur papier, loin de votre téléphone.",
    ),
    "second_factor_reset": (
        "Votre second facteur a été effacé",
        "La coordination l’a fait à votre demande. Vous en activerez un nouveau à votre prochaine connexion.",
    ),
}
"""What happened to an account, by event: the mail's title and its first sentence."""


class SecurityNotice(Notification):
    """Something that protects the account has changed."""

    kind = "accounts.security_notice"
    label = "Changement sur un compte"
    category = Category.ACCOUNT
    template = "accounts/mail/security_notice.html"
    keep_for = timedelta(days=7)
    reason = "cette adresse ouvre, ou ouvrait, votre compte"

    def context(self, message: Message, subject: Any) -> dict[str, Any]:
        title, explanation = SECURITY_EVENTS[message.data["event"]]
        moment = local(message.created_at)
        return {
            "title": title,
            "explanation": explanation,
            "when": f"{long_date(moment.date())} à{NBSP}{clock_time(moment)}",
            "browser": browser_name(message.data["browser"]) if message.data.get("browser") else "",
        }


class StaffInvitation(Notification):
    """A coordinator invites somebody to work here."""

    kind = "accounts.staff_invitation"
    label = "Invitation d’une animatrice ou d’un élu"
    category = Category.STAFF
    template = "accounts/mail/staff_invitation.html"
    reason = "la coordination vous invite à travailler ici"

    def context(self, message: Message, subject: Invitation) -> dict[str, Any]:
        from . import links

        return {
            "invitation": subject,
            "url": links.invitation_url(subject),
            "last_day": local(subject.expires_at).date(),
            "inviter": subject.invited_by.display_name if subject.invited_by else "",
        }

    def reply_to(self, message: Message, subject: Invitation) -> Address | None:
        inviter = subject.invited_by
        return Address(inviter.email, inviter.display_name) if inviter and inviter.email else None

    def still_true(self, message: Message, subject: Invitation) -> bool:
        return subject.accepted_at is None
