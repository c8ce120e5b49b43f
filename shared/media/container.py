"""Opening hostile media with FFmpeg (in the decoder child): what is let in and what it is."""

from dataclasses import dataclass
from typing import NoReturn

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from shared.media import sample_tables
from shared.media.headers import BinaryFile, Header, read_header
from shared.media.limits import MediaLimits

# Demuxers that read one file and open nothing else: no hls, concat, dash, sdp, image2, ...
_FORMATS = "mp3,wav,w64,flac,ogg,aac,mpeg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
_CODECS = (
    *("mp3float", "mp3", "mp2float", "mp2", "mp1float", "mp1", "aac"),
    *("aac_fixed", "aac_latm", "alac", "flac", "opus", "libopus", "vorbis", "speex"),
    *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
    *("pcm_s64le", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_u8"),
    *("pcm_s8", "pcm_mulaw", "pcm_alaw", "adpcm_ima_wav"),
    *("adpcm_ms", "gsm_ms", "amrnb", "amrwb", "ac3", "eac3"),
)
MOST_TRACKS = 8  # as many as channels
_FAMILIES = {"wav": "wav", "w64": "wav", "matroska": "webm", "webm": "webm", "mov": "mp4"}
_OWN_NAMES = frozenset({"mp3", "ogg", "flac", "aac", "mpeg"})
# These two have no header that knows the length; FFmpeg guesses it from the first bit rates.
_FAMILIES_THAT_GUESS = frozenset({"aac", "mpeg"})
# Their clocks begin at zero by definition: sound that begins later is late, and a player waits for it.
# Not so fragments: they keep the sender's clock, which may have run for hours.
_FAMILIES_FROM_ZERO = frozenset({"mp4", "webm"})
# Their time stamps are numbers of samples; those of others come from a clock beside the sound.
_FAMILIES_THAT_COUNT = frozenset({"flac", "ogg"})
_EXACT_SECONDS, _JITTER_SECONDS = 0.03, 0.1

# What PyAV raises for bad media: FFmpegError is an OSError or ValueError by errno, a stream without
# a codec an AttributeError, silly numbers OverflowError, ZeroDivisionError or MemoryError.
BAD_MEDIA = (
    av.error.FFmpegError, OSError, ValueError, AttributeError, TypeError, ArithmeticError, MemoryError,
    RuntimeError, LookupError,
)  # fmt: skip


class Refused(Exception):
    """The recording is not accepted; ``code`` is one of ``REFUSALS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class OpenRecording:
    """A recording whose audio stream is chosen and ready to decode.

    ``declared_seconds`` is what there can be at most, by the header and the file's size;
    ``promised_seconds`` what the header alone says, so that a file that is cut off shows.
    ``zero_seconds`` is what the file's own clock shows where a player shows 0:00, None without a clock.
    """

    container: InputContainer
    stream: AudioStream
    family: str
    codec: str
    declared_seconds: float | None
    promised_seconds: float | None = None
    zero_seconds: float | None = None
    states_length: bool = True
    further: tuple[AudioStream, ...] = ()  # audio tracks beside the first

    @property
    def declared_is_a_guess(self) -> bool:
        """True where no header states the length."""
        return self.family in _FAMILIES_THAT_GUESS or (self.family == "mp3" and not self.states_length)

    @property
    def has_clock(self) -> bool:
        """False where FFmpeg makes the time stamps up: ADTS has none, and its rate may change midway."""
        return self.family != "aac"

    @property
    def jitter_seconds(self) -> float:
        """How far the time stamps of an honest recording may be off."""
        return _EXACT_SECONDS if self.family in _FAMILIES_THAT_COUNT else _JITTER_SECONDS


def _open_nothing(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a recording may not name other files")


def open_recording(file: BinaryFile, size: int) -> OpenRecording:
    """Find the audio in ``file`` (``size`` bytes). Raises Refused."""
    container, header = _opened(file, size)
    tracks = _choose(container)
    _ignore_all_but(tracks, container)
    stream, *further = tracks
    family = _family(container)
    declared, promised = _lengths(container, stream, family, size, header)
    zero = _zero(container, family, header.in_fragments)
    if family == "mp3" and not header.states_length:
        promised = None
    return OpenRecording(
        container, stream, family, stream.codec_context.name, declared, promised, zero,
        states_length=header.states_length, further=tuple(further),
    )  # fmt: skip


def _opened(file: BinaryFile, size: int) -> tuple[InputContainer, Header]:
    options = {
        "format_whitelist": _FORMATS,
        "protocol_whitelist": "",
        # Pictures are never decoded, not even to look at their size.
        "codec_whitelist": ",".join(_CODECS),
    }
    try:
        header = _header(file, size)
        if header.is_stale:
            options["ignore_length"] = "1"
        container: InputContainer = av.open(
            file,
            "r",
            options=options,
            metadata_errors="replace",
            buffer_size=64 * 1024,
            io_open=_open_nothing,
        )
    except BAD_MEDIA:
        raise Refused("not_audio") from None
    return container, header


def _ignore_all_but(tracks: list[AudioStream], container: InputContainer) -> None:
    kept = {track.index for track in tracks}
    for other in container.streams:
        if other.index not in kept:
            other.discard = Discard.all
    for track in tracks:
        track.codec_context.thread_count = 1


def _family(container: InputContainer) -> str:
    short = container.format.name.split(",")[0]
    family = short if short in _OWN_NAMES else _FAMILIES.get(short, "")
    if not family:
        raise Refused("not_audio")
    return family


def _header(file: BinaryFile, size: int) -> Header:
    if sample_tables.are_impossible(file, size):
        raise Refused("undecodable")
    return read_header(file, size)


def _choose(container: InputContainer) -> list[AudioStream]:
    """The audio streams that we have a decoder for; a cover picture beside them is no harm."""
    streams = list(container.streams.audio)
    if not streams:
        raise Refused("no_audio_stream" if container.streams.video else "not_audio")
    usable = []
    for stream in streams[:MOST_TRACKS]:
        # PyAV gives None, against its own types, where FFmpeg has no decoder.
        context: AudioCodecContext | None = stream.codec_context
        if context is not None and context.name in _CODECS:
            usable.append(stream)
    if not usable:
        raise Refused("codec_not_supported")
    return usable


def _lengths(
    container: InputContainer, stream: AudioStream, family: str, size: int, header: Header
) -> tuple[float | None, float | None]:
    """What the header says of the length, in seconds: within the file's size, and as it stands.

    Of a WAV its bit rate and real size have the last word.
    """
    seconds = _stated_seconds(container, stream)
    if seconds is None or seconds <= 0:
        return None, None
    bit_rate = stream.codec_context.bit_rate
    if family == "wav" and bit_rate:
        promised = header.wav_bytes * 8 / bit_rate if header.wav_bytes else None
        return min(seconds, size * 8 / bit_rate), promised
    if family == "ogg" or header.in_fragments:
        seconds = _without_start(container, seconds)
    elif family == "mp4":
        seconds += _seconds_before(stream)
    return seconds, None if family in _FAMILIES_THAT_GUESS else seconds


def _without_start(container: InputContainer, seconds: float) -> float:
    """A length that counts from the clock's own zero, counted from where the recording begins."""
    begins = _start(container) or 0.0
    return seconds - begins if begins < seconds else seconds


def _seconds_before(stream: AudioStream) -> float:
    """How long nothing is heard at first, which an MP4's length leaves out."""
    if not stream.start_time or not stream.time_base:
        return 0.0
    return max(0.0, float(stream.start_time * stream.time_base))


def _stated_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _zero(container: InputContainer, family: str, in_fragments: bool) -> float | None:
    """Where the recording begins by its own clock: a stream may begin at any hour, a film at zero."""
    if family in _FAMILIES_FROM_ZERO and not in_fragments:
        return 0.0
    return _start(container)


def _start(container: InputContainer) -> float | None:
    """What the clock shows where the first sound or picture begins."""
    return None if container.start_time is None else container.start_time / av.time_base


def check_shape(sample_rate: int, channels: int, limits: MediaLimits) -> None:
    """Raise Refused for a rate or a number of channels outside the limits."""
    if sample_rate <= 0 or channels <= 0:
        raise Refused("undecodable")
    if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
        raise Refused("sample_rate_out_of_range")
    if channels > limits.max_channels:
        raise Refused("too_many_channels")
