"""Slots of suicide: wishes to be dead, thoughts, plans, intent, and what was done towards it. See ``notation``."""

PATTERNS = {
    "passive_suicidal_ideation": r"""
\b(?:want|wanna|wanted|wish|like|prefer|hope|pray|love|rather) (?:\w+ ){0,3}(?:be|was|were|to be) (?:dead|gone for good|gone forever)\b
\bhope (?:i|a|that|something) (?:\w+ ){0,4}(?:don't wake|never wake|get hit|gets? me|hits? me|die|run over|takes me|kills me|crash)\b
\b(?:better|happier|easier|simpler|relieved) (?:\w+ ){0,4}(?:if i (?:were|was|'m)|without me|with me) ?(?:dead|gone|not here|not around|out of the (?:way|picture))?\b(?! there)
\b(?:dying|death|being dead) (?:would|'d|sounds?|seems?|feels?) (?:\w+ ){0,3}(?:easier|better|nice|like a relief|peaceful|restful|good)\b
\b(?:go to sleep|fall asleep|go to bed) and (?:not|never|just not) (?:wake|waking|get)\b|\b(?:not|never) wak(?:e|ing) up\b
\b(?:don't|do not|didn't|no longer) (?:really )?(?:want to|wanna|care if i|mind if i|see the point in) (?:\w+ ){0,2}(?:be alive|live(?: anymore| any more| like this)?|exist|living|carry on|go on)\b
\b(?:can't|cannot|not sure i can|if i can|couldn't) keep my ?self safe\b|\b(?:don't|wouldn't|didn't) (?:really )?(?:care|mind) if i (?:\w+ )?(?:die|died|live|lived|wake|woke)\b
\bwish (?:i|god|somebody|someone) (?:\w+ ){0,3}(?:not been born|never (?:been )?born|hadn't been born|didn't exist|would take me|could (?:just )?(?:vanish|not exist))\b
\b(?:no|what's the|see no|isn't any|not any) (?:point|reason|use) (?:\w+ ){0,3}(?:liv\w+|being alive|going on|carrying on|being here|me being here)\b
\b(?:a burden|in the way) (?:\w+ ){0,6}(?:gone|dead|without me|not here)\b|\b(?:ready|want) to (?:go|be with (?:him|her|them)) (?:now|in heaven|up there)\b
# Wishes that something else, or someone else, would end it.
(?:<wish>|happy enough if|glad if) .. (?:the )?(?:good )?(?:lord|god|jesus|allah|death|something|someone|somebody|an illness|he|she) ... (?:takes?|took|taking|call(?:s|ed)?|carr(?:y|ies|ied)|finish(?:es|ed)?|kill(?:s|ed)?) (?:me|us)(?: (?:home|away|off|in my sleep|tonight|now|too|instead|soon))?
(?:lord|god|jesus|allah|maker) .. (?:take|call|carry) me (?:home|away|in my sleep|tonight|now|soon)
(?:<wish>) ... (?:plane|bus|train|lorry|truck|car|van|tumou?r|lump|cancer|results?|heart|something|ceiling|bullet|storm|bomb) ... (?:goes down|went down|crash\w*|hits? me|had hit me|had just hit me|hadn't (?:braked|stopped)|not braked|finish\w* (?:me|the job)|comes? back|kills? me|killed me|takes? me|carr\w+ me off|stops?|gives? out|spreads?|is terminal|gets? me)
(?:hope|hoping|wish|wishing|pray|praying) .. (?:i catch|i get|i'll catch|i'd catch|i'd get|i'll get|it's|it was|it is) .. (?:something|cancer|terminal|fatal|serious|malignant|the bad kind|run over|shot) ?.*
(?:<wish>) ... (?:i )?(?:don't|not|never|didn't|won't|wouldn't|hadn't) (?:just |ever )?(?:wake|waking|woken|woke|open my eyes|come round|come out of it)(?: up)?
(?:disappointed|gutted|annoyed|sorry|let down|angry|raging|devastated|upset|cross|furious) .. (?:i|when i|that i|to|to have|to be) .. (?:woke|wake|waking|woken|opened my eyes|still here|still alive|survived|alive|saved)(?: up)?
(?:not|never|wouldn't|won't|shouldn't|don't|i'd not|shan't) (?:be |have )?(?:\S+ )?(?:sorry|mind|complain|bothered|care|object|put up a fight|fight it|fussed|upset|grumble) .. (?:if|when) ... (?:stopped|stops|died|die|dying|go|went|took me|take me|came back|hit me|hits me|didn't wake|ended|end|bus came|never woke|last|crashed)
(?:relieved|relief|blessing|mercy|thankful|glad|grateful|happier|happy) ... if ... (?:died|dead|ended on its own|ended|terminal|cancer|months to live|six months|my heart|didn't wake|took me|never woke|under the ground|bus hit me)
if .. (?:told me|doctor said|they said) .. (?:months|weeks|terminal) ... (?:relieved|relief|glad|happy|thank\w*|fine)
(?:jealous|envy|envious|envied|swap places with|swap with|change places with) ... (?:dead|died|dying|die|graveyard|cemetery|graves?|terminal|obituar\w+|buried|coffin)
(?:wish|should have|should've|ought to have) .. (?:it'd been|it had been|it was|it were|been) (?:me|us)(?: (?:in|that|who|instead|on) ?.*)?
(?:wish|rather|better|easier|nicer|simpler|sooner) ... (?:never|not|didn't|hadn't|don't) (?:just )?(?:been born|exist|existed|existing|be here at all|happened|have to exist|have been born)
(?:be|being|get|getting|been) (?:just )?(?:switched off|turned off|snuffed out|rubbed out|put out of my misery|erased|deleted|put down like a \w+)
(?:what's|what is|see|there's|is|no|isn't|any|the) (?:\S+ )?(?:point|use|sense|reason) (?:in |of |to |for )?(?:me |my )(?:\S+ )?(?:breathing|living|being here|existing|alive|staying|staying alive|carrying on|being around|in the world)
(?:lived|been here|been around|been alive|hung around) (?:\S+ )?(?:long enough|too long)
had (?:my (?:turn|innings|time)|enough of (?:being here|living|life|this life|being alive|breathing|it all now))
(?:join|be with|go to|follow|see) (?:my (?:\S+ )?(?:<kin>|husband|mum|boy|girl)|him|her|them) (?:\S+ )?(?:soon|up there|in heaven|on the other side|in the next life|where (?:he|she) is)
ready (?:for dying|for death|to die|to meet my maker|to be called|for the box)
(?:waiting|wait) (?:\S+ )?(?:to die|for it to be over|for death|for the end|for my time|for my turn to go|for the bus out|to be called|till it's over|till i go)
(?:want|wanna|love|like|wish|wanting|need|wished|rather|i could|could i|prefer) (?:\S+ )?(?:to |i could )?(?:just )?(?:be gone(?! (?:by|before|from|at|on|to|for (?:a|the)))|not be(?= |$)(?! \S)|stop existing|cease|not exist|stop being|fade (?:away|out)|be nothing|be no more|stop permanently|vanish for good|disappear (?:forever|for good)|sleep forever|go to sleep forever|be done with (?:life|living))
(?:only|just|all i'm|all i am) .. (?:wanting|want) .. (?:life|it all|this life) .. (?:over|gets? over|end|finish\w*)
(?:if i go i go|if i die i die|if i die so (?:be it|what)|if it kills me (?:it kills me|so be it)|if i get hit i get hit)
(?:don't|not|no longer|never|couldn't|doesn't) .. (?:care|matter|mind|bothered) (?:\S+ )?(?:if|whether|what) .. (?:i (?:live|die|make it|wake|survive|come back|get hit|crash)|comes(?: to me)?$|happens to me|becomes of me)
(?:cross|walk|drive|driving|ride|step|crossing) ... (?:without looking|eyes (?:closed|shut)|without a (?:helmet|seat ?belt)) ... (?:don't care|what comes|bothered|hope|whatever|not bothered|wouldn't mind)?
(?:happier|better|better off|rather|sooner|wish|swap|peaceful) .. (?:under|in) the (?:ground|grave|cemetery|graveyard|earth|soil|clay)
lie down ... (?:not|never) (?:get|wake|got) (?:back )?up
(?:went|go|fell|fall|drift\w*) (?:off )?(?:to sleep|asleep) .. (?:and )?(?:that was that|stay asleep|not come back|that'd be that|never wake|just not)
(?:not be sorry|wouldn't be sorry|not mind|wouldn't mind|glad|ready|content|happy) .. to (?:go|die|be gone|be taken|be dead)(?=$| (?:now|soon|tonight|tomorrow))
(?:death|dying|being dead|not being here|not existing|being gone|the end) ... (?:comfort\w*|peaceful|relief|restful|appealing|inviting|holiday|welcome|look\w* forward|kinder|doesn't scare me|attractive|beautiful|attracts me)
(?:tired|sick|weary|done|fed up|exhausted|bored|finished) (?:of|with|from|by) (?:living|being alive|existing|life|my life|breathing|being here|waking up|this world)(?! (?:in|at|with|on|drawing|insurance|coach))
(?:can't|cannot|couldn't|won't|don't want to|not going to) (?:do|face|take|bear|stand|manage|see) (?:another|one more) (?:day|year|winter|birthday|week|month|night|christmas) (?:of|like) (?:this|it|living|life|being)
(?:rather|sooner) be (?:dead|buried|gone|ashes)
(?:don't|can't|do not|didn't|couldn't) (?:see|know|understand) why .. (?:bothered|bother|brought|bringing|saved|saving|revived|woke|pulled|resuscitat\w+) .. (?:me|round|me round)
(?:shouldn't|should not|should never|wish they hadn't|wish she hadn't|wish he hadn't|they should've) .. (?:saved|brought me|revived|found me|woken me|left me to)
(?:want|wanting|wish|need) (?:\S+ )?(?:the )?(?:pain|everything|it all|this|life) to (?:be over|end|stop) (?:forever|for good|permanently)
(?:not|isn't|ain't|hardly|no longer) (?:\S+ )?(?:wanting to live|much (?:to|of a) live for|a life worth|worth being alive|anything to stay for|anything to wake up for)
(?:nothing|no one|nobody|not much|what's) (?:is )?(?:left )?(?:keeping|holding|keep|to keep|to stay) (?:me )?(?:here|alive|for)(?=$| (?:any ?more|now))
(?:after|once|when|for when) (?:i'm|i am|i've) (?:dead|dead and gone|no longer here|in the ground)
(?:the world|they|everyone|everybody|you all|the kids|my family|my wife|my husband|my mum|people) ... (?:better|easier|happier|simpler|lighter) (?:off )?(?:if i (?:wasn't|weren't|never|died|went|was gone|disappeared)|with me (?:gone|dead|out of))
(?:planned|planning|arranged|picked|chosen|chose) (?:\S+ ){0,2}(?:my own funeral|my funeral|songs for my funeral|hymns|my coffin)
(?:don't|doesn't|didn't|no longer|never) (?:\S+ )?(?:want to|wanna|feel like) (?:\S+ )?(?:be in this world|be on this (?:earth|planet)|be in the world|stay alive|see tomorrow|wake in the morning|be a person)
""",
    "suicidal_ideation": r"""
\b(?:slit|slitting|slash|slashing|cut|cutting|open|opening) my (?:wrists?|veins|throat)\b
\b(?:think\w*|thought|imagin\w+|pictur\w+|urge|want\w*|tempted|idea|keep|could) (?:\S+ ){0,4}(?:driv\w+|crash\w*|steer\w*|swerv\w+|step\w*|walk\w*|jump\w*|throw\w*|hang\w*|drown\w*) (?:\S+ ){0,4}(?:into a (?:tree|wall|truck|lorry|river)|in front of|off (?:a|the|something)|off the road|into traffic|into the (?:sea|river|water|path|canal)|under a|myself)\b
\b(?:end|ending|ended|finish|finishing) (?:it all|everything|my life|my own life)\b|\b(?:want|wanted|wanting|going|trying|ready) to end it\b(?! with)
\b(?:take|taking|taken) my own life\b|\b(?:top|topping|do away with|doing away with|off|offing|unaliv\w+|kms) (?:myself|meself)\b
\bthoughts? (?:of|about) (?:suicide|ending|killing|doing something to) ?(?:it|myself|my life|things)?\b
\b(?:suicide|killing myself|dying|being dead) (?:\w+ ){0,5}(?:crosses|crossed|on my mind|every day|all the time|in my head)\b
<think> .. (?:of |about )?(?:finish\w*|kill\w*|topp?(?:ing)?|off(?:ing)?|unaliv\w+|gas(?:sing)?|poison\w*|drown\w*|hang\w*|shoot\w*|do(?:ing)? away with|put(?:ting)? an end to|suffocat\w+|throw\w*|starv\w+) <myself>(?! out of (?:it|my|the))
<think> .. (?:end|ending|finish|finishing) (?:it|things|it aw|it all|me)(?! (?:with|between|on|by|there|at|early|off|up|amicably|for good with|the))
<think> .. (?:how|about how|that|what) .. i(?:'d| would| could) (?:\S+ )?(?:make (?:that|it) happen|do it|end it|kill|die|go about it)(?! (?:differently|again|better|without))
(?:tak\w+|do|doing|finish|finishing|end|ending|put|putting) <myself> (?:out(?! (?:for|to|of|on|there))|in(?! (?:a|the|my|for|charge|his|her|their|someone|danger|debt))|off(?! to))
(?:end|ending|finish|finishing|destroy|destroying|terminate|terminating) <myself>(?! off with)
put(?:ting)? an end to (?:<myself>|it all|my life|everything|my existence)
<think> ... (?:walk\w*|step\w*|jump\w*|leap\w*|lying|lie|laying|going|go|throw\w*|fall\w*|driv\w+|swerv\w+|steer\w*|cycl\w+|run) .. (?:in front of|under|off|over|into|onto|out at|through) .. (?:<rails>|<height>|<water>|wall|tree|something|oncoming|lamp ?post|barrier|road|path of)
(?:thought|thoughts|urge|idea|feel like|felt like|thinking) (?:\S+ )?(?:of|about|to) (?:jumping|going over|stepping off|the jump|hanging|an overdose|overdosing|cutting my wrists|drowning|carbon monoxide)(?! (?:out|ship|the (?:queue|gun)|in the (?:car|pool)|for joy|up|on))
(?:look|looking|stare|staring|stood|stand|standing|gaze|gazing) ... (?:<water>|<height>|<rails>|knives|rope|pills|tablets|beam) ... (?:why not|how easy|how quick|what if|one step|going over|going in|jump\w*|let go|just go|be over|it'd be (?:quick|easy|over)|thinking about (?:it|going)|thought about (?:it|the rope|going))
(?:thought|thinking|think|thoughts|wonder\w*) .. (?:of|about) the (?:rope|<gun>|noose|tracks|beam|bridge|cliffs?|exhaust|pills again|tablets again|razor)(?! (?:bar|club|project|tournament|game|club|hand))
(?:wonder|wondering|wondered|think|thinking|imagine) .. (?:what it'd be like|what it would be like|what it's like|if it hurts|whether it hurts|how it would feel) .. (?:to (?:shoot|die|hang|drown|be dead|jump|stop|not be)|dead|$)
(?:googl\w+|search\w*|look\w* up|read\w* up|reading) ... (?:hurts|painless|quickest way|least painful|lethal|fatal|how long (?:it|you) takes?|ways? to (?:die|go|do it)|suicide|drop height)(?! joke)
(?:brave|bold|strong|drunk|desperate) enough (?:to (?:do it|end it|jump|go through|kill|die|finish)|tonight)
(?:haven't|hadn't|don't have|didn't have|no|lack|want for) (?:\S+ )?(?:guts|courage|nerve|balls|bottle|bravery) to (?:do it|end it|jump|go through with|kill|die|finish it)
(?:too|such a|just a|bit of a|a) (?:scared|frightened|chicken|afraid|cowardly|coward|much of a coward) to (?:do it|end it|jump|go through with it|kill myself|die by)
who(?:'d| would|'s going to|'ll) .. (?:have|take|feed|mind|look after|find|tell|bury) ... if i (?:did|died|was gone|went|killed|wasn't|weren't|ended|topped|did away)
(?:could|can|i'd) always (?:just )?(?:end it|end it all|do it|kill|top|jump|finish it)(?! (?:later|tomorrow|another|again|on|next))
(?:suicide|death|dying|ending it|killing myself|it) (?:is|'s|was|feels like|being) .. (?:option|exit|way out|escape|plan b|back-?up|answer|door at|only way|solution) ?.*
(?:thought|thoughts|think|crossed my mind|idea|thinking) ... (?:not be here by|not be here tomorrow|not being here|not being around|just not be here|of not living|of being dead|i shouldn't be here)
(?:don't think|not sure|doubt|can't see|can't imagine) .. (?:i'll|i|myself) .. (?:mak(?:e|ing) it to|see(?:ing)?|get(?:ting)? to|reach\w*|liv(?:e|ing) to|turn(?:ing)?) (?:twenty|thirty|forty|fifty|sixty|\d\d|my next birthday|next year|the new year|the end of the (?:month|year)|adulthood|old age)
(?:want|wanna|wanted|wanting|wish|need) (?:\S+ )?(?:to |tae )?(?:die|be dead|kill myself|no longer live)(?! (?:of (?:embarrassment|shame|laughter)|laughing|when|for))
(?:don't|can't|couldn't|wouldn't|not|never|didn't) (?:\S+ )?trust <myself> (?:tonight|alone|on my own|near|around|not to (?:do|hurt|kill|jump|end|take|cut)|with (?:the|a|my|any|all) (?:<pills>|kn\w+|<gun>|<blade>|rope|medication)|to (?:be alone|get through|stay safe|keep|be on))
(?:not|n't|never|unsure|no idea) (?:\S+ )?(?:sure|certain|confident|know|convinced|promise|swear|guarantee|say)? ?(?:that |if |whether )?(?:i|i'd|i'll|i can|i could|i'm) (?:\S+ )?(?:stop <myself>|not (?:do (?:it|something|anything)|act|try|kill|hurt|end|jump)|won't (?:do|act|try|kill|hurt|end|jump)|wouldn't (?:do|act|try|kill|hurt|end|jump)|safe (?:tonight|on my own|alone|at home|with myself)|get through (?:tonight|the night|the weekend))
<fear> .. (?:i'll|i'd|i might|i'm going to|i could|what i|of what i|that i) ... (?:do something(?! (?:embarrassing|wrong|daft|stupid at))$|do something to myself|do to myself|might do$|do it this time|not stop myself|hurt myself|kill myself|go through with it|do something stupid)
(?:want|need|going|try|trying|decide\w*) .. to (?:do it|get it over with)(?= ) (?:and be done|tonight|get it over|they'd be|once and for all)
(?:do it get it over with|get it over with and (?:die|be done|go)|just do it and be done)
(?:death|dying|suicide|being dead) (?:\S+ )?(?:is )?(?:all i think about|on my mind|in my head|every (?:night|day|hour|morning))
(?:all|only thing|nothing else) (?:i|i can|i ever) (?:\S+ )?think about is (?:\S+ )?(?:dying|death|ending|suicide|killing|being dead|how to)
(?:want|wanted|wanting|trying|tried|going|ready|meant) to (?:end|finish) it(?: all)?$
(?:sick|tired) (?:ae|of) it ... (?:end it|ending it|finish it)
(?:hurry|help) (?:it|things|death|nature) along(?= |$)
""",
    "suicide_plan": r"""
\b(?:written|wrote|writing|left|write) (?:\w+ ){0,3}(?:letters?|notes?|goodbyes?) (?:\w+ ){0,5}(?:after i'm gone|when i'm gone|for when i|to say goodbye|before i go)\b
\b(?:saving|saved|stockpil\w+|hoard\w+|collect\w+|keeping|been keeping|stash\w*) (?:up )?(?:\S+ ){0,4}<pills>\b
\b(?:got|have|bought|found|picked|tied|hid|hidden|keep|kept) (?:\S+ ){0,4}(?:rope|noose|gun|rifle|pistol|razor blades?) (?:\S+ ){0,4}(?:ready|under|in case|for when|in the (?:car|shed|closet|garage))\b
\b(?:looked up|googled|researched|been reading) (?:\w+ ){0,4}(?:ways to die|how to (?:hang|die|kill|end|od)|how many (?:pills|tablets)|lethal|train times|how long it takes)\b
\b(?:put|getting|got) (?:my|all my) affairs in order\b|\b(?:given|gave|giving) away (?:all )?my (?:stuff|things|dog|cat|records|guitar)\b
\bi know (?:exactly )?(?:how|where|when) i(?:'d| would|'ll| will) (?:do it|go)\b
(?:worked|figured|planned|mapped|sorted|know|decided|got it|working) (?:it |it all )?(?:out |through )?(?:exactly )?(?:how|where|when|what) (?:and \S+ )?i(?:'d| would|'ll| will|'m going to) (?:\S+ )?(?:do it|go|end|kill|die|jump)(?! (?:about|with|for|on holiday|to))
(?:picked|chosen|chose|settled on|decided on|decided it'd be|gone for) (?:on )?(?:the|a|my|which) (?:rope|noose|bridge|roof|cliffs?|beam|rafter|quarry|method|<gun>|<pills>|carbon monoxide|hose|exhaust|overdose|hanging|gas|way to (?:go|do it|die))
(?:settled|decided) on (?:carbon monoxide|hanging|an overdose|the \S+ (?:bridge|cliffs?)|<pills>|gas|drowning|the method)
(?:decided|settled|fixed|chosen) (?:on )?(?:the|a|my) (?:method|means|way to do it|way of doing it|place and|hour)
there's a way i(?:'ve| have) (?:decided|chosen|picked|found|worked out)
i(?:'d| would) (?:just |only )?(?:do it|go|use|take) .. (?:in (?:the|my) (?:bath|woods?|garage|shed|car|barn|forest|sea|\S+ room|bathroom|caravan|hotel|van)|with (?:his|her|my|the|a|dad's|mum's) (?:\S+ )?(?:<gun>|<rope>|<blade>|<pills>|car)|off the|at the (?:hotel|bridge|cliff|station|quarry|beach|\S+ crossing)|on the (?:farm|tracks|line|railway)) ?.*
i(?:'d| would) (?:\S+ )?(?:use|take) (?:the|my|his|her|dad's|mum's) (?:\S+ )?(?:garage|insulin|<gun>|<rope>|exhaust|morphine|tablets|pills|car exhaust|heart pills)(?! (?:for (?:the|a) (?:deer|boat|dog)|again|for work))
i(?:'d| would) (?:\S+ )?(?:walk|drive|jump|swim|step|wade|go) (?:out )?(?:in ?to|off|in front of|under|onto) (?:the|a) (?:<water>|<height>|<rails>|wall|tree|motorway|snow)
i(?:'d| would|'ll) (?:\S+ )?(?:wait|do it) (?:till|until|when|while|after|once|on|the night|before) .. (?:she's|he's|they're|mum's|mum|dad's|dad|nobody's|everyone's|the house is|my \S+ (?:is|are)) (?:\S+ )?(?:on nights|out|away|asleep|at work|gone|empty|at choir|in bed|abroad|at school)(?! for)
(?:it|it'd|that|would|plan|method|way|means)(?: would| is|'s)? (?:be|is|'s|to be|just) (?:simple )?(?:the )?(?:insulin|rope|train|overdose|carbon monoxide|<gun>|river|exhaust|razor|cliffs?|hanging|woods behind|tablets and|pills and)(?! (?:station|strike|late|journey|delay|ride|pump|man))
(?:plan|method) (?:is|was|would be|'s) .. (?:woods|<rails>|<height>|<pills>|<rope>|<gun>|<water>|overdose|insulin|garage|quarry|barn|shed|exhaust|gas|caravan|hotel)
i (?:\S+ )?(?:know|found out|worked out|checked|learned|calculated) (?:exactly )?(?:which|how many|how much|where|what|when) (?:\S+ ){0,4}(?:tablets|pills|rope|belt|dose|<gun>|insulin|beam|key to the gun\S*|it takes to (?:die|kill)|train doesn't stop)(?! (?:to take (?:with|for) (?:breakfast|my)|i'm on|i take|are for))
i know which (?:<rope>|<pills>|<height>|beam|tree|hook|knife)(?= |$)(?! (?:to (?:take|use|get)|i (?:take|need|like)|is (?:mine|his|hers)))
i know the (?:how|numbers|dose|method|lethal \S+|timetable|means)(?= |$)(?! (?:of|for|to (?:call|ring)))
(?:stash\w*|stor\w+|squirrel\w+|put(?:ting)? (?:by|away|aside)|count\w* out|counted|not taking|sav\w+|hold\w* back|skipp?\w*|hid\w*|spitting out|pocketing) (?:up )?(?:\S+ ){0,4}(?:pills|tablets|meds|medication|morphine|insulin|sleepers|paracetamol|painkillers|antidepressants|capsules)(?= |$) ?(?:\S+ ){0,6}(?:enough|in case|for when|shoe ?box|sock|drawer|tin|there's enough|the day|jar|under|dresser|saved|ready)
(?:measured|tested|checked|tried|looked at|eyed up|sized up) the (?:beam|rope|hook|rafters?|drop|knot|branch|bannisters?|depth|height of the|strength of the|door frame)(?! (?:of|for) (?:the )?(?:shelf|shelves|curtain|wardrobe|carpet|pool))
(?:look like|seem|pass for|taken for|looks like|make it look like) an accident
(?:who|nobody|isn't|not|be the one to|wouldn't|stranger|police|postman|cleaner|neighbour|so it's not \S+ who|whoever|somebody|anyone|family who) (?:\S+ )?(?:finds?|found|finding|discover\w*) (?:me|my body)(?=$| (?:after|later|dead|hanging|till|until|for|there|in time|i've decided|it'd))
no(?:body| one)(?:'d| would|'s| will)? (?:\S+ )?(?:be )?(?:home|back|there|around|in) (?:till|until|for) ... (?:do it|time to|long enough|too late|know exactly)
know (?:exactly )?what i(?:'d| would) do ... (?:nobody|no one|home|find)
(?:date|day|night|time) (?:\S+ )?(?:in my head|in mind|picked|set|chosen|fixed) (?:\S+ ){0,4}(?:to (?:die|go|do it|end)|for it|it's after|when i'll)
i(?:'ve| have) (?:a|the) date in (?:my head|mind)
(?:have|got|had|i've|keep) (?:a|the|my) plan (?:\S+ )?(?:i|to) (?:\S+ )?(?:planned it for|kill|end|die|hang|jump|go for good|not be here)
(?:plan\w*|decided|going) .. (?:after|before|once|on|when) (?:christmas|the wedding|the funeral|his birthday|her birthday|the wee one's birthday|exams|results|the \w+ birthday) ... (?:tablets|pills|rope|gun|bridge|do it|end it|be gone|bath)
(?:been|gone|went|was) (?:\S+ )?(?:up|down|out|past|there) (?:\S+ )?(?:twice |once )?to (?:look|see|check)(?: at)? ?(?:the|it|where)? ?(?:<height>|tracks|drop|spot|water|beam|$)
looked (?:up|at|into) the (?:cliffs?|tide times?|tides|train times|timetable|drop|bridge|rooms?) ... (?:bus goes|right there|do it|high enough|quiet|empty|jump|for it|deep enough|the place)
(?:written|wrote|writing|write|draft\w*|left|leaving|record\w*|film\w*) (?:\S+ ){0,3}(?:letters?|notes?|goodbyes?|messages?|videos?|cards?) (?:\S+ ){0,4}(?:to (?:be )?(?:open\w*|read|found|find)|for (?:after|every birthday|when they|when she|when he)|before i (?:go|do)|on the door|goodbye|saying sorry|explaining why|in the sideboard|till they're)
(?:note|letter)(?:'s| is|s are)? (?:\S+ )?(?:already )?(?:written|on the door|on the table|ready|in the drawer|in my (?:drawer|phone|bag)) (?:\S+ ){0,3}(?:for (?:them|her|him|my|when)|to (?:find|read)|explaining|saying|$)
(?:gave|given|giving|give|sold|selling|sorted|signed|settled|paid|labelled|boxed|cancelled|rehomed|rehoming|passwords|signing) ... (?:after i'm gone|when i'm gone|won't (?:be )?need\w* (?:it|them|that|any)|ready to go$|in order to go|where i'm going|for when i'm (?:gone|not)|stuck with it|not need it where|i'm ready to go|out of the way first)
(?:won't|not|don't|wouldn't) (?:be )?need\w* (?:it|them|that|those|any of it) (?:where i'm going|much longer|soon|after (?:friday|saturday|sunday|monday|tonight|this week))
(?:got|have|found|bought|ordered|everything|collect\w*|have got|i've) (?:all )?(?:what|everything|the stuff|the things) i need (?:\S+ ){0,3}(?:to (?:do it|end|die|go)|for it|in a (?:shoe ?)?box|ready)
i know how i(?:'d| would) (?:kill|end|die|do it|hang|go) ?.*
(?:policy|insurance|life cover|payout) ... (?:pays|pay|paid|suicide|after two years?|looked like|clause|so they'd) ... (?:do it|i'd|it'd be|accident|dead|die|suicide|would be)
(?:have|got|had) (?:it|the whole thing|everything) (?:all )?(?:planned|figured out|worked out|mapped out|thought out|arranged) (?:\S+ ){0,4}(?:what i'd wear|the gun|the lake|the rope|how i'd|to die|who finds|the letter)
(?:bought|got|ordered|picked up|found) (?:the|a|some|that) (?:rope|noose|helium|nitrite|razor blades|<gun>|hosepipe|chains)(?= |$) ?(?:\S+ ){0,4}(?:for it|to do it|it's in the|in case|ready|hidden|under my|for me|to hang|online)?(?! (?:for (?:the|a|my)|of|from the garden|to (?:tie|tow|fix)|so the))
""",
    "suicide_intent": r"""
\b<me> (?:\S+ ){0,4}(?:going to|gonna|will) (?:\S+ ){0,4}(?:end it all|do it tonight|kill my ?self|finish it)\b
\b(?:won't|will not|not going to|not gonna) be (?:here|around|alive) (?:by|next|at|after|when|for|much longer|this time)\b
\bdon't (?:see|picture|imagine) (?:myself|me) (?:being |living )?(?:here|alive|around|past)\b
\b(?:said|saying) (?:my )?goodbyes\b
<me> ... (?:<gonna>|will|i'll|doing|i'm) .. (?:go through with it|going through with it|going through with this|end my life|kill myself|killing myself|take my (?:own )?life|taking my life|hang myself|jump off|be dead by|end it this|end it tonight|finish it (?:this|tonight|tomorrow)|do it tomorrow|do it when i (?:get|leave)|do it before (?:the|they|she|he|my|christmas))
i(?:'m| am) (?:\S+ )?(?:doing it|daein it) (?:\S+ )?(?:tonight|the night|tomorrow|the morrow|now|today|this time|after this|for real|and (?:no|nobody|naebody|you))
(?:intend|intending|determined|decided|set|resolved|mean|meaning|fully) .. (?:to (?:die|end my life|kill|be dead|take my life|not be here|go through with|do it this time|end it)|on (?:dying|ending it|killing|death)|upon dying)
(?:i'm|i am|i've|nothing's|there's nothing|and) ... (?:set on it|made up my mind to (?:die|go|end)|my mind's made up to (?:die|go|end))
(?:won't|not|ain't|will not|shan't|never|don't|doesn't) (?:\S+ ){0,3}(?:see|live to see|live past|make it past|last past|see out|be alive for|be alive at|be around for|be here for) (?:the )?(?:new year|christmas|spring|summer|winter|my next|another|morning|my birthday|next birthday|weekend|end of the|next week|forty|thirty|fifty|sunrise|his birthday|her birthday|the wedding)(?! (?:film|movie|special))
(?:won't|ain't|not|never|shan't|will not) (?:\S+ ){0,2}be (?:alive|around any ?more|here any ?more|here to see|breathing|in this world) ?.*
ain't (?:gonna|going to|gon) be here (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next|no more|by)
(?:this is |be |it's )?the last time (?:you'll|you will|anyone'll|anybody will|they'll|anyone will) (?:ever )?(?:see|hear from|speak to|talk to) me
(?:i'll|i will|i'd) (?:\S+ )?be (?:dead|in the ground|in a box|in the morgue|a body|with (?:him|her|mum|my \S+) (?:in|by|before)) ?(?:\S+ )?(?:by|before|within|soon|come|tomorrow|tonight|this time|when|friday|monday|next|and)?(?! (?:on my feet|tired|chuffed|certain|good|keen))
(?:i'll|i will) be gone (?:before (?:they|you|anyone|the ambulance)|by the time (?:they|you|anyone))
(?:going|go|follow\w*|gonna go) (?:after|to join|and join) (?:her|him|them|my \S+)(?= |$) ?(?:\S+ )?(?:soon|as soon|once|when|i promise|up there|now|$)(?! (?:in|for|at|on))
(?:can't|cannot|couldn't|won't|not|never) (?:\S+ )?(?:promise|guarantee|swear|say|make any promises|certain|sure) ... (?:won't|not to|wouldn't|i'd not|will not|not going to|never) (?:\S+ )?(?:do (?:it|anything|something)|hurt|kill|harm|end|act|try|jump|be dead|top)(?! (?:again the dishes|the))
(?:can't|cannot|couldn't|won't) (?:\S+ )?(?:promise|guarantee|swear) (?:\S+ ){0,4}(?:i'll be (?:here|alive|safe|around)|stay(?:ing)? (?:safe|alive)|be safe|to be (?:here|safe|alive)|keep (?:myself )?safe)
(?:nothing|no one|nobody|naebody|ain't nobody|not anyone|nothing's|nobody's|you won't|you can't|none of you|no man) ... (?:stop\w*|talk\w* me out) (?:me|of it)(?= |$)(?! (?:from (?:going|getting|eating|wearing|dancing)|to chat))
(?:there's|there is) nothing you can say
(?:use|turn|point|put) (?:that|the|his|my|this|it) ?(?:<gun>|knife)? ... on (?:me|<myself>)(?= |$)(?! (?:and (?:said|told)|to))
(?:<gonna>|i'll|i will|could|i'd|might) (?:\S+ ){0,2}(?:walk|step|jump|throw myself|drive|run|lie down) (?:out )?(?:in front of|under|into|off) (?:something|anything|a (?:bus|train|lorry|truck|car|wall|tree|bridge|roof)|the (?:train|traffic|bus|wall|river|sea|bridge|roof|next train|canal|tracks)|traffic|that (?:bridge|river|roof))
(?:won't|not|never|i'll not|ain't gonna) stop (?:till|until) i'm (?:dead|gone|under)
(?:hurt|cut|drink|starve|poison|drug) (?:myself|my self)? ?(?:till|until) i'm dead
(?:make|making) sure (?:of it|i (?:die|don't wake|succeed)|it works|this time) ?(?:\S+ )?(?:i want to die|this time|$)
(?:i'll|i will|i'd) have done it by (?:then|the time|monday|christmas)
(?:no|there's no|isn't any) (?:doubt|question) (?:\S+ )?(?:i'll|i'm going to|i will|that i'll) (?:\S+ )?(?:act|do it|kill|go through|end)
(?:how likely|on a scale).* (?:i'm doing it|do it|doing it|end it)
i (?:know|can feel|feel) (?:that )?i(?:'ll| will| am going to|'m going to) (?:\S+ )?(?:do it|kill|end it|go through with it)(?! (?:again|tomorrow|later|well|right|eventually))
i (?:think|reckon|believe) i (?:might|will|'ll|may|could) (?:\S+ ){0,2}(?:do it|act on it|go through with it|kill myself|end it) ?(?:tonight|tomorrow|this week|soon|really)?$
i(?:'ve| have) (?:only |just )?(?:stayed|hung on|kept going|been staying) (?:alive )?for (?:\S+ ){0,6}(?:gone|died|dead|grown|going to|finish|end it|no reason)
(?:this time|tonight|tomorrow|this weekend) (?:\S+ ){0,3}(?:i'm |i'll |i am |i will )(?:\S+ )?(?:end|kill|finish|die|mean it|going to die|do it properly|do it right|make sure)(?! (?:early|at|the|work|my (?:shift|essay|dissertation)|with))
i can promise (?:till|until|you till|up to)
i could say it but i'd be lying
""",
    "suicidal_behaviour": r"""
\b(?:i|i'd|i've) (?:\w+ ){0,2}(?:tried|attempted) to (?:\w+ ){0,2}(?:hang|drown|shoot|kill|gas|end|jump|suffocate|overdose)\b
\b(?:went|walked|drove|stood|climbed|was|got) (?:\w+ ){0,4}(?:bridge|tracks?|train|roof|cliff|ledge|railing|platform|quay|balcony|water) (?:\w+ ){0,8}(?:to jump|and waited|waiting for|to end|jump|couldn't do it|let go)\b
\b(?:put|had|held) (?:the|a|my) (?:gun|rope|noose|knife|blade|belt|bag) (?:\w+ ){0,3}(?:to|in|round|around|against|over|on) (?:my|me) ?(?:head|mouth|neck|throat|wrist|chest|face)?\b
\bthis close to (?:swallowing|jumping|doing it|ending|driving|stepping|taking)\b|\balmost (?:jumped|did it|stepped in front|drove (?:off|into))\b
(?:tied|put|had|looped|slipped|knotted|wrapped|placed|got|hung) .. (?:<rope>|it|one) (?:\S+ )?(?:round|around|over|on|to) my (?:neck|throat|head)(?! (?:to (?:keep|stay) warm|for the cold))
(?:stood|standing|climbed|got up|was|been) (?:\S+ )?on (?:the|a|that) (?:chair|stool|ladder|bucket) ... (?:<rope>|neck|knot|beam|phone went|couldn't|step\w* off|kick)
(?:tied|made) (?:the|a) (?:knot|noose|rope)(?! for the (?:boat|tent|tree|swing))(?= |$) ?(?:\S+ )?(?:and|to|round|around|over|$)
(?:climb\w*|got|swung|had|went|put|was|lifted|hang\w*|sat|stood) (?:\S+ )?(?:one leg |a leg |my leg |my legs |both legs )?(?:over|on|outside|past|the wrong side of|the other side of) (?:the |a |that )?(?:bridge )?(?:railings?|barrier|parapet|ledge|bannister|guard ?rail|balcony|edge of the (?:roof|cliff|platform|bridge|quay|building|flyover|car park))
got one leg over
(?:walked|went|got|stood|lay|laid|sat|stepped|climbed|wandered|ran|been|was) (?:\S+ )?(?:down )?(?:on|onto|in front of|out onto|out on|on to) (?:to )?the (?:railway |train )?(?:tracks?|railway|line|rails|motorway|bypass|railway line)
(?:lay|laid|lie|lying|lied) (?:\S+ )?(?:down )?(?:on|in) the (?:middle of the )?(?:road|tracks?|line|motorway|street|rails) ?.*
(?:hose|pipe|hosepipe|tube) (?:\S+ ){0,3}(?:exhaust|tailpipe|car window)
(?:drove|went|parked|driven|walked|sat|was) (?:\S+ )?(?:to|at|on|up|by|near) (?:\S+ )?(?:the )?(?:<height>|beachy head|headland|pier|<water>) ... (?:engine running|handbrake off|two hours|couldn't|shoes off|talked me|let go|to jump|to end|not coming back|one leg|nearly did|with a note|note in|and waited|to go in|lost my nerve)
engine running (?:\S+ ){0,4}(?:garage|doors? (?:closed|shut)|handbrake off|windows up|hose)
(?:roof|bridge|ledge|cliff|car park|edge) .. (?:last night|yesterday|on \w+day|with my shoes off|this week) .. (?:shoes off|talked|jump|couldn't|leg over|let go)
on the (?:roof|ledge|edge|bridge) (?:\S+ ){0,6}with my shoes off
(?:swallow\w*|took|taken|downed|necked|drank|drunk|ate) ... (?:load|lot|all|everything|handful|bottle|box|packet|cabinet|them|pills|tablets|paracetamol) ... (?:to die|wanted to die|kill me|not wake|never wake|not to wake|be gone|wanted it over|hoping not)
(?:drank|drink|drunk|swallow\w*|took|taken|taking) (?:\S+ ){0,3}(?:bleach|pesticide|rat poison|poison|antifreeze|weed ?killer|paraquat|dettol|cyanide|drain cleaner|insecticide)
(?:cut|slit|slashed|opened|slashing) my (?:wrists?|throat|neck|veins|artery) (?:\S+ ){0,5}(?:to die|stitch\w*|a and e|hospital|wanted|ambulance|monday|tuesday|wednesday|thursday|friday|saturday|sunday|bath|night|week)
(?:crashed|drove|swerved|rolled|wrote off|put|driven) (?:\S+ ){0,3}(?:car|van|truck|lorry|bike|jeep|ute|motorbike|it|him)? ?(?:\S+ ){0,5}(?:on purpose|deliberately|meaning to|meant to die|hoping to die|to kill myself)
(?:walked|waded|went|got|gone) (?:\S+ )?(?:in|into|out into) the (?:<water>)(?: \S+)? (?:\S+ ){0,3}(?:stones|pockets|clothes on|in my clothes|coat|to drown|to die|to end|not coming|got cold|came out|pulled me|fished me)
(?:cut|got) me down(?= |$)(?! (?:to size|on price))
(?:talked|pulled|dragged|grabbed|coaxed|yanked|brought|lifted|hauled) me (?:back|down|off|away|in) (?:from |off )?(?:the )?(?:edge|ledge|bridge|railings?|roof|tracks|platform|barrier|line|balcony|window)
(?:a |the )?(?:man|woman|policeman|police|driver|stranger|jogger|passerby|passer by|copper|lad|someone|somebody)(?: \S+){0,5} talked me (?:back|down|round)$
(?:woke|wake|came to|came round|come round) (?:\S+ ){0,4}(?:raging|sorry|disappointed|gutted|annoyed|angry) (?:\S+ ){0,3}(?:still|alive|didn't work|hadn't worked|woke)
(?:recorded|made|filmed|written|wrote|bought|wrapped) (?:\S+ ){0,3}(?:videos?|cards?|letters?|presents?) (?:\S+ ){0,4}(?:for (?:\S+ ){0,4}(?:every|each|all (?:her|his|their)) birthdays?|till they're|until they're|for after|so they'd have me)
(?:pulled|squeezed|pressed|held|clicked) the trigger
(?:gun|pistol|rifle|shotgun|barrel|blade|knife|razor) (?:\S+ ){0,3}(?:in my mouth|to my (?:head|temple|chin|throat|wrist|neck|chest)|under my chin|against my (?:head|wrist|throat|neck|chest))
(?:overdose|attempt|tried|try) (?:\S+ ){0,6}(?:didn't (?:take|work|die)|ain't work|failed|hook came|rope (?:broke|snapped)|branch (?:broke|snapped)|found me|came out of the ceiling|vomited)(?! (?:for the|to get))
(?:found me|walked in on me|stopped me|caught me) (?:\S+ ){0,4}(?:hanging|with (?:the|a) (?:rope|noose|pills|tablets|gun|bag|belt)|in time|before i (?:could|did|jumped|swallowed))
(?:rehears\w+|practis\w+|practic\w+|test run|dry run|trial run|tried out) (?:\S+ ){0,6}(?:neck|noose|rope|dying|hanging|overdose|jump\w*|the knot)
(?:i've|i have|i|been) (?:\S+ ){0,2}(?:tried|attempted) (?:\S+ ){0,3}(?:to die|suicide|dying|to end it|my life|to go|to top|to finish myself|it again)(?! (?:to the shop|home))
an? attempt on my (?:own )?life
(?:swapped|put|counted|laid|lined|sorted|set) (?:\S+ ){0,3}(?:tablets|pills|capsules) (?:\S+ ){0,2}(?:out|in a row|up|in piles) (?:\S+ ){0,6}(?:dresser|table|bed|goodbye|will|enough|note|took|tray|water|dish|egg ?cup|thimble)
""",
}  # fmt: skip
