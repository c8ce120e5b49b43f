"""Voices told apart, on sounds that differ like two throats do."""

import itertools

import numpy as np

from workers.audio import voiceprints
from workers.audio.speakers import label_utterances

RATE = 16_000


def voice(pitch: float, seconds: float, seed: int) -> np.ndarray:
    """A buzz at ``pitch`` with wandering loudness; its harmonics fall off more steeply when low."""
    random = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    slope = pitch / 100
    buzz = sum(np.sin(2 * np.pi * pitch * k * t + k) / k**slope for k in range(1, int(7000 / pitch)))
    swell = 1 + 0.5 * np.sin(2 * np.pi * random.uniform(2, 4) * t)
    noise = random.standard_normal(t.size) * 0.01
    return ((buzz * swell + noise) * 2000).clip(-32_000, 32_000).astype(np.int16)


LOW, HIGH = 100.0, 210.0


def measured(*samples: np.ndarray) -> list[voiceprints.Cells]:
    return [voiceprints.measure(s) for s in samples]


def test_two_voices_get_two_labels():
    spoken = measured(*(voice(LOW if i % 2 else HIGH, 3.0, i) for i in range(6)))
    labels = [pieces[0][2] for pieces in label_utterances(spoken, 2)]
    assert labels in ([0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0])


def test_an_utterance_of_two_voices_is_cut_where_they_change():
    spoken = measured(
        voice(LOW, 4.0, 1), voice(HIGH, 4.0, 2), np.concatenate([voice(LOW, 3.0, 3), voice(HIGH, 3.0, 4)])
    )
    first, second = label_utterances(spoken, 2)[2]
    assert first[2] != second[2]
    assert abs(first[1] - 3.0) < 0.6


def test_the_pieces_of_an_utterance_cover_it_without_gaps():
    mixed = np.concatenate([voice(LOW, 2.0, 1), voice(HIGH, 2.0, 2), voice(LOW, 2.0, 3)])
    [pieces] = label_utterances(measured(mixed), 2)
    assert pieces[0][0] == 0.0
    assert all(a[1] == b[0] for a, b in itertools.pairwise(pieces))
    assert pieces[-1][1] >= 5.9


def test_one_expected_speaker_gets_one_label():
    spoken = measured(voice(LOW, 3.0, 1), voice(HIGH, 3.0, 2))
    assert {piece[2] for pieces in label_utterances(spoken, 1) for piece in pieces} == {0}


def test_fewer_windows_than_speakers_get_one_label():
    assert [p[0][2] for p in label_utterances(measured(voice(LOW, 0.5, 1)), 2)] == [0]


def test_the_same_recording_always_gets_the_same_labels():
    spoken = measured(*(voice(100 + 12 * i, 2.5, i) for i in range(8)))
    assert label_utterances(spoken, 2) == label_utterances(spoken, 2)


def test_a_sound_shorter_than_a_frame_still_has_a_voiceprint():
    assert np.isfinite(voiceprints.measure(np.ones(5, np.int16)).voiceprint((0, 1))).all()


def test_digital_silence_does_not_break_the_clustering():
    silence = measured(*(np.zeros(RATE * 3, np.int16) for _ in range(3)))
    assert len(label_utterances(silence, 2)) == 3
