"""The fixed sentences of the notes, which claim nothing that was said and need no evidence."""

from collections.abc import Iterator, Mapping, Sequence

from shared.domain.english.quotes import words_of
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.values import Transcript
from shared.domain.verification.risk import LANGUAGE_MODEL, LOCAL_MODEL, found_by_model_alone, only_model

MADE_BY_RULES = (
    "This draft was made by rules from the transcript of the recording and must be read against it."
)
NOTHING_TO_SCREEN = "No speech was found, so nothing can be said about risk. Listen to the recording."
SET_ASIDE = "Set aside by the clinician."
NOTHING_FOR_PART = "Nothing was found in the transcript for this part."
# By item of completeness: what a template's part, and no other text, says where the session does not have it.
TO_ADD: dict[str, str] = {
    "medical_necessity": "Medical necessity: not stated in the session. Add the diagnosis or the symptoms, "
    "how they limit work, home or relationships, and why treatment is needed.",
    "goals": "Goals: none was named in the session. Add the treatment goal of this session.",
    "interventions": "Intervention: no technique was named in the session. Add what you did, and how.",
    "interventions_tied_to_goals": "Interventions and goals: the session does not tie them. Add which goal "
    "each intervention served.",
    "response": "Response: not told in the session. Add how the client responded to what you did.",
    "plan": "Plan: nothing was agreed aloud. Add what is to be done until the next session.",
    "next_appointment": "Next appointment: none was named in the session. Add it, or that none is planned.",
}
NO_SPEECH = "No speech was found in the recording, so there is nothing to summarise."
NO_TOPIC = "None of the topics that the rules know was found in the transcript."
ONLY_RISK = "The session turned mainly on what is listed under risk."
SPEAKERS_UNKNOWN = "Who spoke as therapist and who as client could not be told apart."
MOOD_UNKNOWN = "The words of the transcript are too few to tell the mood."
COURSE_UNKNOWN = "The words of the transcript do not tell how the mood has changed."
# Of past releases: stored notes still hold them.
_FORMER = (
    "Too few words of mood were found in the transcript; neutral is the default.",
    "Too few words of mood were found to compare the start and the end; stable is the default.",
)
NOT_JUDGED = "What was not said aloud, such as appearance and behaviour, cannot be seen in a transcript."
NO_DIAGNOSIS = "No diagnosis, score or treatment decision was derived from these words."
READ_BESIDE = "Before you sign, read every sentence beside the words and the time it came from."
WORDS_IN_QUOTES = "Everything between quotation marks is in the words of the transcript."
PATIENT_DRAFT = "Your therapist reads and corrects this summary before it is final."
PATIENT_CORRECT = (
    "If something here does not sound like you, please say so when you next speak with your therapist."
)
PATIENT_QUOTES = (
    "Words between quotation marks were said in the session, and you can find them in the transcript."
)
PATIENT_LIMITS = "It is only a short reminder, and it leaves out much of what was said."
PATIENT_PACE = "There is no need to do anything with it right away; read it when it suits you."
PATIENT_HELP = (
    "If things feel too hard before you next meet, please contact your therapist, a crisis line or "
    "your local emergency number."
)

FIXED = frozenset({
    NOTHING_FOR_PART, ONLY_RISK,
    MADE_BY_RULES, NO_SPEECH, NO_TOPIC, SPEAKERS_UNKNOWN, MOOD_UNKNOWN, COURSE_UNKNOWN, NOT_JUDGED,
    NO_DIAGNOSIS, READ_BESIDE, WORDS_IN_QUOTES, PATIENT_DRAFT, PATIENT_CORRECT, PATIENT_QUOTES,
    PATIENT_LIMITS, PATIENT_PACE, PATIENT_HELP, *_FORMER,
})  # fmt: skip

RISK_LABELS: dict[str, str] = {
    "passive_suicidal_ideation": "thoughts of not wanting to live",
    "suicidal_ideation": "suicidal thoughts",
    "suicide_plan": "a plan or means for suicide",
    "suicide_intent": "intent to die",
    "suicidal_behaviour": "a suicide attempt",
    "self_harm": "self-harm",
    "harm_to_others": "harm to others",
    "child_abuse": "abuse or neglect of a child",
    "dependent_adult_abuse": "abuse of a dependent adult",
    "domestic_violence": "violence or threats in a relationship",
    "psychosis": "voices, visions or persecution",
    "overdose": "overdose",
    "substance_use": "risky use of alcohol or drugs",
    "eating": "disordered eating",
    "other": "another risk",
}
_RISK_BEGINNINGS = ("suicid", "selfharm", "overdos", "abus", "molest")


