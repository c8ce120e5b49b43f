"""What about a draft a person must look at with more than the usual care, and why."""

from collections.abc import Iterator, Sequence

from shared.domain.notes.client_summary import HAND_OVER, UNSAFE_AT_HOME, is_unsafe_at_home
from shared.domain.notes.fields import LIST_FIELDS
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import (
    MODEL_DID_NOT_RUN,
    model_missed,
    not_screened,
    unscreened_language,
)
from shared.domain.verification.claims import INSTRUCTION, MARKUP, REASSURING
from shared.domain.verification.facts import DIAGNOSIS, MEDICATION, NUMBER
from shared.domain.verification.prompt_injection import reads_like_instruction
from shared.domain.verification.risk import ENGINE, SCREEN

# From this share of its claims on, the engine is not to be trusted with this session.
MANY_UNSUPPORTED = 0.1

NOT_SCREENED = "not_screened_for_risk"
# Warnings for the signer: what neither a person nor a program has screened.
AT_SIGNING = frozenset({NOT_SCREENED, UNSAFE_AT_HOME, "risk_model_did_not_run"})

_INVENTED = frozenset({NUMBER, MEDICATION, DIAGNOSIS})


def review_reasons(
    notes: JsonObject, transcript: Transcript, screened: Sequence[JsonObject]
) -> list[JsonObject]:
    """``{code, detail}`` of each reason to review verified ``notes``; none is the usual case.

    ``screened`` are the flags of the screen before they were united with the engine's. No detail
    holds a word of the transcript.
    """
    return [{"code": code, "detail": detail} for code, detail in _reasons(notes, transcript, screened)]


def _reasons(
    notes: JsonObject, transcript: Transcript, screened: Sequence[JsonObject]
) -> Iterator[tuple[str, str]]:
    orders = [
        str(number) for number, said in enumerate(transcript.segments) if reads_like_instruction(said.text)
    ]
    if orders:
        yield (
            "instruction_in_transcript",
            "Something in the transcript reads like an instruction to a machine, not like speech to a "
            f"person; nothing rests on it. Segments: {', '.join(orders[:20])}.",
        )
    reasons = [entry["reason"] for entry in notes["unsupported"]]
    if MARKUP in reasons or INSTRUCTION in reasons:
        yield "engine_output_refused", "The engine wrote markup, a link, or what an instruction asked for."
    if REASSURING in reasons:
        yield "engine_reassured", "The engine wrote that there is no risk; that was taken out."
    if _INVENTED & set(reasons):
        yield "engine_invented", "The engine named a number, drug or diagnosis that was not said."
    language = unscreened_language(transcript)
    if language is not None:
        yield NOT_SCREENED, not_screened(language)
    if is_unsafe_at_home(notes):
        yield UNSAFE_AT_HOME, HAND_OVER
    if _missed(notes, screened):
        yield "engine_missed_risk", "The screen found grave risk that the engine had not written of."
    if model_missed(notes, transcript):
        yield "risk_model_did_not_run", MODEL_DID_NOT_RUN
    claims = len(reasons) + _standing(notes)
    if reasons and len(reasons) >= MANY_UNSUPPORTED * claims:
        yield "many_unsupported", f"{len(reasons)} of {claims} claims of the engine were not borne out."


def _missed(notes: JsonObject, screened: Sequence[JsonObject]) -> bool:
    grave = {flag["type"] for flag in screened if flag["severity"] == "high"}
    found = [flag for flag in notes["risk_flags"] if flag["type"] in grave and flag["severity"] == "high"]
    return any(SCREEN in flag["found_by"] and ENGINE not in flag["found_by"] for flag in found)


def _standing(notes: JsonObject) -> int:
    lists = sum(len(notes[name]) for name in LIST_FIELDS)
    sentences = sum(not s["structural"] for group in notes["field_evidence"].values() for s in group)
    return lists + sentences
