"""Which event of which standard says what of the goods, and which milestone that is. Data, not code.

The first row that fits decides, so the row that needs more stands first. What is missing here moves no money:
a gate-out may be the shipper's or the terminal's, and an equipment inspection (INSP) does not say how it ended. A
despatch advice is the word of its sender, to whom the money goes, and often older than the transport: it moves nothing,
whoever holds it. That goods were collected or delivered is the carrier's word on what the shipper loads and the
receiver accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chain_node.client import Milestone
from oracles.canonical import Activity, Kind, Standard

EPCIS, DCSA, UBL = Standard.EPCIS, Standard.DCSA, Standard.UBL
DESPATCH, STATUS = Standard.UBL_DESPATCH, Standard.UBL_STATUS

# Traits that adapters set.
BILL_OF_LADING: Final = "bill of lading"
LADEN: Final = "laden"
CONFORMANT: Final = "conformant"
NON_CONFORMANT: Final = "non-conformant"
VOID_SHIPPING: Final = "void_shipping"
SHIPPING: Final = "shipping"


@dataclass(frozen=True)
class Row:
    """Events of `standard` with this `code` and all these traits are of this `kind`."""

    standard: Standard
    code: str
    kind: Kind
    needs: frozenset[str] = frozenset()

    def fits(self, activity: Activity) -> bool:
        return (self.standard, self.code) == (activity.standard, activity.code) and self.needs <= activity.traits


ROWS: Final = (
    Row(EPCIS, "loading", Kind.GOODS_LOADED),
    Row(EPCIS, SHIPPING, Kind.GOODS_LOADED, frozenset({BILL_OF_LADING})),
    Row(EPCIS, "departing", Kind.DEPARTED),
    Row(EPCIS, "arriving", Kind.ARRIVED),
    Row(EPCIS, "unloading", Kind.DISCHARGED),
    Row(EPCIS, "receiving", Kind.RECEIVED),
    Row(EPCIS, "accepting", Kind.RECEIVED),
    Row(EPCIS, "storing", Kind.STORED),
    Row(EPCIS, "holding", Kind.STORED),
    Row(EPCIS, "picking", Kind.RELEASED),
    Row(EPCIS, "inspecting", Kind.INSPECTION_FAILED, frozenset({NON_CONFORMANT})),
    Row(EPCIS, "inspecting", Kind.INSPECTED, frozenset({CONFORMANT})),
    Row(EPCIS, "destroying", Kind.LOST),
    Row(EPCIS, VOID_SHIPPING, Kind.RETRACTED),
    Row(DCSA, "EQUIPMENT/LOAD", Kind.GOODS_LOADED, frozenset({LADEN})),
    Row(DCSA, "TRANSPORT/DEPA", Kind.DEPARTED),
    Row(DCSA, "TRANSPORT/ARRI", Kind.ARRIVED),
    Row(DCSA, "EQUIPMENT/DISC", Kind.DISCHARGED, frozenset({LADEN})),
    Row(DCSA, "EQUIPMENT/GTOT", Kind.GATE_OUT),
    Row(DCSA, "EQUIPMENT/STRP", Kind.STORED),
    Row(DCSA, "EQUIPMENT/STUF", Kind.RELEASED),
    Row(DCSA, "SHIPMENT/TRD/ISSU", Kind.TITLE_CHANGED),
    Row(DCSA, "SHIPMENT/TRD/SURR", Kind.TITLE_CHANGED),
    Row(DCSA, "SHIPMENT/TRD/VOID", Kind.TITLE_CHANGED),
    Row(UBL, "ReceiptAdvice/S", Kind.RECEIVED),
    Row(DESPATCH, "DespatchAdvice/1", Kind.DESPATCHED),
    Row(DESPATCH, "DespatchAdvice/2", Kind.DESPATCHED),
    Row(STATUS, "TransportationStatus/1", Kind.ARRIVED),
    Row(STATUS, "TransportationStatus/40", Kind.ARRIVED),
    Row(STATUS, "TransportationStatus/13", Kind.COLLECTED),
    Row(STATUS, "TransportationStatus/18", Kind.DAMAGED),
    Row(STATUS, "TransportationStatus/218", Kind.DAMAGED),
    Row(STATUS, "TransportationStatus/21", Kind.DELIVERED),
    Row(STATUS, "TransportationStatus/22", Kind.DELIVERED),
    Row(STATUS, "TransportationStatus/24", Kind.DEPARTED),
    Row(STATUS, "TransportationStatus/127", Kind.DEPARTED),
    Row(STATUS, "TransportationStatus/27", Kind.DESPATCHED),
    Row(STATUS, "TransportationStatus/29", Kind.DISCHARGED),
    Row(STATUS, "TransportationStatus/48", Kind.GOODS_LOADED),
    Row(STATUS, "TransportationStatus/49", Kind.LOST),
    Row(STATUS, "TransportationStatus/91", Kind.STORED),
)

MILESTONE_OF: Final = {
    Kind.GOODS_LOADED: Milestone.LOADED,
    Kind.DEPARTED: Milestone.DEPARTED,
    Kind.ARRIVED: Milestone.ARRIVED,
    Kind.DISCHARGED: Milestone.DISCHARGED,
    Kind.RECEIVED: Milestone.RECEIVED,
    Kind.STORED: Milestone.STORED,
    Kind.INSPECTED: Milestone.INSPECTED,
    Kind.RELEASED: Milestone.RELEASED,
    Kind.LOST: Milestone.LOST,
}

ATTESTABLE: Final = frozenset(MILESTONE_OF.values())
"""ACCEPTED is read from the state of the contracts and never attested."""


def kind_of(activity: Activity) -> Kind | None:
    return next((row.kind for row in ROWS if row.fits(activity)), None)


def milestone_of(kind: Kind | None) -> Milestone | None:
    return None if kind is None else MILESTONE_OF.get(kind)
