"""Words by which names and places are told from other words with a capital letter."""

from shared.domain.vocabulary import words
from shared.domain.vocabulary.facts import GIVEN_NAMES

TITLES = words(
    """mr mrs ms miss mx dr doctor prof professor nurse sister father pastor reverend rev rabbi imam judge
    officer sergeant captain coach principal aunt auntie uncle grandma grandpa chef"""
)
# "My sister Dana", "her partner Lee": the word after is a name, also in small letters if it is one.
KIN = words(
    """sister brother mother father mom mum dad wife husband partner son daughter cousin aunt uncle niece
    nephew friend boyfriend girlfriend fiancé fiancée ex roommate neighbor neighbour boss manager
    teacher therapist sponsor colleague grandmother grandfather stepmother stepfather landlord lawyer
    named called"""
)
# Before a capital letter they say that a place follows.
TOWARDS = words("in at from to near around through via outside across towards toward")
PLACE_NOUNS = words(
    """street avenue road lane drive boulevard court terrace square park lake river beach island hospital
    clinic surgery infirmary pharmacy school elementary college university academy nursery church temple
    mosque synagogue cemetery county city town village avenue station airport prison jail center centre
    hotel restaurant logistics group inc ltd llc bank union services company associates house hall
    heights hills high technical va camp fort st. saint lake mount port north south east west"""
)
# With a capital letter they are no identifiers, or the notes need them.
STAYS = words(
    """i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday mondays tuesdays
    wednesdays thursdays fridays saturdays sundays january february march april may june july august
    september october november december god jesus lord bible quran christmas thanksgiving easter
    halloween ramadan eid hanukkah passover diwali christian catholic muslim jewish buddhist hindu
    mormon islam english spanish french german italian arabic chinese mandarin hindi polish russian
    portuguese american british irish scottish welsh african asian european mexican indian pakistani
    nigerian black white latino latina latinx hispanic native discord facebook instagram tiktok whatsapp
    youtube zoom google twitter reddit netflix medicare medicaid samaritans alcoholics narcotics
    anonymous boxing wi-fi socratic beck columbia hamilton ok okay mr mrs ms dr miss tv internet covid
    speaker mom mum dad mommy mummy daddy grandma grandpa ptsd adhd autism alzheimer's parkinson's
    asperger's"""
)
# Words that open sentences. A word that is not among them, with a verb of a third person after it, is a name.
OPENERS = words(
    """the a an this that these those it he she they we you who what when where why how which there here
    and but or so because if then as at by for from in into of off on out over to up with without about
    after before since until while my your his her its our their mine yours no not yes yeah nope never
    always sometimes often maybe perhaps once twice one two three four five six seven eight nine ten
    some somebody someone something any anybody anyone anything every everybody everyone everything
    nobody nothing none both all most many much more less few another other each either neither work
    school sleep life home money time today tomorrow yesterday tonight last next right well good bad
    fine great thanks thank please sorry hello hi hey oh um uh hmm just only even still also too very
    really do does did is are was were be been am have has had can could will would shall should may
    might must let let's don't didn't can't won't it's that's he's she's they're there's what's who's
    therapy anxiety depression medication drinking family people things part sure like mom mum dad
    mother father sister brother everyone's going getting being nights mornings weekends half lots
    client patient couple mood risk sleep appetite police kids children boss son daughter wife husband
    partner friend doctor dentist nana breakfast lunch dinner tea coffee pain talk tell go come ring
    call ask try keep stop start mobility pacing respite onset"""
) - {"will", "may"}
SAYS = words(
    """is was has had says said does did tells told thinks thought wants wanted knows knew works worked
    lives lived goes went comes came makes made takes took gets got keeps kept calls called texted asked
    gave left loves loved hates hated needs needed will would can could never always still also and
    isn't wasn't doesn't didn't who"""
)
# Names of people that are words besides: with a small letter they are the word.
ALSO_WORDS = words(
    """will may mark hope grace faith rose joy dawn summer april june august art bill rob frank jack pat
    sue gene grant chase chance drew dean guy pearl ruby amber ivy violet daisy iris lily jade sage
    rusty sandy penny robin jay ray max miles rich young long short black white brown green gray grey
    king price bell cook baker mason hunter fisher carter cook day love wise stern strong stone wood
    field hill lake rivers banks fox wolf crane hall park case page berry rice stark sharp noble early
    winter frost snow storm care nice so an do he in on a i in bright little small good best moody
    savage swift power bond cross church bishop pope major sage gay barber parish pike stein ho he she
    we it to see sky skye lane parker marks hand hands head heart"""
)
NOT_PARTS = words("de del della van von der den la le el al bin ibn da dos di the and of jr sr dr mr mrs ms")
# Given names that lists of English ones have no room for.
MORE_GIVEN = words(
    """aaliyah abdul abena abraham adele adrian agnes agnieszka aidan akira alberto aleksander alejandra
    alfred alison amina amira amy anand anastasia andre angel anika anil anita antonio anya aria ariana
    arjun arnold asha astrid audrey ayesha beatrice belinda benedict bernard bernice bertha bianca
    blanca bonnie bridget bridie caleb camila carmen carrie cassandra catalina cecilia cedric celia chad
    chandra chantal cindy clara clarence claudia clayton clifford clint cody colin connie conor cora
    cristina curtis cyril daisuke damien darius darren daryl dean deepak deirdre della derek desmond
    devin diane dina dominic donald doreen doug duane dwayne dylan earl eddie edgar edith edna eduardo
    edwin eileen elaine eleanor eli elias elijah elise ellen elliot elsie emilio emmanuel enrique erica
    erin ernest esther ethel eva fabian faisal felicia felipe felix fernando fiona florence floyd
    frankie freddie frederick gabriela gail garrett gemma geoffrey georgia geraldine gertrude gina
    gladys glenn gordon graham greta gustavo gwen hamza harriet harvey hazel hector herbert hilary
    howard hussein ian ida ignacio imran ines irene isaac isabel ismail ivy jackie jaime jake jamal
    jamie jane janet jared jasmine javier jeanne jeff jerome jill joanna joanne joel johan johnny jonas
    jorge josephine josie joy joyce judy june kai karim karina karl kathy kavita keisha kelvin kerry kim
    kofi krystal kurt kwame lance laila latoya lena leon leonard leroy leslie levi lewis lillian lloyd
    lois lola lorena lorraine louis louise lucia lucille luisa lydia lynn mabel mable malik manuel
    marcia margot mariana marina mario marlene marsha marta martin marvin matilda mateo maureen maurice
    maya mehmet melvin mercedes mildred milton mina minh miranda miriam mohamed molly monica morgan
    moses muriel myra nadia naomi nasser neil nelson nia nigel nikhil nina nora norma norman olaf olive
    omari orlando otto owen pablo paige pam paolo patty paula pauline pearl pedro peggy penelope perry
    phyllis pranav rafael rahul ramon raquel rashid raul reggie regina renee rhonda ricardo rick ricky
    rita roberta roberto robin rodney roland roman rosa rosemary ross roxanne ruby rudy rupert sabrina
    sadie salma salvador sanjana santiago saul sergio seth shane shannon shawn sheila sherry shirin
    sidney silvia simon simone sonia sonya spencer stacy stan stanley stella stuart sunita suresh sven
    svetlana sylvia tamara tania tara tariq ted thelma theodore tiffany tim tina todd tomas tracy trevor
    tristan trudy vanessa vera vernon veronica vijay viktor vikram violet vivian walt wanda warren wendy
    wesley wilma winston xavier yolanda yvette yvonne zara zainab"""
)
NAMES = (GIVEN_NAMES | MORE_GIVEN) - ALSO_WORDS
