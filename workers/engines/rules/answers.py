"""How a client answers a question about risk: bare, with something added, or about safety."""

import re
from collections.abc import Sequence

from shared.domain.english.quotes import words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.english.stems import stem
from shared.domain.vocabulary import words
from workers.engines.rules.lexicons.spelling import in_standard_english
from workers.engines.rules.passages import Passage

# Asked about safety, a no is the finding.
_PROTECTIVE = re.compile(
    r"\b(?:(?:feel|feeling|are you|be|keep yourself|stay|is it|is she|is he|are they|are the (?:kids|children)) (?:\w+ )?safe"
    r"|promise|glad|keep(?:ing)? (?:your |any )?(?:meals|food) down|keep from|able to (?:stop|avoid|keep)|treat (?:her|him|you) well|properly|kind to|(?:looked|look) after|being fed|anyone (?:to|you can) call)\b"
)
# What takes a denial back, or leaves it open.
_TAKEN_BACK = re.compile(
    r"\b(?:but|although|though|except|just|only|until|unless|not (?:today|yet|really|exactly|anymore|any more|seriously"
    r"|since|this|till|for|in the)|used to|sometimes|how|anything else|if i had|tell you|been thinking|wish|every|maybe"
    r"|ask me|next question|something else|guess|suppose|kind of|sort of|don't know|depends|lately|at least|apart from|before|a day goes|your business"
    r"|rather not|sooner not|why do you|define|complicated|different question|in the way)\b"
    r"|(?:\bnot|n't|\bcannot|\bnever|\bhard to) (?:\S+ )?(?:sure|certain|promise|swear|guarantee|know|say|remember|trust myself)\b"
)
# The client says that they do, did or have, beside a no.
_AFFIRMS = re.compile(
    r"\b(?:i have (?:thought|considered|planned|tried|wanted|been|felt|done)|i did (?:plan|think|try|want|consider|it|once)"
    r"|(?:i am|i'm) (?:thinking|planning|going to|considering)|i (?:do|think|thought|still think) (?:think )?(?:about|of) (?:it|that|them)"
    r"|never not|i(?:'ve got| have) (?:\S+ )?(?:pills|tablets|rope|noose|knife|gun|blades?|means)"
    r"|it(?: would|'d) be (?:a |such a |so )?(?:relief|easier|better|nice|nicer|peaceful|kinder))\b"
)
# "Is there anyone who doesn't hurt you?": a no is the finding here too.
_ASKS_FOR_THE_SAFE = re.compile(
    r"\b(?:anyone|anybody|someone|somebody|one|any \w+) (?:\S+ ){0,4}(?:who|that) (?:doesn't|does not|isn't|won't|never|has never|hasn't) "
)
_ASKS_FOR_DANGER = re.compile(r"\b(?:not|never|unsafe|don't|didn't|ever not) (?:\w+ ){0,2}safe\b|\bunsafe\b")
_LONGEST_BARE = 40
# "I'm just sad", "I get sad, but no" and "I just watch the telly".
_TAKES_NOTHING_BACK = re.compile(
    r"\b(?:i'm|it's|i am) (?:just|only) (?:sad|tired|low|skint|lonely|stressed|scunnered|angry|fed up|knackered)\b|\bbut(?= no(?: (?:nothing like that|nothing|not that|never))?$)"
    r"|^(?:and |so |then )?i just (?!th\w+|want\w*|wish\w*|wonder\w*|feel|felt|hope\w*|need\w*|cut\w*|hurt\w*|scratch\w*|imagin\w+"
    r"|pictur\w+|(?:do|did|take|took|drink|drank|can't|cannot|don't|lie|lied|lay|keep|kept)\b)\w+"
)
_NO_ALONE = re.compile(
    r"^(?:(?!said|say|told|tell|can't|wouldn't|couldn't|yes|yeah|point|mean|do |did |am |have |never )\S+ ){0,4}(?:no|nope|naw|nah|nay|never)$"
    r"|^(?:no|none|nope|naw|nah|never)\b(?! (?:doubt|question|wonder|secret|lie|day|night|point|use|reason|way|idea|ends?|stops?|far)\b)"
    r"|^(?:course not|of course not|not at all|god no|not ever|i'm not (?:suicidal|thinking (?:of|about) that)|i do not want it)\b"
)

