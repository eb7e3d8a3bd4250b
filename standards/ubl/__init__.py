"""UBL 2.1 documents of logistics; invoices and orders have packages of their own."""

from standards.ubl.despatch_advice import DespatchAdvice, DespatchAdviceInvalid, parse_despatch_advice
from standards.ubl.despatch_event import despatch_to_epcis
from standards.ubl.reading import UblInvalid
from standards.ubl.receipt_advice import ReceiptAdvice, ReceiptAdviceInvalid, ReceiptLine, parse_receipt_advice
from standards.ubl.receipt_event import to_epcis
from standards.ubl.transport_events import status_to_epcis
from standards.ubl.transportation_status import (
    TransportationStatus,
    TransportationStatusInvalid,
    parse_transportation_status,
)

__all__ = [
    "DespatchAdvice",
    "DespatchAdviceInvalid",
    "ReceiptAdvice",
    "ReceiptAdviceInvalid",
    "ReceiptLine",
    "TransportationStatus",
    "TransportationStatusInvalid",
    "UblInvalid",
    "despatch_to_epcis",
    "parse_despatch_advice",
    "parse_receipt_advice",
    "parse_transportation_status",
    "status_to_epcis",
    "to_epcis",
]
