"""The tables of a rules file: what a rule asks of an event, and what follows where it fits."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from chain_node.client import Milestone
from chain_node.references import REFERENCE_KINDS
from oracles.canonical import Activity, CanonicalEvent, Classifier, Kind, Place, Standard
from oracles.rules.codes import TRAITS, is_code
from standards.epcis.vocabulary import DISPOSITIONS, TRANSACTION_TYPES
from standards.identifiers import IdentifierInvalid, gln, lei, named, unlocode

ATTESTABLE: Final = frozenset(Milestone) - {Milestone.ACCEPTED}
"""ACCEPTED is read from the state of the contracts and never attested."""

_CHECKED: Final = {"gln": gln, "lei": lei, "unlocode": unlocode}
_THOUSAND: Final = 1000


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value


def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("the list is empty")
    if len(set(values)) != len(values):
        raise ValueError("it lists something twice")
    return values


def _one_of(known: frozenset[str], what: str, own: bool = False) -> AfterValidator:
    def check(text: str) -> str:
        if text not in known and not (own and ":" in text):
            raise ValueError(f"{text!r} is no {what}; known are {', '.join(sorted(known))}")
        return text

    return AfterValidator(check)


def _milestone(value: Any) -> Any:
    names = {milestone.name: milestone for milestone in ATTESTABLE}
    if isinstance(value, str) and value not in names:
        raise ValueError(f"{value!r} is no milestone to attest; they are {', '.join(sorted(names))}")
    return names[value] if isinstance(value, str) else value


def _named(text: str) -> str:
    """`gln:…`, `lei:…`, `unlocode:…` with their check, or the id of a place or party as papers have it."""
    scheme, _, code = text.partition(":")
    if scheme not in _CHECKED:
        return text
    try:
        return f"{scheme}:{_CHECKED[scheme](code.partition('/')[0])}{code[code.find('/') :] if '/' in code else ''}"
    except IdentifierInvalid as error:
        raise ValueError(str(error)) from error


def _thousandths(value: Any) -> Any:
    """A quantity as a rule writes it, 950 or "2.5", in thousandths."""
    try:
        exact = Decimal(value) * _THOUSAND if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ArithmeticError:
        exact = None
    if exact is None or not exact.is_finite() or exact != exact.to_integral_value() or exact <= 0:
        raise ValueError(f"{value!r} is no quantity: a number above 0, one with a point in quotes, to the thousandth")
    return int(exact)


def _listed(item: Any) -> Any:
    return Annotated[tuple[item, ...], BeforeValidator(_as_tuple), AfterValidator(_filled)]


Trait = Annotated[str, _one_of(TRAITS, "trait")]
Disposition = Annotated[str, _one_of(DISPOSITIONS, "disposition", own=True)]
PaperType = Annotated[str, _one_of(TRANSACTION_TYPES, "type of document", own=True)]
ReferenceKind = Annotated[str, _one_of(frozenset(REFERENCE_KINDS), "kind of reference")]
AttestedMilestone = Annotated[Milestone, BeforeValidator(_milestone)]
Named = Annotated[str, AfterValidator(_named)]
Unit = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Code = Annotated[str, Field(min_length=1)]


class Conditions(BaseModel):
    """What a rule asks of an event: all that it names; of a list one is enough, of `traits` all.

    `place` means the place and what lies within it; `party` anybody whom the event or its document names, `sender` who
    sent the document.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    standard: _listed(Standard) | None = None  # type: ignore[valid-type]
    code: _listed(Code) | None = None  # type: ignore[valid-type]
    traits: _listed(Trait) | None = None  # type: ignore[valid-type]
    without: _listed(Trait) | None = None  # type: ignore[valid-type]
    disposition: _listed(Disposition) | None = None  # type: ignore[valid-type]
    place: _listed(Named) | None = None  # type: ignore[valid-type]
    documents: _listed(PaperType) | None = None  # type: ignore[valid-type]
    party: _listed(Named) | None = None  # type: ignore[valid-type]
    sender: _listed(Named) | None = None  # type: ignore[valid-type]
    unit: _listed(Unit) | None = None  # type: ignore[valid-type]
    classifier: _listed(Classifier) | None = None  # type: ignore[valid-type]

    @field_validator("code")
    @classmethod
    def _codes_are_of_the_standard(cls, codes: Any, given: ValidationInfo) -> Any:
        # A standard that is wrong itself has its own sentence.
        standards = given.data.get("standard", ())
        if standards is None:
            raise ValueError("a code needs its standard")
        for code in codes or ():
            if not all(is_code(standard, code) for standard in standards):
                raise ValueError(f"{code!r} is no code of {' and '.join(standards)}")
        return codes

    def fits_activity(self, activity: Activity) -> bool:
        """What can be told without the rest of the event."""
        return (
            (self.standard is None or activity.standard in self.standard)
            and (self.code is None or activity.code in self.code)
            and (self.traits is None or activity.traits.issuperset(self.traits))
            and (self.without is None or activity.traits.isdisjoint(self.without))
        )

    @property
    def asks_more(self) -> bool:
        """Whether it asks for anything beyond the activity."""
        return any(getattr(self, name) is not None for name in BEYOND_ACTIVITY)

    def fits(self, event: CanonicalEvent) -> bool:
        return self.fits_activity(event.activity) and (not self.asks_more or self._fits_more(event))

    def _fits_more(self, event: CanonicalEvent) -> bool:
        return (
            (self.disposition is None or event.disposition in self.disposition)
            and (self.unit is None or event.unit in self.unit)
            and (self.classifier is None or event.classifier in self.classifier)
            and (self.place is None or _is_within(event.place, self.place))
            and (self.documents is None or any(its.type in self.documents for its in event.documents))
            and (self.party is None or any(_names(event, self.party)))
            and (self.sender is None or any(_names(event, self.sender, "sender")))
        )


