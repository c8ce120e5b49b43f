"""Speech to text by OpenAI or by a server that speaks its API."""

import io
import re
import wave
from dataclasses import dataclass
from typing import Any

from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    TranscriberCapabilities,
    TranscriptionHints,
)
from workers.engines.openai_client import OpenAIClient
from workers.engines.openai_errors import Target
from workers.engines.openai_phrases import phrases_from

DEFAULT_MODEL = "gpt-transcribe"
# OpenAI refuses audio that is shorter ("audio_too_short"); there is no word in it either.
SHORTEST_SECONDS = 0.1


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

    Only models with "whisper" in their name are asked for times; all others return bare text
    and answer such a question with 400, so they are given one utterance per call, and the
    pipeline knows when it was said.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        model: str = DEFAULT_MODEL,
        patience: Patience | None = None,
    ) -> None:
        self._client = OpenAIClient(api_key, base_url)
        self._patience = patience or Patience()
        self._target = Target("transcription service", model, "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL")
        self._gives_times = "whisper" in model.lower()

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """Utterances with times of ours, or chunks with the server's words for Whisper models."""
        return TranscriberCapabilities(
            name=f"openai:{self._target.model}",
            word_times=self._gives_times,
            unit="chunk" if self._gives_times else "utterance",
            # As WAV that is 9.6 MB; OpenAI takes files up to 25 MB.
            chunk_seconds=300.0,
            parallel_calls=8,
            draft=False,
        )

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        """The words in ``pcm`` (16 kHz mono s16), times from its start in seconds.

        Raises RetryableStepError or PermanentStepError, without a word of the server's.
        """
        seconds = len(pcm) / (SAMPLE_RATE * BYTES_PER_SAMPLE)
        if seconds < SHORTEST_SECONDS:
            return []
        # Named and typed: a bare stream goes out as application/octet-stream, which is refused.
        form = {"file": ("audio.wav", wav(pcm), "audio/wav"), **self._parameters(hints)}
        answer = self._client.call(
            self._target,
            self._patience.seconds_for(seconds),
            lambda sdk, timeout: sdk.audio.transcriptions.with_streaming_response.create(
                **form, timeout=timeout
            ),
        )
        return phrases_from(answer, seconds, self._target)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _parameters(self, hints: TranscriptionHints) -> dict[str, Any]:
        """The form fields besides the file.

        To a server other than OpenAI's only those that speaches, vLLM and LocalAI all know.
        """
        model = self._target.model
        form: dict[str, Any] = {"model": model, "response_format": "json"}
        if self._gives_times:
            form["response_format"] = "verbose_json"
            form["timestamp_granularities"] = ["word", "segment"]
        language = _iso_639(hints.language)
        vocabulary = [word for word in hints.vocabulary if word.strip()]
        if self._client.official and re.match(r"gpt-transcribe(-|$)", model):
            # This model alone takes lists, and takes them instead of language and prompt.
            own = {"languages": [language] if language else [], "keywords": vocabulary}
            return form | {name: values for name, values in own.items() if values}
        if language:
            form["language"] = language
        if vocabulary and "diarize" not in model:  # which refuses a prompt with 400
            form["prompt"] = ", ".join(vocabulary)
        return form


def wav(pcm: bytes) -> bytes:
    """``pcm`` (16 kHz mono s16) as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES_PER_SAMPLE)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
    return file.getvalue()


def _iso_639(tag: str | None) -> str | None:
    """The language of a tag such as ``en-GB``: OpenAI takes ISO 639-1 only."""
    primary = (tag or "").replace("_", "-").partition("-")[0].strip().lower()
    return primary if re.fullmatch(r"[a-z]{2,3}", primary) else None
