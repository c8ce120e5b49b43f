"""Words of risk that their syntax makes another thing: what goes before or follows them fills another slot.

"Cut myself" takes no object, "cut myself some slack" has one; "no point living" is followed by a place where
it is about the place. The mention is then a figure of speech: shown folded, never left out.
"""

import re

from workers.engines.rules.matching import Hit
from workers.engines.rules.passages import Passage

_DETERMINER = r"(?:an?|the|my|his|her|our|their|that|those|these|some|any)"
_HARM = (
    r"(?:cut|cutting|burn|burnt|burned|burning|hit|hitting|hurt|hurting|hang|hanged|hung|hanging|shoot|shot)"
)
# How often, or how much: no object, so the harm is meant.
_NO_OBJECT = r"(?:lot|bit|few|couple|little|night|day|week|time|times|nights|days|weeks|mornings|evenings)"
# What one lives in that is no place.
_NO_PLACE = (
    r"(?:pain|fear|agony|hell|misery|shame|guilt|darkness|world|earth|planet|body|head|skin|nightmare|life"
    r"|silence)"
)
_MEANS = (
    r"(?:cop|police|hanging|overdose|train|gun|pills?|jumping|drowning|poison\w*|gas|knife|tablets|car|means)"
)

_WHEN = (
    r"(?:\w+day|january|february|march|april|may|june|july|august|september|october|november|december|christmas"
    r"|easter|next|then|now|tonight|tomorrow|the (?:end|time|new year))"
)
_FEELING = r"(?:anger|guilt|spite|hate|hatred|shame|rage|boredom|despair|grief|fear|pain|loneliness)"

