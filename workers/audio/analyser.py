"""The SpeechAnalyser: from decoded audio to utterances, speakers, chunks and quality."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from shared.domain.ports import PcmSource
from shared.domain.values import SpeechPlan, Turn, Utterance
from workers.audio import levels as loudness
from workers.audio import network_voices, speaker_network, voice_activity, voiceprints
from workers.audio.blocks import Samples, blocks
from workers.audio.chunking import plan_chunks
from workers.audio.levels import Layout, Loudness, Mask
from workers.audio.quality import measure_quality
from workers.audio.speaker_network import Network
from workers.audio.speakers import doubt_about_number, label_utterances
from workers.audio.voice_activity import Activity, Detector

# A single breath holds no more; engines and readers both want shorter pieces than a chunk.
LONGEST_UTTERANCE = 25.0
SHORTEST_LIMIT = 5.0
# A speaker who pauses for less, and is not interrupted, is still in the same turn.
LONGEST_PAUSE_IN_TURN = 2.0

# An utterance and whose voice it is: a channel, or a cluster of what voices are like.
Voiced = tuple[Utterance, int]


@dataclass(frozen=True, slots=True)
class _Voices:
    """What each voice says; ``by_network``: whether the network told them apart, None if nothing had to."""

    voiced: Sequence[Voiced]
    doubt: str | None = None
    by_network: bool | None = None


class OfflineSpeechAnalyser:
    """Finds speech with Silero and speakers with a speaker network, both on this machine.

    ``new_detector`` makes a voice activity detector; one is made per channel and call, because
    a detector carries state from frame to frame. ``find_network`` gives the speaker network, or None where
    its weights are not installed: then cepstral voiceprints take its place, and the quality report says so.
    """

    def __init__(
        self,
        new_detector: Callable[[], Detector] = voice_activity.silero,
        find_network: Callable[[], Network | None] = speaker_network.installed,
    ) -> None:
        self._new_detector = new_detector
        self._find_network = find_network

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        """The plan for ``pcm``; see the port.

        Where every speaker has a channel (and more than one is expected), the channel is the
        speaker. Memory grows by about 20 MB per hour of audio.
        """
        heard = {channel: loudness.measure_loudness(pcm, channel) for channel in range(pcm.channels)}
        layout = self._layout(pcm, heard, speakers)
        longest = min(LONGEST_UTTERANCE, max(SHORTEST_LIMIT, chunk_seconds))
        if layout.name == "dual_channel":
            voices = self._by_channel(pcm, heard, longest)
        else:
            voices = self._by_voice(pcm, layout.channels[0], speakers, longest)
        voiced = sorted(voices.voiced, key=lambda pair: (pair[0].start, pair[0].end))
        utterances = [utterance for utterance, _ in voiced]
        return SpeechPlan(
            duration_seconds=pcm.seconds,
            chunks=plan_chunks(utterances, chunk_seconds),
            turns=_turns(voiced),
            quality={
                **measure_quality(pcm, layout, heard, utterances),
                "voices_found": len({voice for _, voice in voiced}),
                "voices_expected": speakers,
                "voices_doubt": voices.doubt,
                "speaker_network": voices.by_network,
            },
        )

    def _by_channel(self, pcm: PcmSource, heard: dict[int, Loudness], longest: float) -> _Voices:
        voiced: list[Voiced] = []
        for channel in (0, 1):
            activity = voice_activity.listen(pcm, channel, self._new_detector())
            own = _utterances(_without_bleed(activity, heard, channel), channel, longest)
            voiced += [(utterance, channel) for utterance in own]
        return _Voices(voiced)

    def _by_voice(self, pcm: PcmSource, channel: int | None, speakers: int, longest: float) -> _Voices:
        activity = voice_activity.listen(pcm, channel, self._new_detector())
        utterances = _utterances(activity, channel, longest)
        if speakers < 2:
            return _Voices([(utterance, 0) for utterance in utterances])
        network = self._find_network()
        return _Voices(*_split_by_speaker(pcm, utterances, speakers, network), network is not None)

    @staticmethod
    def _layout(pcm: PcmSource, heard: dict[int, Loudness], speakers: int) -> Layout:
        if len(heard) < 2:
            return Layout("mono", (None,))
        mix = loudness.measure_loudness(pcm, None).levels
        layout = loudness.choose_layout(heard[0].levels, heard[1].levels, mix)
        return Layout("mono", (None,)) if layout.name == "dual_channel" and speakers < 2 else layout


def _utterances(activity: Activity, channel: int | None, longest: float) -> list[Utterance]:
    spans = voice_activity.find_utterances(activity, longest)
    return [Utterance(start, end, channel) for start, end in spans]


def _without_bleed(activity: Activity, heard: dict[int, Loudness], channel: int) -> Activity:
    """``activity`` with the frames silenced in which the other channel's voice is heard."""
    drowned: Mask = loudness.drowned_by(heard[channel].levels, heard[1 - channel].levels)
    if not drowned.size:
        return activity
    frames = np.arange(activity.probabilities.size)
    at = (frames * voice_activity.FRAME_SECONDS / loudness.FRAME_SECONDS).astype(np.intp)
    kept = np.where(drowned[np.minimum(at, drowned.size - 1)], np.float32(0), activity.probabilities)
    return Activity(kept, activity.seconds)


def _split_by_speaker(
    pcm: PcmSource, utterances: Sequence[Utterance], speakers: int, network: Network | None
) -> tuple[list[Voiced], str | None]:
    """Utterances cut where the speaker changes, each with its voice; and a doubt about their number."""
    if not utterances:
        return [], None
    heard = (_samples(pcm, utterance) for utterance in utterances)
    if network is None:
        cells = [voiceprints.measure(samples) for samples in heard]
        labelled, doubt = label_utterances(cells, speakers), doubt_about_number(cells, speakers)
    else:
        labelled, doubt = network_voices.label(network_voices.measure(heard, network), speakers)
    pieces: list[Voiced] = []
    for utterance, own in zip(utterances, labelled, strict=True):
        for index, (start, end, voice) in enumerate(own):
            last = index == len(own) - 1
            upto = utterance.end if last else min(utterance.start + end, utterance.end)
            pieces.append((Utterance(utterance.start + start, upto, utterance.channel), voice))
    return pieces, doubt


def _samples(pcm: PcmSource, utterance: Utterance) -> Samples:
    parts = list(blocks(pcm, utterance.channel, utterance.start, utterance.end))
    return np.concatenate(parts) if parts else np.zeros(1, np.int16)


def _turns(voiced: Iterable[Voiced]) -> tuple[Turn, ...]:
    """Turns from utterances in order of time; speakers are numbered by first appearance."""
    names: dict[int, str] = {}
    turns: list[Turn] = []
    for utterance, voice in voiced:
        name = names.setdefault(voice, f"Speaker {len(names) + 1}")
        last = turns[-1] if turns else None
        if last and last.speaker == name and utterance.start - last.end <= LONGEST_PAUSE_IN_TURN:
            turns[-1] = Turn(last.start, max(last.end, utterance.end), name, utterance.channel)
        else:
            turns.append(Turn(utterance.start, utterance.end, name, utterance.channel))
    return tuple(turns)
