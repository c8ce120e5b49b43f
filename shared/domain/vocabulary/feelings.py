"""Words of feeling: themes with their valence, and how strongly they are meant."""

# label: (valence, words); valence -2 .. +2
FEELINGS: dict[str, tuple[int, str]] = {
    "anxiety": (
        -1,
        """anxious, anxiety, nervous, on edge, tense, panicky, panic, panicked, restless, freaking out""",
    ),
    "worry": (-1, "worried, worry, worrying, concerned"),
    "fear": (
        -1,
        """afraid, fear, scared, frightened, terrified, dread, eggshells, could not breathe,
        couldn't breathe, panic attack, frightens me""",
    ),
    "sadness": (
        -1,
        """sad, sadness, down, tearful, crying, cried, cry, heartbroken, unhappy, miserable, low,
        =flat, gutted, in bits, curl up, kills me, mostly down, tears""",
    ),
    "hopelessness": (
        -2,
        """hopeless, pointless, no point, nothing will change, despair, no way out, feel empty,
        felt empty, and empty, so empty, empty inside, numb""",
    ),
    "guilt": (-1, "guilty, guilt, my fault, blame myself, i should have"),
    "shame": (
        -1,
        "ashamed, shame, embarrassed, humiliated, embarrassing, pathetic, an idiot, hate myself for",
    ),
    "worthlessness": (-2, "worthless, useless, failure, not good enough, hate myself, a burden, burden"),
    "anger": (
        -1,
        """angry, anger, furious, irritated, mad at, annoyed, rage, resentful, frustrated, frustrating,
        pissed off, fed up, =hate, snapped, lost it, lost my temper, yelled, wound up""",
    ),
    "loneliness": (-1, "lonely, alone, isolated, loneliness, nobody understands"),
    "grief": (-1, "grief, grieving, miss her, miss him, miss them, mourning, loss"),
    "exhaustion": (
        -1,
        """exhausted, tired, drained, worn out, no energy, overwhelmed, burnt out, burned out,
        hanging by a thread, end of my tether, had enough, on my knees, running on empty""",
    ),
    "difficulty": (
        -1,
        """difficult, terrible, awful, horrible, worse, worst, unbearable, hard week, struggling, bad""",
    ),
    "calm": (1, "calm, calmer, relaxed, peaceful, at ease, settled"),
    "hope": (1, "hope, hopeful, optimistic, looking forward, light at the end"),
    "relief": (1, "relieved, relief, lighter, weight off"),
    "joy": (2, "happy, joy, enjoyed, fun, laughed, excited, great, wonderful, good day"),
    "pride": (1, "proud, pride, accomplished, i managed, i did it"),
    "gratitude": (1, "grateful, thankful, appreciate"),
    "improvement": (1, "better, improved, easier, helped, good week"),
}
# These move the mood but are too plain to be a theme.
NOT_THEMES = frozenset({"difficulty", "improvement"})
# Homonyms: a feeling's word that is not one in these company.
NOT_A_FEELING = """thank you, thanks, write down, writes down, wrote down, written down, writing down,
sit down, sat down, lie down, calm down, wind down, let me down, step down, slow down, it down, that down,
so hard that i cried, broke down the, put down, went down, come down, came down, low battery, low dose,
no longer afraid of, better off, good morning, hope you, hope to see, i hope so, i hope that, had better,
bad at names, down the, down to, loss of, miss them all, lying down, laid down, set it down, turn it down,
worst case, tired of living"""
SEVERE = """panic, panicked, could not breathe, couldn't breathe, terrified, unbearable, worst,
fell apart, collapsed, shaking, screamed, passed out, falling apart, broke down, can't cope,
could not cope, completely, threw up"""
MILD = """a bit, a little, slightly, somewhat, kind of, sort of, mildly"""
INTENSE = """never, always, everyone, nobody, everything, nothing, first time, so much, really,
completely, ever, hate, love, years, forever, opened, cannot stop, can't stop, cried, heart, alone,
ashamed, realised, realized, i thought"""
# Distress that is told by the body or by what happened, for finding what set it off.
DISTRESS = """felt sick, feel sick, could not breathe, couldn't breathe, can't breathe, heart started,
heart races, heart was racing, heart pounds, heart was pounding, shaking, froze, freeze, my chest,
stomach, makes it worse, made it worse, spiral, shut down, fell apart, lost control, threw up, throw up,
was shaking, could have murdered, lost it, snapped, panic attack, went mad, up against, curl up"""
# Another person who may be the one that feels it.
PEOPLE = """he, she, they, you, everyone, people, wife, husband, boss, brother, sister, mother, father,
mom, mum, dad, friend, son, daughter, partner, boyfriend, girlfriend, colleague, manager, neighbor,
neighbour"""
# How people begin an image for what they feel.
IMAGES = """it was like, it is like, it's like, feels like, felt like, as if, as though"""
