"""The engines by name: what each does, and whether what was said leaves the practice's computers for it."""

from dataclasses import dataclass
from enum import StrEnum


class Away(StrEnum):
    """Whether an engine sends what was said, as sound or as text, to computers of others."""

    NEVER = "never"
    UNLESS_IN_HOUSE = "unless SESSIONSCRIBE_OPENAI_IN_HOUSE says that the server is the practice's own"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What the product must know of an engine before it is built; nothing here has a default."""

    name: str
    transcribes: bool
    writes_notes: bool
    sends_away: Away
    takes_model: bool  # the name may carry one: ``faster-whisper:small.en``


WHISPER, OPENAI, RULES = "faster-whisper", "openai", "rules"

# The order is that of the settings' help. ``workers/engines/registry.py`` builds each.
ENGINES = (
    Engine(name=WHISPER, transcribes=True, writes_notes=False, sends_away=Away.NEVER, takes_model=True),
    Engine(name=RULES, transcribes=False, writes_notes=True, sends_away=Away.NEVER, takes_model=False),
    Engine(
        name=OPENAI, transcribes=True, writes_notes=True, sends_away=Away.UNLESS_IN_HOUSE, takes_model=False
    ),
)
TRANSCRIBERS = tuple(engine.name for engine in ENGINES if engine.transcribes)
EXTRACTORS = tuple(engine.name for engine in ENGINES if engine.writes_notes)
_MODEL = r"(?::[A-Za-z0-9][A-Za-z0-9._-]{0,63})?"
# A transcriber's name; a model in it need not be in the catalogue.
TRANSCRIBER_NAME = "|".join(
    engine.name + (_MODEL if engine.takes_model else "") for engine in ENGINES if engine.transcribes
)


def sends_away(name: str, in_house: bool) -> bool:
    """Whether the engine ``name``, with or without a model in it, sends what was said to others.

    An engine that is not in the table counts as one that does.
    """
    base = name.partition(":")[0]
    away = next((engine.sends_away for engine in ENGINES if engine.name == base), Away.ALWAYS)
    return away is Away.ALWAYS or (away is Away.UNLESS_IN_HOUSE and not in_house)
