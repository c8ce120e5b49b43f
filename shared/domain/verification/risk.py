"""Risk findings of several readers made one list: none can remove or soften what another found.

Each finding has a level: *look* (shown folded), *flag*, or *alert* (told at once, answered before signing).
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from shared.domain.values import JsonObject
from shared.domain.verification.polarity import denies_risk
from shared.domain.verification.questions import is_question
from shared.domain.verification.quotes import words_of

SEVERITIES = ("low", "medium", "high")
LEVELS = LOOK, FLAG, ALERT = ("look", "flag", "alert")
SCREEN, ENGINE = "screen", "engine"
READERS = RULES, LOCAL_MODEL, LANGUAGE_MODEL = ("rules", "local model", "language model")

_SUICIDE = frozenset({
    "passive_suicidal_ideation", "suicidal_ideation", "suicide_plan", "suicide_intent", "suicidal_behaviour",
})  # fmt: skip
# Serious, and not urgent by the words alone: two readers together flag these, and raise no alert.
_NEVER_URGENT = frozenset({"substance_use", "eating", "other"})


@dataclass(frozen=True, slots=True)
class Screening:
    """What the screen found in a transcript, and which readers it had."""

    flags: list[JsonObject]
    readers: tuple[str, ...] = (RULES, LOCAL_MODEL)


def with_risk_flags(notes: JsonObject, screened: Sequence[JsonObject]) -> JsonObject:
    """``notes`` with the screen's flags united with the engine's own; see ``united``.

    ``found_by`` says whether the engine or the screen found a flag, ``readers`` which of their readers.
    """
    result = deepcopy(notes)
    own = result.setdefault("risk_flags", [])
    for flag in own:
        flag["found_by"] = flag.get("found_by") or [ENGINE]
        flag["readers"] = flag.get("readers") or [LANGUAGE_MODEL]  # the rules name themselves
    result["risk_flags"] = united(own, [{**deepcopy(flag), "found_by": [SCREEN]} for flag in screened])
    return result


def united(own: Sequence[JsonObject], others: Sequence[JsonObject]) -> list[JsonObject]:
    """The flags of two readers, gravest first. Every flag of both stays.

    Where both speak of the same kind in the same segment, the graver reading holds for the first one's
    flag: the higher severity, and denied, past or figurative only if both say so. A strong finding of the
    local model becomes an alert where another reader affirms the same family of risk in the same segment.
    """
    found = list(own)
    for flag in others:
        near = [other for other in own if _same_place(other, flag)]
        for other in near:
            _corroborate(other, flag)
        same = [other for other in near if other["type"] == flag["type"]]
        exact = [other for other in same if _places(other) == _places(flag)]
        for other in exact or same:
            _take_graver(other, flag)
        if not any(_places(flag) <= _places(other) for other in exact or same):
            found.append(flag)
    return sorted(found, key=_by_gravity)


def with_levels(flags: Sequence[JsonObject], alert_severity: str = "high") -> list[JsonObject]:
    """``flags`` with levels: an alert is what a reader made one, or is at least ``alert_severity``."""
    least = SEVERITIES.index(alert_severity)
    return [{**flag, "level": _level(flag, least)} for flag in flags]


def only_model(flag: JsonObject) -> bool:
    """Whether the local model alone found ``flag``: its words are only like words of that kind."""
    return bool(flag.get("readers") == [LOCAL_MODEL])


def settle_flag(flag: JsonObject) -> None:
    """Take back an engine's "denied" where the quotes, now verbatim, deny nothing.

    The screen reads question and answer together, and its word stands.
    """
    if SCREEN in flag.get("found_by", ()):
        return
    statements = [piece["quote"] for piece in flag["evidence"] if not is_question(piece["quote"])]
    if flag.get("negated"):
        flag["negated"] = bool(statements) and any(denies_risk(words_of(text)) for text in statements)


def _level(flag: JsonObject, least: int) -> str:
    severity = SEVERITIES.index(flag["severity"])
    if flag.get("level") == ALERT or severity >= least:
        return ALERT
    return FLAG if severity else LOOK


def _by_gravity(flag: JsonObject) -> tuple[bool, int]:
    return flag.get("level") != ALERT, -SEVERITIES.index(flag["severity"])


def _family(flag: JsonObject) -> str:
    return "suicide" if flag["type"] in _SUICIDE else str(flag["type"])


def _same_place(one: JsonObject, other: JsonObject) -> bool:
    return _family(one) == _family(other) and not _places(one).isdisjoint(_places(other))


def _places(flag: JsonObject) -> set[int]:
    return {piece["segment"] for piece in flag["evidence"]}


def _corroborate(one: JsonObject, other: JsonObject) -> None:
    """Two readers, one of them the local model and sure, affirm the same: both findings become alerts."""
    readers = {*one.get("readers", ()), *other.get("readers", ())}
    model = next((flag for flag in (one, other) if only_model(flag)), None)
    if len(readers) < 2 or model is None or model.get("level", LOOK) == LOOK:
        return
    if _family(one) not in _NEVER_URGENT and _affirms(one) and _affirms(other):
        one["level"] = other["level"] = ALERT


def _affirms(flag: JsonObject) -> bool:
    doubted = flag.get("negated") or flag.get("figurative") or flag.get("temporality") == "past"
    return not doubted and flag["severity"] != SEVERITIES[0]


def _take_graver(flag: JsonObject, other: JsonObject) -> None:
    flag["found_by"] = sorted({*flag.get("found_by", ()), *other.get("found_by", ())})
    flag["readers"] = sorted({*flag.get("readers", ()), *other.get("readers", ())}, key=READERS.index)
    if only_model(other) and other.get("level", LOOK) == LOOK:
        return  # a look is too faint to take a denial back
    if "level" in other:
        flag["level"] = max(flag.get("level", LOOK), other["level"], key=LEVELS.index)
    if "question" in other:
        flag["question"] = flag.get("question") or other["question"]
    flag["severity"] = max(flag["severity"], other["severity"], key=SEVERITIES.index)
    for doubt in ("negated", "figurative"):
        flag[doubt] = bool(flag.get(doubt)) and bool(other.get(doubt))
    if "present" in (flag.get("temporality"), other.get("temporality")):
        flag["temporality"] = "present"
    if "self" in (flag.get("about"), other.get("about")):
        flag["about"] = "self"
