"""Templates of notes: which parts a note has, and how the verified evidence fills them.

A template is filled by rule from what stands in the notes already, sentence by sentence, each with
the words it came from: no transcript is made again, and nothing is said that the notes do not say.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy

from shared.domain.notes.completeness import completeness
from shared.domain.notes.fields import LISTS, ListField
from shared.domain.notes.part_words import said_about
from shared.domain.template_forms import RISK, Part, Template
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import NOTHING_FOR_PART, RISK_LABELS, TO_ADD
from shared.domain.verification.evidence import verify
from shared.domain.verification.quote_frames import DENIED

_TEXTS = {"summary": "topic_summary", "mood": "session_mood", "course": "mood_trajectory"}
_LISTS = {declared.source: declared for declared in LISTS}
SOURCES = (*_TEXTS, *_LISTS)
# The words of a part's own title or instruction that ask for a source where the part names none.
_ASKS_FOR: dict[str, str] = {
    "summary": r"summar|present|subjective|narrative|data",
    "mood": r"mood|affect|mental status|objective",
    "course": r"course|progress|response|change",
    **{declared.source: declared.asked_by for declared in LISTS},
}


def sources_of(part: Part) -> tuple[str, ...]:
    """What fills the part: what it names, otherwise what its title and instruction ask for."""
    if part.sources:
        return part.sources
    asked = f"{part.title} {part.instruction}".casefold()
    return tuple(source for source, words in _ASKS_FOR.items() if re.search(words, asked))


def rendered(notes: JsonObject, template: Template, transcript: Transcript) -> JsonObject:
    """The notes with the ``sections`` of ``template``, filled from what the notes hold.

    Each sentence is checked against the transcript as any other; one that does not stand is told in
    the client's own words instead. A part that names no sources has what an engine wrote to its
    instruction, if one was asked to, else what its words ask for, else passages that speak of it.
    Risk is in every rendering, in a part of its own if need be. What a part asks for and the session
    does not have is named there, with what to add; a part without anything is among what is missing
    (``completeness``).
    """
    document = {**deepcopy(notes), "template": template.name}
    document.pop("sections", None)
    parts = list(template.parts)
    if parts and not any("risk" in sources_of(part) for part in parts):
        parts.append(RISK)
    if parts:
        missing = {one["item"] for one in completeness(document, transcript)["missing"]}
        document["sections"] = [
            {
                "name": part.name,
                "title": part.title,
                "sentences": _sentences(part, document, transcript, missing),
            }
            for part in parts
        ]
    return {**document, "completeness": completeness(document, transcript)}


def _sentences(
    part: Part, notes: JsonObject, transcript: Transcript, missing: Collection[str]
) -> list[JsonObject]:
    written = _written(part, notes)
    if written is not None:
        risk = _of_source("risk", notes, transcript) if "risk" in sources_of(part) else ()
        found = [*written, *risk]
    else:
        found = []
        for source in sources_of(part):
            told = _of_source(source, notes, transcript)
            found += [s for s in told if source != "quotes" or not _is_quoted(s, found)]
        if not part.sources and not found:
            found = [_quoted(pieces, transcript) for pieces in said_about(part, transcript)]
    to_add = [_structural(TO_ADD[item]) for item in part.asks if item in missing]
    return [*_each_once(found), *to_add] or [_structural(NOTHING_FOR_PART)]


def _written(part: Part, notes: JsonObject) -> list[JsonObject] | None:
    """What an engine wrote to this instruction; None where none was asked to."""
    if part.sources:
        return None
    wanted = (notes["template"], part.name, part.title, part.instruction)
    for one in notes.get("written_parts", []):
        if (one["template"], one["name"], one["title"], one["instruction"]) == wanted:
            sentences: list[JsonObject] = deepcopy(one["sentences"])
            return sentences
    return None


def _quoted(pieces: list[JsonObject], transcript: Transcript) -> JsonObject:
    return _standing(_quotes({"evidence": pieces}), {"evidence": pieces}, transcript)


def _is_quoted(sentence: JsonObject, others: list[JsonObject]) -> bool:
    """Whether another sentence of the part has the words of this one, which is a quotation alone."""
    return any(sentence["sentence"] in other["sentence"] for other in others)


def _each_once(sentences: list[JsonObject]) -> list[JsonObject]:
    return list({sentence["sentence"]: sentence for sentence in reversed(sentences)}.values())[::-1]


def _of_source(source: str, notes: JsonObject, transcript: Transcript) -> Iterator[JsonObject]:
    if source in _TEXTS:
        yield from deepcopy(notes["field_evidence"][_TEXTS[source]])
        return
    declared = _LISTS[source]
    for item in notes[declared.name]:
        told = _told(declared, item)
        fallbacks = tuple(_risk_without_label(item)) if source == "risk" else ()
        sentence = _standing(told, item, transcript, fallbacks)
        if source == "topics" and sentence["sentence"] != told:
            continue  # words in the place of a label are no topic: of danger they would read as a goal
        # What cannot be told so that it stands remains among the items; a risk is shown all the same.
        if sentence["verified"] or sentence.get("by_clinician") or source == "risk":
            yield sentence
    if source == "risk":
        yield _structural(notes["risk_statement"])


def _standing(
    text: str, item: JsonObject, transcript: Transcript, fallbacks: Sequence[str] = ()
) -> JsonObject:
    """``text`` as a sentence with the item's evidence, or the item's own quote where it does not stand.

    ``fallbacks`` are tried before the bare quote.
    """
    evidence = deepcopy(item.get("evidence", []))
    sentence: JsonObject = {"sentence": text, "structural": False, "evidence": evidence}
    if item.get("by_clinician"):
        return {**sentence, "verified": False, "by_clinician": True}
    for words in (text, *fallbacks, *(_quotes(item, most) for most in (len(evidence), 1))):
        checked = verify({"field_evidence": {"topic_summary": [{**sentence, "sentence": words}]}}, transcript)
        if standing := checked["field_evidence"]["topic_summary"]:
            found: JsonObject = standing[0]
            return found
    return {**sentence, "verified": False}


def _structural(text: str) -> JsonObject:
    return {"sentence": text, "structural": True, "evidence": [], "verified": True}


def _told(declared: ListField, item: JsonObject) -> str:
    """The item as a sentence."""
    if declared.source == "risk":
        return _risk(item)
    if declared.source == "quotes":
        return f"“{item['quote']}”"
    more = [str(item[name]).replace("_", " ") for name in declared.told if item.get(name)]
    text = str(item[declared.key]).strip().rstrip(".")
    text = declared.frame.format(text[:1].upper() + text[1:] if declared.frame == "{}" else text)
    if more:
        return f"{text} ({', '.join(more)})."
    return text if text.endswith("”") else f"{text}."


def _risk(flag: JsonObject) -> str:
    marks = _marks(flag)
    label = RISK_LABELS[flag["type"]]
    head = f"{label[:1].upper()}{label[1:]}{f' ({chr(44).join(marks)})' if marks else ''}"
    return f"{head}: {_quotes(flag)}" if flag.get("evidence") else f"{head}."


def _risk_without_label(flag: JsonObject) -> Iterator[str]:
    """The quotes of ``flag`` with whose risk it is and when, for where the label does not stand.

    Without them another person's wish to die, or a past one, reads like the client's of today. A
    denial that the quotes do not show is left out.
    """
    marks = _marks(flag)
    for kept in (marks, [mark for mark in marks if mark != DENIED]):
        if kept and flag.get("evidence"):
            yield f"{', '.join(kept).capitalize()}: {_quotes(flag, joint=', ')}"


def _marks(flag: JsonObject) -> list[str]:
    """What tells a mention from a present risk of the client."""
    marks = [DENIED] if flag.get("negated") else []
    marks += ["in the past"] if flag.get("temporality") == "past" else []
    marks += ["of another person"] if flag.get("about") == "other" else []
    return marks + (["may be a figure of speech"] if flag.get("figurative") else [])


def _quotes(item: JsonObject, most: int | None = None, joint: str = " ") -> str:
    return joint.join(f"“{piece['quote']}”" for piece in item.get("evidence", [])[:most])
