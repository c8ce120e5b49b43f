"""Utterances from probabilities, and the detector's frames."""

import itertools

import numpy as np
import pytest

from tests.fakes.speech import InMemoryPcm
from workers.audio.voice_activity import FRAME_SECONDS, Activity, find_utterances, listen


def activity(*stretches: tuple[float, float]) -> Activity:
    """Stretches of (seconds, probability), one after the other."""
    parts = [np.full(round(seconds / FRAME_SECONDS), p, np.float32) for seconds, p in stretches]
    probabilities = np.concatenate(parts)
    return Activity(probabilities, probabilities.size * FRAME_SECONDS)


def test_speech_is_found_with_a_margin_on_both_sides():
    [(start, end)] = find_utterances(activity((1.0, 0.0), (2.0, 0.9), (1.0, 0.0)), 25.0)
    assert start == pytest.approx(0.85, abs=0.05)
    assert end == pytest.approx(3.15, abs=0.05)


def test_a_short_silence_does_not_divide_an_utterance():
    assert len(find_utterances(activity((1.0, 0.9), (0.2, 0.0), (1.0, 0.9)), 25.0)) == 1


def test_a_pause_divides_utterances_that_do_not_overlap():
    found = find_utterances(activity((1.0, 0.9), (0.32, 0.0), (1.0, 0.9)), 25.0)
    assert len(found) == 2
    assert found[0][1] <= found[1][0]


def test_doubtful_frames_do_not_end_speech_but_do_not_begin_it_either():
    assert len(find_utterances(activity((1.0, 0.9), (1.0, 0.4), (1.0, 0.9)), 25.0)) == 1
    assert find_utterances(activity((3.0, 0.4)), 25.0) == []


def test_a_click_is_not_speech():
    assert find_utterances(activity((1.0, 0.0), (0.064, 0.9), (1.0, 0.0)), 25.0) == []


def test_a_long_monologue_is_cut_at_its_longest_breath():
    breath = activity((18.0, 0.9), (0.2, 0.1), (1.0, 0.9), (0.1, 0.1), (20.0, 0.9))
    found = find_utterances(breath, 25.0)
    assert found[0][1] == pytest.approx(18.1, abs=0.1)
    assert max(end - start for start, end in found) <= 25.0


def test_a_monologue_without_a_breath_is_cut_at_its_least_likely_frame():
    found = find_utterances(activity((20.0, 0.9), (0.032, 0.6), (20.0, 0.9)), 25.0)
    assert found[0][1] == pytest.approx(20.0, abs=0.1)


def test_the_pieces_of_a_monologue_leave_nothing_out():
    found = find_utterances(activity((100.0, 0.9)), 25.0)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(found))
    assert (found[0][0], found[-1][1]) == (0.0, pytest.approx(100.0))


def certain(frames):
    return np.full(len(frames), 0.7, np.float32)


def test_the_detector_hears_every_sample_once_in_whole_frames():
    heard: list[np.ndarray] = []

    def detector(frames):
        heard.extend(frames)
        return np.zeros(len(frames), np.float32)

    samples = np.arange(16_000 * 70, dtype=np.int64) % 30_000
    listen(InMemoryPcm(samples.astype(np.int16)), None, detector)
    together = np.concatenate(heard) * 32_768
    assert {len(frame) for frame in heard} == {512}
    assert np.array_equal(together[: samples.size].round(), samples)


def test_a_recording_shorter_than_a_frame_has_one_frame():
    assert listen(InMemoryPcm(np.ones(10, np.int16)), None, certain).probabilities.size == 1


def test_an_empty_recording_has_no_utterances():
    empty = listen(InMemoryPcm(np.zeros(0, np.int16)), None, certain)
    assert find_utterances(empty, 25.0) == []
