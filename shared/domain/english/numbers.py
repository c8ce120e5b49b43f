"""Numbers as they are spoken and as they are written, made comparable."""

import re
from collections.abc import Iterator, Sequence

from shared.domain.english.quotes import words_of
from shared.domain.english.sentence_ends import SENTENCE_END

_BELOW_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_BY_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = dict(zip(_BELOW_TWENTY.split(), range(20), strict=True)) | dict(
    zip(_BY_TENS.split(), range(20, 100, 10), strict=True)
)
_SCALES = {"hundred": 100, "thousand": 1000}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
    "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20,
    "thirtieth": 30, "twice": 2, "dozen": 12,
}  # fmt: skip
# Too plain to be a count ("one of them", "on the one hand"); the digit 1 is still a number.
_PLAIN = frozenset({"one", "zero", "first", "second"})

_UNITS = {
    "mg": "mg milligram milligrams mgs", "mcg": "mcg microgram micrograms", "g": "g gram grams",
    "ml": "ml milliliter milliliters millilitre millilitres", "tablet": "tablet tablets pill pills capsules",
    "second": "seconds", "minute": "minute minutes mins", "hour": "hour hours hrs", "day": "day days",
    "night": "night nights", "week": "week weeks", "month": "month months", "year": "year years",
    "percent": "percent %", "kilo": "kilo kilos kg kilograms", "pound": "pound pounds lbs",
    "drink": "drinks beers glasses bottles", "time": "times",
}  # fmt: skip
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
DOSE_UNITS = frozenset({"mg", "mcg", "g", "ml"})
_GLUED = re.compile(r"(\d+(?:point\d+)?)(mg|mcg|g|ml|kg|am|pm|h|x|lbs)")
_DECIMAL = re.compile(r"(\d)[.](\d)")
_FORTNIGHT = re.compile(r"\bfortnight\b", re.IGNORECASE)

Amount = tuple[str, str]
"""A number in digits, and its unit or an empty string."""


def amounts_in(text: str) -> set[Amount]:
    """Every number in ``text`` with the unit that follows it; "twenty five" is one number, 25."""
    return _of_sentences(text, plain=True)


def amounts_claimed(text: str) -> set[Amount]:
    """As ``amounts_in``, without the words that are hardly ever meant as a count ("one")."""
    return _of_sentences(text, plain=False)


def _of_sentences(text: str, plain: bool) -> set[Amount]:
    """The numbers of each sentence by itself: "Eight. Eight and a half." holds no 88."""
    parts = SENTENCE_END.split(text)
    return {amount for part in parts for amount in _amounts(_written(part), plain=plain)}


def is_borne_out(claimed: Amount, said: set[Amount]) -> bool:
    """Whether a claimed amount was said: the same number, and no other unit; a dose needs its unit."""
    number, unit = claimed
    units = {other for value, other in said if value == number}
    if not units:
        return False
    if unit in DOSE_UNITS or (units & DOSE_UNITS and unit):
        return unit in units
    return not unit or unit in units or "" in units


def _written(text: str) -> list[str]:
    """The words of ``text``; "50mg" is taken apart, "10.5" kept together."""
    whole = _DECIMAL.sub(r"\1point\2", _FORTNIGHT.sub("two weeks", text.replace("%", " percent ")))
    return [part for word in words_of(whole) for part in _unglued(word)]


def _unglued(word: str) -> tuple[str, ...]:
    glued = _GLUED.fullmatch(word)
    return (glued.group(1), glued.group(2)) if glued else (word,)


def _amounts(words: Sequence[str], plain: bool) -> Iterator[Amount]:
    index = 0
    while index < len(words):
        values, after = _run(words, index)
        if not values:
            index += 1
            continue
        unit = _UNIT_OF.get(words[after], "") if after < len(words) else ""
        alone = after - index == 1 and words[index] in _PLAIN
        if plain or not alone or unit in DOSE_UNITS:
            for value in values[:-1]:
                yield value, ""
            yield values[-1], unit
            if len(values) > 1:  # "nineteen ninety five" is a year, "four thirty" a time
                yield "".join(values), unit
        index = after


def _run(words: Sequence[str], start: int) -> tuple[list[str], int]:
    """The numbers of the run of number words that begins at ``start``, and where it ends."""
    found: list[str] = []
    index = start
    while index < len(words):
        value, after = _one(words, index)
        if value is None:
            break
        found.append(value)
        index = after
    return found, index


def _one(words: Sequence[str], index: int) -> tuple[str | None, int]:
    """The number that begins at ``index``, in digits, and where it ends; None where none does."""
    word = words[index]
    digits = re.fullmatch(r"(\d+(?:point\d+)?)(?:st|nd|rd|th|s)?", word)
    if digits:
        return digits.group(1), index + 1
    alone = _ORDINALS.get(word) or _SCALES.get(word)  # "a hundred"
    if alone:
        return str(alone), index + 1
    if word not in _VALUES:
        return None, index
    value, index = _VALUES[word], index + 1
    after = _at(words, index)
    below_ten = _VALUES.get(after, 0) or _ORDINALS.get(after, 0)
    if value >= 20 and 0 < below_ten < 10 and after != "twice":
        value, index = value + below_ten, index + 1
    value, index = _scaled(words, index, value)
    return str(value), index


def _scaled(words: Sequence[str], index: int, value: int) -> tuple[int, int]:
    """``value`` with the hundreds and thousands that follow it, and what is added to them."""
    while _at(words, index) in _SCALES:
        value, index = value * _SCALES[words[index]], index + 1
        if _at(words, index) == "and" and _at(words, index + 1) in _VALUES:
            index += 1
        if _at(words, index) in _VALUES:
            rest, index = _one(words, index)
            value += int(rest or 0)
    return value, index


def _at(words: Sequence[str], index: int) -> str:
    return words[index] if index < len(words) else ""
