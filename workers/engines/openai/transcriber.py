"""Speech to text by OpenAI or by a server that speaks its API."""

import re
from dataclasses import dataclass

from shared.domain.errors import PermanentStepError
from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    TranscriberCapabilities,
    TranscriptionHints,
)
from workers.engines.openai import models as openai_models
from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.errors import TOO_LARGE, Target
from workers.engines.openai.phrases import phrases_from
from workers.engines.pcm import quietest_place, wav

DEFAULT_MODEL = "gpt-transcribe"
# OpenAI refuses audio that is shorter ("audio_too_short"); there is no word in it either.
SHORTEST_SECONDS = 0.1
# Audio that a server finds too long is halved, but no further than to pieces of this length.
SHORTEST_HALF_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take: a fixed part for the queue, and a part by the audio's length.

    The default lets a server on a slow CPU, with all our calls at once, come through.
    """

    base_seconds: float = 60.0
    per_audio_second: float = 4.0

    def seconds_for(self, audio_seconds: float) -> float:
        """The bound in seconds on a call with ``audio_seconds`` of audio."""
        return self.base_seconds + self.per_audio_second * audio_seconds


class OpenAITranscriber:
    """The port Transcriber over ``/audio/transcriptions``.

    A model that gives bare text is sent one speaker's turn at a time, because the pipeline knows
    when that was said; one that gives times is sent a chunk. ``times`` and ``price`` as in
    ``openai_models.model_of``; ``parallel_calls`` is how many calls this process makes at once.
    """

    def __init__(
        self,
        client: OpenAIClient,
        model: str = DEFAULT_MODEL,
        patience: Patience | None = None,
        *,
        times: str = "auto",
        price: float | None = None,
        parallel_calls: int = 8,
    ) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._target = Target("transcription service", model, "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL")
        self._model = openai_models.model_of(model, official=client.official, times=times, price=price)
        self._parallel_calls = parallel_calls

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """Turns with times of ours, or chunks with the server's."""
        model = self._model
        return TranscriberCapabilities(
            name=f"openai:{model.name}",
            word_times=model.response_format == "verbose_json",
            unit="chunk" if model.gives_times else "turn",
            # A long chunk gives a model context; of bare text, short ones are shared out more evenly.
            chunk_seconds=300.0 if model.gives_times else 30.0,
            parallel_calls=self._parallel_calls,
            draft=False,
            speakers=model.response_format == "diarized_json",
            longest_seconds=openai_models.LONGEST_OFFICIAL_SECONDS if self._client.official else None,
            cost_per_minute=model.price,
        )

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        """The words in ``pcm`` (16 kHz mono s16), times from its start in seconds.

        Audio that the server finds too long is halved at a quiet place. Raises
        RetryableStepError or PermanentStepError, without a word of the server's.
        """
        seconds = len(pcm) / (SAMPLE_RATE * BYTES_PER_SAMPLE)
        if seconds < SHORTEST_SECONDS:
            return []
        try:
            return self._heard(pcm, seconds, hints)
        except PermanentStepError as error:
            if error.code != TOO_LARGE or seconds < 2 * SHORTEST_HALF_SECONDS:
                raise
        cut = quietest_place(pcm)
        later = cut / (SAMPLE_RATE * BYTES_PER_SAMPLE)
        second_half = self.transcribe(pcm[cut:], hints)
        return self.transcribe(pcm[:cut], hints) + [phrase.shifted(later) for phrase in second_half]

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _heard(self, pcm: bytes, seconds: float, hints: TranscriptionHints) -> list[Phrase]:
        # Named and typed: a bare stream goes out as application/octet-stream, which is refused.
        form = {
            "file": ("audio.wav", wav(pcm), "audio/wav"),
            **self._model.form(_iso_639(hints.language), [word for word in hints.vocabulary if word.strip()]),
        }
        answer = self._client.call(
            self._target,
            self._patience.seconds_for(seconds),
            lambda sdk, timeout: sdk.audio.transcriptions.with_streaming_response.create(
                **form, timeout=timeout
            ),
            hints.checkpoint,
        )
        return phrases_from(answer, seconds, self._target)


def _iso_639(tag: str | None) -> str | None:
    """The language of a tag such as ``en-GB``: OpenAI takes ISO 639-1 only."""
    primary = (tag or "").replace("_", "-").partition("-")[0].strip().lower()
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None
