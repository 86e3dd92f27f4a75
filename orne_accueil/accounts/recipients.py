"""What accounts answers when the outbox asks who « person:12 » is."""

from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import Address

from . import links, selectors
from .models import MailPreference


class PersonRecipients:
    """Current address and name, preferences, merged persons followed; nowhere to write once she is erased."""

    def address(self, recipient: str) -> Address | None:
        if not recipient.startswith(selectors.RECIPIENT_PREFIX):
            return Address(recipient) if "@" in recipient else None
        person = selectors.person_for_recipient(recipient)
        if person is None or not person.email:
            return None
        return Address(person.email, person.name)

    def accepts(self, recipient: str, category: Category) -> bool:
        person = selectors.person_for_recipient(recipient)
        if person is None:
            return True
        return not MailPreference.objects.filter(person=person, category=category, accepts=False).exists()

    def unsubscribe_url(self, recipient: str, category: Category) -> str:
        person = selectors.person_for_recipient(recipient)
        return links.unsubscribe_url(person.recipient, category) if person else ""
