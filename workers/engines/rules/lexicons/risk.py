"""Words of risk: kind, how grave a plain statement of it is, and the phrases that speak of it.

Phrases are matched by stem and, where they are long, with the tolerance of ``matching``; some are
spelled as a speech engine mishears them. Wide on purpose: a mention too many is read and put aside,
one too few is not read at all.
"""

# kind: (severity of an affirmed present statement, phrases)
RISKS: dict[str, tuple[str, str]] = {
    "passive_suicidal_ideation": (
        "medium",
        """wish i was dead, wish i were dead, better off dead, better off without me,
        don't want to be here anymore, not want to be here anymore,
        don't want to be alive, do not want to be alive, do not want to live, don't want to live,
        not wake up, never wake up, don't want to wake up, no point in living, no reason to live,
        nothing to live for, life isn't worth, life is not worth, not worth living, tired of living,
        tired of being alive, wish i had never been born, wish i could disappear, rather be dead, wish it would all end, can't go on, cannot go on,
        be gone forever, no longer want to live, thinking about dying, thinking about dyeing, think about dying,
        thought about dying, thoughts of dying, thoughts about dying, thoughts of death, wish to be dead,
        want it all to be over, not safe with myself""",
    ),
    "suicidal_ideation": (
        "high",
        """suicide, suicidal, kill myself, kill yourself, kill himself, kill herself, kill themselves,
        end my life, end your life, ending your own life, end your own life, ending my own life,
        end my own life, shooting myself, hanging myself, drowning myself, think of suicide,
        thought of suicide, end his life, end her life, end it all, pills to end it,
        trying to end it, take my own life, take your own life,
        take his own life, take her own life, took his own life, took her own life, take my life,
        want to die, wanted to die, wants to die, wanting to die, hang myself, shoot myself,
        gun in my mouth, gun to my head, pistol in my mouth, pistol to my head,
        noose around, not be alive,
        drown myself, jump off a bridge, jump off the bridge, jump off the roof, jump off a roof,
        jump off a building, jump off the balcony, jump off something, jump in front, suicide all,
        sue aside, sue a sidle, so a sidle thoughts, kill my self""",
    ),
    "suicide_plan": (
        "high",
        """plan to kill myself, plan to end my life, a plan for suicide, suicide plan, saving up pills,
        saving up my pills, saved up pills, saved up my pills, stockpiling pills, stockpiling my,
        wrote a goodbye, goodbye letter, goodbye note, suicide note, gave away my things, plan to hurt""",
    ),
    "suicide_intent": (
        "high",
        """going to kill myself, gonna kill myself, going to end my life, going to end it,
        i will kill myself, i'll kill myself, intend to die, intend to kill, ready to die,
        i have decided to die""",
    ),
    "suicidal_behaviour": (
        "high",
        """tried to kill myself, tried to end my life, tried to take my, suicide attempt,
        attempted suicide, attempt suicide, took all the pills, took all my pills, took a whole bottle,
        tried to hang, tried to kill himself, tried to kill herself, put a rope""",
    ),
    "self_harm": (
        "high",
        """self harm, self-harm, hurt myself, hurting myself, hurt yourself, hurting yourself,
        harm myself, harming myself, harm yourself, harming yourself, cut myself, cutting myself,
        cut yourself, cutting yourself, cut my legs, cut my wrist,
        cut my wrists,
        burn myself, burned myself, burning myself, hitting myself, scratch myself,
        bang my head, banging my head, punish myself, injure myself, started cutting, been cutting""",
    ),
    "harm_to_others": (
        "high",
        """yourself or anyone, yourself or someone, yourself or others, yourself or somebody,
        hurt someone, hurting someone, hurt somebody, hurting somebody, harm someone, harm others,
        harming others, hurting others, hurt others, kill someone, kill somebody, kill him, kill her,
        kill them, kill my wife, kill my husband, kill my mother, kill my father, kill my
        boss, kill my ex,
        stab my wife, stab my husband, stab my mother, stab my father, stab somebody, hurt my wife,
        hurt my husband, hurt my mother, hurt my father, hurting anyone, harming anyone,
        hurting anyone else, hurt anyone, hurt him, hurt her,
        hurt them, beat him up, beat her up, strangle him, strangle her, shoot him, shoot her, stab him,
        stab her, hit my wife, hit my husband, hit my girlfriend, hit my boyfriend""",
    ),
    "child_abuse": (
        "high",
        """child abuse, abused as a child, abused when i was, molested, touched me when i
        was, hit my son,
        hit my daughter, hit my child, hit the kids, hits the kids, hitting the kids, hits our son,
        hits our daughter, hits my son, hits my daughter, beats the kids, hurt my child,
        hurt the kids, hurt my baby, hurt the baby, hit the baby, hurting my baby,
        hurting the baby, hurting my child, drop the baby, slapped my son, slapped my daughter,
        hurts the kids, shake the baby, shook the baby, left the kids alone, my father beat me,
        my mother beat me, my father hit me, my mother hit me, beat me as a child, neglected as a child,
        hits the children, hit the children, hitting the children, inappropriately touched""",
    ),
    "dependent_adult_abuse": (
        "high",
        """elder abuse, hits my mother, hits my grandmother, hits my grandfather, takes her pension,
        steals from my grandmother, hit my mother, ties her to the bed, locks her in, the
        carer hits, takes my bank card, took my bank card,
        takes my pension, took my pension, takes my money, locked me in my room, locks me in my room,
        hit my grandmother, slapped my mother, hits my father, hit my father""",
    ),
    "domestic_violence": (
        "high",
        """he hits me, she hits me, he hit me, she hit me, hits me, beats me, choked me, strangled me,
        pushed me against, pushed me down, slapped me, threatened to kill me, threatens me,
        threatened me,
        afraid of my husband, afraid of my wife, scared of my husband, afraid of my partner,
        scared of my partner, afraid of my boyfriend, scared to go home, not safe at home,
        feel safe at home, unsafe at home, raped, sexually assaulted, he rapes me, forced himself on me,
        forced me to have sex, won't let me leave, controls my money, domestic violence, afraid to go home""",
    ),
    "psychosis": (
        "medium",
        """voices are back, voices say, hearing voices, hear voices, on the news
        is talking about me,
        people are after me, they are after me, cameras in my, heard voices, voices tell me,
        voices telling me, voice telling me,
        voice tells me, they are watching me, they're watching me, people are following me,
        being followed, seeing things, see things that are not there, see things that aren't there,
        hallucinate, hallucination, reading my thoughts, can read my mind, read my thoughts, chip in my, talking about me on tv, poisoning my food, spying on me""",
    ),
    "overdose": (
        "high",
        """overdose, overdosed, took too many pills, take too many pills, took too many tablets,
        taken too many pills""",
    ),
    "substance_use": (
        "medium",
        """drinking every night, drinking every day, drink every night, drink every day,
        drinking a bottle, bottle of wine a night, bottle of vodka, blacked out, black out drunk,
        drunk every, relapsed, relapse, using again, cocaine, heroin, meth, fentanyl,
        drinking too much, drink too much, drove drunk, drunk driving, drinking alone,
        drinking in the morning, opioids, high every day, drinking again, started drinking,
        drink more than""",
    ),
    "eating": (
        "medium",
        """make myself throw up, made myself throw up, makes herself throw up, making myself sick,
        made myself sick, purging, purged, starving myself, starve myself, laxatives, binged,
        bingeing, stopped eating, not eaten for days, haven't eaten for days, haven't eaten in days,
        not eating anything, skip all my meals, anorexia, anorexic, bulimia""",
    ),
}

