"""The waveform of a recording: the lowest and the highest sample of each stretch, to be drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.transcripts.off_record import Ranges
from shared.domain.values import SAMPLE_RATE, JsonObject

# What is kept: enough for a screen that is 4,000 pixels wide.
MOST_POINTS = 4000
# One value for every hundredth of a second is as fine as a short recording gets.
FEWEST_SAMPLES = SAMPLE_RATE // 100


@dataclass(frozen=True, slots=True)
class Waveform:
    """``peaks``: lowest and highest of each ``samples_per_point`` samples in turn, from -128 to 127."""

    samples_per_point: int
    peaks: tuple[int, ...]

    @property
    def points(self) -> int:
        """How many pairs there are."""
        return len(self.peaks) // 2

    def within(self, points: int) -> "Waveform":
        """The same recording in at most ``points`` points."""
        together = -(-self.points // points)
        if together <= 1:
            return self
        low, high = self.peaks[::2], self.peaks[1::2]
        merged: list[int] = []
        for at in range(0, self.points, together):
            merged += (min(low[at : at + together]), max(high[at : at + together]))
        return Waveform(self.samples_per_point * together, tuple(merged))

    def silenced(self, ranges: Ranges) -> "Waveform":
        """Without the sound in ``ranges``: a point that shares a moment with one of them is flat."""
        peaks = list(self.peaks)
        for point in self._points_in(ranges):
            peaks[2 * point : 2 * point + 2] = (0, 0)
        return Waveform(self.samples_per_point, tuple(peaks))

    def _points_in(self, ranges: Ranges) -> Iterator[int]:
        seconds = self.samples_per_point / SAMPLE_RATE
        for start, end in ranges:
            yield from range(int(start / seconds), min(self.points, int(end / seconds) + 1))


def samples_per_point(samples: int) -> int:
    """How many samples one point stands for, in a recording of so many."""
    return max(FEWEST_SAMPLES, -(-samples // MOST_POINTS))


def waveform_to_json(waveform: Waveform) -> JsonObject:
    """A document that ``waveform_from_json`` reads back as it was."""
    return {"samples_per_point": waveform.samples_per_point, "peaks": list(waveform.peaks)}


def waveform_from_json(document: JsonObject) -> Waveform:
    """The waveform that was stored."""
    return Waveform(document["samples_per_point"], tuple(document["peaks"]))


def as_audiowaveform(waveform: Waveform) -> JsonObject:
    """The waveform as version 2 of BBC audiowaveform's JSON, which players read."""
    return {
        "version": 2,
        "channels": 1,
        "sample_rate": SAMPLE_RATE,
        "samples_per_pixel": waveform.samples_per_point,
        "bits": 8,
        "length": waveform.points,
        "data": list(waveform.peaks),
    }
