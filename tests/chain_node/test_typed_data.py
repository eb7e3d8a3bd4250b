"""What nodes sign all day long is hashed the short way: it must be what the general way says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_node.client import (
    Observation,
    attestation_digest,
    attestation_typed_data,
    reading_digest,
    reading_typed_data,
)
from chain_node.client.typed_data import digest

ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
words = st.binary(min_size=32, max_size=32)
uint32, uint64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
observations = st.lists(st.builds(Observation, words, uint32, uint32, uint64, uint64), max_size=5)


@given(chain=uint64, items=observations, mask=st.integers(0, 2**256 - 1), evidence=words)
def test_attestation_is_hashed_as_typed_data(chain, items, mask, evidence):
    general = digest(attestation_typed_data(chain, ADDRESS, items, mask, evidence))
    assert attestation_digest(chain, ADDRESS, items, mask, evidence) == general


@given(chain=uint64, feed=words, round=uint64, version=uint32, value=st.integers(-(2**255), 2**255 - 1), at=uint64)
def test_reading_is_hashed_as_typed_data(chain, feed, round, version, value, at):
    its = {"feed": feed, "round": round, "version": version, "value": value, "observed_at": at}
    assert reading_digest(chain, ADDRESS, **its) == digest(reading_typed_data(chain, ADDRESS, **its))


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (Observation(b"short", 1, 1, 1, 1), ValueError),
        (Observation(bytes(32), 1, 1, 2**256, 1), OverflowError),
    ],
)
def test_what_is_no_word_is_refused(item, error):
    with pytest.raises(error):
        attestation_digest(1, ADDRESS, [item], 1, bytes(32))
