"""Risk told in slots: who does what to whom, with which means, how much; beside the fixed phrases.

A pattern names an act and what makes it grave, so that one line hears many sentences. The words are lower-case and
without punctuation. Each kind's patterns are tried in order; the first hit counts.
"""

import re
from functools import lru_cache

from workers.engines.rules.matching import Hit
from workers.engines.rules.passages import Passage

SLOT = "a slot"  # instead of a phrase of the lexicon
_ME = r"(?:i|i'm|i've|i'd|i'll|i was|i am|i have)"
_NEAR = r"(?:\w+(?:'\w+)? ){0,4}"
_KIN = (
    r"(?:wife|husband|partner|boyfriend|girlfriend|ex|mother|mum|mom|mam|dad|father|brother|sister|son|daughter|boss|gran"
    r"|nan|grandmother|baby|stepdad|stepmum|stepfather|uncle|teacher|coach|carer|he|she|they|fella|missus|man|bloke)"
)
_CHILD = r"(?:him|her|them|us|me|my (?:son|daughter|baby|kids?|child|children|wee \w+|boy|girl|brother|sister)|the (?:kids?|baby|children|wean|bairn|boys|girls))"
_PILLS = r"(?:pills?|tablets?|xanax|paracetamol|tylenol|ibuprofen|meds|medication|packet|box|bottle|insulin|oxys?|percs?|valium|diazepam|sertraline|morphine|fentanyl|benzos?|sleepers)"
_DRINK = r"(?:vodka|whisk(?:e)?y|gin|wine|beers?|cans?|rum|tequila|cider|bourbon|spirits|drinks|pints|shots|bottles)"
_DRUG = r"(?:cocaine|coke|heroin|meth|crack|ketamine|ket|mdma|speed|oxys?|percs?|pills|weed|dope|spice|fent|fentanyl|benzos?|xanax|adderall|smack|gear)"

