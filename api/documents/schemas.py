"""Documents as JSON."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.compliance.decisions import Reason
from api.examples import shown
from api.values import Lei


class EnvelopeView(BaseModel):
    """A sealed document for a reader that keeps its own key. The key is wrapped by HPKE (RFC 9180, base mode, X25519,
    HKDF-SHA256, AES-256-GCM) with the info `portolan-document-1|<cid>|<reader>`; the document is a nonce of 12 bytes
    and AES-256-GCM with the associated data `portolan-document-1`."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "cid": examples.CID,
                "reader": examples.DEBTOR["lei"],
                "media_type": "application/xml",
                "sha256": "c4" * 32,
                "wrapped_key": "base64, 80 bytes",
                "sealed": "base64",
            }
        )
    )

    cid: str
    reader: str
    media_type: str
    sha256: str = Field(description="of the content, hexadecimal")
    wrapped_key: str = Field(description="base64")
    sealed: str = Field(description="base64")


_ERASED = {"reason": "The supplier withdrew its consent; the trade never began."}


class ErasureRequest(BaseModel):
    """Why a document is to be erased. Readers of it are told this, so name no one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown(_ERASED))

    reason: Reason


class ErasureView(BaseModel):
    """That a document's keys are destroyed. Its CID and the hash of its content stay, as evidence."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"cid": examples.CID, "sha256": "c4" * 32, "erased_at": examples.OPENED, "keys_destroyed": 3, **_ERASED}
        )
    )

    cid: str
    sha256: str = Field(description="of the content that nobody can read any more, hexadecimal")
    erased_at: datetime
    keys_destroyed: int
    reason: str


class ReaderRequest(BaseModel):
    """A party to the deal that is to read the document."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"lei": examples.LENDER["lei"]}))

    lei: Lei


class ReaderView(BaseModel):
    """That an organisation can read a document: by the key it registered, or by the one that the gateway keeps."""

    model_config = ConfigDict(
        json_schema_extra=shown({"cid": examples.CID, "lei": examples.LENDER["lei"], "granted": True})
    )

    cid: str
    lei: str
    granted: bool = Field(description="false where it could read the document before")
