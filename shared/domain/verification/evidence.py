"""Checking notes against the transcript: what is shown as evidence was said, then and there."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from shared.domain.notes.fields import AGREED, CLAIMS, LIST_FIELDS, Form
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.acceptance import settled
from shared.domain.verification.agreement import disagreement
from shared.domain.verification.boilerplate import (
    COURSE_UNKNOWN,
    MOOD_UNKNOWN,
    risk_statement,
    stands_without_evidence,
)
from shared.domain.verification.cited import in_place
from shared.domain.verification.claims import (
    NO_EVIDENCE,
    NOT_FOUND,
    has_markup,
    objection,
    without_markup,
)
from shared.domain.verification.grounding import LEAST_SHARE, outside_quotes, share_borne_out
from shared.domain.verification.quotes import Found, cite, find_run, words_of
from shared.domain.verification.risk import settle_flag

TEXT_FIELDS = ("topic_summary", "therapist_notes", "patient_summary")
CANNOT_TELL = "cannot_tell"
# What "verified" rests on: the claim agrees with its quotes, or it does little more than quote.
SUPPORTS = CLAIM_SUPPORTED, QUOTE_FOUND = ("claim_supported", "quote_found")
MOOD_FIELDS = {
    "session_mood": (CANNOT_TELL, MOOD_UNKNOWN),
    "mood_trajectory": (CANNOT_TELL, COURSE_UNKNOWN),
}


def verify(notes: JsonObject, transcript: Transcript) -> JsonObject:
    """``notes`` (of NotesSchema) with every piece of evidence checked against ``transcript``.

    Evidence that stands gets the transcript's exact words and their times (seconds); its item gets
    ``verified: true`` and ``support``, whether its claim agrees with them. An item or sentence
    without such evidence moves to ``unsupported`` with the reason, and texts are put together anew
    from the sentences that remain. Risk flags are never lost: each stays or is listed as
    unsupported. Verifying twice changes nothing.
    """
    result = deepcopy(notes)
    result.setdefault("unsupported", [])
    for field in LIST_FIELDS:
        result[field] = [item for item in result.get(field, []) if _stands(field, item, result, transcript)]
    sentences = result.setdefault("field_evidence", {})
    for field in (*TEXT_FIELDS, *MOOD_FIELDS):
        _keep_text_with_sentences(field, result)
        standing = [s for s in sentences[field] if _sentence_stands(field, s, result, transcript)]
        sentences[field] = standing
        if field in TEXT_FIELDS:
            result[field] = " ".join(s["sentence"] for s in standing)
        elif not standing:
            value, sentence = MOOD_FIELDS[field]
            result[field] = value
            sentences[field] = [{"sentence": sentence, "structural": True, "evidence": [], "verified": True}]
    for part in result.get("written_parts", []):
        field = f"written_parts.{part['name']}"
        part["sentences"] = [s for s in part["sentences"] if _sentence_stands(field, s, result, transcript)]
    result["risk_statement"] = risk_statement(result, transcript)
    return result


def context_of(found: list[Found], transcript: Transcript) -> list[str]:
    """The whole segments that the pieces found are from, each once."""
    return [transcript.segments[number].text for number in dict.fromkeys(piece.segment for piece in found)]


def _keep_text_with_sentences(field: str, result: JsonObject) -> None:
    """A text that came without its sentences is one sentence without evidence."""
    if result["field_evidence"].get(field) or not result.get(field) or field in MOOD_FIELDS:
        result["field_evidence"].setdefault(field, [])
        return
    result["field_evidence"][field] = [
        {"sentence": result[field], "structural": False, "evidence": [], "verified": False}
    ]


def _sentence_stands(field: str, sentence: JsonObject, result: JsonObject, transcript: Transcript) -> bool:
    if stands_without_evidence(sentence["sentence"], transcript):
        sentence.update(structural=True, evidence=[], verified=True)
        return True
    sentence["structural"] = False
    return _stands(field, sentence, result, transcript)


def _stands(field: str, item: JsonObject, result: JsonObject, transcript: Transcript) -> bool:
    given = item.get("evidence", [])
    places = [(piece, cite(transcript, piece["segment"], piece["quote"])) for piece in given]
    # What holds a link or markup is shown nowhere, also where it was dictated word for word.
    found = [place for _, place in places if place is not None and not has_markup(place.quote)]
    fallen = [piece for piece, place in places if place is None or has_markup(place.quote)]
    reason = _objection(field, item, found, transcript)
    if reason is None and found and field in AGREED:
        reason = settled(item, in_place(found, transcript))
    if not found:
        reason = NOT_FOUND if given else NO_EVIDENCE
    if reason is not None:
        result["unsupported"].append({"field": field, "item": _plain(item), "reason": reason})
        return False
    if fallen:
        part = {"evidence": fallen, "verified": False}
        result["unsupported"].append({"field": field, "item": _plain({**item, **part}), "reason": NOT_FOUND})
    item["evidence"] = [place.as_evidence() for place in found]
    item["verified"] = True
    item["support"] = _support(field, item, found, transcript)
    if field == "significant_quotes":
        item.update(quote=item["evidence"][0]["quote"], timestamp_start=item["evidence"][0]["start"])
    if field == "risk_flags":
        settle_flag(item)
    return True


def _objection(field: str, item: JsonObject, found: list[Found], transcript: Transcript) -> str | None:
    quotes, context = [place.quote for place in found], context_of(found, transcript)
    cited, session = in_place(found, transcript), transcript.text
    for form, text in _claims(field, item):
        reason = objection(form, text, quotes, context, session) if text else None
        if reason is None and text and _is_told(form, field, text, quotes):
            reason = disagreement(text, cited)
        if reason is not None:
            return reason
    return None


def _is_told(form: Form, field: str, text: str, quotes: list[str]) -> bool:
    """Whether ``text`` tells in words of its own who did what; what is agreed has a test of its own."""
    if form is not Form.REMARK or field in AGREED:
        return form is Form.SENTENCE
    said = words_of(outside_quotes(text))
    return all(find_run(words_of(quote), said) is None for quote in quotes)


def _support(field: str, item: JsonObject, found: list[Found], transcript: Transcript) -> str:
    """Whether what ``item`` claims was held against its quotes, or only that they were said."""
    context = [*(place.quote for place in found), *context_of(found, transcript)]
    texts = [text for form, text in _claims(field, item) if text and form is not Form.KIND]
    shares = [share_borne_out(outside_quotes(text), context) for text in texts]
    claimed = [share for share in shares if share is not None]
    held = bool(claimed) and all(share > LEAST_SHARE for share in claimed)
    return CLAIM_SUPPORTED if held else QUOTE_FOUND


def _claims(field: str, item: JsonObject) -> Iterator[tuple[Form, str]]:
    """The texts of ``item`` that claim something; enumerations and the quote itself do not."""
    if "sentence" in item:
        yield Form.SENTENCE, item["sentence"]
        return
    for name, form in CLAIMS[field].items():
        yield form, item.get(name, "")


def _plain(value: Any) -> Any:
    """``value`` without links and markup, for showing what is not supported."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return without_markup(value) if isinstance(value, str) else value