_PATTERNS: dict[str, tuple[str, ...]] = {
    "suicide_intent": (
        rf"\b{_ME} {_NEAR}(?:going to|gonna|will) {_NEAR}(?:end it all|do it tonight|kill my ?self|finish it)\b",
        r"\b(?:won't|will not|not going to|not gonna) be (?:here|around|alive) (?:by|next|at|after|when|for|much longer|this time)\b",
        r"\bdon't (?:see|picture|imagine) (?:myself|me) (?:being |living )?(?:here|alive|around|past)\b",
        r"\b(?:said|saying) (?:my )?goodbyes\b",
    ),
    "suicide_plan": (
        r"\b(?:written|wrote|writing|left|write) (?:\w+ ){0,3}(?:letters?|notes?|goodbyes?) (?:\w+ ){0,5}(?:after i'm gone|when i'm gone|for when i|to say goodbye|before i go)\b",
        rf"\b(?:saving|saved|stockpil\w+|hoard\w+|collect\w+|keeping|been keeping|stash\w*) (?:up )?{_NEAR}{_PILLS}\b",
        rf"\b(?:got|have|bought|found|picked|tied|hid|hidden|keep|kept) {_NEAR}(?:rope|noose|gun|rifle|pistol|razor blades?) {_NEAR}(?:ready|under|in case|for when|in the (?:car|shed|closet|garage))\b",
        r"\b(?:looked up|googled|researched|been reading) (?:\w+ ){0,4}(?:ways to die|how to (?:hang|die|kill|end|od)|how many (?:pills|tablets)|lethal|train times|how long it takes)\b",
        r"\b(?:put|getting|got) (?:my|all my) affairs in order\b|\b(?:given|gave|giving) away (?:all )?my (?:stuff|things|dog|cat|records|guitar)\b",
        r"\bi know (?:exactly )?(?:how|where|when) i(?:'d| would|'ll| will) (?:do it|go)\b",
    ),
    "suicidal_behaviour": (
        r"\b(?:i|i'd|i've) (?:\w+ ){0,2}(?:tried|attempted) to (?:\w+ ){0,2}(?:hang|drown|shoot|kill|gas|end|jump|suffocate|overdose)\b",
        r"\b(?:went|walked|drove|stood|climbed|was|got) (?:\w+ ){0,4}(?:bridge|tracks?|train|roof|cliff|ledge|railing|platform|quay|balcony|water) (?:\w+ ){0,8}(?:to jump|and waited|waiting for|to end|jump|couldn't do it|let go)\b",
        r"\b(?:put|had|held) (?:the|a|my) (?:gun|rope|noose|knife|blade|belt|bag) (?:\w+ ){0,3}(?:to|in|round|around|against|over|on) (?:my|me) ?(?:head|mouth|neck|throat|wrist|chest|face)?\b",
        r"\bthis close to (?:swallowing|jumping|doing it|ending|driving|stepping|taking)\b|\balmost (?:jumped|did it|stepped in front|drove (?:off|into))\b",
    ),
    "suicidal_ideation": (
        r"\b(?:slit|slitting|slash|slashing|cut|cutting|open|opening) my (?:wrists?|veins|throat)\b",
        rf"\b(?:think\w*|thought|imagin\w+|pictur\w+|urge|want\w*|tempted|idea|keep|could) {_NEAR}(?:driv\w+|crash\w*|steer\w*|swerv\w+|step\w*|walk\w*|jump\w*|throw\w*|hang\w*|drown\w*) {_NEAR}(?:into a (?:tree|wall|truck|lorry|river)|in front of|off (?:a|the|something)|off the road|into traffic|into the (?:sea|river|water|path|canal)|under a|myself)\b",
        r"\b(?:end|ending|ended|finish|finishing) (?:it all|everything|my life|my own life)\b|\b(?:want|wanted|wanting|going|trying|ready) to end it\b(?! with)",
        r"\b(?:take|taking|taken) my own life\b|\b(?:top|topping|do away with|doing away with|off|offing|unaliv\w+|kms) (?:myself|meself)\b",
        r"\bthoughts? (?:of|about) (?:suicide|ending|killing|doing something to) ?(?:it|myself|my life|things)?\b",
        r"\b(?:suicide|killing myself|dying|being dead) (?:\w+ ){0,5}(?:crosses|crossed|on my mind|every day|all the time|in my head)\b",
    ),
    "passive_suicidal_ideation": (
        r"\b(?:want|wanna|wanted|wish|like|prefer|hope|pray|love|rather) (?:\w+ ){0,3}(?:be|was|were|to be) (?:dead|gone for good|gone forever)\b",
        r"\bhope (?:i|a|that|something) (?:\w+ ){0,4}(?:don't wake|never wake|get hit|gets? me|hits? me|die|run over|takes me|kills me|crash)\b",
        r"\b(?:better|happier|easier|simpler|relieved) (?:\w+ ){0,4}(?:if i (?:were|was|'m)|without me|with me) ?(?:dead|gone|not here|not around|out of the (?:way|picture))?\b(?! there)",
        r"\b(?:dying|death|being dead) (?:would|'d|sounds?|seems?|feels?) (?:\w+ ){0,3}(?:easier|better|nice|like a relief|peaceful|restful|good)\b",
        r"\b(?:go to sleep|fall asleep|go to bed) and (?:not|never|just not) (?:wake|waking|get)\b|\b(?:not|never) wak(?:e|ing) up\b",
        r"\b(?:don't|do not|didn't|no longer) (?:really )?(?:want to|wanna|care if i|mind if i|see the point in) (?:\w+ ){0,2}(?:be alive|live(?: anymore| any more| like this)?|exist|living|carry on|go on)\b",
        r"\b(?:can't|cannot|not sure i can|if i can|couldn't) keep my ?self safe\b|\b(?:don't|wouldn't|didn't) (?:really )?(?:care|mind) if i (?:\w+ )?(?:die|died|live|lived|wake|woke)\b",
        r"\bwish (?:i|god|somebody|someone) (?:\w+ ){0,3}(?:not been born|never (?:been )?born|hadn't been born|didn't exist|would take me|could (?:just )?(?:vanish|not exist))\b",
        r"\b(?:no|what's the|see no|isn't any|not any) (?:point|reason|use) (?:\w+ ){0,3}(?:liv\w+|being alive|going on|carrying on|being here|me being here)\b",
        r"\b(?:a burden|in the way) (?:\w+ ){0,6}(?:gone|dead|without me|not here)\b|\b(?:ready|want) to (?:go|be with (?:him|her|them)) (?:now|in heaven|up there)\b",
    ),
    "self_harm": (
        r"\b(?:cut|cutting|burn|burned|burnt|burning|scratch\w*|carv\w+|slic\w+|stab\w*|harm\w*|hurt\w*|bruis\w+|bit|biting|punch\w*|starv\w+) (?:my ?self|meself)\b(?! (?:out|short|off|some slack|shaving|chopping|cooking|on the))",
        r"\b(?:cut|cuts|cutting|blade|razor|burn\w*|scratch\w*|compass|lighter|cigarettes?|scissors) (?:\w+ ){0,5}(?:my|on my|into my|across my|against my) (?:arms?|legs?|thighs?|wrists?|stomach|skin|hips?)\b(?! (?:\w+ ){0,2}(?:on the|shaving|gardening|cooking))",
        r"\b(?:bang\w*|hit\w*|smash\w*|punch\w*) my (?:head|fist|legs?|face) (?:\w+ ){0,2}(?:against|into|off|until|till|over and over|again and again)\b",
        r"\b(?:pull\w*|tear\w*) (?:\w+ ){0,2}(?:hair|nails|skin) out (?:until|till|so)\b|\b(?:relapsed|started|stopped|back) (?:\w+ ){0,2}cutting\b",
    ),
    "harm_to_others": (
        rf"\b(?:going to|gonna|want to|wanna|wanted to|will|i'll|could|might|thought about|thinking about|think about|thinking of|plan to|afraid (?:i'm|i'll|i'd|i might)|scared (?:i'm|i'll|i'd|i might)|urge to|ready to|tempted to) {_NEAR}(?:kill|stab|shoot|strangl\w+|smother\w*|poison\w*|burn|hurt|hurting|beat|batter|attack|murder\w*|run over|harm|killing|stabbing|shooting|drown\w*|slit|knife) (?:him|her|them|someone|somebody|people|everyone|the lot|that (?:man|woman)|my \w+|his|their|the (?:man|baby|kids))\b",
        r"\b(?:burn|torch|burning) (?:\w+ ){0,2}(?:house|flat|place|car) down (?:\w+ ){0,2}(?:with|while)\b|\bput him in the ground\b|\b(?:teach|make) (?:him|her|them) (?:a lesson|pay for)\b",
        r"\bi (?:\w+ ){0,2}(?:punched|headbutted|glassed|battered|stabbed|bottled|beat up|strangled|choked|knocked out|attacked) (?:a|the|him|her|my|some|this|another)\b(?! (?:in the game|the air|bag))",
        r"\b(?:bought|got|carry|carrying|keep|have) (?:a|the|my) (?:gun|knife|blade|machete|bat) (?:\w+ ){0,6}(?:for him|for her|for them|in case he|wait|use it on|outside)\b",
    ),
    "child_abuse": (
        rf"\b(?:dad|mum|mom|mam|mother|father|stepdad|stepfather|stepmum|uncle|teacher|coach|priest|foster \w+|babysitter|he|she|gary|they|grandad|brother) (?:\w+ ){{0,3}}(?:beats?|hits?|belts?|whips?|kicks?|burned|burnt|burns?|locks?|touch(?:es|ed)|kissed|molest\w+|slaps?|smacks?|shakes?|throws?|threw|shoves?|starves?) {_CHILD}\b(?! (?:up|out of the band))",
        rf"\b(?:used to|would|always) (?:\w+ ){{0,2}}(?:burn|beat|hit|belt|whip|kick|lock|touch|slap|punch) {_CHILD}\b",
        r"\b(?:i|we) (?:\w+ ){0,3}(?:lock\w*|hit|slap\w*|smack\w*|shook|shake|kick\w*|left|leave|dragg\w+|grabb\w+|squeez\w+|threw|bit|burn\w*|tie[ds]?) (?:him|her|them|my (?:son|daughter|baby|kids?)|the (?:kids?|baby|wean)) (?:\w+ ){0,3}(?:in (?:his|her|their|the) (?:room|car|cot|cupboard)|alone|across|round|by the|so hard|all (?:day|night)|up|down the|with (?:a|the|my))\b",
        r"\b(?:told me not to tell|our (?:little )?secret|comes? in(?:to)? my room (?:at|when|and)|touch(?:es|ed) me|gets? in(?:to)? (?:the )?bed with me|makes? me (?:touch|watch|undress|take (?:pictures|photos|my)))\b",
        r"\b(?:nobody|no one) (?:\w+ ){0,3}(?:feeds|fed) (?:us|me|them)\b|\b(?:no food|nothing to eat) (?:\w+ ){0,4}(?:at home|in the house|for days)\b",
    ),
    "dependent_adult_abuse": (
        r"\b(?:slap\w*|hit|hits|push\w*|shov\w+|shout\w* at|grab\w*|drag\w*|ti(?:e|es|ed)|lock\w*|leav\w+|left|restrain\w*) (?:my |his |her )?(?:gran\w*|nan\w*|grandmother|grandfather|grandad|mother|mum|mom|dad|father|old \w+|patient|resident) (?:\w+ ){0,4}(?:because|when|in|to|until|for|if|so|on|up|all)\b",
        r"\b(?:keep\w*|hid\w*|withh\w+|tak\w+|took|stop\w*) (?:\w+ ){0,2}(?:tablets|medicine|medication|pills|food|pension|bank card|money|dentures|glasses|walker|phone) (?:\w+ ){0,2}(?:from|off|away from) (?:her|him|me|mum|mom|dad|gran|nan|the old)\b",
        r"\b(?:carer|nurse|home help|aide|nephew|care home|home|son|daughter) (?:\w+ ){0,2}(?:push\w*|hit\w*|slap\w*|shout\w*|call\w*|steal\w*|took|takes|leaves?|left|handles? me|grabs?|locks?|rough) (?:\w+ ){0,3}(?:me|my|with me|at me|from me|names)\b",
        r"\b(?:lock\w*|fasten\w*|bolt\w*) (?:the|her|his|our|their|my) (?:\w+ )?door (?:from (?:the )?outside|so (?:she|he|i) can't)\b",
    ),
    "domestic_violence": (
        r"\b(?:he|she|they|partner|husband|wife|boyfriend|girlfriend|fella|ex|himself) (?:\w+ ){0,3}(?:hits?|hit|slapp?s?|slapped|punch(?:es|ed)|kick(?:s|ed)|chok(?:es|ed)|strangl(?:es|ed)|grabs|grabbed|shov(?:es|ed)|push(?:es|ed)|burn(?:s|ed|t)|bit(?:es)?|drag(?:s|ged)|threw|throws|spat|spits|pinn(?:s|ed)|headbutt\w*|batter\w*|bate|twist(?:s|ed)|pulls?|pulled|rap(?:es|ed)) (?:me|my (?:hair|arm|wrist|face|throat|neck|head|hand))\b(?! (?:out of the|up from|aside to|leg|off at|in from))",
        r"\b(?:knife|gun|hands?|belt|fist|pillow) (?:\w+ ){0,2}(?:to|round|around|on|over|at|in) my (?:throat|neck|face|head)\b|\bgrabs? me by the (?:hair|throat|neck|arm)\b",
        r"\bwon't let me (?:see|have|work|use|go out|talk|speak|leave the (?:house|flat)|call|drive|sleep)\b|\b(?:he|she) (?:controls|checks|takes|tracks|reads) (?:all )?my (?:money|phone|wages|messages|car keys|every)\b",
        r"\b(?:threaten\w*|says he'll|says she'll|said he'd|said she'd|swears he'll) (?:to )?(?:\w+ ){0,2}(?:kill(?! (?:her|him|them)sel)|hurt|burn|shoot|take the kids|find me|smash|finish)\b",
        r"\b(?:afraid|scared|terrified|frightened) (?:of|to|when|what) (?:\w+ ){0,4}(?:him|her|he|she|husband|wife|partner|boyfriend|girlfriend|home|comes home|do to me|next)\b",
        r"\b(?:made|makes|forced|forces) me (?:\w+ ){0,2}(?:have sex|sleep with|do things in bed|when i (?:said|say) no)\b|\b(?:walk\w*|living) on eggshells\b|\bput (?:his|her) (?:fist|foot|hand) through\b",
        r"\b(?:black eye|bruises?|broken (?:rib|arm|nose|jaw)|split lip) (?:\w+ ){0,8}(?:he|she|him|her|husband|wife|partner|long sleeves|make ?up|door)\b",
    ),
    "psychosis": (
        r"\b(?:i|i've|i keep|i still|i'm) (?:\w+ ){0,3}(?:see|seeing|saw|hear|hearing|heard) (?:\w+ ){0,4}(?:dead \w+|things that aren't|people talking about me|whisper\w*|voices?|nobody there|no one there|nobody else|standing in|calling my name|through the (?:wall|radio|tv|vents))\b",
        r"\b(?:thoughts|mind|brain) (?:\w+ ){0,4}(?:broadcast|being read|stolen|put in|inserted|not (?:my|mine)|controlled|taken out|read by)\b|\b(?:hear|read|know|steal|control)s? my (?:thoughts|mind)\b",
        r"\b(?:fbi|cia|police|government|neighbou?rs|mi5|they|people|church|masons|cameras?) (?:\w+ ){0,3}(?:following|after|watching|tracking|bugg\w+|recording|listening to|poisoning|spying|out to get|plotting|monitoring|filming) (?:on )?(?:me|my|us)\b",
        r"\b(?:they're|he's|she's|somebody's|someone's|they've been) (?:\w+ ){0,2}(?:poison\w*|putting something in|tampering with|gassing) (?:\w+ ){0,2}(?:my|me|the|our) ?(?:food|water|tea|tablets|air)?\b",
        r"\b(?:tv|television|radio|newsreader|adverts?|songs?|number plates|license plates|streetlights) (?:\w+ ){0,4}(?:messages?|talking to me|about me|for me|meant for me|signals?|speaks to me)\b",
        r"\bi(?:'m| am| was) (?:\w+ ){0,2}(?:chosen|the messiah|jesus|god|a prophet|already dead|being controlled|possessed)\b|\b(?:chip|microchip|transmitter|implant|insects|bugs|snakes) (?:\w+ ){0,3}(?:in|under) my (?:head|skin|tooth|teeth|arm|brain|ear)\b",
        r"\bvoices? (?:\w+ ){0,4}(?:tell|tells|telling|said|says|say|commands?|wants? me|in my head|are back|won't stop|saying)\b",
    ),
    "overdose": (
        rf"\b(?:took|taken|swallowed|necked|downed|had|popped) (?:\w+ ){{0,4}}(?:all|twenty|thirty|forty|fifty|sixty|handful|whole|too many|a load|the lot|the rest|ten|fifteen|bottle|packet|\d\d) (?:\w+ ){{0,4}}{_PILLS}\b",
        r"\b(?:hit me with|gave me|needed|had to have) (?:the |two |a )?(?:narcan|naloxone)\b|\b(?:od'd|od'ing|stomach pumped|went blue|stopped breathing)\b",
        rf"\btook (?:\w+ ){{0,3}}{_PILLS} (?:\w+ ){{0,2}}(?:at once|all at once|in one go|to sleep for|to not wake)\b",
    ),
    "substance_use": (
        rf"\b(?:drink\w*|drank|getting through|put away|sink\w*|neck\w*|finish\w*) (?:\w+ ){{0,4}}(?:litre|liter|bottles?|box|case|fifth|half|pack|crate|six|eight|ten|twelve|handle|naggin) (?:\w+ ){{0,4}}(?:{_DRINK} )?(?:\w+ ){{0,2}}(?:a|every|each|per|most|before) (?:day|night|evening|nights|morning|breakfast|bed|weekend|noon|work)\b",
        rf"\b(?:a|two|three|half a) (?:litre|liter|bottles?|fifth) (?:of )?{_DRINK} (?:a|every|each|most) (?:day|night|evening|nights)\b",
        r"\b(?:drive|driving|drove|driven) (?:\w+ ){0,4}(?:drunk|pissed|high|stoned|over the limit|hammered|after (?:a few|drinking)|half cut)\b",
        r"\b(?:drank|drunk|drink|drinking|used|using|smoked|smoking|shooting up|shot up|snorting|picked up) (?:\w+ ){0,3}(?:again|after (?:\w+ ){1,3}(?:sober|clean|months|years|days))\b(?! (?:water|tea|coffee))",
        rf"\b(?:smok\w+|using|use|snort\w*|doing|inject\w*|shoot\w*|taking|on|need|buying|scor\w+) (?:\w+ ){{0,2}}{_DRUG} (?:\w+ ){{0,3}}(?:every|all day|daily|most|each|to (?:sleep|cope|function|get through)|before work|again|again now|on my own|alone|weekends?)\b",
        r"\b(?:wake|woke|waking) (?:up )?(?:\w+ ){0,3}(?:shaking|needing a drink|for a drink)\b|\bdrink(?:ing)? (?:\w+ ){0,3}(?:before (?:work|noon|breakfast)|in the mornings?|to (?:sleep|cope|stop the shakes|get through))\b|\bhid(?:ing|den|e)? (?:the )?(?:bottles|drink|cans|empties)\b",
    ),
    "eating": (
        r"\b(?:haven't|have not|not|didn't|hadn't|barely|hardly) (?:\w+ ){0,2}(?:eaten|eat|eating|ate) (?:\w+ ){0,4}(?:days?|week|since (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))\b",
        r"\b(?:starv\w+|fast\w*) (?:all|myself|for|until|till|the whole) ?(?:week|days?|me)?\b(?! hungry)|\b(?:throw\w*|threw|bring\w*|brought|sick\w*) (?:it |everything |my (?:dinner|food|lunch) )?(?:all )?(?:up|back up|it up) (?:\w+ ){0,3}(?:after|afterwards|every|so i|on purpose|in the shower)\b",
        r"\b(?:lost|losing|dropped) (?:\w+ ){0,4}(?:stone|pounds|kilos|kg|lbs) (?:\w+ ){0,8}(?:not eating|don't eat|skipping|laxatives|running|starv\w+|in (?:\w+ )?weeks)\b",
        r"\b(?:make|made|making) (?:my|her|him) ?self (?:be )?(?:sick|throw up|vomit|puke)\b|\b(?:laxatives?|diet pills|fingers down)\b|\b(?:two|three|four|five|six) hundred calories\b",
    ),
}  # fmt: skip

