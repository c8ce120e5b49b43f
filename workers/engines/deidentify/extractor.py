"""The port NoteExtractor over another, which sees tokens where a session has identifiers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.domain.errors import PermanentStepError
from shared.domain.ports import NoteExtractor
from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript
from workers.engines.deidentify.finding import Finder, Span
from workers.engines.deidentify.tokens import TokenMap


class DeidentifyingExtractor:
    """Has ``inner`` write notes from a transcript without identifiers, as far as they are found.

    The map from tokens to words lives in memory for one call. Everything that ``inner`` sends is made of
    what it is given here: transcript, labels of speakers, and a template's instructions.
    """

    def __init__(self, inner: NoteExtractor) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The inner engine's."""
        return self._inner.name

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        """A document of ``NotesSchema`` in the session's own words, its evidence not yet verified.

        What holds a token that this session does not have loses its evidence, so that the verification
        sets it apart. Raises PermanentStepError for a transcript in which names cannot be found.
        """
        _require_names_can_be_found(transcript)
        tokens = TokenMap()
        finder = Finder(request.known_names, [segment.text for segment in transcript.segments])
        hidden = replace(
            transcript, segments=tuple(_hidden(segment, finder, tokens) for segment in transcript.segments)
        )
        notes: JsonObject = _restored(self._inner.extract(hidden, _asked(request, finder, tokens)), tokens)
        if isinstance(made := notes.get("provenance"), dict):
            made["deidentified"] = True
        return notes


def without_identifiers(text: str, spans: Sequence[Span], tokens: TokenMap) -> str:
    """``text`` with a token for each of ``spans``."""
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], tokens.token_for(span.kind, text[span.start : span.end])]
        at = span.end
    return "".join([*pieces, text[at:]])


def _require_names_can_be_found(transcript: Transcript) -> None:
    """Names are told by English words and by capital letters: without these most would be sent."""
    opened = [segment.text.strip()[:1] for segment in transcript.segments if segment.text.strip()]
    capitals = sum(letter.isupper() for letter in opened)
    is_english = transcript.language.casefold().replace("_", "-").partition("-")[0] in ("en", "")
    if not is_english or 2 * capitals < len(opened):
        raise PermanentStepError(
            "Names cannot be found in this transcript: it is not in English, or has no capital letters. "
            "Set SESSIONSCRIBE_DEIDENTIFY=no or SESSIONSCRIBE_EXTRACTOR=rules, then retry the session.",
            "deidentification_not_possible",
        )


def _hidden(segment: Segment, finder: Finder, tokens: TokenMap) -> Segment:
    """``segment`` with tokens, without its single words: their times are found in the real transcript."""
    text = without_identifiers(segment.text, finder.spans(segment.text), tokens)
    label = without_identifiers(segment.speaker, finder.known_spans(segment.speaker), tokens)
    return replace(segment, text=text, speaker=label, words=())


def _asked(request: ExtractionRequest, finder: Finder, tokens: TokenMap) -> ExtractionRequest:
    def hide(text: str) -> str:
        return without_identifiers(text, finder.known_spans(text), tokens)

    parts = tuple(
        replace(part, title=hide(part.title), instruction=hide(part.instruction)) for part in request.parts
    )
    return replace(request, parts=parts, known_names=(), has_tokens=True)


def _restored(value: Any, tokens: TokenMap) -> Any:
    """``value`` with words for tokens; an item with a token that is not one keeps no evidence."""
    if isinstance(value, str):
        return tokens.restore(value)
    if isinstance(value, list):
        return [_restored(item, tokens) for item in value]
    if not isinstance(value, dict):
        return value
    restored = {key: _restored(inner, tokens) for key, inner in value.items()}
    own = [inner for inner in value.values() if isinstance(inner, str)]
    if "evidence" in value and any(map(tokens.is_garbled, own)):
        restored["evidence"] = []
    return restored
