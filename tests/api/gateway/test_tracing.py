"""A caller's trace is gone on with where it is as W3C Trace Context says; otherwise one is made."""

import re
from typing import Any

import pytest
from door import Door
from hypothesis import given
from hypothesis import strategies as st

from api.tracing import begin, trace_id

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"
NEW = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-00")

REFUSED = {
    "nothing": "",
    "no-version": f"{TRACE}-{PARENT}-01",
    "version-ff": f"ff-{TRACE}-{PARENT}-01",
    "version-00-with-more": f"{GOOD}-what-the-future-brings",
    "capitals": GOOD.upper(),
    "no-trace": f"00-{'0' * 32}-{PARENT}-01",
    "no-parent": f"00-{TRACE}-{'0' * 16}-01",
    "short-trace": f"00-{TRACE[1:]}-{PARENT}-01",
    "long-trace": f"00-{TRACE}0-{PARENT}-01",
    "no-flags": f"00-{TRACE}-{PARENT}",
    "flags-no-digits": f"00-{TRACE}-{PARENT}-0g",
    "version-to-come-run-together": f"01-{TRACE}-{PARENT}-01more",
    "two-in-one": f"{GOOD},{GOOD}",
}


def told(*given: str) -> str:
    """What the answer to a request with these headers says."""
    name, value = begin([(b"traceparent", each.encode("latin-1")) for each in given]).header
    assert name == b"traceparent"
    return value.decode()


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED)
def test_malformed_trace_is_ignored_and_a_new_one_made(given: str) -> None:
    made = NEW.fullmatch(told(given))

    assert made is not None
    assert made[1] != TRACE


def test_two_traces_are_none() -> None:
    made = NEW.fullmatch(told(GOOD, GOOD))

    assert made is not None
    assert made[1] != TRACE


@pytest.mark.parametrize("given", [GOOD, f"01-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-ff-more"])
def test_callers_trace_is_gone_on_with_under_a_parent_of_our_own(given: str) -> None:
    made = re.fullmatch(rf"00-{TRACE}-([0-9a-f]{{16}})-01", told(given))

    assert made is not None
    assert made[1] != PARENT
    assert trace_id() == TRACE


def test_each_request_without_a_trace_gets_its_own() -> None:
    assert len({told() for _ in range(100)}) == 100


@given(st.binary(max_size=80))
def test_whatever_is_sent_the_answer_is_a_well_formed_trace(value: bytes) -> None:
    trace = begin([(b"traceparent", value)])

    assert re.fullmatch(rf"00-{trace.id}-[0-9a-f]{{16}}-0[01]".encode(), trace.header[1])
    assert int(trace.id, 16) != 0


def test_refusals_tell_their_trace_too(door: Door) -> None:
    headers: dict[str, Any] = {"traceparent": GOOD, "tracestate": "rojo=00f067aa0ba902b7"}

    refused = door.http.get("/v1/transactions", headers=headers)

    assert refused.status_code == 401
    assert refused.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert "tracestate" not in refused.headers
