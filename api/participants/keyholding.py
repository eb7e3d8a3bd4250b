"""Where the key of an organisation's account lies: with the gateway, at a remote signer, or with itself.

That a remote signer has the key is proven before it is believed: it signs, by the account, which organisation, account
and place it is about (EIP-712), and the signature must be the account's.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from eth_utils.address import to_checksum_address
from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Conflict, Malformed, NotFound
from api.participants import repository
from api.participants.models import Profile
from api.participants.schemas import KeptBy, KeyView, NewParticipant
from api.remote_signing import place_of, remote_name
from api.signers import Signers
from api.transactions import service as transactions
from api.transactions.preparing import outside_signer
from chain_node.client import Chain
from chain_node.client.typed_data import digest, typed_data
from chain_node.remote_signer.errors import SignerAway, SignerRefused
from chain_node.remote_signer.messages import Message

_TYPES: Final = {
    "KeyHolding": [
        {"name": "lei", "type": "string"},
        {"name": "account", "type": "address"},
        {"name": "signer", "type": "string"},
    ]
}


def statement(chain: Chain, lei: str, account: str, place: str) -> dict[str, Any]:
    """What the signer states by its signature: at this place lies the key of that account of the organisation."""
    message = {"lei": lei, "account": account, "signer": place}
    return typed_data("Gateway", chain.chain_id, chain.registry.address, _TYPES, "KeyHolding", message)


@dataclass(frozen=True)
class KeyHolding:
    """What it takes to ask where keys lie."""

    chain: Chain
    signers: Signers

    def of_new(self, asked: NewParticipant) -> tuple[str, str] | None:
        """The account and its signer of an organisation that names one, which has proven it; None of others.
        Malformed where no account is named; else as `proven`."""
        if asked.remote_signer is None:
            return None
        account = account_of_new(asked)
        return account, self.proven(asked.lei, account, asked.remote_signer)

    def proven(self, lei: str, account: str, place: str) -> str:
        """The name of the signer, which has proven that it has the account's key. Malformed where the settings have no
        such place, Conflict where it is for others; Unavailable, Forbidden as the signer answers."""
        known = self.signers.remote.places
        if place not in known:
            detail = f"This gateway knows no remote signer {place}."
            raise Malformed("remote-signer-unknown", detail, remote_signer=place, known=sorted(known))
        if not known[place].takes(lei):
            detail = f"The remote signer {place} is not for accounts of {lei}."
            raise Conflict("remote-signer-of-others", detail, remote_signer=place, lei=lei)
        name = remote_name(place, account)
        held = self.signers.remote.get(name)
        stated = statement(self.chain, lei, account, place)
        try:
            held.sign(Message(digest(stated), partial(dict, stated)))
        except (SignerAway, SignerRefused) as error:
            raise held.told(error) from error
        return name

    def move(self, session: Session, lei: str, place: str | None) -> KeyView:
        """Has the signer at `place` sign for the organisation's account from now on; None: itself does.

        Conflict while transactions of the account are open, and where the gateway alone has the key."""
        profile = _profile(session, lei)
        if place is None and profile.signer is not None and not place_of(profile.signer):
            detail = f"The key of {profile.account} was made by the gateway and lies there only."
            raise Conflict("key-kept-by-gateway", detail, lei=lei, account=profile.account)
        signer = None if place is None else self.proven(lei, profile.account, place)
        transactions.require_idle(session, profile.account, signer or outside_signer(profile.account))
        profile.signer = signer
        session.add(profile)
        return _view(profile)


def account_of_new(asked: NewParticipant) -> str:
    """The account whose key is to lie at the remote signer; Malformed where none is named."""
    if asked.account is None:
        raise Malformed("account-missing", "Name the account whose key lies at the remote signer.", lei=asked.lei)
    return to_checksum_address(asked.account)


def view(session: Session, principal: Principal, lei: str) -> KeyView:
    """Where it lies now, for itself and the operator; NotFound for others."""
    profile = repository.profile(session, lei) if principal.sees(lei) else None
    if profile is None:
        raise NotFound("participant-absent", f"There is no participant {lei} of yours.", lei=lei)
    return _view(profile)


def _profile(session: Session, lei: str) -> Profile:
    profile = repository.profile(session, lei)
    if profile is None:
        raise NotFound("participant-absent", f"No participant {lei} was admitted through this gateway.", lei=lei)
    return profile


def _view(profile: Profile) -> KeyView:
    place = place_of(profile.signer or "")
    kept_by: KeptBy = "organisation" if profile.signer is None else "remote-signer" if place else "gateway"
    return KeyView(lei=profile.lei, account=profile.account, kept_by=kept_by, remote_signer=place or None)
