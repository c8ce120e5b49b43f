"""Measures words, speakers and times on conversations in bad rooms, beside the bare engine.

Run ``python -m benchmarks.accuracy``; it needs flite and takes some minutes of one core. The text is
the sample's, spoken anew by two synthetic voices: expect people in rooms to come out worse.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpleder
from numpy.typing import NDArray

from benchmarks.audio.transcription import bare_engine, transcribe, word_error_rate
from samples.make_sample import NAMES, RATE, speak, turns
from shared.domain.transcripts.assembly import assemble
from shared.domain.values import Segment
from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser

Samples = NDArray[np.int16]
Spans = list[tuple[str, float, float]]
COLLAR_SECONDS = 0.25
BLEED_DB, FLOOR_DBFS = -20.0, -55.0


@dataclass(frozen=True)
class Conversation:
    """Samples, (n,) or (n, 2), and who says what from when to when."""

    samples: Samples
    truth: list[dict[str, Any]]


def conversation(gaps: tuple[float, float], lines: int, voices: tuple[str, str], two: bool) -> Conversation:
    """The sample's first ``lines`` with pauses in ``gaps`` seconds (negative: at once), ``two`` channels."""
    return spoken_by(voices, list(turns("therapy_session"))[:lines], gaps, two)


def spoken_by(
    voices: tuple[str, str], script: Sequence[tuple[str, str]], gaps: tuple[float, float], two: bool
) -> Conversation:
    """``script`` (who of T and C, and what) by ``voices``, with pauses as ``conversation`` has them."""
    pace = random.Random(7)
    spoken = [(letter, text, speak(text, voices["TC".index(letter)])) for letter, text in script]
    length = sum(len(speech) for *_, speech in spoken) + len(spoken) * RATE
    tracks = np.zeros((length, 2), np.float64)
    truth: list[dict[str, Any]] = []
    at = RATE // 2
    for letter, text, speech in spoken:
        start = max(0, at + int(pace.uniform(*gaps) * RATE))
        at = start + len(speech)
        tracks[start:at, "TC".index(letter)] += speech
        times = {"start": round(start / RATE, 3), "end": round(at / RATE, 3)}
        truth.append({"speaker": NAMES[letter], **times, "text": text})
    tracks = tracks[: at + RATE // 2]
    return Conversation(_clipped(tracks if two else tracks.sum(axis=1)), truth)


def in_noise(clean: Conversation, snr_db: float) -> Conversation:
    """White noise so far below the mean power of the speech."""
    samples = clean.samples.astype(np.float64)
    loud = samples[np.abs(samples) > 200]
    deviation = np.sqrt(np.mean(loud**2)) * 10 ** (-snr_db / 20)
    noise = np.random.default_rng(3).normal(0, deviation, samples.shape)
    return Conversation(_clipped(samples + noise), clean.truth)


def with_bleed(clean: Conversation) -> Conversation:
    """Each of two channels hears the other, and a little noise."""
    samples = clean.samples.astype(np.float64)
    mixed = samples + samples[:, ::-1] * 10 ** (BLEED_DB / 20)
    noise = np.random.default_rng(4).normal(0, 32768 * 10 ** (FLOOR_DBFS / 20), samples.shape)
    return Conversation(_clipped(mixed + noise), clean.truth)


def _clipped(samples: NDArray[np.float64]) -> Samples:
    return np.clip(samples, -32767, 32767).astype(np.int16)


def sets(lines: int) -> dict[str, Callable[[], Conversation]]:
    """Every condition by name."""
    calm, quick, at_once = (0.3, 0.8), (0.0, 0.1), (-0.6, 0.3)
    pair, men = ("slt", "rms"), ("awb", "rms")
    return {
        "clean": lambda: conversation(calm, lines, pair, two=False),
        "noise 20 dB": lambda: in_noise(conversation(calm, lines, pair, two=False), 20),
        "noise 10 dB": lambda: in_noise(conversation(calm, lines, pair, two=False), 10),
        "quick turns": lambda: conversation(quick, lines, pair, two=False),
        "quick turns, two men": lambda: conversation(quick, lines, men, two=False),
        "two channels, bleed, at once": lambda: with_bleed(conversation(at_once, lines, pair, two=True)),
    }


def measure(made: Conversation) -> dict[str, Any]:
    """Our figures and the bare engine's, given the whole recording (the mix of it) at once."""
    pcm = InMemoryPcm(made.samples)
    begun = time.process_time()
    plan = OfflineSpeechAnalyser().analyse(pcm, 2, 30.0)
    analysed = time.process_time() - begun
    transcript = assemble(plan, transcribe(pcm, plan), "en", "tiny.en", draft=False)
    ours = sorted(transcript.segments, key=lambda s: s.start)
    bare = bare_engine(np.frombuffer(pcm.read(0.0, pcm.seconds), np.int16))
    ordered = sorted(made.truth, key=lambda turn: turn["start"])
    said = [(turn["speaker"], turn["start"], turn["end"]) for turn in ordered]
    heard = [(turn.speaker, turn.start, turn.end) for turn in plan.turns]
    alone = [("all", turn["start"], turn["end"]) for turn in ordered]
    return {
        "seconds": round(pcm.seconds, 1),
        "wer": percent(word_error_rate(ordered, " ".join(s.text for s in ours))),
        "wer_bare": percent(word_error_rate(ordered, bare)),
        "der": percent(simpleder.DER(said, heard, collar=COLLAR_SECONDS)),
        "der_no_collar": percent(simpleder.DER(said, heard)),
        "der_bare": percent(simpleder.DER(said, alone, collar=COLLAR_SECONDS)),
        "time_error_p95": times_p95(said, ours),
        "layout": plan.quality["layout"],
        "needs_review": [r["code"] for r in transcript.quality["review_reasons"]],
        "analysis_cpu_share": percent(analysed / pcm.seconds),
    }


def times_p95(said: Spans, segments: list[Segment]) -> float:
    """p95 of how far the first and the last word of a turn are from where it begins and ends, seconds.

    A turn's words are those of the segments that lie in it for the most part; a turn that nobody
    heard counts as its whole length.
    """
    errors: list[float] = []
    for _, start, end in said:
        own = [s for s in segments if start <= (s.start + s.end) / 2 <= end]
        first = min((s.start for s in own), default=end)
        last = max((s.end for s in own), default=start)
        errors += [abs(first - start), abs(last - end)]
    return round(float(np.percentile(errors, 95)), 3)


def percent(share: float) -> float:
    return round(100 * share, 1)


def main() -> None:
    """Print the figures of every condition as JSON, one a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=24, help="turns of the conversation")
    parser.add_argument("--only", help="the name of one condition")
    options = parser.parse_args()
    for name, make in sets(options.lines).items():
        if options.only in (None, name):
            print(json.dumps({"set": name, **measure(make())}), flush=True)


if __name__ == "__main__":
    main()
