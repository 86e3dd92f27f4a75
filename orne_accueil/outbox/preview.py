"""Showing a mail's HTML inside a page without trusting it: nothing runs, nothing is fetched, links open outside."""

from django.http import HttpResponse

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""The mail's own policy, whatever the page around says: inline styles, and nothing else."""

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""For the `sandbox` attribute of the frame around it."""


def framed(html: str) -> HttpResponse:
    """The mail as a document for an <iframe> of the same site. Its page needs `frame-src 'self'`."""
    response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    response["Content-Security-Policy"] = POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "private, no-store"
    return response
