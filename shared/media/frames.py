"""Decoding an open recording (in the decoder child): frames of all tracks, as far as they can be had."""

from collections.abc import Iterator
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from shared.media.container import BAD_MEDIA, OpenRecording, Refused


class FrameReader:
    """Frames of all tracks, packet by packet; what cannot be decoded is counted and passed over."""

    def __init__(self, recording: OpenRecording) -> None:
        self._recording = recording
        self.damaged_packets = 0

    def frames(self) -> Iterator[AudioFrame]:
        """All frames of the first track that can be had."""
        return (frame for track, frame in self.tracks() if track == 0)

    def tracks(self) -> Iterator[tuple[int, AudioFrame]]:
        """All frames that can be had, each with the number of its track, 0 for the first."""
        streams = (self._recording.stream, *self._recording.further)
        numbers = {stream.index: number for number, stream in enumerate(streams)}
        for packet in self._packets(streams):
            try:
                decoded = packet.decode()
            except BAD_MEDIA:
                self.damaged_packets += 1
                continue
            number = numbers[packet.stream.index]
            yield from ((number, frame) for frame in decoded)

    def _packets(self, streams: tuple[AudioStream, ...]) -> Iterator[Any]:
        packets = self._recording.container.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except BAD_MEDIA:
                # The container itself is broken from here on; what came before still counts.
                self.damaged_packets += 1
                return
            if packet.has_sidedata("encryption_info"):  # decoded all the same, it would be noise
                raise Refused("encrypted")
            yield packet
