"""Two persons who prove to be one: everything of both, on the one who is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, models, transaction

from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.actions import merge_recipients

from . import audit
from .models import Delegation, FormerPerson, MailPreference, Person, User

Rule = Callable[[models.Model, Person], None]

_rules: dict[type[models.Model], Rule] = {}


def register_rule(model: type[models.Model], rule: Rule) -> None:
    """Say what to do with a row of the dropped person that collides with one of the kept person's.

    `rule(row, keep)` runs inside the merge: it deletes the row once what matters of it is on the other, or raises a
    DomainError that says what to settle first. Without a rule, a collision refuses the merge.
    """
    _rules[model] = rule


@dataclass(frozen=True)
class Relation:
    """One foreign key to Person, somewhere in the project."""

    model: type[models.Model]
    field: str

    def rows(self, person: Person) -> models.QuerySet[models.Model]:
        return self.model._base_manager.filter(**{self.field: person})


def relations() -> Iterator[Relation]:
    """Every foreign key, one-to-one and many-to-many row that points to Person, hidden ones included."""
    for relation in Person._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):  # OneToOneRel too; many-to-many shows as its through rows
            yield Relation(relation.related_model, relation.field.name)


def belongings(person: Person) -> list[tuple[str, int]]:
    """How many rows of each kind point to her, for the preview: [("réservations", 3), …]."""
    counts: dict[str, int] = {}
    for relation in relations():
        number = relation.rows(person).count()
        if number:
            options = relation.model._meta
            name = str(options.verbose_name if number == 1 else options.verbose_name_plural)
            counts[name] = counts.get(name, 0) + number
    return sorted(counts.items())


def merge_persons(*, keep: Person, drop: Person, by: Person | None, at: datetime) -> Person:
    """Make one person of two. All or nothing.

    1. Both rows are locked, in the order of their numbers. 2. The dropped account's addresses open the kept account;
    if only the dropped person has an account, it becomes the kept person's. 3. Every row of the project that points to
    the dropped person points to the kept one; a collision follows its model's rule or refuses. 4. Blanks of the kept
    person are filled. 5. Waiting messages follow, and the old number leads to the new. 6. The dropped row goes; the
    audit log says who merged whom.

    Raises DomainError when they are the same row, when the dropped account coordinates, or on a collision.
    """
    if keep.pk == drop.pk:
        raise DomainError("C’est deux fois la même fiche.", code="same")
    with transaction.atomic():
        locked = Person.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        rows = {person.pk: person for person in locked.filter(pk__in=[keep.pk, drop.pk])}
        if len(rows) != 2:
            raise DomainError("L’une de ces fiches n’existe plus : elle a déjà été fusionnée.", code="gone")
        keep, drop = rows[keep.pk], rows[drop.pk]
        email, account = drop.email, drop.user
        Person.objects.filter(pk=drop.pk).update(email=None, user=None, name=drop.display_name or "?")
        drop.refresh_from_db()
        if account is not None:
            _merge_accounts(keep, account)
        for relation in relations():
            _move(relation, keep=keep, drop=drop)
        _settle_self_reference(keep)
        keep.email = keep.email or email
        for field in ("name", "phone", "commune_id"):
            setattr(keep, field, getattr(keep, field) or getattr(rows[drop.pk], field))
        keep.save()
        merge_recipients(keep=keep.recipient, drop=drop.recipient)
        FormerPerson.objects.create(former_id=drop.pk, person=keep, merged_at=at)
        dropped = drop.pk
        drop.delete()
        audit.note(keep, by=by, what="fusion", merged_person=dropped)
    return keep


def _merge_accounts(keep: Person, account: User) -> None:
    if keep.user is None:
        keep.user = account
        keep.save(update_fields=["user"])
        return
    if account.is_superuser and not keep.user.is_superuser:
        raise DomainError("La fiche à garder est celle de la coordination : fusionnez dans l’autre sens.", code="role")
    EmailAddress.objects.filter(user=account, verified=True).update(user=keep.user, primary=False)
    if account.is_staff and not keep.user.is_staff:
        keep.user.is_staff = True
        keep.user.save(update_fields=["is_staff"])
    account.delete()


def _move(relation: Relation, *, keep: Person, drop: Person) -> None:
    rows = relation.rows(drop)
    try:
        with transaction.atomic():
            rows.update(**{relation.field: keep})
        return
    except IntegrityError:
        pass  # one of them collides: find which, one by one
    for row in rows.order_by("pk"):
        try:
            with transaction.atomic():
                relation.model._base_manager.filter(pk=row.pk).update(**{relation.field: keep})
        except IntegrityError as collision:
            rule = _rules.get(relation.model)
            if rule is None:
                name = relation.model._meta.verbose_name
                raise DomainError(
                    f"Les deux fiches ont chacune « {name} » au même endroit ({row}) : réglez-le d’abord.",
                    code="collision",
                ) from collision
            rule(row, keep)


def _settle_self_reference(keep: Person) -> None:
    """Nobody types herself nor delegates to herself, even once two rows are one."""
    Person.objects.filter(pk=keep.pk, typed_by=keep).update(typed_by=None)
    keep.refresh_from_db(fields=["typed_by"])
    Delegation.objects.filter(delegate=keep, mandate__person=keep).delete()


def _refusal_wins(row: models.Model, keep: Person) -> None:
    """Of two answers about one category of mails, the refusal stays."""
    assert isinstance(row, MailPreference)
    if not row.accepts:
        MailPreference.objects.filter(person=keep, category=row.category).update(accepts=False)
    row.delete()


register_rule(MailPreference, _refusal_wins)