def join(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def stands_without_evidence(sentence: str, transcript: Transcript) -> bool:
    """Whether ``sentence`` is a fixed one that is true of ``transcript``."""
    if sentence == NO_SPEECH:
        return not words_of(transcript.text)
    return sentence in FIXED or sentence == screened(transcript)


MODEL_DID_NOT_RUN = "The local risk model did not run, so risk was screened by rules alone."
ENGINE_DID_NOT_SCREEN = "The language model was asked for mentions of risk, and its answer did not come."
SCREENED_BY_TWO = (
    "Screened for risk by rules and by a local model that read English and miss most of what is said "
    "indirectly: what they do not show may still have been said. Add your own assessment of risk."
)
SCREENED = (
    "Screened for risk by rules that read English and miss most of what is said indirectly: "
    "what they do not show may still have been said. Add your own assessment of risk."
)
LANGUAGES = {
    "es": "Spanish", "de": "German", "fr": "French", "it": "Italian", "pt": "Portuguese", "nl": "Dutch",
    "pl": "Polish", "tr": "Turkish", "ru": "Russian", "ar": "Arabic", "zh": "Chinese", "ja": "Japanese",
}  # fmt: skip


def screened(transcript: Transcript) -> str:
    """What the screen for risk could read; that it found nothing never reads as good news."""
    language = unscreened_language(transcript)
    if language is None:
        return SCREENED
    return not_screened(language)


def not_screened(language: str) -> str:
    """That the screen for risk cannot read a language, and what to do."""
    return f"Not screened for risk: {language}. The rules read English only; read the whole transcript."


def unscreened_language(transcript: Transcript) -> str | None:
    """The name of a language that the screen cannot read, or None for English."""
    return unscreened(transcript.language)


def unscreened(tag: str) -> str | None:
    """As ``unscreened_language``, for a language tag such as ``de-AT``."""
    code = tag.split("-")[0].casefold()
    return None if code in {"", "en"} else LANGUAGES.get(code, code)


def risk_statement(notes: Notes, transcript: Transcript) -> str:
    """What was and was not found, in words that never say that there is no risk."""
    if not words_of(transcript.text):
        return NOTHING_TO_SCREEN
    parts = (*_of_flags(notes.flags), *_of_no_flags(notes, transcript), _screened_by(notes, transcript))
    return " ".join(parts)


def _of_flags(flags: Sequence[Item]) -> Iterator[str]:
    mentioned = _mentioned(flags)
    if mentioned:
        yield f"The transcript mentions {join(mentioned)}; read every quote in its place."
    by_model = [flag for flag in flags if found_by_model_alone(flag)]
    alike = _labels([flag for flag in by_model if flag.text("severity") != "low"])
    if alike:
        yield f"Some words are like words that were marked as {join(list(alike.values()))}."
    looks = sum(flag.text("severity") == "low" for flag in by_model)
    if looks:
        yield f"Passages worth a look that the local model found alone: {looks}."


def _mentioned(flags: Sequence[Item]) -> list[str]:
    """The kinds that not the local model alone found; those that no flag affirms are marked as denied."""
    labels = _labels([flag for flag in flags if not found_by_model_alone(flag)])
    affirmed = {flag.text("type") for flag in flags if not flag.has("negated")}
    return [name if kind in affirmed else f"{name} (denied)" for kind, name in labels.items()]


def _of_no_flags(notes: Notes, transcript: Transcript) -> Iterator[str]:
    """What is no flag: left out, set aside, or only words that were said."""
    reasons = [entry.reason for entry in notes.unsupported if entry.field == "risk_flags"]
    set_aside = reasons.count(SET_ASIDE)
    if len(reasons) > set_aside:
        unverified = len(reasons) - set_aside
        yield f"Risk flags whose quotes could not be verified: {unverified}; see unsupported."
    if set_aside:
        yield f"Mentions of risk that the clinician set aside: {set_aside}; see unsupported."
    elif not notes.flags and _has_risk_words(transcript):
        yield "Words that may concern risk were said, but no flag was made of them; read the transcript."


def model_missed(notes: Notes, transcript: Transcript) -> bool:
    """Whether the local risk model should have read ``transcript`` and did not."""
    readers = notes.risk_readers  # notes from before there was a model have none
    return readers is not None and LOCAL_MODEL not in readers and unscreened_language(transcript) is None


def engine_did_not_screen(notes: Notes, transcript: Transcript) -> bool:
    """Whether a language model wrote ``notes`` and did not answer when it was asked for risk alone."""
    readers = notes.risk_readers or ()
    return bool(notes.model and words_of(transcript.text)) and LANGUAGE_MODEL not in readers


def _screened_by(notes: Notes, transcript: Transcript) -> str:
    if unscreened_language(transcript) is None and LOCAL_MODEL in (notes.risk_readers or ()):
        return SCREENED_BY_TWO
    missed = f"{MODEL_DID_NOT_RUN} " if model_missed(notes, transcript) else ""
    return missed + screened(transcript)


def finding_words(flag: Mapping[str, object]) -> str:
    """What a finding is called; the local model alone only says what its words are like."""
    kind = str(flag.get("type", ""))
    if only_model(flag):
        return f"like words that were marked as {RISK_LABELS.get(kind, kind)}"
    return kind.replace("_", " ")


def _labels(flags: Sequence[Item]) -> dict[str, str]:
    kinds = {flag.text("type") for flag in flags}
    return {kind: name for kind, name in RISK_LABELS.items() if kind in kinds}


def _has_risk_words(transcript: Transcript) -> bool:
    words = (word for segment in transcript.segments for word in words_of(segment.text))
    return any(word.startswith(_RISK_BEGINNINGS) for word in words)
