"""Notes held against the transcript again: which of their items it bears out as it reads now."""

from collections.abc import Iterator
from copy import deepcopy

from shared.domain.notes.fields import LIST_FIELDS
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.evidence import MOOD_FIELDS, TEXT_FIELDS, verify
from shared.domain.verification.quotes import cite

_NUMBER = "_number"
_SHOWN = "topic_summary"  # a field of sentences: any would do


def places(document: JsonObject) -> Iterator[list[JsonObject]]:
    """Every list of items or sentences that must show the words they came from."""
    yield from (document[field] for field in LIST_FIELDS)
    yield from (document["field_evidence"][field] for field in (*TEXT_FIELDS, *MOOD_FIELDS))
    yield from (section["sentences"] for section in document.get("sections", []))


def verdicts(document: JsonObject, transcript: Transcript) -> list[list[JsonObject | None]]:
    """For each of the document's ``places``, its items as they are borne out, and None for the others."""
    numbered = deepcopy(document)
    lists = list(places(numbered))
    for number, item in enumerate(item for place in lists for item in place):
        item[_NUMBER] = number
    sections = [sentence for section in numbered.get("sections", []) for sentence in section["sentences"]]
    items = {**numbered, "sections": []}  # verify leaves sections as they are: that is no verdict on them
    found = (verify(items, transcript), verify({"field_evidence": {_SHOWN: sections}}, transcript))
    standing = {
        item[_NUMBER]: {name: value for name, value in item.items() if name != _NUMBER}
        for notes in found
        for place in places(notes)
        for item in place
        if _NUMBER in item
    }
    return [[standing.get(item[_NUMBER]) for item in place] for place in lists]


def rechecked(document: JsonObject, transcript: Transcript) -> JsonObject:
    """``document`` after words of the transcript were corrected.

    Quotes read as they do now. An item that is not borne out any more is marked ``words_changed`` and
    not ``verified``, and of its evidence what is gone is marked ``changed``.
    """
    result = deepcopy(document)
    for place, found in zip(places(result), verdicts(result, transcript), strict=True):
        place[:] = [_reread(item, now, transcript) for item, now in zip(place, found, strict=True)]
    return result


def _reread(item: JsonObject, now: JsonObject | None, transcript: Transcript) -> JsonObject:
    if not item["verified"] or item.get("structural"):
        return item
    if now is not None:
        return now
    pieces = [(piece, cite(transcript, piece["segment"], piece["quote"])) for piece in item["evidence"]]
    evidence = [
        {**piece, "changed": True} if place is None else place.as_evidence() for piece, place in pieces
    ]
    kept = {name: value for name, value in item.items() if name != "support"}
    return {**kept, "evidence": evidence, "verified": False, "words_changed": True}
