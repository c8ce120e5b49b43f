"""Measures the offline transcription on the sample recording, beside the bare engine.

Run ``python -m benchmarks.audio.transcription``; it takes a minute or two of one core. The voices of
the sample are synthetic and clean: expect people in rooms to come out worse.
"""

import argparse
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from numpy.typing import NDArray

from shared.domain.transcripts.assembly import ChannelPhrase, assemble
from shared.domain.transcripts.units import units_of
from shared.domain.values import (
    SAMPLE_RATE,
    Segment,
    SpeechPlan,
    Transcript,
    TranscriptionHints,
)
from shared.media.isolation.sandbox import Sandbox
from workers.audio.analyser import OfflineSpeechAnalyser
from workers.engines.whisper.loading import ModelSettings, load
from workers.engines.whisper.transcriber import WhisperTranscriber

SAMPLE = Path(__file__).parents[2] / "samples" / "therapy_session.m4a"
FRAMES_PER_SECOND = 100
MODEL = ModelSettings("tiny.en")
ENGINE = WhisperTranscriber(MODEL)


class Recording:
    """The decoded sample as a PcmSource; short enough to lie in memory."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = samples
        self.channels = 1
        self.seconds = len(samples) / SAMPLE_RATE

    def read(self, start: float, end: float, channel: int | None = None) -> bytes:
        return self._samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].tobytes()


class Stages:
    """Seconds per stage of the run: CPU seconds, unless another clock is given."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str, clock: Callable[[], float] = time.process_time) -> Iterator[None]:
        begun = clock()
        yield
        self.seconds[name] = clock() - begun


class FileBytes:
    """A file as a ByteSource."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self.size = len(self._content)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def decode(path: Path) -> NDArray[np.int16]:
    """The whole recording as 16 kHz mono, through the same sandbox as an upload."""
    pcm = bytearray()
    with Sandbox() as sandbox:
        sandbox.decode(FileBytes(path), pcm.extend)
    return np.frombuffer(bytes(pcm), np.int16)


def transcribe(recording: Recording, plan: SpeechPlan) -> list[ChannelPhrase]:
    """All that ``plan`` has for the offline engine, in the recording's clock."""
    heard: list[ChannelPhrase] = []
    can = ENGINE.capabilities
    units = [unit for chunk in plan.chunks for unit in units_of(chunk, plan.turns, can.unit, can.word_times)]
    for unit in units:
        pcm = recording.read(unit.start, unit.end, unit.channel)
        for phrase in ENGINE.transcribe(pcm, TranscriptionHints("en")):
            heard.append((unit.channel, phrase.shifted(unit.start)))
    return heard


def bare_engine(samples: NDArray[np.int16]) -> str:
    """What faster-whisper hears with the library's default settings in the whole recording at once."""
    segments, _ = load(MODEL).transcribe(samples.astype(np.float32) / 32768, language="en")
    return "".join(segment.text for segment in segments)


def word_error_rate(truth: list[dict[str, Any]], text: str) -> float:
    """Against the ground truth, both in lower case and without punctuation."""
    return float(jiwer.wer(_normal(" ".join(turn["text"] for turn in truth)), _normal(text)))


def right_speaker_share(truth: list[dict[str, Any]], segments: tuple[Segment, ...]) -> float:
    """Share of the spoken time that has a segment with the right speaker, under the best naming.

    Time that no segment covers counts as wrong.
    """
    length = int(max(turn["end"] for turn in truth) * FRAMES_PER_SECOND) + FRAMES_PER_SECOND
    labels = np.full(length, "", dtype=object)
    for segment in segments:
        labels[int(segment.start * FRAMES_PER_SECOND) : int(segment.end * FRAMES_PER_SECOND)] = (
            segment.speaker
        )
    people = sorted({turn["speaker"] for turn in truth})
    names = sorted({segment.speaker for segment in segments})
    best, total = 0, 0
    for naming in itertools.permutations(names, min(len(people), len(names))):
        expected = dict(zip(people, naming, strict=False))
        right = total = 0
        for turn in truth:
            said = labels[int(turn["start"] * FRAMES_PER_SECOND) : int(turn["end"] * FRAMES_PER_SECOND)]
            right += int((said == expected.get(turn["speaker"])).sum())
            total += len(said)
        best = max(best, right)
    return best / total if total else 0.0


def _normal(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def run(path: Path, with_bare: bool) -> tuple[dict[str, Any], Transcript]:
    """Figures and the transcript for ``path``, whose truth is the JSON file beside it."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    stages = Stages()
    # The sandbox's CPU time is its children's; the wall clock includes the start of its server.
    with stages.measure("decode", clock=time.perf_counter):
        samples = decode(path)
    recording = Recording(samples)
    with stages.measure("analyse"):
        plan = OfflineSpeechAnalyser().analyse(recording, 2, 30.0)
    with stages.measure("transcribe"):
        heard = transcribe(recording, plan)
    with stages.measure("assemble"):
        transcript = assemble(plan, heard, "en", "tiny.en", draft=False)
    figures: dict[str, Any] = {
        "seconds": recording.seconds,
        "wer": word_error_rate(truth, transcript.text),
        "right_speaker": right_speaker_share(truth, transcript.segments),
        "times_real_time": recording.seconds / sum(stages.seconds.values()),
        "stage_seconds": dict(stages.seconds),
    }
    if with_bare:
        with stages.measure("bare"):
            text = bare_engine(samples)
        figures["bare_wer"] = word_error_rate(truth, text)
        figures["bare_cpu_seconds"] = stages.seconds["bare"]
    return figures, transcript


def main() -> None:
    """Print the figures as a small table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-bare", action="store_true", help="leave out the bare engine")
    parser.add_argument("--transcript", action="store_true", help="print the transcript too")
    arguments = parser.parse_args()
    figures, transcript = run(SAMPLE, with_bare=not arguments.no_bare)
    if arguments.transcript:
        for segment in transcript.segments:
            print(f"{segment.start:7.2f} {segment.speaker}: {segment.text}")
        print(json.dumps(dict(transcript.quality), indent=1))
    print(f"recording            {figures['seconds']:.0f} s")
    print(f"word error rate      {figures['wer']:.1%}")
    print(f"right speaker        {figures['right_speaker']:.1%} of the spoken time")
    for stage, seconds in figures["stage_seconds"].items():
        print(f"  {stage:<18} {seconds:.1f} s")
    print(f"speed                {figures['times_real_time']:.1f} x real time")
    if "bare_wer" in figures:
        speed = figures["seconds"] / figures["bare_cpu_seconds"]
        print(f"bare engine, whole   {figures['bare_wer']:.1%}, no speakers, {speed:.1f} x real time")


if __name__ == "__main__":
    main()
