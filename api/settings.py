"""The gateway's settings: a TOML file, overridden by PORTOLAN_* variables. Read once, by the command line."""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from api.auth.issuer_settings import IssuerSettings
from api.compliance.settings import ComplianceSettings
from api.endpoint_settings import EndpointSettings
from api.events.settings import EventSettings
from api.limits import LimitSettings
from api.outgoing_settings import OutgoingSettings
from api.payments.settings import BankingSettings
from api.remote_signer_settings import PlaceName, RemoteSignerPlace, anchor, missing_files
from api.statements.settings import StatementSettings
from api.webhooks.settings import WebhookSettings
from chain_node.client.endpoints import split_urls

_PATHS = ["data_dir", "deployments", "keys_dir", "network_key_file", "documents_dir", "document_key_file"]
_PATHS += ["passphrase_file", "lanes_dir"]
_NESTED_PATHS = (("outgoing", "ca_file"),)


class SettingsInvalid(Exception):
    """All that is wrong with the settings, one line for each problem."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"The gateway's settings ({source}) cannot be used:\n" + "\n".join(f"  {p}" for p in problems))
        self.problems = problems


class QuoteSettings(BaseModel):
    """How binding quotes are given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_seconds: int = Field(
        default=900, ge=10, le=86_400, description="how long a quote binds, on the chain's clock"
    )


class SandboxSettings(BaseModel):
    """Whether carriers, warehouses and inspectors are simulated, so that a developer sees cash in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=False, description="only on a network that is marked as a sandbox")


class Settings(BaseSettings):
    """Where the gateway listens, what it talks to, where it keeps things. Relative paths start at the settings file."""

    model_config = SettingsConfigDict(env_prefix="PORTOLAN_", extra="forbid", frozen=True)
    _from_file: ClassVar[dict[str, Any]] = {}

    rpc_url: str = Field(description="JSON-RPC address of the chain's node; of several the preferred one first")
    deployments: Path = Field(description="deployments.json of the network")
    data_dir: Path = Field(description="where the gateway keeps its own things: database, signing key, keystores")
    keys_dir: Path = Field(description="keystores of the operator's offices (registrar.json, ...) and their passphrase")
    network_key_file: Path = Field(description="the network's key for fingerprints and references")
    database_url: str = Field(default="", description="empty: SQLite in data_dir; postgresql://... for a server")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    issuer: str = Field(default="http://127.0.0.1:8000", description="iss of the tokens")
    audience: str = Field(default="portolan-gateway", description="aud of the tokens")
    token_lifetime_seconds: int = Field(default=3600, ge=60, le=86_400)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    largest_body_bytes: int = Field(default=10_000_000, ge=1_000)
    rpc_timeout_seconds: float = Field(default=10.0, gt=0)
    node_wait_seconds: float = Field(default=30.0, ge=0, description="how long a call waits for a node that is away")
    operator_lei: str = Field(default="", description="LEI of the network's operator, for operator clients")
    documents_dir: Path | None = Field(default=None, description="encrypted documents; data_dir/documents by default")
    document_key_file: Path | None = Field(
        default=None, description="wraps document keys; data_dir/document.key by default"
    )
    passphrase_file: Path | None = Field(
        default=None, description="seals the gateway's own keys; data_dir/passphrase by default"
    )
    ipfs_url: str = Field(default="", description="multiaddr of an IPFS API; empty: the embedded directory store")

    worker_threads: int = Field(
        default=8, ge=2, le=200, description="requests worked on at once; more only queue better"
    )
    transaction_gas_limit: int = Field(default=3_000_000, ge=21_000, description="most gas offered by a transaction")
    max_fee_per_gas: int = Field(default=0, ge=0, description="wei; 0 on permissioned chains without a gas price")
    highest_fee_per_gas: int = Field(
        default=0, ge=0, description="wei; how far a stuck transaction's fee may be raised"
    )
    replace_after_seconds: float = Field(default=30.0, gt=0, description="when a waiting transaction counts as stuck")
    lanes_dir: Path | None = Field(
        default=None,
        description="where gateways with databases of their own that send for the same accounts agree on nonces",
    )
    in_flight_per_signer: int = Field(default=2_000, ge=1, description="transactions broadcast but not in a block")
    resend_after_seconds: float = Field(default=5.0, gt=0)
    poll_interval_seconds: float = Field(default=0.05, gt=0, description="how often the chain's head is looked at")
    reorg_window_blocks: int = Field(default=64, ge=1, description="how deep a reorganisation can be undone")
    blocks_per_scan: int = Field(default=500, ge=1, description="how many blocks one request for logs may span")
    ready_lag_blocks: int = Field(default=5, ge=0, description="the gateway is not ready when it lags further behind")

    endpoints: EndpointSettings = Field(default=EndpointSettings(), description="how several nodes are watched")
    outgoing: OutgoingSettings = OutgoingSettings()
    events: EventSettings = EventSettings()
    webhooks: WebhookSettings = WebhookSettings()
    limits: LimitSettings = LimitSettings()
    issuers: tuple[IssuerSettings, ...] = Field(default=(), description="other issuers whose tokens count")
    remote_signers: dict[PlaceName, RemoteSignerPlace] = Field(
        default={}, description="signers of organisations that keep their keys themselves, by name"
    )
    quotes: QuoteSettings = QuoteSettings()
    sandbox: SandboxSettings = SandboxSettings()
    banking: BankingSettings = BankingSettings()
    statements: StatementSettings = StatementSettings()
    compliance: ComplianceSettings = Field(
        default=ComplianceSettings(), description="screening, onboarding, monitoring: a table of its own"
    )

    @field_validator("rpc_url", mode="before")
    @classmethod
    def _is_one_text(cls, value: Any) -> Any:
        """A list in the file, or one text with commas, as in the environment."""
        if isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(url, str) for url in value)):
            return ",".join(split_urls(value))
        return value

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("must be empty, sqlite:///FILE or postgresql://...")
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> "Settings":
        named = [issuer.issuer for issuer in self.issuers]
        if len({*named, self.issuer}) <= len(named):
            raise ValueError("issuers: each is named once, and none is the gateway itself")
        derived: dict[str, Any] = {
            "database_url": self.database_url or f"sqlite:///{self.data_dir / 'gateway.db'}",
            "documents_dir": self.documents_dir or self.data_dir / "documents",
            "document_key_file": self.document_key_file or self.data_dir / "document.key",
            "passphrase_file": self.passphrase_file or self.data_dir / "passphrase",
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        return self

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        """The addresses of the chain's nodes, the preferred one first."""
        return split_urls(self.rpc_url)

    @property
    def keystores_dir(self) -> Path:
        """Keystores of the organisations whose account the gateway keeps."""
        return self.data_dir / "keystores"

    @property
    def token_key_file(self) -> Path:
        """Where earlier versions kept the key that they signed tokens with."""
        return self.data_dir / "token-signing-key.pem"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The environment wins over what the file said (which arrives as init values).
        return env_settings, init_settings


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "settings"
    texts = {"missing": "is missing", "extra_forbidden": "is not a setting of the gateway"}
    return f"{where}: {texts.get(error['type'], error['msg'])}"


