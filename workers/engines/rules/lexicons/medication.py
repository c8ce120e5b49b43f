"""Words by which people speak of what they take."""

import re

from shared.domain.vocabulary import words

# These are spoken of as what people take besides, not as what was prescribed.
NOT_MEDICATION = words(
    """heroin cocaine methamphetamine ecstasy mdma psilocybin lsd cannabis marijuana fentanyl amphetamine
    narcan naloxone opioid opioids opiate opiates sedative sedatives stimulant stimulants"""
)
CLASSES = words("antidepressant antidepressants antipsychotic antipsychotics benzodiazepine benzodiazepines")
UNNAMED = re.compile(
    r"\b(?:my|the|your|her|his|new|those|these) (?P<name>meds|medication|medicines?|tablets|pills|injection"
    r"|antidepressants?|patch(?:es)?|inhaler|sleeping (?:pills|tablets))\b",
    re.IGNORECASE,
)
NUMBER = (
    r"(?:(?:a )?(?:one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|half|point)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine"
    r"|fifty"
    r"|hundred|twenty|and|a half|point|milligrams?))*|\d+(?:[.,]\d+)?)"
)
UNIT = (
    r"(?:mg|mgs|milligrams?|mils?|ml|millilitres?|micrograms?|mcg|grams?|tablets?|pills?|drops|puffs|units)"
)
OFTEN = (
    r"(?:(?:once|twice|three times|four times) (?:a|per|each) (?:day|week)"
    r"|(?:every|each) (?:day|night|morning|evening|other day)|at (?:night|bedtime)|in the (?:morning"
    r"|evening)|daily|when (?:it's|i|they're) \w+)"
)
DOSE = re.compile(
    rf"\b(?:(?:at|of|to|on|from|about|take|takes"
    rf"|taking) )?(?P<dose>{NUMBER} ?{UNIT}(?: (?:of \w+ )?{OFTEN})*"
    rf"|{NUMBER} (?:(?:once|twice|three times) (?:a|per) day|daily|at night))",
    re.IGNORECASE,
)
BARE_DOSE = re.compile(
    rf"^(?:um|uh|about|just|on|the"
    rf"|still)?[ ,]*(?P<dose>{NUMBER})[.,?!]?$",
    re.IGNORECASE,
)
BESIDE = re.compile(
    rf"^(?: at| to)? (?P<dose>{NUMBER})\b(?! (?:weeks?|days?|months?|years?|times|left))", re.IGNORECASE
)
CHANGES: tuple[tuple[str, str], ...] = (
    ("restarted", r"(?:restart\w*|started? (?:\w+ )?again|back on|get that started again|went back on)"),
    (
        "increased",
        r"(?:increas\w+|upped|put(?:ting)? (?:me |it |you |the \w+ )?up|went up|go(?:ing)? up|doubl\w+"
        r"|raised)",
    ),
    ("reduced", r"(?:reduc\w+|lower\w*|c[oa]me? down|coming down|cut (?:it )?down|taper\w*|halv\w+"
     r"|wean\w*)"),
    ("stopped", r"(?:stopp\w*|came off|come off|coming off|quit|off (?:the|my)|taken off"
     r"|threw (?:\w+ ){0,3}away)"),
    ("switched", r"(?:switch\w*|swap\w*|changed (?:me|it|to|from)|moved (?:me )?(?:to|onto))"),
    ("started", r"(?:start\w*|began|put (?:me|her|him|you) on|prescribed|gave me|first (?:dose|tablet"
     "|week on))"),
    ("unchanged", r"(?:still on|same dose|stay(?:ing)? on|keep(?:ing)? (?:it|you|me) (?:on|at))"),
)  # fmt: skip
CHANGE = tuple((name, re.compile(rf"\b{words_}\b", re.IGNORECASE)) for name, words_ in CHANGES)
MISSED = re.compile(
    r"\b(?:miss(?:ed|ing)?|forg[eo]t\w*|skip\w*|ran out|run out|don't always|didn't take"
    r"|haven't (?:been )?tak\w+"
    r"|not (?:been )?taking|stopped taking|put (?:it|them) by|saved? (?:it|them) up|saved up"
    r"|when i remember"
    r"|on and off|never took|half the time)\b",
    re.IGNORECASE,
)
TAKEN = re.compile(
    r"\b(?:every (?:day|night|morning|single)|as (?:prescribed|i should)|never miss\w*|haven't missed"
    r"|religiously"
    r"|i(?:'m| am) taking|i take (?:it|them)|been taking|i do take|like clockwork)\b",
    re.IGNORECASE,
)
EFFECT = re.compile(
    r"\b(?:side effects?|makes? me|made me|making me|gives? me|gave me|sweat\w*|drows\w*|nause\w*|groggy"
    r"|foggy|dizzy"
    r"|dry mouth|put on (?:\w+ ){0,3}(?:stone|pounds|weight|kilos)|gained|weight|shak(?:y|es)|tremor"
    r"|headaches?"
    r"|can't (?:sleep|come|orgasm)|no (?:sex drive|libido)|libido|constipat\w*|zombie|numb(?:s|ed)?"
    r"|tired all"
    r"|knock(?:s|ed) me|wired|jittery|rash|itch\w*|sick (?:on|from)|upset stomach|vivid dreams)\b",
    re.IGNORECASE,
)
WORKS = re.compile(
    r"\b(?:help(?:s|ed|ing)?|work(?:s|ing|ed)|no (?:use|good|difference)|might as well be"
    r"|does(?:n't| not) (?:do|touch|help|work)|takes the edge off|better on|doing (?:nothing|anything)"
    r"|makes no difference)\b",
    re.IGNORECASE,
)
POINTS = re.compile(
    r"\b(?:it|it's|them|they|that|one|dose|milligrams?|mils?|on|missed|takes?|taking|took)\b", re.IGNORECASE
)
