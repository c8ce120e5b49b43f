"""The risk screen: every mention of risk, with who said it, of whom, when, and whether it was denied."""

import re
from collections.abc import Sequence

from shared.domain.english.polarity import denying_negation
from shared.domain.values import JsonObject, Transcript
from workers.engines.rules.answers import (
    denies_among_others,
    denies_plainly,
    is_bare,
    is_bare_yes,
    is_protective,
)
from workers.engines.rules.columbia import level_of
from workers.engines.rules.idioms import is_idiom
from workers.engines.rules.lexicons import risk as lexicon
from workers.engines.rules.lexicons.spelling import in_standard_english
from workers.engines.rules.matching import Hit, listed
from workers.engines.rules.passages import Passage, answer_to, passages_of
from workers.engines.rules.risk_flags import Mention, flags_from
from workers.engines.rules.slots import SLOT, reads_harmless, slot_hits
from workers.engines.rules.speakers import Role

CONTEXT_SENTENCES = 6  # how near a mention of suicide must be for "a plan" to be about it
_SUICIDE = frozenset(
    {"passive_suicidal_ideation", "suicidal_ideation", "suicide_intent", "suicidal_behaviour", "suicide_plan"}
)
# These are grave for any subject, as they may put a person in danger.
ABOUT_OTHERS = frozenset({"harm_to_others", "child_abuse", "dependent_adult_abuse", "domestic_violence"})
_EVENTS = frozenset({"suicidal_behaviour", "overdose"})  # told in one sentence, dated in another
# An answer that is no plain denial of one of these is told at once.
_URGENT_WHEN_ASKED = _SUICIDE | ABOUT_OTHERS
_GRAVER = frozenset({"suicide_intent", "suicidal_behaviour", "suicide_plan"})
_FIRST_PERSON = frozenset({"i", "i'm", "i've", "i'd", "i'll", "me", "my", "myself"})
_SECOND_PERSON = frozenset({"you", "your", "yourself", "you're", "you've", "you'd"})
_THIRD_PERSON = frozenset(
    {"he", "she", "they", "he's", "she's", "himself", "herself", "themselves", "him", "her"}
)
_ASKING = re.compile(r"\b(?:have|do|did|are|were|had) you\b|^any\b|\bany (?:thoughts|plans?|urges)\b")
_RELATIVES = frozenset({
    "brother", "sister", "mother", "father", "mom", "mum", "dad", "son", "daughter", "wife", "husband",
    "friend",
    "partner", "boyfriend", "girlfriend", "uncle", "aunt", "cousin", "colleague", "neighbor", "boss", "who",
})  # fmt: skip
_LOWER = {"high": "medium", "medium": "low", "low": "low"}


def screen(transcript: Transcript) -> list[JsonObject]:
    """The risk flags of ``transcript``, gravest first; mentions of one kind and standing share a flag."""
    return flags_from(mentions_in(passages_of(transcript)), transcript)


def mentions_in(passages: Sequence[Passage]) -> list[Mention]:
    """Every mention of risk, in order of time."""
    hits = [(passage, kind, hit) for passage in passages for kind, hit in _hits(passage)]
    hits += _in_context(passages, hits)
    return [_judged(passages, *found) for found in sorted(hits, key=lambda found: found[0].number)]


def _in_context(
    passages: Sequence[Passage], hits: Sequence[tuple[Passage, str, Hit]]
) -> list[tuple[Passage, str, Hit]]:
    """Plans in words that speak of one only near a mention of suicide or self-harm."""
    near = [passage.number for passage, kind, _ in hits if kind in _SUICIDE | {"self_harm"}]
    planned = {passage.number for passage, kind, _ in hits if kind == "suicide_plan"}
    open_to_it = [
        passage
        for passage in passages
        if passage.number not in planned
        and any(abs(passage.number - number) <= CONTEXT_SENTENCES for number in near)
    ]
    firsts = ((passage, listed(lexicon.ONLY_IN_CONTEXT).first(passage)) for passage in open_to_it)
    return [(passage, "suicide_plan", hit) for passage, hit in firsts if hit is not None]


