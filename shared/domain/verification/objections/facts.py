"""Hard facts in a claim: numbers, doses, drugs, diagnoses, names and people must have been said."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shared.domain.english.numbers import amounts_claimed, amounts_in, is_borne_out
from shared.domain.english.quotes import find_run, words_of
from shared.domain.english.stems import stems_of
from shared.domain.vocabulary import phrases, words
from shared.domain.vocabulary.facts import (
    DIAGNOSES,
    DRUG_ENDINGS,
    DRUGS,
    GIVEN_NAMES,
    KINDS_OF_PEOPLE,
    PEOPLE,
)

NUMBER = "It gives a number that its evidence does not have."
MEDICATION = "It names a medication that its evidence does not have."
DIAGNOSIS = "It names a diagnosis that its evidence does not have."
NAME = "It names a person, place or day that its evidence does not have."

_SHORTEST_DRUG = 7  # letters from which an ending alone makes a drug's name
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_OPENS = re.compile(r"(?:^|[.?!:;(\n“\"])\s*$")
# Capitals that name no person: the speaker's word for themselves, and schools of therapy.
_NOT_NAMES = words("i speaker cbt dbt act emdr socratic ok okay gp er phq gad pcl nhs tv")
_DAYS = words("mondays tuesdays wednesdays thursdays fridays saturdays sundays")
_REFERS = words(
    "he he's he'd he'll him his she she's she'd she'll her hers they they're they'd them their it we us"
)


def invented_fact(claim: str, cited: str, session: str = "", *, is_topic: bool = False) -> str | None:
    """Why ``claim`` (without what it quotes) says more than ``cited``, or None.

    A relative may be named as anywhere in the ``session`` where ``cited`` has a pronoun: "he left" is about
    the father who was spoken of. A topic ("children") tells of no friend, partner or child in particular.
    """
    heard, claimed = words_of(cited), words_of(claim)
    spoken = {_bare(word) for word in heard}
    if _invents_amount(claim, cited):
        return NUMBER
    if any(is_drug(word) for word in claimed if word not in spoken):
        return MEDICATION
    if _invents_diagnosis(claimed, heard):
        return DIAGNOSIS
    if not spoken.issuperset(_named(claim)):
        return NAME
    people = heard if _REFERS.isdisjoint(heard) else (*heard, *words_of(session))
    return None if _people_said(claimed, people, is_topic=is_topic) else NAME


def _invents_amount(claim: str, cited: str) -> bool:
    said = amounts_in(cited)
    return not all(is_borne_out(amount, said) for amount in amounts_claimed(claim))


def _invents_diagnosis(claimed: Sequence[str], heard: Sequence[str]) -> bool:
    stems = stems_of(heard)
    return any(
        find_run(claimed, words_named) is not None and find_run(stems, stems_named) is None
        for words_named, stems_named in _diagnoses()
    )


def is_drug(word: str) -> bool:
    """Whether ``word`` names a drug: by the list, or by its ending."""
    return word in DRUGS or (len(word) >= _SHORTEST_DRUG and word.endswith(DRUG_ENDINGS))


@lru_cache(maxsize=1)
def _diagnoses() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    split = [words_of(phrase) for phrase in phrases(DIAGNOSES)]
    return tuple((named, stems_of(named)) for named in split)


def _people_said(claimed: Sequence[str], heard: Sequence[str], *, is_topic: bool) -> bool:
    groups = PEOPLE if is_topic else (*PEOPLE, *KINDS_OF_PEOPLE)
    return all(group & set(heard) for group in groups if group & set(claimed))


def _named(claim: str) -> Iterator[str]:
    """Words of ``claim`` that are names: by their capital within a sentence, or as given names."""
    found = list(_WORD.finditer(claim))
    is_title = _is_title([match.group() for match in found])
    for match in found:
        word = _bare(match.group().casefold().replace("’", "'"))
        inside = not _OPENS.search(claim[: match.start()])
        by_capital = match.group()[0].isupper() and inside and not is_title
        if word not in _NOT_NAMES and (by_capital or word in GIVEN_NAMES):
            yield word


def _is_title(words: Sequence[str]) -> bool:
    """Whether all longer words have a capital, so that capitals make no names."""
    long = [word for word in words if len(word) > 3]
    return len(long) > 1 and all(word[0].isupper() for word in long)


def _bare(word: str) -> str:
    """``word`` without a genitive's or contraction's ending ("I'm" is "i"); a day without its plural."""
    bare = word.split("'", 1)[0]
    return bare.removesuffix("s") if bare in _DAYS else bare
