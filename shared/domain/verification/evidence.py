"""Checking notes against the transcript: what is shown as evidence was said, then and there."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shared.domain.english.quotes import Found, cite, find_run, words_of
from shared.domain.notes.fields import AGREED, CLAIMS, TEXT_FIELDS, Form
from shared.domain.notes.items import ClaimT, Evidence, Item, Sentence, Unsupported
from shared.domain.notes.values import Notes
from shared.domain.values import Transcript
from shared.domain.verification.acceptance import settled
from shared.domain.verification.agreement import disagreement, is_of_client, said_by_client
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
from shared.domain.verification.cues import comparable, cue_objection
from shared.domain.verification.grounding import LEAST_CITED, LEAST_SHARE, outside_quotes, share_borne_out
from shared.domain.verification.risk import settled_flag

CANNOT_TELL = "cannot_tell"
MOST_SEGMENTS = 2**31  # what an engine names beyond is cut to it: larger numbers cannot be signed
# What "verified" rests on: the claim agrees with its quotes, or it does little more than quote.
SUPPORTS = CLAIM_SUPPORTED, QUOTE_FOUND = ("claim_supported", "quote_found")
MOOD_FIELDS = {
    "session_mood": (CANNOT_TELL, MOOD_UNKNOWN),
    "mood_trajectory": (CANNOT_TELL, COURSE_UNKNOWN),
}


def verified(notes: Notes, transcript: Transcript) -> Notes:
    """``notes`` with every piece of evidence checked against ``transcript``.

    Evidence that stands gets the transcript's exact words and their times (seconds); its item is
    ``verified`` and has ``support``, whether its claim agrees with them. An item or sentence
    without such evidence moves to ``unsupported`` with the reason, and texts are put together anew
    from the sentences that remain. Risk flags are never lost: each stays or is listed as
    unsupported. Verifying twice changes nothing.
    """
    apart = list(notes.unsupported)
    items = {name: _held(name, listed, transcript, apart) for name, listed in notes.items.items()}
    sentences, texts = dict(notes.sentences), dict(notes.texts)
    for field, written in notes.sentences.items():
        standing = _held(field, written or _text_alone(field, notes), transcript, apart)
        if field in TEXT_FIELDS:
            texts[field] = " ".join(sentence.text for sentence in standing)
        elif not standing:
            texts[field], sentence = MOOD_FIELDS[field]
            standing = (Sentence.fixed(sentence),)
        sentences[field] = standing
    parts = notes.written_parts and tuple(
        replace(part, sentences=_held(f"written_parts.{part.name}", part.sentences, transcript, apart))
        for part in notes.written_parts
    )
    checked = replace(notes, items=items, sentences=sentences, texts=texts, written_parts=parts)
    checked = replace(checked, unsupported=tuple(apart))
    return checked.having(risk_statement=risk_statement(checked, transcript))


def _held(
    field: str, claims: Iterable[ClaimT], transcript: Transcript, apart: list[Unsupported]
) -> tuple[ClaimT, ...]:
    """Those of ``claims`` that stand; what does not is added to ``apart``."""
    standing = []
    for claim in claims:
        found, fallen = judged(field, claim, transcript)
        apart.extend(fallen)
        if found is not None:
            standing.append(found)
    return tuple(standing)


def judged(
    field: str, claim: ClaimT, transcript: Transcript
) -> tuple[ClaimT | None, tuple[Unsupported, ...]]:
    """``claim`` as it stands against ``transcript``, or None; and what of it does not, with the reason."""
    if isinstance(claim, Sentence):
        if stands_without_evidence(claim.text, transcript):
            return replace(claim, structural=True, evidence=(), verified=True), ()
        claim = replace(claim, structural=False)
    found, fallen = _places(claim, transcript)
    if not found:
        reason = NOT_FOUND if claim.evidence else NO_EVIDENCE
        return None, (Unsupported(field, _plain(claim), reason),)
    accepted, objection = _accepted(field, claim, found, transcript)
    if objection is not None:
        return None, (Unsupported(field, _plain(claim), objection),)
    rest = _plain(replace(accepted, evidence=fallen, verified=False))
    apart = (Unsupported(field, rest, NOT_FOUND),) if fallen else ()
    return _standing(field, accepted, found, transcript), apart


def _places(claim: Item | Sentence, transcript: Transcript) -> tuple[list[Found], tuple[Evidence, ...]]:
    """Where the evidence of ``claim`` was said, and what of it was not.

    What holds a link or markup is shown nowhere, also where it was dictated word for word.
    """
    found, fallen = [], []
    for piece in claim.evidence:
        place = cite(transcript, piece.segment, piece.quote)
        if place is None or has_markup(place.quote):
            fallen.append(piece)
        else:
            found.append(place)
    return found, tuple(fallen)


def _accepted(
    field: str, claim: ClaimT, found: list[Found], transcript: Transcript
) -> tuple[ClaimT, str | None]:
    """``claim`` as far as it was agreed to, if it is an agreement; and why it does not stand, or None."""
    reason = _objection(field, claim, found, transcript)
    if reason is None and field in AGREED and isinstance(claim, Item):
        return settled(claim, in_place(found, transcript))
    return claim, reason


def _standing(field: str, claim: ClaimT, found: list[Found], transcript: Transcript) -> ClaimT:
    """``claim`` with the transcript's words in the place of its evidence."""
    evidence = tuple(place.evidence for place in found)
    support = _support(field, claim, found, transcript)
    claim = replace(claim, evidence=evidence, verified=True, support=support)
    if isinstance(claim, Item) and field == "significant_quotes":
        return claim.having(quote=evidence[0].quote, timestamp_start=evidence[0].start)
    if isinstance(claim, Item) and field == "risk_flags":
        return settled_flag(claim)
    return claim


