"""Mentions of risk as the flags of the notes: one flag for all mentions of a kind and standing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.domain.english.quotes import cite
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.risk import ALERT, RULES
from workers.engines.rules.columbia import higher
from workers.engines.rules.passages import Passage
from workers.engines.rules.speakers import Role


@dataclass(slots=True)
class Mention:
    """One place where a risk is spoken of, with the sentences that show it."""

    kind: str
    passage: Passage
    negated: bool = False
    asked: bool = False
    past: bool = False
    figurative: bool = False
    own_words: bool = False
    about: str = "unclear"
    severity: str = "low"
    columbia: str | None = None
    alert: bool = False  # however grave its words
    shown: list[Passage] = field(default_factory=list)


def flags_from(mentions: Sequence[Mention], transcript: Transcript) -> list[JsonObject]:
    """Risk flags, one for all mentions of the same kind and standing, gravest first."""
    flags: dict[tuple[object, ...], JsonObject] = {}
    for mention in mentions:
        key = (
            mention.kind, mention.negated, mention.asked, mention.past, mention.about, mention.figurative,
            mention.passage.speaker,
        )  # fmt: skip
        flag = flags.setdefault(key, _flag(mention))
        flag["columbia"] = higher(flag["columbia"], mention.columbia)
        if mention.alert:
            flag["level"] = ALERT
        flag["severity"] = min(flag["severity"], mention.severity, key=("high", "medium", "low").index)
        for passage in mention.shown:
            found = cite(transcript, passage.segment, passage.text)
            if found is not None and found.as_evidence() not in flag["evidence"]:
                flag["evidence"].append(found.as_evidence())
    return sorted(flags.values(), key=lambda flag: ("high", "medium", "low").index(flag["severity"]))


def _flag(mention: Mention) -> JsonObject:
    return {
        "type": mention.kind,
        "severity": mention.severity,
        "negated": mention.negated,
        "asked_by_therapist": mention.asked and mention.passage.role is not Role.CLIENT,
        "temporality": "past" if mention.past else "present",
        "about": mention.about,
        "figurative": mention.figurative,
        "speaker": mention.passage.speaker,
        "columbia": mention.columbia,
        "found_by": [],
        "readers": [RULES],
        "evidence": [],
        "verified": False,
    }
