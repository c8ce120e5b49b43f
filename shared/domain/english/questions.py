"""Whether a sentence asks: a question is no evidence for what it asks about."""

import re

from shared.domain.english.quotes import tokenize

_OPENER = re.compile(
    r"^(?:(?:and|so|okay|ok|now|well|but|um|uh|then) )*"
    r"(?:(?:have|has|had|do|does|did|are|were|was|is|can|could|would|will|should|don't|didn't|haven't) "
    r"(?:you|your|there|it|he|she|they|that|this)\b"
    r"|(?:how|what|when|where|why|who|which|how often|how long|how strong) "
    r"(?:is|are|was|were|do|does|did|have|has|would|could|will|can)\b"
    r"|(?:what|how) about\b|any (?:thoughts|plans?|urges|intent)\b)"
)


def is_question(text: str) -> bool:
    """Whether ``text`` asks: by its mark, or by how it begins, as speech engines leave marks out."""
    if text.rstrip().endswith("?"):
        return True
    return _OPENER.match(" ".join(token.word for token in tokenize(text))) is not None
