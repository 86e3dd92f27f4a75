from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "orne_accueil.accounts"
    label = "accounts"
    verbose_name = "Personnes et comptes"

    def ready(self) -> None:
        from django.apps import apps

        from orne_accueil.outbox.hooks import register_recipients

        from . import audit, notifications, receivers  # noqa: F401  # they register themselves
        from .recipients import PersonRecipients

        register_recipients(PersonRecipients())
        apps.get_app_config("auditlog").verbose_name = "Journal"
