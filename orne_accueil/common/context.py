"""What every page knows without asking the database."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The site's name, whether this is the demo, where to write to somebody. Touches no session, no table."""
    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "contact_email": settings.CONTACT_EMAIL,
    }
