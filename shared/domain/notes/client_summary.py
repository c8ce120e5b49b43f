"""The client's summary, written on request from verified notes, and what it never holds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from shared.domain.english.quotes import words_of
from shared.domain.notes.items import Item, Sentence, Unsupported
from shared.domain.notes.phrasing import TASK_QUOTE, clipped, said, task_sentence
from shared.domain.notes.values import Notes, ReviewReason
from shared.domain.values import Transcript
from shared.domain.verification import boilerplate
from shared.domain.verification.acceptance import ACCEPTED, OPEN
from shared.domain.verification.boilerplate import join
from shared.domain.verification.evidence import judged
from shared.domain.verification.grounding import content_of
from shared.domain.verification.objections.facts import is_drug
from shared.domain.verification.risk import LOOK
from shared.domain.vocabulary import words

FIELD = "patient_summary"
ABOUT_MEDICATION = "Not for the client's summary: it speaks of medication."
NOT_TAKEN_ON = "Not for the client's summary: the client did not accept the task."
WORDS_OF_RISK = "Not for the client's summary: it repeats words of risk."
SAFETY_STEP = "Not for the client's summary: another person at home may read of a safety step."
UNSAFE_AT_HOME = "violence_at_home"
HAND_OVER = (
    "Violence at home was spoken of. Before you hand over a summary, ask the client whether it is safe "
    "to have it: another person at home may read it."
)

_MEDICATION = words("""
    medication medications medicine medicines meds dose doses dosage tablet tablets pill pills prescription
    antidepressant antidepressants milligram milligrams mg