BEYOND_ACTIVITY: Final = ("disposition", "place", "documents", "party", "sender", "unit", "classifier")


class KindRule(Conditions):
    """Events that fit are of this kind."""

    name: Name
    standard: _listed(Standard)  # type: ignore[valid-type]
    code: _listed(Code)  # type: ignore[valid-type]
    kind: Kind


class MilestoneRule(BaseModel):
    """Events of this kind support this milestone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    milestone: AttestedMilestone


class AttestRule(Conditions):
    """This node attests these milestones for events that fit, if they have what the rule asks for besides."""

    name: Name
    milestones: _listed(AttestedMilestone) | None = None  # type: ignore[valid-type]
    least_quantity: Annotated[int, BeforeValidator(_thousandths)] | None = None
    """In units; kept in thousandths."""
    needs: _listed(ReferenceKind) | None = None  # type: ignore[valid-type]
    """References that all must be there."""
    measures: _listed(Unit) | None = None  # type: ignore[valid-type]
    """Units in which it measures; an event without a measured quantity has none of them."""
    most_age_hours: Annotated[int, Field(gt=0, le=24 * 3650)] | None = None


class HoldRule(Conditions):
    """Events that fit are shown to the operator before anything of them is signed."""

    name: Name
    milestones: _listed(AttestedMilestone) | None = None  # type: ignore[valid-type]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


def _is_within(place: Place | None, wanted: tuple[str, ...]) -> bool:
    if place is None:
        return False
    known = f"{place.scheme}:{place.code}"
    return any(known == its or known.startswith(f"{its}/") or _is_same(place, its) for its in wanted)


def _is_same(place: Place, wanted: str) -> bool:
    name = named(wanted)
    return place.id == wanted or (place.scheme, place.code) == tuple(name)


def _names(event: CanonicalEvent, wanted: tuple[str, ...], role: str | None = None) -> list[bool]:
    """For each party of the role, or each at all, whether it is wanted."""
    return [
        f"{its.scheme}:{its.code}" in wanted or its.code in wanted for its in event.parties if role in (None, its.role)
    ]
