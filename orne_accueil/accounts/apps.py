from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "orne_accueil.accounts"
    label = "accounts"
    verbose_name = "Personnes et comptes"
