"""A node's configuration: one TOML file, read once by the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator
from stdnum import lei

from chain_node.client import Milestone
from oracles.capture.settings import CaptureSettings
from oracles.dcsa.settings import DcsaSettings
from oracles.errors import RulesInvalid, SettingsInvalid
from oracles.http.settings import HttpSettings
from oracles.keys.settings import KeySettings
from oracles.mqtt.settings import MqttSettings
from oracles.relay.settings import BundlingSettings, RelaySettings
from oracles.rules.book import Rulebook
from oracles.rules.loading import built_in_rules, read_rules
from oracles.rules.tables import ATTESTABLE
from oracles.sending_settings import SendingSettings
from oracles.setting_tables import SettingTable, Table, missing_files, resolved
from oracles.sources.folder_settings import FolderSettings
from oracles.tables.settings import CsvSettings

S = TypeVar("S", bound=SettingTable)

_KEY_FILES: Final = ("keystore", "passphrase_file")
_SERVED: Final = {"capture": True, "dcsa": False, "relay": False}
"""Tables that switch on what comes in over HTTP: whether its senders are the clients of the table `[http]`, or known by
what they sign."""


class NodeSettings(SendingSettings):
    """Every setting of a node. Relative paths start at the folder of the file."""

    paths: ClassVar = frozenset(
        {"deployments", "network_key_file", *_KEY_FILES, "inbox", "database", "exchange", "protection", "rules"}
    )
    needed: ClassVar = frozenset({"deployments", "network_key_file", "rules"})

    organisation: str
    """LEI of the firm that runs the node."""
    network_key_file: Path
    keystore: Path | None = None
    passphrase_file: Path | None = None
    key: KeySettings | None = None
    """A remote signer or a token, in place of a keystore."""
    inbox: Path
    protection: Path | None = None
    """The store of what was signed; `protection.db` beside the database where nothing is said."""
    exchange: Path | None = None
    """Folder that this node shares with others: signed readings of feeds lie there for whoever relays them. Without it
    the node signs no measurements and no prices."""
    relays: bool = False
    """Whether this node gathers the readings in the exchange and sends them as reports."""
    gather_seconds: Annotated[float, Field(ge=0, le=600)] = 1.0
    """How long a relay waits for more readings of a round once there are enough."""
    csv: tuple[CsvSettings, ...] = ()
    """Files of the inbox that are tables; without any, CSV files are left alone."""
    retracts: bool = True
    """Whether a vote that a paper corrects is taken back by itself; else it is only raised to the operator."""
    folders: tuple[FolderSettings, ...] = ()
    """Folders of partners that are read besides the inbox, and left as they are."""
    milestones: frozenset[Milestone] = ATTESTABLE
    rules: Path | None = None
    """What is which fact, and what of it this node attests; without it the rules that come with the program."""
    consider_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 0
    """How long, on the chain's clock, a paper waits for another source of the same fact before it is signed."""
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0
    """How long a file that cannot be read must stay unchanged until it counts as complete, and malformed."""
    retry_seconds: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    """How often waiting events are asked about again, besides whenever the network changes."""
    batch_limit: Annotated[int, Field(ge=1, le=32)] = 16
    file_limit_bytes: Annotated[int, Field(gt=0, le=512 * 1024 * 1024)] = 8 * 1024 * 1024
    disk_reserve_bytes: Annotated[int, Field(ge=0, le=1024**4)] = 64 * 1024 * 1024
    """With less room than this nothing more is taken in; what was taken in is brought to its end."""
    clock_tolerance_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    """By how much the newest block's time and the machine's clock may differ; 0 does not compare them, for a chain that
    has a time of its own."""
    http: HttpSettings | None = None
    """Where the node listens, and to whom; without it, it listens to nobody."""
    capture: CaptureSettings | None = None
    """The EPCIS capture interface over HTTP."""
    dcsa: DcsaSettings = DcsaSettings()
    """Which Track & Trace this node reads, who may send it, and whom it asks for it."""
    mqtt: tuple[MqttSettings, ...] = ()
    """Brokers whose sensors this node hears."""

    relay: RelaySettings | None = None
    """A relay that this node runs for others: it bundles their votes, over HTTP."""
    bundling: BundlingSettings | None = None
    """Relays that this node uses; without them it sends each batch by itself."""

    @field_validator("organisation")
    @classmethod
    def _lei(cls, value: str) -> str:
        if not lei.is_valid(value):
            raise ValueError(f"{value!r} is not an LEI (20 characters, ISO 17442 check digits)")
        return str(lei.compact(value))

    @field_validator("milestones", mode="before")
    @classmethod
    def _milestones(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        known = {milestone.name: milestone for milestone in ATTESTABLE}
        unknown = [name for name in value if name not in known]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not one of {', '.join(sorted(known))}")
        return frozenset(known[name] for name in value)

    @field_validator("mqtt")
    @classmethod
    def _each_source_once(cls, value: tuple[MqttSettings, ...]) -> tuple[MqttSettings, ...]:
        names = [table.name for table in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two tables have the name {twice!r}")
        return value

    @model_validator(mode="after")
    def _relay_has_its_exchange(self) -> NodeSettings:
        if self.relays and self.exchange is None:
            raise ValueError("setting 'exchange': a node that relays needs the folder in which readings lie")
        return self

    @model_validator(mode="after")
    def _somebody_can_come_in(self) -> NodeSettings:
        served = [name for name in _SERVED if _listens(getattr(self, name))]
        if served and self.http is None:
            raise ValueError(f"setting '{served[0]}': it comes in over HTTP: set the table [http] too")
        clients_needed = any(_SERVED[name] for name in served) or not served or self.dcsa.takes_events
        if self.http is not None and clients_needed and not self.http.lets_clients_in:
            raise ValueError("setting 'http': nobody could come in: set tokens, or client_ca with client_subjects")
        return self

    @model_validator(mode="after")
    def _has_one_key(self) -> NodeSettings:
        if self.key is not None and (self.keystore or self.passphrase_file):
            raise ValueError("settings 'key' and 'keystore': a node has one key; leave one of them out")
        return self

    @model_validator(mode="after")
    def _folders_are_others(self) -> NodeSettings:
        own = {self.inbox, self.archive, self.quarantine}
        paths = [folder.path for folder in self.folders]
        for path in paths:
            if path in own or paths.count(path) > 1:
                raise ValueError(f"setting 'folders': {path} is the node's own, or listed twice")
        return self

    @model_validator(mode="after")
    def _stores_are_two(self) -> NodeSettings:
        if self.protection_file == self.database:
            raise ValueError("setting 'protection': it must be another file than the database")
        return self

    @property
    def protection_file(self) -> Path:
        """The store of what was signed."""
        return self.protection or self.database.with_name("protection.db")

    def rulebook(self) -> Rulebook:
        """The node's rules, read now. Raises RulesInvalid."""
        return (built_in_rules() if self.rules is None else load_rules(self.rules)).attesting(self.milestones)

    @property
    def archive(self) -> Path:
        return self.inbox.parent / "archive"

    @property
    def quarantine(self) -> Path:
        return self.inbox.parent / "quarantine"


def _listens(table: SettingTable | None) -> bool:
    """A table that is there asks for its interface, unless it says that it has another use."""
    return table is not None and bool(getattr(table, "listens", True))


def load_settings(path: Path, *, needs_key: bool = True) -> NodeSettings:
    """The settings in `path`, or SettingsInvalid with all problems at once. `needs_key` is off for a dry run."""
    return load_table(NodeSettings, path, lambda table: _missing_files(table, needs_key))


def load_table(model: type[S], path: Path, problems_of: Callable[[Table], Sequence[str]]) -> S:
    """A file of settings; `problems_of` says what is wrong with it besides its values. Raises SettingsInvalid."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsInvalid(path, [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(path, [f"is not TOML: {error}"]) from error
    absolute = resolved(model, table, path.resolve().parent)
    problems = list(problems_of(absolute))
    try:
        settings = model.model_validate(absolute)
    except ValidationError as error:
        raise SettingsInvalid(path, [*(sentence(detail) for detail in error.errors()), *problems]) from error
    if problems:
        raise SettingsInvalid(path, problems)
    return settings


def load_rules(path: Path) -> Rulebook:
    """The rules in `path`. Raises RulesInvalid with all problems."""
    try:
        return read_rules(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise RulesInvalid(path, [f"cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise RulesInvalid(path, [f"is not UTF-8: byte {error.start}"]) from error


def _missing_files(table: Table, needs_key: bool) -> list[str]:
    problems = list(missing_files(NodeSettings, table))
    for key in _KEY_FILES if needs_key and "key" not in table else ():
        value = table.get(key)
        if isinstance(value, Path) and not value.is_file():
            problems.append(f"setting '{key}': there is no file {value}")
        elif value is None:
            problems.append(f"setting '{key}' is missing; without it a node can only run dry")
    inbox = table.get("inbox")
    if isinstance(inbox, Path) and inbox.exists() and not inbox.is_dir():
        problems.append(f"setting 'inbox': {inbox} is not a directory")
    return problems


def sentence(detail: object) -> str:
    """What pydantic found wrong with a setting, in words of whoever wrote it."""
    assert isinstance(detail, dict)
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return f"setting '{where}' is missing"
    if detail["type"] == "extra_forbidden":
        return f"setting '{where}' is not known"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"setting '{where}': {message}" if where else message
