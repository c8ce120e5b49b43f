"""Measures what cutting a recording at silences costs in words, beside the same engine given it whole.

``python -m benchmarks.cutting`` speaks the sample's conversation and the golden sessions anew (needs flite)
with several pairs of synthetic voices and paces, some 80 minutes in all; it takes a quarter of an hour of one
quiet core. ``--only N`` does one conversation, ``--into FILE`` adds its counts to a file, and ``--sum FILE``
tells what a file says.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jiwer
import numpy as np

from benchmarks.accuracy import spoken_by
from benchmarks.transcription import transcribe
from samples.make_sample import turns
from shared.domain.transcripts.assembly import assemble
from shared.domain.values import TranscriptionHints
from tests.fakes.speech import InMemoryPcm
from tests.fixtures.golden_sessions import sessions
from tests.fixtures.transcripts.loading import LABELS
from workers.audio.analyser import OfflineSpeechAnalyser
from workers.engines.pocketsphinx import PocketsphinxTranscriber

CALM, QUICK = (0.3, 0.8), (0.0, 0.1)
CONVERSATIONS = [
    (("slt", "rms"), CALM, "sample"),
    (("rms", "awb"), CALM, "sample"),
    (("slt", "awb"), QUICK, "sample"),
    (("awb", "rms"), QUICK, "sample"),
    (("rms", "slt"), QUICK, "sample"),
    (("awb", "slt"), CALM, "sample"),
    (("slt", "rms"), CALM, "golden sessions"),
    (("awb", "slt"), QUICK, "golden sessions"),
    (("rms", "awb"), CALM, "golden sessions"),
    (("rms", "slt"), QUICK, "golden sessions"),
    (("slt", "awb"), CALM, "golden sessions"),
    (("awb", "rms"), QUICK, "golden sessions"),
]
RESAMPLES = 10_000


def script(name: str) -> list[tuple[str, str]]:
    """Who says what: the sample's conversation, or all golden sessions one after the other."""
    if name == "sample":
        return list(turns("therapy_session"))
    letters = {label: letter for letter, label in LABELS.items()}
    return [(letters[said.speaker], said.text) for one in sessions() for said in one.transcript.segments]


def measure(number: int, most_turns: int | None) -> dict[str, Any]:
    """For each turn of a conversation how many words it has, and how many are wrong cut and whole."""
    voices, gaps, text = CONVERSATIONS[number]
    made = spoken_by(voices, script(text)[:most_turns], gaps, two=False)
    pcm = InMemoryPcm(made.samples)
    plan = OfflineSpeechAnalyser().analyse(pcm, 2, 30.0)
    cut = assemble(plan, transcribe(pcm, plan), "en", "pocketsphinx", draft=True)
    whole = PocketsphinxTranscriber().transcribe(pcm.read(0.0, pcm.seconds), TranscriptionHints("en"))
    said = [_words(turn["text"]) for turn in made.truth]
    return {
        "voices": voices,
        "gaps": gaps,
        "text": text,
        "seconds": round(pcm.seconds, 1),
        "chunks": len(plan.chunks),
        "words": [len(turn) for turn in said],
        "cut": errors_by_turn(said, _words(" ".join(segment.text for segment in cut.segments))),
        "whole": errors_by_turn(said, _words(" ".join(phrase.text for phrase in whole))),
    }


def errors_by_turn(said: Sequence[list[str]], heard: list[str]) -> list[int]:
    """Words replaced, left out or put in, counted where they stand in what was said (jiwer's alignment)."""
    owner = [number for number, turn in enumerate(said) for _ in turn]
    errors = [0] * len(said)
    aligned = jiwer.process_words(" ".join(word for turn in said for word in turn), " ".join(heard))
    for step in aligned.alignments[0]:
        if step.type == "insert":
            errors[owner[min(step.ref_start_idx, len(owner) - 1)]] += step.hyp_end_idx - step.hyp_start_idx
        elif step.type != "equal":
            for place in range(step.ref_start_idx, step.ref_end_idx):
                errors[owner[place]] += 1
    return errors


def summed(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Word error rates, what cutting costs in points, and its 95 % interval.

    Turns are drawn again with replacement, each with its errors both ways (a paired bootstrap).
    """
    words, cut, whole = (np.array([n for row in rows for n in row[key]]) for key in ("words", "cut", "whole"))
    drawn = np.random.default_rng(1).integers(len(words), size=(RESAMPLES, len(words)))
    costs = (cut[drawn] - whole[drawn]).sum(axis=1) / words[drawn].sum(axis=1)
    return {
        "words": int(words.sum()),
        "minutes": round(sum(row["seconds"] for row in rows) / 60, 1),
        "cut": round(100 * cut.sum() / words.sum(), 2),
        "whole": round(100 * whole.sum() / words.sum(), 2),
        "cost_points": round(100 * (cut.sum() - whole.sum()) / words.sum(), 2),
        "from_to": [round(100 * float(edge), 2) for edge in np.percentile(costs, [2.5, 97.5])],
    }


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def main() -> None:
    """Print each conversation's figures and those of all together, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, choices=range(len(CONVERSATIONS)))
    parser.add_argument("--turns", type=int, help="no more than so many turns of each conversation")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--sum", type=Path)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if given.sum:
        rows = [json.loads(line) for line in given.sum.read_text().splitlines()]
    else:
        for number in range(len(CONVERSATIONS)) if given.only is None else [given.only]:
            rows.append(measure(number, given.turns))
            print(
                json.dumps({"voices": rows[-1]["voices"], "text": rows[-1]["text"], **summed(rows[-1:])}),
                flush=True,
            )
        if given.into:
            with given.into.open("a") as out:
                out.writelines(json.dumps(row) + "\n" for row in rows)
    print(json.dumps({"voices": "all", **summed(rows)}))


if __name__ == "__main__":
    main()
