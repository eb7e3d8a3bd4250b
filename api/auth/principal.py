"""Who is calling, as the rest of the gateway sees it."""

from dataclasses import dataclass

from api.errors import Forbidden


@dataclass(frozen=True)
class Principal:
    """A client, the organisation it speaks for (None: the operator or a supervisor) and what it may do."""

    client_id: str
    lei: str | None
    scopes: frozenset[str]

    @property
    def speaker(self) -> str:
        """The client within its organisation, for what nobody else may be given.

        A client of ours (`client_...`) has one organisation for good. A subject of another issuer (`issuer|sub`) may
        speak for several, one in each token."""
        return f"{self.client_id}\n{self.lei or ''}" if "|" in self.client_id else self.client_id

    @property
    def is_operator(self) -> bool:
        return "operator" in self.scopes

    @property
    def is_supervisor(self) -> bool:
        """Reads everything, for which it is answerable: each of its reads is in the audit trail."""
        return "supervisor" in self.scopes and not self.is_operator

    @property
    def sees_all(self) -> bool:
        """Operator and supervisor see every organisation's things."""
        return self.is_operator or "supervisor" in self.scopes

    def sees(self, *leis: str | None) -> bool:
        """Whether things that belong to any of these organisations may be shown."""
        return self.sees_all or (self.lei is not None and self.lei in leis)

    def require(self, *scopes: str) -> None:
        """Forbidden unless all the scopes are held."""
        if missing := [scope for scope in scopes if scope not in self.scopes]:
            raise Forbidden("scope-missing", f"The token lacks the scope {' and '.join(missing)}.", missing=missing)

    def organisation(self) -> str:
        """The LEI it acts for; Forbidden where it speaks for no organisation."""
        if self.lei is None:
            raise Forbidden(
                "organisation-missing", "This client speaks for no organisation; use an organisation's own."
            )
        return self.lei
