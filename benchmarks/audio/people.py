"""Measures who is heard to speak in conversations joined from recordings of real people.

Run ``python -m benchmarks.audio.people FOLDER``. FOLDER holds recordings of one person each and a
``manifest.json``: a list of objects with ``file``. Utterances of one to four of them follow each other in
random order, none twice: with pauses, in quick turns, and speaking at once; as recorded, and all in one
echoing room with noise. Prints how many voices were found and the diarization error (simpleder, collar
0.25 s) of the speaker network and of cepstral voiceprints, and what each costs.
"""

import argparse
import itertools
import json
import random
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import simpleder
from numpy.typing import NDArray

from benchmarks.audio.rooms import far_field
from benchmarks.audio.transcription import decode
from shared.domain.values import SAMPLE_RATE
from tests.fakes.speech import InMemoryPcm
from workers.audio import voice_activity
from workers.audio.analyser import LONGEST_PAUSE_IN_TURN, OfflineSpeechAnalyser
from workers.audio.voice_activity import Probabilities

COLLAR_SECONDS = 0.25
EDGE = voice_activity.PADDING
PACES = {"pauses": (0.2, 0.7), "quick": (-0.05, 0.1), "at once": (-0.8, 0.2)}
ROOMS = (None, 20, 10)
# Number of voices: lengths in seconds, and of how many choices of people one is heard.
LENGTHS = {1: ((10, 20, 28, 70), 1), 2: ((25, 100), 2), 3: ((130,), 4), 4: ((160,), 3)}
LEVEL = 2_000.0
METHODS: dict[str, dict[str, Any]] = {"network": {}, "cepstra": {"find_network": lambda: None}}

Samples = NDArray[np.int16]
Spans = list[tuple[str, float, float]]


@dataclass(frozen=True)
class Conversation:
    """Who speaks from when to when in ``samples``; ``seconds`` was asked for."""

    people: tuple[str, ...]
    seconds: int
    pace: str
    room: int | None
    samples: Samples
    truth: Spans


