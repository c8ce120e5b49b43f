"""Whether a thing happened, is planned, may be, or is another person's view: a claim must say the same."""

import re
from collections.abc import Sequence

from shared.domain.english.quotes import words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.verification.cited import Cited, by_client
from shared.domain.verification.grounding import content_of

NOT_YET = "It says that something happened, and its evidence only that it may or shall."
ALREADY = "It says that something is planned, and its evidence that it happened."
LONG_GONE = "It says of today what its evidence says of the past."
CERTAIN = "It is certain of what its evidence leaves open."
SAID_BY_ANOTHER = "It gives as the client's what its evidence gives as another person's words or view."

_SUBJECT = (
    r"(?:client|he|she|they|it|sister|brother|son|daughter|mother|father|partner|husband|wife|has|have|had"
    r"|was|were)"
)
_DONE = re.compile(
    rf"\b{_SUBJECT} (?:has |have |had |was |were |been |already )*"
    r"(?:began|begun|started|attended|told|did|went|gone|took|taken|accepted|brought|left|rang|called|came|come|stopped|moved|chose|made|got|given|met|spoke|wrote|written"
    r"|\w{3,}ed)\b"
)
# Words of the note itself, which tell of nothing that happened outside the session.
_TOLD = re.compile(
    r"\b(?:reported|described|stated|noted|explained|acknowledged|mentioned|disclosed|expressed|denied|agreed"
    r"|identified|rated|estimated|recalled|declined|asked|requested|clarified|confirmed|endorsed|indicated|named"
    r"|linked|learned|attributed|raised|concerned|worried|relieved|tired|scared|frightened|ashamed|exhausted"
    r"|supposed|needed|related|married)\b"
)
_PLANNED = re.compile(
    r"\b(?:plans? to|planned|intends?|going to|wish(?:es)? to|would|hopes? to|wants? to|will|is to"
    r"|considering|may|might|thinking of)\b"
)
_INTENDED = re.compile(r"\b(?:plans? to|intends? to|is going to|would like to|hopes to|is to be)\b")
_AHEAD = re.compile(
    r"\b(?:i'll|we'll|he'll|she'll|they'll|going to|gonna|might|i'd|we'd|she'd|he'd|would|if|will"
    r"|wants? to|hope|tomorrow|next|starts|until i|put my name down|offered|thinking of|could|haven't|not yet"
    r"|shall|should|meant to|supposed to|ready to|i can|we can|asked|till|from)\b"
)
_BEHIND = re.compile(
    r"\b(?:was|were|did|didn't|had|went|took|told|said|got|made|came|i've|he's|she's|they've|we've|been|left|rang"
    r"|gave|felt|thought|sat|cried|put|wore|ran|done|ate|drank|wrote|found|lost|woke|four|five|three|two|\w{2,}ed)\b"
)
_PAST_CLAIM = re.compile(
    r"\b(?:used to|previous\w*|former\w*|history|past|had|was|were|has|no longer|ago|once|before"
    r"|\w+ed|stopped|quit)\b"
)
_CLAUSE = re.compile(r"[.?!;,]|\b(?:but|and|so|because)\b", re.IGNORECASE)
_LEFT_OPEN = re.compile(
    r"\b(?:might|maybe|perhaps|i suppose|could be|dunno|don't know|not sure|think about|chew on"
    r"|we'll see|possibly)\b"
)
_CERTAIN = re.compile(
    r"\b(?:will|agreed|accepted|accepts|decided|certain|committed|recogni[sz]e[sd]|concluded|definitely|determined"
    r"|intends|convinced|firmly)\b"
)
_SOFTENED = re.compile(
    r"\b(?:may|might|possibl\w+|perhaps|uncertain\w*|unsure|consider\w*|tentativ\w+|wonder\w*|ambivalen\w+"
    r"|hesitan\w+|doubt\w*|probabl\w+|open to|thinks?|whether|if|not|could|would|conditional\w*|reluctan\w+"
    r"|suspects?|believes?|unless|raised|provided|fears?)\b"
)
_PERSON = (
    r"(?:he|she|they|mum|mom|mam|mother|dad|father|brother|sister|son|daughter|wife|husband|partner|missus|boss"
    r"|manager|doctor|doc|gp|nurse|physio|nan|nana|gran|grandma|grandad|friend|mate|boyfriend|girlfriend|ex|teacher"
    r"|midwife|psychologist|consultant|everyone|people|auntie|aunt|uncle|cousin|solicitor|landlord)"
)
_ANOTHER_SAYS = re.compile(
    rf"\b{_PERSON}(?: \w+)? (?:says?|said|thinks?|reckons?|told me|tells me|keeps saying|calls me"
    r"|called me|swears)\b"
    rf"|\b{_PERSON}'s (?:convinced|sure)\b"
)
_CLIENT_HOLDS = re.compile(
    r"^the client (?:said|says|stated|states|believes|believed|thinks|told|reports|reported|feels"
    r"|described (?:her|him|them)self|suggested)\b"
)
_OWN_CLAUSE = re.compile(r"\b(?:but|and|so) (?=i\b|i'|we\b)", re.IGNORECASE)


