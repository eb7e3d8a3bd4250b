"""A gateway without a chain: what concerns clients and tokens needs none."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from api.auth.principal import Principal
from api.auth.scopes import ORGANISATION_SCOPES
from api.auth.service import NewClient, create_client
from api.gateway import Gateway

LEI = "999900SOUNDERSURVY30"
OTHER_LEI = "999900BAYARDCREDIT42"


@dataclass
class Door:
    """A gateway and an HTTP client at its door."""

    gateway: Gateway
    http: TestClient

    def make(self, lei: str | None = LEI, **options: Any) -> NewClient:
        made: NewClient = self.gateway.database.run(
            lambda session: create_client(session, lei=lei, operator=lei is None, **options)
        )
        return made

    def ask(self, data: dict[str, str], auth: tuple[str, str] | None = None) -> Any:
        return self.http.post("/oauth/token", data={"grant_type": "client_credentials", **data}, auth=auth)

    def speaks(self, *scopes: str, lei: str | None = LEI) -> dict[str, str]:
        """Headers of somebody who holds these scopes; an organisation's without any."""
        principal = Principal("client_test", lei, frozenset(scopes) or ORGANISATION_SCOPES)
        return {"Authorization": f"Bearer {self.gateway.tokens.issue(principal)}"}
