"""Names as screening compares them: pure functions, the same names always get the same score and reasons.

A name is brought into one spelling (case, diacritics, Cyrillic and Greek letters, signs, legal forms) and compared by
several scorers of rapidfuzz; the best of them counts. Scripts that are not transliterated here (Arabic, Chinese, ...)
compare among themselves: have both spellings in the list.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

_TRANSLITERATED: Final = """
а a б b в v г g д d е e ж zh з z и i к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch ы y э e
ю iu я ia є e і i ґ g ј j љ lj њ nj ћ c џ dz ђ dj
α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s τ t υ y φ f χ ch ψ ps ω o ς s
ß ss ø o ł l đ d ð d þ th æ ae œ oe ı i ħ h ŋ n
"""
_PAIRS: Final = _TRANSLITERATED.split()
_LETTERS: Final = str.maketrans({**dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)), "ъ": "", "ь": ""})
_FORMS: Final = """
ab ag as aps bv co company corp corporation doo gmbh gesellschaft inc incorporated jsc kg kgaa limited llc llp ltd
mbh nv oao ohg ooo oy oyj pao pjsc plc pte pty sa sarl sas se sl spa spzoo srl the ug zao
"""
_LEGAL_FORMS: Final = frozenset(_FORMS.split())
_DROPPED: Final = "'’`.\u00ad"
_JOINED: Final = (("s p z o o", "spzoo"), ("d o o", "doo"), ("s a r l", "sarl"), ("s a", "sa"), ("s p a", "spa"))


def normalised(name: str) -> str:
    """One spelling of a name: small Latin letters and digits, words apart by single spaces. Idempotent."""
    text = unicodedata.normalize("NFKD", name.casefold())
    # Marks go before letters are replaced, so that й and ё count as their base, as their transliteration does.
    text = "".join(sign for sign in text if not unicodedata.combining(sign)).translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text.casefold())
    kept = (
        sign if sign.isalnum() else " " for sign in text if sign not in "'’`.\u00ad" and not unicodedata.combining(sign)
    )
    return " ".join("".join(kept).split())


def essential(name: str) -> str:
    """The normalised name without its legal forms, its words in order of the alphabet; all of it where it is nothing
    else."""
    spaced = f" {normalised(name.replace('.', ' '))} "
    for apart, together in _JOINED:
        spaced = spaced.replace(f" {apart} ", f" {together} ")
    words = spaced.split()
    telling = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(sorted(telling or words))


@dataclass(frozen=True)
class Score:
    """How alike two names are, in percent rounded down, and what each scorer said."""

    percent: int
    reasons: dict[str, int]


def _without_spaces(first: str, second: str) -> float:
    return float(fuzz.ratio(first.replace(" ", ""), second.replace(" ", "")))


def _same_words(first: str, second: str) -> float:
    """Whether the words of one are among the other's. One word alone tells less, so it counts for less."""
    weight = 0.95 if min(first.count(" "), second.count(" ")) >= 1 else 0.8
    return float(fuzz.token_set_ratio(first, second)) * weight


def _beginnings(first: str, second: str) -> float:
    return 100 * max(JaroWinkler.similarity(first, second), JaroWinkler.similarity(second, first)) * 0.95


_SCORERS: Final = {
    "words in any order": lambda first, second: float(fuzz.token_sort_ratio(first, second)),
    "written together": _without_spaces,
    "words among others": _same_words,
    "beginnings": _beginnings,
}


def compare(first: str, second: str) -> Score:
    """Two essential names. 100 where they are the same; never more for names that have nothing in common than by
    chance."""
    if not first or not second:
        return Score(0, {})
    reasons = {name: int(scorer(first, second)) for name, scorer in _SCORERS.items()}
    return Score(max(reasons.values()), reasons)


class Choices:
    """Essential names to be searched many times."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self._joined = [name.replace(" ", "") for name in self.names]

    def likely(self, query: str, threshold: int) -> list[int]:
        """Which names reach the threshold by any scorer, by their places: what `compare` would say of each, but
        rapidfuzz passes over most of them in one go."""
        if not query:
            return []
        queries = (
            (query, self.names, fuzz.token_sort_ratio, threshold),
            (query, self.names, fuzz.token_set_ratio, threshold),
            (query.replace(" ", ""), self._joined, fuzz.ratio, threshold),
            # A little below, as it need not be the same both ways.
            (query, self.names, JaroWinkler.normalized_similarity, min(1.0, threshold / 95 - 0.02)),
        )
        found: set[int] = set()
        for asked, names, scorer, cutoff in queries:
            hits = process.extract(asked, names, scorer=scorer, processor=None, limit=None, score_cutoff=cutoff)
            found.update(place for _, _, place in hits)
        return sorted(place for place in found if compare(query, self.names[place]).percent >= threshold)
