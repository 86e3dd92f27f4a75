"""What left, what waits and why: to look at, and to send again. Nothing is written here."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from orne_accueil.common.admin import ReadOnlyAdmin
from orne_accueil.common.clock import now
from orne_accueil.common.errors import DomainError

from . import actions, registry, rules
from .enums import RESENDABLE_STATES, WAITING_STATES
from .models import Message
from .preview import SANDBOX, framed

MASKED = "••••••"


class KindFilter(admin.SimpleListFilter):
    title = "sorte"
    parameter_name = "sorte"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = [(kind, registry.label_of(kind)) for kind in registry.declared()]
        return sorted(labels, key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("label", "shown_recipient", "state", "why", "created_at")
    list_display_links = ("label",)
    list_filter = ("state", KindFilter, "category")
    search_fields = ("recipient", "to_address", "to_name", "=message_id")
    date_hierarchy = None
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("why", "label", "shown_recipient", "subject_key", "occurrence")}),
        ("Ce qu’il dit", {"fields": ("shown_subject", "shown_text")}),
        (
            "Son envoi",
            {
                "fields": (
                    "state", "created_at", "send_after", "expires_at", "attempts", "shown_next_attempt", "last_error",
                    "sent_at", "settled_at", "smtp_reply", "interruptions", "message_id", "purged_at",
                )
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows = super().get_queryset(request)
        return (
            rows
            if request.resolver_match and "object_id" in request.resolver_match.kwargs
            else rows.defer("text_body", "html_body", "data", "smtp_reply")
        )

    # --- What is shown ---

    @admin.display(description="message", ordering="kind")
    def label(self, row: Message) -> str:
        return registry.label_of(row.kind)

    @admin.display(description="destinataire", ordering="recipient")
    def shown_recipient(self, row: Message) -> str:
        name = f"{row.to_name} <{row.to_address}>" if row.to_name else row.to_address
        return name or row.recipient

    @admin.display(description="où il en est")
    def why(self, row: Message) -> str:
        return rules.explain(
            state=row.state,
            at=now(),
            send_after=row.send_after,
            next_attempt_at=row.next_attempt_at,
            expires_at=row.expires_at,
            sent_at=row.sent_at,
            attempts=row.attempts,
            last_error=row.last_error,
        )

    @admin.display(description="prochain essai", ordering="next_attempt_at")
    def shown_next_attempt(self, row: Message) -> str:
        return rules.moment(row.next_attempt_at) if row.state in WAITING_STATES else self.get_empty_value_display()

    @admin.display(description="objet")
    def shown_subject(self, row: Message) -> str:
        return self._unless_secret(row, row.subject_line)

    @admin.display(description="texte")
    def shown_text(self, row: Message) -> str:
        text = self._unless_secret(row, row.text_body)
        return format_html('<pre tabindex="0" class="mail-text">{}</pre>', text)

    def _unless_secret(self, row: Message, value: str) -> str:
        if row.is_secret:
            return f"{MASKED} (ce message porte un code)"
        if value:
            return value
        return "Contenu effacé." if row.purged_at else "Écrit au moment de l’envoi."

    # --- Pages ---

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(require_POST(self.send_again))
        html = self.admin_site.admin_view(require_safe(self.html))
        return [
            path("<int:object_id>/renvoyer/", again, name="outbox_message_send_again"),
            path("<int:object_id>/html/", html, name="outbox_message_html"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Messages", **(extra_context or {})})

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        shown = {
            "can_send_again": row is not None and _can_send_again(row),
            "has_html": row is not None and bool(row.html_body) and not row.is_secret,
            "sandbox": SANDBOX,
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def send_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The button « Renvoyer »."""
        row = self._row(request, object_id)
        try:
            actions.send_again(row, by=request.user, at=now())
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            self.log_change(request, row, "Nouvel envoi demandé.")
            messages.success(request, "Le message repart dans quelques secondes, avec le même Message-ID.")
        return HttpResponseRedirect(reverse("admin:outbox_message_change", args=[object_id]))

    def html(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The HTML version, for the frame."""
        row = self._row(request, object_id)
        if row.is_secret or not row.html_body:
            raise Http404
        return framed(row.html_body)

    def _row(self, request: HttpRequest, object_id: int) -> Message:
        row: Message | None = self.get_object(request, str(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row


def _can_send_again(row: Message) -> bool:
    return row.state in RESENDABLE_STATES and not row.is_secret and row.purged_at is None
