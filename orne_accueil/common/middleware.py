"""The headers that no library writes for us, or not fast enough."""

from collections.abc import Callable

from csp.constants import HEADER as CSP_HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
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


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's, which builds the same policy anew for each answer: here it is built once, and the nonce put in.

    An answer that has its own policy, or none, still goes through django-csp.
    """

    PLACE = "nonce-place"
    OWN = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_usual = not settings.DEBUG and CSP_HEADER not in response and not any(map(response.__dict__.get, self.OWN))
        if not is_usual:
            return super().process_response(request, response)
        nonce = getattr(request, "_csp_nonce", None)
        if nonce is None:
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
            response[CSP_HEADER] = self._policies()[0]
        else:
            response[CSP_HEADER] = self._policies()[1].replace(self.PLACE, nonce)
        return response

    def _policies(self) -> tuple[str, str]:
        """Without a nonce, and with a place for one; built again when the setting is another."""
        asked = settings.CONTENT_SECURITY_POLICY
        if getattr(self, "_asked", None) is not asked:
            self._built = build_policy(), build_policy(nonce=self.PLACE)
            self._asked = asked
        return self._built