_IDIOMS = tuple(
    re.compile(pattern)
    for pattern in (
        # A suicide of something else, or by what is no means.
        r"\b(?:political|social|commercial|professional|financial|electoral|academic|career) suicide\b",
        rf"\bsuicide by (?!(?:an? |the )?{_MEANS}\b|{_WHEN}\b)\w+",
        r"\bsuicide (?:missions?|runs?|squad|drills?|pass|mission's)\b",
        # An object, or a particle that changes the verb.
        rf"\b{_HARM} (?:myself|yourself|himself|herself) (?:(?:an?|some) (?!{_NO_OBJECT}\b)\w+"
        rf"|off from|out (?:to|at|of(?! (?:\w+ )?{_FEELING}))|loose|in on"
        r"|down to(?! (?:the )?(?:bone|muscle|fat|flesh))|in the foot)\b",
        # A sport or a kitchen, done with this body.
        r"\b(?:cut|cutting|burnt|burned|hurt) (?:myself|himself|herself) (?:at|playing|doing)"
        r" (?:the |a |my )?(?:five|six|football|rugby|netball|training|practice|pilates|yoga|tennis|squash"
        r"|karate|gym)\b",
        r"\b(?:cut|cutting|burnt|burned|hurt) (?:myself|himself|herself) (?:while |when i was )?"
        r"(?:chopping|slicing|peeling|cooking|lifting|grating|gardening|shaving)\b",
        # Living somewhere, going on something.
        rf"\b(?:point|reason|use|sense) (?:in |of )?(?:liv\w+|being) (?:in|near|by|above|opposite)"
        rf" (?:{_DETERMINER} )?(?!{_NO_PLACE}\b|this\b|here\b)\w+",
        r"\b(?:can't|cannot|couldn't) go on (?:an?|my|his|her|our|their|holidays?|vacation|trips?|dates?"
        r"|leave|strike|tour|stage|benefits|facebook|instagram|tiktok|zoom|youtube|trains?|planes?|buses|escalators|boats|rides)\b",
        # Said of suicide as a subject: taught, counted, written about.
        r"\bsuicide (?:prevention|awareness|training|rates?|figures|statistics|squeeze|note of)\b",
        r"\b(?:essay|lecture|module|dissertation|documentary|podcast|charity|helpline|leaflet|poster)"
        r" (?:\S+ ){0,6}suicid\w+",
        r"\bsuicide in (?:different|other|various) \w+",
        r"\b(?:traffic|road|roundabout|motorway|junction|wifi|schedule|deadline|timetable|rota|commute|parking)"
        r"(?:'s|(?: \S+){0,4} (?:is|was)) (?:pure )?suicid\w+",
        r"\b(?:asked|asks|ask) (?:me )?(?:was|if|whether) (?:i (?:was|am|were)|i) (?:\S+ )?suicidal"
        r" (?:(?!lied|lying|lie)\S+ ){0,6}(?:said|told (?:him|her|them)) no\b",
        # Eaten, drunk or cleared out: what is harmless.
        r"\bdrink(?:ing)? (?:too much|more|a lot of|so much)"
        r" (?:tea|coffee|coke|squash|water|juice|milk|cola|pop)\b",
        r"\bbing\w+ (?:\S+ ){0,3}(?:series|shows?|season|netflix|box ?sets?|podcasts?|episodes)\b",
        r"\bpurg(?:e|ed|ing) (?:my|the|our) (?:wardrobe|garage|loft|inbox|emails?|phone|cupboards?)\b",
        r"\b(?:starv\w+|fast\w*|not eaten|eaten nothing) (?:\S+ ){0,5}"
        r"(?:bloods|blood test|ramadan|lent|yom kippur|scan|operation|op)\b",
        # A small child, or an animal, that lashes out.
        r"\b(?:year old|toddler|baby|goose|cat|dog|horse|pony|parrot) (?:\S+ ){0,2}"
        r"(?:slapped|hit|kicked|bit|punched|hits|kicks|bites) me\b",
        r"\b(?:song|tune|jingle|advert) (?:(?!voices?)\S+ ){0,6}in my head\b",
        r"\blooks could kill\b|\bcan't go on with (?:this|the|my|that)\b|\bpoint (?:in )?me going on about\b",
        r"\b(?:like|think|thought|as if) (?:i'd|i had|i'd have|i) (?:\S+ )?banged my head\b",
        r"\b(?:it|this|what) (?:(?:really|just|only|still|suddenly|sometimes|always|then) ){0,2}hits? me\b",
        r"^(?:(?:and|so|then|but|well) )*that (?:(?:really|just|only|still) )?hits? me\b",
        r"\b(?:it|this|news|grief|loss|death|reality|guilt|loneliness|sadness|divorce|job|funeral|diagnosis|breakup"
        r"|wave|everything) hits? me (?:hard|like an? \w+)\b",
        # For a thing, not for a person; asked about out of doubt; of another in a film.
        r"\b(?:i'd|i could|i would) kill for (?:her|his|their|your) \w+",
        r"\b(?:bing\w+) watch\w*\b",
        r"\b(?:i|he|she|they|we) could have (?:murdered|killed|strangled|throttled) (?:him|her|them|you)\b",
        r"\b(?:end|start|middle) of (?:season|series|episode|book|chapter|act) \w+"
        r"(?: (?!(?:i|i'm|i've|i'd|me|my|myself)\b)\S+)*$",
        # Said to me, come to me, done to me at a game.
        r"\bhits? me up\b",
        r"\b(?:he|she|they|who) (?:always |usually |often )?(?:beats?|bate) me (?:to it\b"
        r"|at (?!home|night|work|the weekend|weekends|christmas|times|least|will|random|his|hers)\w+"
        r"|to (?:the|it) (?!ground|floor|point)\w+|by \w+ (?:points|goals|seconds|minutes|shots))\b",
        # Done for love.
        r"\b(?:i'd|i would|he'd|she'd|we'd) (?:die|kill|walk|jump|step|lie down|throw myself|take a bullet)"
        r" (?:\S+ ){0,6}for (?:her|him|them|you|(?:that|my|those|our|this|the) (?:\S+ )?(?:weans?|kids?"
        r"|children|boys?|girls?|lads?|bairns?|baby|sons?|daughters?|wife|husband|family|mum|dad|dog|grandkids))$",
        # Into water, together.
        r"\b(?:we|they|everyone) (?:all )?(?:jumped|jump) off (?:the|a) (?:bridge|pier|rocks?|boat|quay)"
        r" (?:into|in to)\b",
    )
)


def is_idiom(passage: Passage, hit: Hit) -> bool:
    """Whether the words of ``hit`` stand in an idiom."""
    text = " ".join(passage.words)
    for pattern in _IDIOMS:
        for found in pattern.finditer(text):
            first = text.count(" ", 0, found.start())
            last = first + found.group().strip().count(" ")
            if first < hit.end and hit.start <= last:
                return True
    return False
