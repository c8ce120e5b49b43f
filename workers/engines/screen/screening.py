"""The screen for risk: rules and the local model over one transcript, united."""

from collections.abc import Callable
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

import structlog

from shared.domain.english.quotes import cite
from shared.domain.notes.items import Item
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import unscreened_language
from shared.domain.verification.risk import LOCAL_MODEL, RULES, Screening, levelled, united_flags
from shared.speech_models import sentence_encoder
from workers.engines.rules.passages import Passage, passages_of
from workers.engines.rules.risk import mentions_in
from workers.engines.rules.risk_flags import flags_from

if TYPE_CHECKING:
    from workers.engines.screen.findings import LocalModel

log = structlog.get_logger(__name__)


class RiskScreen:
    """Reads transcripts for risk; the local model is loaded for the first one."""

    def __init__(self, load: Callable[[], "LocalModel | None"]) -> None:
        """``load`` gives the local model, or None where it cannot run; it is asked once."""
        self._load = load

    @cached_property
    def _model(self) -> "LocalModel | None":
        return self._load()

    def __call__(self, transcript: Transcript) -> Screening:
        """Every finding, each with its level, and the question before it, if one was asked."""
        passages = passages_of(transcript)
        found = [Item.of(flag) for flag in flags_from(mentions_in(passages), transcript)]
        readers: tuple[str, ...] = (RULES,)
        if unscreened_language(transcript) is None and self._model is not None:
            found = united_flags(found, self._model.flags(transcript, passages))
            readers = (RULES, LOCAL_MODEL)
        asked = [flag.having(question=_question(flag, transcript, passages)) for flag in found]
        return Screening(levelled(asked), readers)


def load_model() -> "LocalModel | None":
    """The local model from its package; None, and a line in the log, where it cannot run."""
    archive = sentence_encoder.archive()
    try:
        from workers.engines.screen.conversion import EncoderUnusable
        from workers.engines.screen.encoder import SentenceEncoder
        from workers.engines.screen.findings import LocalModel
        from workers.engines.screen.head import Head
    except ImportError:
        archive = None  # there is no wheel of ctranslate2 for this machine
    if archive is None:
        log.warning("risk_model_not_installed")
        return None
    try:
        return LocalModel(SentenceEncoder(archive), Head.load())
    except EncoderUnusable:
        log.exception("risk_model_unusable")
        return None


def _question(flag: Item, transcript: Transcript, passages: list[Passage]) -> JsonObject | None:
    """The question that ``flag`` shows, else the last one of the turn just before its first words."""
    if flag.has("asked_by_therapist") and flag.evidence:
        return flag.evidence[0].document
    first = flag.evidence[0].segment if flag.evidence else 0
    last = _asked_before(first, transcript, passages)
    found = cite(transcript, last.segment, last.text) if last else None
    return found.as_evidence() if found else None


def _asked_before(first: int, transcript: Transcript, passages: list[Passage]) -> Passage | None:
    """The last question of the turn that ends just before segment ``first``, if another person's."""
    before = [passage for passage in passages if passage.segment < first]
    if not before or before[-1].speaker == transcript.segments[first].speaker:
        return None
    turn = takewhile(lambda passage: passage.speaker == before[-1].speaker, reversed(before))
    return next((passage for passage in turn if passage.question), None)
