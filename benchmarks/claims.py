"""How often a false claim counts as supported, and a true one does not.

``python -m benchmarks.claims FILE_OR_FOLDER [...] [--json] [--show]`` reads JSON with ``segments``
(speaker, text, optionally start and end) and ``claims`` (``true``, ``kind``, ``sentence`` and, where
given, ``evidence``). A claim with evidence is held against that, as a draft's sentences are; one
without is held against the whole transcript, as a clinician's own text is. Speakers are told apart
by neutral labels. A list of turns is read too: of each ``before`` (speaker and text of earlier turns),
``quote`` and ``claims`` (``text``, ``true``, ``why``), which are held against the quote and the question
before it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.values import Segment, Transcript
from shared.domain.verification.sentences import check_text
from tests.note_documents import verify

SECONDS_A_WORD = 0.4


@dataclass(frozen=True)
class Judged:
    """A claim, whether it is true, and the check's objection (None: counted as supported)."""

    kind: str
    true: bool
    sentence: str
    reason: str | None


def main(arguments: list[str]) -> None:
    """Print the counts of all files named."""
    paths = [Path(argument) for argument in arguments if not argument.startswith("--")]
    judged = [
        one for path in paths for file in files(path) for one in judge_all(json.loads(file.read_text()))
    ]
    if "--show" in arguments:
        for one in judged:
            if one.true == (one.reason is not None):
                print(f"{one.kind:14} {one.sentence}\n{'':14} {one.reason or 'counted as supported'}")
    figures = summary(judged)
    print(json.dumps(figures) if "--json" in arguments else json.dumps(figures, indent=1))


def files(path: Path) -> list[Path]:
    """``path``, or the claims in it."""
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def summary(judged: Iterable[Judged]) -> dict[str, Any]:
    """Counts: false claims verified and true ones rejected, and the false ones verified by kind."""
    claims = list(judged)
    false, true = [c for c in claims if not c.true], [c for c in claims if c.true]
    verified, rejected = [c for c in false if c.reason is None], [c for c in true if c.reason is not None]
    return {
        "false": len(false),
        "false_verified": len(verified),
        "true": len(true),
        "true_rejected": len(rejected),
        "false_by_kind": dict(Counter(c.kind for c in false)),
        "false_verified_by_kind": dict(Counter(c.kind for c in verified)),
        "true_rejected_by_reason": dict(Counter(c.reason for c in rejected)),
    }


def judge_all(stored: dict[str, Any] | list[dict[str, Any]]) -> Iterator[Judged]:
    """Each claim of a file: of one session, or of a list of turns."""
    for document in map(of_turn, stored) if isinstance(stored, list) else [stored]:
        yield from judge(document)


def of_turn(turn: dict[str, Any]) -> dict[str, Any]:
    """A turn as a session of its own; its claims cite it and what the other speaker said just before."""
    said = [{"speaker": speaker, "text": text} for speaker, text in turn["before"]] + [turn["quote"]]
    own = len(said) - 1
    first = own - 1 if own and said[own - 1]["speaker"] != said[own]["speaker"] else own
    evidence = [{"segment": number, "quote": said[number]["text"]} for number in range(first, own + 1)]
    claims = [
        {"true": one["true"], "kind": one["why"], "sentence": one["text"], "evidence": evidence}
        for one in turn["claims"]
    ]
    return {"segments": said, "claims": claims}


def judge(document: dict[str, Any]) -> Iterator[Judged]:
    """Each claim of ``document`` with the check's objection."""
    transcript = transcript_of(document["segments"])
    for claim in document["claims"]:
        reason = (_by_evidence if claim.get("evidence") else _by_text)(claim, transcript)
        yield Judged(claim["kind"], claim["true"], claim["sentence"], reason)


def transcript_of(segments: list[dict[str, Any]]) -> Transcript:
    """The transcript of these segments, its speakers told apart by number alone."""
    labels: dict[str, str] = {}
    made: list[Segment] = []
    clock = 0.0
    for segment in segments:
        label = labels.setdefault(segment["speaker"], f"Speaker {len(labels) + 1}")
        start = segment.get("start", clock)
        clock = segment.get("end", start + SECONDS_A_WORD * len(segment["text"].split()))
        made.append(Segment(start, clock, segment["text"], label))
    return Transcript(tuple(made), clock, "en", "benchmark", draft=False)


def _by_evidence(claim: dict[str, Any], transcript: Transcript) -> str | None:
    sentence = {
        "sentence": claim["sentence"],
        "structural": False,
        "evidence": claim["evidence"],
        "verified": False,
    }
    field = claim.get("field", "therapist_notes")
    notes = {field: claim["sentence"], "field_evidence": {field: [sentence]}}
    checked = verify(notes, transcript)
    kept = [
        s for s in checked["field_evidence"][field] if s["sentence"] == claim["sentence"] and s["verified"]
    ]
    return None if kept else str(checked["unsupported"][0]["reason"])


def _by_text(claim: dict[str, Any], transcript: Transcript) -> str | None:
    checked = check_text(claim["sentence"], transcript)
    return next((str(reason) for sentence, reason in checked if not sentence.verified), None)


if __name__ == "__main__":
    main(sys.argv[1:])
