"""Who is the therapist: by questions, by turns of phrase, and by whom the talk is about."""

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from shared.domain.values import JsonObject, Segment

FEWEST_SIGNS = 3
CLEAR_MAJORITY = 0.6
# What a turn of phrase counts for, beside a question. A single one is never enough.
PHRASE_SIGNS = 2
# So many more words for the other person than for oneself count as a question; as many fewer take one off.
# In a session both speak of the client.
WORDS_PER_SIGN = 3

_YOU = frozenset({"you", "your", "yours", "yourself", "you're", "you've", "you'd", "you'll"})
_I = frozenset({"i", "me", "my", "mine", "myself", "i'm", "i've", "i'd", "i'll"})
_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)?")
_FILLER = re.compile(r"\byou know\b(?!\s+(?:that|what|how|if|why|when|where|who))")
# What therapists say and clients hardly: about the session and its time, tasks, reflections, invitations.
_PHRASES = re.compile(
    r"\b(?:our (?:last |next |first )?(?:session|appointment)|since (?:i|we) (?:last )?(?:saw|met|spoke)"
    r"|last time we|for (?:your )?homework|(?:between now and|before) (?:the )?next (?:time|session|week)"
    r"|(?:for|until) today|same time next week|we(?:'ve| have) (?:got )?(?:about |only )?\w+ minutes"
    r"|(?:let's|let us|shall we|we could|we might) (?:try|look|set|start|stay|think|agree|put|make|go)"
    r"|tell me (?:more|about|a bit|what)|say (?:more|a bit more) about|what (?:comes|came) up"
    r"|(?:went|goes|going) through your mind|on a scale (?:of|from)|zero to ten|one to ten"
    r"|(?:it|that) sounds (?:like|as if|really|very|hard|so)|(?:what i hear|i'm hearing|i hear that)"
    r"|(?:i'd|i would) like (?:you|us) to|i (?:want|need) (?:to ask you|you to)|can i ask|may i ask"
    r"|thank you for (?:telling|sharing|saying|trusting)|confidential\w*|(?:how|what) (?:does|did|was) that"
    r"|i(?:'m| am) (?:wondering|curious|noticing)|i wonder (?:if|whether|what|how)"
    r"|(?:if|that) (?:it is|it's|that's) (?:all right|okay|ok) with you)\b"
)


class Role(StrEnum):
    """A person's role in a session; of couples and families several are clients."""

    THERAPIST = "therapist"
    CLIENT = "client"
    OTHER = "other"


def propose_roles(segments: Sequence[Segment]) -> JsonObject:
    """``{speaker: {role, confidence}}`` for a conversation, or nothing if it is unclear.

    One is the ``therapist`` and all others are a ``client``. ``confidence`` is the therapist's share
    of the signs with one added for each speaker (Laplace), so that few signs never give certainty, and
    fewer still among many.
    """
    said: dict[str, list[str]] = {}
    for segment in segments:
        said.setdefault(segment.speaker, []).append(segment.text.lower().replace("\u2019", "'"))
    signs = Counter({speaker: _signs(" ".join(said[speaker])) for speaker in sorted(said)})
    total = signs.total()
    if len(signs) < 2 or total < FEWEST_SIGNS:
        return {}
    ((therapist, most),) = signs.most_common(1)
    confidence = (most + 1) / (total + len(signs))
    if confidence < CLEAR_MAJORITY:
        return {}
    return {
        speaker: {
            "role": (Role.THERAPIST if speaker == therapist else Role.CLIENT).value,
            "confidence": round(confidence, 2),
        }
        for speaker in signs
    }


def _signs(text: str) -> int:
    """How much in ``text`` is what a therapist would say, less how much it is about the speaker."""
    words = _WORDS.findall(_FILLER.sub("", text))
    about_the_other = sum(word in _YOU for word in words) - sum(word in _I for word in words)
    signs = text.count("?") + PHRASE_SIGNS * len(_PHRASES.findall(text))
    return max(0, signs + int(about_the_other / WORDS_PER_SIGN))
