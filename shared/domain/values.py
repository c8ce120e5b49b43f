"""Values that travel between the floors: words, segments, transcripts, plans.

All times are seconds from the start of the uploaded recording unless a docstring says
otherwise. PCM is always signed 16-bit little-endian at ``SAMPLE_RATE``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain.template_forms import DEFAULT, Part

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; ``confidence`` is 0..1, or None where the engine gives none."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """What an engine heard in one stretch of audio; ``words`` is empty if it gives no word times."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    words: tuple[Word, ...] = ()

    def shifted(self, seconds: float) -> "Phrase":
        """The phrase in a clock that started ``seconds`` earlier."""
        words = tuple(
            replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words
        )
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an engine was asked: calls, seconds of audio in them, and their cost.

    ``cost_usd`` is an estimate by the minute, in US dollars; None where no price is known.
    """

    engine: str
    calls: int
    audio_seconds: float
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in one chunk, in the recording's clock, and what it took.

    ``draft`` as in TranscriberCapabilities.
    """

    phrases: tuple[Phrase, ...]
    usage: Usage
    draft: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a transcript by one speaker; ``text`` is as the engine wrote it."""

    start: float
    end: float
    text: str
    speaker: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The whole session in words. ``draft`` is true where the engine's quality is a draft's;
    ``usage`` has one entry for each engine that was asked."""

    segments: tuple[Segment, ...]
    duration_seconds: float
    language: str
    engine: str
    draft: bool
    quality: Mapping[str, Any] = field(default_factory=dict)
    usage: tuple[Usage, ...] = ()

    @property
    def text(self) -> str:
        """The segments' texts, one line each, in order of time."""
        return "\n".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech between two silences.

    ``channel`` is the 0-based channel it was heard on, or None for the mix of all channels.
    """

    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Who speaks from ``start`` to ``end``; ``channel`` as in Utterance."""

    start: float
    end: float
    speaker: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Utterances that one worker transcribes together; all of one channel, in order of time."""

    utterances: tuple[Utterance, ...]

    @property
    def start(self) -> float:
        return self.utterances[0].start

    @property
    def end(self) -> float:
        return self.utterances[-1].end

    @property
    def channel(self) -> int | None:
        return self.utterances[0].channel

    @property
    def speech_seconds(self) -> float:
        return sum(utterance.end - utterance.start for utterance in self.utterances)


@dataclass(frozen=True, slots=True)
class SpeechPlan:
    """What is to be transcribed and who speaks when, found before any word is known."""

    duration_seconds: float
    chunks: tuple[Chunk, ...]
    turns: tuple[Turn, ...]
    quality: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a recording really is, by decoding its first seconds.

    ``family`` is the container family (``wav mp3 mp4 webm ogg flac aac mpeg``);
    ``declared_seconds`` is what the header claims (a hint, never a limit), or None.
    """

    family: str
    codec: str
    channels: int
    sample_rate: int
    declared_seconds: float | None


@dataclass(frozen=True, slots=True)
class DecodedFacts:
    """What came out of decoding a whole recording to PCM.

    ``channels`` is 1 or 2 (interleaved); ``seconds`` is the length of the PCM;
    ``damaged_packets`` counts what could not be decoded and was replaced by silence or left out,
    ``filled_seconds`` is that silence; ``declared_seconds`` is the length that the container's header
    states, None where none does.
    """

    channels: int
    seconds: float
    damaged_packets: int
    filled_seconds: float = 0.0
    declared_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TranscriptionHints:
    """What the uploader said of the recording: a language tag (``en``) and words to expect.

    ``checkpoint`` raises once the words are no longer wanted: an engine that computes, or waits
    its turn, for more than seconds calls it now and then. ``reached`` may be told how many seconds
    of the audio have been heard.
    """

    language: str | None = None
    vocabulary: tuple[str, ...] = ()
    checkpoint: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    reached: Callable[[float], None] = field(default=lambda _: None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TranscriberCapabilities:
    """What a speech engine can do, so that the pipeline can use it well.

    ``word_times``: phrases carry words. ``unit``: ``utterance`` has it called once per
    utterance, ``turn`` once for what one speaker says in a row, ``chunk`` once per chunk.
    ``chunk_seconds``: the audio it likes in one chunk. ``parallel_calls``: how many calls one
    process may have under way (above 1 only for engines behind HTTP). ``draft``: its words need a
    person's ear.

    ``speakers``: it tells voices apart (within one call, so that the plan's turns remain what names the
    speakers).
    ``languages``: the ISO 639-1 codes that it knows, None for many. ``longest_seconds``: the
    longest audio in one call, None for any. ``cost_per_minute``: US dollars, an estimate; None
    where unknown.
    """

    name: str
    word_times: bool
    unit: str
    chunk_seconds: float
    parallel_calls: int
    draft: bool
    speakers: bool = False
    languages: tuple[str, ...] | None = None
    longest_seconds: float | None = None
    cost_per_minute: float | None = 0.0


@dataclass(frozen=True, slots=True)
class ExtractionRequest:
    """How notes are wanted: the template's name (``default``) and the session's date, ISO 8601.

    ``parts`` are those of the template that an engine is asked to write to their instructions; one
    that cannot leaves them to be filled by rule. ``known_names``: who is known to take part, for names
    to be kept from the engine. ``has_tokens``: the transcript has tokens where it had identifiers.
    """

    template: str = DEFAULT
    session_date: str | None = None
    parts: tuple[Part, ...] = ()
    known_names: tuple[str, ...] = field(default=(), repr=False)
    has_tokens: bool = False
