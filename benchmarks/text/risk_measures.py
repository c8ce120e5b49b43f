"""What is found of risk in labelled text, what is found that is none, and what reassures falsely."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks.text.labelled_sets import Statement
from benchmarks.text.notes_making import Figures, Read, notes_of, share
from shared.domain.values import JsonObject
from shared.domain.verification.claims import is_reassuring
from shared.domain.verification.grounding import outside_quotes

_SUICIDE = (
    "passive_suicidal_ideation", "suicidal_ideation", "suicide_plan", "suicide_intent", "suicidal_behaviour",
)  # fmt: skip
# A mention found under a neighbouring kind of the same danger is found; a set may have names of its own.
_DANGERS = dict.fromkeys((*_SUICIDE, "suicide", "suicide_attempt"), "suicide") | {
    "substance": "substance_use"
}
_NOT_MENTIONED = re.compile(
    r"\bno (?:mention|sign|word|talk|indication|evidence) of\b|\bnot mentioned\b"
    r"|\bnothing (?:about|on|of) \w+ was",
    re.IGNORECASE,
)


def of_risk(read: Sequence[Read]) -> Figures:
    """Every figure of risk in labelled transcripts."""
    return {
        "risk": _risk(read),
        "traps": _traps(read),
        "alerts": _alerts(read),
        "false_reassurance": _reassurance(read),
    }


def _danger(kind: str) -> str:
    return _DANGERS.get(kind, kind)


def _standing(flag: JsonObject) -> str:
    if flag["negated"]:
        return "denied"
    if flag["figurative"]:
        return "figurative"
    return str(flag["temporality"])


def _flags(notes: JsonObject) -> list[JsonObject]:
    """The findings that are shown unfolded."""
    return [flag for flag in notes["risk_flags"] if flag.get("level") != "look"]


def _citing(flags: Iterable[JsonObject], kind: str, segment: int) -> list[JsonObject]:
    return [
        flag
        for flag in flags
        if _danger(flag["type"]) == _danger(kind)
        and any(piece["segment"] == segment for piece in flag["evidence"])
    ]


def _risk(read: Sequence[Read]) -> Figures:
    marked = [(one, label) for one in read for label in one.session.of("risk")]
    grave = [pair for pair in marked if _is_grave(pair[1])]
    flagged = [(flag, right) for one in read for flag, right in _passages(one)]
    right = sum(is_right for _, is_right in flagged)
    groups: dict[str, Callable[[JsonObject], str]] = {
        "kind": lambda flag: flag["type"], "standing": _standing, "severity": lambda flag: flag["severity"],
    }  # fmt: skip
    precision = {"flagged": len(flagged), "right": right, "share": share(right, len(flagged))}
    return {
        "all": _recall(("all", *pair) for pair in marked).get("all"),
        "present_and_high": _recall(("all", *pair) for pair in grave).get("all"),
        **{
            f"recall_by_{name}": _recall((pair[1].get(name, ""), *pair) for pair in marked)
            for name in ("kind", "standing", "severity", "style")
        },
        "precision": precision,
        **{
            f"precision_by_{name}": _precision((group(flag), is_right) for flag, is_right in flagged)
            for name, group in groups.items()
        },
        "folded_looks": sum(len(one.notes["risk_flags"]) - len(_flags(one.notes)) for one in read),
    }


def _is_grave(label: JsonObject) -> bool:
    return label["standing"] == "present" and label["severity"] == "high"


def _recall(marked: Iterable[tuple[str, Read, JsonObject]]) -> Figures:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, one, label in marked:
        found = _citing(_flags(one.notes), label["kind"], label["segment"])
        counts[group]["marked"] += 1
        counts[group]["found"] += bool(found)
        counts[group]["found_or_look"] += bool(
            _citing(one.notes["risk_flags"], label["kind"], label["segment"])
        )
        counts[group]["right_standing"] += any(_standing(flag) == label["standing"] for flag in found)
    return {
        group: {**count, "recall": share(count["found"], count["marked"])}
        for group, count in sorted(counts.items())
    }


def _passages(one: Read) -> Iterator[tuple[JsonObject, bool]]:
    """Each flag at each place it cites, and whether risk of its kind was marked there.

    A question is not a place of its own where the answer to it is cited too.
    """
    marked = {(_danger(label["kind"]), label["segment"]) for label in one.session.of("risk")}
    for flag in _flags(one.notes):
        cited = {piece["segment"] for piece in flag["evidence"]}
        for segment in cited:
            if flag["asked_by_therapist"] and segment + 1 in cited:
                continue
            yield flag, (_danger(flag["type"]), segment) in marked


def _precision(flagged: Iterable[tuple[str, bool]]) -> Figures:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, right in flagged:
        counts[group]["flagged"] += 1
        counts[group]["right"] += right
    return {
        group: {**count, "share": share(count["right"], count["flagged"])}
        for group, count in sorted(counts.items())
    }


def _traps(read: Sequence[Read]) -> Figures:
    """What sounds like risk and is none: how much of it is flagged as if it were."""
    traps = flagged = alerting = 0
    for one in read:
        marked = {(_danger(label["kind"]), label["segment"]) for label in one.session.of("risk")}
        for trap in one.session.of("trap"):
            if (_danger(trap["kind"]), trap["segment"]) in marked:
                continue
            traps += 1
            found = _citing(_flags(one.notes), trap["kind"], trap["segment"])
            flagged += any(_standing(flag) in {"present", "past"} for flag in found)
            alerting += bool(_citing(one.alerts, trap["kind"], trap["segment"]))
    return {"traps": traps, "flagged": flagged, "alerting": alerting}


def _alerts(read: Sequence[Read]) -> Figures:
    """By session: should (present risk of high severity was marked) and did."""
    counts = Counter[str]()
    for one in read:
        should = any(_is_grave(label) for label in one.session.of("risk"))
        counts[f"{'should' if should else 'should_not'}_{'did' if one.alerts else 'did_not'}"] += 1
    names = ("should_did", "should_did_not", "should_not_did", "should_not_did_not")
    return {name: counts[name] for name in names} | {
        "recall": share(counts["should_did"], counts["should_did"] + counts["should_did_not"])
    }


def _reassurance(read: Sequence[Read]) -> Figures:
    """Sentences that say that there was nothing, and kinds said of today that are told as denied alone."""
    sentences = kinds = wrong = 0
    for one in read:
        said = _NOT_MENTIONED.findall(outside_quotes(_all_text(one.notes)))
        told = [text for text in _sentences(one.notes) if is_reassuring(outside_quotes(text))]
        present = {_danger(la["kind"]) for la in one.session.of("risk") if la["standing"] == "present"}
        shown: dict[str, set[str]] = defaultdict(set)
        for flag in one.notes["risk_flags"]:
            shown[_danger(flag["type"])].add(_standing(flag))
        denied = {kind for kind in present if shown[kind] == {"denied"}}
        sentences, kinds = sentences + len(said) + len(told), kinds + len(denied)
        wrong += bool(said or told or denied)
    return {"sentences": sentences, "kinds_told_as_denied_only": kinds, "sessions": wrong}


def _sentences(notes: JsonObject) -> Iterator[str]:
    for group in notes["field_evidence"].values():
        yield from (sentence["sentence"] for sentence in group if not sentence["structural"])


def _all_text(notes: JsonObject) -> str:
    texts = ("topic_summary", "therapist_notes", "patient_summary", "risk_statement")
    return " ".join(str(notes.get(name) or "") for name in texts)


def of_statements(found: Sequence[Statement]) -> Figures:
    """Every figure of statements by themselves."""
    read = [(one, *notes_of(one.transcript)) for one in found]
    harmless = [entry for entry in read if entry[0].meaning == "harmless"]
    plain = [entry for entry in read if entry[0].kind and not entry[0].answer]
    answers = [entry for entry in read if entry[0].answer]
    hits = Counter[str]()
    wanted = Counter[str]()
    for one, notes, _ in plain:
        wanted[one.kind] += 1
        hits[one.kind] += bool(_told_as_risk(notes, one))
    return {
        "plain": {
            "stated": len(plain), "found": hits.total(), "recall": share(hits.total(), len(plain)),
            "by_kind": {
                kind: {"stated": count, "found": hits[kind]} for kind, count in sorted(wanted.items())
            },
        },
        "answers": _answers(answers),
        "harmless": {
            "sentences": len(harmless),
            "flagged": sum(bool(_told_as_risk(notes, one)) for one, notes, _ in harmless),
            "alerting": sum(bool(alerts) for _, _, alerts in harmless),
        },
    }  # fmt: skip


def _told_as_risk(notes: JsonObject, one: Statement) -> list[JsonObject]:
    """The flags that cite the statement, of its kind (any kind for a harmless one), not as denied."""
    cited = [f for f in _flags(notes) if any(piece["segment"] == one.segment for piece in f["evidence"])]
    kind = _danger(one.kind)
    return [f for f in cited if _standing(f) != "denied" and (not one.kind or _danger(f["type"]) == kind)]


def _answers(read: Sequence[tuple[Statement, JsonObject, list[JsonObject]]]) -> Figures:
    """Questions with answers: read rightly, turned round (a yes as a no, a no as a yes), or not noticed."""
    counts = Counter[str]()
    for one, notes, alerts in read:
        standings = {_standing(f) for f in _citing(_flags(notes), one.kind, one.segment)}
        affirmed = bool(standings - {"denied"})
        if one.meaning == "denied":
            result = "inverted" if affirmed else "right"
            counts["denied_and_alerting"] += bool(alerts)
        elif standings == {"denied"}:
            result = "inverted"
        else:
            result = "right" if affirmed else "not_noticed"
        counts[result] += 1
    names = ("right", "inverted", "not_noticed", "denied_and_alerting")
    return {"asked": len(read)} | {name: counts[name] for name in names}
