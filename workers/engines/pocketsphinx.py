"""The offline transcriber: no key, no download, US English, a draft's quality."""

import re
import threading
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from shared.domain.errors import PermanentStepError, RetryableStepError
from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    TranscriberCapabilities,
    TranscriptionHints,
    Word,
)

FRAMES_PER_SECOND = 100
# One analysis window of the acoustic model; it has nothing to say about less.
SHORTEST_SECONDS = 0.03
_ALTERNATE = re.compile(r"\(\d+\)$")
_one_at_a_time = threading.Lock()


class PocketsphinxTranscriber:
    """Transcribes one utterance per call with the model that comes inside the package.

    The decoder takes 0.6 s and about 120 MB and is made at the first call, once per process
    and after the fork: it does not survive one. Calls from several threads queue up.
    """

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """What this engine can do."""
        return TranscriberCapabilities(
            name=f"pocketsphinx-{version('pocketsphinx')}",
            word_times=True,
            unit="utterance",
            chunk_seconds=30.0,
            parallel_calls=1,
            draft=True,
            segment_times=False,
            languages=("en",),
        )

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        """One phrase with its words, or none; ``hints.vocabulary`` is of no use to this engine.

        Raises PermanentStepError for another language than English and RetryableStepError
        where the decoder fails.
        """
        if hints.language and hints.language.lower().partition("-")[0] != "en":
            raise PermanentStepError(
                "The offline transcriber knows English only; choose another engine for this language.",
                code="language_not_supported",
            )
        whole = pcm[: len(pcm) - len(pcm) % BYTES_PER_SAMPLE]
        seconds = len(whole) / BYTES_PER_SAMPLE / SAMPLE_RATE
        if seconds < SHORTEST_SECONDS:
            return []
        with _one_at_a_time:
            words = _decode(whole)
        if not words:
            return []
        confidence = sum(word.confidence or 0.0 for word in words) / len(words)
        text = " ".join(word.text for word in words)
        return [Phrase(text, words[0].start, min(words[-1].end, seconds), round(confidence, 3), tuple(words))]


@lru_cache(maxsize=1)
def _decoder() -> Any:
    """The decoder of this process.

    Measured on 2,102 words: these two options bring 4.2 instead of 2.8 times real time for
    half a point of word error rate, and bound the cost of noisy audio. Tighter beams do not pay.
    """
    from pocketsphinx import Decoder  # loads a native library

    return Decoder(topn=2, maxhmmpf=3000, loglevel="FATAL")


def _decode(pcm: bytes) -> list[Word]:
    decoder = _decoder()
    try:
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        # Both are None where nothing was recognised.
        segments = list(decoder.seg() or ()) if decoder.hyp() else []
    except (RuntimeError, IndexError) as error:
        # It may be stuck inside the utterance; the next call starts with a new one.
        _decoder.cache_clear()
        raise RetryableStepError(
            "The offline transcriber failed on this recording.", code="engine_failed"
        ) from error
    return [_word(segment) for segment in segments if segment.word[0] not in "<["]


def _word(segment: Any) -> Word:
    return Word(
        text=_ALTERNATE.sub("", segment.word),
        start=segment.start_frame / FRAMES_PER_SECOND,
        end=(segment.end_frame + 1) / FRAMES_PER_SECOND,
        confidence=round(min(1.0, max(0.0, float(segment.prob))), 3),
    )
