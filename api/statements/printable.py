"""Text for PDFs. Their built-in fonts have the signs of Latin-1 and no others, so other letters are put in Latin ones
where there is a usual way, and by their code points where there is none: `<U+4E2D>`."""

import unicodedata
from typing import Final

_USUAL: Final = str.maketrans(
    {
        "€": "EUR", "–": "-", "—": "-", "−": "-", "‐": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"',
        "„": '"', "…": "...", "•": "*", "™": "(TM)", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe",
        "Œ": "OE", "ẞ": "SS", "ħ": "h", "Ħ": "H", "ŋ": "ng", "Ŋ": "NG", "ſ": "s",
    }
)  # fmt: skip


def printable(text: str) -> tuple[str, bool]:
    """The text in Latin-1, and whether any of it had to be written by code point."""
    if text.isascii() and text.isprintable():
        return text, False
    said, escaped = [], False
    for sign in unicodedata.normalize("NFC", text).translate(_USUAL):
        plain = _plain(sign)
        escaped |= plain is None
        said.append(f"<U+{ord(sign):04X}>" if plain is None else plain)
    return "".join(said), escaped


def _plain(sign: str) -> str | None:
    if _is_latin(sign):
        return sign
    bare = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return bare if bare and all(_is_latin(part) for part in bare) else None


def _is_latin(sign: str) -> bool:
    return " " <= sign <= "~" or "\u00a1" <= sign <= "\u00ff"
