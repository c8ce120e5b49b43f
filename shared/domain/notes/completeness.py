"""What those who pay for therapy ask of a progress note, and which of it the notes hold.

After the usual requirements of Medicare and commercial payers for psychotherapy notes (session
times, modality, interventions tied to treatment goals, response, risk, plan). What is missing is
listed for the clinician to add; nothing is made up to fill a gap. What a clinician wrote counts as
present, without evidence. A part of the notes' template that holds nothing is missing too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shared.domain.english.polarity import governing_negation
from shared.domain.english.quotes import cite, words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.notes.items import Evidence, Item, Sentence
from shared.domain.notes.values import Notes, Section
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import NOTHING_FOR_PART, TO_ADD
from shared.domain.verification.grounding import outside_quotes

_MODALITY = re.compile(
    r"\b(?:cbt|cognitive behaviou?ral(?: therapy)?|dbt|dialectical behaviou?r(?:al)? therapy|emdr|act therapy"
    r"|acceptance and commitment|psychodynamic|psychoanaly\w+|schema therapy|exposure therapy"
    r"|motivational interviewing|interpersonal therapy|family therapy|couples? (?:therapy|counsell?ing)"
    r"|group therapy|behaviou?ral activation|mindfulness based|solution focused|trauma focused"
    r"|video (?:call|session)|telehealth|by phone|in person)\b",
    re.IGNORECASE,
)
_GOAL = re.compile(
    r"\b(?:(?:my|your|our|the|a|treatment|therapy|first|main) goals?|goal is|working (?:on|towards?)"
    r"|work (?:on|towards?)|so that (?:you|i) can|what (?:you|i) want(?:ed)? (?:to change|from therapy))\b",
    re.IGNORECASE,
)
_RESPONSE = re.compile(
    r"\b(?:(?:it|that|this) (?:has |really |actually )?"
    r"(?:helped|helps|worked|works|did(?: not|n't) (?:help|work))"
    r"|\w+ (?:helped|worked) (?:a (?:little|bit|lot)|me|well|somewhat)"
    r"|i (?:feel|felt) (?:a (?:bit|little) )?(?:lighter|calmer|better|worse|relieved|more hopeful|hopeful)"
    r"|(?:a bit|a little|much) (?:lighter|calmer|better|worse|easier))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b.*\b\d{1,2}[:.]\d{2}\b")
_SAFETY = re.compile(r"\b(?:risks?|safety|suicid\w*|self.harm|danger)\b", re.IGNORECASE)
_NECESSITY = re.compile(
    r"\b(?:medically necessary|medical necessity (?:is|was) (?:met|given|established|supported|documented)"
    r"|medical necessity\s*[:–-]\s*(?!no\b|not\b|none|unclear|unknown|to be\b)(?:\w+\W+){2}\w+"
    r"|impair(?:s|ed|ing|ments?)?|unable to (?:work|study|sleep|care|function|leave|concentrate)"
    r"|interfer(?:es?|ed|ing) with|(?:meets?|met) (?:the )?criteria|treatment is needed"
    r"|(?<!set )(?<!sets )(?<!setting )limit(?:s|ed|ing)?\b[^.;]{0,60}"
    r"\b(?:work|home|school|relationships?|functioning))\b",
    re.IGNORECASE,
)
_NOTHING = frozenset({NOTHING_FOR_PART, *TO_ADD.values()})
NEAR = 2  # a goal is tied to a technique if it is named within so many segments of it


def completeness(notes: Notes, transcript: Transcript) -> JsonObject:
    """``{present: [{item, evidence}], missing: [{item, why}]}`` for verified ``notes``.

    ``evidence`` is empty for what a clinician wrote. A part of a template is named by its title.
    """
    present, missing = [], []
    for item, evidence, why in _items(notes, transcript):
        if evidence is None:
            missing.append({"item": item, "why": why})
        else:
            present.append({"item": item, "evidence": [piece.document for piece in evidence]})
    missing += [{"item": title, "why": NOTHING_FOR_PART} for title in _empty_parts(notes)]
    return {"present": present, "missing": missing}


def _empty_parts(notes: Notes) -> list[str]:
    return [
        part.title
        for part in notes.sections or ()
        if all(sentence.text in _NOTHING for sentence in part.sentences)
    ]


Point = tuple[str, list[Evidence] | None, str]


def _items(notes: Notes, transcript: Transcript) -> Iterator[Point]:
    own = _written_by_hand(notes)
    yield (
        "times", _in(own, _CLOCK),
        "Add when the session began and ended: the recording's length is known, the clock is not.",
    )  # fmt: skip
    modality = _said(transcript, _MODALITY) or _in(own, _MODALITY)
    yield "modality", modality, "No type of therapy, and no setting, was named aloud."
    yield (
        "medical_necessity", _needed(notes),
        "A session does not state it: add symptoms, how they limit the client, and why treatment is needed.",
    )  # fmt: skip
    yield "interventions", _of(notes.items["strategies"]), "No technique was found in the transcript."
    goals = _of(notes.items["goals"]) or _said(transcript, _GOAL) or _in(own, _GOAL)
    yield "goals", goals, "No treatment goal was named aloud."
    yield (
        "interventions_tied_to_goals", _tied(notes, goals),
        "No goal was named near a technique: say which goal each intervention serves.",
    )  # fmt: skip
    yield (
        "response",
        _said(transcript, _RESPONSE) or _in(own, _RESPONSE),
        "How the client responded to an intervention was not said.",
    )
    mentioned = notes.flags
    asked = [flag for flag in mentioned if flag.has("asked_by_therapist")]
    yield (
        "risk_statement", _of(asked or mentioned) if mentioned else _in(own, _SAFETY),
        "No question about safety, and no mention of risk, was found: add your own assessment.",
    )  # fmt: skip
    yield "plan", _of(notes.items["action_items"]), "Nothing was agreed aloud until the next session."
    yield (
        "next_appointment", _of(notes.items["appointments"] or notes.items["follow_up_topics"]),
        "Neither a next appointment nor a topic to return to was found.",
    )  # fmt: skip


def _of(items: Sequence[Item]) -> list[Evidence] | None:
    """The first piece of evidence of each item, none of a clinician's own; None without items."""
    return [item.evidence[0] for item in items if item.evidence] if items else None


