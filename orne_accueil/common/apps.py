from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CommonConfig(AppConfig):
    name = "orne_accueil.common"
    label = "common"
    verbose_name = "Socle"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - they register themselves

        autodiscover_modules("personal_data")
