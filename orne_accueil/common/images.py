"""Photos made anew from their pixels: whatever else travelled in the file stays behind."""

import io
import uuid
import warnings
from typing import IO

from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import DomainError
from .text import NBSP

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
QUALITY = 82


def clean_photo(file: IO[bytes], *, field: str = "photo") -> ContentFile:
    """The picture as a WebP of at most 1600 pixels a side, upright, under a name of ours.

    Only JPEG, PNG and WebP are read, known by their content and never by their name, up to 10 MB and 40 million
    pixels, which are counted before any is decoded. Place, date, device, profiles, comments and whatever follows the
    picture are left behind; of an animation, the first picture stays. Raises DomainError.
    """
    content = _read(file, field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd files: what it refuses is refused below
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise DomainError(
                        f"Cette photo est trop grande{NBSP}: 40{NBSP}millions de pixels au plus. Réduisez-la d’abord.",
                        code="photo_pixels",
                        field=field,
                    )
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG: decode no finer than needed
                small = _flat(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise DomainError(
            "Ce fichier n’est pas une photo que nous savons lire. Envoyez une image JPEG, PNG ou WebP.",
            code="photo_format",
            field=field,
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DomainError(
            "Cette photo est abîmée ou incomplète. Envoyez-la de nouveau, ou choisissez-en une autre.",
            code="photo_broken",
            field=field,
        ) from error
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return ContentFile(out.getvalue(), name=f"{uuid.uuid4().hex}.webp")


def _read(file: IO[bytes], field: str) -> bytes:
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DomainError(
            f"Cette photo pèse trop lourd{NBSP}: 10{NBSP}Mo au plus. Réduisez-la d’abord.",
            code="photo_bytes",
            field=field,
        )
    return content


def _flat(picture: Image.Image) -> Image.Image:
    """The pixels alone, in red, green and blue, transparency laid on white."""
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA"):
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(ground, layer)
    bare = picture.convert("RGB")
    clean = Image.new("RGB", bare.size)
    clean.paste(bare)
    return clean
