"""What the operator's bank sends: messages with movements of money."""

import itertools
from collections.abc import Mapping
from typing import Any

from httpx import Response
from trading import BANK, Trading, eur, until

_numbers = itertools.count(1)


def movement(units: int, **changes: str) -> str:
    """EUR booked on our account; an empty `bank` for a movement to which the bank gives no name of its own."""
    its = {
        "currency": "EUR",
        "direction": "CRDT",
        "status": "BOOK",
        "reversal": "",
        "bank": f"BANK-{next(_numbers)}",
        "end_to_end": "NOTPROVIDED",
        "reference": "",
        "day": "2026-05-05",
    } | changes
    own = f"<AcctSvcrRef>{its['bank']}</AcctSvcrRef>" if its["bank"] else ""
    told = f"<Strd><CdtrRefInf><Ref>{its['reference']}</Ref></CdtrRefInf></Strd>" if its["reference"] else ""
    return (
        f'<Ntry><Amt Ccy="{its["currency"]}">{units // 100}.{units % 100:02d}</Amt>'
        f"<CdtDbtInd>{its['direction']}</CdtDbtInd>{its['reversal']}<Sts><Cd>{its['status']}</Cd></Sts>"
        f"<BookgDt><Dt>{its['day']}</Dt></BookgDt>{own}<NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{its['end_to_end']}</EndToEndId></Refs><RmtInf>{told}</RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def statement(*movements: str, kind: str = "camt.053", message_id: str = "", iban: str = BANK["iban"]) -> bytes:
    part = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}[kind]
    number = message_id or f"M-{next(_numbers)}"
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.08">'
        f"<Message><GrpHdr><MsgId>{number}</MsgId></GrpHdr>"
        f"<{part}><Id>1</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{''.join(movements)}</{part}></Message></Document>"
    ).encode()


def read(trading: Trading, message: bytes) -> Response:
    headers = {**trading.operator.headers, "Content-Type": "application/xml"}
    answer: Response = trading.client.post("/v1/bank-statements", content=message, headers=headers)
    return answer


def taken(trading: Trading, *movements: str, **of: str) -> Any:
    answer = read(trading, statement(*movements, **of))
    assert answer.status_code == 200, answer.text
    return answer.json()


def instructed(trading: Trading, name: str, units: int, **what: Any) -> Any:
    body = {"purpose": "deposit", "amount": eur(units), **what}
    answer = trading.desks[name].post("/v1/payment-instructions", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entries(trading: Trading, **query: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = trading.operator.get("/v1/bank-entries", **query)["items"]
    return found


def ended(trading: Trading, instruction: Mapping[str, Any], *states: str) -> Any:
    """The instruction, once it is in one of the states."""

    def found() -> Any:
        its = trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")
        return its if its["state"] in states else None

    return until(found, f"{instruction['id']} is in none of {states}")


def cash_of(trading: Trading, name: str) -> int:
    """What the chain says."""
    return trading.chain.cash("EUR").balance_of(trading.accounts[name])
