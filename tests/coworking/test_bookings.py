"""Booking, changing, freeing, deciding: state, units, audit, messages, and nothing half-done."""

from datetime import date, time, timedelta

import pytest
from auditlog.models import LogEntry

from coworking import actions, notifications
from coworking.actions.bookings import SlotTaken
from coworking.enums import BookingMode, BookingState, Period, Presence
from coworking.models import Booking, Occupation
from orne_accueil.accounts.actions import merge_persons
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.models import Message
from tests.factories import make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

WEDNESDAY = TUESDAY + timedelta(days=1)


def kinds(subject: Booking) -> list[str]:
    return sorted(Message.objects.about(subject).values_list("kind", flat=True))


def live_units(booking: Booking) -> int:
    return booking.occupations.filter(live=True).count()


# --- Booking ---


def test_a_booking_is_confirmed_and_told(alice: Person) -> None:
    booking = make_booking(person=alice)

    assert booking.state == BookingState.CONFIRMED
    assert live_units(booking) == 1
    message = Message.objects.get()
    assert (message.kind, message.recipient) == ("coworking.booking_confirmed", alice.recipient)
    assert LogEntry.objects.get_for_object(booking).filter(action=LogEntry.Action.CREATE).exists()


def test_a_second_booking_of_the_same_slot_is_refused(alice: Person, bob: Person) -> None:
    booking = make_booking(person=alice)

    with pytest.raises(SlotTaken, match="quelqu’un a réservé avant vous"):
        make_booking(booking.room, bob)

    assert Booking.objects.count() == 1


def test_the_next_slot_is_free(alice: Person, bob: Person) -> None:
    booking = make_booking(person=alice)

    assert make_booking(booking.room, bob, half_day(period=Period.MORNING)).state == BookingState.CONFIRMED


def test_a_room_with_two_desks_seats_two_people_and_no_third(alice: Person, bob: Person, chloe: Person) -> None:
    room = make_room(units=2)
    make_booking(room, alice)
    make_booking(room, bob)

    with pytest.raises(SlotTaken):
        make_booking(room, chloe)


def test_people_are_re_seated_rather_than_refused(alice: Person, bob: Person, chloe: Person) -> None:
    room = make_room(units=2)
    morning = make_booking(room, alice, half_day(period=Period.MORNING))
    blocker = make_booking(room, chloe, half_day(period=Period.MORNING))
    afternoon = make_booking(room, bob)
    actions.cancel_booking(booking=blocker, by=chloe, at=NOW)
    # Alice sits at desk 1 in the morning; put Bob at desk 2 in the afternoon: no desk is free all day, two people fit.
    second = room.units.get(position=2)
    afternoon.occupations.filter(live=True).update(unit=second)

    day = make_booking(room, chloe, half_day(period=Period.DAY))

    assert day.state == BookingState.CONFIRMED
    assert live_units(morning) == live_units(afternoon) == live_units(day) == 1
    assert {morning.occupations.get(live=True).unit_id, afternoon.occupations.get(live=True).unit_id} == {
        Occupation.objects.live().get(booking=morning).unit_id
    }


def test_somebody_present_keeps_her_desk(alice: Person, bob: Person, chloe: Person) -> None:
    room = make_room(units=2)
    morning = make_booking(room, alice, half_day(period=Period.MORNING))
    afternoon = make_booking(room, bob)
    afternoon.occupations.filter(live=True).update(unit=room.units.get(position=2))
    at = clock.at_local(TUESDAY, time(9, 30))
    actions.mark_presence(booking=morning, presence=Presence.PRESENT, by=alice, at=at)
    seat = morning.occupations.get(live=True).unit_id

    actions.book_room(room=room, person=chloe, wish=half_day(period=Period.DAY), usage="other", by=chloe, at=at)

    assert morning.occupations.get(live=True).unit_id == seat


def test_a_workshop_takes_the_desks_it_includes(alice: Person, bob: Person) -> None:
    desks = make_room(units=3)
    workshop = make_room(desks.space, kind="training", capacity=12, includes=(desks,))
    booking = make_booking(workshop, alice)

    assert live_units(booking) == 4
    with pytest.raises(SlotTaken):
        make_booking(desks, bob)


def test_one_taken_desk_keeps_the_workshop_away(alice: Person, bob: Person) -> None:
    desks = make_room(units=3)
    workshop = make_room(desks.space, kind="training", capacity=12, includes=(desks,))
    make_booking(desks, alice)

    with pytest.raises(SlotTaken):
        make_booking(workshop, bob)