# A phrase that is about risk only next to another mention of suicide (within a few sentences).
ONLY_IN_CONTEXT = """how i would do it, plan for how, plan how you, picked a date, picked a day,
know how i would, thought about how i would, have a plan to, written my will, going to do it tonight,
mean to do it, won't be here next week, will not be here next week, i have a plan, have a plan,
had a plan, a specific plan, any plan, any plans, no plan, made a plan, going to do it, i would do it,
the pills, my pills, means to do, the bridge, a rope, a gun, how i'd do it, intent, intend to,
act on them, act on it, act on these thoughts, act on those thoughts"""

PAST = """years ago, year ago, when i was a, when i was in, when i was young, when i was little,
when i was younger, when i was six, when i was seven, when i was eight, when i was nine, when i was ten,
when i was eleven, when i was twelve, when i was thirteen, when i was fourteen, when i was fifteen,
when i was sixteen, when i was seventeen, when i was eighteen, when i was nineteen, when i was twenty,
as a teenager, as a child, as a kid, back then, in high school, in college, at university,
a long time ago, in the past, in my twenties, used to, in my teens, my childhood, growing up,
before i met, last year, decades ago, when he was a, when she was a, when you were, at that age"""
STILL = """again, still, now, lately, these days, recently, this week, today, last night, tonight,
anymore, yesterday"""
FIGURATIVE = """=feelings, burning myself out, myself out at, him a text, her a text, them a text, a message,
without a hug, relapse prevention, overdosed on, put myself, it would kill, would kill him to, would kill her to, life back, life
seriously,
go on holiday, go on vacation, live with my, live with him, live with her, live there, it hit me,
beats me why, beats me how, things differently, things clearly,
of embarrassment, of shame when, of boredom, laughing, for a coffee, for a cigarette, =joking, =kidding,
just a joke, figure of speech, so funny, from laughing, of laughter, in the game, in a game, in the
movie,
in the film, the song, on netflix, in the book"""
OTHERS = """my brother, my sister, my mother, my father, my friend, my son, my daughter, my husband,
my wife, my uncle, my aunt, my cousin, my boss, my mom, my mum, my dad, my neighbor, my colleague,
my partner, my boyfriend, my girlfriend, a friend, he, she, they, someone, people, somebody, grandmother,
grandfather"""
DENIED = """no, nope, never, not at all, nothing like that, god no, of course not, absolutely not,
definitely not, i would never, i wouldn't, i would not, i haven't, i have not, i don't, i do not, no way,
none, i never"""
AFFIRMED = """they do, he does, she does, it is, they are, i can, yes, yeah, yep, yup, sometimes, i have, i do, i did, a little, kind of, sort of, i guess,
maybe, often, every night, every day, almost, once, a few times, last week, occasionally, mm hmm, mhm,
on and off, i think so, it crossed, most, all the time, who hasn't, only when, only at, now and then,
from time to time, for years, for months, since, lately, of course i have, can't say i haven't, aye,
the odd time, here and there, not for a while, not for, not since, not in a while, not this week,
not till, not until"""
HEDGED = """not really, but, although, except, i guess, sometimes, not exactly, not anymore, maybe,
i don't know, i do not know, just that, not seriously, until, only when"""

# What the words may mean on the Columbia scale (C-SSRS, Posner 2011): ideation 1 (wish to be dead),
# 2 (thoughts of killing oneself), 3 (with a method), 4 (with intent), 5 (with a plan), preparation,
# behaviour. The highest that they can mean, for a clinician to rate.
COLUMBIA = {
    "passive_suicidal_ideation": "1", "suicidal_ideation": "2", "suicide_intent": "4",
    "suicide_plan": "5", "suicidal_behaviour": "behaviour",
}  # fmt: skip
COLUMBIA_ORDER = ("1", "2", "3", "4", "5", "preparation", "behaviour")
METHOD = """hang myself, hanging myself, shoot myself, shooting myself, drown myself, drowning myself,
jump off, jump in front, pills to end it, the pills, my pills, the bridge, a rope, a gun, how i
would do it,
how i'd do it, overdose, cut my wrists"""
PREPARATION = """saving up pills, saving up my pills, saved up pills, saved up my pills, stockpiling
pills,
stockpiling my, wrote a goodbye, goodbye letter, goodbye note, suicide note, gave away my things,
bought a rope, bought a gun, written my will"""
# After a sentence on risk, a therapist's question that is about it.
AND_YOU = "do you, have you, did you, are you, what about you, and you, how about you"
