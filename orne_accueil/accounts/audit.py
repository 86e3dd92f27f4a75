"""The audit log: who did what to a role, a post or a person, when, on whose behalf. Never what was written.

Rows are named by their number: the log holds no name, no address and no phone.
"""

from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.db import models
from django.db.models.signals import pre_save

from .models import Delegation, Invitation, Mandate, Person, User

auditlog.register(User, include_fields=["is_active", "is_staff", "is_superuser"], m2m_fields={"groups"})
auditlog.register(Mandate, exclude_fields=["title"])
auditlog.register(Delegation)
auditlog.register(Invitation, exclude_fields=["role"])


def note(instance: models.Model, *, by: Person | None, what: str, **details: Any) -> LogEntry:
    """Log a fact that is more than a change of fields: a merge, a gesture made on somebody's behalf.

    `details` are plain values, numbers of rows rather than names.
    """
    return LogEntry.objects.log_create(
        instance,
        force_log=True,
        action=LogEntry.Action.UPDATE,
        changes={},
        additional_data={"what": what, "by_person": by.pk if by else None, **details},
    )


def _name_by_number(sender: type[LogEntry], instance: LogEntry, **_: object) -> None:
    model = instance.content_type.model_class()
    name = model._meta.verbose_name if model is not None else instance.content_type.model
    instance.object_repr = f"{name} n° {instance.object_pk}"


pre_save.connect(_name_by_number, sender=LogEntry, dispatch_uid="orne.audit.name_by_number")