""")
_SAME_TASK = 0.6
_MOST = 3  # topics, feelings, tasks
_PLAIN = {
    "safety": "your safety",
    "low mood": "feeling low", "self-esteem": "how you see yourself", "relationship": "your relationship",
    "family": "your family", "health": "your health", "children": "your children",
    "worthlessness": "being hard on yourself", "hopelessness": "finding it hard to hope",
}  # fmt: skip
_TECHNIQUES = {
    "reviewed": "You looked back at {}.", "introduced": "You and your therapist spoke about {}.",
    "practiced": "Together you practiced {}.", "assigned": "You were invited to use {}.",
}  # fmt: skip
# Where one of these was spoken of by the client about themselves, the summary names where help is.
_PAINFUL = frozenset({
    "passive_suicidal_ideation", "suicidal_ideation", "suicide_plan", "suicide_intent", "suicidal_behaviour",
    "self_harm", "overdose", "domestic_violence",
})  # fmt: skip


def with_client_summary(notes: Notes, transcript: Transcript) -> Notes:
    """``notes`` with a summary for the client, written from what stands in them."""
    return summarised(notes, transcript, _sentences(notes))


def without_client_summary(notes: Notes) -> Notes:
    """``notes`` as they are drafted: a summary for the client is made on request only."""
    return replace(notes.having(**{FIELD: ""}), sentences={**notes.sentences, FIELD: ()})


def summarised(notes: Notes, transcript: Transcript, sentences: Iterable[Sentence]) -> Notes:
    """``notes`` with those of ``sentences`` as the client's summary that are verified and are for the client.

    The others are set apart under ``unsupported`` with the reason. Violence at home is a review reason.
    """
    kept: list[Sentence] = []
    fallen: list[Unsupported] = []
    told: list[Unsupported] = []
    for written in sentences:
        sentence, apart = judged(FIELD, written, transcript)
        fallen.extend(apart)
        if sentence is None:
            continue
        reason = None if sentence.structural else _objection(sentence, notes)
        if reason is None:
            kept.append(sentence)
        else:
            told.append(Unsupported(FIELD, sentence, reason))
    others = (entry for entry in notes.unsupported if entry.field != FIELD)
    text = " ".join(sentence.text for sentence in kept)
    result = replace(
        notes.having(**{FIELD: text}),
        sentences={**notes.sentences, FIELD: tuple(kept)},
        unsupported=(*others, *fallen, *told),
    )
    return result.with_reasons(_reasons(notes))


def _reasons(notes: Notes) -> tuple[ReviewReason, ...]:
    reasons = notes.review_reasons or ()
    if is_unsafe_at_home(notes) and UNSAFE_AT_HOME not in {reason.code for reason in reasons}:
        return (*reasons, ReviewReason(UNSAFE_AT_HOME, HAND_OVER))
    return reasons


def is_unsafe_at_home(notes: Notes) -> bool:
    """Whether violence in a relationship was spoken of, and not only to deny it."""
    found = (flag for flag in notes.flags if flag.text("type") == "domestic_violence")
    return any(
        not flag.has("negated") and not flag.has("figurative") and flag.text("level") != LOOK
        for flag in found
    )


def _sentences(notes: Notes) -> Iterator[Sentence]:
    yield from _subjects(notes)
    if any(_is_painful(flag) for flag in notes.flags):
        yield Sentence.fixed(boilerplate.PATIENT_HELP)
    for status, frame in _TECHNIQUES.items():
        group = [item for item in notes.items["strategies"] if item.text("status") == status]
        yield from _listing(frame, group, "name")
    yield from _agreed(notes)
    for fixed in (boilerplate.PATIENT_LIMITS, boilerplate.PATIENT_CORRECT, boilerplate.PATIENT_PACE):
        yield Sentence.fixed(fixed)


def _subjects(notes: Notes) -> Iterator[Sentence]:
    kept_back = _MEDICATION | ({"safety", "relationship"} if is_unsafe_at_home(notes) else set())
    topics = [item for item in notes.items["key_topics"] if not set(words_of(item.text("text"))) & kept_back]
    yield from _listing("In this session you talked about {}.", topics, "text")
    feelings = notes.items["emotional_themes"]
    frame = "The feeling named was {}." if len(feelings) == 1 else "Feelings named were {}."
    yield from _listing(frame, feelings, "text")


def _agreed(notes: Notes) -> Iterator[Sentence]:
    accepted = [item for item in notes.items["action_items"] if item.text("agreement") == ACCEPTED]
    for item in accepted[:_MOST]:
        quoting = "For the time until you meet again, this was said: "
        text = task_sentence("You agreed to ", quoting, item.text("task"), "your")
        yield Sentence(text=text, evidence=item.evidence)
    for item in notes.items["appointments"]:
        text = said("Your next appointment: ", clipped(item.text("when"), TASK_QUOTE))
        yield Sentence(text=text, evidence=item.evidence)


def _listing(frame: str, items: Sequence[Item], name: str) -> Iterator[Sentence]:
    if items:
        labels = join([_PLAIN.get(item.text(name), item.text(name)) for item in items[:_MOST]])
        evidence = tuple(piece for item in items[:_MOST] for piece in item.evidence)
        yield Sentence(text=frame.format(labels), evidence=evidence)


def _is_painful(flag: Item) -> bool:
    grave = flag.text("severity") in {"high", "medium"}
    return grave and flag.text("type") in _PAINFUL and flag.text("about") != "other"


def _objection(sentence: Sentence, notes: Notes) -> str | None:
    if _is_about_medication(sentence):
        return ABOUT_MEDICATION
    if any(_tells(sentence, task) for task in _not_accepted(notes)):
        return NOT_TAKEN_ON
    if any(item.text("when") in sentence.text for item in notes.items["appointments"]):
        return None
    if is_unsafe_at_home(notes) and _rests_on_any(sentence, notes.items["risk_actions"]):
        return SAFETY_STEP
    return WORDS_OF_RISK if "“" in sentence.text and _repeats_any(sentence, notes.flags) else None


def _is_about_medication(sentence: Sentence) -> bool:
    return any(word in _MEDICATION or is_drug(word) for word in words_of(sentence.text))


def _rests_on_any(sentence: Sentence, items: Sequence[Item]) -> bool:
    return any(sentence.segments & item.segments for item in items)


def _repeats_any(sentence: Sentence, items: Sequence[Item]) -> bool:
    quotes = [quote for item in items for quote in item.quotes]
    return any(one in other or other in one for one in sentence.quotes for other in quotes)


def _not_accepted(notes: Notes) -> Iterator[str]:
    """The tasks that were left open or turned down."""
    listed = notes.items["action_items"]
    yield from (item.text("task") for item in listed if (item.text("agreement") or OPEN) == OPEN)
    claims = (entry.claim for entry in notes.unsupported)
    yield from (claim.text("task") for claim in claims if isinstance(claim, Item) and claim.has("task"))


def _tells(sentence: Sentence, task: str) -> bool:
    own = content_of(words_of(task))
    shared = own & content_of(words_of(sentence.text))
    return bool(own) and len(shared) >= _SAME_TASK * len(own)
