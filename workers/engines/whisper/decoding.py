"""faster-whisper's model, made not to lose words at pauses and to decode the same way each time.

Written against faster-whisper 1.2.1, which the lock pins.
"""

from typing import Any

from faster_whisper import WhisperModel

from workers.engines.whisper.features import BlockFeatures

# A window whose text compresses better than this says the same over and over (the library's own limit).
LOOP_COMPRESSION = 2.4
# What breaks such a loop: no four tokens twice.
_NO_REPEAT = 4
# Above the temperature (0.5) at which the library stops telling the next window what was said before.
_FORGET = 1.0
# Ends before every window, so that the library leaves its place in the audio as it is.
_NO_WORD = {"word": "", "start": 0.0, "end": 0.0, "probability": 0.0}

Words = list[dict[str, Any]]


class Decoder(WhisperModel):  # type: ignore[misc]  # the library ships no types
    """Three things differ from the library.

    With word times, the library goes on after the end of the *last word*. The last word before a pause is
    often stretched over the pause and what follows, and then whole clauses are never heard. Here it goes on
    where the decoder said that it stopped, as without word times; the words' times are kept aside for
    ``take_words``.

    Instead of sampling at higher temperatures, which gives another text at every retry, a window that loops
    is decoded once more without repetitions. The next window is not told its text, or the loop would go on.

    Words to expect and the text before share half of the model's positions. The library lets each fill half,
    so that both leave none for what is said now.

    A fourth changes no word: the input is computed a little at a time.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.feature_extractor = BlockFeatures(**self.feat_kwargs)
        self._words: dict[tuple[float, float], Words] = {}
        self._last_speech = 0.0

    def begin(self) -> None:
        """Forget the recording before."""
        self._words, self._last_speech = {}, 0.0

    def take_words(self, segment: Any) -> Words:
        """The words of a segment, each with ``word``, ``start``, ``end`` and ``probability``."""
        return self._words.pop((segment.start, segment.end), [])

    def add_word_timestamps(self, segments: list[list[dict[str, Any]]], *args: Any, **options: Any) -> float:
        """Align the window's words, and keep them from moving the window."""
        options.pop("last_speech_timestamp", None)
        spans = [(segment["start"], segment["end"]) for window in segments for segment in window]
        super().add_word_timestamps(segments, *args, last_speech_timestamp=self._last_speech, **options)
        every = [segment for window in segments for segment in window]
        for span, segment in zip(spans, every, strict=True):
            words = segment.get("words") or []
            if words:
                self._last_speech = words[-1]["end"]
            self._words[span] = words
            segment["start"], segment["end"] = span
            segment["words"] = [dict(_NO_WORD)]
        return self._last_speech

    def get_prompt(
        self,
        tokenizer: Any,
        previous_tokens: list[int],
        without_timestamps: bool = False,
        prefix: str | None = None,
        hotwords: str | None = None,
    ) -> list[int]:
        """The library's prompt; with words to expect it leaves half of the positions for the answer."""
        if prefix or not hotwords:
            prompt: list[int] = super().get_prompt(tokenizer, previous_tokens, without_timestamps, prefix)
            return prompt
        start = super().get_prompt(tokenizer, [], without_timestamps)
        room = self.max_length // 2 - len(start) - 1
        expected = tokenizer.encode(" " + hotwords.strip())[: room // 2 if previous_tokens else room]
        before = previous_tokens[-(room - len(expected)) :]
        return [tokenizer.sot_prev, *expected, *before, *start]

    def generate_with_fallback(
        self, encoder_output: Any, prompt: list[int], tokenizer: Any, options: Any
    ) -> Any:
        """One deterministic decoding, and another without repetitions if the first one loops."""
        first = super().generate_with_fallback(encoder_output, prompt, tokenizer, options)
        if first[3] <= LOOP_COMPRESSION:
            return first
        from dataclasses import replace

        again = super().generate_with_fallback(
            encoder_output, prompt, tokenizer, replace(options, no_repeat_ngram_size=_NO_REPEAT)
        )
        result, likelihood, _, compression = again if again[3] < first[3] else first
        return result, likelihood, _FORGET, compression
