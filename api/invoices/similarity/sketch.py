"""An invoice as keyed tokens: what is stored of it, and what is asked for to find those like it.

Little is stored: one token for each thing that an invoice says. What lies near it (amounts within some per cent,
exchanged digits, half and double) is asked for at the time of a look-up, so that a table without its key shows which
invoices say the same of one thing, and neither order nor distance. A token is bound to the parties for whom it means
something: equal amounts owed by different debtors have different tokens.
"""

import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from hashlib import sha256
from itertools import combinations
from typing import Final

from api.invoices.similarity.score import (
    CLOSE_ISSUE_DATE,
    EXCHANGED_AMOUNT,
    EXCHANGED_DIGITS,
    HALF_AMOUNT,
    SAME_AMOUNT,
    SAME_DESPATCH,
    SAME_DIGITS,
    SAME_DUE_DATE,
    SAME_GOODS,
    SAME_ISSUE_DATE,
    SAME_ORDER,
    Agreement,
    Marks,
    close_amounts,
)
from chain_node.references import NetworkKey
from standards.invoices import Invoice
from standards.invoices.identity import normalised_number, unpadded

TOKEN_BYTES: Final = 16
CLOSE_DAYS: Final = 3
MONTHS_APART: Final = 1
"""Equal digits within so many months are one number; later they are a counter that began anew."""
_KEY_LABEL: Final = b"portolan invoice similarity 1"
_EXACT: Final = Context(prec=28)
_BAND: Final = Decimal("1.005")
_BAND_LOGARITHM: Final = _EXACT.ln(_BAND)
# Eleven bands of half a per cent to either side hold every amount within five per cent.
_BANDS_AROUND: Final = 11
_BANDS_AROUND_HALF: Final = 2
_MOST_EXCHANGED: Final = 17
_DIGITS: Final = re.compile(r"\d+")

Token = bytes
Probes = dict[Token, Agreement]


@dataclass(frozen=True)
class SketchKey:
    """The network's key for sketches, which opens nothing else. Never printed."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, network: NetworkKey) -> "SketchKey":
        return cls(hmac.digest(network.secret, _KEY_LABEL, sha256))

    def token(self, kind: str, *parts: object) -> Token:
        """The keyed name of a thing said: of this kind, for these parties."""
        return hmac.digest(self.secret, json.dumps([kind, *map(str, parts)]).encode(), sha256)[:TOKEN_BYTES]


@dataclass(frozen=True)
class Features:
    """What an invoice is compared by, in one spelling. `amount` in minor units; absent references are None."""

    supplier: str
    debtor: str
    currency: str
    number: str
    amount: int
    issued: date
    due: date | None
    order: str | None
    despatch: str | None
    goods: tuple[str, ...]

    @property
    def serial(self) -> tuple[str, ...]:
        """The number's runs of digits, without padding."""
        return tuple(_DIGITS.findall(normalised_number(self.number)))


@dataclass(frozen=True)
class Sketch:
    """What is stored of an invoice."""

    tokens: frozenset[Token]
    marks: Marks


def features_of(invoice: Invoice, supplier_lei: str, debtor_lei: str) -> Features:
    """The features of a paper whose parties are known."""
    goods = {normalised_number(line.item_ids[0][1] if line.item_ids else line.item_name) for line in invoice.lines}
    return Features(
        supplier=supplier_lei,
        debtor=debtor_lei,
        currency=invoice.currency,
        number=invoice.number,
        amount=invoice.payable,
        issued=invoice.issue_date,
        due=invoice.due_date,
        order=_reference(invoice.order_reference),
        despatch=_reference(invoice.despatch_reference),
        goods=tuple(sorted(goods - {""})),
    )


def sketch(key: SketchKey, said: Features) -> Sketch:
    """One token for each thing said, and the marks by which a found pair is judged."""
    marks = Marks(
        supplier=key.token("supplier", said.debtor, said.supplier),
        currency=key.token("currency", said.debtor, said.currency),
        names_order=said.order is not None,
        names_despatch=said.despatch is not None,
    )
    return Sketch(frozenset(_stored(key, said)), marks)


def probes(key: SketchKey, said: Features) -> Probes:
    """Every token that would speak for a near-duplicate, with what it says; the heavier agreement where two meet."""
    found: Probes = {}
    for part in (_number_probes, _amount_probes, _date_probes, _reference_probes):
        for token, agreement in part(key, said):
            if token not in found or agreement.points > found[token].points:
                found[token] = agreement
    return found


