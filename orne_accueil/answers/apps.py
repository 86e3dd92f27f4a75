from django.apps import AppConfig


class AnswersConfig(AppConfig):
    name = "orne_accueil.answers"
    label = "answers"
    verbose_name = "Réponses attendues"
