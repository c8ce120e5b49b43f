"""A stand-in for the sandboxed decoder: whatever the bytes, they are one tone of speech."""

from collections.abc import Callable

from shared.domain.errors import DomainError
from shared.domain.ports import ByteSource
from shared.domain.values import SAMPLE_RATE, DecodedFacts, MediaFacts


class FakeDecoder:
    """Decodes everything to ``seconds`` of quiet PCM, or raises the next of ``errors``."""

    def __init__(self, seconds: float = 60.0, errors: tuple[DomainError, ...] = ()) -> None:
        self.seconds = seconds
        self.decodings = 0
        self._errors = list(errors)

    def probe(self, source: ByteSource) -> MediaFacts:
        return MediaFacts("wav", "pcm_s16le", 1, SAMPLE_RATE, self.seconds)

    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        self.decodings += 1
        if self._errors:
            raise self._errors.pop(0)
        for _ in range(int(self.seconds)):
            write(bytes(SAMPLE_RATE * 2))
        return DecodedFacts(channels=1, seconds=self.seconds, damaged_packets=0)
