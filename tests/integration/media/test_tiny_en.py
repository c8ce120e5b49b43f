"""The default model, the real voice activity model and real sound: what is said is what is written."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.transcripts.assembly import ChannelPhrase, assemble
from shared.domain.values import SAMPLE_RATE, Transcript, TranscriptionHints
from tests.fakes.speech import InMemoryPcm
from tests.fakes.tiny_en import tiny_en
from workers.audio.analyser import OfflineSpeechAnalyser

SAMPLE = Path(__file__).parents[3] / "samples" / "therapy_session.m4a"
TRUTH = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
TURNS = 4
ENGLISH = TranscriptionHints("en-US")
Sound = NDArray[np.int16]


def decoded(seconds: float) -> Iterator[Sound]:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(str(SAMPLE)) as container:
        for frame in container.decode(audio=0):
            if frame.time > seconds:
                return
            for out in resampler.resample(frame):
                yield out.to_ndarray()[0]


@pytest.fixture(scope="module")
def opening() -> Sound:
    """The first turns of the sample."""
    seconds = TRUTH[TURNS - 1]["end"] + 0.4
    return np.concatenate(list(decoded(seconds)))[: int(seconds * SAMPLE_RATE)]


def transcribed(sound: Sound) -> Transcript:
    """As a worker does it: analysed, cut into chunks, each transcribed, put together."""
    pcm, engine = InMemoryPcm(sound), tiny_en()
    plan = OfflineSpeechAnalyser().analyse(pcm, 2, engine.capabilities.chunk_seconds)
    heard: list[ChannelPhrase] = []
    for chunk in plan.chunks:
        for phrase in engine.transcribe(pcm.read(chunk.start, chunk.end, chunk.channel), ENGLISH):
            heard.append((chunk.channel, phrase.shifted(chunk.start)))
    return assemble(plan, heard, "en", engine.capabilities.name, engine.capabilities.draft)


def words(text: str) -> list[str]:
    return "".join(c for c in text.lower() if c.isalpha() or c in " \n'").split()


@pytest.fixture(scope="module")
def transcript(opening: Sound) -> Transcript:
    return transcribed(opening)


def test_the_sample_opens_with_the_right_words_from_the_right_speakers(transcript: Transcript) -> None:
    said = words(" ".join(turn["text"] for turn in TRUTH[:TURNS]))
    heard = words(transcript.text)
    assert len(set(said) - set(heard)) <= 2, (said, heard)
    assert [s.speaker for s in transcript.segments[:4]] == ["Speaker 1", "Speaker 2"] * 2
    assert transcript.segments[0].text.endswith("since we last met?")


def test_times_of_turns_are_those_of_the_recording(transcript: Transcript) -> None:
    begins = [turn["start"] for turn in TRUTH[:4]]
    assert [s.start for s in transcript.segments[:4]] == pytest.approx(begins, abs=0.5)
    assert transcript.quality["unheard_seconds"] == 0.0


def test_a_retry_gives_the_same_transcript(opening: Sound, transcript: Transcript) -> None:
    assert transcribed(opening).segments == transcript.segments


def test_no_word_is_lost_in_a_long_pause(opening: Sound, transcript: Transcript) -> None:
    rest = np.random.default_rng(1).normal(0, 12, 7 * SAMPLE_RATE).astype(np.int16)
    parts: list[Sound] = []
    at = 0
    for turn, following in itertools.pairwise(TRUTH[:TURNS]):
        cut = int((turn["end"] + following["start"]) / 2 * SAMPLE_RATE)
        parts += [opening[at:cut], rest]
        at = cut
    paused = transcribed(np.concatenate([*parts, opening[at:]]))
    lost = set(words(transcript.text)) - set(words(paused.text))
    assert len(lost) <= 1, (lost, paused.text)
    assert len(words(paused.text)) >= len(words(transcript.text)) - 1
    assert not [found for found in paused.quality["invented"] if found["removed"]]


@pytest.mark.parametrize("level", [0, 12, 400])
def test_nothing_is_written_where_nobody_speaks(level: int) -> None:
    noise = np.random.default_rng(0).normal(0, level, 40 * SAMPLE_RATE).astype(np.int16)
    silent = transcribed(noise)
    assert silent.segments == ()
    assert "no_speech" in {reason["code"] for reason in silent.quality["review_reasons"]}
