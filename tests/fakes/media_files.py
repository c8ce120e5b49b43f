"""Recordings made on the spot, honest and hostile, as bytes."""

import io
import struct
import tempfile
import wave
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass
class Bytes:
    """A ByteSource over bytes that remembers the largest read and can act on one."""

    data: bytes
    largest_read: int = 0
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        self.largest_read = max(self.largest_read, length)
        self.reads.append((offset, length))
        return self.data[offset : offset + length]


def tone(seconds: float, rate: int, channels: int) -> np.ndarray:
    """int16, shape (samples, channels): a different pitch on each channel, quietly noisy."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(0, 200, (len(time), channels))
    pitches = [220 * (channel + 1) for channel in range(channels)]
    return (np.stack([8000 * np.sin(2 * np.pi * pitch * time) for pitch in pitches], axis=1) + noise).astype(
        np.int16
    )


def encode(
    container: str,
    codec: str,
    seconds: float = 3.0,
    rate: int = 44_100,
    channels: int = 2,
    options: dict[str, str] | None = None,
    picture: bool = False,
    sound: bool = True,
) -> bytes:
    """A recording of ``tone`` (and, with ``picture``, a grey video of one frame a second)."""
    # The index can only be moved to the front of a real file, which FFmpeg opens a second time.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        _encode_to(path, container, codec, seconds, rate, channels, options, picture, sound)
        return path.read_bytes()


def _encode_to(
    path: Path,
    container: str,
    codec: str,
    seconds: float,
    rate: int,
    channels: int,
    options: dict[str, str] | None,
    picture: bool,
    sound: bool,
) -> None:
    with av.open(str(path), "w", format=container, options=options or {}) as output:
        video = _add_video(output, container) if picture else None
        if sound:
            extra = {"strict": "experimental"} if codec == "vorbis" else {}
            stream = output.add_stream(codec, rate=rate, layout=LAYOUTS[channels], options=extra)
        if video is not None:
            for number in range(max(1, int(seconds))):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
                frame.pts = number
                output.mux(video.encode(frame))
            output.mux(video.encode(None))
        if sound:
            samples = tone(seconds, rate, channels)
            for start in range(0, len(samples), 4096):
                block = np.ascontiguousarray(samples[start : start + 4096]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout=LAYOUTS[channels])
                frame.sample_rate, frame.pts = rate, start
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))


def _add_video(output: av.container.OutputContainer, container: str) -> av.VideoStream:
    codec = {"webm": "libvpx", "mpeg": "mpeg1video"}.get(container, "mpeg4")
    video = output.add_stream(codec, rate=25 if container == "mpeg" else 1)
    video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
    return video


def wav(seconds: float = 3.0, rate: int = 16_000, channels: int = 1) -> bytes:
    """A plain 16-bit WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(tone(seconds, rate, channels).tobytes())
    return file.getvalue()


