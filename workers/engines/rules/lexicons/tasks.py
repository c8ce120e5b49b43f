"""Words by which a task is asked for, suggested or taken on."""

import re

from shared.domain.vocabulary import words

# With these the other is asked for something here and now, or for nothing at all.
_NOT_LATER = r"""(?:
    (?:tell|give|show|help|let|walk|take|talk|bear)\s(?:me|us)\b
    | (?:say|tell|talk|think|describe|explain|picture|imagine|remember|notice|see|look|hear|guess|feel)\b
      (?!\s(?:to|your|dr|the)\b)
    | (?:do|have|be|let)\s(?:you|i|we|they|it|he|she|me|us|that|this)\b
    | take\s(?:your\stime|a\s(?:breath|moment|second|minute|seat)|that\sin)
    | go\s(?:ahead|on|for\sit|back\sto|slow)\b | keep\sgoing\b | hold\s(?:on|that|it)\b
    | stay\b | start\s(?:wherever|with|at|from|there|anywhere)\b | come\sback\b | say\b
    | (?:sit|have\sa\sseat)\b(?!\swith) | speak\s(?:up|now)\b | rate\s(?:it|that|your)\b
    | stop\s(?:there|here|you)\b | put\sit\s(?:another|like|that)\b | check\s(?:in|that)\b | wait\b(?!\san?\s)
    | thank\syou\b | (?:meet|see)\s(?:again|you|each|up)\b
    | remember\b | let\b | make\ssense\b | get\sa\ssense\b | be\s(?:honest|clear|curious)\b
)"""
# What two people do together, here: no task.
HERE = words("""
    see talk look start come stay slow pause think say begin move turn focus go just take not do try go pick
    hear find imagine remember explore unpack stop continue jump back leave do hold be
""")
# What a therapist does for the client outside the session.
CONTACT = (
    r"(?:call|ring|phone|text|email|message|send|refer|contact|arrange|book|report|notify|fax|chase"
    r"|make (?:a|the|some|that|an) (?:\w+ ){0,2}(?:calls?|referral|appointment|report)"
    r"|(?:speak|talk) (?:to|with) (?!you\b|about)|let (?!you\b|me\b)\w+ know|get (?:hold of|in touch)"
    r"|write (?:to|a letter|a report)|check with|help you with|print|come with you|go with you)"
)
_OFTEN = (
    r"(?:(?:every|each) (?:single )?(?:day|night|morning|evening|week|weekday|afternoon|other day)"
    r"|(?:once|twice|(?:three|four|five|two) times) (?:a|this|per|each) (?:day|week)"
    r"|(?:\w+ )?(?:minutes?|hours?|times?|things?|pages?|walks?) (?:a|each|per|every) (?:day|night|week)"
    r"|one (?:\w+ ){1,2}a (?:day|week)|(?:daily|nightly))"
)

LEAD = (
    r"^(?:(?:and|so|then|okay|ok|right|well|now|also|or|but|alright|all right|great|good|um|uh|maybe|perhaps"
    r"|please|just|lovely|done|yes|yeah|fine|instead|you know)\b[,\s]*)*"
    r"(?:(?:for|until|till|before|between|when|if|at|after|by|once) (?:[^,:.?!]{3,50})[,:]\s*)?"
    r"(?:(?:please|just|maybe|also|then|and)\s+)*"
)
ASKED = re.compile(
    r"\b[Ii](?:'d| would)?(?: also| really)? (?:like|want)(?: for)? "
    r"(?P<who>you both|you|him|her|them|your (?!permission)\w+|[A-Z]\w+)\b"
    r"[^.?!]{0,30}?\bto (?:(?:please|just|try to|try and|start to) )?(?P<task>.+)"
)
ASKED_WHAT = re.compile(
    r"\bwhat i(?:'d| would)? (?:like|want) (?:you|us) to (?:do|try)\b[^.?!]{0,30}? is (?:to )?(?P<task>.+)",
    re.IGNORECASE,
)
HOMEWORK = re.compile(
    r"\b(?:(?:for|as|your) (?:this week's )?(?:homework|task)(?: (?:this|for the) (?:week|fortnight))?"
    r"(?: is(?: to)?|,|:)?|i suggest(?: that)? you|see if you can|i(?:'m| am) (?:going to|gonna) ask you to"
    r"|i(?:'d| would) suggest(?: that you)?) (?P<task>.+)",
    re.IGNORECASE,
)
REQUEST = re.compile(
    LEAD
    + r"(?:(?:do you think|i wonder if|what if|and) )?(?:could|can|would|will|shall) (?:you|we)(?: both)?"
    r"(?: (?:be willing to|be able to|be up for|also|maybe|just|please|agree to|start to|try to|try and))* "
    r"(?P<task>.+)",
    re.IGNORECASE,
)
WILLING = re.compile(
    r"\b(?:are you|would you be) (?:willing|able|happy|prepared|up) (?:to|for) (?P<task>.+)"
    r"|\b(?:how|what) about (?:you )?(?P<doing>\w+ing\b.+)",
    re.IGNORECASE,
)
LETS = re.compile(LEAD + r"let'?s (?:also |agree to |just )?(?P<task>.+)", re.IGNORECASE)
IMPERATIVE = re.compile(LEAD + r"(?P<task>.+)", re.IGNORECASE)
THERAPIST_DOES = re.compile(
    r"\bi(?:'ll| will|'m going to|'m gonna| am going to|'d like to|'d like your permission to"
    rf"| can) (?P<task>(?:just |also )?{CONTACT}\b.+)",
    re.IGNORECASE,
)
CLIENT_DOES = re.compile(
    r"\b(?:i|we)(?P<how>'ll| will|'m going to|'m gonna|'re going to| am going to| could| can| promise to"
    r"| plan to|'ve decided to| might) (?P<task>(?:(?:just|also|probably|definitely|try to|try and) )*.+)",
    re.IGNORECASE,
)
OFTEN = re.compile(rf"\b{_OFTEN}\b", re.IGNORECASE)
RULE = re.compile(r"^(?:and |so )*no \w+.* (?:after|before|until|till|unless)\b", re.IGNORECASE)
TOLD = re.compile(r"\b(?:was|were|is|are|did|do|does|has|have|had|been|it's|that's|you're|i'm|i|you)\b", re.I)
NOT_LATER = re.compile(_NOT_LATER, re.IGNORECASE | re.VERBOSE)
WHEN = re.compile(
    r"\b(?:to(?:night|day|morrow)|this week(?:end)?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|first thing"
    r"|every (?:day|night|morning)|next week)\b",
    re.IGNORECASE,
)
AND_I = re.compile(r",?\s+(?:and|or|but)\s+(?=i(?:'d|'ll|'m| would| will| am| can)\b)", re.IGNORECASE)
POINTS = re.compile(r"\b(?:it|that|this|them|those|these)\b", re.IGNORECASE)
