"""Several tracks of one recording side by side: two become two channels, more become a mix."""

from array import array
from collections.abc import Callable

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE

# So far one track may run ahead of another before silence is put in for what the other lacks.
_MOST_AHEAD_BYTES = 120 * SAMPLE_RATE * BYTES_PER_SAMPLE


class Tracks:
    """Takes 16-bit mono PCM of each track as it comes, and emits all tracks in step.

    ``channels``: 2 for two tracks, interleaved, so that a voice a track stays apart; else 1.
    """

    def __init__(self, count: int, emit: Callable[[bytes], None]) -> None:
        self.channels = 2 if count == 2 else 1
        self._waiting = [bytearray() for _ in range(count)]
        self._emit = emit

    def add(self, track: int, pcm: bytes) -> None:
        """Append ``pcm`` to ``track``."""
        self._waiting[track] += pcm
        ready = min(len(waiting) for waiting in self._waiting)
        ahead = len(self._waiting[track]) - _MOST_AHEAD_BYTES
        self._hand_over(max(ready, ahead))

    def finish(self) -> None:
        """Emit what is left; a track that ends earlier is silent to the end."""
        self._hand_over(max(len(waiting) for waiting in self._waiting))

    def _hand_over(self, length: int) -> None:
        length -= length % BYTES_PER_SAMPLE
        if length <= 0:
            return
        cut = []
        for waiting in self._waiting:
            taken = bytes(waiting[:length])
            del waiting[:length]
            cut.append(array("h", taken + bytes(length - len(taken))))
        if len(cut) == 1:
            self._emit(cut[0].tobytes())
        elif self.channels == 2:
            both = array("h", bytes(2 * length))
            both[0::2], both[1::2] = cut
            self._emit(both.tobytes())
        else:
            self._emit(array("h", map(_mixed, *cut)).tobytes())


def _mixed(*samples: int) -> int:
    return max(-32_768, min(32_767, sum(samples)))
