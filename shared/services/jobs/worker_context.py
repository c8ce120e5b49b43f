"""What only workers have: the engines, and the way to build them when first needed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from shared.domain.ports import NoteExtractor, SpeechAnalyser, Transcriber
from shared.domain.values import Transcript
from shared.domain.verification.risk import Screening
from shared.services.resources import Resources

RiskScreen = Callable[[Transcript], Screening]
"""Finds mentions of risk in every transcript, independently of the engine that wrote the notes."""


@dataclass(frozen=True)
class Workbench:
    """Resources and engines of one worker process; engines load on first use, after the fork."""

    resources: Resources
    worker: str
    build_analyser: Callable[[], SpeechAnalyser]
    build_transcriber: Callable[[str], Transcriber]
    build_extractor: Callable[[], NoteExtractor]
    screen_risk: RiskScreen

    @cached_property
    def analyser(self) -> SpeechAnalyser:
        return self.build_analyser()

    @cached_property
    def _transcribers(self) -> dict[str, Transcriber]:
        return {}

    def transcriber(self, name: str) -> Transcriber:
        """The speech engine ``name``, the same one each time."""
        return self._transcribers.get(name) or self._transcribers.setdefault(
            name, self.build_transcriber(name)
        )

    @cached_property
    def extractor(self) -> NoteExtractor:
        return self.build_extractor()