def modality_objection(own: str, cited: Sequence[Cited]) -> str | None:
    """Why ``own``, a claim without its quotations, is of another time, certainty or holder than ``cited``."""
    claim = " ".join(words_of(own))
    spoken = [one.sentences for one in by_client(cited)]
    if not spoken:
        return None
    said = " ".join(words_of(" ".join(spoken)))
    if (reason := _other_time(claim, said)) is not None:
        return reason
    if _is_certain(claim) and _LEFT_OPEN.search(said):
        return CERTAIN
    if _is_over(claim, spoken):
        return LONG_GONE
    return SAID_BY_ANOTHER if _by_another(claim, spoken) else None


def _other_time(claim: str, said: str) -> str | None:
    """Whether one of both says that a thing happened, and the other that it is planned."""
    is_ahead, is_behind = bool(_AHEAD.search(said)), bool(_BEHIND.search(said))
    if is_ahead and not is_behind and _is_done(claim):
        return NOT_YET
    return ALREADY if is_behind and not is_ahead and _INTENDED.search(claim) else None


def _is_done(claim: str) -> bool:
    return bool(_DONE.search(_TOLD.sub("", claim))) and not _PLANNED.search(claim)


def _is_certain(claim: str) -> bool:
    return bool(_CERTAIN.search(claim)) and not _SOFTENED.search(claim)


def _is_over(claim: str, spoken: Sequence[str]) -> bool:
    """Whether each clause that shares a word with the claim is about what used to be."""
    stems = content_of(claim.split())
    clauses = [words_of(clause) for text in spoken for clause in _CLAUSE.split(text)]
    shared = [" ".join(clause) for clause in clauses if stems & content_of(clause)]
    return bool(shared) and all("used to" in clause for clause in shared) and not _PAST_CLAIM.search(claim)


def _by_another(claim: str, spoken: Sequence[str]) -> bool:
    """Whether the claim's words stand only in what another person is said to say or think."""
    others = re.sub(r"\b(?:he|she|they)\b", "", claim)
    if not _CLIENT_HOLDS.search(claim) or re.search(rf"\b{_PERSON}\b", others):
        return False
    stems, found = content_of(claim.split()), False
    parts = (
        part
        for text in spoken
        for sentence in SENTENCE_END.split(text)
        for part in _OWN_CLAUSE.split(sentence)
    )
    for part in parts:
        told = " ".join(words_of(part))
        if not stems & content_of(told.split()):
            continue
        match = _ANOTHER_SAYS.search(told)
        if match is None or stems & content_of(told[: match.start()].split()):
            return False
        found = True
    return found
