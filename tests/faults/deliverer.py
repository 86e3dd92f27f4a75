"""A delivery process that may be killed: python -m tests.faults.deliverer PORT, on the database of DATABASE_URL."""

import sys
import time

import django


def main(port: int) -> None:
    """Deliver until nothing waits."""
    django.setup()
    from django.conf import settings

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    from orne_accueil.common.clock import now
    from orne_accueil.outbox import actions, hooks
    from orne_accueil.outbox.models import Message
    from tests.outbox.letters import People, install_templates

    install_templates()
    hooks.register_recipients(People())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while Message.objects.waiting().exists():
        actions.deliver_due(now())
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]))
