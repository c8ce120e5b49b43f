"""Clinical notes for people: every item with the words it came from."""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.http.client import JsonObject
from cli.output.provenance import print_completeness, print_origin, print_review
from cli.output.rendering import heading
from cli.sanitise import clock, one_line, plain
from shared.domain.notes.fields import NOT_SAID, READ_IN_ORDER, ListField
from shared.domain.verification.boilerplate import finding_words
from shared.domain.verification.risk import ALERT, LOOK

DRAFT_NOTICE = (
    "DRAFT. A machine wrote these notes from a transcript that may have errors. "
    "Read them against the recording before they are used."
)
TEXT_WIDTH = 100


def notes(console: Console, document: JsonObject) -> None:
    """Everything of the notes, in the order in which a clinician reads it; risk comes first."""
    heading(console, "Notes")
    if document.get("draft", True):
        console.print(Text(DRAFT_NOTICE, style="bold yellow"))
    origin = [one_line(document.get(name)) for name in ("engine", "template")]
    console.print(Text(f"Made by {origin[0]}, template {origin[1]}.", style="dim"))
    print_review(console, document)
    if document.get("sections"):
        _sections(console, document)
    else:
        _whole(console, document)
    _unsupported(console, document)
    print_completeness(console, document)
    print_origin(console, document)


def _whole(console: Console, document: JsonObject) -> None:
    _risk(console, document)
    _text(console, "Summary", document.get("topic_summary"))
    _mood(console, document)
    for declared in READ_IN_ORDER:
        _items(console, declared, document.get(declared.name))
    _text(console, "For the therapist", document.get("therapist_notes"))
    _text(console, "For the patient", document.get("patient_summary"))


def _sections(console: Console, document: JsonObject) -> None:
    """The parts of a template, whose sentences have the risk among them."""
    for section in _objects(document.get("sections")):
        _title(console, one_line(section.get("title")))
        for sentence in _objects(section.get("sentences")):
            _item(console, Text(one_line(sentence.get("sentence"))), sentence)


def _risk(console: Console, document: JsonObject) -> None:
    _title(console, "Risk")
    statement = plain(document.get("risk_statement")) or "The notes make no statement about risk."
    console.print(Text(statement, style="bold"), width=TEXT_WIDTH)
    flags = list(_objects(document.get("risk_flags")))
    looks = [flag for flag in flags if flag.get("level") == LOOK]
    for flag in flags:
        if flag not in looks:
            _flag(console, flag, "red")
    if looks:
        console.print(Text(f"Worth a look ({len(looks)}):", style="bold"))
        for flag in looks:
            _flag(console, flag, "dim")


def _flag(console: Console, flag: JsonObject, style: str) -> None:
    question = flag.get("question")
    if isinstance(question, dict) and question not in (flag.get("evidence") or ()):
        asked = Text(f"asked: “{one_line(question.get('quote'))}”", style="dim")
        console.print(Padding(asked, (0, 0, 0, 2)), width=TEXT_WIDTH)
    _item(console, Text(risk_words(flag), style=style), flag)


def risk_words(flag: JsonObject) -> str:
    """A finding in a line."""
    level, severity = one_line(flag.get("level")), one_line(flag.get("severity"))
    marks = ["alert" if level == ALERT else "", severity]
    marks += ["denied"] if flag.get("negated") else []
    marks += ["asked by the therapist"] if flag.get("asked_by_therapist") else []
    marks += ["in the past"] if flag.get("temporality") == "past" else []
    marks += ["of another person"] if flag.get("about") == "other" else []
    marks += ["may be a figure of speech"] if flag.get("figurative") else []
    readers = flag.get("readers")
    marks += [f"found by {' and '.join(map(one_line, readers))}"] if isinstance(readers, list) else []
    return f"{one_line(finding_words(flag))} ({', '.join(filter(None, marks))})"


def _mood(console: Console, document: JsonObject) -> None:
    reasons = document.get("field_evidence")
    for title, field in (("Mood", "session_mood"), ("Course of the mood", "mood_trajectory")):
        _title(console, title)
        console.print(Text(one_line(document.get(field)).replace("_", " ") or "not told"))
        for sentence in _objects(reasons.get(field) if isinstance(reasons, dict) else None):
            _item(console, Text(one_line(sentence.get("sentence"))), sentence)


def item_words(declared: ListField, item: JsonObject) -> str:
    """What the item is, with its short properties; of a quote what it answers, since its words follow."""
    said = one_line(item.get(declared.remark if declared.key == "quote" else declared.key))
    marks = [
        one_line(item.get(name)).replace("_", " ") for name in declared.marks if item.get(name) != NOT_SAID
    ]
    return f"{said} ({', '.join(filter(None, marks))})" if any(marks) else said


def _items(console: Console, declared: ListField, items: object) -> None:
    found = list(_objects(items))
    if not found:
        return
    _title(console, declared.title)
    for item in found:
        _item(console, Text(item_words(declared, item)), item)


def _item(console: Console, words: Text, item: JsonObject) -> None:
    """One item, marked if nothing bears it out, and beneath it its quotes with their times."""
    if not item.get("verified") and not item.get("structural"):
        own = "the clinician's own words" if item.get("by_clinician") else "not verified"
        mark = "its words were corrected since" if item.get("words_changed") else own
        words.append(f"  [{mark}]", style="yellow")
    console.print(Padding(Text("• ").append_text(words), (0, 0, 0, 2)), width=TEXT_WIDTH)
    for evidence in _objects(item.get("evidence")):
        line = Text(f"{clock(evidence.get('start'))} ", style="dim")
        line.append(f"“{one_line(evidence.get('quote'))}”", style="italic")
        console.print(Padding(line, (0, 0, 0, 6)), width=TEXT_WIDTH)


def _text(console: Console, title: str, value: object) -> None:
    text = plain(value).strip()
    if not text:
        return
    _title(console, title)
    console.print(Padding(Text(text), (0, 0, 0, 2)), width=TEXT_WIDTH)


def _unsupported(console: Console, document: JsonObject) -> None:
    count = len(list(_objects(document.get("unsupported"))))
    if count:
        sentence = f"{count} item(s) that the transcript does not bear out: see `notes show --left-out`."
        console.print()
        console.print(Text(sentence, style="yellow"))


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _objects(value: object) -> Iterable[JsonObject]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