def wav_header(rate: int, channels: int, bits: int = 16, claimed_bytes: int = 64_000) -> bytes:
    """A WAV whose header says anything, before 64,000 bytes of zeros."""
    block = channels * bits // 8 & 0xFFFF
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    return (
        b"RIFF" + struct.pack("<I", claimed_bytes + 36 & 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<I", 16)
        + form + b"data" + struct.pack("<I", claimed_bytes) + bytes(64_000)
    )  # fmt: skip


def mp3_with_cover(cover_bytes: int = 100_000) -> bytes:
    """An MP3 whose ID3 tag holds a large JPEG."""
    picture = io.BytesIO()
    with av.open(picture, "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        output.mux(stream.encode(av.VideoFrame(64, 48, "yuvj420p")))
        output.mux(stream.encode(None))
    body = b"\0image/jpeg\0\x03\0" + picture.getvalue().ljust(cover_bytes, b"\0")
    size = len(body) + 10
    syncsafe = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    tag = b"ID3\x03\0\0" + syncsafe + b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    return tag + encode("mp3", "libmp3lame", options={"id3v2_version": "0"})


def lying_flac(seconds: float, claimed_samples: int) -> bytes:
    """A FLAC whose STREAMINFO claims ``claimed_samples`` samples, whatever follows."""
    data = bytearray(encode("flac", "flac", seconds=seconds, rate=16_000, channels=1))
    packed = int.from_bytes(data[18:26], "big")
    data[18:26] = (packed >> 36 << 36 | claimed_samples).to_bytes(8, "big")
    return bytes(data)


# One honest file for every way in which a recording may arrive:
# extension, family, bytes-maker arguments.
HONEST: dict[str, tuple[str, str, str, dict[str, object]]] = {
    "mp3": (".mp3", "mp3", "mp3", {"codec": "libmp3lame"}),
    "mpga": (".mpga", "mp3", "mp2", {"codec": "mp2"}),
    "wav": (".wav", "wav", "wav", {"codec": "pcm_s16le"}),
    "wav 24 bit": (".wav", "wav", "wav", {"codec": "pcm_s24le"}),
    "m4a": (".m4a", "mp4", "ipod", {"codec": "aac"}),
    "m4a alac": (".m4a", "mp4", "ipod", {"codec": "alac"}),
    "m4a index first": (".m4a", "mp4", "ipod", {"codec": "aac", "options": {"movflags": "faststart"}}),
    "mp4 audio": (".mp4", "mp4", "mp4", {"codec": "aac"}),
    "mp4 video": (".mp4", "mp4", "mp4", {"codec": "aac", "picture": True}),
    "mp4 fragments": (
        ".mp4", "mp4", "mp4", {"codec": "aac", "options": {"movflags": "frag_keyframe+empty_moov"}},
    ),
    "mpeg": (".mpeg", "mpeg", "mpeg", {"codec": "mp2"}),
    "mpeg video": (".mpeg", "mpeg", "mpeg", {"codec": "mp2", "picture": True}),
    "webm": (".webm", "webm", "webm", {"codec": "libopus", "rate": 48_000}),
    "webm live": (".webm", "webm", "webm", {"codec": "libopus", "rate": 48_000, "options": {"live": "1"}}),
    "webm video": (".webm", "webm", "webm", {"codec": "libopus", "rate": 48_000, "picture": True}),
    "ogg vorbis": (".ogg", "ogg", "ogg", {"codec": "vorbis"}),
    "oga": (".oga", "ogg", "ogg", {"codec": "flac"}),
    "opus": (".opus", "ogg", "ogg", {"codec": "libopus", "rate": 48_000}),
    "flac": (".flac", "flac", "flac", {"codec": "flac"}),
    "aac": (".aac", "aac", "adts", {"codec": "aac"}),
}  # fmt: skip


def honest(name: str, seconds: float = 3.0) -> bytes:
    """The bytes of ``HONEST[name]``."""
    _, _, container, arguments = HONEST[name]
    return encode(container, seconds=seconds, **arguments)


HEADERS = {
    "ID3": b"ID3\x03\0\0\0\0\0\0",
    "MP3 sync": b"\xff\xfb\x90\x64",
    "RIFF WAVE": b"RIFF\0\0\1\0WAVEfmt ",
    "ftyp": b"\0\0\0\x20ftypM4A ",
    "OggS": b"OggS\0\2",
    "fLaC": b"fLaC",
    "EBML": b"\x1a\x45\xdf\xa3",
    "ADTS": b"\xff\xf1\x50\x80",
    "MPEG pack": b"\0\0\1\xba",
}


def playlists(target: str) -> dict[str, bytes]:
    """Lists that name another file instead of holding sound."""
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n".encode(),
        "concat": f"ffconcat version 1.0\nfile '{target}'\n".encode(),
        "dash": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
            f'<AdaptationSet mimeType="audio/mp4"><Representation id="1"><BaseURL>{target}</BaseURL>'
            "</Representation></AdaptationSet></Period></MPD>"
        ).encode(),
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n".encode(),
        "smil": f'<smil><body><audio src="{target}"/></body></smil>'.encode(),
        "ID3 and hls": HEADERS["ID3"] + f"#EXTM3U\n#EXTINF:10,\n{target}\n".encode(),
    }


FOREIGN = {
    "empty": b"",
    "one byte": b"\0",
    "zeros": bytes(50_000),
    "html": b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>" * 50,
    "text": b"The quick brown fox jumps over the lazy dog.\n" * 100,
    "zip": b"PK\x03\x04\x14\0\0\0\0\0" + bytes(range(256)) * 100,
    "elf": b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 62, 1) + bytes(range(256)) * 100,
    "pdf": b"%PDF-1.7\n" + b"1 0 obj <<>> endobj\n" * 200,
    "random": np.random.default_rng(7).bytes(50_000),
}
