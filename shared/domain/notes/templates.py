"""Templates of notes: which parts a note has, and how the verified evidence fills them.

A template is filled by rule from what stands in the notes already, sentence by sentence, each with
the words it came from: no transcript is made again, and nothing is said that the notes do not say.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from shared.domain.notes.completeness import completeness
from shared.domain.notes.fields import LISTS, TEXT_FIELDS, ListField
from shared.domain.notes.items import Claim, Evidence, Item, Sentence
from shared.domain.notes.part_words import said_about
from shared.domain.notes.values import Notes, Section
from shared.domain.template_forms import RISK, Part, Template
from shared.domain.values import Transcript
from shared.domain.verification.boilerplate import NOTHING_FOR_PART, RISK_LABELS, TO_ADD
from shared.domain.verification.evidence import judged
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


def rendered(notes: Notes, template: Template, transcript: Transcript) -> Notes:
    """The notes with the ``sections`` of ``template``, filled from what the notes hold.

    Each sentence is checked against the transcript as any other; one that does not stand is told in
    the client's own words instead. A part that names no sources has what an engine wrote to its
    instruction, if one was asked to, else what its words ask for, else passages that speak of it.
    Risk is in every rendering, in a part of its own if need be. What a part asks for and the session
    does not have is named there, with what to add; a part without anything is among what is missing
    (``completeness``).
    """
    filled = notes.keeping(template=template.name)
    parts = list(template.parts)
    if parts and not any("risk" in sources_of(part) for part in parts):
        parts.append(RISK)
    missing = {one["item"] for one in completeness(replace(filled, sections=None), transcript)["missing"]}
    sections = tuple(
        Section(
            part.name,
            part.title,
            (*_sentences(part, template.name, filled, transcript), *_to_add(part, missing))
            or (Sentence.fixed(NOTHING_FOR_PART),),
        )
        for part in parts
    )
    filled = replace(filled, sections=sections or None)
    return filled.keeping(completeness=completeness(filled, transcript))


def _sentences(part: Part, template: str, notes: Notes, transcript: Transcript) -> tuple[Sentence, ...]:
    written = _written(part, template, notes)
    found: list[Sentence] = []
    if written is not None:
        risk = _of_source("risk", notes, transcript) if "risk" in sources_of(part) else ()
        found = [*written, *risk]
    else:
        for source in sources_of(part):
            told = _of_source(source, notes, transcript)
            found += [s for s in told if source != "quotes" or not _is_quoted(s, found)]
        if not part.sources and not found:
            found = [_quoted(pieces, transcript) for pieces in said_about(part, transcript)]
    return _each_once(found)


def _to_add(part: Part, missing: Collection[str]) -> tuple[Sentence, ...]:
    """What ``part`` asks for and is among what is ``missing``."""
    return tuple(Sentence.fixed(TO_ADD[item]) for item in part.asks if item in missing)


def _written(part: Part, template: str, notes: Notes) -> tuple[Sentence, ...] | None:
    """What an engine wrote to this instruction; None where none was asked to."""
    if part.sources:
        return None
    wanted = (template, part.name, part.title, part.instruction)
    parts = notes.written_parts or ()
    return next(
        (one.sentences for one in parts if (one.template, one.name, one.title, one.instruction) == wanted),
        None,
    )


def _quoted(pieces: Sequence[Evidence], transcript: Transcript) -> Sentence:
    return _standing(_quotes(pieces), Claim(evidence=tuple(pieces)), transcript)


def _is_quoted(sentence: Sentence, others: Sequence[Sentence]) -> bool:
    """Whether another sentence of the part has the words of this one, which is a quotation alone."""
    return any(sentence.text in other.text for other in others)


def _each_once(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    return tuple({sentence.text: sentence for sentence in reversed(sentences)}.values())[::-1]


def _of_source(source: str, notes: Notes, transcript: Transcript) -> Iterator[Sentence]:
    if source in _TEXTS:
        yield from notes.sentences[_TEXTS[source]]
        return
    declared = _LISTS[source]
    for item in notes.items[declared.name]:
        told = _told(declared, item)
        fallbacks = tuple(_risk_without_label(item)) if source == "risk" else ()
        sentence = _standing(told, item, transcript, fallbacks)
        if source == "topics" and sentence.text != told:
            continue  # words in the place of a label are no topic: of danger they would read as a goal
        # What cannot be told so that it stands remains among the items; a risk is shown all the same.
        if sentence.verified or sentence.by_clinician or source == "risk":
            yield sentence
    if source == "risk":
        yield Sentence.fixed(notes.texts["risk_statement"])


def _standing(text: str, item: Claim, transcript: Transcript, fallbacks: Sequence[str] = ()) -> Sentence:
    """``text`` as a sentence with the item's evidence, or the item's own quote where it does not stand.

    ``fallbacks`` are tried before the bare quote.
    """
    sentence = Sentence(text=text, evidence=item.evidence)
    if item.by_clinician:
        return replace(sentence, by_clinician=True)
    quotes = [_quotes(item.evidence), _quotes(item.evidence[:1])] if item.evidence else [""]
    for words in (text, *fallbacks, *quotes):
        found, _ = judged(TEXT_FIELDS[0], replace(sentence, text=words), transcript)
        if found is not None:
            return found
    return sentence


def _told(declared: ListField, item: Item) -> str:
    """The item as a sentence."""
    if declared.source == "risk":
        return _risk(item)
    if declared.source == "quotes":
        return f"“{item.text('quote')}”"
    more = [item.text(name).replace("_", " ") for name in declared.told if item.has(name)]
    text = item.text(declared.key).strip().rstrip(".")
    text = declared.frame.format(text[:1].upper() + text[1:] if declared.frame == "{}" else text)
    if more:
        return f"{text} ({', '.join(more)})."
    return text if text.endswith("”") else f"{text}."


def _risk(flag: Item) -> str:
    marks = _marks(flag)
    label = RISK_LABELS[flag.text("type")]
    head = f"{label[:1].upper()}{label[1:]}{f' ({chr(44).join(marks)})' if marks else ''}"
    return f"{head}: {_quotes(flag.evidence)}" if flag.evidence else f"{head}."


def _risk_without_label(flag: Item) -> Iterator[str]:
    """The quotes of ``flag`` with whose risk it is and when, for where the label does not stand.

    Without them another person's wish to die, or a past one, reads like the client's of today. A
    denial that the quotes do not show is left out.
    """
    marks = _marks(flag)
    for kept in (marks, [mark for mark in marks if mark != DENIED]):
        if kept and flag.evidence:
            yield f"{', '.join(kept).capitalize()}: {_quotes(flag.evidence, ', ')}"


def _marks(flag: Item) -> list[str]:
    """What tells a mention from a present risk of the client."""
    marks = [DENIED] if flag.has("negated") else []
    marks += ["in the past"] if flag.text("temporality") == "past" else []
    marks += ["of another person"] if flag.text("about") == "other" else []
    return marks + (["may be a figure of speech"] if flag.has("figurative") else [])


def _quotes(pieces: Sequence[Evidence], joint: str = " ") -> str:
    return joint.join(f"“{piece.quote}”" for piece in pieces)
