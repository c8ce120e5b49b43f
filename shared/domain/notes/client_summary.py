"""What a client's summary never holds: medication, tasks they did not accept, words of risk."""

from collections.abc import Iterator

from shared.domain.values import JsonObject
from shared.domain.verification.acceptance import OPEN
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
KEPT_FROM_CLIENT = frozenset({ABOUT_MEDICATION, NOT_TAKEN_ON, WORDS_OF_RISK, SAFETY_STEP})
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


def for_the_client(notes: JsonObject) -> JsonObject:
    """``notes``, verified, with what is not for the client taken out of their summary and set apart."""
    kept, apart = [], []
    for sentence in notes["field_evidence"][FIELD]:
        reason = None if sentence.get("structural") else _objection(sentence, notes)
        if reason is None:
            kept.append(sentence)
        else:
            apart.append({"field": FIELD, "item": sentence, "reason": reason})
    return {
        **notes,
        FIELD: " ".join(sentence["sentence"] for sentence in kept),
        "field_evidence": {**notes["field_evidence"], FIELD: kept},
        "unsupported": [*notes["unsupported"], *apart],
    }


def is_unsafe_at_home(notes: JsonObject) -> bool:
    """Whether violence in a relationship was spoken of, and not only to deny it."""
    found = (flag for flag in notes["risk_flags"] if flag["type"] == "domestic_violence")
    return any(
        not flag.get("negated") and not flag.get("figurative") and flag.get("level") != LOOK for flag in found
    )


def _objection(sentence: JsonObject, notes: JsonObject) -> str | None:
    said = set(words_of(sentence["sentence"]))
    if said & _MEDICATION or any(is_drug(word) for word in said):
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
