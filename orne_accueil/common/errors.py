"""What an action raises when it refuses."""


class DomainError(Exception):
    """A refusal, with a French sentence that ends in a full stop and says what to do where it can.

    `field` names the form field concerned, if one is. `code` is stable, for tests and templates.
    """

    def __init__(self, message: str, *, code: str = "refused", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field

    def __str__(self) -> str:
        return self.message


class Busy(DomainError):
    """Somebody else holds the lock: nothing was done, the same gesture may succeed in a moment."""

    def __init__(self) -> None:
        super().__init__(
            "Beaucoup de monde en même temps sur ce lieu. Rien n’est perdu : réessayez dans un instant.",
            code="busy",
        )
