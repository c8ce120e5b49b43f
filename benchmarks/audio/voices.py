"""Measures how well cepstral voiceprints tell voices apart, by how many there are and were expected.

``python -m benchmarks.audio.voices`` (needs flite; some minutes of one core). Every choice of one to four of
flite's voices holds a conversation of the sample's lines in any order: with pauses, without, in noise.
"""

import argparse
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import simpleder
from numpy.typing import NDArray

from benchmarks.accuracy import COLLAR_SECONDS, Conversation, in_noise
from samples.make_sample import RATE, speak, turns
from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser
from workers.audio.voice_activity import Detector, Probabilities, silero

VOICES = ("slt", "rms", "awb", "kal16")
PACES = {"pauses": (0.2, 0.6), "quick": (0.0, 0.15)}
NOISES = (None, 20.0, 10.0)
EXPECTED = (2, 3, 4, 6)
LINES = 36

Samples = NDArray[np.int16]


@cache
def spoken(text: str, voice: str) -> Samples:
    return speak(text, voice)


def conversation(voices: Sequence[str], gaps: tuple[float, float], seed: int) -> Conversation:
    """Lines in any order, each by another voice than the one before (if there is another)."""
    chance = random.Random(seed)
    texts = [text for _, text in turns("therapy_session")]
    pieces: list[Samples] = [np.zeros(RATE // 2, np.int16)]
    truth = []
    at, last = RATE // 2, None
    for _ in range(LINES):
        last = chance.choice([voice for voice in voices if voice != last or len(voices) == 1])
        speech = spoken(chance.choice(texts), last)
        pause = int(chance.uniform(*gaps) * RATE)
        pieces += [np.zeros(pause, np.int16), speech]
        start, at = at + pause, at + pause + len(speech)
        truth.append({"speaker": last, "start": start / RATE, "end": at / RATE})
    return Conversation(np.concatenate([*pieces, np.zeros(RATE // 2, np.int16)]), truth)


def conversations() -> Iterator[tuple[int, str, Conversation]]:
    """Number of voices, condition, and what is said."""
    for count in range(1, len(VOICES) + 1):
        for seed, voices in enumerate(itertools.combinations(VOICES, count)):
            for pace, gaps in PACES.items():
                if count == 1 and pace == "quick":
                    continue
                clean = conversation(voices, gaps, seed)
                for snr in NOISES:
                    name = f"{pace}, {'clean' if snr is None else f'{snr:.0f} dB'}"
                    yield count, name, clean if snr is None else in_noise(clean, snr)


def remembering() -> Callable[[], Detector]:
    """Makes detectors for one recording: the first one listens, the others know what it heard."""
    known: list[Probabilities] = []

    def new_detector() -> Detector:
        listener, places = silero(), itertools.count()

        def detect(frames: NDArray[np.float32]) -> Probabilities:
            place = next(places)
            if place == len(known):
                known.append(listener(frames))
            return known[place]

        return detect

    return new_detector


def heard(
    analyser: OfflineSpeechAnalyser, made: Conversation, expected: int
) -> tuple[int, float, str | None]:
    """How many voices are found, the share of time with a wrong speaker, and what is doubted."""
    plan = analyser.analyse(InMemoryPcm(made.samples), expected, 30.0)
    said = [(turn["speaker"], turn["start"], turn["end"]) for turn in made.truth]
    error = simpleder.DER(said, [(t.speaker, t.start, t.end) for t in plan.turns], collar=COLLAR_SECONDS)
    return int(plan.quality["voices_found"]), float(error), plan.quality["voices_doubt"]


def main() -> None:
    """Print a JSON object for each number of voices and each number that was expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, help="add each conversation's figures to this file")
    given = parser.parse_args()
    rows = []
    for count, name, made in conversations():
        analyser = OfflineSpeechAnalyser(remembering(), find_network=lambda: None)
        for expected in EXPECTED:
            found, error, doubt = heard(analyser, made, expected)
            rows.append((count, expected, name, found, error, doubt))
            if given.into:
                with given.into.open("a") as out:
                    out.write(json.dumps(rows[-1]) + "\n")
    for count, expected in itertools.product(range(1, len(VOICES) + 1), EXPECTED):
        own = [row for row in rows if row[:2] == (count, expected)]
        errors = [row[4] for row in own]
        line = {
            "voices": count,
            "expected": expected,
            "found": dict(Counter(row[3] for row in own)),
            "wrong_speaker_mean": round(100 * float(np.mean(errors)), 1),
            "wrong_speaker_most": round(100 * max(errors), 1),
            "doubted": sum(row[5] is not None for row in own),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
