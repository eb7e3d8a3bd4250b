"""Other issuers of tokens (OpenID providers) that the gateway believes, and how far."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.auth.scopes import ORGANISATION_SCOPES
from api.values import Lei


class IssuerSettings(BaseModel):
    """A table of `[[issuers]]`. It speaks for the organisations that are named here, within the scopes that they may
    hold; what its tokens say of any other counts for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(min_length=1, description="iss of its tokens")
    audience: str = Field(min_length=1, description="aud of those that are for this gateway")
    jwks_uri: str = Field(default="", description="where its keys are; this or jwks_file")
    jwks_file: Path | None = None
    organisation_claim: str = Field(default="lei", description="the claim that names the organisation")
    organisations: dict[str, Lei] = Field(min_length=1, description="its values, and whose LEI each stands for")
    scope_claim: str = Field(default="scope", description="a text of words, or a list")
    scopes: dict[str, list[str]] = Field(default={}, description="its words, and our scopes; empty: they are ours")
    refresh_seconds: float = Field(default=300.0, gt=0, description="how often the keys are fetched")

    @model_validator(mode="after")
    def _is_whole(self) -> "IssuerSettings":
        if bool(self.jwks_uri) == (self.jwks_file is not None):
            raise ValueError("needs jwks_uri or jwks_file, not both")
        named = {scope for scopes in self.scopes.values() for scope in scopes}
        if beyond := sorted(named - ORGANISATION_SCOPES):
            raise ValueError(f"scopes: no organisation may hold {', '.join(beyond)}")
        return self
