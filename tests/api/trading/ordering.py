"""Orders of the example trade: Borealis orders lamps of Acme for 100,000.00."""

from typing import Any

from mirror import differences
from sqlmodel import Session
from trading import LEIS, Trading, await_indexer, eur

from api.participants import service as participants
from api.transactions.models import Status
from chain_node.client import Call, Entry, Milestone

VALUE, QUANTITY = 10_000_000, 1_000_000
PAYOUTS = [
    {"milestone": "DEPARTED", "share_bps": 4000},
    {"milestone": "RECEIVED", "share_bps": 10_000, "measured": True},
]
EVIDENCE = "0x" + "e7" * 32


def order_request(number: str = "PO-2026-0815", **changes: Any) -> dict[str, Any]:
    """Two payouts, nothing down; a test states only what differs."""
    line = {"item": "AS-1012", "unit": "H87", "quantity_thousandths": str(QUANTITY), "value": eur(VALUE)}
    return {
        "number": number,
        "buyer_lei": LEIS["debtor"],
        "currency": "EUR",
        "deliver_by": "2026-06-30",
        "grace_days": 10,
        "lines": [line],
        "payouts": PAYOUTS,
        **changes,
    }


def registered(trading: Trading, number: str, **changes: Any) -> Any:
    """As its seller; the order."""
    return trading.desks["supplier"].write("/v1/orders", order_request(number, **changes))["order"]


def accepted(trading: Trading, number: str, **changes: Any) -> Any:
    """By both sides, with the deposit if there is one; the order."""
    order = registered(trading, number, **changes)
    if deposit := int(order["deposit"]["amount"]):
        trading.issue("debtor", deposit)
    body = {"terms_hash": order["terms_hash"]}
    return trading.desks["debtor"].write(f"/v1/orders/{order['id']}/acceptance", body)["order"]


def funded(trading: Trading, order_id: str, units: int = VALUE) -> Any:
    """By the buyer; the order."""
    trading.issue("debtor", units)
    return trading.desks["debtor"].write(f"/v1/orders/{order_id}/deposits", {"amount": eur(units)})["order"]


def cash(trading: Trading, name: str) -> int:
    balances = trading.desks[name].get("/v1/cash/balances")["balances"]
    return sum(int(each["amount"]["amount"]) for each in balances if each["currency"] == "EUR")


def next_acts(order: Any) -> dict[str, list[str]]:
    """What is open now, by whom."""
    acts: dict[str, list[str]] = {}
    for each in order["next"]:
        if each["at"] is None:
            acts.setdefault(each["act"], []).extend(each["by"])
    return acts


def acts(trading: Trading, name: str, call: Call) -> None:
    """By the key that the gateway keeps for a party, for what the gateway has no operation for."""

    def submit(session: Session) -> str:
        signer, transactions = participants.signer_of(session, LEIS[name]), trading.gateway.transactions
        return transactions.submit(session, signer=signer, call=call, owner_lei=LEIS[name], purpose="test").id

    sent = trading.gateway.database.run(submit)
    assert trading.gateway.transactions.wait(sent, 120).status == Status.MINED


def stored(trading: Trading, order: Any, quantity: int = QUANTITY) -> str:
    """The order's goods in a warehouse, the supplier's: attested and minted; the lot's id."""
    lots, warehouse = trading.chain.lots, trading.keys["warehouse"]
    members = (trading.accounts["supplier"], warehouse.address)
    owner, operator = (trading.chain.registry.membership_of(member).organisation for member in members)
    if not lots.read("isEngaged", owner, operator)[0]:
        acts(trading, "supplier", lots.engage_operator(operator, True))
    lot = int(order["id"], 16) - 1
    entry = Entry(
        id=lot,
        owner=trading.accounts["supplier"],
        commodity="940521",
        unit="C62",
        quantity=quantity,
        subject=bytes.fromhex(order["subject"][2:]),
        sequence=1,
        place="SEGOT",
        entered_at=trading.chain.block().timestamp - 60,
        expiry_date=0,
        identifiers=(lot.to_bytes(32, "big"),),
    )
    trading.send(warehouse, lots.announce(entry))
    trading.attest(order["subject"], Milestone.STORED, quantity, "warehouse", "inspector")
    acts(trading, "supplier", lots.mint(entry))
    return f"0x{lot:064x}"


def agree(trading: Trading) -> None:
    """Rows and chain, at the newest block."""
    await_indexer(trading.gateway, trading.chain)
    assert differences(trading.gateway.database, trading.chain) == []
