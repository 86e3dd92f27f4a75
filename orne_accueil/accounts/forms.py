"""allauth's forms in our words, and the few of our own."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms

from orne_accueil.common import clock
from orne_accueil.common.text import NBSP

from . import actions
from .fields import CodeField, CommuneField, LowerEmailField, PhoneField
from .models import Person, User
from .selectors import MailChoice

EMAIL_HINT = "Nous y envoyons un code, et rien d’autre."


def email_field(label: str = "Votre adresse e-mail", help_text: str = "") -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"})
    return LowerEmailField(label=label, help_text=help_text, max_length=254, widget=widget)


class CodeFields:
    """A code is read on a telephone: figures, a wide field, the keyboard that offers the code received."""

    fields: dict[str, forms.Field]

    def dress(self, label: str, help_text: str = "") -> None:
        self.fields["code"] = CodeField(label=label, help_text=help_text)


class SignInCodeForm(allauth_forms.RequestLoginCodeForm):
    """Ask for a code. Known, unknown and closed accounts get the same answer, mail and timing."""

    _user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field(help_text=EMAIL_HINT)

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self._user = actions.account_for_code(email, at=clock.now())
        return email


class PasswordLoginForm(allauth_forms.LoginForm):
    """For those who chose a password: `login` and `password`, the names the outside relies on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = email_field()
        self.fields["password"].label = "Votre mot de passe"
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].error_messages["required"] = "Tapez votre mot de passe."
        self.fields["password"].help_text = ""
        self.order_fields(["login", "password"])

    def _setup_password_field(self) -> None:
        """allauth drops the field when signing up asks for no password; those who chose one keep it."""

    def _login_with_password(self, request: Any, redirect_url: Any, credentials: dict[str, Any]) -> Any:
        """As allauth does, without setting how long the session lasts: her role says (`receivers.welcome`)."""
        login = self._login
        login.redirect_url = redirect_url
        return allauth_forms.flows.login.perform_password_login(request, credentials, login)


class ConfirmSignInCodeForm(CodeFields, allauth_forms.ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code reçu par courrier")


class ConfirmAddressCodeForm(CodeFields, allauth_forms.ConfirmEmailVerificationCodeForm):
    """The right code proves the address: an account that nobody proved does not keep it from her."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code reçu à la nouvelle adresse")

    def clean_code(self) -> str:
        allauth_forms.BaseConfirmCodeForm.clean_code(self)
        actions.discard_provisional(self.email)
        code: str = super().clean_code()
        return code


class ConfirmPasswordCodeForm(CodeFields, allauth_forms.ConfirmPasswordResetCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code reçu par courrier")


class NewAddressForm(allauth_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field("Votre nouvelle adresse", EMAIL_HINT)


class AskNewPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field(help_text=EMAIL_HINT)


# --- Passwords, for those who want one ---


class PasswordFields:
    """Labels in our words; what a password must be is said before it is typed."""

    LABELS = {
        "oldpassword": "Votre mot de passe actuel",
        "password": "Votre mot de passe",
        "password1": "Le nouveau mot de passe",
        "password2": "Le nouveau mot de passe, encore une fois",
    }
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.LABELS.items():
            if name in self.fields:
                field = self.fields[name]
                field.label = label
                field.widget.attrs.pop("placeholder", None)
                field.error_messages["required"] = "Tapez un mot de passe."
        for name in ("oldpassword", "password"):
            if name in self.fields:
                self.fields[name].help_text = ""
        if "password1" in self.fields:
            self.fields[
                "password1"
            ].help_text = "Douze caractères au moins. Une phrase qui n’appartient qu’à vous fait un bon mot de passe."


class ChangePasswordForm(PasswordFields, allauth_forms.ChangePasswordForm):
    pass


class SetPasswordForm(PasswordFields, allauth_forms.SetPasswordForm):
    pass


class ResetPasswordForm(PasswordFields, allauth_forms.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(PasswordFields, allauth_forms.ReauthenticateForm):
    pass


# --- The second factor ---


class SecondFactorForm(CodeFields, mfa_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code de votre application", "Six chiffres, ou l’un de vos codes de secours.")


class ConfirmSecondFactorForm(CodeFields, mfa_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code de votre application", "Six chiffres, ou l’un de vos codes de secours.")


class ActivateSecondFactorForm(CodeFields, totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress("Le code que l’application affiche", "Six chiffres, qui changent toutes les trente secondes.")


# --- Her own card ---


class ProfileForm(forms.Form):
    """What she says of herself. The commune is typed as one says it, and found among the Orne's."""

    name = forms.CharField(
        label="Prénom et nom", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Dites comment vous appeler."},
    )  # fmt: skip
    phone = PhoneField(
        label="Téléphone", max_length=30, required=False,
        help_text="Pour vous joindre si un espace doit fermer le jour même.",
    )  # fmt: skip
    commune = CommuneField(
        label="Votre commune dans l’Orne", required=False, help_text="Celle où vous vivez, ou voulez vivre."
    )

    @classmethod
    def about(cls, person: Person, data: Any = None) -> "ProfileForm":
        initial = {"name": person.name, "phone": person.phone, "commune": person.commune}
        return cls(data, initial=initial)


class MailPreferencesForm(forms.Form):
    """One box per sort of mail that one may refuse."""

    def __init__(self, *args: Any, choices: list[MailChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for choice in choices:
            label = f"{choice.category.label}{NBSP}: {choice.examples}"
            self.fields[choice.category.value] = forms.BooleanField(label=label, required=False, initial=choice.accepts)
