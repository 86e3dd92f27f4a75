"""A space's photo: stored before the transaction, swept up after it, never half-changed."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction

from coworking.models import Space
from orne_accueil.accounts.models import Person

from .spaces import save_space


def change_photo(*, space: Space, photo: ContentFile | None, by: Person, at: datetime) -> Space:
    """Give the space that photo (as common.images.clean_photo made it), or none.

    1. store the new file, no transaction being open; 2. write its name, the space being read afresh; 3. once that is
    committed, remove the old file, whose loss harms nobody if this fails. A refusal at 2 removes the new one.
    """
    storage: Storage = space.photo.storage
    field = Space._meta.get_field("photo")
    old = Space.objects.values_list("photo", flat=True).get(pk=space.pk)
    new = storage.save(field.generate_filename(space, photo.name or "photo.webp"), photo) if photo else ""
    try:
        with transaction.atomic():
            space.photo = new
            save_space(space=space, changed=["photo"], by=by, at=at)
            if old and old != new:
                transaction.on_commit(lambda: storage.delete(old), robust=True)
    except BaseException:
        if new:
            storage.delete(new)
        raise
    return space
