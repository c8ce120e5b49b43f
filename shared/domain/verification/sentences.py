"""Any text against a transcript, sentence by sentence: templates, summaries, a clinician's edit."""

import re
from collections.abc import Iterator, Sequence

from shared.domain.english.questions import is_question
from shared.domain.english.quotes import Found, cite, words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.notes.fields import Form
from shared.domain.notes.items import Evidence, Sentence
from shared.domain.values import Transcript
from shared.domain.verification.agreement import disagreement
from shared.domain.verification.boilerplate import stands_without_evidence
from shared.domain.verification.cited import in_place
from shared.domain.verification.claims import TOO_LITTLE_SAID, objection
from shared.domain.verification.cues import comparable, cue_objection
from shared.domain.verification.evidence import context_of
from shared.domain.verification.grounding import (
    LEAST_CITED,
    LEAST_SHARE,
    content_of,
    outside_quotes,
    quoted_in,
    related_to,
)

MOST_PIECES = 3  # so many places of a transcript may bear out one sentence together

_ABBREVIATED = r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)"
_END = re.compile(rf"{_ABBREVIATED}(?<=[.?!…])[”\"')\]]*\s+(?=[“\"'(\[]*[A-Z0-9])|\n+")


def split(text: str) -> list[str]:
    """The sentences of written ``text``; a quotation is never taken apart."""
    found: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        before = text[begin : match.end()]
        if before.count("“") > before.count("”"):
            continue  # within a quotation
        found.append(before.strip())
        begin = match.end()
    found.append(text[begin:].strip())
    return [sentence for sentence in found if words_of(sentence)]


def check_text(
    text: str, transcript: Transcript, evidence: Sequence[Evidence] = ()
) -> list[tuple[Sentence, str | None]]:
    """Each sentence of ``text`` with the words of ``transcript`` that bear it out, or why none do.

    The reason is None where the sentence is ``verified``. ``evidence`` is what the text was written from,
    tried first. Where they do not bear a sentence out, what it quotes is looked up, and then the places of
    the transcript that share most words with it. So a sentence that a clinician wrote from what
    they saw, and was not said, comes back unverified: that is no fault of the sentence.
    """
    given = [place for piece in evidence if (place := cite(transcript, piece.segment, piece.quote))]
    return [_checked(sentence, transcript, given) for sentence in split(text)]


def _checked(sentence: str, transcript: Transcript, given: Sequence[Found]) -> tuple[Sentence, str | None]:
    if stands_without_evidence(sentence, transcript):
        return Sentence.fixed(sentence), None
    reasons = []
    for found in (_nearest(sentence, given), _quoted(sentence, transcript), _like(sentence, transcript)):
        if not found:
            continue
        reason = _objection(sentence, transcript, found, is_given=all(place in given for place in found))
        if reason is None:
            evidence = tuple(place.evidence for place in found)
            return Sentence(text=sentence, evidence=evidence, verified=True), None
        reasons.append(reason)
    # The most telling reason: a contradiction says more than that nothing was found.
    telling = next((reason for reason in reasons if reason != TOO_LITTLE_SAID), TOO_LITTLE_SAID)
    return Sentence(text=sentence), telling


def _objection(
    sentence: str, transcript: Transcript, found: Sequence[Found], *, is_given: bool
) -> str | None:
    """Why ``sentence`` does not stand on ``found``, or None.

    Only what was given as evidence supports a sentence in words of its own.
    """
    cited, quotes = in_place(found, transcript), [place.quote for place in found]
    context = context_of(found, transcript)
    least = LEAST_CITED if is_given and comparable(sentence, cited) else LEAST_SHARE
    reason = objection(Form.SENTENCE, sentence, quotes, context, transcript.text, least)
    reason = reason or disagreement(sentence, cited)
    return cue_objection(sentence, cited) if reason is None and is_given else reason


def _nearest(sentence: str, given: Sequence[Found]) -> list[Found]:
    """Those of ``given`` that share words with ``sentence``."""
    own = content_of(words_of(sentence))
    ranked = [(len(own & content_of(words_of(place.quote))), place) for place in given]
    ranked.sort(key=lambda pair: -pair[0])
    return [place for shared, place in ranked[:MOST_PIECES] if shared]


def _quoted(sentence: str, transcript: Transcript) -> list[Found]:
    """Where what ``sentence`` quotes was said."""
    found = []
    for quote in quoted_in(sentence):
        places = (cite(transcript, number, quote) for number in range(len(transcript.segments)))
        place = next((place for place in places if place is not None), None)
        if place is not None:
            found.append(place)
    return found


def _like(sentence: str, transcript: Transcript) -> list[Found]:
    """The places of the transcript that say most of what ``sentence`` says, the fewest that do."""
    own = content_of(words_of(outside_quotes(sentence)))
    candidates = [
        (own & related_to(texts), own & content_of(words_of(" ".join(texts))), texts, number)
        for number, texts in places(transcript)
    ]
    found: list[Found] = []
    left = set(own)
    for _ in range(MOST_PIECES if candidates else 0):
        # The same words count more than others for the same thing, and one place more than two.
        shared, _, texts, number = max(
            candidates, key=lambda p: (len(left & p[0]) + len(left & p[1]), -len(p[2]), -p[3])
        )
        if not left & shared:
            break
        left -= shared
        cited = (cite(transcript, number + offset, text) for offset, text in enumerate(texts) if text)
        found.extend(place for place in cited if place is not None and place not in found)
    return found


def places(transcript: Transcript) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each sentence of the transcript; with a question goes how the next speaker begins."""
    segments = transcript.segments
    for number, segment in enumerate(segments):
        for part in SENTENCE_END.split(segment.text):
            if len(words_of(part)) < 2:
                continue
            follows = segments[number + 1].text if number + 1 < len(segments) else ""
            answer = " ".join(SENTENCE_END.split(follows)[:2]) if is_question(part) else ""
            yield number, (part, answer) if answer else (part,)
