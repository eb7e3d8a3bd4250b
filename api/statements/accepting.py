"""Which form of a statement a caller takes: by the query, or else by `Accept` (RFC 9110, section 12.5.1)."""

from typing import Final

from api.errors import NotAcceptable
from api.statements.schemas import Format

MEDIA: Final[dict[Format, str]] = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}


def form_of(accept: str | None, asked: Format | None) -> Format:
    """JSON where nothing is said; NotAcceptable where nothing that is taken can be given."""
    if asked is not None:
        return asked
    if accept is None or not accept.strip():
        return "json"
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    weighed = {form: _weight(ranges, media) for form, media in MEDIA.items()}
    best = max(weighed, key=lambda form: weighed[form])  # the first of equals
    if weighed[best] <= 0:
        forms = ", ".join(MEDIA.values())
        raise NotAcceptable("form-unknown", f"A statement is given as {forms}.", accept=accept[:200], forms=forms)
    return best


def _range(part: str) -> tuple[str, int]:
    """A media range with its weight in thousandths; one that is malformed weighs nothing."""
    media, *parameters = (each.strip().lower() for each in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, min(1_000, max(0, round(float(value) * 1_000)))
            except (ValueError, OverflowError):
                return media, 0
    return media, 1_000


def _weight(ranges: list[tuple[str, int]], media: str) -> int:
    """By the most exact range that names it."""
    kind = media.partition("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        found = [weight for named, weight in ranges if named == wanted]
        if found:
            return max(found)
    return 0