def _stored(key: SketchKey, said: Features) -> Iterator[Token]:
    debt = (said.debtor, said.currency)
    yield key.token("number", said.supplier, normalised_number(said.number))
    if said.serial:
        yield _serial(key, said, said.serial, _month(said.issued))
    yield key.token("amount", *debt, said.amount)
    yield key.token("band", *debt, _band(said.amount))
    yield key.token("issued", said.debtor, said.issued)
    for token, _ in _unchanged(key, said):
        yield token


def _number_probes(key: SketchKey, said: Features) -> Iterator[tuple[Token, Agreement]]:
    whole = said.serial
    # A copy may have one run of digits more than its original, before or behind it.
    for serial in {whole, whole[1:], whole[:-1]} if len(whole) > 1 else {whole} - {()}:
        for month in range(_month(said.issued) - MONTHS_APART, _month(said.issued) + MONTHS_APART + 1):
            yield _serial(key, said, serial, month), SAME_DIGITS
    # Sign by sign, so that zeros which pad a number are there to be exchanged.
    padded = "".join(map(normalised_number, said.number))
    for exchanged in _exchanges(padded):
        yield key.token("number", said.supplier, unpadded(exchanged)), EXCHANGED_DIGITS


def _amount_probes(key: SketchKey, said: Features) -> Iterator[tuple[Token, Agreement]]:
    debt = (said.debtor, said.currency)
    yield key.token("amount", *debt, said.amount), SAME_AMOUNT
    for exchanged in _exchanges(str(said.amount)):
        yield key.token("amount", *debt, exchanged), EXCHANGED_AMOUNT
    band = _band(said.amount)
    for apart in range(-_BANDS_AROUND, _BANDS_AROUND + 1):
        yield key.token("band", *debt, band + apart), close_amounts(_percent(apart))
    for half in (_band(2 * said.amount), _band(max(1, said.amount // 2))):
        for apart in range(-_BANDS_AROUND_HALF, _BANDS_AROUND_HALF + 1):
            yield key.token("band", *debt, half + apart), HALF_AMOUNT


def _date_probes(key: SketchKey, said: Features) -> Iterator[tuple[Token, Agreement]]:
    for apart in range(-CLOSE_DAYS, CLOSE_DAYS + 1):
        day = said.issued + timedelta(days=apart)
        yield key.token("issued", said.debtor, day), CLOSE_ISSUE_DATE if apart else SAME_ISSUE_DATE


def _reference_probes(key: SketchKey, said: Features) -> Iterator[tuple[Token, Agreement]]:
    return _unchanged(key, said)


def _unchanged(key: SketchKey, said: Features) -> Iterator[tuple[Token, Agreement]]:
    """What is asked for just as it is stored."""
    if said.due is not None:
        yield key.token("due", said.debtor, said.due), SAME_DUE_DATE
    if said.order is not None:
        yield key.token("order", said.debtor, said.order), SAME_ORDER
    if said.despatch is not None:
        yield key.token("despatch", said.debtor, said.despatch), SAME_DESPATCH
    if said.goods:
        yield key.token("goods", said.debtor, *said.goods), SAME_GOODS


def _serial(key: SketchKey, said: Features, serial: tuple[str, ...], month: int) -> Token:
    return key.token("serial", said.supplier, said.debtor, month, *serial)


def _exchanges(text: str) -> Iterator[str]:
    """The text with each two different digits exchanged; only the last 17 digits take part."""
    places = [place for place, sign in enumerate(text) if sign.isdigit()][-_MOST_EXCHANGED:]
    for one, other in combinations(places, 2):
        if text[one] != text[other]:
            signs = list(text)
            signs[one], signs[other] = signs[other], signs[one]
            yield "".join(signs)


def _band(amount: int) -> int:
    """The amount's place on a scale with steps of half a per cent."""
    steps = _EXACT.divide(_EXACT.ln(Decimal(amount)), _BAND_LOGARITHM)
    return int(steps.to_integral_value(ROUND_FLOOR))


def _percent(bands_apart: int) -> str:
    """The most that amounts so many bands apart can differ by, in per cent of the smaller one."""
    most = (_EXACT.power(_BAND, abs(bands_apart) + 1) - 1) * 100
    return f"{most.quantize(Decimal('0.1'), rounding='ROUND_CEILING').normalize():f}"


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _reference(value: str | None) -> str | None:
    return normalised_number(value) or None if value else None
