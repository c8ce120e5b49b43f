"""A stand-in behind the note extractor's port."""

from collections.abc import Sequence

from shared.domain.errors import StepError
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from workers.engines.rules import RulesExtractor


class FakeExtractor:
    """The rules' notes, or the next of ``errors``."""

    name = "fake-notes-1"

    def __init__(self, errors: Sequence[StepError] = ()) -> None:
        self.calls = 0
        self._errors = list(errors)

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return RulesExtractor().extract(transcript, request)
