"""Therapeutic techniques: name, category and the words that speak of them."""

STRATEGIES: dict[str, tuple[str, str]] = {
    "breathing exercises": (
        "relaxation",
        """slow breathing, breathing exercise, deep breathing, deep breath, box breathing,
        paced breathing, belly breathing, breathe in, breathe slowly, breathing technique,
        practice the breathing, the breathing, breathing space""",
    ),
    "muscle relaxation": (
        "relaxation",
        """muscle relaxation, progressive relaxation, tense and release, body scan""",
    ),
    "grounding": (
        "relaxation",
        "grounding, five things you can see, five senses, feet on the floor, five four three two one",
    ),
    "thought records": (
        "cognitive",
        "thought record, thought diary, write down the thought, thought log, record your thoughts",
    ),
    "challenging thoughts": (
        "cognitive",
        """evidence against, evidence for, evidence that, is the thought true, thought is really true,
        alternative thought, balanced thought, challenge the thought, challenge that thought,
        challenging thoughts, thinking trap, cognitive distortion, catastrophizing, reframe, reframing,
        what would you say to a friend, what would you say to a good friend""",
    ),
    "worry time": ("cognitive", "worry time, worry period, postpone the worry, schedule your worry"),
    "worry journaling": ("self-monitoring", "worry log, worry journal, worry diary, worry journal"),
    "behavioural activation": (
        "behavioural",
        """behavioural activation, behavioral activation, activity schedule, pleasant activity,
        pleasant activities, schedule activities, plan one activity, something you enjoy""",
    ),
    "exposure": (
        "behavioural",
        """exposure, fear ladder, face the fear, facing the fear, exposure hierarchy,
        small step toward, habituation""",
    ),
    "behavioural experiments": (
        "behavioural",
        """behavioural experiment, behavioral experiment, test that prediction""",
    ),
    "mindfulness": (
        "mindfulness and acceptance",
        """=mindfulness, =mindful, meditation, meditate, notice the thought, observe the thought,
        let the thought pass, present moment, let it be there""",
    ),
    "self-compassion": (
        "mindfulness and acceptance",
        "self compassion, kind to yourself, kinder to yourself, kindness to yourself, gentle with yourself",
    ),
    "sleep hygiene": (
        "behavioural",
        """sleep hygiene, phone in the kitchen, telephone in the kitchen, same time every night,
        get out of bed when, no screens, screens before bed, bedtime routine, sleep diary, sleep log,
        wind down""",
    ),
    "journaling": (
        "self-monitoring",
        """keep a journal, start journaling, your journal, write in a journal, a diary""",
    ),
    "setting boundaries": (
        "interpersonal",
        "set boundaries, setting boundaries, set a boundary, boundary, boundaries, say no to, saying no to",
    ),
    "assertive communication": (
        "interpersonal",
        "assertive, i statements, i statement, assertiveness, role play, ask for what you need",
    ),
    "communication exercise": (
        "interpersonal",
        """speaker listener, says back what they heard, say back what you heard, reflective listening,
        active listening""",
    ),
    "pacing": (
        "behavioural",
        """=pacing, pace yourself, pacing yourself, activity pacing""",
    ),
    "urge surfing": ("mindfulness and acceptance", "urge surfing, surf the urge, ride the urge, ride it out"),
    "values work": (
        "mindfulness and acceptance",
        "values exercise, your values, what matters to you, values work",
    ),
    "chair work": ("experiential", "chair work, empty chair, two chairs, the other chair"),
    "eye movement desensitisation": ("trauma", "emdr, eye movements, bilateral, tapping sets"),
    "problem solving": (
        "problem solving",
        """problem solving, pros and cons, list of options, smaller steps""",
    ),
    "safety planning": (
        "safety",
        """safety plan, crisis plan, crisis line, warning signs, who could you call, remove the pills,
        lock up the""",
    ),
    "letter writing": (
        "expressive",
        """write a letter to, letter to your, letter you would not send, unsent letter""",
    ),
    "remembrance": ("expressive", "memory box, talk to her photo, light a candle, visit the grave, ritual"),
    "social contact": (
        "behavioural",
        "call one friend, call a friend, reach out to a friend, meet a friend, support group",
    ),
}

# How far a technique got, by the words around it; the first that fits counts.
PRACTICED = """we can try it now, let us try it now, let's try it now, let us try, let's try, let us do,
let's do, let us practice, let's practice, right now with me, together now, breathe in with me,
notice your breath now, we just did, try it with me"""
ASSIGNED = """for homework, your homework, as homework, i want you to, i'd like you to,
i would like you to, would also like you to, i would also like you, could you also, between now and,
before we meet, until we meet, every day this week, every night this week, this week please, please write,
please keep, keep a, try to use, practice it every, practice every, practice this, use it every,
next time it happens, i will try it, i will use, i will keep, i will do it, i'll try it, i'll keep,
write it down every"""
REVIEWED = """last time we, last week we, last session, did you practice, did you try, were you able to,
did you manage, how did it go, how did the, after you practiced"""
REVIEWED_BY_CLIENT = """i practiced, i tried, i used, i have been doing, i've been doing, i did the,
i wrote, it helped, i have been using, i've been using, i kept the, i stopped, did not help, didn't help"""
