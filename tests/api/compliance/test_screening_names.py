"""Names in one spelling, and how alike they are."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.compliance.screening.names import Choices, compare, essential, normalised

names = st.text(max_size=30) | st.lists(
    st.sampled_from(
        ["Acme", "Supplies", "GmbH", "Müller", "Söhne", "Газпром", "ООО", "Παπα", "S.A.", "Łódź", "O'Neil"]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)


@given(names)
def test_a_spelling_is_its_own_spelling(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)
    assert essential(essential(name)) == essential(name)


@given(names)
def test_case_and_composition_of_letters_do_not_count(name: str) -> None:
    assert normalised(unicodedata.normalize("NFD", name)) == normalised(unicodedata.normalize("NFC", name))
    assert normalised(name.upper().casefold()) == normalised(name.casefold())


@given(st.lists(st.sampled_from(["acme", "supplies", "nord", "Küste", "Ltd"]), min_size=1, max_size=5), st.randoms())
def test_the_order_of_words_does_not_count(words: list[str], chance: object) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert essential(" ".join(shuffled)) == essential(" ".join(words))


@given(names, names)
def test_scores_are_the_same_both_ways_and_within_bounds(first: str, second: str) -> None:
    one, other = essential(first), essential(second)

    assert compare(one, other) == compare(other, one)
    assert 0 <= compare(one, other).percent <= 100
    assert compare(one, one).percent == (100 if one else 0)


@given(names, st.lists(names, max_size=8), st.integers(50, 100))
def test_the_quick_search_finds_what_comparing_each_would(query: str, choices: list[str], threshold: int) -> None:
    own, others = essential(query), [essential(choice) for choice in choices]

    expected = [place for place, other in enumerate(others) if compare(own, other).percent >= threshold]

    assert Choices(others).likely(own, threshold) == expected


@pytest.mark.parametrize(
    ("ours", "listed"),
    [
        ("ООО «Газпром»", "Gazprom OOO"),
        ("Müller & Söhne GmbH", "Muller Sohne"),
        ("Borealis Retail", "Retail Borealis Ltd."),
        ("Sea Star S.A.", "SEASTAR SA"),
        ("Erika Mustermann", "MUSTERMANN, Erica"),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos"),
        ("Łódź Handel sp. z o.o.", "Lodz Handel"),
        ("Владимир Иванов", "Vladimir Ivanov"),
    ],
)
def test_what_a_person_would_take_for_the_same_reaches_the_threshold(ours: str, listed: str) -> None:
    assert compare(essential(ours), essential(listed)).percent >= 85


@pytest.mark.parametrize(
    ("ours", "listed"),
    [
        ("Acme Supplies", "Zenith Trading"),
        ("Borealis Retail GmbH", "Aurora Holding GmbH"),
        ("ООО Вектор", "ООО Меридиан"),
    ],
)
def test_what_nobody_would_does_not(ours: str, listed: str) -> None:
    assert compare(essential(ours), essential(listed)).percent < 85
