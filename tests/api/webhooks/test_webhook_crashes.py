"""Whatever the moment at which a deliverer is killed, each event arrives, in order, and what was recorded stays so."""

import pytest
from hook_door import Door
from killed_deliverer import KILLED_AT, run
from receiving import Receiver, say
from sqlalchemy import update
from support.dying import run_until_killed

from api.db import utc_now
from api.settings import Settings
from api.webhooks.queue import D as CLAIMED

pytestmark = pytest.mark.slow


def claims_end(door: Door) -> None:
    """What is under claim when its holder is killed waits for the claim to end: as if that time had passed."""
    with door.gateway.database.engine.begin() as connection:
        connection.execute(update(CLAIMED).where(CLAIMED.c.claimed_until.is_not(None)).values(claimed_until=utc_now()))


@pytest.mark.parametrize("step", KILLED_AT)
def test_killed_deliverer_loses_nothing(step: str, door: Door, receiver: Receiver, fast_settings: Settings) -> None:
    hook = door.hook(receiver.url)
    ids = say(door.gateway.database, "0x01", "0x02", "0x01", "0x03", "0x01")

    run_until_killed(run, fast_settings, step)

    claims_end(door)
    door.deliver(hook)

    found = door.deliveries(hook)
    assert [(d["event_id"], d["status"]) for d in found] == [(event, "delivered") for event in ids]
    assert set(receiver.events()) == set(ids)
    assert all(len(delivery["attempts"]) == 1 for delivery in found)
    # Repeated is at most what the killed one had under way: one of each resource.
    assert len(ids) <= len(receiver.events()) <= len(ids) + 3
    firsts = list(dict.fromkeys(e for r in receiver.received if (e := r.event) in (ids[0], ids[2], ids[4])))
    assert firsts == [ids[0], ids[2], ids[4]]
