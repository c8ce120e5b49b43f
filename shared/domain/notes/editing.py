"""A clinician's edit, held against the transcript: nothing of it is lost, nothing passes for heard.

What the transcript bears out stays verified. What it does not is the clinician's own word: it stays
where it was written, marked ``by_clinician`` and not ``verified``. Evidence that is not in the
transcript is dropped. A risk flag that the edit leaves out is kept apart as set aside.
"""

from collections.abc import Collection
from copy import deepcopy

from shared.domain.errors import InvalidInput
from shared.domain.notes.completeness import completeness
from shared.domain.notes.rechecking import places, verdicts
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import SET_ASIDE, risk_statement
from shared.domain.verification.claims import NOT_FOUND
from shared.domain.verification.evidence import MOOD_FIELDS, TEXT_FIELDS
from shared.domain.verification.quotes import cite
from shared.domain.verification.sentences import check_text, split

# What an edit cannot set: it is the engine's, the check's or the signature's to say.
OURS = frozenset({
    "engine", "draft", "unsupported", "risk_statement", "provenance", "completeness", "needs_review",
    "review_reasons", "written_parts", "schema_version", "risk_readers",
})  # fmt: skip


def edited(edit: JsonObject, base: JsonObject, transcript: Transcript) -> JsonObject:
    """The document of NotesSchema that comes of ``edit`` (what a person sent) of ``base``.

    Fields that ``edit`` lacks stay as they are in ``base``; so does what only we may set. Of a text
    and its sentences the one that was changed counts, and the text if both were.
    """
    wanted = {name: value for name, value in edit.items() if name not in OURS}
    document: JsonObject = deepcopy({**base, **wanted})
    before = base["field_evidence"]
    sentences = document["field_evidence"] = deepcopy({**before, **wanted.get("field_evidence", {})})
    for field in TEXT_FIELDS:
        if document[field] != base[field]:
            sentences[field] = _sentences(document[field], [*sentences[field], *before[field]], transcript)
    for field in MOOD_FIELDS:
        if document[field] != base[field] and sentences[field] == before[field]:
            sentences[field] = []  # they say why the mood was another
    document["unsupported"] = [*deepcopy(base.get("unsupported", [])), *_set_aside(base, document)]
    return checked(document, transcript, quotes_sent="significant_quotes" in wanted)


def merged(
    base: JsonObject, offered: JsonObject, fields: Collection[str], transcript: Transcript
) -> JsonObject:
    """``base`` with these fields of ``offered`` in the place of its own."""
    taken = {name: deepcopy(offered[name]) for name in fields}
    sentences = {
        name: offered["field_evidence"][name] for name in fields if name in offered["field_evidence"]
    }
    return edited({**taken, "field_evidence": deepcopy(sentences)}, base, transcript)


def checked(document: JsonObject, transcript: Transcript, *, quotes_sent: bool = True) -> JsonObject:
    """``document`` with each item marked as the transcript bears it out or as the clinician's own.

    Raises InvalidInput for a significant quote that the transcript does not have; if they were not sent,
    it is set aside.
    """
    for place, found in zip(places(document), verdicts(document, transcript), strict=True):
        place[:] = [_marked(item, now, transcript) for item, now in zip(place, found, strict=True)]
    said_before, statement = document["risk_statement"], risk_statement(document, transcript)
    for section in document.get("sections", []):
        section["sentences"] = [
            _ours(statement) if sentence["sentence"] in (said_before, statement) else sentence
            for sentence in section["sentences"]
        ]
    fallen = [quote for quote in document["significant_quotes"] if not quote["verified"]]
    if fallen and quotes_sent:
        raise InvalidInput(
            "A significant quote is not in the transcript. Quote what was said, or write it elsewhere.",
            "quote_not_said",
        )
    # Said when they were quoted, and corrected since.
    document["significant_quotes"] = [quote for quote in document["significant_quotes"] if quote["verified"]]
    aside = [{"field": "significant_quotes", "item": quote, "reason": NOT_FOUND} for quote in fallen]
    document["unsupported"] = [*document["unsupported"], *aside]
    for field in TEXT_FIELDS:
        document[field] = " ".join(s["sentence"] for s in document["field_evidence"][field])
    document["risk_statement"] = statement
    return {**document, "completeness": completeness(document, transcript)}


def _ours(statement: str) -> JsonObject:
    """A part of a template repeats the statement about risk, which is made and not quoted."""
    return {"sentence": statement, "structural": True, "evidence": [], "verified": True}


# What only the check says of an item, each time anew.
_VERDICTS = frozenset({"by_clinician", "words_changed"})


def _marked(item: JsonObject, found: JsonObject | None, transcript: Transcript) -> JsonObject:
    if found is not None:
        return {name: value for name, value in found.items() if name not in _VERDICTS}
    own = {name: value for name, value in item.items() if name not in {*_VERDICTS, "support"}}
    said = [cite(transcript, piece["segment"], piece["quote"]) for piece in item.get("evidence", [])]
    evidence = [place.as_evidence() for place in said if place is not None]
    return {**own, "evidence": evidence, "verified": False, "by_clinician": True}


def _sentences(text: str, known: list[JsonObject], transcript: Transcript) -> list[JsonObject]:
    """``text`` as sentences: the ``known`` ones with their evidence, for the others it is looked for."""
    found: list[JsonObject] = []
    rest = text.strip()
    by_length = sorted((s for s in known if s["sentence"]), key=lambda item: -len(item["sentence"]))
    while rest:
        same = next((s for s in by_length if rest.startswith(s["sentence"])), None)
        sentence = same["sentence"] if same else next(iter(split(rest)), rest)
        found += [deepcopy(same)] if same else check_text(sentence, transcript) or [_wordless(sentence)]
        rest = rest[len(sentence) :].strip()
    return [{name: value for name, value in item.items() if name != "reason"} for item in found]


def _wordless(sentence: str) -> JsonObject:
    return {"sentence": sentence, "structural": False, "evidence": []}


def _set_aside(base: JsonObject, document: JsonObject) -> list[JsonObject]:
    """The risk flags of ``base`` that no flag of the same type on the same passage stands for now."""
    kept = {(flag["type"], piece["segment"]) for flag in document["risk_flags"] for piece in flag["evidence"]}
    return [
        {"field": "risk_flags", "item": deepcopy(flag), "reason": SET_ASIDE}
        for flag in base["risk_flags"]
        if not any((flag["type"], piece["segment"]) in kept for piece in flag["evidence"])
    ]
