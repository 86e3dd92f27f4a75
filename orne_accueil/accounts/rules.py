"""Pure decisions on what people type: no database, no clock."""

import re

_FRENCH = re.compile(r"^(?:\+33|0033)0?([1-9]\d{8})$")
_FOREIGN = re.compile(r"^\+\d{6,15}$")


def normal_phone(typed: str) -> str | None:
    """The phone number as it is stored and shown: « 06 12 34 56 78 », or « +44 2071838750 » from abroad.

    Blanks, dots, dashes, slashes and brackets do not count. "" for nothing, None for what is no number.
    """
    digits = re.sub(r"[\s.\-/()\u00a0\u202f]", "", typed)
    if not digits:
        return ""
    digits = _FRENCH.sub(r"0\1", digits)
    if re.fullmatch(r"0[1-9]\d{8}", digits):
        return " ".join(digits[index : index + 2] for index in range(0, 10, 2))
    digits = re.sub(r"^00", "+", digits)
    return digits if _FOREIGN.match(digits) else None


def normal_email(typed: str | None) -> str | None:
    """The address as it is stored and compared: without blanks around, in lower case; None for nothing."""
    return (typed or "").strip().lower() or None


def spaced_code(code: str) -> str:
    """An eight-figure code as one reads it aloud: « 1234 5678 »."""
    figures = re.sub(r"\D", "", code)
    return f"{figures[:4]}\u00a0{figures[4:]}" if len(figures) == 8 else code


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """« Firefox sur Windows », from what a browser says of itself; « Un appareil » when it says nothing known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} sur {system}"
    return browser or system or "Un appareil"
