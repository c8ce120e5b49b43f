"""Words that a claim should have where its quote has them, by what they say: patterns, joined by bars."""

CUE_WORDS = {
    "negation": """no|not|never|none|nor|neither|nobody|nothing|without|cannot|denie[sd]|deny|\\w+n't
        |declined?s?|refuse[sd]?|unable|lack\\w*|absence|nah|nope|hardly|barely|rarely|seldom""",
    "doubt": """may|might|maybe|perhaps|possibl\\w+|probably|unsure|not sure|dunno|don't know|i suppose
        |wonder\\w*|could|would|if|consider\\w*|thought about|thinking|think on|uncertain\\w*|ambivalen\\w+
        |tentativ\\w+|i guess""",
    "ahead": """will|going to|gonna|plans?|planned|intends?|i'll|we'll|she'll|he'll|tomorrow|next|hopes?
        |wants?|wishe?s?|starts|would like|i'd""",
    "behind": """was|were|had|did|didn't|been|ago|used to|previous\\w*|past|former\\w*|\\w{3,}ed|went|took
        |told|said|got|made|came|left|gave|felt|thought""",
    "now": "current\\w*|now|ongoing|still|presently|today|these days|at the moment|lately",
    "over": "no longer|stopped|used to|anymore|not now|gave up|given up|quit|ceased|packed in",
    "reason": """because|due to|owing to|as a result|caus\\w+|'cause|therefore|leads? to|led to|since|so that
        |on account|attribut\\w+|in response to|makes?|made""",
    "contrast": "but|although|though|rather than|whereas|despite|instead|however|except|while|than",
    "all": """always|every\\w*|all|never|constantly|daily|nightly|complete\\w*|entire\\w*|full\\w*|any|none
        |nothing""",
    "part": """some\\w*|occasional\\w*|partial\\w*|partly|intermittent\\w*|most|mostly|a bit|a little
        |slight\\w*|few|less|only|just|half|nearly|almost|limited""",
    "another": """he|she|they|him|her|them|mother|mum|mam|mom|father|dad|brother|sister|son|daughter|wife
        |husband|partner|friend|mate|boss|manager|nan|gran|grandma|grandad|uncle|aunt|boyfriend|girlfriend
        |doctor|nurse|kids|children|people""",
    "number": """\\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty
        |fifty|hundred|once|twice|half""",
}
