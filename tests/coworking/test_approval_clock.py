"""Nobody's request waits in silence: reminded, told to the coordination, lapsed before the start."""

from datetime import date, datetime, time, timedelta

import pytest

from coworking import actions
from coworking.enums import BookingState
from coworking.models import Booking
from orne_accueil.accounts.models import Person
from orne_accueil.answers.actions import sweep
from orne_accueil.common import clock
from orne_accueil.outbox.models import Message
from tests.factories_coworking import NOW, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(alice: Person, bob: Person, coordinator: Person) -> Booking:
    return make_booking(
        make_room(make_space(animators=(bob,)), needs_approval=True), alice, half_day(date(2026, 12, 3))
    )


def told(kind: str) -> list[str]:
    return list(Message.objects.filter(kind=f"coworking.{kind}").order_by("pk").values_list("recipient", flat=True))


def test_the_animator_is_reminded_after_a_day(pending: Booking, bob: Person) -> None:
    sweep(NOW + timedelta(hours=23))
    assert told("approval_needed") == [bob.recipient]

    sweep(NOW + timedelta(hours=25))
    assert told("approval_needed") == [bob.recipient, bob.recipient]


def test_two_sweeps_remind_once(pending: Booking) -> None:
    sweep(NOW + timedelta(hours=25))
    sweep(NOW + timedelta(hours=25))

    assert len(told("approval_needed")) == 2


def test_the_coordination_is_told_after_two_days(pending: Booking, coordinator: Person) -> None:
    for hours in (25, 49):
        sweep(NOW + timedelta(hours=hours))

    assert told("approval_overdue") == [coordinator.recipient]


def test_silence_lapses_before_the_start_and_says_it_is_ours(pending: Booking, alice: Person) -> None:
    at: datetime = NOW
    while at < pending.starts_at:
        sweep(at)
        at += timedelta(hours=1)

    pending.refresh_from_db()
    assert pending.state == BookingState.LAPSED
    assert pending.ended_at is not None
    assert pending.ended_at < pending.starts_at
    assert told("booking_lapsed") == [alice.recipient]
    assert not pending.occupations.filter(live=True).exists()


def test_an_answer_stops_the_chase(pending: Booking, bob: Person) -> None:
    actions.approve_booking(booking=pending, by=bob, at=NOW)

    for day in range(10):
        sweep(NOW + timedelta(days=day))

    assert told("approval_needed") == [bob.recipient]
    assert told("approval_overdue") == []


def test_a_request_for_this_afternoon_lapses_in_time(alice: Person, bob: Person) -> None:
    at = clock.at_local(date(2026, 12, 1), time(9))
    booking = make_booking(make_room(make_space(animators=(bob,)), needs_approval=True), alice, at=at)

    sweep(booking.starts_at - timedelta(minutes=30))

    booking.refresh_from_db()
    assert booking.state == BookingState.LAPSED
