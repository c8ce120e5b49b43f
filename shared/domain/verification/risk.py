"""Risk flags of two readers made one list: neither can remove or soften what the other found."""

from collections.abc import Sequence
from copy import deepcopy

from shared.domain.values import JsonObject
from shared.domain.verification.polarity import denies_risk
from shared.domain.verification.questions import is_question
from shared.domain.verification.quotes import words_of

SEVERITIES = ("low", "medium", "high")
SCREEN, ENGINE = "screen", "engine"


def with_risk_flags(notes: JsonObject, screened: Sequence[JsonObject]) -> JsonObject:
    """``notes`` with the screen's flags united with the engine's own.

    Every flag of both stays. Where both speak of the same kind in the same segment, the graver
    reading holds for the engine's flag: the higher severity, and denied, past or figurative only
    if both say so. ``found_by`` says who found it.
    """
    result = deepcopy(notes)
    own = result.setdefault("risk_flags", [])
    for flag in own:
        flag["found_by"] = flag.get("found_by") or [ENGINE]
    extra = []
    for flag in screened:
        same = [other for other in own if other["type"] == flag["type"] and _places(other) == _places(flag)]
        alike = same or [other for other in own if _same_place(other, flag)]
        for other in alike:
            _take_graver(other, flag)
        if not any(_covers(other, flag) for other in alike):
            extra.append({**deepcopy(flag), "found_by": [SCREEN]})
    own.extend(extra)
    own.sort(key=lambda flag: -SEVERITIES.index(flag["severity"]))
    return result


def settle_flag(flag: JsonObject) -> None:
    """Take back an engine's "denied" where the quotes, now verbatim, deny nothing.

    The screen reads question and answer together, and its word stands.
    """
    if SCREEN in flag.get("found_by", ()):
        return
    statements = [piece["quote"] for piece in flag["evidence"] if not is_question(piece["quote"])]
    if flag.get("negated"):
        flag["negated"] = bool(statements) and any(denies_risk(words_of(text)) for text in statements)


def _same_place(one: JsonObject, other: JsonObject) -> bool:
    return one["type"] == other["type"] and not _places(one).isdisjoint(_places(other))


def _covers(one: JsonObject, other: JsonObject) -> bool:
    """Whether ``one`` already shows every segment that ``other`` cites."""
    return _places(other) <= _places(one)


def _places(flag: JsonObject) -> set[int]:
    return {piece["segment"] for piece in flag["evidence"]}


def _take_graver(flag: JsonObject, other: JsonObject) -> None:
    flag["severity"] = max(flag["severity"], other["severity"], key=SEVERITIES.index)
    for doubt in ("negated", "figurative"):
        flag[doubt] = bool(flag.get(doubt)) and bool(other.get(doubt))
    if "present" in (flag.get("temporality"), other.get("temporality")):
        flag["temporality"] = "present"
    if "self" in (flag.get("about"), other.get("about")):
        flag["about"] = "self"
    flag["found_by"] = sorted({*flag["found_by"], SCREEN})
