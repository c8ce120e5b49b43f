"""From audio in memory to a plan; loudness stands in for the voice activity model."""

import json

import numpy as np
import pytest

from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser

RATE = 16_000
A_TURNS = [(0.5, 4.0), (9.0, 13.0), (20.0, 23.0)]
B_TURNS = [(4.6, 8.4), (14.0, 19.0)]


def by_loudness():
    """A detector that takes everything above -40 dBFS for speech."""
    return lambda frames: np.where(np.sqrt(np.mean(frames**2, axis=1)) > 0.01, 0.95, 0.02)


def buzz(pitch: float, turns: list[tuple[float, float]], seconds: float = 24.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * pitch * k * t + k) / k ** (pitch / 100) for k in range(1, 30))
    mask = np.zeros(t.size)
    for start, end in turns:
        mask[int(start * RATE) : int(end * RATE)] = 1
    hiss = np.random.default_rng(1).standard_normal(t.size) * 0.0003
    return sound * mask * 0.1 + hiss


A, B = buzz(100, A_TURNS), buzz(210, B_TURNS)


def pcm(*channels: np.ndarray) -> InMemoryPcm:
    stacked = np.stack(channels, axis=1).clip(-1, 1) * 32_767
    return InMemoryPcm(stacked.astype(np.int16))


def analysed(recording: InMemoryPcm, speakers: int = 2, chunk_seconds: float = 30.0):
    return OfflineSpeechAnalyser(by_loudness).analyse(recording, speakers, chunk_seconds)


def spoken_by(plan, speaker: str) -> list[tuple[float, float]]:
    return [(round(t.start, 1), round(t.end, 1)) for t in plan.turns if t.speaker == speaker]


def near(spans):
    return [pytest.approx(span, abs=0.3) for span in spans]


@pytest.mark.parametrize(
    ("recording", "layout"),
    [
        pytest.param(pcm(A + B), "mono", id="one channel"),
        pytest.param(pcm(A + B, A + B), "mono", id="the same twice"),
        pytest.param(pcm(A, B), "dual_channel", id="one channel each"),
        pytest.param(pcm(A + 0.2 * B, B + 0.2 * A), "dual_channel", id="with bleed"),
        pytest.param(pcm(A + B, A * 0), "single_live_channel", id="one dead channel"),
    ],
)
def test_the_turns_of_both_speakers_are_found_in_every_layout(recording, layout):
    plan = analysed(recording)
    assert plan.quality["layout"] == layout
    assert spoken_by(plan, "Speaker 1") == near(A_TURNS)
    assert spoken_by(plan, "Speaker 2") == near(B_TURNS)


def test_speakers_are_numbered_by_first_appearance():
    assert spoken_by(analysed(pcm(B, A)), "Speaker 1") == near(A_TURNS)


def test_a_channel_for_each_speaker_is_transcribed_by_channel():
    assert {chunk.channel for chunk in analysed(pcm(A, B)).chunks} == {0, 1}


def test_a_live_channel_beside_a_dead_one_is_transcribed_alone():
    assert {chunk.channel for chunk in analysed(pcm(A * 0, A + B)).chunks} == {1}


def test_speakers_who_talk_at_once_keep_their_own_turns():
    over = buzz(210, [(2.0, 6.0), (14.0, 19.0)])
    plan = analysed(pcm(A, over))
    assert spoken_by(plan, "Speaker 1")[0] == pytest.approx((0.5, 4.0), abs=0.3)
    assert spoken_by(plan, "Speaker 2")[0] == pytest.approx((2.0, 6.0), abs=0.3)


def test_one_expected_speaker_gets_one_label_whatever_the_layout():
    for recording in (pcm(A + B), pcm(A, B)):
        assert {turn.speaker for turn in analysed(recording, speakers=1).turns} == {"Speaker 1"}


def test_voices_without_a_pause_between_them_are_divided_into_utterances():
    joined = buzz(100, [(0.5, 6.0), (12.0, 18.0)]) + buzz(210, [(6.0, 12.0), (18.0, 23.0)])
    plan = analysed(pcm(joined))
    starts = [u.start for chunk in plan.chunks for u in chunk.utterances]
    assert [turn.speaker for turn in plan.turns] == ["Speaker 1", "Speaker 2"] * 2
    assert all(any(abs(start - change) < 0.6 for start in starts) for change in (6.0, 12.0, 18.0))


def test_chunks_are_about_as_long_as_asked():
    plan = analysed(pcm(A + B), chunk_seconds=10.0)
    assert len(plan.chunks) == 3
    assert max(chunk.end - chunk.start for chunk in plan.chunks) <= 10.0


@pytest.mark.parametrize("samples", [0, 1, 100, RATE, RATE * 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_silence_of_any_length_gives_a_plan_without_chunks(samples, channels):
    plan = analysed(InMemoryPcm(np.zeros((samples, channels), np.int16)))
    assert (plan.chunks, plan.turns) == ((), ())
    assert plan.quality["speech_seconds"] == 0.0
    assert plan.quality["snr_db"] is None


def test_quality_is_plain_json_with_the_level_and_the_noise():
    quality = json.loads(json.dumps(analysed(pcm(A + B)).quality))
    assert quality["speech_seconds"] == pytest.approx(19.3, abs=2)
    assert quality["noise_dbfs"] == pytest.approx(-64.4, abs=1)  # the same hiss from both
    assert quality["snr_db"] == pytest.approx(quality["level_dbfs"] - quality["noise_dbfs"], abs=0.2)
    assert quality["clipped_share"] == 0.0


def test_a_long_recording_is_read_in_pieces():
    recording = pcm(np.tile(A + B, 8))
    analysed(recording)
    assert recording.longest_read <= 60.0
