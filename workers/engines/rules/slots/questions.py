"""Slots of what a therapist asks: the answer, not the question, is the finding. See ``notation``."""

PATTERNS = {
    "suicidal_ideation": r"""
(?:wish|wished|wishing|want|wanted|wanting|wants) (?:\S+ ){0,4}(?:dead|to die|not to be alive|not to wake|weren't (?:here|alive|around)|wouldn't wake|never wake|to be gone|would all stop)
(?:thoughts?|thinking|think|thought|feel\w*|idea\w*) (?:\S+ ){0,4}(?:not being here|ending (?:things|it|your life|it all)|end (?:things|it all)|of dying|about dying|better off dead|not worth living|of suicide|taking your life|finishing it)
(?:harm\w*|hurt\w*) yourself or end\w* (?:things|your life|it)
(?:attempt\w*|made an attempt) (?:on your life|suicide|to (?:end|kill|take))|ever attempted|(?:suicide|any|previous) attempts?
(?:act|acting) on (?:it|that|them|those|these|the|any) ?(?:thoughts|feelings|urges|plans?)?(?! (?:advice|feedback))
go through with (?:it|that)|mean to do it|how you(?:'d| would) (?:do it|end|kill|go about it)|how you might end
(?:thought|decided|settled|considered) (?:about|on|of) (?:a )?(?:method|means|how you)
(?:done|do|did|made|make|taken|got|gathered) (?:\S+ )?(?:anything|preparations?|something|things|steps) (?:\S+ ){0,3}(?:to (?:prepare|end your life)|towards? (?:it|ending))|made any preparations
(?:stay|keep|be|keeping|feel) (?:yourself )?safe (?:\S+ ){0,3}(?:tonight|until|till|from yourself|on your own|with yourself|today|this week(?:end)?|tomorrow|between now)
(?:part of you|anything in you) (?:\S+ ){0,3}(?:wants?|wishes) (?:\S+ ){0,3}(?:die|dead|alive|kill|end)
life (?:is |isn't |wasn't |not )*(?:\S+ )?worth living
\b(?:safe to go home|promise me|keep(?:ing)? yourself safe|are you safe|be here (?:on|next|tomorrow)|(?:end|ending|take|taking) your (?:own )?life|(?:kill|killing) yourself|suicid\w+|not (?:want\w*|wanting) to (?:be (?:alive|here)|live|wake up)|thoughts of (?:ending|dying|death)|better off dead|wish you (?:wouldn't|didn't|hadn't|wouldn't) wake|glad (?:that )?you (?:woke|survived|are still)|thinking (?:about|of) (?:the (?:bridge|tracks|pills|rope)|dying|ending)|safe for you to go|life (?:is not|isn't|wasn't) worth|go to sleep and not wake|thoughts like that tonight)\b
""",
    "self_harm": r"""
(?:hurt|harm|injure|cut|burn)\w* yourself(?! (?:falling|playing|at the gym))
(?:urges?|temptation|want) (?:\S+ )?to (?:cut|hurt|harm|burn)(?: yourself)?|(?:any )?self ?harm\w*
do that on purpose
\b(?:hurt\w*|harm\w*|cut\w*|burn\w*|injur\w*) yourself\b|\b(?:are|were|have|been) you (?:still |been )?(?:cutting|self ?harming|burning|scratching)\b|\bstill cutting\b
""",
    "domestic_violence": r"""
(?:partner|husband|wife|boyfriend|girlfriend|ex|he|she|anyone|anybody|someone|they) (?:\S+ ){0,4}(?:hurt\w*|hit\w*|frighten\w*|scar\w+|threaten\w*|forc\w+|control\w*|make you do|making you do) (?:you|your)(?! (?:laugh|smile|feel))
(?:afraid|scared|frightened|fear\w*) (?:of|to go home|at home) (?:\S+ ){0,2}(?:anyone|anybody|someone|him|her|your \w+|them|home)
(?:do|are|would|did) you (?:feel )?(?:\S+ )?safe(?: (?:at home|there|with (?:him|her|them|your \w+)|in the house|around (?:him|her)|right now))?$
(?:anyone|anybody|is there (?:anyone|somebody|someone|one)) (?:\S+ ){0,4}(?:who|that) (?:doesn't|does not|isn't|won't|has never|hasn't) (?:\S+ )?(?:hurt|hit|frighten|threaten|shout at|scare|violent)
(?:controlling|takes?|checks?|checking|track\w*) your (?:money|phone|messages|wages)
(?:he|she|they|partner|somebody|someone) (?:do|did|done) that to (?:you|your)
\b(?:does|did|has|is|was) (?:he|she|they|your \w+|anyone|anybody) (?:\w+ ){0,3}(?:hit\w*|hurt\w*|push\w*|threaten\w*|frighten\w*|forc\w*|chok\w*|strangl\w*|violent|physical|control\w*|grab\w*) ?(?:you)?\b|\braised? (?:a|her|his|their) hands?\b|\bcheck(?:s|ing)? your phone\b|\bkeep(?:s|ing)? (?:you|your) (?:in|from|money)\b|\bother people safe\b|\b(?:safe (?:at home|with (?:him|her|them)|in (?:the|your) (?:house|relationship|home))|(?:afraid|scared|frightened) of (?:him|her|your \w+)|laid a hand on you)\b
""",
    "child_abuse": r"""
(?:anyone|anybody|someone|somebody|he|she|they) (?:\S+ ){0,3}(?:hurting|touched|touching|hurt|hitting) (?:you|them|the (?:children|kids))(?:$| (?:at home|in a way|when you|as a))
(?:abused|hurt|harmed|touched|hit) (?:as a child|when you were (?:small|little|young|a child|a kid|growing up))|abuse growing up
(?:children|kids|baby|daughter|son)(?:'s)? (?:\S+ )?(?:safe|safety)|are the (?:children|kids) safe
(?:hit|smack|slap|hurt|shake|beat)\w* (?:your|the|them) ?(?:kids|children|baby|son|daughter)?$
\b(?:ever )?(?:hit|hurt|smack|shake|slap|harm)\w* (?:your|the) (?:kids|children|baby|son|daughter)\b|\b(?:anyone|anybody|he|she) (?:\w+ ){0,3}(?:touched|hurt|hit|hits) you\b(?= as a child| when you were)
""",
    "harm_to_others": r"""
(?:hurt|harm|kill|attack)(?:ing)? (?:\S+ )?(?:him|her|them|others|anyone|anybody|someone|somebody|the baby|people|your \w+)(?: else)?(?! (?:feelings))
(?:feel|feeling|felt) (?:\S+ )?like (?:hurting|harming|killing|hitting) (?!yourself)\S+
\b(?:thoughts?|thinking|urges?|plans?|want\w*|going) (?:of|about|to) (?:\w+ ){0,2}(?:hurt\w*|harm\w*|kill\w*) (?:him|her|them|anyone|anybody|someone|somebody|others|your \w+|the baby)\b
""",
    "dependent_adult_abuse": r"""
(?:rough with|lose your temper with|hurt|hit|shout at) your (?:mum|mother|mam|dad|father|gran|nan|grandmother|grandad|aunt|uncle)
(?:carers?|staff|nurses?|home|people who look after) (?:\S+ ){0,4}(?:kind|treat\w*|properly|good|gentle|hurt|rough)
(?:being|is she|is he) looked after (?:well|properly|all right)
\b(?:carer|home|staff|nurses?|family|anyone|anybody|they|son|daughter) (?:\w+ ){0,4}(?:treat|shout|rough\w*|handle|tak\w+ (?:your|her|his) (?:pension|money|card|food)|hurt\w*|hit\w*)\b
""",
    "psychosis": r"""
(?:hear|hearing|see|seeing) (?:\S+ ){0,3}(?:other people (?:can't|don't)|others (?:can't|don't)|no one else|nobody else|aren't there)|hear voices|hearing voices|are the voices
(?:being (?:watched|followed)|out to get you|interfer\w+ with your thoughts|read your (?:mind|thoughts)|special powers|control\w* your (?:thoughts|mind))
\b(?:radio|tv|television|neighbours|neighbors|people|they) (?:\w+ ){0,2}(?:talking about you|sending|watching you|following you|against you)\b|\b(?:hear\w*|see\w*) (?:\w+ ){0,2}(?:voices|things (?:that )?(?:others|other people|aren't|nobody))\b
""",
    "eating": r"""
\bmak\w+ yourself (?:be )?(?:sick|throw up|vomit)\b|\b(?:skipp?ing|restricting) (?:meals|food)\b|\bbring\w* (?:it|food) back up\b|\bkeep\w* (?:your |any )?(?:meals|food) down\b|\bwhat have you eaten\b
""",
    "substance_use": r"""
stayed off (?:it|the)|(?:any|use|using|take|taking) (?:\S+ ){0,2}drugs|history of (?:drug|alcohol|substance)\S*
\b(?:are|have|were|did) you (?:been |still )?(?:drinking|using|used|drunk|relapsed|drink)\b(?! (?:the|that|this|it|your))|\bhow's the (?:drinking|using)\b|\bsomething to get you through\b|\bhow much (?:are|were|do) you (?:drinking|drink|using|use)\b
""",
    "overdose": r"""
(?:ever|you) (?:\S+ )?overdosed|how many (?:tablets|pills) (?:have|did) you|more (?:tablets|pills|than) (?:\S+ ){0,3}(?:should|prescribed|dose|normal)
\b(?:take|taken|taking) (?:\w+ ){0,2}(?:overdose|too many|more than you should)\b|\b(?:take|taken) (?:more tablets|more pills|anything before)\b
""",
}  # fmt: skip
