"""Brings up gateways that kill themselves, as `kill -9` would, at the checkpoint that they are told.

A fork for each, so that a death costs a fraction of a second: this process makes ready what does not depend on a life,
opens nothing, and forks once for each line that it reads, a `Life` as JSON; it answers how that life ended. A gateway's
loops do not run: it takes the steps of its scene in turn, and what was committed it writes into a diary, as a client
would who got the answer.
"""

import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tally  # noqa: F401 - for its table and handler
from sqlalchemy import select, update
from support.readiness import make_ready
from token_chain import call_of

from api.building import build_gateway
from api.checkpoints import Death, die_at, go_on
from api.gateway import Gateway
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import OPEN
from api.transactions.signing import sign

ROUNDS_TO_SETTLE = 60
FEE, STUCK_FEE = 100, 110


@dataclass(frozen=True)
class Life:
    """`death` as `Death.parse` reads it, or empty; `lane` numbers the signer, `first_value` the intents."""

    settings: dict[str, Any]
    scene: list[str]
    death: str
    lane: int
    first_value: int
    diary: str


class Gateways:
    """One gateway, and what it can do in a scene."""

    def __init__(self, life: Life) -> None:
        at = die_at(Death.parse(life.death)) if life.death else go_on
        self.gateway: Gateway = build_gateway(Settings(**life.settings), at)
        self.lei = f"LANE{life.lane:016d}"
        self._value = life.first_value
        self._diary = Path(life.diary)

    def note(self, words: str) -> None:
        with self._diary.open("a") as diary:
            diary.write(words + "\n")

    def request(self, method: str, *params: Any) -> Any:
        return self.gateway.link.chain().node.request(method, *params)

    def submit(self, gas: int | None = None) -> None:
        """Two intents in one database transaction."""
        signer = self.gateway.signers.create_organisation(self.lei)
        self.request("anvil_setBalance", signer.address, hex(10**18))
        values = [self._value, self._value + 1]
        self._value += 2
        kind = "hopeless" if gas else "tried"
        for value in values:
            self.note(f"{kind} {value}")
        with self.gateway.database.transaction() as session:
            for value in values:
                submitted = self.gateway.transactions.submit(
                    session, signer=signer.name, call=call_of(value), owner_lei=None, purpose=f"intent {value}"
                )
                if gas:
                    session.connection().execute(update(outbox.T).where(outbox.T.c.id == submitted.id).values(gas=gas))
        for value in values:
            self.note(f"stored {value}")

    def hopeless(self) -> None:
        """Two that no node will take."""
        self.submit(gas=10**12)

    def send(self) -> None:
        while self.gateway.sender.step():
            pass

    def heal(self) -> None:
        self.gateway.healer._next_round = 0.0
        self.gateway.healer._next_look.clear()
        self.gateway.healer.step()

    def mine(self) -> None:
        self.request("anvil_setNextBlockBaseFeePerGas", "0x0")
        self.request("evm_mine")

    def mine_dearly(self) -> None:
        """A block that takes nothing under the first fee."""
        self.request("anvil_setNextBlockBaseFeePerGas", hex(STUCK_FEE))
        self.request("evm_mine")

    def index(self) -> None:
        self.gateway.follower._hash_checked = float("-inf")
        while self.gateway.follower.step():
            pass

    def forget(self) -> None:
        """The node loses what it was sent."""
        self.request("anvil_dropAllTransactions")

    def steal(self) -> None:
        """Somebody else uses the key."""
        signer = self.gateway.signers.create_organisation(self.lei)
        self.request("anvil_setBalance", signer.address, hex(10**18))
        chain = self.gateway.link.chain()
        nonce = chain.transaction_count(signer.address)
        fields = {"chain_id": chain.chain_id, "gas": 21_000, "fee_per_gas": FEE, "data": b""}
        chain.send_raw(sign(signer, nonce=nonce, to=signer.address, **fields).raw)  # type: ignore[arg-type]
        self.mine()

    def gap(self) -> None:
        """The lane leaves out a nonce."""
        with self.gateway.database.engine.begin() as connection:
            sender = self.gateway.signers.create_organisation(self.lei).address
            following = update(outbox.LANES).values(next_nonce=outbox.LANES.c.next_nonce + 1)
            connection.execute(following.where(outbox.LANES.c.sender == sender))

    def reorganise(self) -> None:
        """The last blocks are others now, and empty: two to five of them."""
        self.request("anvil_reorg", 2 + self._value % 4, [])

    def settle(self) -> None:
        """Until nothing is under way and the chain is read to its end."""
        for _ in range(ROUNDS_TO_SETTLE):
            for step in (self.index, self.send, self.heal, self.mine, self.index):
                step()
            with self.gateway.database.engine.connect() as connection:
                if connection.execute(select(outbox.T.c.id).where(outbox.T.c.status.in_(OPEN))).first() is None:
                    return
            time.sleep(0.01)
        raise AssertionError("something never becomes final")


def live(life: Life) -> None:
    gateways = Gateways(life)
    for step in life.scene:
        getattr(gateways, step)()
    gateways.gateway.close()


def _ended(life: Life) -> dict[str, Any]:
    """Forks, and waits for that process: the signal it died of, or what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        try:
            live(life)
        except BaseException:  # noqa: BLE001 - told to the test
            os.write(writing, traceback.format_exc().encode()[-4000:])
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitpid(child, 0)[1]
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, "failed": said}


def main() -> None:
    make_ready()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_ended(Life(**json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
