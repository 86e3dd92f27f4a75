"""The audit log, where auditlog's own way of writing costs as much as the fact."""

from datetime import datetime

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.contenttypes.models import ContentType

from coworking.models import Booking
from orne_accueil.accounts.models import Person


def booked(booking: Booking, *, by: Person, at: datetime) -> None:
    """Log that a booking was made, with the fields that the log keeps of one (coworking.apps).

    auditlog would compare the new row with nothing, field by field and signal by signal: a tenth of a booking's time.
    """
    kept = auditlog.get_model_fields(Booking)["include_fields"]
    fields = (field for field in Booking._meta.concrete_fields if field.name in kept)
    values = ((field.name, getattr(booking, field.attname)) for field in fields)
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                content_type=ContentType.objects.get_for_model(Booking),
                object_pk=str(booking.pk),
                object_id=booking.pk,
                object_repr=f"{Booking._meta.verbose_name} n° {booking.pk}",
                action=LogEntry.Action.CREATE,
                changes={name: ["None", str(value)] for name, value in values if value is not None},
                actor_id=by.user_id,
                timestamp=at,
            )
        ]
    )
