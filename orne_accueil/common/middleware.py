"""The header that no library writes for us."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "Cross-Origin-Resource-Policy"


class CrossOriginResourcePolicyMiddleware:
    """Keep our pages and photos out of other sites' documents.

    Static files stay open: webmails show a mail's logo. A view that means to share sets the header itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_static = request.path_info.startswith(settings.STATIC_URL)
        response.headers.setdefault(HEADER, "cross-origin" if is_static else "same-origin")
        return response
