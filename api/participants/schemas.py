"""Participants as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import shown
from api.transactions.schemas import TransactionView
from api.values import Lei, Moment

RoleName = Literal[
    "CARRIER",
    "WAREHOUSE",
    "INSPECTOR",
    "CUSTOMS",
    "SENSOR",
    "CONSIGNEE",
    "SUPPLIER",
    "DEBTOR",
    "LENDER",
    "SUPERVISOR",
    "INSURER",
    "FX_DEALER",
]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]


RemoteSignerName = Annotated[str, StringConstraints(min_length=1, max_length=32)]
KeptBy = Literal["gateway", "remote-signer", "organisation"]


class PartyView(BaseModel):
    """An organisation in few words."""

    lei: str
    name: str


class IdentifierView(BaseModel):
    """A name that invoices use: scheme `VAT`, or an ICD/EAS code such as 0088 (GLN), 0199 (LEI), 0007."""

    scheme: Annotated[str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True)]
    value: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class NewParticipant(BaseModel):
    """An organisation to admit. Without `account` the gateway makes and keeps a key for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "lei": "999900ACMESUPPLIES58",
                "name": "Acme Supplies GmbH",
                "jurisdiction": "DE",
                "roles": ["SUPPLIER"],
                "kyc_expires_at": "2027-05-04T00:00:00Z",
                "identifiers": [{"scheme": "VAT", "value": "DE999999903"}],
            }
        },
    )

    lei: Lei
    name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    group_lei: Lei | None = Field(default=None, description="ultimate parent, where it has one")
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = Field(description="ISO 3166-1 alpha-2")
    roles: list[RoleName] = Field(min_length=1)
    kyc_expires_at: Moment = Field(description="from then on it may no longer act")
    account: Address | None = Field(default=None, description="its own account, where it keeps its key itself")
    remote_signer: RemoteSignerName | None = Field(
        default=None,
        description="where the key of `account` lies, as the gateway's settings name it",
    )
    document_key: str | None = Field(default=None, max_length=66, description="its own X25519 public key, hexadecimal")
    identifiers: list[IdentifierView] = Field(default=[], max_length=50)


class AccountView(BaseModel):
    address: str
    frozen: bool


class ParticipantView(BaseModel):
    """An organisation as the chain has it; `identifiers` are shown to itself and to the operator."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                **examples.SUPPLIER,
                "group_lei": examples.SUPPLIER["lei"],
                "jurisdiction": "DE",
                "roles": ["SUPPLIER"],
                "kyc_expires_at": "2027-05-04T00:00:00Z",
                "suspended": False,
                "accounts": [{"address": examples.ACCOUNT, "frozen": False}],
                "identifiers": [{"scheme": "VAT", "value": "DE999999903"}],
            }
        )
    )

    lei: str
    name: str
    group_lei: str
    jurisdiction: str
    roles: list[str]
    kyc_expires_at: datetime
    suspended: bool
    accounts: list[AccountView]
    identifiers: list[IdentifierView]


class AdmittedView(BaseModel):
    """What the operator hands to the new participant. The secret is shown this once."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "account": examples.ACCOUNT,
                "client_id": "client_1cda2914091c2d075b95",
                "client_secret": "shown once, keep it",  # nosec B105 # an example
                "transactions": [examples.transaction("admit organisation")],
            }
        )
    )

    lei: str
    account: str
    client_id: str
    client_secret: str
    transactions: list[TransactionView]


class NewAccount(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"account": "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"}}
    )

    account: Address


class AccountAdded(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "account": examples.ACCOUNT,
                "transactions": [examples.transaction("admit account")],
            }
        )
    )

    lei: str
    account: str
    transactions: list[TransactionView]


class KeyMove(BaseModel):
    """Where the key of the organisation's account lies from now on; null: with the organisation itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"remote_signer": "acme-hsm"}})

    remote_signer: RemoteSignerName | None


class KeyView(BaseModel):
    """Who signs for an organisation's account."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "account": examples.ACCOUNT,
                "kept_by": "remote-signer",
                "remote_signer": "acme-hsm",
            }
        )
    )

    lei: str
    account: str
    kept_by: KeptBy
    remote_signer: str | None = Field(description="by its name in the gateway's settings")
