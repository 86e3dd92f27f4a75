"""What the outbox holds about whom. Its recipients are plain values: export and erasure go by `messages_to`,
`forget_recipient` and `merge_recipients`, which accounts calls.
"""

from orne_accueil.common.personal_data import declare

from .models import Message

declare(
    Message,
    subject=None,
    fields={
        "recipient": "La clé de la personne à qui le message s’adresse, ou son adresse quand elle n’a pas de fiche.",
        "to_address": "L’adresse à laquelle il est parti.",
        "to_name": "Le nom auquel il est parti.",
        "subject_line": "L’objet du message.",
        "text_body": "Le texte du message.",
        "html_body": "Le même, mis en forme.",
        "data": "Ce que le message devait dire de particulier.",
        "smtp_reply": "Ce que le serveur de courrier a répondu, qui peut citer l’adresse.",
        "last_error": "Pourquoi il n’est pas parti, qui peut citer l’adresse.",
    },
    not_personal=["kind", "category", "subject_key", "occurrence", "message_id", "state"],
    retention="Trente jours après le départ, puis restent la sorte, l’état et les dates. Un code : jusqu’à son envoi.",
    export=False,
)
