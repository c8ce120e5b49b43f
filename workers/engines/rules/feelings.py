"""What the client felt: themes, mood, its course, and the words that carry most of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.english.polarity import governing_negation
from shared.domain.notes.items import Item
from shared.domain.verification.evidence import CANNOT_TELL
from shared.domain.vocabulary import feelings as lexicon
from shared.domain.vocabulary import phrases
from workers.engines.rules.lexicons import course
from workers.engines.rules.matching import Hit, listed
from workers.engines.rules.passages import Passage
from workers.engines.rules.reading import Reading

THEMES = 6
MOOD_WORDS = 3  # fewer words of feeling say nothing of a mood
MIXED_WORDS = 5  # and fewer that contradict each other do not make a mixed one
LEANING = 0.3  # the balance (-1..1) from which a mood is low or good
VERY_LOW = -0.8  # and from which it is very low
COURSE_STEP = 0.6  # a change of the balance from which the mood is said to have moved
COURSE_TOLD = 2  # one sentence of a change says little of its course
_REPLIES = frozenset({"joy", "difficulty", "improvement"})
_GRAVE_FOR_ONE = frozenset(
    {
        "domestic_violence",
        "self_harm",
        "suicidal_ideation",
        "suicide_plan",
        "suicide_intent",
        "suicidal_behaviour",
    }
)
_SELF = frozenset({"i", "i'm", "i've", "i'd", "we", "me", "myself", "mood"})


@dataclass(frozen=True, slots=True)
class Feeling:
    """A word of feeling that the client said of themselves; ``valence`` -2..2, 0 where denied."""

    label: str
    valence: int
    passage: Passage


def feelings_in(passage: Passage) -> list[Feeling]:
    """The feelings in one sentence; "not happy" counts as low, "not sad" as neither."""
    found = []
    homonyms = listed(lexicon.NOT_A_FEELING).find(passage)
    for label, (valence, words) in lexicon.FEELINGS.items():
        hit = listed(words).first(passage)
        if hit is None or _covered(hit, homonyms) or not _own(passage, hit):
            continue
        if len(passage.words) == 1 and label in _REPLIES:
            continue  # "Great." answers; it is no feeling
        if governing_negation(passage.words, hit.start) is not None and "not" not in hit.phrase:
            valence = -1 if valence > 0 else 0
        found.append(Feeling(label, valence, passage))
    return found


def _covered(hit: Hit, homonyms: Sequence[Hit]) -> bool:
    return any(other.start <= hit.start and hit.end <= other.end for other in homonyms)


def _own(passage: Passage, hit: Hit) -> bool:
    """Whether the nearest person before the word is the speaker."""
    others = set(phrases(lexicon.PEOPLE))
    for word in reversed(passage.words[: hit.start]):
        if word in _SELF:
            return True
        if word in others:
            return False
    return True


def weight(passage: Passage) -> float:
    """How much a sentence carries: feelings, strong words, and speaking of oneself."""
    strong = len(listed(lexicon.INTENSE).find(passage))
    own = any(word in {"i", "i'm", "i've", "me", "my"} for word in passage.words)
    image = 3 * bool(listed(lexicon.IMAGES).find(passage))
    return 2.0 * sum(abs(f.valence) for f in feelings_in(passage)) + min(strong, 3) + own + image


@dataclass(frozen=True, slots=True)
class Mood:
    """A value with the sentences that it was taken from; none where the words do not tell."""

    value: str
    sources: tuple[Passage, ...]


def all_feelings(reading: Reading) -> list[Feeling]:
    """Every feeling of the client, in order of time."""
    return [
        feeling
        for passage in reading.client
        if not passage.question
        for feeling in feelings_in(passage)
        if feeling.valence
    ]


def themes_in(feelings: Sequence[Feeling]) -> dict[str, list[Passage]]:
    """The themes with the sentences that name them, the most frequent first."""
    themes: dict[str, list[Passage]] = defaultdict(list)
    for feeling in feelings:
        stated = feeling.valence * lexicon.FEELINGS[feeling.label][0] > 0
        if stated and feeling.label not in lexicon.NOT_THEMES:
            themes[feeling.label].append(feeling.passage)
    ranked = sorted(themes.items(), key=lambda theme: -len(theme[1]))[:THEMES]
    return {label: sorted(passages, key=lambda p: (-weight(p), p.number)) for label, passages in ranked}


def as_items(reading: Reading, themes: dict[str, list[Passage]]) -> list[Item]:
    """``emotional_themes``."""
    return [Item.saying(reading.cited(passages[:2]), text=label) for label, passages in themes.items()]


def mood_of(reading: Reading, feelings: Sequence[Feeling]) -> Mood:
    """The session's mood by the balance of words, which grave words of risk make low."""
    grave = [
        mention.shown[-1]
        for mention in reading.mentions
        if mention.severity == "high"
        and mention.kind in _GRAVE_FOR_ONE
        and mention.about == "self"
        and mention.shown[-1].by_client
    ]
    if grave:
        # One grave sentence that no word of feeling bears out says less of the mood than two.
        sure = len(set(grave)) > 1 or _balance(feelings) <= VERY_LOW or not feelings
        value = "very_low" if sure and _balance(feelings) <= 0 else "low"
        return Mood(value, (*tuple(dict.fromkeys(grave))[:2], *_strongest(feelings, -1)[:1]))
    return Mood(CANNOT_TELL, ()) if len(feelings) < MOOD_WORDS else _mood_by_balance(feelings)


