"""Where allauth asks us: whom to write to, what to say, and where to go after signing in."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from orne_accueil.common import clock
from orne_accueil.outbox.actions import enqueue, send_now
from orne_accueil.outbox.registry import Notification

from . import actions, continuations, notifications, roles, selectors
from .models import User

AT_ONCE: dict[str, type[Notification]] = {
    "account/email/login_code": notifications.SignInCode,
    "account/email/email_confirmation": notifications.AddressCode,
    "account/email/email_confirmation_signup": notifications.AddressCode,
    "account/email/password_reset_code": notifications.PasswordCode,
    "account/email/unknown_account": notifications.NoAccount,
    "account/email/account_already_exists": notifications.NoAccount,
}
"""Somebody waits for these before her screen: the web process sends them right after their commit."""

WARNINGS = {
    "account/email/email_changed": "email_changed",
    "account/email/password_changed": "password_changed",
    "account/email/password_set": "password_set",
    "account/email/password_reset": "password_reset",
    "mfa/email/totp_activated": "totp_activated",
    "mfa/email/totp_deactivated": "totp_deactivated",
    "mfa/email/recovery_codes_generated": "recovery_codes_generated",
}
"""These follow a change; the worker sends them."""


class AccountAdapter(DefaultAccountAdapter):
    """Our mails go through the outbox, our words are ours, our redirects stay here."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "Ce compte est fermé. Écrivez-nous si c’est une erreur.",
        "email_password_mismatch": (
            "Cette adresse et ce mot de passe ne vont pas ensemble. Sans mot de passe, demandez plutôt un code."
        ),
        "email_taken": "Cette adresse ouvre déjà un autre compte.",
        "duplicate_email": "C’est déjà votre adresse.",
        "enter_current_password": "Ce n’est pas votre mot de passe actuel.",
        "incorrect_code": "Ce n’est pas le bon code. Recopiez les huit chiffres du dernier courrier reçu.",
        "incorrect_password": "Ce n’est pas le bon mot de passe.",
        "too_many_login_attempts": "Trop d’essais. Attendez quelques minutes, puis demandez un nouveau code.",
        "rate_limited": "Trop d’essais. Attendez quelques minutes.",
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail with the outbox. Codes leave at once; the rest within seconds. Unknown names are a bug."""
        at = clock.now()
        user = self._user(context)
        if template_prefix in WARNINGS:
            browser = context.get("user_agent", "")
            actions.warn(email, WARNINGS[template_prefix], user=user, at=at, browser=browser)
            return
        waiting = continuations.pending(self.request) if self.request is not None else None
        with transaction.atomic():
            message = enqueue(
                AT_ONCE[template_prefix],
                subject=None,
                recipient=email,
                occurrence=at.isoformat(),
                data={"code": context.get("code", ""), "waiting": waiting.summary["title"] if waiting else ""},
                at=at,
            )
        send_now(message, at=at, timeout=settings.EMAIL_TIMEOUT)

    def _user(self, context: dict[str, Any]) -> User | None:
        user = context.get("user") or getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up apart: the first code does it."""
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Do what waited for her code, in this very request; otherwise go where she was going."""
        response = super().post_login(request, user, **kwargs)
        person = selectors.person_of(user)
        if person is None:
            return response
        request.person = person  # type: ignore[attr-defined]  # it may have been asked for before she was known
        return continuations.resume(request, person, proven=kwargs.get("email")) or response


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets are encrypted at rest; whoever needs a second factor cannot put it down."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": (
            "Vous agissez ici pour d’autres : votre second facteur reste. Pour en changer de téléphone, écrivez à la "
            "coordination, qui l’effacera."
        ),
        "incorrect_code": "Ce n’est pas le bon code, ou son temps est passé : tapez celui qui s’affiche maintenant.",
        "unverified_email": "Prouvez d’abord votre adresse : connectez-vous une fois avec un code reçu par courrier.",
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (settings.SECOND_FACTOR_REQUIRED and roles.needs_second_factor(authenticator.user))


def _fernet() -> MultiFernet:
    """From SECRET_KEY; what older keys (SECRET_KEY_FALLBACKS) encrypted is still read."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac("orne.second_factor", "", secret=key, algorithm="sha256").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
