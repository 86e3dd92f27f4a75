"""Every address of the animator's admin × every role. A new address missing from the table fails."""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from coworking import actions
from coworking.enums import BookingState, Presence
from coworking.models import Booking, Closure, Equipment, Room, Space, SpaceAnimator
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.outbox.models import Message
from tests.factories import make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db


@dataclass
class Portfolio:
    """What an animator holds."""

    space: Space
    room: Room
    booking: Booking
    pending: Booking
    closure: Closure

    def keys(self) -> dict[str, Any]:
        return {
            "space": self.space.pk,
            "room": self.room.pk,
            "booking": self.booking.pk,
            "reference": self.booking.reference,
            "pending": self.pending.reference,
            "closure": self.closure.pk,
            "person": self.space.animators.first().person_id,
        }


def portfolio(*animators: Person) -> Portfolio:
    space = make_space(animators=animators)
    room = make_room(space)
    return Portfolio(
        space,
        room,
        make_booking(room),
        make_booking(make_room(space, needs_approval=True)),
        actions.close_space(
            space=space,
            room=None,
            start=clock.day_bounds(TUESDAY + timedelta(days=20))[0],
            end=clock.day_bounds(TUESDAY + timedelta(days=21))[0],
            reason="Congés",
            by=animators[0],
            at=NOW,
        ),
    )


@pytest.fixture
def hers(alice: Person, bob: Person, clock_at: Callable[[str], Any]) -> Portfolio:
    """Alice's and her colleague Bob's, on a quiet morning."""
    clock_at("2026-12-01 10:00")
    return portfolio(alice, bob)


@pytest.fixture
def elsewhere(chloe: Person) -> Portfolio:
    """Chloé holds the same role elsewhere, with files of her own."""
    return portfolio(chloe)


@pytest.fixture
def stranger(david: Person) -> Person:
    """David books everywhere and runs nothing."""
    make_booking(make_room(), david)
    return david


@dataclass(frozen=True)
class Page:
    """One address: the arguments it takes, what it is posted, and whose it is."""

    name: str
    args: tuple[str, ...] = ()
    post: dict[str, Any] | None = None
    audience: str = "animator"  # of the space named, or of any space for a page without argument
    status: int = 200

    def address(self, keys: dict[str, Any]) -> str:
        return reverse(f"admin:{self.name}", args=[keys[arg] for arg in self.args])


READ = [
    Page("coworking_day"),
    Page("coworking_book"),
    Page("coworking_callers"),
    Page("coworking_weeks", status=302),
    Page("coworking_spaces"),
    Page("coworking_export"),
    Page("coworking_first_steps", audience="coordinator"),
    Page("coworking_space_week", ("space",)),
    Page("coworking_space_sheet", ("space",)),
    Page("coworking_space_hours", ("space",)),
    Page("coworking_space_closures", ("space",)),
    Page("coworking_space_rooms", ("space",)),
    Page("coworking_space_team", ("space",), audience="coordinator"),
    Page("coworking_space_changelist"),
    Page("coworking_space_add", audience="coordinator"),
    Page("coworking_space_change", ("space",)),
    Page("coworking_space_history", ("space",)),
    Page("coworking_room_changelist"),
    Page("coworking_room_change", ("room",)),
    Page("coworking_room_history", ("room",)),
    Page("coworking_booking_changelist"),
    Page("coworking_booking_change", ("booking",), status=302),
    Page("coworking_booking_history", ("booking",)),
    Page("coworking_booking_detail", ("reference",)),
    Page("coworking_booking_refuse", ("pending",)),
    Page("coworking_booking_cancel", ("reference",)),
    Page("coworking_booking_move", ("reference",)),
    Page("coworking_equipment_changelist", audience="coordinator"),
    Page("coworking_equipment_add", audience="coordinator"),
]

DO = [
    Page("coworking_book", post={}),
    Page("coworking_space_hours", ("space",), {"opens_0_1": "09:00", "closes_0_1": "12:00"}),
    Page("coworking_space_closures", ("space",), {"first_day": "2026-12-24", "reason": "Noël"}),
    Page("coworking_space_rooms", ("space",), {"name": "Salle verte", "kind": "desk", "units": "2"}),
    Page("coworking_space_team", ("space",), {"name": "Eva", "email": "eva@exemple.test"}, audience="coordinator"),
    Page("coworking_space_leave", ("space", "person"), {}, audience="coordinator"),
    Page("coworking_closure_reopen", ("closure",), {}),
    Page("coworking_space_change", ("space",), {"name": "Pris"}),
    Page("coworking_room_change", ("room",), {"name": "Prise"}),
    Page("coworking_booking_presence", ("reference",), {"presence": "present"}),
    Page("coworking_booking_approve", ("pending",), {}),
    Page("coworking_booking_refuse", ("pending",), {"reason": "Complet"}),
    Page("coworking_booking_cancel", ("reference",), {"reason": "Fermé"}),
    Page("coworking_booking_move", ("reference",), {"date": "2026-12-02", "period": "morning"}),
    Page("coworking_first_steps", post={"gesture": "import"}, audience="coordinator"),
    Page("coworking_first_steps_territory", post={}, audience="coordinator"),
]