def test_included_rooms_include_in_turn(alice: Person, bob: Person) -> None:
    desk = make_room(units=1)
    office = make_room(desk.space, includes=(desk,))
    everything = make_room(desk.space, includes=(office,))

    make_booking(everything, alice)

    with pytest.raises(SlotTaken):
        make_booking(desk, bob)


def test_buffers_keep_the_next_away(alice: Person, bob: Person) -> None:
    room = make_room(mode=BookingMode.FREE, buffer_after_minutes=15)
    make_booking(room, alice, hours("14:00", "15:00"))

    with pytest.raises(SlotTaken):
        make_booking(room, bob, hours("15:00", "16:00"))
    assert make_booking(room, bob, hours("15:15", "16:00")).state == BookingState.CONFIRMED


def test_a_closed_room_is_refused_with_its_reason(alice: Person) -> None:
    room = make_room()
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=room.space, room=None, start=start, end=end, reason="Formation", by=alice, at=NOW)

    with pytest.raises(DomainError, match="Formation"):
        make_booking(room, alice)


def test_closing_an_included_room_closes_the_one_that_takes_it(alice: Person) -> None:
    desks = make_room(units=2)
    workshop = make_room(desks.space, includes=(desks,))
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=desks.space, room=desks, start=start, end=end, reason="Peinture", by=alice, at=NOW)

    with pytest.raises(DomainError, match="Peinture"):
        make_booking(workshop, alice)


def test_the_quota_counts_half_days_of_the_month(alice: Person, bob: Person) -> None:
    room = make_room(units=3, quota_half_days=2)
    make_booking(room, alice, half_day(period=Period.DAY))

    with pytest.raises(DomainError, match="déjà réservées"):
        make_booking(room, alice, half_day(WEDNESDAY))
    assert make_booking(room, bob, half_day(WEDNESDAY))
    assert make_booking(room, alice, half_day(date(2027, 1, 5)))  # another month


def test_a_freed_half_day_counts_no_more(alice: Person) -> None:
    room = make_room(quota_half_days=1)
    actions.cancel_booking(booking=make_booking(room, alice), by=alice, at=NOW)

    assert make_booking(room, alice, half_day(WEDNESDAY)).state == BookingState.CONFIRMED


def test_somebody_on_the_phone_is_booked_by_the_animator(alice: Person) -> None:
    space = make_space(animators=(alice,))
    room = make_room(space, notice_minutes=30 * 24 * 60, needs_approval=True)
    caller = make_person("Odile Lefèvre", email=None, phone="02 33 00 00 00")

    booking = make_booking(room, caller, by=alice)

    assert booking.state == BookingState.CONFIRMED  # her word is the approval, and notice is hers to waive
    assert booking.typed_by == alice


def test_a_stranger_who_types_for_somebody_gets_no_favour(david: Person) -> None:
    room = make_room(notice_minutes=30 * 24 * 60)

    with pytest.raises(DomainError) as refused:
        make_booking(room, make_person(), by=david)

    assert refused.value.code == "notice"


def test_the_first_visit_is_marked_once(alice: Person) -> None:
    room = make_room()

    assert make_booking(room, alice).is_first_visit
    assert not make_booking(room, alice, half_day(WEDNESDAY)).is_first_visit