# What a therapist asks: the answer, not the question, is the finding.
_QUESTIONS: dict[str, tuple[str, ...]] = {
    "suicidal_ideation": (
        r"\b(?:safe to go home|promise me|keep(?:ing)? yourself safe|are you safe|be here (?:on|next|tomorrow)|(?:end|ending|take|taking) your (?:own )?life"
        r"|(?:kill|killing) yourself|suicid\w+|not (?:want\w*|wanting) to (?:be (?:alive|here)|live|wake up)|thoughts of (?:ending|dying|death)"
        r"|better off dead|wish you (?:wouldn't|didn't|hadn't|wouldn't) wake|glad (?:that )?you (?:woke|survived|are still)|thinking (?:about|of) (?:the (?:bridge|tracks|pills|rope)|dying|ending)|safe for you to go|life (?:is not|isn't|wasn't) worth|go to sleep and not wake|thoughts like that tonight)\b",
    ),
    "self_harm": (r"\b(?:hurt\w*|harm\w*|cut\w*|burn\w*|injur\w*) yourself\b|\b(?:are|were|have|been) you (?:still |been )?(?:cutting|self ?harming|burning|scratching)\b|\bstill cutting\b",),
    "domestic_violence": (
        r"\b(?:does|did|has|is|was) (?:he|she|they|your \w+|anyone|anybody) (?:\w+ ){0,3}(?:hit\w*|hurt\w*|push\w*|threaten\w*|frighten\w*|forc\w*|chok\w*|strangl\w*|violent|physical|control\w*|grab\w*) ?(?:you)?\b"
        r"|\braised? (?:a|her|his|their) hands?\b|\bcheck(?:s|ing)? your phone\b|\bkeep(?:s|ing)? (?:you|your) (?:in|from|money)\b|\bother people safe\b"
        r"|\b(?:safe (?:at home|with (?:him|her|them)|in (?:the|your) (?:house|relationship|home))|(?:afraid|scared|frightened) of (?:him|her|your \w+)|laid a hand on you)\b",
    ),
    "child_abuse": (
        r"\b(?:ever )?(?:hit|hurt|smack|shake|slap|harm)\w* (?:your|the) (?:kids|children|baby|son|daughter)\b|\b(?:anyone|anybody|he|she) (?:\w+ ){0,3}(?:touched|hurt|hit|hits) you\b(?= as a child| when you were)",
    ),
    "harm_to_others": (r"\b(?:thoughts?|thinking|urges?|plans?|want\w*|going) (?:of|about|to) (?:\w+ ){0,2}(?:hurt\w*|harm\w*|kill\w*) (?:him|her|them|anyone|anybody|someone|somebody|others|your \w+|the baby)\b",),
    "dependent_adult_abuse": (
        r"\b(?:carer|home|staff|nurses?|family|anyone|anybody|they|son|daughter) (?:\w+ ){0,4}(?:treat|shout|rough\w*|handle|tak\w+ (?:your|her|his) (?:pension|money|card|food)|hurt\w*|hit\w*)\b",
    ),
    "psychosis": (r"\b(?:radio|tv|television|neighbours|neighbors|people|they) (?:\w+ ){0,2}(?:talking about you|sending|watching you|following you|against you)\b|\b(?:hear\w*|see\w*) (?:\w+ ){0,2}(?:voices|things (?:that )?(?:others|other people|aren't|nobody))\b",),
    "eating": (r"\bmak\w+ yourself (?:be )?(?:sick|throw up|vomit)\b|\b(?:skipp?ing|restricting) (?:meals|food)\b|\bbring\w* (?:it|food) back up\b|\bkeep\w* (?:your |any )?(?:meals|food) down\b|\bwhat have you eaten\b",),
    "substance_use": (r"\b(?:are|have|were|did) you (?:been |still )?(?:drinking|using|used|drunk|relapsed|drink)\b(?! (?:the|that|this|it|your))|\bhow's the (?:drinking|using)\b|\bsomething to get you through\b|\bhow much (?:are|were|do) you (?:drinking|drink|using|use)\b",),
    "overdose": (r"\b(?:take|taken|taking) (?:\w+ ){0,2}(?:overdose|too many|more than you should)\b|\b(?:take|taken) (?:more tablets|more pills|anything before)\b",),
}  # fmt: skip

