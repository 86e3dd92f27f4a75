"""Messages to send: written with the fact they tell, in its transaction, and sent later."""

from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from .enums import SETTLED_STATES, WAITING_STATES, Category, State

_WAITING = sorted(WAITING_STATES)
_SETTLED = sorted(SETTLED_STATES)


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> "MessageQuerySet":
        """What may still leave."""
        return self.filter(state__in=_WAITING)

    def due(self, at: datetime) -> "MessageQuerySet":
        """What a worker may take now, the longest due first: new, to retry, or left by a worker that died."""
        return self.waiting().filter(next_attempt_at__lte=at).order_by("next_attempt_at", "pk")

    def overdue(self, at: datetime) -> "MessageQuerySet":
        """What is no longer worth sending and is in nobody's hands."""
        return self.waiting().filter(expires_at__lte=at, next_attempt_at__lte=at) | self.filter(
            state=State.PENDING, expires_at__lte=at
        )

    def about(self, subject: models.Model) -> "MessageQuerySet":
        """Every message on one object."""
        return self.filter(subject_key=key_of(subject))


def key_of(subject: models.Model | None) -> str:
    """How a message names what it is about: « coworking.booking:12 », or nothing."""
    return "" if subject is None else f"{subject._meta.label_lower}:{subject.pk}"


class Message(models.Model):
    """One thing to tell one recipient once: unique by kind, subject, recipient and occurrence.

    `recipient` is a plain value (« person:12 », or an address), never a foreign key: the hook of
    `outbox.hooks` gives the address of the moment. `next_attempt_at` is the instant from which a worker may
    take the row; while it is being sent, the end of its lease. `attempts` numbers the attempt in hand, so
    that a worker whose lease ran out cannot record anything over the one that followed.
    """

    kind = models.CharField("sorte", max_length=80)
    category = models.CharField("catégorie", max_length=20, choices=Category)
    subject_key = models.CharField("à propos de", max_length=120, blank=True, default="")
    recipient = models.CharField("destinataire", max_length=254)
    occurrence = models.CharField("occurrence", max_length=120, blank=True, default="")
    message_id = models.CharField("Message-ID", max_length=255)
    is_secret = models.BooleanField("secret", default=False)
    data = models.JSONField("données", default=dict, blank=True, encoder=DjangoJSONEncoder)

    state = models.CharField("état", max_length=10, choices=State, default=State.PENDING)
    send_after = models.DateTimeField("à envoyer à partir de")
    expires_at = models.DateTimeField("ne vaut plus rien après", null=True, blank=True)
    next_attempt_at = models.DateTimeField("prochain essai")
    leased_until = models.DateTimeField("entre les mains d’un envoi jusqu’à", null=True, blank=True)
    first_attempt_at = models.DateTimeField("premier essai", null=True, blank=True)
    attempts = models.PositiveIntegerField("essais", default=0)
    interruptions = models.PositiveIntegerField(
        "envois interrompus",
        default=0,
        help_text="Essais dont on ne sait pas s’ils ont abouti : autant de doubles possibles, au plus.",
    )
    last_error = models.TextField("dernière difficulté", blank=True, default="")

    to_address = models.CharField("adresse au moment de l’envoi", max_length=254, blank=True, default="")
    to_name = models.CharField("nom au moment de l’envoi", max_length=200, blank=True, default="")
    subject_line = models.CharField("objet", max_length=255, blank=True, default="")
    text_body = models.TextField("texte", blank=True, default="")
    html_body = models.TextField("version HTML", blank=True, default="")
    smtp_reply = models.TextField("réponse du serveur", blank=True, default="")

    created_at = models.DateTimeField("écrit le")
    sent_at = models.DateTimeField("parti le", null=True, blank=True)
    settled_at = models.DateTimeField("réglé le", null=True, blank=True)
    purged_at = models.DateTimeField("contenu effacé le", null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        db_table = "outbox_message"
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state__in=_WAITING), name="outbox_message_due"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=_WAITING, expires_at__isnull=False),
                name="outbox_message_overdue",
            ),
            models.Index(
                fields=["settled_at"],
                condition=Q(settled_at__isnull=False, purged_at__isnull=True),
                name="outbox_message_to_purge",
            ),
            models.Index(fields=["-created_at", "-id"], name="outbox_message_newest"),
            models.Index(fields=["recipient"], name="outbox_message_recipient"),
            models.Index(fields=["subject_key"], name="outbox_message_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_key", "recipient", "occurrence"],
                name="outbox_message_is_said_once",
                violation_error_message="Ce message existe déjà : il ne part qu’une fois.",
            ),
            models.UniqueConstraint(
                fields=["message_id"],
                name="outbox_message_has_its_own_id",
                violation_error_message="Deux messages ne peuvent pas porter le même Message-ID.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values) & Q(category__in=Category.values),
                name="outbox_message_values_are_known",
                violation_error_message="L’état ou la catégorie de ce message n’existe pas.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="") & ~Q(recipient="") & ~Q(message_id=""),
                name="outbox_message_names_its_recipient",
                violation_error_message="Un message a une sorte, un destinataire et un Message-ID.",
            ),
            models.CheckConstraint(
                condition=Q(state=State.SENDING, leased_until__isnull=False, next_attempt_at=models.F("leased_until"))
                | (~Q(state=State.SENDING) & Q(leased_until__isnull=True)),
                name="outbox_message_lease_while_sending",
                violation_error_message="Un message n’est réservé par un envoi que pendant cet envoi.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_SETTLED, settled_at__isnull=False)
                | Q(state__in=_WAITING, settled_at__isnull=True),
                name="outbox_message_settled_has_date",
                violation_error_message="Un message réglé dit quand, un message qui attend ne le dit pas.",
            ),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | (~Q(state=State.SENT) & Q(sent_at__isnull=True)),
                name="outbox_message_sent_has_date",
                violation_error_message="Un message parti dit quand il est parti.",
            ),
            models.CheckConstraint(
                condition=Q(is_secret=False) | Q(expires_at__isnull=False),
                name="outbox_message_secret_expires",
                violation_error_message="Un message qui porte un secret a une fin de validité.",
            ),
            models.CheckConstraint(
                condition=Q(is_secret=False)
                | Q(state__in=_WAITING)
                | Q(data={}, subject_line="", text_body="", html_body=""),
                name="outbox_message_secret_is_forgotten",
                violation_error_message="Le secret d’un message est effacé dès qu’il est réglé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient}"
