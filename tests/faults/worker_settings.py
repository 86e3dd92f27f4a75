"""The settings of a worker that the tests start: the test suite's, speaking to the SMTP server it is told."""

import os

from orne_accueil.settings.test import *  # noqa: F403

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ["TEST_SMTP_PORT"])
