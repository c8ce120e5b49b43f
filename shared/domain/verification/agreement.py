"""Whether a claim agrees with the words it cites in act, subject, speaker, time, and what was accepted."""

import re
from collections.abc import Iterator, Sequence

from shared.domain.english.numbers import amounts_claimed, amounts_in
from shared.domain.english.polarity import NEGATIONS
from shared.domain.english.quotes import find_run, words_of
from shared.domain.verification.cited import Cited, Stance, accepts, by_client, refuses
from shared.domain.verification.grounding import (
    LEAST_CITED,
    content_of,
    outside_quotes,
    quoted_in,
    related_to,
)
from shared.domain.verification.objections.acts import REVERSED, act_objection, extent_objection
from shared.domain.verification.objections.modality import modality_objection
from shared.domain.verification.objections.persons import (
    CLIENT,
    actor_objection,
    subject_objection,
    time_objection,
)
from shared.domain.verification.quote_frames import only_lists, only_quotes, quotes_denial
from shared.domain.vocabulary import words

SPEAKER = "It gives the therapist's words as the client's: the client did not say or affirm them."
NOT_ACCEPTED = "It states an agreement, and its evidence does not show that the client accepted."
CHANGED = "It states an appointment that was changed afterwards."

_THERAPIST = words(
    "therapist therapist's clinician clinician's counsellor counselor counsellor's we session's"
)
_AGREES = re.compile(
    r"\b(?:agree[sd]?|agreed to|accept(?:s|ed)?|commit(?:s|ted)?|consent(?:s|ed)?|will|plans? to"
    r"|planned to|intends? to"
    r"|is going to|undertook|promise[sd]?|homework|task)\b"
)
_PROPOSED = re.compile(
    r"\b(?:therapist|clinician|counsell?or|suggest\w*|propos\w*|offer\w*|assign\w*|recommend\w*"
    r"|discuss\w*|declin\w*|refus\w*"
    r"|reject\w*|not agree|ambivalent|unsure|reluctan\w*|hesitan\w*|hop(?:es|ed)|wants?|wish\w*)\b"
)
# What the therapist does, or both: the client need not have said it.
_LED = re.compile(
    r"\b(?:invited|technique|together|looked back|introduced|reviewed|practi[cs]ed in the session"
    r"|turned mainly"
    r"|in this session|topics?|intervention\w*|exercise\w*|score[ds]?|rated|rating)\b"
)
_MEETS = re.compile(
    r"\b(?:next|follow up|upcoming) (?:session|appointment|meeting|visit)|\b(?:meet"
    r"|see each other) again\b|\bappointment\b"
)
# A question that is about something, not whether: who answers it takes up its words.
_PRESUPPOSES = re.compile(
    r"\b(?:how|what|where|when|who|which|why)\b[^.?!]*\?\s*$|^(?:and|so) (?:the|your)\b", re.IGNORECASE
)
_DAYS = words(
    """monday tuesday wednesday thursday friday saturday sunday
    mondays tuesdays wednesdays thursdays fridays tomorrow"""
)
# Here a word that only the therapist said weighs more than the cues of the answer can make up for.
_HARM = re.compile(
    r"\b(?:suicid\w*|kill\w*|die[sd]?|dying|overdos\w*|harm\w*|hurt\w*|cut(?:s|ting)?|burn\w*|hit(?:s|ting)?"
    r"|beat\w*|punch\w*|kick\w*|slap\w*|chok\w*|strangl\w*|stab\w*|shot|shoot\w*|push\w*|shov\w*|threat\w*"
    r"|attack\w*|assault\w*|abus\w*|rap(?:e[sd]?|ing)|molest\w*|violen\w*|weapon\w*|guns?|kni(?:fe|ves))\b"
)
_OF_A_QUESTION = re.compile(r"\b(?:asked|was asked|question)\b")
_LEAST_SAID = 0.5
_DENIES = NEGATIONS | {"denied", "denies", "declined", "refused"}


def disagreement(claim: str, cited: Sequence[Cited]) -> str | None:
    """Why ``claim``, a whole sentence, does not agree with the words ``cited``, or None.

    One that only quotes or lists what was said claims nothing beyond that.
    """
    if only_quotes(claim) or quotes_denial(claim) or only_lists(claim):
        return None
    return next(filter(None, _objections(claim, cited)), None)


def _objections(claim: str, cited: Sequence[Cited]) -> Iterator[str | None]:
    own = outside_quotes(claim)
    spoken, said = words_of(own), [one.words for one in cited]
    yield _not_accepted(own, cited)
    yield _not_the_clients(claim, own, cited)
    yield _answered_otherwise(own, cited)
    yield act_objection(spoken, said)
    yield extent_objection(spoken, said)
    yield subject_objection(spoken, cited)
    yield actor_objection(spoken, cited)
    yield time_objection(own, cited)
    yield modality_objection(own, cited)


