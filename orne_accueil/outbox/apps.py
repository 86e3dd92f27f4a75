from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "orne_accueil.outbox"
    label = "outbox"
    verbose_name = "Courrier"