def _hits(passage: Passage) -> list[tuple[str, Hit]]:
    """One hit a kind; of a kind's hits in a sentence an affirmed one counts before a denied one."""
    found = []
    for kind, (_, text) in lexicon.RISKS.items():
        hits = listed(text, fuzzy=True).find(passage)
        if hits:
            found.append((kind, min(hits, key=lambda hit: _is_negated(passage, hit))))
    named = {kind for kind, _ in found}
    found += [(kind, hit) for kind, hit in slot_hits(passage) if kind not in named]
    return [(kind, hit) for kind, hit in found if not any(_says_more(other, hit, kind) for other in found)]


def _says_more(other: tuple[str, Hit], hit: Hit, kind: str) -> bool:
    """Whether ``other`` is a graver kind of mention of suicide in the same words."""
    if kind not in {"suicidal_ideation", "passive_suicidal_ideation"} or other[0] not in _GRAVER:
        return False
    return other[1].start <= hit.start and hit.end <= other[1].end


def _is_negated(passage: Passage, hit: Hit) -> bool:
    return denying_negation(in_standard_english(passage.words), hit.start) is not None


def _judged(passages: Sequence[Passage], passage: Passage, kind: str, hit: Hit) -> Mention:
    mention = Mention(kind, passage, negated=_is_negated(passage, hit), shown=[passage])
    mention.negated = mention.negated or hit.phrase == "no plan"
    mention.past = _is_past(passage) or (kind in _EVENTS and _is_past(_before(passages, passage)))
    mention.figurative = _is_figurative(passage, hit)
    mention.about = _about(passage, kind, hit)
    mention.own_words = _subject(passage, hit) in _FIRST_PERSON
    mention.asked = _is_asked(passages, passage, hit)
    if mention.asked:
        _weigh_answer(passages, mention)
    else:
        mention.severity = _severity(mention)
    mention.columbia = None if mention.negated else level_of(passage, kind)
    return mention


def _is_figurative(passage: Passage, hit: Hit) -> bool:
    figures = listed(lexicon.FIGURATIVE).find(passage)
    if any(not _is_negated(passage, figure) for figure in figures) or is_idiom(passage, hit):
        return True
    return hit.phrase == SLOT and reads_harmless(passage)


def _is_asked(passages: Sequence[Passage], passage: Passage, hit: Hit) -> bool:
    """Whether it is a question to the client, who does not speak of themselves in it."""
    words = set(passage.words)
    if passage.by_client and {"i", "i'm", "i've", "myself"} & words:
        return False
    is_addressed = passage.role is Role.THERAPIST or bool(words & _SECOND_PERSON)
    asks = passage.question or _asks_before(passage, hit) or _asks_next(passages, passage)
    return is_addressed and asks


def _is_past(passage: Passage | None) -> bool:
    return (
        passage is not None
        and listed(lexicon.PAST).first(passage) is not None
        and listed(lexicon.STILL).first(passage) is None
    )


def _before(passages: Sequence[Passage], passage: Passage) -> Passage | None:
    """The sentence before ``passage`` in the same segment, which may say when it was."""
    earlier = passages[passage.number - 1] if passage.number else None
    return earlier if earlier is not None and earlier.segment == passage.segment else None


def _asks_next(passages: Sequence[Passage], passage: Passage) -> bool:
    """Whether the therapist goes on with "do you?", as in "Some people think of suicide. Do you?"."""
    following = passages[passage.number + 1 : passage.number + 2]
    return passage.role is Role.THERAPIST and any(
        other.segment == passage.segment and len(other.words) < 5 and listed(lexicon.AND_YOU).first(other)
        for other in following
    )


def _asks_before(passage: Passage, hit: Hit) -> bool:
    """Whether the therapist asks within a longer stretch that the speech engine did not punctuate."""
    before = " ".join(passage.words[: hit.end])
    return passage.role is Role.THERAPIST and _ASKING.search(before) is not None


