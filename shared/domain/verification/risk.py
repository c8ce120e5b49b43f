"""Risk findings of several readers made one list: none can remove or soften what another found.

Each finding has a level: *look* (shown folded), *flag*, or *alert* (told at once, answered before signing).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.english.polarity import denies_risk
from shared.domain.english.questions import is_question
from shared.domain.english.quotes import words_of
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes

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

    flags: Sequence[Item]
    readers: tuple[str, ...] = (RULES, LOCAL_MODEL)


def with_risk_flags(notes: Notes, screened: Sequence[Item]) -> Notes:
    """``notes`` with the screen's flags united with the engine's own; see ``united_flags``.

    ``found_by`` says whether the engine or the screen found a flag, ``readers`` which of their readers.
    """
    own = [
        flag.having(
            found_by=flag.properties.get("found_by") or [ENGINE],
            readers=flag.properties.get("readers") or [LANGUAGE_MODEL],  # the rules name themselves
        )
        for flag in notes.flags
    ]
    return notes.having(
        {"risk_flags": united_flags(own, [flag.having(found_by=[SCREEN]) for flag in screened])}
    )


def united_flags(own: Sequence[Item], others: Sequence[Item]) -> list[Item]:
    """The flags of two readers, gravest first. Every flag of both stays.

    Where both speak of the same kind in the same segment, the graver reading holds for the first one's
    flag: the higher severity, and denied, past or figurative only if both say so. A strong finding of the
    local model becomes an alert where another reader affirms the same family of risk in the same segment.
    """
    mine, added = list(own), []
    for other in others:
        flag = other
        near = [number for number, known in enumerate(mine) if _same_place(known, flag)]
        for number in near:
            mine[number], flag = _corroborated(mine[number], flag)
        same = _of_one_kind(mine, near, flag)
        for number in same:
            mine[number] = _graver(mine[number], flag)
        if not any(flag.segments <= mine[number].segments for number in same):
            added.append(flag)
    return sorted([*mine, *added], key=_by_gravity)


def _of_one_kind(flags: Sequence[Item], near: Sequence[int], flag: Item) -> list[int]:
    """Which of ``near`` are of the flag's kind; if any have just its segments, these alone."""
    same = [number for number in near if flags[number].text("type") == flag.text("type")]
    return [number for number in same if flags[number].segments == flag.segments] or same


def levelled(flags: Sequence[Item], alert_severity: str = "high") -> list[Item]:
    """``flags`` with levels: an alert is what a reader made one, or is at least ``alert_severity``."""
    least = SEVERITIES.index(alert_severity)
    return [flag.having(level=_level(flag, least)) for flag in flags]


def only_model(flag: Mapping[str, object]) -> bool:
    """As ``found_by_model_alone``, of a flag as it is in documents."""
    return flag.get("readers") == [LOCAL_MODEL]


def found_by_model_alone(flag: Item) -> bool:
    """Whether the local model alone found ``flag``: its words are only like words of that kind."""
    return flag.texts("readers") == (LOCAL_MODEL,)


def settled_flag(flag: Item) -> Item:
    """``flag`` without an engine's "denied" where the quotes, now verbatim, deny nothing.

    The screen reads question and answer together, and its word stands.
    """
    if SCREEN in flag.texts("found_by") or not flag.has("negated"):
        return flag
    statements = [quote for quote in flag.quotes if not is_question(quote)]
    return flag.having(negated=any(denies_risk(words_of(text)) for text in statements))


def _level(flag: Item, least: int) -> str:
    severity = SEVERITIES.index(flag.text("severity"))
    if flag.text("level") == ALERT or severity >= least:
        return ALERT
    return FLAG if severity else LOOK


def _by_gravity(flag: Item) -> tuple[bool, int]:
    return flag.text("level") != ALERT, -SEVERITIES.index(flag.text("severity"))


def _family(flag: Item) -> str:
    return "suicide" if flag.text("type") in _SUICIDE else flag.text("type")


def _same_place(one: Item, other: Item) -> bool:
    return _family(one) == _family(other) and not one.segments.isdisjoint(other.segments)


def _corroborated(one: Item, other: Item) -> tuple[Item, Item]:
    """Two readers, one of them the local model and sure, affirm the same: both findings become alerts."""
    readers = {*one.texts("readers"), *other.texts("readers")}
    model = next((flag for flag in (one, other) if found_by_model_alone(flag)), None)
    if len(readers) < 2 or model is None or (model.text("level") or LOOK) == LOOK:
        return one, other
    if _family(one) not in _NEVER_URGENT and _affirms(one) and _affirms(other):
        return one.having(level=ALERT), other.having(level=ALERT)
    return one, other


def _affirms(flag: Item) -> bool:
    doubted = flag.has("negated") or flag.has("figurative") or flag.text("temporality") == "past"
    return not doubted and flag.text("severity") != SEVERITIES[0]


def _graver(flag: Item, other: Item) -> Item:
    found_by = sorted({*flag.texts("found_by"), *other.texts("found_by")})
    readers = sorted({*flag.texts("readers"), *other.texts("readers")}, key=READERS.index)
    flag = flag.having(found_by=found_by, readers=readers)
    if found_by_model_alone(other) and (other.text("level") or LOOK) == LOOK:
        return flag  # a look is too faint to take a denial back
    if other.has("level"):
        flag = flag.having(level=max(flag.text("level") or LOOK, other.text("level"), key=LEVELS.index))
    if "question" in other.properties:
        flag = flag.having(question=flag.properties.get("question") or other.properties["question"])
    return flag.having(
        severity=max(flag.text("severity"), other.text("severity"), key=SEVERITIES.index),
        **{doubt: flag.has(doubt) and other.has(doubt) for doubt in ("negated", "figurative")},
        **_nearer(flag, other),
    )


def _nearer(flag: Item, other: Item) -> dict[str, str]:
    """Present and of the client, where one of both says so."""
    strongest = {"temporality": "present", "about": "self"}
    return {name: value for name, value in strongest.items() if value in (flag.text(name), other.text(name))}
