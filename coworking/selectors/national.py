"""Spaces in the national format, for the export and the open data."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Func, Max, TextField, Value
from django.db.models.functions import Coalesce, Concat

from coworking.models import Space, SpaceQuerySet
from coworking.rules import national, national_file
from orne_accueil.common import clock


@dataclass(frozen=True)
class FileState:
    """What a cache needs to know of the published file: it changes whenever a line of it does."""

    etag: str
    changed_at: datetime | None


def national_lines(spaces: SpaceQuerySet | None = None) -> Iterator[str]:
    """The lines of the file, header first, by identifier: the published spaces unless told otherwise. Two queries."""
    chosen = Space.objects.published() if spaces is None else spaces
    extras = sorted(set(_columns_in(chosen)) - set(national_file.COLUMNS))
    ordered = chosen.select_related("commune").order_by(_identifier(), "pk")
    rows = (national.cells_of(space_facts(space)) for space in ordered.iterator(chunk_size=500))
    return national_file.write_table(rows, extras)


def national_file_state() -> FileState:
    """One small query. A space that comes, goes or changes moves its count or its latest instant."""
    state = Space.objects.published().aggregate(count=Count("pk"), changed_at=Max("updated_at"), last=Max("pk"))
    key = f"{state['count']}:{state['last']}:{state['changed_at']}"
    return FileState(hashlib.sha256(key.encode()).hexdigest()[:32], state["changed_at"])


def space_facts(space: Space) -> national.SpaceFacts:
    """What the format's rules need to know of a space."""
    commune = space.commune
    return national.SpaceFacts(
        external_id=space.external_id or "",
        slug=space.slug,
        fields={name: getattr(space, name) for name in national.FIELD_COLUMNS},
        commune_code=commune.code_insee,
        commune_name=commune.official_name,
        commune_key=commune.folded_name,
        commune_point=(commune.latitude, commune.longitude),
        point=(space.latitude, space.longitude),
        updated_on=clock.local(space.updated_at).date(),
        national=space.national,
    )


def _columns_in(spaces: SpaceQuerySet) -> Iterator[str]:
    keys = spaces.order_by().annotate(
        column=Func(F("national"), function="jsonb_object_keys", output_field=TextField())
    )
    return keys.values_list("column", flat=True).distinct().iterator()


def _identifier() -> Coalesce:
    return Coalesce("external_id", Concat(Value(national.HOME), "slug"), output_field=TextField())