def _about(passage: Passage, kind: str, hit: Hit) -> str:
    """Whose risk it is: by the subject nearest before the phrase, else by the phrase itself."""
    inside = set(passage.words[hit.start : hit.end])
    if kind in {"harm_to_others", "child_abuse", "dependent_adult_abuse"}:
        return "other"
    if inside & {"myself", "my", "me", "i"}:
        return "self"
    if inside & (_THIRD_PERSON | {"his", "their"}):
        return "other"
    if inside & _SECOND_PERSON and not passage.by_client:
        return "self"
    subject = _subject(passage, hit)
    if subject in _FIRST_PERSON:
        return "self"
    if subject in _THIRD_PERSON | _RELATIVES:
        return "other"
    if listed(lexicon.OTHERS).find(passage):
        return "other"
    return "self" if set(passage.words) & (_FIRST_PERSON | _SECOND_PERSON) else "unclear"


def _subject(passage: Passage, hit: Hit) -> str:
    """The person in the phrase, else the one nearest before it."""
    inside = passage.words[hit.start : hit.end]
    before = reversed(passage.words[: hit.start])
    people = (_FIRST_PERSON | _SECOND_PERSON | _THIRD_PERSON | _RELATIVES) - {"my", "me", "your"}
    own = next((word for word in inside if word in _FIRST_PERSON | _SECOND_PERSON), "")
    return own or next((word for word in before if word in people), "")


def _severity(mention: Mention) -> str:
    severity = lexicon.RISKS[mention.kind][0]
    if mention.negated or mention.figurative:
        return "low"
    if mention.passage.role is Role.THERAPIST and not mention.own_words:
        return "low"
    if mention.past:
        severity = _LOWER[severity]
    if mention.about == "other" and mention.kind not in ABOUT_OTHERS:
        severity = "low"
    return severity


def _weigh_answer(passages: Sequence[Passage], mention: Mention) -> None:
    """A question is as grave as its answer: denied is low, none or a hedged one needs a person."""
    answer = answer_to(passages, mention.passage)
    mention.about = "self" if mention.about == "unclear" else mention.about
    mention.negated = False
    mention.severity = "medium"
    if not answer:
        return
    head = answer[0]
    mention.shown.append(head)
    if is_protective(mention.passage):
        _weigh_safety(mention, answer)
    elif denies_plainly(mention.passage, answer) or denies_among_others(answer):
        mention.negated, mention.severity = True, "low"
        mention.shown.extend(answer[1:])
    elif _opens_with(head, lexicon.DENIED):
        _weigh_denial(mention, answer)
    elif _opens_with(head, lexicon.AFFIRMED) and not listed(lexicon.DENIED).find(head):
        mention.severity = lexicon.RISKS[mention.kind][0]
    mention.alert = not mention.negated and mention.kind in _URGENT_WHEN_ASKED


def _weigh_denial(mention: Mention, answer: Sequence[Passage]) -> None:
    """An answer that opens with a no, and says more: only a bare one that nothing hedges denies."""
    if not is_bare(answer) or any(listed(lexicon.HEDGED).find(passage) for passage in answer):
        mention.shown = [mention.passage, *answer]
        return
    mention.negated, mention.severity = True, "low"
    mention.shown.extend(answer[1:2] if len(answer[0].words) < 3 else [])


def _weigh_safety(mention: Mention, answer: Sequence[Passage]) -> None:
    """To "do you feel safe?" a no is the finding, and only a bare yes a denial."""
    head = answer[0]
    if _opens_with(head, lexicon.DENIED):
        mention.severity = lexicon.RISKS[mention.kind][0]
    elif _opens_with(head, lexicon.AFFIRMED) and is_bare_yes(answer):
        mention.negated, mention.severity = True, "low"


def _opens_with(passage: Passage, text: str) -> bool:
    hit = listed(text).first(passage)
    fillers = {"um", "uh", "well", "oh", "god", "i", "mean", "honestly", "like", "so", "hmm", "mm", "know"}
    return hit is not None and all(word in fillers for word in passage.words[: hit.start])
