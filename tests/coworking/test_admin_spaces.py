"""Spaces as their animators keep them: facts, photo, hours, closures, rooms, team, export, first steps."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from coworking import actions
from coworking.enums import AccessType, BookingMode, Period, RoomKind
from coworking.models import Booking, Closure, Equipment, Room, Space, SpaceAnimator
from coworking.rules import hours as hours_rules
from coworking.rules.reception import USUAL_TERMS
from orne_accueil.accounts.models import Invitation, Person
from orne_accueil.common import clock
from orne_accueil.common.errors import Busy
from orne_accueil.outbox.models import Message
from tests.conftest import paris
from tests.factories import make_commune, make_person
from tests.factories_coworking import NOW, OFFICE_HOURS, TUESDAY, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_week_before(clock_at: Callable[[str], Any], settings: Any, tmp_path: Path) -> None:
    clock_at("2026-11-24 10:00")
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def space(alice: Person) -> Space:
    return make_space(animators=(alice,), name="EPN d’Argentan", external_id="epn-argentan")


@pytest.fixture
def her(alice: Person, space: Space, client_for: Any) -> Client:
    browser: Client = client_for(alice)
    return browser


def page_of(name: str, *args: Any) -> str:
    return reverse(f"admin:coworking_{name}", args=args)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    content: str = answer.content.decode().replace("\u00a0", " ")
    return content


# --- Hours ---


def week(**days: str) -> dict[str, str]:
    """`week(mo="09:00-12:30,13:30-18:00")`: the posted table."""
    posted: dict[str, str] = {}
    for index, name in enumerate(("mo", "tu", "we", "th", "fr", "sa", "su")):
        for number, span in enumerate(filter(None, days.get(name, "").split(",")), start=1):
            posted[f"opens_{index}_{number}"], posted[f"closes_{index}_{number}"] = span.split("-")
    return posted


def hours_of(space: Space) -> str:
    space.refresh_from_db()
    return space.opening_hours


def test_hours_are_shown_and_saved_as_they_were(space: Space, her: Client) -> None:
    page = text_of(her.get(page_of("space_hours", space.pk)))
    assert page.count('value="09:00"') == 5
    assert page.count('value="18:00"') == 5

    weekday = "09:00-12:30,13:30-18:00"
    her.post(page_of("space_hours", space.pk), week(mo=weekday, tu=weekday, we=weekday, th=weekday, fr=weekday))

    assert hours_of(space) == OFFICE_HOURS


def test_monday_is_copied_to_friday_without_javascript(space: Space, her: Client) -> None:
    her.post(page_of("space_hours", space.pk), {**week(mo="08:30-12:00", sa="09:00-12:00"), "copy_monday": "on"})

    assert hours_of(space) == "Mo-Fr 08:30-12:00; Sa 09:00-12:00"
    assert space.staff_edited == ["opening_hours"]
    assert LogEntry.objects.get_for_object(space).filter(action=LogEntry.Action.UPDATE).exists()


def test_what_the_table_cannot_show_is_kept_in_order_and_said_in_french(alice: Person, client_for: Any) -> None:
    extra = "Aug off; Dec 24-Jan 02 off; We[1] 18:00-20:00"
    space = make_space(animators=(alice,), opening_hours=f"Mo-Fr 09:00-12:00; {extra}")
    her = client_for(alice)

    page = text_of(her.get(page_of("space_hours", space.pk)))
    assert "Fermé en août." in page
    assert "Aug off" in page

    her.post(page_of("space_hours", space.pk), week(mo="10:00-12:00"))
    assert hours_of(space) == f"Mo 10:00-12:00; {extra}"


def test_a_rule_is_taken_out_only_when_asked(alice: Person, client_for: Any) -> None:
    space = make_space(animators=(alice,), opening_hours="Mo 09:00-12:00; Aug off; PH off")

    client_for(alice).post(page_of("space_hours", space.pk), {**week(mo="09:00-12:00"), "remove": ["0"]})

    assert hours_of(space) == "Mo 09:00-12:00; PH off"


def test_a_third_span_is_kept(alice: Person, client_for: Any) -> None:
    space = make_space(animators=(alice,), opening_hours="Mo 08:00-10:00,11:00-13:00,15:00-19:00")
    her = client_for(alice)
    assert "de 15 h à 19 h" in text_of(her.get(page_of("space_hours", space.pk)))

    her.post(page_of("space_hours", space.pk), week(mo="08:00-10:00,11:00-13:00"))

    assert hours_of(space) == "Mo 08:00-10:00,11:00-13:00,15:00-19:00"


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (week(mo="12:00-09:00"), "La fermeture doit venir après l’ouverture."),
        (week(mo="09:00-12:00,11:00-18:00"), "commence après la fin de la première"),
        ({"opens_0_1": "09:00"}, "Il manque une des deux heures."),
        ({"opens_0_1": "neuf", "closes_0_1": "12:00"}, "Écrivez l’heure ainsi"),
    ],
)
def test_hours_that_cannot_be_are_refused_on_their_field(
    space: Space, her: Client, posted: dict[str, str], words: str
) -> None:
    page = text_of(her.post(page_of("space_hours", space.pk), posted))

    assert words in page
    assert "<title>Erreur" in page
    assert hours_of(space) == OFFICE_HOURS


def test_hours_are_refused_while_bookings_stand_outside_with_their_list(space: Space, her: Client) -> None:
    booking = make_booking(make_room(space), make_person("Léa Fontaine", phone="06 12 34 56 78"))

    page = text_of(her.post(page_of("space_hours", space.pk), week(mo="09:00-12:00")))

    assert hours_of(space) == OFFICE_HOURS
    assert "1 réservation tomberait hors de ces horaires" in page
    assert "Léa Fontaine" in page
    assert 'href="tel:0612345678"' in page
    assert page_of("booking_move", booking.reference) in page
    assert page_of("booking_cancel", booking.reference) in page


def test_public_holidays_are_shown_with_their_names_and_whether_it_opens(alice: Person, client_for: Any) -> None:
    space = make_space(animators=(alice,), opening_hours="Mo-Fr 09:00-12:00; May 08 09:00-12:00; PH off")
    page = text_of(client_for(alice).get(page_of("space_hours", space.pk)))

    for name in ("Noël", "jour de l’An", "lundi de Pâques", "Ascension", "11 Novembre"):
        assert name in page
    assert "Vendredi 25 décembre 2026" in page
    assert "Noël : fermé" in page


# --- Closures ---


def closing(**fields: str) -> dict[str, str]:
    return {"first_day": "2026-12-24", "last_day": "2027-01-02", "reason": "Congés", **fields}


def test_whole_days_are_closed(space: Space, her: Client, alice: Person) -> None:
    her.post(page_of("space_closures", space.pk), closing())

    closure = Closure.objects.get()
    assert (closure.starts_at, closure.ends_at) == (paris("2026-12-24 00:00"), paris("2027-01-03 00:00"))
    assert (closure.closed_by, closure.reason, closure.room) == (alice, "Congés", None)
    assert LogEntry.objects.get_for_object(closure).exists()


def test_one_room_is_closed_for_some_hours(space: Space, her: Client) -> None:
    room = make_room(space)

    her.post(
        page_of("space_closures", space.pk),
        closing(room=str(room.pk), last_day="", starts_at="14:00", ends_at="16:00"),
    )

    closure = Closure.objects.get()
    assert closure.room == room
    assert (closure.starts_at, closure.ends_at) == (paris("2026-12-24 14:00"), paris("2026-12-24 16:00"))


def test_a_closure_is_refused_while_bookings_stand_in_it_with_their_list(space: Space, her: Client) -> None:
    room = make_room(space, units=3)
    first = make_booking(room, make_person("Léa Fontaine", phone="06 12 34 56 78"))
    second = make_booking(room, make_person("Nadia Benali"), half_day(TUESDAY, Period.MORNING))

    page = text_of(
        her.post(page_of("space_closures", space.pk), closing(first_day="2026-12-01", last_day="2026-12-02"))
    )

    assert not Closure.objects.exists()
    assert "2 réservations tombent dans cette fermeture" in page
    for booking in (first, second):
        assert page_of("booking_move", booking.reference) in page
        assert page_of("booking_cancel", booking.reference) in page
    assert page.index("Nadia Benali") < page.index("Léa Fontaine"), "in the order of the day"


def test_after_the_last_one_is_dealt_with_the_closure_is_as_it_was_typed(space: Space, her: Client) -> None:
    booking = make_booking(make_room(space))
    address = page_of("space_closures", space.pk)
    page = her.post(address, closing(first_day="2026-12-01", last_day="2026-12-02", reason="Travaux & peinture"))
    back = page.context["next"]

    answer = her.post(page_of("booking_cancel", booking.reference), {"reason": "Travaux.", "next": back})

    assert answer["Location"] == back
    form = text_of(her.get(back))
    assert 'value="2026-12-01"' in form
    assert "Travaux &amp; peinture" in form
    assert her.post(address, closing(first_day="2026-12-01", last_day="2026-12-02")).status_code == 302


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": ""}, "le public lira ce motif"),
        ({"first_day": ""}, "Quel jour ?"),
        ({"last_day": "2026-12-23"}, "doit venir après son début"),
        ({"last_day": "", "starts_at": "16:00", "ends_at": "14:00"}, "doit venir après son début"),
        ({"first_day": "2026-11-01", "last_day": "2026-11-02"}, "déjà passée"),
        ({"room": "0"}, "choix"),
    ],
)
def test_a_closure_that_cannot_be_is_refused(space: Space, her: Client, change: dict[str, str], words: str) -> None:
    page = text_of(her.post(page_of("space_closures", space.pk), closing(**change)))

    assert words in page
    assert not Closure.objects.exists()


def test_a_room_of_elsewhere_cannot_be_closed_from_here(space: Space, her: Client) -> None:
    her.post(page_of("space_closures", space.pk), closing(room=str(make_room().pk)))

    assert not Closure.objects.exists()


def test_a_closure_is_taken_back(space: Space, her: Client) -> None:
    her.post(page_of("space_closures", space.pk), closing())
    closure = Closure.objects.get()

    answer = her.post(page_of("closure_reopen", closure.pk))

    assert answer["Location"] == page_of("space_closures", space.pk)
    assert not Closure.objects.exists()


# --- Rooms ---


@pytest.mark.parametrize("kind", RoomKind.values)
def test_the_short_form_fills_in_what_rooms_of_that_kind_usually_are(space: Space, her: Client, kind: str) -> None:
    her.post(page_of("space_rooms", space.pk), {"name": " Salle verte ", "kind": kind, "units": "3", "capacity": ""})

    room, usual = Room.objects.get(), USUAL_TERMS[kind]
    assert (room.name, room.space, room.units.active().count()) == ("Salle verte", space, 3)
    assert (room.capacity, room.mode, room.max_minutes) == (usual.capacity, usual.mode, usual.max_minutes)


def test_a_room_added_can_be_booked_at_once(space: Space, her: Client, alice: Person) -> None:
    her.post(page_of("space_rooms", space.pk), {"name": "Salle verte", "kind": "desk", "units": "1"})

    assert make_booking(Room.objects.get()).is_live


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "obligatoire"),
        ({"kind": ""}, "obligatoire"),
        ({"units": "0"}, "1"),
        ({"units": "201"}, "200"),
        ({"name": "Salle rouge"}, "déjà une salle de ce nom"),
    ],
)
def test_a_room_that_cannot_be_is_refused(space: Space, her: Client, change: dict[str, str], words: str) -> None:
    make_room(space, name="Salle rouge")

    page = text_of(
        her.post(page_of("space_rooms", space.pk), {"name": "Verte", "kind": "desk", "units": "1", **change})
    )

    assert words in page
    assert Room.objects.count() == 1


def room_fields(room: Room, **change: Any) -> dict[str, Any]:
    fields = {
        name: getattr(room, name)
        for name in (
            "name", "kind", "capacity", "description", "price_text", "access_type", "access_code", "access_note",
            "position", "mode", "min_minutes", "max_minutes", "notice_minutes", "horizon_days",
            "buffer_before_minutes", "buffer_after_minutes", "change_limit_minutes",
        )
    }  # fmt: skip
    return {**fields, "units": room.units.active().count(), "is_active": "on", "quota_half_days": "", **change}


def test_the_details_of_a_room_are_saved_by_its_action(space: Space, her: Client) -> None:
    room, small = make_room(space), make_room(space, name="Petit bureau")
    screen = Equipment.objects.create(name="Écran", slug="ecran")

    answer = her.post(
        page_of("room_change", room.pk),
        room_fields(
            room,
            units=4,
            equipment=[screen.pk],
            includes=[small.pk],
            needs_approval="on",
            access_type=AccessType.CODE,
            access_code="4812",
            price_text="5 € la demi-journée",
        ),
    )

    assert answer.status_code == 302
    room.refresh_from_db()
    assert room.units.active().count() == 4
    assert (list(room.equipment.all()), list(room.includes.all())) == ([screen], [small])
    assert (room.needs_approval, room.access_code, room.price_text) == (True, "4812", "5 € la demi-journée")
    entries = LogEntry.objects.get_for_object(room)
    assert entries.exists()
    assert not any("4812" in str(entry.changes) for entry in entries), "the code is not audited"


def test_a_unit_that_is_booked_is_not_taken_out(space: Space, her: Client) -> None:
    room = make_room(space, units=2)
    make_booking(room)
    make_booking(room)

    page = text_of(her.post(page_of("room_change", room.pk), room_fields(room, units=1)))

    assert "est encore réservée" in page
    assert room.units.active().count() == 2


def test_a_room_includes_none_of_elsewhere(space: Space, her: Client) -> None:
    room, other = make_room(space), make_room()

    page = text_of(her.post(page_of("room_change", room.pk), room_fields(room, includes=[other.pk])))

    assert not room.includes.exists()
    assert other.name not in page


def test_lengths_in_disorder_are_refused_with_the_constraints_sentence(space: Space, her: Client) -> None:
    room = make_room(space, mode=BookingMode.FREE)

    page = text_of(her.post(page_of("room_change", room.pk), room_fields(room, min_minutes=90, max_minutes=60)))

    assert "La durée minimale vient avant la maximale" in page


# --- Facts and photo ---


def space_fields(space: Space, **change: Any) -> dict[str, Any]:
    fields = {
        name: getattr(space, name) if getattr(space, name) is not None else ""
        for name in (
            "name", "kind", "external_url", "address", "address_extra", "postal_code", "latitude", "longitude",
            "access_text", "phone", "email", "website", "summary", "description", "photo_credit", "technology",
            "down_mbps", "up_mbps", "measured_on", "measure_source",
        )
    }  # fmt: skip
    return {**fields, "commune": space.commune_id, "is_published": "on", "is_bookable": "on", **change}


def photo(colour: str = "seagreen", **options: Any) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (200, 100), colour).save(out, "JPEG", **options)
    return SimpleUploadedFile("../../vacances.jpg", out.getvalue(), content_type="image/jpeg")


def test_what_staff_edit_is_saved_and_remembered_against_the_next_import(space: Space, her: Client) -> None:
    answer = her.post(page_of("space_change", space.pk), space_fields(space, phone="02 33 67 00 01"))

    assert answer.status_code == 302
    space.refresh_from_db()
    assert space.phone == "02 33 67 00 01"
    assert space.staff_edited == ["phone"]
    assert space.opening_hours == OFFICE_HOURS


def test_facts_saved_from_an_old_page_leave_the_new_hours(space: Space, alice: Person, bob: Person) -> None:
    old_page = Space.objects.get(pk=space.pk)
    actions.change_hours(space=space, expression="Mo 09:00-12:00", by=bob, at=NOW)

    old_page.phone = "02 33 67 00 01"
    actions.save_space(space=old_page, changed=["phone"], by=alice, at=NOW)

    space.refresh_from_db()
    assert (space.opening_hours, space.phone) == ("Mo 09:00-12:00", "02 33 67 00 01")
    assert space.staff_edited == ["opening_hours", "phone"]


def test_when_the_lock_is_held_a_closure_stays_and_it_is_said(
    space: Space, her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    her.post(page_of("space_closures", space.pk), closing())

    def held(**kwargs: Any) -> None:
        raise Busy

    monkeypatch.setattr("coworking.actions.reopen_space", held)
    answer = her.post(page_of("closure_reopen", Closure.objects.get().pk), follow=True)

    assert "réessayez dans un instant" in text_of(answer)
    assert Closure.objects.exists()


def test_a_photo_is_stored_as_pixels_under_a_name_of_ours(space: Space, her: Client, tmp_path: Path) -> None:
    secret = Image.Exif()
    secret[0x010E] = "SECRET"

    her.post(page_of("space_change", space.pk), space_fields(space, photo=photo(exif=secret)))

    space.refresh_from_db()
    (stored,) = (tmp_path / "spaces").iterdir()
    assert space.photo.name == f"spaces/{stored.name}"
    assert stored.suffix == ".webp"
    assert b"SECRET" not in stored.read_bytes()
    with Image.open(stored) as picture:
        assert picture.size == (200, 100)


def test_a_new_photo_takes_the_place_of_the_old_one(
    space: Space, her: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    her.post(page_of("space_change", space.pk), space_fields(space, photo=photo()))
    with django_capture_on_commit_callbacks(execute=True):
        her.post(page_of("space_change", space.pk), space_fields(space, photo=photo("navy")))

    space.refresh_from_db()
    assert [file.name for file in (tmp_path / "spaces").iterdir()] == [Path(space.photo.name).name]


def test_a_photo_is_removed(space: Space, her: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any) -> None:
    her.post(page_of("space_change", space.pk), space_fields(space, photo=photo()))
    with django_capture_on_commit_callbacks(execute=True):
        her.post(page_of("space_change", space.pk), space_fields(space, **{"photo-clear": "on"}))

    space.refresh_from_db()
    assert not space.photo
    assert not list((tmp_path / "spaces").iterdir())


def test_a_photo_that_is_none_is_refused_on_its_field(space: Space, her: Client, tmp_path: Path) -> None:
    page = text_of(
        her.post(
            page_of("space_change", space.pk),
            space_fields(space, photo=SimpleUploadedFile("x.jpg", b"GIF89a<script>", content_type="image/jpeg")),
        )
    )

    assert "Envoyez une image JPEG, PNG ou WebP" in page
    assert not (tmp_path / "spaces").exists()


def test_when_the_row_cannot_be_written_the_new_file_goes_too(
    space: Space, alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orne_accueil.common.images import clean_photo

    def broken(**kwargs: Any) -> None:
        raise RuntimeError("connection lost")

    monkeypatch.setattr("coworking.actions.photos.save_space", broken)
    with pytest.raises(RuntimeError):
        actions.change_photo(space=space, photo=clean_photo(photo()), by=alice, at=NOW)

    assert not list((tmp_path / "spaces").iterdir())


def test_a_speed_without_its_date_is_refused(space: Space, her: Client) -> None:
    page = text_of(her.post(page_of("space_change", space.pk), space_fields(space, down_mbps="300")))

    assert "Un débit se donne avec la date de sa mesure" in page


def test_the_coordination_adds_a_space_by_hand(coordinator: Person, client_for: Any) -> None:
    space = make_space(name="EPN du Theil")

    client_for(coordinator).post(page_of("space_add"), space_fields(space))

    slugs = set(Space.objects.filter(name="EPN du Theil").values_list("slug", flat=True))
    assert "epn-du-theil" in slugs
    assert len(slugs) == 2


# --- The team ---


def test_an_animator_is_invited_by_mail_and_holds_the_space(space: Space, coordinator: Person, client_for: Any) -> None:
    client_for(coordinator).post(page_of("space_team", space.pk), {"name": "Eva Lenoir", "email": "eva@exemple.test"})

    person = Person.objects.get(email="eva@exemple.test")
    assert SpaceAnimator.objects.filter(space=space, person=person).exists()
    assert Invitation.objects.get(person=person).invited_by == coordinator
    assert Message.objects.filter(recipient=person.recipient).exists()
    assert not person.user or not person.user.is_staff


def test_an_invitation_whose_mail_breaks_gives_nothing(
    space: Space, coordinator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("coworking.actions.team.add_animator", broken)
    with pytest.raises(RuntimeError):
        actions.invite_animator(space=space, name="Eva", email="eva@exemple.test", by=coordinator, at=NOW)

    assert not Invitation.objects.exists()
    assert not Message.objects.exists()


def test_an_animator_is_taken_out(space: Space, alice: Person, coordinator: Person, client_for: Any) -> None:
    client_for(coordinator).post(page_of("space_leave", space.pk, alice.pk))

    assert not space.animators.exists()


# --- The export ---


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_bookings_leave_as_a_file_named_in_french(space: Space, her: Client) -> None:
    make_booking(make_room(space, name="Bureau fermé"), make_person("Léa Fontaine", phone="06 12 34 56 78"))

    answer = her.get(page_of("export"), {"first": "2026-12-01", "last": "2026-12-31", "space": space.pk})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="reservations-' in answer["Content-Disposition"]
    assert "-du-2026-12-01-au-2026-12-31.csv" in answer["Content-Disposition"]
    (row,) = rows_of(answer)
    assert (row["Jour"], row["Début"], row["Fin"]) == ("01/12/2026", "13:30", "18:00")
    assert (row["Personne"], row["Téléphone"]) == ("Léa Fontaine", "06 12 34 56 78")
    assert (row["État"], row["Première visite"]) == ("Confirmée", "oui")


@pytest.mark.parametrize("attack", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\u00a0=1"])
def test_no_cell_of_the_file_is_a_formula(space: Space, her: Client, attack: str) -> None:
    make_booking(make_room(space), make_person(attack, phone="06 12 34 56 78"), note=f"{attack} !")

    for row in rows_of(her.get(page_of("export"), {"first": "2026-12-01", "last": "2026-12-31"})):
        for cell in row.values():
            assert not cell.lstrip(" \t\r\n\u00a0").startswith(("=", "+", "-", "@", "＝"))
            assert not cell.startswith(("\t", "\r"))


def test_only_the_days_asked_leave_and_only_her_spaces(space: Space, her: Client) -> None:
    room = make_room(space, units=2)
    make_booking(room)
    make_booking(room, wish=half_day(TUESDAY + timedelta(days=1)))
    make_booking(make_room())

    assert len(rows_of(her.get(page_of("export"), {"first": "2026-12-01", "last": "2026-12-01"}))) == 1
    assert len(rows_of(her.get(page_of("export"), {"first": "2026-11-01", "last": "2026-12-31"}))) == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"first": "2026-12-31", "last": "2026-12-01"}, "vient après le premier"),
        ({"first": "2020-01-01", "last": "2026-12-01"}, "Deux ans au plus"),
        ({"first": "", "last": "2026-12-01"}, "Quel jour ?"),
    ],
)
def test_dates_that_cannot_be_are_refused(space: Space, her: Client, query: dict[str, str], words: str) -> None:
    assert words in text_of(her.get(page_of("export"), query))


def test_another_space_cannot_be_exported(space: Space, her: Client) -> None:
    elsewhere = make_room().space

    answer = her.get(page_of("export"), {"first": "2026-12-01", "last": "2026-12-31", "space": elsewhere.pk})

    assert "text/csv" not in answer["Content-Type"]


# --- First steps ---


def test_an_empty_install_says_what_to_do_first(coordinator: Person, client_for: Any) -> None:
    page = text_of(client_for(coordinator).get(page_of("first_steps")))

    assert page.count("À faire") == 4
    assert "Charger les communes de l’Orne" in page
    assert "Aucune commune" in page


def test_each_step_knows_whether_it_is_done(alice: Person, coordinator: Person, client_for: Any) -> None:
    client = client_for(coordinator)
    space = make_space()
    page = text_of(client.get(page_of("first_steps")))
    assert "1 lieu sans animateur" in page
    assert "1 lieu sans salle" in page

    actions.add_animator(space=space, person=alice, by=coordinator, at=NOW)
    make_room(space)

    assert "À faire" not in text_of(client.get(page_of("first_steps")))


def test_the_territory_is_loaded_by_a_button(coordinator: Person, client_for: Any, monkeypatch: Any) -> None:
    from orne_accueil.territory.actions import LoadReport

    asked: list[Path] = []

    def load(folder: Path, *, at: Any) -> LoadReport:
        asked.append(folder)
        return LoadReport(files=[])

    monkeypatch.setattr("orne_accueil.territory.actions.load_territory", load)

    answer = client_for(coordinator).post(page_of("first_steps_territory"))

    assert answer["Location"] == page_of("first_steps")
    assert (asked[0] / "communes_61.csv").exists()


def test_spaces_are_imported_by_upload_and_each_refused_line_is_said(coordinator: Person, client_for: Any) -> None:
    commune = make_commune()
    head = "id,pivot,nom,commune,code_insee,code_postal,adresse,latitude,longitude,date_maj,services"
    good = (
        f"epn-1,21610006600016,EPN neuf,{commune.name},{commune.code_insee},61200,1 rue du Lavoir,48.74,-0.02,"
        "2026-11-23,Accès internet et matériel informatique"
    )
    content = f"{head}\n{good}\n,,sans rien,,,,,,,,\n".encode()

    page = text_of(
        client_for(coordinator).post(
            page_of("first_steps"),
            {"gesture": "import", "file": SimpleUploadedFile("epn.csv", content, content_type="text/csv")},
        )
    )

    assert Space.objects.filter(external_id="epn-1", name="EPN neuf").exists()
    assert "Lignes refusées" in page
    assert "Ligne 3" in page


def test_a_file_that_cannot_be_read_is_refused_in_words(coordinator: Person, client_for: Any) -> None:
    page = text_of(
        client_for(coordinator).post(
            page_of("first_steps"),
            {"gesture": "import", "file": SimpleUploadedFile("x.csv", b"\x00\x01\x02", content_type="text/csv")},
        )
    )

    assert "<title>Erreur" in page
    assert not Space.objects.exists()


def test_the_first_steps_invite_an_animator(coordinator: Person, client_for: Any) -> None:
    space = make_space()

    client_for(coordinator).post(
        page_of("first_steps"),
        {"gesture": "invite", "space": space.pk, "name": "Eva", "email": "eva@exemple.test"},
    )

    assert space.animators.get().person.email == "eva@exemple.test"


def test_hours_read_from_the_form_evaluate_as_they_read(space: Space, her: Client) -> None:
    """What was typed is what opens, public holidays closed."""
    her.post(page_of("space_hours", space.pk), week(mo="09:00-12:00", fr="14:00-18:30"))

    expression = hours_of(space)
    assert [clock.local(o.start).hour for o in hours_rules.openings(expression, date(2026, 11, 30))] == [9]
    assert [clock.local(o.end).minute for o in hours_rules.openings(expression, date(2026, 12, 4))] == [30]
    assert not hours_rules.openings(expression, date(2026, 12, 25))
    assert not hours_rules.openings(expression, TUESDAY)
    assert not Booking.objects.exists()
