from django.apps import AppConfig


class CoworkingConfig(AppConfig):
    name = "coworking"
    verbose_name = "Les espaces"

    def ready(self) -> None:
        from auditlog.registry import auditlog

        from orne_accueil.accounts.merging import register_rule
        from orne_accueil.accounts.roles import register_staff_role
        from orne_accueil.answers.registry import register

        from . import models, notifications, permissions  # noqa: F401
        from .actions import answers, spaces

        register(
            models.Booking,
            models.Booking.policy,
            answers.HANDLERS,
            lock=answers.lock_space_of,
            select_related=("room__space", "person"),
        )
        register_rule(models.SpaceAnimator, spaces.drop_twin_animator)
        register_staff_role(lambda person, day: permissions.is_animator(person))
        # What was decided of whom, and when it is: neither the words of anybody nor the clocks of our own.
        auditlog.register(
            models.Booking,
            include_fields=[
                "room", "person", "starts_at", "ends_at", "attendees", "usage", "state", "presence", "typed_by",
                "decided_by", "ended_by",
            ],
        )  # fmt: skip
        auditlog.register(models.Closure)
        auditlog.register(models.SpaceAnimator)
        auditlog.register(models.Space, exclude_fields=["national", "updated_at"])
        auditlog.register(models.Room, exclude_fields=["access_code"])
