"""What nodes and relays say to each other, read from anything."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import NODE_ACCOUNT, ORACLE_ADDRESS, SUBJECT

from chain_node.client import Observation
from chain_node.client.typed_data import digest
from oracles.relay.messages import (
    Answer,
    MessageMalformed,
    Offer,
    Proposals,
    item_of,
    list_id,
    offer_digest,
    offer_typed_data,
    read,
    write,
)
from oracles.signing import Signer

OWN = Observation(SUBJECT, 5, 1, 1_780_000_000, 950_000)
KINDS = (Offer, Answer, Proposals)
PARTS = ["account", "expires_at", "observations", "signature", "list", "mask", "evidence", "run", "cursor", "proposals"]
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(PARTS)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(PARTS), inner, max_size=4)),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.one_of(st.binary(max_size=200), values.map(lambda value: json.dumps(value).encode())))
def test_anything_is_a_message_or_refused(kind, data):
    with suppress(MessageMalformed):
        assert read(kind, write(read(kind, data))) == read(kind, data)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"cursor":' + b"9" * 10_000 + b"}", b"\xff", b"", b"NaN"])
def test_hostile_bytes_are_refused(data):
    with pytest.raises(MessageMalformed):
        read(Proposals, data)


def test_refusal_quotes_nothing_of_what_was_sent():
    with pytest.raises(MessageMalformed) as refused:
        read(Answer, json.dumps({"signature": "a secret"}).encode())

    assert "a secret" not in str(refused.value)


def test_offer_is_hashed_as_wallets_hash_it():
    content = (412346, ORACLE_ADDRESS, [OWN, OWN], 2**40)

    assert offer_digest(*content) == digest(offer_typed_data(*content))


def test_offer_is_no_vote():
    """Its signature is of another account wherever votes are counted."""
    signer = Signer(NODE_ACCOUNT)
    vote = signer.vote_on(412346, ORACLE_ADDRESS, [OWN], 1, bytes(32))

    assert signer.offer(412346, ORACLE_ADDRESS, [OWN], 0) != vote.signature


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=2, unique=True))
def test_other_figures_make_another_list(figures):
    first, second = (Observation(SUBJECT, 5, 1, 1, figure) for figure in figures)

    assert list_id([first]) != list_id([second])
    assert item_of(first).observation() == first
