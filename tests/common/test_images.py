"""Photos: only pixels survive, and only of what is really a picture."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from orne_accueil.common.errors import DomainError
from orne_accueil.common.images import LONGEST_SIDE, MAX_BYTES, clean_photo

PLACE = {0x8825: {1: "N", 2: (48.0, 44.0, 39.0), 3: "W", 4: (0.0, 1.0, 12.0)}}
"""GPS of Argentan, as a telephone writes it."""
SECRET = b"SECRET-IN-THE-FILE"


def picture(size: tuple[int, int] = (64, 48), colour: str = "seagreen", mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, colour)


def saved(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(**tags: object) -> Image.Exif:
    data = Image.Exif()
    for tag, value in {0x010E: "Chez moi", 0x010F: "Marque", 0x9003: "2026:12:01 10:00:00", **tags}.items():
        data[tag] = value
    gps = data.get_ifd(0x8825)
    gps.update(PLACE[0x8825])
    return data


def reopened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def cleaned(content: bytes) -> bytes:
    return clean_photo(io.BytesIO(content)).read()


def test_a_photo_loses_its_place_its_device_and_its_comment() -> None:
    source = saved(picture(), exif=exif(), comment=SECRET)
    assert reopened(source).getexif().get_ifd(0x8825), "the corpus must hold a GPS place"

    content = cleaned(source)

    result = reopened(content)
    assert result.format == "WEBP"
    assert not dict(result.getexif())
    assert not result.getexif().get_ifd(0x8825)
    assert "icc_profile" not in result.info
    assert "exif" not in result.info
    assert "xmp" not in result.info
    assert SECRET not in content


def test_a_png_loses_its_text_and_a_webp_its_xmp() -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Comment", SECRET.decode())

    assert SECRET not in cleaned(saved(picture(), "PNG", pnginfo=text))
    assert SECRET not in cleaned(saved(picture(), "WEBP", xmp=SECRET, exif=exif()))


def test_what_follows_the_picture_stays_behind() -> None:
    script = b"<script>alert('" + SECRET + b"')</script><?php system('id'); ?>"

    assert SECRET not in cleaned(saved(picture()) + script)
    assert b"<script" not in cleaned(saved(picture(), "PNG") + script)


def test_a_photo_taken_sideways_stands_up() -> None:
    sideways = Image.Exif()
    sideways[0x0112] = 6

    assert reopened(cleaned(saved(picture((80, 40)), exif=sideways))).size == (40, 80)


def test_a_large_photo_is_made_smaller_and_a_small_one_is_left_alone() -> None:
    assert reopened(cleaned(saved(picture((4000, 3000))))).size == (LONGEST_SIDE, 1200)
    assert reopened(cleaned(saved(picture((100, 50))))).size == (100, 50)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))

    assert reopened(cleaned(saved(clear, "PNG"))).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "I;16"])
def test_every_way_of_writing_a_png_is_read(mode: str) -> None:
    image = Image.new("I;16", (64, 48), 40_000) if mode == "I;16" else picture().convert(mode)
    source = saved(image, "PNG")

    assert reopened(cleaned(source)).mode == "RGB"


def test_a_printers_photo_is_read() -> None:
    assert reopened(cleaned(saved(picture(mode="CMYK", colour="red")))).mode == "RGB"


def test_of_an_animation_the_first_picture_stays() -> None:
    frames = [picture(colour="red"), picture(colour="blue")]
    source = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)

    assert getattr(reopened(cleaned(source)), "n_frames", 1) == 1


def test_the_name_is_ours() -> None:
    file = io.BytesIO(saved(picture()))
    file.name = "../../évasion.php"

    first, second = clean_photo(file).name, clean_photo(file).name

    assert first.endswith(".webp")
    assert "/" not in first
    assert first != second


def test_the_content_decides_and_not_the_extension() -> None:
    file = io.BytesIO(saved(picture(), "PNG"))
    file.name = "photo.jpg"

    assert reopened(clean_photo(file).read()).format == "WEBP"


# --- Refused ---


def gif_and_script() -> bytes:
    """A GIF whose comment makes it a script too."""
    return saved(picture(), "GIF", comment=b"*/=1;alert('x')/*")


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def html() -> bytes:
    return b"<!doctype html><script>alert(1)</script>"


def tiff() -> bytes:
    return saved(picture(), "TIFF")


def nothing() -> bytes:
    return b""


@pytest.mark.parametrize("make", [gif_and_script, svg, html, tiff, nothing])
def test_what_is_no_jpeg_png_nor_webp_is_refused(make: Callable[[], bytes]) -> None:
    file = io.BytesIO(make())
    file.name = "photo.jpg"

    with pytest.raises(DomainError) as refusal:
        clean_photo(file)

    assert refusal.value.code == "photo_format"
    assert refusal.value.field == "photo"


def bomb() -> bytes:
    """A PNG of a few hundred bytes that announces 60 000 × 60 000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_before_any_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageFile

    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))

    with pytest.raises(DomainError) as refusal:
        cleaned(bomb())

    assert refusal.value.code in {"photo_pixels", "photo_broken"}


def test_forty_million_pixels_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orne_accueil.common.images.MAX_PIXELS", 64 * 48)

    assert cleaned(saved(picture((64, 48))))
    with pytest.raises(DomainError) as refusal:
        cleaned(saved(picture((65, 48))))

    assert refusal.value.code == "photo_pixels"


def test_ten_megabytes_are_the_most() -> None:
    padded = saved(picture()).ljust(MAX_BYTES, b"\0")

    assert cleaned(padded)
    with pytest.raises(DomainError) as refusal:
        cleaned(padded + b"\0")

    assert refusal.value.code == "photo_bytes"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_cut_photo_is_refused(form: str) -> None:
    whole = saved(Image.effect_noise((200, 200), 80).convert("RGB"), form)

    with pytest.raises(DomainError) as refusal:
        cleaned(whole[: len(whole) // 2])

    assert refusal.value.code in {"photo_broken", "photo_format"}
