"""What about a draft a person must look at with more than the usual care, and why."""

from collections.abc import Collection, Iterator, Sequence

from shared.domain.notes.client_summary import HAND_OVER, UNSAFE_AT_HOME, is_unsafe_at_home
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes, ReviewReason
from shared.domain.values import Transcript
from shared.domain.verification.boilerplate import (
    ENGINE_DID_NOT_SCREEN,
    MODEL_DID_NOT_RUN,
    engine_did_not_screen,
    model_missed,
    not_screened,
    unscreened_language,
)
from shared.domain.verification.claims import INSTRUCTION, MARKUP, REASSURING
from shared.domain.verification.objections.facts import DIAGNOSIS, MEDICATION, NUMBER
from shared.domain.verification.prompt_injection import reads_like_instruction
from shared.domain.verification.risk import ENGINE, SCREEN

# From this share of its claims on, the engine is not to be trusted with this session.
MANY_UNSUPPORTED = 0.1

NOT_SCREENED = "not_screened_for_risk"
NOT_READ_BY_ENGINE = "risk_language_model_did_not_run"
# Warnings for the signer: what neither a person nor a program has screened.
AT_SIGNING = frozenset({NOT_SCREENED, UNSAFE_AT_HOME, "risk_model_did_not_run", NOT_READ_BY_ENGINE})

_INVENTED = frozenset({NUMBER, MEDICATION, DIAGNOSIS})


def review_reasons(notes: Notes, transcript: Transcript, screened: Sequence[Item]) -> list[ReviewReason]:
    """Each reason to review verified ``notes``; none is the usual case.

    ``screened`` are the flags of the screen before they were united with the engine's. No detail
    holds a word of the transcript.
    """
    return [ReviewReason(*reason) for reason in _reasons(notes, transcript, screened)]


def _reasons(notes: Notes, transcript: Transcript, screened: Sequence[Item]) -> Iterator[tuple[str, str]]:
    yield from _of_instructions(transcript)
    yield from _of_engine([entry.reason for entry in notes.unsupported])
    yield from _of_risk(notes, transcript, screened)
    fallen = len(notes.unsupported)
    claims = fallen + _standing(notes)
    if fallen and fallen >= MANY_UNSUPPORTED * claims:
        yield "many_unsupported", f"{fallen} of {claims} claims of the engine are not supported."


def _of_instructions(transcript: Transcript) -> Iterator[tuple[str, str]]:
    orders = [
        str(number) for number, said in enumerate(transcript.segments) if reads_like_instruction(said.text)
    ]
    if orders:
        yield (
            "instruction_in_transcript",
            "Something in the transcript reads like an instruction to a machine, not like speech to a "
            f"person; nothing rests on it. Segments: {', '.join(orders[:20])}.",
        )


def _of_engine(reasons: Collection[str]) -> Iterator[tuple[str, str]]:
    if MARKUP in reasons or INSTRUCTION in reasons:
        yield "engine_output_refused", "The engine wrote markup, a link, or what an instruction asked for."
    if REASSURING in reasons:
        yield "engine_reassured", "The engine wrote that there is no risk; that was taken out."
    if _INVENTED & set(reasons):
        yield "engine_invented", "The engine named a number, drug or diagnosis that was not said."


def _of_risk(notes: Notes, transcript: Transcript, screened: Sequence[Item]) -> Iterator[tuple[str, str]]:
    language = unscreened_language(transcript)
    if language is not None:
        yield NOT_SCREENED, not_screened(language)
    if is_unsafe_at_home(notes):
        yield UNSAFE_AT_HOME, HAND_OVER
    if _missed(notes, screened):
        yield "engine_missed_risk", "The screen found grave risk that the engine had not written of."
    if model_missed(notes, transcript):
        yield "risk_model_did_not_run", MODEL_DID_NOT_RUN
    if engine_did_not_screen(notes, transcript):
        yield NOT_READ_BY_ENGINE, ENGINE_DID_NOT_SCREEN


def _missed(notes: Notes, screened: Sequence[Item]) -> bool:
    grave = {flag.text("type") for flag in screened if flag.text("severity") == "high"}
    found = [flag for flag in notes.flags if flag.text("severity") == "high" and flag.text("type") in grave]
    finders = [flag.texts("found_by") for flag in found]
    return any(SCREEN in found_by and ENGINE not in found_by for found_by in finders)


def _standing(notes: Notes) -> int:
    lists = sum(len(listed) for listed in notes.items.values())
    sentences = sum(not one.structural for written in notes.sentences.values() for one in written)
    return lists + sentences
