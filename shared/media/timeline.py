"""Frames of any shape in, 16 kHz 16-bit PCM in blocks out, in step with the recording's own clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NotYet
from av.filter import Graph

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE

# Right after a packet that cannot be decoded even this is loss, and no jitter.
_LOSS_SECONDS = 0.01
_SILENCE_BLOCK = SAMPLE_RATE


class Resampler:
    """One stretch of equal frames to 16 kHz s16 with one or two channels.

    Not PyAV's AudioResampler: its filter graph starts threads, which the child may not have.
    """

    def __init__(self, like: AudioFrame, channels: int) -> None:
        self.shape = shape_of(like)
        self._bytes_per_sample = BYTES_PER_SAMPLE * channels
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add(
            "abuffer",
            sample_rate=str(like.sample_rate),
            sample_fmt=like.format.name,
            channel_layout=like.layout.name,
        )
        form = self._graph.add(
            "aformat",
            sample_rates=str(SAMPLE_RATE),
            sample_fmts="s16",
            channel_layouts="stereo" if channels == 2 else "mono",
        )
        sink = self._graph.add("abuffersink")
        mix = (
            [self._graph.add("pan", _even_mix(like.layout.nb_channels))] if _is_mixed(like, channels) else []
        )
        self._graph.link_nodes(source, *mix, form, sink).configure()
        self._graph.set_audio_frame_size(SAMPLE_RATE)

    def push(self, frame: AudioFrame | None) -> Iterator[bytes]:
        """PCM that is ready after ``frame``; None flushes."""
        if frame is not None:
            # The clock is ours to keep; a jump in it makes some filters drop samples.
            frame.pts = None
        self._graph.push(frame)
        while True:
            try:
                ready = cast(AudioFrame, self._graph.pull())
            except (NotYet, av.error.EOFError):
                return
            # A plane is padded for alignment: only this much of it is sound.
            yield bytes(ready.planes[0])[: ready.samples * self._bytes_per_sample]


def _is_mixed(like: AudioFrame, channels: int) -> bool:
    return channels == 1 and like.layout.nb_channels > 2


def _even_mix(count: int) -> str:
    """All channels alike. FFmpeg's own mix drops the one that a file calls "low frequency": here, a voice."""
    gain = 1 / count**0.5
    return "mono|c0=" + "+".join(f"{gain:.4f}*c{number}" for number in range(count))


def shape_of(frame: AudioFrame) -> tuple[str, str, int]:
    """What must stay the same for one resampler."""
    return frame.format.name, frame.layout.name, frame.sample_rate


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of a recording's time stamps, in seconds.

    ``last_second`` is where the header says the recording ends, or None; a time stamp beyond it
    is damage, not a gap. Without it a gap is at most ``longest_gap``. ``zero`` is where the recording
    begins: sound that begins later has silence before it; None: it begins with its sound.
    ``jitter`` is what an honest time stamp may be off. ``made_up``: the time stamps are the decoder's
    guesses and say nothing.
    """

    last_second: float | None
    longest_gap: float
    zero: float | None
    jitter: float
    made_up: bool = False


class Timeline:
    """Turns frames into PCM and fills what was lost with silence, so that times stay true.

    ``filled_seconds`` is how much silence was put in for what was lost.
    """

    def __init__(self, emit: Callable[[bytes], None], channels: int, clock: Clock) -> None:
        self._emit = emit
        self._channels = channels
        self._clock = clock
        self._resampler: Resampler | None = None
        self._origin = clock.zero
        self._consumed = Fraction(0)
        self._samples = 0
        self.filled_seconds = 0.0

    def add(self, frame: AudioFrame, after_loss: bool = False) -> None:
        """Append ``frame``, after as much silence as its time stamp asks for.

        ``after_loss``: what came right before it could not be decoded.
        """
        gap = self._gap_before(frame, _LOSS_SECONDS if after_loss else self._clock.jitter)
        if gap:
            self._flush()
            self._fill_until(self._consumed + Fraction(gap))
        if self._resampler is None or self._resampler.shape != shape_of(frame):
            self._flush()
            self._resampler = Resampler(frame, self._channels)
        self._consumed += Fraction(frame.samples, frame.sample_rate)
        for block in self._resampler.push(frame):
            self._give(block)

    def finish(self) -> None:
        """Hand over what is still in the resampler."""
        self._flush()

    def _gap_before(self, frame: AudioFrame, least: float) -> float:
        """Seconds of silence to put before ``frame``; 0.0 where its clock agrees or is not credible."""
        if self._clock.made_up or frame.pts is None or frame.time_base is None:
            return 0.0
        moment = float(frame.pts * frame.time_base)
        here = float(self._consumed)
        if self._origin is None:
            self._origin = moment - here
        gap = moment - self._origin - here
        if -self._clock.jitter <= gap <= least:
            if not here:  # what an encoder puts in front, for example
                self._origin = moment
            return 0.0
        if gap < 0 or not self._credible(gap, here):
            self._origin = moment - here
            return 0.0
        return gap

    def _credible(self, gap: float, here: float) -> bool:
        if self._clock.last_second is None:
            return gap <= self._clock.longest_gap
        return here + gap <= self._clock.last_second

    def _fill_until(self, moment: Fraction) -> None:
        missing = int(moment * SAMPLE_RATE) - self._samples
        if self._consumed:  # what comes late was not lost
            self.filled_seconds += max(0, missing) / SAMPLE_RATE
        while missing > 0:
            count = min(missing, _SILENCE_BLOCK)
            self._give(bytes(count * self._channels * BYTES_PER_SAMPLE))
            missing -= count
        self._consumed = moment

    def _flush(self) -> None:
        if self._resampler is not None:
            for block in self._resampler.push(None):
                self._give(block)
            self._resampler = None

    def _give(self, block: bytes) -> None:
        self._samples += len(block) // (self._channels * BYTES_PER_SAMPLE)
        self._emit(block)
