"""Who and when: a claim about the client rests on what is said of the client, and of that time."""

import re
from collections.abc import Iterable, Sequence

from shared.domain.english.quotes import words_of
from shared.domain.verification.cited import Cited, by_client
from shared.domain.verification.grounding import base, content_of
from shared.domain.verification.objections.acts import compiled
from shared.domain.vocabulary import words

SUBJECT = "It says of one person what its evidence says of another."
TIME = "It says of today what its evidence says of the past."

CLIENT = words("client client's clients patient patient's speaker you your yours")
_FIRST = words("i i'm i've i'd i'll me myself mine")
_THIRD = words(
    """he he's he'd he'll she she's she'd she'll they they're they'd they've him her them his hers
    their mother mum mom
    father dad brother sister son daughter wife husband friend mate partner boyfriend girlfriend uncle
    aunt cousin colleague
    neighbour neighbor boss manager grandmother grandfather gran nan grandma grandad grandpa somebody
    someone people roommate
    flatmate teacher landlord doctor nurse kid kids child children baby stepdad stepfather stepmother
    ex lad fella bloke guy
    girl boy nephew niece"""
)
_PRONOUNS = words(
    "he he's he'd he'll she she's she'd she'll they they're they'd they've him her them his hers their"
)
_OTHERS = _THIRD - _PRONOUNS
_CLAUSE = re.compile(
    r"[.?!;:,\n]+|\b(?:but|and|because|so|when|while|that|who|which|if|since)\b", re.IGNORECASE
)
_PASSIVE = words("was were been being got gets is be by")
_NOW = re.compile(
    r"\b(?:current|currently|now|nowadays|ongoing|still|presently|these days|at present"
    r"|continues to|today)\b"
)
_THEN = re.compile(
    r"\b(?:used to|years? ago|months? ago|back then|in the past|before that|formerly|previously"
    r"|as a (?:child|kid|teenager|girl|boy)"
    r"|when i was|growing up|in high school|in college|at school|once|back in|those days"
    r"|last (?:year|month|summer|winter))\b"
)
_STILL = re.compile(
    r"\b(?:still|now|these days|again|lately|at the moment|currently|today|this (?:week|morning)"
    r"|since|always|every)\b"
)
_PAST_FORMS = words(
    """thought felt told went took ate drank slept lost left gave woke wrote drove fell bought found spoke
    was were had did kept"""
)


def subject_objection(spoken: Sequence[str], cited: Sequence[Cited]) -> str | None:
    """Compare who a claim is about with who each clause that shares its words is about.

    A claim that names another person is not compared; a pronoun alone is taken for the client.
    """
    people = set(spoken)
    if people & _OTHERS or not people & (CLIENT | _PRONOUNS):
        return None
    stems = content_of(spoken)
    clauses = [clause for one in cited for clause in _clauses(one) if stems & content_of(clause)]
    return SUBJECT if clauses and all(_is_of_another(clause) for clause in clauses) else None


def actor_objection(spoken: Sequence[str], cited: Sequence[Cited]) -> str | None:
    """Compare who does an act in the claim with who does it in the words cited."""
    clauses = [clause for one in cited for clause in _clauses(one)]
    for named, supporting in compiled():
        there = {_person(clause[:where]) for clause in clauses for where in supporting.places(clause)}
        if not there or None in there:
            continue
        claimed = {_actor(spoken, place) for place in named.places(spoken)}
        if claimed - there - {None}:
            return SUBJECT
    return None


def _actor(spoken: Sequence[str], place: int) -> bool | None:
    """Whether the client does the act at ``place``; None where that cannot be told."""
    return None if set(spoken[max(0, place - 3) : place]) & _PASSIVE else _person(spoken[:place])


def _person(before: Sequence[str]) -> bool | None:
    """Whether the nearest person before a word is the client; None where that cannot be told."""
    for word in reversed(before):
        if word in CLIENT or word in _FIRST or word in {"we", "you"}:
            return True
        if word in _THIRD:
            return False if word not in _PRONOUNS or "client" not in before else None
    return None


def _clauses(one: Cited) -> Iterable[tuple[str, ...]]:
    if one.by_therapist:
        return []
    return [words_of(part) for part in _CLAUSE.split(one.sentences) if len(words_of(part)) > 1]


def _is_of_another(clause: Sequence[str]) -> bool:
    return bool(set(clause) & _THIRD) and not set(clause) & (_FIRST | {"we", "us"})


def time_objection(own: str, cited: Sequence[Cited]) -> str | None:
    """Whether a claim of today rests on what is said of the past alone."""
    said = [one.words for one in by_client(cited) or cited]
    claimed = words_of(own)
    if not said or not _is_of_now(claimed) or any(_is_of_now(spoken) for spoken in said):
        return None
    return TIME if _are_past(said, claimed) else None


def _is_of_now(spoken: Sequence[str]) -> bool:
    return _NOW.search(" ".join(spoken)) is not None


def _are_past(said: Sequence[Sequence[str]], claimed: Sequence[str]) -> bool:
    """Whether all that is said is of the past, or all of it that the claim shares words with."""
    if all(_is_past(" ".join(spoken)) for spoken in said):
        return True
    return all(_all_past(claimed, spoken) for spoken in said)


def _is_past(text: str) -> bool:
    return bool(_THEN.search(text)) and not _STILL.search(text)


def _all_past(own: Sequence[str], said: Sequence[str]) -> bool:
    """Whether each verb that claim and quote share stands in the past in the quote."""
    shared = {base(word) for word in own} & {base(word) for word in said}
    forms = [word for word in said if base(word) in shared and (word in _PAST_FORMS or word.endswith("ed"))]
    present = [word for word in said if word in {"am", "i'm", "is", "are", "do", "have", "i've"}]
    return bool(forms) and not present