def test_nothing_is_left_when_the_last_step_breaks(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the last step")

    monkeypatch.setattr("coworking.actions.bookings.tell_booker", broken)
    with pytest.raises(RuntimeError):
        make_booking(room, alice)

    assert not Booking.objects.exists()
    assert not Occupation.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("field", ["is_published", "is_bookable"])
def test_a_withdrawn_space_takes_no_booking(field: str, alice: Person) -> None:
    room = make_room()
    room.space.external_url = "https://exemple.test/"
    setattr(room.space, field, False)
    room.space.save()

    with pytest.raises(DomainError, match="ne se réserve plus"):
        make_booking(room, alice)


# --- Approval ---


@pytest.fixture
def pending(alice: Person, bob: Person) -> Booking:
    """Alice asks for a room that Bob opens on approval."""
    return make_booking(make_room(make_space(animators=(bob,)), needs_approval=True), alice)


def test_a_room_on_approval_holds_the_slot_and_asks(pending: Booking, bob: Person, chloe: Person) -> None:
    assert pending.state == BookingState.PENDING
    assert pending.answer_due_at is not None
    assert kinds(pending) == ["coworking.approval_needed", "coworking.booking_received"]
    assert Message.objects.get(kind="coworking.approval_needed").recipient == bob.recipient
    with pytest.raises(SlotTaken):
        make_booking(pending.room, chloe)


def test_a_space_without_animator_asks_the_coordination(alice: Person, coordinator: Person) -> None:
    make_booking(make_room(needs_approval=True), alice)

    assert Message.objects.get(kind="coworking.approval_needed").recipient == coordinator.recipient


def test_a_yes_confirms_and_stops_the_clock(pending: Booking, bob: Person) -> None:
    booking = actions.approve_booking(booking=pending, by=bob, at=NOW)

    assert (booking.state, booking.outcome, booking.next_step_at) == (BookingState.CONFIRMED, "succeeded", None)
    assert "coworking.booking_confirmed" in kinds(booking)


def test_a_no_gives_its_reason_and_frees_the_slot(pending: Booking, bob: Person, chloe: Person) -> None:
    booking = actions.refuse_booking(booking=pending, by=bob, at=NOW, reason="Salle prise par le conseil municipal")

    assert (booking.state, booking.outcome) == (BookingState.REFUSED, "refused")
    assert live_units(booking) == 0
    assert make_booking(booking.room, chloe).state == BookingState.PENDING


def test_a_no_without_reason_is_refused(pending: Booking, bob: Person) -> None:
    with pytest.raises(DomainError, match="se motive"):
        actions.refuse_booking(booking=pending, by=bob, at=NOW, reason="  ")

    pending.refresh_from_db()
    assert pending.state == BookingState.PENDING


def test_silence_lapses_and_frees(pending: Booking) -> None:
    booking = actions.lapse_booking(booking=pending, at=NOW)

    assert (booking.state, booking.outcome, live_units(booking)) == (BookingState.LAPSED, "expired", 0)
    assert "coworking.booking_lapsed" in kinds(booking)


@pytest.mark.parametrize("decide", [actions.approve_booking, actions.lapse_booking])
def test_what_was_answered_is_not_answered_again(decide, pending: Booking, bob: Person) -> None:
    actions.refuse_booking(booking=pending, by=bob, at=NOW, reason="Fermé ce jour-là")

    if decide is actions.lapse_booking:
        assert decide(booking=pending, at=NOW).state == BookingState.REFUSED
    else:
        with pytest.raises(DomainError, match="n’attend plus"):
            decide(booking=pending, by=bob, at=NOW)


# --- Changing and freeing ---


def test_a_change_keeps_reference_and_event_and_frees_the_old_time(alice: Person, bob: Person) -> None:
    booking = make_booking(person=alice)
    reference, uid = booking.reference, booking.uid

    changed = actions.change_booking(
        booking=booking,
        room=booking.room,
        wish=half_day(WEDNESDAY),
        usage="other",
        attendees=1,
        note="",
        by=alice,
        at=NOW,
    )

    assert (changed.reference, changed.uid, changed.revision) == (reference, uid, 1)
    assert live_units(changed) == 1
    assert make_booking(booking.room, bob).state == BookingState.CONFIRMED
    message = Message.objects.get(kind="coworking.booking_changed")
    assert message.data["before"]["when"].startswith("mardi 1er")


def test_a_refused_change_keeps_the_old_time(alice: Person, bob: Person) -> None:
    booking = make_booking(person=alice)
    make_booking(booking.room, bob, half_day(WEDNESDAY))

    with pytest.raises(SlotTaken):
        actions.change_booking(
            booking=booking, room=booking.room, wish=half_day(WEDNESDAY), usage="other", attendees=1, note="",
            by=alice, at=NOW,
        )  # fmt: skip

    booking.refresh_from_db()
    assert clock.local(booking.starts_at).date() == TUESDAY
    assert live_units(booking) == 1


def test_a_booking_may_grow_over_its_own_time(alice: Person) -> None:
    booking = make_booking(person=alice)

    changed = actions.change_booking(
        booking=booking, room=booking.room, wish=half_day(period=Period.DAY), usage="other", attendees=1, note="",
        by=alice, at=NOW,
    )  # fmt: skip

    assert changed.half_days == 2
    assert live_units(changed) == 1


def test_an_approved_booking_asks_again_when_its_time_changes(pending: Booking, alice: Person, bob: Person) -> None:
    actions.approve_booking(booking=pending, by=bob, at=NOW)

    changed = actions.change_booking(
        booking=pending, room=pending.room, wish=half_day(WEDNESDAY), usage="other", attendees=1, note="",
        by=alice, at=NOW,
    )  # fmt: skip

    assert changed.state == BookingState.PENDING
    assert changed.answered_at is None


def test_freeing_frees_at_once_and_says_so(alice: Person, bob: Person) -> None:
    booking = actions.cancel_booking(booking=make_booking(person=alice), by=alice, at=NOW)

    assert (booking.state, live_units(booking)) == (BookingState.CANCELLED, 0)
    assert "coworking.booking_cancelled" in kinds(booking)
    assert make_booking(booking.room, bob).state == BookingState.CONFIRMED


def test_freeing_twice_says_it_is_done(alice: Person) -> None:
    booking = make_booking(person=alice)
    actions.cancel_booking(booking=booking, by=alice, at=NOW)

    with pytest.raises(DomainError, match="déjà annulée"):
        actions.cancel_booking(booking=booking, by=alice, at=NOW)


def test_past_the_limit_only_the_animator_frees(alice: Person, bob: Person) -> None:
    room = make_room(make_space(animators=(bob,)), change_limit_minutes=120)
    booking = make_booking(room, alice)
    late = booking.starts_at - timedelta(minutes=60)

    with pytest.raises(DomainError, match="trop tard"):
        actions.cancel_booking(booking=booking, by=alice, at=late)
    assert actions.cancel_booking(booking=booking, by=bob, at=late).ended_by == bob


# --- Presence ---


def test_presence_is_noted_on_the_day_and_may_be_corrected(alice: Person, bob: Person) -> None:
    booking = make_booking(make_room(make_space(animators=(bob,))), alice)
    day = clock.at_local(TUESDAY, time(8))

    with pytest.raises(DomainError, match="le jour même"):
        actions.mark_presence(booking=booking, presence=Presence.PRESENT, by=bob, at=NOW)
    assert actions.mark_presence(booking=booking, presence=Presence.ABSENT, by=bob, at=day).presence == "absent"
    assert actions.mark_presence(booking=booking, presence=Presence.PRESENT, by=bob, at=day).presence == "present"


# --- Messages of the day ---


def evening(day: date = TUESDAY, wall: time = time(18)) -> object:
    return clock.at_local(day - timedelta(days=1), wall)


def reminders() -> int:
    return Message.objects.filter(kind=notifications.BookingReminder.kind).count()


def test_the_reminder_is_written_once_at_six_the_day_before(alice: Person) -> None:
    make_booking(person=alice)

    assert actions.write_reminders(at=evening(wall=time(17, 59))) == 0
    assert actions.write_reminders(at=evening()) == 1
    assert actions.write_reminders(at=evening(wall=time(18, 5))) == 0
    assert reminders() == 1


def test_a_booking_made_that_evening_gets_no_reminder(alice: Person) -> None:
    make_booking(person=alice, at=evening(wall=time(18, 30)))

    assert actions.write_reminders(at=evening(wall=time(18, 35))) == 0


def test_a_moved_booking_is_reminded_of_its_new_time(alice: Person) -> None:
    booking = make_booking(person=alice)
    actions.write_reminders(at=evening())
    actions.change_booking(
        booking=booking, room=booking.room, wish=half_day(WEDNESDAY), usage="other", attendees=1, note="",
        by=alice, at=evening(wall=time(19)),
    )  # fmt: skip

    # Confirmed afresh at 19:00 on Monday, for Wednesday: reminded on Tuesday.
    assert actions.write_reminders(at=evening(WEDNESDAY)) == 1
    assert reminders() == 2


def test_neither_the_freed_nor_the_pending_are_reminded(alice: Person, pending: Booking) -> None:
    actions.cancel_booking(booking=make_booking(person=alice), by=alice, at=NOW)

    assert actions.write_reminders(at=evening()) == 0


@pytest.mark.parametrize(("wall", "expected"), [(time(6, 59), 0), (time(7), 1), (time(12), 1), (time(18, 30), 0)])
def test_the_code_leaves_at_seven_and_is_worthless_once_over(wall: time, expected: int, alice: Person) -> None:
    make_booking(make_room(access_type="code", access_code="4812"), alice)

    assert actions.write_access_messages(at=clock.at_local(TUESDAY, wall)) == expected


def test_an_open_door_needs_no_message_of_the_day(alice: Person) -> None:
    room = make_room(access_type="open")
    make_booking(room, alice, half_day(date(2026, 11, 30)))  # not her first visit any more
    make_booking(room, alice)

    assert actions.write_access_messages(at=clock.at_local(TUESDAY, time(7))) == 0


def test_a_booking_for_today_gets_its_code_at_once(alice: Person) -> None:
    at = clock.at_local(TUESDAY, time(10))
    make_booking(make_room(access_type="code", access_code="4812"), alice, at=at)

    assert actions.write_access_messages(at=at + timedelta(minutes=1)) == 1


# --- Closures and hours ---


def test_a_closure_is_refused_while_a_booking_stands_in_it(alice: Person, bob: Person) -> None:
    booking = make_booking(make_room(make_space(animators=(bob,))), alice)
    start, end = clock.day_bounds(TUESDAY)

    with pytest.raises(actions.ClosureBlocked) as blocked:
        actions.close_space(space=booking.room.space, room=None, start=start, end=end, reason="Congés", by=bob, at=NOW)

    assert blocked.value.bookings == [booking]
    assert not booking.room.space.closures.exists()
    booking.refresh_from_db()
    assert booking.is_live


def test_closing_another_room_is_no_obstacle(alice: Person, bob: Person) -> None:
    booking = make_booking(make_room(make_space(animators=(bob,))), alice)
    other = make_room(booking.room.space)
    start, end = clock.day_bounds(TUESDAY)

    assert actions.close_space(space=other.space, room=other, start=start, end=end, reason="Peinture", by=bob, at=NOW)


def test_new_hours_are_refused_while_a_booking_would_fall_outside(alice: Person, bob: Person) -> None:
    booking = make_booking(make_room(make_space(animators=(bob,))), alice)

    with pytest.raises(actions.HoursBlocked) as blocked:
        actions.change_hours(space=booking.room.space, expression="Mo-Fr 09:00-12:30", by=bob, at=NOW)

    assert blocked.value.bookings == [booking]
    booking.room.space.refresh_from_db()
    assert "13:30-18:00" in booking.room.space.opening_hours


def test_longer_hours_disturb_nobody(alice: Person, bob: Person) -> None:
    booking = make_booking(make_room(make_space(animators=(bob,))), alice)

    space = actions.change_hours(space=booking.room.space, expression="Mo-Sa 08:00-20:00", by=bob, at=NOW)

    assert space.opening_hours == "Mo-Sa 08:00-20:00"


def test_a_booked_desk_is_not_retired(alice: Person, bob: Person) -> None:
    room = make_room(make_space(animators=(bob,)), units=2)
    make_booking(room, alice)
    make_booking(room, bob)

    with pytest.raises(DomainError, match="encore réservée"):
        actions.set_unit_count(room=room, units=1, by=bob, at=NOW)
    actions.set_unit_count(room=room, units=4, by=bob, at=NOW)
    assert room.units.filter(is_active=True).count() == 4


def test_nights_of_the_clock_change_are_booked_by_the_wall(alice: Person) -> None:
    space = make_space(opening_hours="24/7")
    room = make_room(space, mode=BookingMode.FREE)
    saturday = date(2027, 3, 27)
    at = clock.at_local(date(2027, 3, 20), time(10))
    wish = hours("22:00", "23:00", saturday)
    night = type(wish)(
        saturday, starts_at=wish.starts_at, ends_at=clock.at_local(saturday + timedelta(days=1), time(6))
    )

    booking = make_booking(room, alice, night, at=at)

    assert booking.ends_at - booking.starts_at == timedelta(hours=7)  # 22:00 to 6:00, an hour short


@pytest.mark.parametrize(
    ("day", "wall", "words"),
    [(date(2027, 3, 28), time(2, 30), "n’existe pas"), (date(2026, 10, 25), time(2, 30), "existe deux fois")],
)
def test_an_hour_that_the_clock_skips_or_repeats_is_refused(day: date, wall: time, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        clock.at_local(day, wall)


def test_two_names_of_one_animator_merge(alice: Person, bob: Person, coordinator: Person) -> None:
    space = make_space(animators=(alice, bob))
    booking = make_booking(make_room(space), bob)

    merge_persons(keep=alice, drop=bob, by=coordinator, at=NOW)

    assert [animator.person for animator in space.animators.all()] == [alice]
    booking.refresh_from_db()
    assert booking.person == alice
