"""Where allauth asks us: whom to write to, and where to go after signing in."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Our mails go through the outbox, our redirects stay here."""
