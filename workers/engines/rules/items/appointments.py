"""The next appointment: the time that both sides named last, as it was said."""

import re
from collections.abc import Sequence

from shared.domain.notes.items import Item
from shared.domain.verification.acceptance import ACCEPTED, OPEN, takes_on
from workers.engines.rules.passages import Passage, part_of
from workers.engines.rules.reading import Reading
from workers.engines.rules.speakers import Role

LATER_HALF = 0.5  # appointments are made in the later half of a session
TURNS = 4  # so many turns after a proposal may change it
SHORT = 8  # a bare time, such as "Three weeks, then?", is no longer than this
JOINED = 30  # letters that may stand between two parts of one time: "Wednesday the third, at half two"
_NUMBER = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}(?::\d{2})?)"
_ORDINAL = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[- ]\w+|thirtieth"
    r"|thirty[- ]first|\d{1,2}(?:st|nd|rd|th))"
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|apr|aug|sept?|oct|nov|dec)"
)
_DAY = (
    r"(?:(?:next |this |on |the )*(?:mon|tues|wednes|thurs|fri|satur|sun)day(?: week)?"
    r"(?: (?:morning|afternoon|evening))?"
    rf"|the {_ORDINAL}(?: of {_MONTH})?|{_ORDINAL} of {_MONTH}|{_MONTH} (?:the )?{_ORDINAL}"
    r"|tomorrow(?: \w+ing)?"
    r"|(?:in )?(?:a|one|two|three|four|five|six|eight|\d+) (?:weeks?|months?)(?:' time)?"
    r"|(?:a |in a )?fortnight"
    r"|next (?:week|month)|same (?:time|day|slot)(?: (?:and (?:time|day)|next week|next month))?)"
)
_CLOCK = (
    rf"(?:(?:at |for |say )?(?:half (?:past )?|quarter (?:past|to) ){_NUMBER}"
    rf"|(?:at |for ){_NUMBER}(?: (?:thirty|fifteen|forty[- ]five|o'clock))?"
    rf"|{_NUMBER} (?:o'clock|thirty|a\.?m\.?|p\.?m\.?))"
    r"(?: (?:a\.?m\.?|p\.?m\.?|in the (?:morning|afternoon|evening)))?"
)
_TIME = re.compile(rf"\b(?:{_DAY}|{_CLOCK})(?!\w)", re.IGNORECASE)
_A_DAY = re.compile(rf"\b{_DAY}(?!\w)", re.IGNORECASE)
_CUE = re.compile(
    r"\b(?:see (?:you|each other|him|her)(?: both| all)?|meet(?: again)?"
    r"|(?:next|our|another) (?:session|appointment)"
    r"|same (?:time|day|slot)|(?:shall|can|could) we (?:say|do|make|book|try)|(?:how|what) about|how's"
    r"|do(?:es)? .{2,30} (?:work|suit)|(?:is|are) you (?:free|able)|book(?:ed)? (?:you|in)|come (?:back|in)"
    r"|appointment|slot|back here|pencil(?:led)? (?:you|in)|put you (?:in|down)"
    r"|let's (?:say|meet|book|make it)"
    r"|next time|until then|works for you|i have you|i've got you (?:in|down))\b",
    re.IGNORECASE,
)
_ELSEWHEN = re.compile(
    r"\b(?:last|since|ago|yesterday|was|were|used to|every|had|did)\b|\bwhen (?:i|he|she|they)\b",
    re.IGNORECASE,
)


def appointments_in(reading: Reading) -> list[Item]:
    """``appointments``: the last that was proposed and not turned down; usually one, or none."""
    proposals = [p for p in reading.passages if _proposes(p)]
    while proposals:
        last = proposals.pop()
        if proposals and _repeats(last, proposals[-1]):
            continue
        found = _settled(reading, last)
        if found is not None:
            when, agreement, shown = found
            details = shown[0].text
            return [Item.saying(reading.cited(shown), when=when, agreement=agreement, details=details)]
    return []


def _proposes(passage: Passage) -> bool:
    if passage.position <= LATER_HALF or not _A_DAY.search(passage.text) or _ELSEWHEN.search(passage.text):
        return False
    bare = passage.role is not Role.CLIENT and passage.question and len(passage.words) <= SHORT
    return bool(_CUE.search(passage.text)) or bare


def _repeats(passage: Passage, earlier: Passage) -> bool:
    """Whether ``passage`` says again, as the answer, what the other proposed."""
    answers = passage.speaker != earlier.speaker and passage.segment - earlier.segment <= TURNS // 2
    return answers and _same_time(passage.text, earlier.text)


def _settled(reading: Reading, proposal: Passage) -> tuple[str, str, list[Passage]] | None:
    """The time after what both said of it; None if it was turned down without another."""
    beside = [p for p in reading.beside(proposal) if _A_DAY.search(p.text) and len(p.words) <= SHORT // 2]
    together = sorted([proposal, *beside], key=lambda p: p.number)
    when, agreement = _time_of(reading, together), OPEN
    shown = [_as_one(reading, together)]
    speaker = proposal.speaker
    for reply in _replies(reading, proposal, together[-1]):
        if reply.speaker == speaker:
            continue
        names_a_day = _A_DAY.search(reply.text) and not _ELSEWHEN.search(reply.text)
        stance = takes_on(reply.text)
        if names_a_day and not _same_time(reply.text, when):
            when, agreement, speaker = _time_of(reading, [reply]), OPEN, reply.speaker
            shown = [*shown, reply]
        elif stance is False:
            agreement = ""
        elif stance or names_a_day:
            return when, ACCEPTED, [*shown, reading.answer(reply)]
    return (when, agreement, shown) if agreement else None


def _replies(reading: Reading, proposal: Passage, last: Passage) -> list[Passage]:
    """What is said after ``last`` in the next turns after that of the proposal."""
    after = reading.passages[last.number + 1 :]
    return [p for p in after if 0 < p.segment - proposal.segment <= TURNS]


def _same_time(text: str, when: str) -> bool:
    """Whether ``text`` names no day that ``when`` does not."""
    days = [match.group().casefold() for match in _A_DAY.finditer(text)]
    return all(any(word in when.casefold() for word in day.split() if len(word) > 3) for day in days)


def _time_of(reading: Reading, passages: Sequence[Passage]) -> str:
    """The time that ``passages`` of one turn name, as it was said, from its first word to its last."""
    text = reading.transcript.segments[passages[0].segment].text
    begin = end = -1
    for passage in passages:
        at = max(0, text.find(passage.text))
        for match in _TIME.finditer(text, at, at + len(passage.text)):
            if begin < 0:
                begin = match.start()
            elif match.start() - end > JOINED:
                break
            end = match.end()
    return text[begin:end]


def _as_one(reading: Reading, passages: Sequence[Passage]) -> Passage:
    """Sentences of one turn that stand together, as one."""
    text = reading.transcript.segments[passages[0].segment].text
    last = passages[-1].text
    return part_of(passages[0], text[text.find(passages[0].text) : text.rfind(last) + len(last)])
