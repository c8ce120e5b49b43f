"""What the services need from engines, decoders and stores, as protocols."""

from collections.abc import Callable
from typing import Protocol

from shared.domain.values import (
    DecodedFacts,
    ExtractionRequest,
    JsonObject,
    MediaFacts,
    Phrase,
    SpeechPlan,
    TranscriberCapabilities,
    Transcript,
    TranscriptionHints,
)

# Bytes that may be handed on without a copy; a view is valid only for the length of the call.
Block = bytes | bytearray | memoryview


class ByteSource(Protocol):
    """Random access to the bytes of an object, decrypted on the way, never on a disk."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only at the end."""


class PcmSource(Protocol):
    """Random access to decoded audio."""

    @property
    def channels(self) -> int:
        """1 or 2."""

    @property
    def seconds(self) -> float:
        """Length of the audio."""

    def read(self, start: float, end: float, channel: int | None = None) -> bytes:
        """16-bit mono PCM from ``start`` to ``end`` (seconds, clamped); channel None mixes all."""


class MediaDecoder(Protocol):
    """Parses hostile media somewhere it can do no harm."""

    def probe(self, source: ByteSource) -> MediaFacts:
        """Facts from opening and decoding the first two seconds.

        Raises UnsupportedMedia where that is not possible, and Unavailable where the decoder
        itself could not run.
        """

    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        """Hand the whole recording to ``write`` as interleaved 16 kHz PCM, block by block.

        Raises PermanentStepError for media that cannot be decoded or is over a limit, and
        RetryableStepError where the decoder itself was ended.
        """


class SpeechAnalyser(Protocol):
    """Finds speech, speakers and chunks."""

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        """The plan for ``pcm``, for ``speakers`` voices, in chunks of about ``chunk_seconds``.

        A recording without speech gives a plan without chunks.
        """


class Transcriber(Protocol):
    """Turns speech into words."""

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """What this engine can do."""

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        """The words in ``pcm`` (16 kHz mono), with times relative to its start.

        Raises RetryableStepError or PermanentStepError.
        """


class NoteExtractor(Protocol):
    """Turns a transcript into clinical notes with evidence."""

    @property
    def name(self) -> str:
        """Engine and version, as stored with the notes."""

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        """A document of ``NotesSchema``, its evidence not yet verified.

        Raises RetryableStepError or PermanentStepError.
        """
