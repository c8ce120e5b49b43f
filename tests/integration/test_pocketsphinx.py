"""The real offline engine and the real voice activity model on a slice of the sample recording."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.errors import PermanentStepError
from shared.domain.transcripts.assembly import assemble
from shared.domain.values import SAMPLE_RATE, Phrase, TranscriptionHints, Word
from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser
from workers.engines.pocketsphinx import PocketsphinxTranscriber

SAMPLE = Path(__file__).parents[2] / "samples" / "therapy_session.m4a"
TRUTH = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
TURNS = 4
ENGLISH = TranscriptionHints("en-US")


def decoded(seconds: float) -> Iterator[NDArray[np.int16]]:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(str(SAMPLE)) as container:
        for frame in container.decode(audio=0):
            if frame.time > seconds:
                return
            for out in resampler.resample(frame):
                yield out.to_ndarray()[0]


@pytest.fixture(scope="module")
def opening() -> NDArray[np.int16]:
    """The first four turns of the sample."""
    seconds = TRUTH[TURNS - 1]["end"] + 0.4
    return np.concatenate(list(decoded(seconds)))[: int(seconds * SAMPLE_RATE)]


@pytest.fixture(scope="module")
def engine() -> PocketsphinxTranscriber:
    return PocketsphinxTranscriber()


def test_a_clear_sentence_is_heard_with_times_and_confidences(engine, opening):
    turn = TRUTH[1]
    pcm = opening[int(turn["start"] * SAMPLE_RATE) : int(turn["end"] * SAMPLE_RATE)]
    [phrase] = engine.transcribe(pcm.tobytes(), ENGLISH)
    assert "difficult week" in phrase.text
    assert phrase.text == " ".join(word.text for word in phrase.words)
    assert all(word.start < word.end and 0 <= word.confidence <= 1 for word in phrase.words)
    assert phrase.end <= len(pcm) / SAMPLE_RATE


def test_words_carry_neither_alternates_nor_fillers(engine, opening):
    phrases = engine.transcribe(opening.tobytes(), ENGLISH)
    assert all(re.fullmatch(r"[a-z'.-]+", word.text) for phrase in phrases for word in phrase.words)


@pytest.mark.parametrize("pcm", [b"", b"\0", bytes(200), bytes(961)])
def test_next_to_no_audio_has_no_words(engine, pcm):
    assert engine.transcribe(pcm, ENGLISH) == []


def test_the_engine_goes_on_after_audio_that_it_could_not_use(engine, opening):
    engine.transcribe(bytes(1200), ENGLISH)
    assert engine.transcribe(opening[: SAMPLE_RATE * 5].tobytes(), ENGLISH)


def test_another_language_than_english_is_refused_for_good(engine):
    with pytest.raises(PermanentStepError) as refused:
        engine.transcribe(bytes(32_000), TranscriptionHints("de"))
    assert refused.value.code == "language_not_supported"


def test_the_sample_opens_with_the_right_words_from_the_right_speakers(engine, opening):
    recording = InMemoryPcm(opening)
    plan = OfflineSpeechAnalyser().analyse(recording, 2, 30.0)
    heard = []
    for utterance in (u for chunk in plan.chunks for u in chunk.utterances):
        for phrase in engine.transcribe(recording.read(utterance.start, utterance.end), ENGLISH):
            heard.append((utterance.channel, _moved(phrase, utterance.start)))
    transcript = assemble(plan, heard, "en", engine.capabilities.name, draft=True)
    assert [s.speaker for s in transcript.segments] == ["Speaker 1", "Speaker 2"] * 2
    assert [s.start for s in transcript.segments] == pytest.approx(
        [t["start"] for t in TRUTH[:TURNS]], abs=0.3
    )
    assert transcript.segments[0].text.endswith("since we last met?")


def test_real_silence_and_noise_have_no_speech():
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE * 3) * 300
    recording = InMemoryPcm(np.concatenate([np.zeros(SAMPLE_RATE * 2), noise]).astype(np.int16))
    assert OfflineSpeechAnalyser().analyse(recording, 2, 30.0).chunks == ()


def _moved(phrase: Phrase, by: float) -> Phrase:
    words = tuple(Word(w.text, w.start + by, w.end + by, w.confidence) for w in phrase.words)
    return Phrase(phrase.text, phrase.start + by, phrase.end + by, phrase.confidence, words)
