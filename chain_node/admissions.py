"""The registrar's side of an admission: what a request asks for, what the registry has, and what is to be done."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from eth_account.signers.local import LocalAccount

from chain_node.client import Call, Chain, sign_call
from chain_node.client.admission import AdmissionInvalid, AdmissionRequest
from chain_node.engines.base import hasten

GAS: Final = 1_000_000
WAIT_SECONDS: Final = 120


@dataclass(frozen=True)
class Step:
    """One transaction of the registrar."""

    title: str
    call: Call


def steps(chain: Chain, request: AdmissionRequest, until: int) -> Sequence[Step]:
    """What is to be sent, in order; empty where all of it is so already. `until` (Unix seconds): for how long a new
    organisation is admitted. Raises AdmissionInvalid where the request contradicts the network or its registry."""
    registry, book = chain.registry, chain.addresses
    if (request.chain_id, request.registry) != (book.chain_id, book.address("ParticipantRegistry")):
        raise AdmissionInvalid(f"the request is for another network ({request.network}, chain {request.chain_id})")
    found: list[Step] = []
    number = registry.organisation_of(request.lei)
    if not number:
        call = registry.register_organisation(request.lei, "", request.jurisdiction, request.role_bits, until)
        moment = datetime.fromtimestamp(until, UTC)
        roles = ", ".join(request.roles)
        found.append(Step(f"register {request.lei} ({request.name}) as {roles} until {moment:%Y-%m-%d}", call))
    else:
        known = registry.organisation(number)
        lacking = request.role_bits & ~known.roles
        if lacking:
            names = ", ".join(request.roles)
            call = registry.set_roles(request.lei, known.roles | request.role_bits)
            found.append(Step(f"give {request.lei} the roles {names} besides those it has", call))
    member = registry.membership_of(request.account)
    if member.organisation and member.organisation != number:
        raise AdmissionInvalid(f"{request.account} is an account of another organisation already")
    if not member.organisation:
        call = registry.admit_account(request.lei, request.account)
        found.append(Step(f"admit the account {request.account} of {request.lei}", call))
    return found


def carry_out(chain: Chain, registrar: LocalAccount, todo: Sequence[Step]) -> None:
    """Sends each step and waits until it is in a block. Raises ChainError."""
    for step in todo:
        # Before it is sent, so that a refusal comes in the contract's own words.
        chain.simulate(step.call, registrar.address)
        nonce = chain.transaction_count(registrar.address, "pending")
        signed = sign_call(registrar, step.call, nonce=nonce, gas=GAS, chain_id=chain.chain_id)
        chain.send_raw(signed.raw)
        _wait(chain, signed.hash, step)
        reverted = chain.transaction_revert(signed.hash)
        if reverted is not None:
            raise reverted


def _wait(chain: Chain, transaction: bytes, step: Step) -> None:
    until = time.monotonic() + WAIT_SECONDS
    hasten(chain.node)
    while chain.receipt(transaction) is None:
        if time.monotonic() > until:
            raise AdmissionInvalid(f"the chain took no block for {WAIT_SECONDS} seconds: {step.title}; look again")
        time.sleep(0.1)


def gateway_body(request: AdmissionRequest, until: int) -> str:
    """The same as `POST /v1/participants` of the gateway takes it, which also opens the gateway to the organisation."""
    body = {
        "lei": request.lei,
        "name": request.name,
        "jurisdiction": request.jurisdiction,
        "roles": list(request.roles),
        "kyc_expires_at": datetime.fromtimestamp(until, UTC).isoformat(),
        "account": request.account,
    }
    return json.dumps(body, indent=2, ensure_ascii=False)