# Beside these the words often mean something harmless: shown as a figure of speech, never left out.
_HARMLESS = re.compile(
    r"\b(?:laughing|laughter|embarrassment|boredom|joke|joking|kidding|in the game|in a game|on the telly|in the film|in the movie"
    r"|in the book|on netflix|series|episode|by accident|accidentally|shaving|in the garden|gardening|at the gym|in the pan|for dinner"
    r"|video game|fortnite|call of duty|boxing|sparring|in the choir|pints? of milk|of water|of tea|of squash|steak|curry|a text"
    r"|chess|the keeper|the goalie|the printer|the spider|wasps?|weeds|the plants|metaphor|barbed wire|the cat scratched)\b"
)


def reads_harmless(passage: Passage) -> bool:
    """Whether words of a joke, a game or a kitchen stand in ``passage``: its slots are then figures of speech."""
    return _HARMLESS.search(" ".join(passage.words)) is not None


def slot_hits(passage: Passage) -> list[tuple[str, Hit]]:
    """The kinds whose patterns ``passage`` matches, each with the words that match."""
    text = " ".join(passage.words)
    asks = passage.question and not passage.by_client
    found = []
    for kind, patterns in (_compiled_questions() if asks else _compiled()).items():
        match = next((hit for pattern in patterns if (hit := pattern.search(text))), None)
        if match is not None:
            start = text.count(" ", 0, match.start())
            found.append((kind, Hit(SLOT, start, start + match.group().count(" ") + 1)))
    return found


@lru_cache(maxsize=1)
def _compiled_questions() -> dict[str, tuple[re.Pattern[str], ...]]:
    return {kind: tuple(re.compile(pattern) for pattern in patterns) for kind, patterns in _QUESTIONS.items()}


@lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[re.Pattern[str], ...]]:
    return {kind: tuple(re.compile(pattern) for pattern in patterns) for kind, patterns in _PATTERNS.items()}
