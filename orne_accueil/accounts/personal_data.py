"""What accounts holds about whom."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from orne_accueil.common.personal_data import declare, nothing_personal

from .models import (
    Delegation,
    FormerPerson,
    Invitation,
    MailPreference,
    Mandate,
    Organisation,
    Person,
    User,
)

ACCOUNT = "Deux ans après la dernière connexion, prévenue un mois puis une semaine avant."
POST = "La durée du mandat, puis un an."

declare(
    Person,
    subject="",
    fields={
        "name": "Le nom, comme la personne se présente.",
        "email": "L’adresse où lui écrire, et avec laquelle elle se connecte.",
        "phone": "Le téléphone où la joindre.",
        "commune": "La commune où elle vit ou veut vivre.",
    },
    retention=ACCOUNT,
)
declare(
    User,
    fields={"email": "L’adresse de connexion."},
    not_personal=["password"],  # a salted hash, never exported
    retention=ACCOUNT + " Une adresse que personne n’a prouvée est effacée la nuit suivante.",
)
declare(
    EmailAddress,
    subject="user__person",
    fields={"email": "L’adresse de connexion, ou celle qu’elle remplace."},
    retention=ACCOUNT,
)
declare(
    UserSession,
    subject="user__person",
    fields={
        "ip": "D’où la session a été ouverte.",
        "user_agent": "Avec quel navigateur.",
        "data": "Rien d’autre à ce jour.",
    },
    not_personal=["session_key"],
    retention="La durée de la session, quatorze jours au plus après la dernière visite.",
)
declare(
    Authenticator,
    subject="user__person",
    fields={"data": "Le secret de son application de codes, chiffré."},
    not_personal=["type"],
    retention=ACCOUNT,
    export=False,
)
declare(
    Mandate,
    fields={"title": "Le titre de l’élue ou de l’élu."},
    retention=POST,
)
declare(Delegation, subject="delegate", fields={"mandate": "Le mandat délégué."}, retention=POST)
declare(
    MailPreference,
    fields={"accepts": "Ce qu’elle veut recevoir ou non."},
    not_personal=["category"],
    retention=ACCOUNT,
)
declare(
    Invitation,
    fields={"role": "Ce pour quoi elle a été invitée."},
    not_personal=["leads_to"],
    retention="Un an après l’envoi.",
)
declare(
    Organisation,
    subject="contact",
    fields={"contact": "Qui répond pour l’organisation."},
    not_personal=["kind", "name", "siret", "website"],
    retention="Tant que l’organisation participe.",
)
nothing_personal(FormerPerson, why="Deux numéros et une date, tant que la fiche gardée existe.")
