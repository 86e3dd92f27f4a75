"""What pages and checks read of the messages."""

from datetime import datetime, timedelta

from django.db.models import Min, QuerySet, Sum

from .models import Message

SOON = timedelta(minutes=1)


def oldest_due(at: datetime) -> datetime | None:
    """Since when the longest-waiting message should have left, or None when nothing is late.

    Counts what a delivery takes now or within the minute (so that a server that does not answer shows), and
    not what waits for its hour or for a distant retry.
    """
    return (
        Message.objects.waiting()
        .filter(next_attempt_at__lte=at + SOON, send_after__lte=at)
        .aggregate(since=Min("send_after"))["since"]
    )


def messages_to(recipient: str) -> QuerySet[Message]:
    """Every message to one recipient, newest first: for a person's own export."""
    return Message.objects.filter(recipient=recipient)


def possible_duplicates() -> int:
    """How many messages may have reached somebody twice, at most: attempts cut after they started."""
    return Message.objects.aggregate(total=Sum("interruptions"))["total"] or 0
