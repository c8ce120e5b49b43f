"""Reads labelled text: transcripts with labels (JSON), statements (TSV), claims (JSON).

A transcript is ``{name, mood, trajectory, topics, segments, labels}``. A label is ``risk`` (segment,
kind, standing, severity, whose, style), ``item`` (segment, what, text) or ``trap`` (segment, kind,
why: it sounds like risk and is none). A line of a TSV has one column (a harmless sentence), two
(kind, statement) or four (kind, question, answer, what the answer means).

Speakers get neutral labels, and roles as the pipeline proposes them: a reader is told no more here
than in production.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.claims import transcript_of
from shared.domain.transcripts.roles import propose_roles
from shared.domain.values import Transcript

# Ordinary talk before a lone statement, so that the roles are known as they are in a session.
_BEFORE = (
    ("Speaker 1", "How are you today?"), ("Speaker 2", "All right."),
    ("Speaker 1", "How was the journey?"), ("Speaker 2", "It was fine."),
    ("Speaker 1", "Shall we begin?"), ("Speaker 2", "Yes."),
)  # fmt: skip
_ASKED = "What would you like to tell me about?"


@dataclass(frozen=True)
class Session:
    """A labelled transcript."""

    name: str
    transcript: Transcript
    mood: str
    trajectory: str
    topics: tuple[str, ...]
    labels: tuple[dict[str, Any], ...]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The labels of this type."""
        return [label for label in self.labels if label["type"] == kind]


@dataclass(frozen=True)
class Statement:
    """A sentence by itself, or an ``answer`` to a question; ``kind`` is empty for a harmless one."""

    kind: str
    meaning: str
    answer: bool
    transcript: Transcript

    @property
    def segment(self) -> int:
        """Where the statement stands."""
        return len(self.transcript.segments) - 1


def sessions(folder: Path) -> list[Session]:
    """The labelled transcripts in ``folder``, by name."""
    return [
        _session(json.loads(path.read_text("utf-8")), path.stem) for path in sorted(folder.glob("*.json"))
    ]


def statements(folder: Path) -> list[Statement]:
    """The lines of every TSV in ``folder``."""
    lines = [line for path in sorted(folder.glob("*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return [_statement(line.split("\t")) for line in lines if line.strip()]


def with_roles(segments: Sequence[dict[str, Any]]) -> Transcript:
    """The transcript of ``segments`` as the pipeline stores it: neutral labels, proposed roles."""
    made = transcript_of(list(segments))
    quality = {"speaker_roles": propose_roles(made.segments)}
    return Transcript(made.segments, made.duration_seconds, made.language, made.engine, False, quality)


def _session(document: dict[str, Any], name: str) -> Session:
    return Session(
        name=document.get("name", name),
        transcript=with_roles(document["segments"]),
        mood=document.get("mood", ""),
        trajectory=document.get("trajectory", ""),
        topics=tuple(topic.strip() for topic in document.get("topics", "").split(";") if topic.strip()),
        labels=tuple(document.get("labels", ())),
    )


def _statement(columns: list[str]) -> Statement:
    answer = len(columns) > 2
    kind = columns[0] if len(columns) > 1 else ""
    asked, text = (columns[1], columns[2]) if answer else (_ASKED, columns[-1])
    meaning = columns[3] if answer else "present" if kind else "harmless"
    said = [*_BEFORE, ("Speaker 1", asked), ("Speaker 2", text)]
    transcript = with_roles([{"speaker": who, "text": line} for who, line in said])
    return Statement(kind, meaning, answer, transcript)