def load_settings(path: Path) -> Settings:
    """Settings from a TOML file and the environment; raises SettingsInvalid with every problem at once."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsInvalid(str(path), [f"the file cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(str(path), [f"the file is not TOML: {error}"]) from error
    _anchor(values, path.resolve().parent)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsInvalid(str(path), [_problem(e) for e in error.errors()] + _missing_files(values)) from error
    if missing := _missing_files(settings.model_dump()):
        raise SettingsInvalid(str(path), missing)
    return settings


def _anchor(values: dict[str, Any], start: Path) -> None:
    """Relative paths begin where the settings lie."""
    tables = [(values, name) for name in _PATHS]
    tables += [(values[table], name) for table, name in _NESTED_PATHS if isinstance(values.get(table), dict)]
    tables += [(issuer, "jwks_file") for issuer in values.get("issuers", ()) if isinstance(issuer, dict)]
    for table, name in tables:
        if isinstance(table.get(name), str):
            table[name] = start / table[name]
    anchor(values.get("remote_signers"), start)


def _missing_files(values: dict[str, Any]) -> list[str]:
    needed = ("deployments", "network_key_file", "keys_dir")
    missing = [
        f"{n}: there is no {values[n]}" for n in needed if isinstance(values.get(n), Path) and not values[n].exists()
    ]
    return missing + missing_files(values.get("remote_signers"))
