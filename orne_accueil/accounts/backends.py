"""Who a session belongs to."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from . import selectors
from .models import User


class AccountBackend(AuthenticationBackend):
    """allauth's, whose accounts come with their Person: nearly every page of a session asks for both."""

    def get_user(self, user_id: Any) -> User | None:
        user = selectors.user_with_person(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