# Django's own addresses that nobody may use here.
CLOSED = {
    "coworking_space_delete",
    "coworking_room_add",
    "coworking_room_delete",
    "coworking_booking_add",
    "coworking_booking_delete",
    "coworking_equipment_change",
    "coworking_equipment_delete",
    "coworking_equipment_history",
}


def title(page: Page) -> str:
    return f"{'POST' if page.post is not None else 'GET'} {page.name.removeprefix('coworking_')}"


every_page = pytest.mark.parametrize("page", [*READ, *DO], ids=title)
every_reading = pytest.mark.parametrize("page", READ, ids=title)


def ask(client: Client, page: Page, keys: dict[str, Any]) -> Any:
    address = page.address(keys)
    return client.get(address) if page.post is None else client.post(address, page.post)


def facts() -> list[Any]:
    """Everything that a gesture could have changed."""
    return [
        sorted(Booking.objects.values_list("pk", "state", "presence", "starts_at", "revision")),
        sorted(Space.objects.values_list("pk", "name", "opening_hours")),
        sorted(Room.objects.values_list("pk", "name")),
        sorted(Closure.objects.values_list("pk", flat=True)),
        sorted(SpaceAnimator.objects.values_list("space", "person")),
        Message.objects.count(),
    ]


def names_of(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name and pattern.name.startswith("coworking_"):
            yield pattern.name


def test_every_address_is_in_the_table() -> None:
    known = {page.name for page in [*READ, *DO]} | CLOSED
    assert set(names_of(admin.site.get_urls())) == known


@every_page
def test_a_visitor_is_sent_to_sign_in(page: Page, hers: Portfolio, client: Client) -> None:
    before = facts()

    answer = ask(client, page, hers.keys())

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert facts() == before


@every_page
def test_a_stranger_with_bookings_gets_404(page: Page, hers: Portfolio, stranger: Person, client_for: Any) -> None:
    before = facts()

    answer = ask(client_for(stranger), page, hers.keys())

    assert answer.status_code == 404
    assert facts() == before


@pytest.mark.parametrize("page", [p for p in [*READ, *DO] if p.args or p.audience == "coordinator"], ids=title)
def test_the_animator_of_elsewhere_gets_404(
    page: Page, hers: Portfolio, elsewhere: Portfolio, chloe: Person, client_for: Any
) -> None:
    before = facts()

    answer = ask(client_for(chloe), page, hers.keys())

    assert answer.status_code in (403, 404) if page.audience == "coordinator" else answer.status_code == 404
    assert facts() == before


@pytest.mark.parametrize("page", [p for p in READ if not p.args and p.audience == "animator"], ids=title)
def test_lists_hold_nothing_of_elsewhere(
    page: Page, hers: Portfolio, elsewhere: Portfolio, chloe: Person, client_for: Any
) -> None:
    answer = client_for(chloe).get(
        page.address({}), {"q": hers.booking.person.name, "first": "2026-11-01", "last": "2026-12-31"}
    )

    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert hers.booking.person.name.encode() not in text.replace(b'value="' + hers.booking.person.name.encode(), b"")
    assert f">{hers.space.name}<".encode() not in text


@every_reading
def test_both_animators_of_a_space_see_it(
    page: Page, hers: Portfolio, alice: Person, bob: Person, client_for: Any
) -> None:
    for person in (alice, bob):
        expected = {page.status} if page.audience == "animator" else {403, 404}
        assert ask(client_for(person), page, hers.keys()).status_code in expected


@every_reading
def test_the_coordination_sees_everything(page: Page, hers: Portfolio, coordinator: Person, client_for: Any) -> None:
    assert ask(client_for(coordinator), page, hers.keys()).status_code == page.status


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_closed_addresses_stay_closed(name: str, hers: Portfolio, alice: Person, client_for: Any) -> None:
    keys = {"space": hers.space.pk, "room": hers.room.pk, "booking": hers.booking.pk}
    keys["equipment"] = Equipment.objects.create(name="Écran", slug="ecran").pk
    model = name.split("_")[1]
    args = [] if name.endswith("_add") else [keys[model]]
    client, before = client_for(alice), facts()

    for answer in (client.get(reverse(f"admin:{name}", args=args)), client.post(reverse(f"admin:{name}", args=args))):
        assert answer.status_code in (403, 404)
    assert facts() == before


@pytest.mark.parametrize("page", [p for p in DO if p.name not in {q.name for q in READ}], ids=title)
def test_a_gesture_is_never_a_link(page: Page, hers: Portfolio, coordinator: Person, client_for: Any) -> None:
    before = facts()

    assert client_for(coordinator).get(page.address(hers.keys())).status_code == 405
    assert facts() == before


@pytest.mark.parametrize("page", DO, ids=title)
def test_a_gesture_without_its_token_is_refused(
    page: Page, hers: Portfolio, coordinator: Person, client_for: Any
) -> None:
    before = facts()

    assert ask(client_for(coordinator, enforce_csrf_checks=True), page, hers.keys()).status_code == 403
    assert facts() == before


def test_an_animator_without_second_factor_sees_nothing(hers: Portfolio, alice: Person, client_for: Any) -> None:
    answer = client_for(alice, second_factor=False).get(reverse("admin:coworking_day"))

    assert answer.status_code == 302
    assert "2fa" in answer["Location"] or "mfa" in answer["Location"]


def test_an_animator_needs_no_flag_of_django(hers: Portfolio, alice: Person) -> None:
    assert not alice.user.is_staff
    assert not alice.user.get_all_permissions()


def test_who_lost_her_space_sees_it_no_more(
    hers: Portfolio, alice: Person, coordinator: Person, client_for: Any
) -> None:
    client = client_for(alice)
    address = reverse("admin:coworking_booking_detail", args=[hers.booking.reference])
    assert client.get(address).status_code == 200

    actions.remove_animator(space=hers.space, person=alice, by=coordinator, at=clock.now())

    assert client.get(address).status_code == 404
    assert client.get(reverse("admin:coworking_day")).status_code == 404


def test_an_account_that_was_closed_is_put_out(hers: Portfolio, alice: Person, client_for: Any) -> None:
    client = client_for(alice)
    type(alice.user).objects.filter(pk=alice.user_id).update(is_active=False)

    assert client.get(reverse("admin:coworking_day")).status_code == 302


def test_the_back_office_opens_on_her_day(hers: Portfolio, alice: Person, client_for: Any) -> None:
    assert client_for(alice).get("/admin/")["Location"] == reverse("admin:coworking_day")


def test_the_back_office_opens_on_everything_for_the_coordination(
    hers: Portfolio, coordinator: Person, client_for: Any
) -> None:
    page = client_for(coordinator).get("/admin/")

    assert page.status_code == 200
    assert "Premiers pas" in page.content.decode()


def test_a_stranger_finds_no_back_office(stranger: Person, client_for: Any) -> None:
    assert client_for(stranger).get("/admin/").status_code == 404


def test_a_booking_moves_to_no_room_of_elsewhere(
    hers: Portfolio, elsewhere: Portfolio, alice: Person, client_for: Any
) -> None:
    posted = {
        "room": elsewhere.room.pk,
        "date": "2026-12-02",
        "period": "morning",
        "attendees": "1",
        "usage": "occasional",
        "note": "",
    }

    page = client_for(alice).post(reverse("admin:coworking_booking_move", args=[hers.booking.reference]), posted)

    assert page.status_code == 200
    hers.booking.refresh_from_db()
    assert hers.booking.room_id == hers.room.pk


def test_a_caller_gets_no_room_of_elsewhere(
    hers: Portfolio, elsewhere: Portfolio, alice: Person, client_for: Any
) -> None:
    before = Booking.objects.count()
    posted = {
        "name": "Nora",
        "phone": "0612345678",
        "room": elsewhere.room.pk,
        "date": "2026-12-02",
        "period": "morning",
        "attendees": "1",
        "usage": "occasional",
    }

    assert client_for(alice).post(reverse("admin:coworking_book"), posted).status_code == 200
    assert Booking.objects.count() == before


def test_a_next_address_never_leads_out(hers: Portfolio, alice: Person, client_for: Any) -> None:
    posted = {"presence": Presence.PRESENT, "next": "https://pirate.example/"}

    answer = client_for(alice).post(reverse("admin:coworking_booking_presence", args=[hers.booking.reference]), posted)

    assert answer["Location"] == reverse("admin:coworking_day")


def test_the_state_of_the_table_is_what_it_says(hers: Portfolio) -> None:
    """The tables above would prove nothing on an empty portfolio."""
    assert hers.booking.state == BookingState.CONFIRMED
    assert hers.pending.state == BookingState.PENDING
    assert hers.booking.person != hers.pending.person
    assert make_booking(hers.room, make_person(), half_day(TUESDAY + timedelta(days=1))).is_live


@pytest.mark.parametrize("page", [p for p in READ if p.audience == "animator" and p.status == 200], ids=title)
def test_a_first_view_stays_light(page: Page, hers: Portfolio, alice: Person, client_for: Any) -> None:
    """100 kB over the wire at most with the titles' face, 12 requests with it and Django's one @import."""
    content = ask(client_for(alice), page, hers.keys()).content
    files = set(re.findall(r'(?:href|src)="/static/([^"]+)"', content.decode()))
    paths = [finders.find(file) for file in files]
    assert all(paths), files

    total = len(gzip.compress(content)) + sum(len(gzip.compress(Path(path).read_bytes())) for path in paths)
    face = Path(finders.find("fonts/fraunces-titres.woff2")).stat().st_size

    assert 1 + len(files) + 2 <= 12, files
    assert total + face <= 100_000
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", content.decode())