def _written_by_hand(notes: Notes) -> list[str]:
    """The sentences and items of a clinician, as text."""
    own = [claim.own.values() for claim in notes.claims() if claim.by_clinician]
    return [". ".join(value for value in values if isinstance(value, str)) for values in own]


def _in(own: list[str], pattern: re.Pattern[str]) -> list[Evidence] | None:
    return [] if any(pattern.search(text) for text in own) else None


def _needed(notes: Notes) -> list[Evidence] | None:
    """Where a sentence says why treatment is needed, in words of its own; None if none does.

    A session hardly states it, so that a quotation or an item does not count.
    """
    stated = [claim for claim in notes.claims() if _states_necessity(claim)]
    return [claim.evidence[0] for claim in stated if claim.evidence][:3] if stated else None


def _states_necessity(claim: Item | Sentence) -> bool:
    counts = claim.by_clinician or (claim.verified and isinstance(claim, Sentence))
    if not counts or claim.is_structural:
        return False
    return any(_states_need(value) for value in claim.own.values() if isinstance(value, str))


def _states_need(text: str) -> bool:
    """Whether a sentence of ``text`` says so, and no negation governs it."""
    clauses = [part for one in SENTENCE_END.split(outside_quotes(text)) for part in re.split(r"[;\n]", one)]
    return any(
        governing_negation(words_of(clause), len(words_of(clause[: found.start()]))) is None
        for clause in clauses
        if clause.strip() not in TO_ADD["medical_necessity"]
        for found in _NECESSITY.finditer(clause)
    )


def without_what_was_added(notes: Notes, found: JsonObject) -> Notes:
    """``notes`` with ``found`` (their completeness), and without requests to add what is not missing."""
    missing = {entry["item"] for entry in found["missing"]}
    done = {sentence for item, sentence in TO_ADD.items() if item not in missing}
    sections = notes.sections and tuple(_without(part, done) for part in notes.sections)
    return replace(notes, sections=sections).keeping(completeness=found)


def _without(part: Section, done: set[str]) -> Section:
    kept = tuple(sentence for sentence in part.sentences if sentence.text not in done)
    return replace(part, sentences=kept or (Sentence.fixed(NOTHING_FOR_PART),))


def _said(transcript: Transcript, pattern: re.Pattern[str]) -> list[Evidence] | None:
    found = []
    for number, segment in enumerate(transcript.segments):
        for sentence in SENTENCE_END.split(segment.text):
            if pattern.search(sentence):
                place = cite(transcript, number, sentence)
                found += [place.evidence] if place is not None else []
    return found[:3] or None


def _tied(notes: Notes, goals: list[Evidence] | None) -> list[Evidence] | None:
    if not goals:
        return None
    pieces = [piece for item in notes.items["strategies"] for piece in item.evidence]
    return [
        goal for goal in goals if any(abs(goal.segment - piece.segment) <= NEAR for piece in pieces)
    ] or None
