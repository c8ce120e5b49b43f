"""The client's summary, written on request from verified notes, and what it never holds."""

from collections.abc import Iterable, Iterator
from copy import deepcopy

from shared.domain.notes.phrasing import TASK_QUOTE, clipped, said, task_sentence
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification import boilerplate
from shared.domain.verification.acceptance import ACCEPTED, OPEN
from shared.domain.verification.boilerplate import join
from shared.domain.verification.evidence import verify
from shared.domain.verification.facts import is_drug
from shared.domain.verification.grounding import content_of
from shared.domain.verification.quotes import words_of
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


def with_client_summary(notes: JsonObject, transcript: Transcript) -> JsonObject:
    """``notes`` with a summary for the client, written from what stands in them."""
    return summarised(notes, transcript, _sentences(notes))


def without_client_summary(notes: JsonObject) -> JsonObject:
    """``notes`` as they are drafted: a summary for the client is made on request only."""
    return {**notes, FIELD: "", "field_evidence": {**notes["field_evidence"], FIELD: []}}


def summarised(notes: JsonObject, transcript: Transcript, sentences: Iterable[JsonObject]) -> JsonObject:
    """``notes`` with those of ``sentences`` as the client's summary that are verified and are for the client.

    The others are set apart under ``unsupported`` with the reason. Violence at home is a review reason.
    """
    checked = verify({"field_evidence": {FIELD: deepcopy(list(sentences))}}, transcript)
    kept, apart = [], list(checked["unsupported"])
    for sentence in checked["field_evidence"][FIELD]:
        reason = None if sentence.get("structural") else _objection(sentence, notes)
        if reason is None:
            kept.append(sentence)
        else:
            apart.append({"field": FIELD, "item": sentence, "reason": reason})
    reasons = notes["review_reasons"]
    if is_unsafe_at_home(notes) and UNSAFE_AT_HOME not in {reason["code"] for reason in reasons}:
        reasons = [*reasons, {"code": UNSAFE_AT_HOME, "detail": HAND_OVER}]
    return {
        **notes,
        FIELD: " ".join(sentence["sentence"] for sentence in kept),
        "field_evidence": {**notes["field_evidence"], FIELD: kept},
        "unsupported": [*(entry for entry in notes["unsupported"] if entry["field"] != FIELD), *apart],
        "needs_review": bool(reasons),
        "review_reasons": reasons,
    }


def is_unsafe_at_home(notes: JsonObject) -> bool:
    """Whether violence in a relationship was spoken of, and not only to deny it."""
    found = (flag for flag in notes["risk_flags"] if flag["type"] == "domestic_violence")
    return any(
        not flag.get("negated") and not flag.get("figurative") and flag.get("level") != LOOK for flag in found
    )


def _sentences(notes: JsonObject) -> Iterator[JsonObject]:
    kept_back = _MEDICATION | ({"safety", "relationship"} if is_unsafe_at_home(notes) else set())
    topics = [item for item in notes["key_topics"] if not set(words_of(item["text"])) & kept_back]
    yield from _listing("In this session you talked about {}.", topics, "text")
    feelings = notes["emotional_themes"]
    frame = "The feeling named was {}." if len(feelings) == 1 else "Feelings named were {}."
    yield from _listing(frame, feelings, "text")
    if any(_is_painful(flag) for flag in notes["risk_flags"]):
        yield _fixed(boilerplate.PATIENT_HELP)
    for status, frame in _TECHNIQUES.items():
        group = [item for item in notes["strategies"] if item["status"] == status]
        yield from _listing(frame, group, "name")
    for item in [item for item in notes["action_items"] if item.get("agreement") == ACCEPTED][:_MOST]:
        quoting = "For the time until you meet again, this was said: "
        text = task_sentence("You agreed to ", quoting, item["task"], "your")
        yield _sentence(text, item["evidence"])
    for item in notes["appointments"]:
        yield _sentence(said("Your next appointment: ", clipped(item["when"], TASK_QUOTE)), item["evidence"])
    for fixed in (boilerplate.PATIENT_LIMITS, boilerplate.PATIENT_CORRECT, boilerplate.PATIENT_PACE):
        yield _fixed(fixed)


def _listing(frame: str, items: list[JsonObject], name: str) -> Iterator[JsonObject]:
    if items:
        labels = join([_PLAIN.get(str(item[name]), str(item[name])) for item in items[:_MOST]])
        yield _sentence(frame.format(labels), [piece for item in items[:_MOST] for piece in item["evidence"]])


def _sentence(text: str, evidence: list[JsonObject]) -> JsonObject:
    return {"sentence": text, "structural": False, "evidence": evidence}


def _fixed(text: str) -> JsonObject:
    return {"sentence": text, "structural": True, "evidence": []}


def _is_painful(flag: JsonObject) -> bool:
    return (
        flag["type"] in _PAINFUL and flag["severity"] in {"high", "medium"} and flag.get("about") != "other"
    )


def _objection(sentence: JsonObject, notes: JsonObject) -> str | None:
    own = set(words_of(sentence["sentence"]))
    if own & _MEDICATION or any(is_drug(word) for word in own):
        return ABOUT_MEDICATION
    if any(_tells(sentence, task) for task in _not_accepted(notes)):
        return NOT_TAKEN_ON
    if any(item["when"] in sentence["sentence"] for item in notes["appointments"]):
        return None
    steps = {piece["segment"] for step in notes["risk_actions"] for piece in step["evidence"]}
    if is_unsafe_at_home(notes) and steps & {piece["segment"] for piece in sentence["evidence"]}:
        return SAFETY_STEP
    risky = [piece["quote"] for flag in notes["risk_flags"] for piece in flag["evidence"]]
    quoted = [piece["quote"] for piece in sentence["evidence"]]
    repeats = any(one in other or other in one for one in quoted for other in risky)
    return WORDS_OF_RISK if repeats and "“" in sentence["sentence"] else None


def _not_accepted(notes: JsonObject) -> Iterator[str]:
    """The tasks that were left open or turned down."""
    yield from (item["task"] for item in notes["action_items"] if item.get("agreement", OPEN) == OPEN)
    yield from (u["item"]["task"] for u in notes["unsupported"] if u["item"].get("task"))


def _tells(sentence: JsonObject, task: str) -> bool:
    own = content_of(words_of(task))
    shared = own & content_of(words_of(sentence["sentence"]))
    return bool(own) and len(shared) >= _SAME_TASK * len(own)