def _mood_by_balance(feelings: Sequence[Feeling]) -> Mood:
    balance, are_many = _balance(feelings), len(feelings) >= 8
    if balance <= -LEANING:
        value = "very_low" if balance <= VERY_LOW and are_many else "low"
        return Mood(value, _strongest(feelings, -1)[:2])
    if balance >= LEANING:
        value = "very_positive" if balance >= 0.9 and are_many else "positive"
        return Mood(value, _strongest(feelings, 1)[:2])
    mixed = _strongest(feelings, -1)[:1] + _strongest(feelings, 1)[:1]
    return Mood("neutral", mixed) if len(feelings) >= MIXED_WORDS else Mood(CANNOT_TELL, ())


def course_of(reading: Reading, feelings: Sequence[Feeling]) -> Mood:
    """How the client says that things have gone, else how the words of feeling moved in the session."""
    told = _told_course(reading)
    return told if told.sources else _moved(feelings)


def _moved(feelings: Sequence[Feeling]) -> Mood:
    """From the first third of the session to the last, if there are words enough in both."""
    first = [f for f in feelings if f.passage.position < 1 / 3]
    last = [f for f in feelings if f.passage.position >= 2 / 3]
    step = _balance(last) - _balance(first)
    if len(first) < COURSE_TOLD or len(last) < COURSE_TOLD or abs(step) < COURSE_STEP:
        return Mood(CANNOT_TELL, ())
    sign = 1 if step > 0 else -1
    found = (*_strongest(first, -sign)[:1], *_strongest(last, sign)[:1])
    return Mood("improving" if step > 0 else "declining", found)


def _told_course(reading: Reading) -> Mood:
    """What got better against what got worse, in the client's words."""
    said = {name: [p for p in reading.client if _says(p, words)] for name, words in course.COURSE.items()}
    better, worse, wavering, same = (said[name] for name in ("better", "worse", "up_and_down", "same"))
    if len(wavering) >= COURSE_TOLD or min(len(better), len(worse)) >= COURSE_TOLD:
        return Mood("fluctuating", tuple(wavering[:2]) or (better[0], worse[0]))
    if len(better) >= max(COURSE_TOLD, 2 * len(worse) + 1):
        return Mood("improving", tuple(better[:2]))
    if len(worse) >= max(COURSE_TOLD, 2 * len(better) + 1):
        return Mood("declining", tuple(worse[:2]))
    if same and not better and not worse:
        return Mood("stable", tuple(same[:2]))
    return Mood(CANNOT_TELL, ())


def _says(passage: Passage, words: str) -> bool:
    """Whether the client says one of ``words`` of themselves, and does not deny it."""
    hit = None if passage.question else listed(words).first(passage)
    return hit is not None and governing_negation(passage.words, hit.start) is None


def _balance(feelings: Sequence[Feeling]) -> float:
    total = sum(abs(feeling.valence) for feeling in feelings)
    return sum(feeling.valence for feeling in feelings) / total if total else 0.0


def _strongest(feelings: Sequence[Feeling], sign: int) -> tuple[Passage, ...]:
    """The sentences of one sign, first those with the least of the other in them."""
    sums: dict[Passage, int] = defaultdict(int)
    for feeling in feelings:
        sums[feeling.passage] += feeling.valence * sign
    fitting = [passage for passage, total in sums.items() if total > 0]
    return tuple(sorted(fitting, key=lambda p: (-sums[p], -weight(p), p.number)))
