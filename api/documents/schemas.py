"""Documents as JSON."""

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import shown


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