# A plain denial is made of these alone, of the question's own words, and of who answers.
_DENIES = re.compile(
    r"\b(?:no|nope|nah|naw|nay|never|none|nothing (?:like that|of the (?:sort|kind))|nowt like that|nobody|god forbid"
    r"|perish the thought|not (?:at all|ever|once|me|(?:a|the) (?:one|once|single \w+|drop|soul|thing|chance|hope|bit of it)"
    r"|in the (?:slightest|least)|in my life|remotely|for a (?:second|minute|moment))|absolutely not|certainly not"
    r"|definitely not|of course not|i (?:am not|do not|have not|did not|would not|haven't|don't|didn't|wouldn't)|i'm not"
    r"|there's (?:no|none|nothing)|neither(?: (?:the one nor the other|one|of (?:those|them|these)))?|course not|not ever|not in any way|(?:they've|i've|he's|she's) not|no (?:to|and) (?:all|both|no)(?: three)?|the answer's no|not on that|there isn't|isn't any|i no have|nothing doing|i (?:never|haven't ever)(?: have| would| did| do)?|never (?:have|would|did|do|will))\b"
)
_AROUND_A_DENIAL = words(
    """oh god christ lord jesus well um uh erm no i i'm i've i'd me my sir miss love pet mate doctor doc honey dear hand
    on heart cross and hope to honest honestly swear promise truly really whatsoever whatever ever absolutely
    that it so help say can with and all a the is was there there's at life in raised finger even like you any thing things
    thank goodness forbid of course certainly definitely though now touch wood abeg jeez what bless heavens lord good bruv bro mate
    ma'am dear sure thanks thankfully sorry"""
)
_NO_ECHO = words("how when where why who what often many much")
# "None that would work", "not a good one", "never out loud": said of a part alone.
_OF_A_PART = re.compile(
    r"\b(?:really|even|so far|any ?more|now|like|though)\s*$|\b(?:that|which|who|you) (?:would|works?|know)\b|\bnothing else\b"
)
_PART_ALONE = re.compile(
    r"^(?:\w+ )?(?:no (?:comment|doubt|question|wonder|secret|day|night)\b|no more\b|no less\b|no idea\b|no one\b|no different\b|never (?!mind\b)(?!ever|once|in|have|had|did"
    r"|do|would|will|not|at|sir|miss|mate|love|pet|no|never|raised|been|even|thought|think)\w+|none (?:that|of|i|you|but|which)\b)"
)


def is_protective(question: Passage) -> bool:
    """Whether ``question`` asks for safety rather than for harm."""
    asked = " ".join(question.words)
    if _ASKS_FOR_THE_SAFE.search(asked):
        return True
    return _PROTECTIVE.search(asked) is not None and _ASKS_FOR_DANGER.search(asked) is None


def denies_plainly(question: Passage, answer: Sequence[Passage]) -> bool:
    """Whether an answer is nothing but a denial, in any words: "Not a one, cross my heart."."""
    said = _sentences(answer)
    left = [_DENIES.sub(" ", part) for part in said]
    if left == said or any(map(_leaves_room, said)) or any(map(_TAKEN_BACK.search, left)):
        return False
    echoed = {stem for stem in question.stems if stem not in _NO_ECHO}
    return all(word in _AROUND_A_DENIAL or stem(word) in echoed for part in left for word in part.split())


def denies_among_others(answer: Sequence[Passage]) -> bool:
    """Whether one sentence of an answer is a bare no, and no other affirms, hedges or leaves room."""
    said = _sentences(answer)
    if len(" ".join(said).split()) > _LONGEST_BARE or any(map(_leaves_room, said)):
        return False
    if any(_TAKEN_BACK.search(_TAKES_NOTHING_BACK.sub(" ", part)) for part in said):
        return False
    return any(_NO_ALONE.search(part) for part in said)


def _sentences(answer: Sequence[Passage]) -> list[str]:
    """What is said, sentence by sentence, in words of standard English."""
    return [
        " ".join(in_standard_english(words_of(part)))
        for passage in answer
        for part in SENTENCE_END.split(passage.text)
    ]


def _leaves_room(part: str) -> bool:
    """Whether a sentence affirms, or denies only a part of what was asked."""
    return any(pattern.search(part) for pattern in (_PART_ALONE, _OF_A_PART, _AFFIRMS))


def is_bare(answer: Sequence[Passage]) -> bool:
    """Whether an answer that opens with a no is nothing but a denial."""
    spoken = [word for passage in answer for word in passage.words]
    said = _TAKES_NOTHING_BACK.sub(" ", " ".join(spoken))
    if _TAKEN_BACK.search(said) or _AFFIRMS.search(said) or _PART_ALONE.search(said):
        return False
    return len(spoken) <= _LONGEST_BARE


def is_bare_yes(answer: Sequence[Passage]) -> bool:
    """Whether an answer that opens with a yes takes nothing back."""
    return not _TAKEN_BACK.search(" ".join(word for passage in answer for word in passage.words))
