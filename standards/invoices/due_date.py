"""The day an invoice falls due: as stated, or from payment terms in free text where these leave no doubt."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

LONGEST_TENOR_DAYS: Final = 365

_DAYS: Final = r"(?:days?|dagar|dager|dage|dagen|tage?n?|jours|d[ií]as|giorni|dni|päivää)"
_TENOR: Final = re.compile(rf"(?<![\d.,])(\d{{1,3}})\s*(?:calendar\s+|kalender)?{_DAYS}\b", re.IGNORECASE)
_NET: Final = re.compile(r"\bnet(?:to)?\s*(\d{1,3})(?![\d.,%])", re.IGNORECASE)
# XRechnung's structured early-payment and interest lines (BT-20): they never move the due date.
_STRUCTURED: Final = re.compile(r"#(?:SKONTO|VERZUG)#[^\n]*", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"[.;!?\n](?=\s|$)|\n")
# Sentences about discounts and interest stand beside the net term and do not move it.
_MONEY_MATTER: Final = re.compile(
    r"%|discount|skonto|rabatt?|korting|escompte|sconto|penalty|interest|ränta|zins|verzug|late|reminder", re.IGNORECASE
)
# Another start than the invoice's date, or payment in parts
_OTHER_START: Final = re.compile(
    r"month|monat|måned|månad|mois|maand|deliver|liefer|lever|receipt|receiv|erhalt|zugang|réception|mottag"
    r"|ontvangst|prepa|advance|instal|before|\beom\b|\bfm\b|fin de",
    re.IGNORECASE,
)


def due_date(stated: date | None, terms: str, issued: date) -> tuple[date | None, bool]:
    """Return (due date, whether it was taken from the terms' text)."""
    if stated is not None:
        return stated, False
    tenor = tenor_days(terms)
    return (None, False) if tenor is None else (issued + timedelta(days=tenor), True)


def tenor_days(terms: str) -> int | None:
    """Return the one number of days from the invoice's date that `terms` grant.

    None where they grant none, several, or count from something else than the invoice's date (delivery, receipt,
    the month's end): a due date is what a debtor accepts, so a guess is worse than a refusal.
    """
    found: set[int] = set()
    for sentence in _SENTENCE_END.split(_STRUCTURED.sub("\n", terms)):
        granted = {int(match) for match in _TENOR.findall(sentence) + _NET.findall(sentence)}
        if granted and _OTHER_START.search(sentence):
            return None
        if not _MONEY_MATTER.search(sentence):
            found |= granted
    if len(found) != 1:
        return None
    days = found.pop()
    return days if days <= LONGEST_TENOR_DAYS else None