def _not_accepted(own: str, cited: Sequence[Cited]) -> str | None:
    spoken = words_of(own)
    text = " ".join(spoken)
    if _MEETS.search(text):
        return _moved(text, cited)
    if not _AGREES.search(text) or _PROPOSED.search(text) or NEGATIONS.intersection(spoken):
        return None
    return None if _is_accepted(cited) else NOT_ACCEPTED


def _is_accepted(cited: Sequence[Cited]) -> bool:
    """Whether the client took on what was proposed, or nothing was."""
    proposals, own = [one for one in cited if one.by_therapist], by_client(cited)
    if any(refuses(one.answer) for one in proposals if one.answer):
        return False
    if own:
        return not all(refuses(one.sentences) for one in own)
    return not proposals or any(accepts(one.answer) for one in proposals)


def _moved(text: str, cited: Sequence[Cited]) -> str | None:
    """An appointment's day must be the last that either side names."""
    if not cited:
        return None
    last = max(cited, key=lambda one: one.segment)
    claimed = set(text.split()) & _DAYS
    after = [set(words_of(turn)) & _DAYS for turn in (last.sentences, last.answer)]
    named = next((days for days in reversed(after) if days), set())
    return CHANGED if claimed and named and not claimed & named else None


def _not_the_clients(claim: str, own: str, cited: Sequence[Cited]) -> str | None:
    if not is_of_client(own):
        return None
    if not re.search(r"\bask", own) and _quotes_therapist(claim, cited):
        return SPEAKER
    if all(not one.by_therapist for one in cited) or _OF_A_QUESTION.search(own):
        return None
    return SPEAKER if _is_the_therapists(own, cited) else None


def _is_the_therapists(own: str, cited: Sequence[Cited]) -> bool:
    """Whether too few words of a claim are the client's, or such as the client affirmed."""
    about, stems = " ".join(words_of(own)), content_of(words_of(own))
    if not stems or _AGREES.search(about) or _amounts_agreed(own, cited):
        return False
    theirs = [*said_by_client(cited), *(one.sentences for one in cited if _is_taken_up(one))]
    share = len(stems & related_to(theirs)) / len(stems)
    return share < _LEAST_SAID if _HARM.search(about) else share <= LEAST_CITED


def _quotes_therapist(claim: str, cited: Sequence[Cited]) -> bool:
    """Whether ``claim`` quotes words that the therapist alone said."""
    for part in quoted_in(claim):
        holders = [one for one in cited if find_run(words_of(one.quote), words_of(part)) is not None]
        if holders and not by_client(holders):
            return True
    return False


def _is_taken_up(one: Cited) -> bool:
    """Whether it is a question whose words who answers it takes up."""
    if not (one.by_therapist and one.is_question):
        return False
    return one.stance is not Stance.OPEN or bool(_PRESUPPOSES.search(one.sentences))


def is_of_client(own: str) -> bool:
    """Whether ``own``, a claim without its quotations, is about the client, not what the therapist does."""
    spoken, about = set(words_of(own)), " ".join(words_of(own))
    led = spoken & _THERAPIST or _PROPOSED.search(about) or _LED.search(about)
    return bool(spoken & CLIENT) and not led


def said_by_client(cited: Sequence[Cited]) -> list[str]:
    """The client's words of ``cited``, and those of the therapist's that the client affirmed."""
    affirmed = [one for one in cited if one.by_therapist and one.stance is Stance.AFFIRMED]
    return [one.sentences for one in by_client(cited)] + [f"{one.sentences} {one.answer}" for one in affirmed]


def _amounts_agreed(own: str, cited: Sequence[Cited]) -> bool:
    """Whether the client says a number that the claim gives: "and the week before?" "Five."."""
    claimed = {number for number, _ in amounts_claimed(own)}
    return any(number in claimed for one in by_client(cited) for number, _ in amounts_in(one.sentences))


def _answered_otherwise(own: str, cited: Sequence[Cited]) -> str | None:
    """A claim made of a question's words says what the answer says."""
    spoken = words_of(own)
    stems = content_of(spoken)
    if not stems:
        return None
    denies = not _DENIES.isdisjoint(spoken)
    alone = stems & related_to([one.sentences for one in by_client(cited)])
    for one in cited:
        asked = stems & content_of(one.words)
        is_of_these = one.by_therapist and len(asked - alone) >= _LEAST_SAID * len(stems)
        if is_of_these and _answers_otherwise(one, denies):
            return REVERSED
    return None


def _answers_otherwise(asked: Cited, denies: bool) -> bool:
    if asked.stance is Stance.DENIED:
        return not denies
    return denies and asked.is_question and asked.stance is Stance.AFFIRMED