def context_of(found: Iterable[Found], transcript: Transcript) -> list[str]:
    """The whole segments that the pieces found are from, each once."""
    return [transcript.segments[number].text for number in dict.fromkeys(piece.segment for piece in found)]


def _text_alone(field: str, notes: Notes) -> tuple[Sentence, ...]:
    """A text that came without its sentences is one sentence without evidence."""
    text = notes.texts.get(field) if field in TEXT_FIELDS else None
    return (Sentence(text=text),) if text else ()


def _objection(field: str, item: Item | Sentence, found: list[Found], transcript: Transcript) -> str | None:
    quotes, context = [place.quote for place in found], context_of(found, transcript)
    cited, session = in_place(found, transcript), transcript.text
    for form, text in _claims(field, item):
        is_sentence = form is Form.SENTENCE
        least = LEAST_CITED if is_sentence and comparable(text, cited) else LEAST_SHARE
        reason = objection(form, text, quotes, context, session, least)
        if reason is None and _is_told(form, field, text, quotes):
            reason = disagreement(text, cited)
        if reason is None and is_sentence:
            reason = cue_objection(text, cited)
        if reason is not None:
            return reason
    return None


def _is_told(form: Form, field: str, text: str, quotes: list[str]) -> bool:
    """Whether ``text`` tells in words of its own who did what; what is agreed has a test of its own."""
    if form is not Form.REMARK or field in AGREED:
        return form is Form.SENTENCE
    said = words_of(outside_quotes(text))
    return all(find_run(words_of(quote), said) is None for quote in quotes)


def _support(field: str, item: Item | Sentence, found: list[Found], transcript: Transcript) -> str:
    """Whether what ``item`` claims was held against its quotes, or only that they were said."""
    said, by_client = _sources(found, transcript)
    texts = [outside_quotes(text) for form, text in _claims(field, item) if form is not Form.KIND]
    shares = [share_borne_out(own, by_client if is_of_client(own) else said) for own in texts]
    claimed = [share for share in shares if share is not None]
    held = bool(claimed) and min(claimed) > LEAST_SHARE
    return CLAIM_SUPPORTED if held else QUOTE_FOUND


def _sources(found: list[Found], transcript: Transcript) -> tuple[list[str], list[str]]:
    """The quotes with their segments, and what of these can support a claim about the client.

    What the therapist alone said cannot.
    """
    cited = in_place(found, transcript)
    own_places = [place for place, one in zip(found, cited, strict=True) if not one.by_therapist]
    said = [*(place.quote for place in found), *context_of(found, transcript)]
    return said, [*said_by_client(cited), *context_of(own_places, transcript)]


def _claims(field: str, item: Item | Sentence) -> Iterator[tuple[Form, str]]:
    """The texts of ``item`` that claim something; enumerations and the quote itself do not."""
    if isinstance(item, Sentence):
        claims = [(Form.SENTENCE, item.text)]
    else:
        claims = [(form, item.text(name)) for name, form in CLAIMS[field].items()]
    yield from ((form, text) for form, text in claims if text)


def _plain(claim: ClaimT) -> ClaimT:
    """``claim`` without links and markup, for showing what is not supported."""
    evidence = tuple(
        replace(piece, segment=min(piece.segment, MOST_SEGMENTS), quote=without_markup(piece.quote))
        for piece in claim.evidence
    )
    if isinstance(claim, Sentence):
        return replace(claim, evidence=evidence, text=without_markup(claim.text))
    properties = {name: _plain_value(value) for name, value in claim.properties.items()}
    return replace(claim, evidence=evidence, properties=properties)


def _plain_value(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain_value(inner) for inner in value]
    return without_markup(value) if isinstance(value, str) else value
