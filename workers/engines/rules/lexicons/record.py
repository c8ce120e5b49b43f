"""Words of questionnaires, of what protects, of goals, and of what is done about a risk."""

import re

_NUMBER = (
    r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six"
    r"|seven"
    r"|eight|nine))?|zero|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|\d{1,3})"
)
MEASURE = re.compile(
    r"\b(?:p\.? ?h\.? ?q\.?(?:[- ]?(?:9|nine|2|two))?|g\.? ?a\.? ?d\.?[- ]?(?:7|seven)|core[- ](?:10|ten"
    r"|om|34)"
    r"|b\.?d\.?i\b|beck depression|ham-?d|hamilton|pcl(?:[- ]?(?:5|five))?|audit(?:-c)?(?= (?:score|was"
    r"|is|came))|dass(?:-21)?"
    r"|wsas|madrs|y-?bocs|epds|edinburgh (?:scale|score|questionnaire)|c-?ssrs|k-?10|ors|suds"
    r"|(?:on (?:the |a )?)?(?:scale|nought|zero|0|1|one) (?:of |from )?(?:(?:nought|zero|one|0"
    r"|1) )?to (?:ten|10)(?: scale)?)\b",
    re.IGNORECASE,
)
SCORE = re.compile(
    rf"\b(?:was|is|score[ds]?(?: (?:was|is|of|at))?|came (?:out|in|back)(?: (?:at|as))?|at|of|a|an|from"
    rf"|to|up to"
    rf"|down to|about|put|it's|be) (?:about |an? )?(?P<score>{_NUMBER})\b(?! (?:weeks?|days?|months?"
    rf"|years?|hours?))",
    re.IGNORECASE,
)
BARE_SCORE = re.compile(
    rf"^(?:um|uh|about|probably|maybe|like|oh|a|an|an? )?[ ,]*(?P<score>{_NUMBER})\b", re.IGNORECASE
)
SCORED = re.compile(r"\b(?:scored?|came (?:out|in|back)|was|is|from)\b", re.IGNORECASE)

PROTECTS = re.compile(
    r"\b(?:i(?:'d| would|'ll| will) never (?:do|leave|put) (?:that|it|them|him|her"
    r"|this)\b.{0,30}\b(?:kids|children|son"
    r"|daughter|boys|girls|mum|mom|mother|dad|family|wife|husband|sister|brother|parents)"
    r"|i (?:wouldn't|couldn't|can't|could not|would not) (?:leave|do that to|do it to|put) (?:the |my "
    r"|them\b|him\b|her\b)"
    r"|reasons? (?:to (?:live|stay|keep going|be here)|for (?:living|staying))|(?:keeps?"
    r"|kept) me (?:going|here|alive|safe)"
    r"|what stops me|(?:stops|stopped) me|i don't want to die|i (?:really )?want to (?:see"
    r"|be there for) (?:my|the|[A-Z]\w+)"
    r"|looking forward to|i promised (?:my|him|her|them)|i(?:'ve| have)? (?:still )?got (?:my"
    r"|the) (?:kids|children|son|daughter"
    r"|dog|cat|faith|sister|brother|wife|husband|mum|mom|family|friends)|(?:he|she|they)(?:'s| is|'re"
    r"| are) (?:always )?there for me"
    r"|my (?:sponsor|faith|church|dog|cat|best friend)\b.{0,30}\b(?:helps?|keeps?|there|saves?)"
    r"|if i'm not here (?:he|she|they)|i (?:rang|called|phoned|texted) .{2,30}(?:like|as) the plan"
    r"|(?:need|needs) me\b)",
    re.IGNORECASE,
)
PROTECTS_NOT = re.compile(
    r"\b(?:no (?:reason|point)|nothing (?:keeps|stops|to look)|not looking forward|wish|would take me"
    r"|nobody|no one"
    r"|used to|any more|anymore)\b",
    re.IGNORECASE,
)
GOAL = re.compile(
    r"\b(?:(?:my|your|our|the|first|main|next|one) (?:treatment |therapy )?goals? (?:is|was|would be"
    r"|for \w+ (?:is|was))(?: still)?"
    r"(?: to)?|(?:i|what i) (?:really )?want(?:ed)? to be able to|i(?:'d"
    r"| would) (?:really )?like to be able to"
    r"|(?:we(?:'re|'ve been| are| have been)|i(?:'m|'ve been| am)) working (?:on|towards?)"
    r"|what i want (?:from|out of) "
    r"(?:this|therapy|here) is(?: to)?|we (?:said|agreed) (?:we'd|you'd|to) work (?:on"
    r"|towards?)) (?P<goal>.+)",
    re.IGNORECASE,
)
PROGRESS = tuple(
    (name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for name, words in (
        ("reached", r"reached it|got there|i've done it|achieved"),
        (
            "back",
            r"worse|slipped|slid|gone back|harder|lost ground|let it slide|given up|stopped (?:doing"
            r"|going)",
        ),
        (
            "no_change",
            r"no (?:different|change|progress)|(?:still )?(?:the )?same|stuck|haven't (?:got|made|managed)",
        ),
        (
            "forward",
            r"better|closer|managed|i did it|easier|improv\w+|progress|first time|halfway|getting there"
            r"|further",
        ),
    )
)
RISK_ACTIONS = tuple(
    (name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for name, words in (
        (
            "safety_plan",
            r"(?:safety|crisis|coping) plan|(?:as|like) the plan says|look at the plan|a word you can text",
        ),
        (
            "means",
            r"(?:give|giv\w+|put|lock\w*|hand\w*|take|took|move|remov\w+|keep|hold\w*|store|get rid of"
            r"|throw|return)\b.{0,40}"
            r"\b(?:pills?|tablets?|medication|meds|guns?|rifles?|firearms?|rope|knives|knife|blades?"
            r"|razors?|morphine|car keys"
            r"|(?:gun )?safe|bleach)|(?:tablets|pills|guns?|rifle) (?:are|is) (?:at|with)|(?:holding"
            r"|hold) on to that",
        ),
        (
            "report",
            r"child protection|safeguarding|social services|adult protective|cps|police|people whose job",
        ),
        (
            "crisis_contact",
            r"crisis (?:team|line|clinic|service|number)|samaritans|988|lifeline|women's aid|hotline"
            r"|helpline|hospital"
            r"|emergency|a&e|a and e|ambulance|narcan|never (?:use )?alone|hold of the crisis",
        ),
        (
            "referral",
            r"perinatal team|psychiatrist|mental health team|referral|refer you|methadone|detox|rehab|gp"
            r"|doctor|dr\.? \w+"
            r"|assessment|shelter|refuge",
        ),
        ("check_in", r"(?:i'll|i will) (?:call|ring|phone|text) you|text me|check in|bag at"),
    )
)
DONE = re.compile(
    r"\b(?:(?:are|is) (?:at|with) (?:my|the|his|her)|i (?:gave|handed|put|locked|threw|took|rang|called"
    r"|phoned)|we (?:made|wrote|did)"
    r"|as the plan says|like the plan says|done|look at the (?:safety |crisis )?plan|safety plan"
    r"|crisis plan)\b",
    re.IGNORECASE,
)
