"""Clinical notes by rules: deterministic, explainable, offline."""

from workers.engines.rules.extractor import RulesExtractor
from workers.engines.rules.risk import screen

__all__ = ["RulesExtractor", "screen"]
