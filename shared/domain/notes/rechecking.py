"""Notes held against the transcript again: which of their items it bears out as it reads now."""

from dataclasses import replace

from shared.domain.english.quotes import cite
from shared.domain.notes.fields import TEXT_FIELDS
from shared.domain.notes.items import ClaimT, Sentence
from shared.domain.notes.values import SECTIONS, Notes
from shared.domain.values import Transcript
from shared.domain.verification.boilerplate import TO_ADD
from shared.domain.verification.evidence import judged


def verdict(field: str, claim: ClaimT, transcript: Transcript) -> ClaimT | None:
    """An item or a sentence of ``field`` that its quotes still support, or None."""
    if field == SECTIONS and isinstance(claim, Sentence) and claim.text in TO_ADD.values():
        return Sentence.fixed(claim.text)
    # A sentence of a template's part is held to its words as that of any text.
    return judged(TEXT_FIELDS[0] if field == SECTIONS else field, claim, transcript)[0]


def rechecked(notes: Notes, transcript: Transcript) -> Notes:
    """``notes`` after words of the transcript were corrected.

    Quotes read as they do now. An item that they do not support any more is not ``verified``; see ``fallen``.
    """

    def reread(field: str, claim: ClaimT, /) -> ClaimT:
        return _reread(field, claim, transcript)

    return notes.mapped(reread)


def _reread(field: str, claim: ClaimT, transcript: Transcript) -> ClaimT:
    if not claim.verified or claim.is_structural:
        return claim
    now = verdict(field, claim, transcript)
    return fallen(claim, transcript) if now is None else now


def fallen(claim: ClaimT, transcript: Transcript) -> ClaimT:
    """A claim that the transcript does not bear out any more: by its words, or by the rules of this release.

    It is marked ``words_changed`` if its quotes read differently now; those that are gone are ``changed``.
    """
    places = [(piece, cite(transcript, piece.segment, piece.quote)) for piece in claim.evidence]
    evidence = tuple(
        replace(piece, changed=True) if place is None else place.evidence for piece, place in places
    )
    differ = any(place is None or place.quote != piece.quote for piece, place in places)
    return replace(
        claim, evidence=evidence, verified=False, by_clinician=False, words_changed=differ, support=None
    )
