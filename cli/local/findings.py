"""What an examination finds of one part: a verdict, what was seen, and what to do about it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``verdict`` is ``good``, ``doubtful`` (it works, but) or ``bad``."""

    part: str
    verdict: str
    text: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for machines."""
        return asdict(self)


def good(part: str, text: str) -> Finding:
    """Nothing is to be done."""
    return Finding(part, "good", text)


def doubtful(part: str, text: str, advice: str) -> Finding:
    """It works, and could be better."""
    return Finding(part, "doubtful", text, advice)


def bad(part: str, text: str, advice: str) -> Finding:
    """Something does not work, or is not safe."""
    return Finding(part, "bad", text, advice)
