"""The named slots: people, parts of the body, means and doses that the patterns of several kinds share."""

SLOTS = {
    "me": "i|i'm|i've|i'd|i'll",
    "myself": "myself|my self|my own self|me self",
    "gonna": "going to|gonna|goin to|about to",
    "parent": (
        "dad|daddy|da|father|mum|mummy|mam|mammy|mom|mommy|ma|mother|step ?dad|step ?mum|step ?mom|step ?father|step ?mother"
        "|foster (?:mum|mom|dad|mother|father|carer|parents?|family|brother)|parents|uncle|auntie|aunty|aunt|gran|granny|nan|nana|grandad"
        "|granddad|grandpa|grandma|grandfather|grandmother"
    ),
    "minder": "coach|teacher|priest|pastor|imam|babysitter|childminder|lodger|tutor|headmaster|scoutmaster|cousin|brother|sister",
    "partner": (
        "husband|wife|partner|boyfriend|girlfriend|fella|bloke|missus|other half|ex|ex husband|ex wife|fiance|fiancee|spouse|hubby|himself|herself|old man"
        "|my man|in laws"
    ),
    "he": "he|she|they|he's|she's|they're|he'd|she'd|he'll|she'll|they've|<partner>",
    "kin": "<parent>|<minder>|<partner>|son|daughter|niece|nephew|boss|manager|neighbours?|neighbors?|landlord|foreman|friend|mate|colleague|stepson|grandson",
    "person": (
        "him|her|them|someone|somebody|people|everyone|everybody|anyone|anybody|that (?:man|woman|boy|girl|bastard|bitch|fella|lot|teacher|boss)"
        "|(?:my|his|her|our|the|that) (?:\\S+ )?(?:<kin>|man|woman|boys?|girls?|baby|kids?|lads?|lot|place)"
    ),
    "child": (
        "(?:my|our|his|her|their|the|that|your|a|some|next door's) (?:\\S+ )?(?:sons?|daughters?|boys?|girls?|kids?|child|children|bab(?:y|ies)|toddler|little (?:one|ones|boy|girl|brother|sister|lad)"
        "|step ?son|step ?daughter|grandson|granddaughter|grandkids|grandchildren|nephews?|nieces?|wean|weans|bairns?|young(?:est|er)|eldest|twins|wee (?:one|boy|girl|lad|brother|sister|fella)|infant|pupil)"
    ),
    "elder": (
        "(?:my|our|his|her|their|the|an|old|own|elderly|poor|disabled|autistic|blind|frail|late) (?:(?:old|own|elderly|poor|disabled|autistic|blind|frail|late|deaf) )*"
        "(?:mother|mother in law|father in law|mam|mum|mom|mammy|mama|father|dad|da|grans?|granny|grannies|nan|nana|nanna|grandmother|grandma|grandfather|grandad|granddad|grandpa|grandparents|great aunt"
        "|(?:old|elderly) (?:man|men|lady|ladies|woman|women|boys?|girls?|fella|fellas|folk|folks|people|ones|aunt|uncle|neighbour|neighbor|dear|dears)|patients?|residents?|pensioners?|dear|lady i care for|man i care for)"
    ),
    "vulnerable": (
        "dementia|alzheimer\\S*|had a stroke|stroke|parkinson\\S*|wheelchair|bedbound|bedridden|paralysed|paralyzed|learning (?:disabilit\\S+|difficult\\S+)|down's|downs|disabled|autistic|care home|group home|nursing home"
        "|residents?|carers?|caregiver|support worker|can't (?:speak|talk|walk|move|feed|see|answer|tell)|registered blind|blind|frail|incontinent|commode|zimmer|her memory|his memory"
        "|(?:seventy|eighty|ninety)(?: \\w+)?"
    ),
    "beats": (
        "hits?|hitting|beats?|beating|beaten|bate|slap(?:s|ped|ping)?|smack(?:s|ed|ing)?|punch(?:es|ed|ing)?|kick(?:s|ed|ing)?|belt(?:s|ed|ing)?|whip(?:s|ped|ping)?|thump(?:s|ed|ing)?|batter(?:s|ed|ing)?|leather(?:s|ed|ing)?"
        "|clout(?:s|ed|ing)?|flog(?:s|ged|ging)?|caned|canes|thrash(?:es|ed|ing)?|wallop(?:s|ed|ing)?|bash(?:es|ed|ing)?|clobber(?:s|ed|ing)?|chok(?:es|ed|ing)|strangl(?:es|ed|ing)|throttl(?:es|ed|ing)|headbutt(?:s|ed|ing)?"
        "|stamp(?:s|ed|ing) on|lays? into|laid into|laying into|burn(?:s|ed|t|ing)?|scald(?:s|ed|ing)?|pinch(?:es|ed|ing)?|shov(?:es|ed|ing)|shook|shak(?:es|ing)|drag(?:s|ged|ging)|bit|bites|biting|hurts?|hurting|lash(?:es|ed) out at|went for|goes for"
        "|throws? things at|threw (?:\\S+ )+at|knock(?:s|ed|ing)|grab(?:s|bed|bing)|push(?:es|ed|ing)|slam(?:s|med|ming)|bruis(?:es|ed|ing)|attack(?:s|ed|ing)"
    ),
    "touches": "touch(?:es|ed|ing)|fiddl(?:es|ed|ing) with|interfer(?:es|ed|ing) with|molest(?:s|ed|ing)?|grop(?:es|ed|ing)|fondl(?:es|ed|ing)|kiss(?:es|ed|ing)|rap(?:es|ed|ing)|abus(?:es|ed|ing)|mess(?:es|ed|ing) with|play(?:s|ed|ing)? with|feels? up",
    "instrument": "belt|cane|strap|slipper|stick|shoe|extension cord|cord|flex|cable|buckle|wire|hose|hosepipe|hanger|ruler|whip|wooden spoon|broom|iron|cigarettes?|poker",
    "own": "(?:my|me) (?:\\S+ )?(?:arms?|forearms?|legs?|thighs?|wrists?|stomach|belly|tummy|skin|hips?|ankles?|chest|ribs|shoulders?|feet|calf|calves)",
    "blade": "blades?|razors?|razor blade|compass|compass point|safety pins?|stanley|scalpel|glass|scissors|knife|needle|pin|lighter|straighteners|hob|iron|cigarettes?|fag|staples?|sharpener",
    "pills": (
        "pills?|tablets?|xanax|paracetamol|tylenol|ibuprofen|meds|medication|medicine|packets?|box|boxes|bottle|insulin|oxys?|percs?|valium|vallies|diazepam|sertraline|morphine|fentanyl|benzos?|sleepers|sleeping stuff"
        "|co ?codamol|codeine|tramadol|methadone|antihistamines?|aspirin|beta ?blockers?|antidepressants|amitriptyline|quetiapine|zopiclone|temazepam|lorazepam|painkillers|tabs|doses?|capsules|patches|strips?|blister packs?|stash"
    ),
    "drink": "vodka|whisk(?:e)?y|gin|wine|beers?|cans?|rum|tequila|cider|bourbon|spirits|drinks?|pints?|shots|bottles?|brandy|sherry|booze|lager|stout|scotch|poteen|poitin|moonshine|ogogoro|toddy|soju|sake|schnapps|port|buckfast|the hard stuff",
    "drug": (
        "cocaine|coke|heroin|meth|crystal|crack|ketamine|ket|mdma|speed|oxys?|percs?|pills|weed|dope|spice|fent|fentanyl|benzos?|xanax|adderall|smack|gear|ritalin|pregabalin|gabapentin|codeine|tramadol|diazepam|valium|vallies|zopiclone"
        "|morphine|oxycontin|oxycodone|vicodin|percocet|lean|mandy|acid|ghb|mephedrone|downers|uppers|hash|skunk|khat|a line|lines|the pipe|joints?|spliffs?|painkillers|pain pills|nos|balloons|gas|glue"
    ),
    "count": "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|twenty|thirty|forty|fifty|sixty|\\d+|a couple of|a few|several|a dozen|half a dozen|a hundred",
    "daily": "a|per|every|each|most|nearly every|almost every|any|the whole|all",
    "span": "day|days|night|nights|evening|evenings|morning|mornings|weekend|weekends|shift|week|breakfast|lunchtime|dinnertime|teatime|hour",
    "gun": "gun|rifle|pistol|shotgun|revolver|handgun|firearm",
    "weapon": "<gun>|knife|knives|blade|machete|hammer|lump hammer|axe|hatchet|crowbar|baseball bat|bat|acid|petrol|shank|screwdriver|sword|bottle",
    "rope": "rope|noose|belt|cord|flex|cable|ligature|dressing gown cord|scarf|lead|bag|knot|sheet",
    "height": "bridge|roof|cliffs?|ledge|railings?|balcony|parapet|edge|flyover|car park|multi ?storey|viaduct|barrier|window|quarry|overpass|top floor",
    "water": "river|sea|canal|lake|loch|lough|reservoir|water|weir|quay|ocean|dock|pier",
    "rails": "train|trains|tracks?|line|platform|rails|tube|lorry|lorries|truck|bus|traffic|motorway",
    "think": (
        "think|thinks|thinking|thought|thoughts|idea|ideas|imagin\\w+|pictur\\w+|fantasi\\w+|consider\\w*|wonder\\w*|contemplat\\w+|toy\\w* with|mull\\w*|daydream\\w*|dream\\w* (?:of|about)|urges?|tempt\\w+|debat\\w+|plan\\w*|head keeps saying|mind wanders"
    ),
    "wish": "wish|wishing|wished|hope|hoping|hoped|pray|praying|prayed|beg|begging|want|wanting|love|rather|sooner|prefer|ask|asking|ready|like",
    "fear": "afraid|scared|frightened|terrified|worried|petrified|fear|fright|dread",
}
