"""Pages of /compte/: allauth's with what waits shown beside them, and ours."""

import time
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.stagekit import clear_login
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.totp import views as totp_views
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.enums import Category

from . import actions, continuations, links, roles, selectors
from .decorators import person_required
from .forms import MailPreferencesForm, PasswordLoginForm, ProfileForm, SignInCodeForm
from .models import Invitation
from .notifications import CODE_MINUTES

BACK = "orne_back"


# --- Signing in ---


class SignInView(allauth_views.LoginView):
    """The code first, for everybody; the password behind, for those who chose one."""

    template_name = "account/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        typed = context["form"].data.get("login", "") if context["form"].is_bound else ""
        context["password_form"] = context["form"]
        context["code_form"] = SignInCodeForm(initial={"email": typed})
        context["waiting"] = continuations.pending(self.request)
        return context


class RequestCodeView(allauth_views.RequestLoginCodeView):
    """The same page; its code form is posted here."""

    template_name = "account/login.html"

    def get_initial(self) -> dict[str, Any]:
        waiting = continuations.pending(self.request)
        return {"email": waiting.email} if waiting else {}

    def form_valid(self, form: Any) -> HttpResponse:
        continuations.follow_address(self.request, form.cleaned_data["email"])
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["code_form"] = context["form"]
        context["password_form"] = PasswordLoginForm(request=self.request)
        context["waiting"] = continuations.pending(self.request)
        return context


class ConfirmCodeView(allauth_views.ConfirmLoginCodeView):
    """Type the code; see what waits for it."""

    _process: LoginCodeVerificationProcess

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        """The new code lives as long as the first did: the mail says so."""
        self._process.state["at"] = self.stage.login.initiated_at = time.time()
        return super()._resend_form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["waiting"] = continuations.pending(self.request)
        context["minutes"] = CODE_MINUTES
        return context


@require_POST
@never_cache
def change_address(request: HttpRequest) -> HttpResponse:
    """Give up the code that was sent and ask for one at another address; what waits goes along."""
    clear_login(request)
    url = reverse("account_request_login_code")
    back = get_next_redirect_url(request)
    return HttpResponseRedirect(f"{url}?{urlencode({'next': back})}" if back else url)


def sign_up(request: HttpRequest) -> HttpResponse:
    """Nobody signs up apart: the first code does it."""
    query = request.GET.urlencode()
    return redirect(reverse("account_login") + (f"?{query}" if query else ""))


# --- The second factor ---


class ActivateSecondFactorView(totp_views.ActivateTOTPView):
    """Afterwards the recovery codes, and from there back to where she was going."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        back = get_next_redirect_url(request)
        if back and request.user.is_authenticated:
            request.session[BACK] = back
        return super().dispatch(request, *args, **kwargs)


# --- Her account ---


@login_required
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """The pages of an account, on one page."""
    return render(request, "accounts/overview.html")


@person_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, phone, commune."""
    person = request.person  # type: ignore[attr-defined]
    form = ProfileForm.about(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_profile(person, **form.cleaned_data, by=person, at=clock.now())
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, "C’est noté.")
            return redirect("account_profile")
    return render(request, "accounts/profile.html", {"form": form, "person": person})


@person_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Which sorts of mails she wants."""
    person = request.person  # type: ignore[attr-defined]
    choices = selectors.mail_choices(person)
    refusable = [choice for choice in choices if choice.can_refuse]
    form = MailPreferencesForm(request.POST if request.method == "POST" else None, choices=refusable)
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        for choice in refusable:
            wanted = form.cleaned_data[choice.category.value]
            if wanted != choice.accepts:
                actions.set_mail_preference(person, category=choice.category, accepts=wanted, at=at)
        messages.success(request, "C’est noté.")
        return redirect("account_preferences")
    always = [choice for choice in choices if not choice.can_refuse]
    if not roles.needs_second_factor(authenticated_user(request)):
        always = [choice for choice in always if choice.category != Category.STAFF]
    return render(request, "accounts/preferences.html", {"form": form, "always": always})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_password(request: HttpRequest) -> HttpResponse:
    """Go back to codes by mail. Other sessions end."""
    user = authenticated_user(request)
    if not user.has_usable_password():
        return redirect("account_set_password")
    if request.method == "POST":
        browser = request.headers.get("User-Agent", "")[:200]
        actions.remove_password(user, at=clock.now(), browser=browser)
        update_session_auth_hash(request, user)
        messages.success(request, "Votre compte n’a plus de mot de passe : un code reçu par courrier l’ouvre.")
        return redirect("account_overview")
    return render(request, "accounts/remove_password.html")


# --- Links of mails ---


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop a sort of mails without signing in. GET shows, POST does; a mail program may POST by itself (RFC 8058).

    No CSRF token: the signed link is the proof, and mail programs have no cookie. Posting `accepts=1` takes it back.
    """
    try:
        link = links.read_unsubscribe(token, at=clock.now())
        category = Category(link.detail)
    except (DomainError, ValueError) as refusal:
        message = refusal.message if isinstance(refusal, DomainError) else "Ce lien n’est pas reconnu."
        return render(request, "accounts/link_refused.html", {"message": message}, status=410)
    person = selectors.person_for_recipient(link.subject)
    state = "asks"
    if request.method == "POST":
        state = "accepts" if request.POST.get("accepts") else "refuses"
        if person is not None:
            actions.set_mail_preference(person, category=category, accepts=state == "accepts", at=clock.now())
    return render(request, "accounts/unsubscribe.html", {"category": category, "state": state})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom to do what; POST sends the code that opens the door."""
    try:
        link = links.read_invitation(token, at=clock.now())
    except DomainError as refusal:
        return render(request, "accounts/link_refused.html", {"message": refusal.message}, status=410)
    found = Invitation.objects.select_related("person__user", "invited_by").filter(pk=link.subject).first()
    if found is None or not found.person.email:
        message = "Cette invitation a été retirée. Demandez-en une autre à la coordination."
        return render(request, "accounts/link_refused.html", {"message": message}, status=410)
    if found.accepted_at is not None or request.user.is_authenticated:
        return redirect(found.leads_to)
    form = SignInCodeForm({"email": found.person.email})
    trouble = ""
    if request.method == "POST":
        if form.is_valid():
            LoginCodeVerificationProcess.initiate(request=request, user=form._user, email=found.person.email)
            back = urlencode({"next": found.leads_to})
            return HttpResponseRedirect(f"{reverse('account_confirm_login_code')}?{back}")
        trouble = " ".join(form.errors.get("email", []))
    return render(request, "accounts/invitation.html", {"invitation": found, "trouble": trouble})
