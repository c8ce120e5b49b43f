"""A clinician's edit, held against the transcript: nothing of it is lost, nothing passes for heard.

What the transcript bears out stays verified. What it does not is the clinician's own word: it stays
where it was written, marked ``by_clinician`` and not ``verified``. What an engine wrote and no edit
changed is never the clinician's: where it does not stand any more, it is only not ``verified``. Evidence that
is not in the transcript is dropped. A risk flag that the edit leaves out is kept apart as set aside.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.domain.english.quotes import cite
from shared.domain.errors import InvalidInput
from shared.domain.notes.completeness import completeness, without_what_was_added
from shared.domain.notes.fields import MOODS, TEXT_FIELDS
from shared.domain.notes.items import ClaimT, Item, Sentence, Unsupported
from shared.domain.notes.rechecking import fallen, verdict
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import SET_ASIDE, risk_statement
from shared.domain.verification.claims import NOT_FOUND
from shared.domain.verification.sentences import check_text, split

# What an edit cannot set: it is the engine's, the check's or the signature's to say.
OURS = frozenset({
    "engine", "draft", "unsupported", "risk_statement", "provenance", "completeness", "needs_review",
    "review_reasons", "written_parts", "schema_version", "risk_readers",
})  # fmt: skip


def edited(edit: JsonObject, base: Notes, transcript: Transcript, offered: Notes | None = None) -> Notes:
    """The notes that come of ``edit`` of ``base``.

    ``edit`` has fields of NotesSchema, as a person sent them or took them from ``offered``. Fields that it
    lacks stay as they are in ``base``; so does what only we may set. Of a text and its sentences the one
    that was changed counts, and the text if both were.
    """
    wanted = {name: value for name, value in edit.items() if name not in OURS}
    before = base.document
    sentences = {**before["field_evidence"], **wanted.get("field_evidence", {})}
    after = Notes.of({**before, **wanted, "field_evidence": sentences})
    written = {field: _written(field, base, after, transcript) for field in after.sentences}
    after = replace(after, sentences=written, unsupported=(*base.unsupported, *_set_aside(base, after)))
    engines = _by_engine(base) | (_by_engine(offered) if offered else set())
    return checked(after, transcript, quotes_sent="significant_quotes" in wanted, by_engine=engines)


def merged(base: Notes, offered: Notes, fields: Collection[str], transcript: Transcript) -> Notes:
    """``base`` with these fields of ``offered`` in the place of its own."""
    document = offered.document
    written = document["field_evidence"]
    taken: JsonObject = {name: document[name] for name in fields}
    taken["field_evidence"] = {name: written[name] for name in fields if name in written}
    return edited(taken, base, transcript, offered)


def checked(
    notes: Notes, transcript: Transcript, *, quotes_sent: bool, by_engine: Collection[str] = ()
) -> Notes:
    """``notes`` with each item marked as the transcript bears it out or as the clinician's own.

    What is worded as an engine did (``by_engine``) is not the clinician's. Raises InvalidInput for a
    significant quote that the transcript does not have; if they were not sent, it is set aside.
    """

    def marked(field: str, claim: ClaimT, /) -> ClaimT:
        return _marked(field, claim, transcript, _wording(claim) in by_engine)

    notes = notes.mapped(marked)
    quotes = notes.items["significant_quotes"]
    fallen = [quote for quote in quotes if not quote.verified]
    if fallen and quotes_sent:
        raise InvalidInput(
            "A significant quote is not in the transcript. Quote what was said, or write it elsewhere.",
            "quote_not_said",
        )
    statement = risk_statement(notes, transcript)
    notes = _with_statement(notes, {notes.texts["risk_statement"], statement}, statement)
    # Said when they were quoted, and corrected since.
    aside = (Unsupported("significant_quotes", quote, NOT_FOUND) for quote in fallen)
    said = {"significant_quotes": [quote for quote in quotes if quote.verified]}
    texts = {field: " ".join(one.text for one in notes.sentences[field]) for field in TEXT_FIELDS}
    notes = replace(notes.having(said, **texts), unsupported=(*notes.unsupported, *aside))
    return without_what_was_added(notes, completeness(notes, transcript))


def _with_statement(notes: Notes, known: Collection[str], statement: str) -> Notes:
    """``notes`` with the statement about risk, also where a template's part repeats it (``known``)."""
    ours = Sentence.fixed(statement)
    sections = notes.sections and tuple(
        replace(part, sentences=tuple(ours if one.text in known else one for one in part.sentences))
        for part in notes.sections
    )
    return replace(notes.having(risk_statement=statement), sections=sections)


def _wording(claim: Item | Sentence) -> str:
    return claim.text if isinstance(claim, Sentence) else json.dumps(dict(claim.properties), sort_keys=True)


def _by_engine(notes: Notes) -> set[str]:
    """The items and sentences of ``notes`` that no clinician wrote."""
    return {_wording(claim) for claim in notes.claims() if not claim.by_clinician}


def _marked(field: str, claim: ClaimT, transcript: Transcript, by_engine: bool) -> ClaimT:
    # What only the check says of a claim, each time anew.
    found = verdict(field, claim, transcript)
    if found is not None:
        return replace(found, by_clinician=False, words_changed=False)
    if by_engine:
        return fallen(claim, transcript)
    said = (cite(transcript, piece.segment, piece.quote) for piece in claim.evidence)
    evidence = tuple(place.evidence for place in said if place is not None)
    return replace(
        claim, evidence=evidence, verified=False, by_clinician=True, words_changed=False, support=None
    )


def _written(field: str, before: Notes, after: Notes, transcript: Transcript) -> tuple[Sentence, ...]:
    """The sentences of a text: those that it came with, or those of the text where that was changed."""
    sentences, changed = after.sentences[field], after.texts[field] != before.texts[field]
    if changed and field in TEXT_FIELDS:
        return _sentences(after.texts[field], (*sentences, *before.sentences[field]), transcript)
    if changed and field in MOODS and sentences == before.sentences[field]:
        return ()  # they say why the mood was another
    return sentences


def _sentences(text: str, known: Sequence[Sentence], transcript: Transcript) -> tuple[Sentence, ...]:
    """``text`` as sentences: the ``known`` ones with their evidence, for the others it is looked for."""
    found: list[Sentence] = []
    rest = text.strip()
    by_length = sorted((one for one in known if one.text), key=lambda one: -len(one.text))
    while rest:
        same = next((one for one in by_length if rest.startswith(one.text)), None)
        sentence = same.text if same else next(iter(split(rest)), rest)
        checked_anew = [one for one, _ in check_text(sentence, transcript)] or [Sentence(text=sentence)]
        found += [same] if same else checked_anew
        rest = rest[len(sentence) :].strip()
    return tuple(found)


def _set_aside(base: Notes, document: Notes) -> list[Unsupported]:
    """The risk flags of ``base`` that no flag of the same type on the same passage stands for now."""
    kept = {(flag.text("type"), segment) for flag in document.flags for segment in flag.segments}

    def stands(flag: Item) -> bool:
        return any((flag.text("type"), segment) in kept for segment in flag.segments)

    return [Unsupported("risk_flags", flag, SET_ASIDE) for flag in base.flags if not stands(flag)]