class Speakers:
    """Recordings of one person each, cut into utterances."""

    def __init__(self, folder: Path) -> None:
        files = [one["file"] for one in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))]
        self._utterances = {name: list(_utterances(decode(folder / name))) for name in files}
        self.names = list(self._utterances)

    def joined(
        self, names: Sequence[str], seconds: int, pace: str, room: int | None, seed: int
    ) -> Conversation:
        """Utterances of ``names`` in random order; one is heard again only when all of its speaker were.

        The truth is in turns, as a plan has them: pauses within a turn are no errors.
        """
        chance = random.Random(seed)
        left: dict[str, list[Samples]] = defaultdict(list)
        sound = np.zeros((seconds + 12) * SAMPLE_RATE)
        truth: Spans = []
        at, last = SAMPLE_RATE // 2, None
        while at < seconds * SAMPLE_RATE:
            last = chance.choice([name for name in names if name != last or len(names) == 1])
            left[last] = left[last] or chance.sample(self._utterances[last], len(self._utterances[last]))
            said = left[last].pop().astype(np.float64)
            if room is not None:  # at one distance from one microphone
                said *= LEVEL / np.sqrt((said**2).mean())
            at = max(0, at + int(chance.uniform(*PACES[pace]) * SAMPLE_RATE))
            sound[at : at + said.size] += said
            begins, ends = at / SAMPLE_RATE + EDGE, (at + said.size) / SAMPLE_RATE - EDGE
            goes_on = truth and truth[-1][0] == last and begins - truth[-1][2] <= LONGEST_PAUSE_IN_TURN
            truth.append((last, truth.pop()[1] if goes_on else begins, ends))
            at += said.size
        samples = np.clip(sound[: at + SAMPLE_RATE // 2], -32768, 32767).astype(np.int16)
        samples = samples if room is None else far_field(samples, room, seed)
        return Conversation(tuple(names), seconds, pace, room, samples, truth)

    def conversations(self) -> Iterator[Conversation]:
        """Choices of people in every room, the paces by turns."""
        for room, (count, (lengths, every)) in itertools.product(ROOMS, LENGTHS.items()):
            paces = itertools.cycle(PACES if count > 1 else ("pauses",))
            for seconds, first in zip(lengths, itertools.cycle(range(every)), strict=False):
                for names in itertools.islice(itertools.combinations(self.names, count), first, None, every):
                    if self._have_enough_to_say(names, seconds):
                        yield self.joined(names, seconds, next(paces), room, _seed(names, seconds))

    def _have_enough_to_say(self, names: Sequence[str], seconds: int) -> bool:
        """Whether each of ``names`` has enough to say: what is heard twice is more alike than any voice."""
        share = seconds * SAMPLE_RATE / len(names)
        return all(sum(map(len, self._utterances[name])) >= 0.9 * share for name in names)


def _seed(names: Sequence[str], seconds: int) -> int:
    """A seed that is the same in every process."""
    return zlib.crc32(f"{names} {seconds}".encode())


def _utterances(samples: Samples) -> Iterator[Samples]:
    activity = voice_activity.listen(InMemoryPcm(samples), None, voice_activity.silero())
    for start, end in voice_activity.find_utterances(activity, 7.0):
        if end - start > 4 * EDGE:
            yield samples[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]


class Listening:
    """Voice activity of one recording, computed once, so that what is timed is telling speakers apart."""

    def __init__(self, samples: Samples) -> None:
        self._known = voice_activity.listen(InMemoryPcm(samples), None, voice_activity.silero()).probabilities
        self._at = 0

    def __call__(self, frames: NDArray[np.float32]) -> Probabilities:
        """The next frames' probabilities."""
        self._at += len(frames)
        return self._known[self._at - len(frames) : self._at]


@dataclass(frozen=True)
class Score:
    """What one method made of one conversation; ``error`` in percent, ``cpu`` in seconds per second."""

    room: str
    voices: int
    seconds: int
    method: str
    pace: str
    people: tuple[str, ...]
    found: int
    error: float
    cpu: float

    @property
    def kind(self) -> tuple[int, int, str, str]:
        """What a row of the table is of."""
        return self.voices, self.seconds, self.room, self.method


def score(made: Conversation, method: str, expected: int) -> Score:
    """Analyse ``made`` as a worker would."""
    listened, pcm = Listening(made.samples), InMemoryPcm(made.samples)
    analyser = OfflineSpeechAnalyser(lambda: listened, **METHODS[method])
    began = time.process_time()
    plan = analyser.analyse(pcm, expected, 30.0)
    cpu = (time.process_time() - began) / pcm.seconds
    heard = [(turn.speaker, turn.start, turn.end) for turn in plan.turns]
    error = 100 * float(simpleder.DER(made.truth, heard, collar=COLLAR_SECONDS))
    room = "as recorded" if made.room is None else f"room, {made.room} dB"
    found = int(plan.quality["voices_found"])
    return Score(room, len(made.people), made.seconds, method, made.pace, made.people, found, error, cpu)


def main() -> None:
    """Print a row for each kind of conversation, and the mean cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expected", type=int, default=2, help="Speakers expected. Default: 2.")
    parser.add_argument("--json", type=Path, help="Write the figures of every conversation to this file.")
    given = parser.parse_args()
    made = Speakers(given.folder).conversations()
    scores = [score(one, method, given.expected) for one in made for method in METHODS]
    if given.json:
        figures = [asdict(one) for one in scores]
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print("| voices | seconds | sound | method | voices found | error: mean, median, worst |")
    print("|---" * 6 + "|")
    for kind in sorted({one.kind for one in scores}):
        own = [one for one in scores if one.kind == kind]
        counts = ", ".join(f"{n} in {times}" for n, times in sorted(Counter(s.found for s in own).items()))
        errors = [one.error for one in own]
        spread = f"{np.mean(errors):.1f}, {np.median(errors):.1f}, {max(errors):.1f} %"
        print(f"| {' | '.join(map(str, kind))} | {counts} | {spread} |")
    for method in METHODS:
        cpu = np.mean([one.cpu for one in scores if one.method == method])
        print(f"{method}: {cpu:.3f} CPU seconds per second of audio, without voice activity")


if __name__ == "__main__":
    main()
