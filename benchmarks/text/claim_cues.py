"""Fit the weights of ``shared/domain/verification/cues.py`` to lists of turns with claims.

``python -m benchmarks.text.claim_cues FOLDER [--false 0.15]`` prints the weights, the least score that lets
pass that share of the false claims, and the share of the true claims that is then rejected. For these
shares each turn is scored by weights fitted to other turns. Only claims that no other rule rejects are
fitted to.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims import of_turn, transcript_of
from shared.domain.english.quotes import cite
from shared.domain.notes.fields import Form
from shared.domain.verification import cues
from shared.domain.verification.agreement import disagreement
from shared.domain.verification.cited import in_place
from shared.domain.verification.claims import objection
from shared.domain.verification.evidence import context_of
from shared.domain.verification.grounding import LEAST_CITED, LEAST_SHARE, outside_quotes

FOLDS = 5
STEPS, RATE, SHRINK = 4000, 0.5, 10.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Claims:
    """Features of claims; whether each is true, rejected by other rules, or not compared; and its turn."""

    features: Numbers
    true: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    exempt: NDArray[np.bool_]
    turns: NDArray[np.int64]


def main() -> None:
    """Print weights and figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--false", type=float, default=0.15, help="share of false claims that may pass")
    given = arguments.parse_args()
    claims = read(
        [turn for path in sorted(given.folder.glob("*.json")) for turn in json.loads(path.read_text())]
    )
    held_out = np.full(len(claims.true), -np.inf)
    for fold in range(FOLDS):
        other = claims.turns % FOLDS != fold
        weights = fit(claims, other)
        scored = ~other & ~claims.rejected
        held_out[scored] = scores(claims, weights)[scored]
    weights = fit(claims, np.ones(len(claims.true), dtype=bool))
    own = scores(claims, weights)
    found = {
        "weights": {
            name: round(float(w), 2) for name, w in zip(cues.FEATURES, weights, strict=True) if abs(w) >= 0.01
        },
        "least_score": round(float(np.quantile(own[~claims.true], 1 - given.false, method="lower")), 3),
        "on_turns_not_fitted_on": [figures(held_out, claims.true, share) for share in (0.1, 0.15, 0.2, 0.25)],
    }
    print(json.dumps(found, indent=1))


def scores(claims: Claims, weights: Numbers) -> Numbers:
    """The score of each claim: lowest where other rules reject it, highest where it is not compared."""
    compared = np.where(claims.exempt, np.inf, claims.features @ weights)
    return np.where(claims.rejected, -np.inf, compared)


def figures(scored: Numbers, true: NDArray[np.bool_], share: float) -> dict[str, float]:
    """The shares of false claims that pass, at most ``share``, and of true ones that are rejected."""
    least = np.quantile(scored[~true], 1 - share, method="lower")
    passed = scored > least
    return {
        "false_verified": round(float(passed[~true].mean()), 3),
        "true_rejected": round(1 - float(passed[true].mean()), 3),
    }


def read(turns: Sequence[dict[str, Any]]) -> Claims:
    """Each claim of ``turns`` with its features."""
    rows: list[list[float]] = []
    true: list[bool] = []
    rejected: list[bool] = []
    exempt: list[bool] = []
    of: list[int] = []
    for number, turn in enumerate(turns):
        document = of_turn(turn)
        transcript = transcript_of(document["segments"])
        for claim in document["claims"]:
            pieces = [cite(transcript, piece["segment"], piece["quote"]) for piece in claim["evidence"]]
            found = [piece for piece in pieces if piece is not None]
            cited, quotes = in_place(found, transcript), [piece.quote for piece in found]
            context, text = context_of(found, transcript), claim["sentence"]
            theirs = cues.comparable(text, cited)
            least = LEAST_CITED if theirs else LEAST_SHARE
            reason = objection(Form.SENTENCE, text, quotes, context, transcript.text, least)
            own = outside_quotes(text)
            measured = cues.features(own, theirs or cited)
            rows.append([measured[name] for name in cues.FEATURES])
            true.append(claim["true"])
            exempt.append(not theirs)
            negates = bool(theirs) and cues.negates_alone(measured)
            rejected.append(negates or (reason or disagreement(text, cited)) is not None)
            of.append(number)
    return Claims(np.array(rows), np.array(true), np.array(rejected), np.array(exempt), np.array(of))


def fit(claims: Claims, chosen: NDArray[np.bool_]) -> Numbers:
    """Logistic weights on those of ``chosen`` that only cues decide, with the signs that the cues mean."""
    used = chosen & ~claims.rejected & ~claims.exempt
    rows, wanted = claims.features[used], claims.true[used].astype(float)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    rows = (rows - mean) / spread
    speak_for = [name.endswith(cues.BOTH) or name == cues.SHARE for name in cues.FEATURES]
    signs = np.where(speak_for, 1.0, -1.0)
    weights, bias = np.zeros(rows.shape[1]), 0.0
    for _ in range(STEPS):
        error = 1 / (1 + np.exp(-(rows @ weights + bias))) - wanted
        weights = weights - RATE * (rows.T @ error + SHRINK * weights) / len(wanted)
        weights = signs * np.maximum(signs * weights, 0)  # a cue never counts against its sense
        bias -= RATE * error.mean()
    scaled: Numbers = weights / spread
    return scaled


if __name__ == "__main__":
    main()
