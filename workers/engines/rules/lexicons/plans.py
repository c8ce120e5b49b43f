"""Words by which people agree on what comes next, and by which they leave something open."""

NOT_AN_INTENTION = """i will try it, i'll try it, i will never, i'll never, i will lose, i'll lose,
i am going to lose, i'm going to lose, i will fail, i'll fail, i'm going to fail, i will die, i'll die,
i could not, i couldn't, i could see, i could have, i will always, i'll always, i could hear,
i could feel, i'll be, i will be, i am going to be, try to sleep"""
CATEGORIES: dict[str, str] = {
    "self-monitoring": "log, diary, journal, write, record, note down, thought record, track, list",
    "medical": "doctor, gp, psychiatrist, medication, pharmacy, appointment with",
    "safety": "crisis, safety plan, lock, remove, emergency",
    "contact": "call, text, email, talk to, reach out, friend, brother, sister, visit, meet, tell, ask",
    "sleep": "bed, phone in the kitchen, sleep, screens, alarm",
    "practice": """breathing, breathe, practice, practise, meditate, grounding, exercise, exposure,
        relaxation""",
    "activity": "walk, gym, swim, run, garden, cook, go for, go to, activity",
}
COME_BACK = """next time, next session, come back to, pick up, talk more about, talk about it then,
continue with, another day, more about that next, another time, not today"""
NOT_COME_BACK = """last time, next time it happens, next time you feel, next time i feel,
before next time, come back to work, come back to me, before the next, pick up the phone, pick up my,
pick up the kids"""
UNRESOLVED = """i still don't know, i still do not know, i don't know how, i do not know how,
i don't know what, i do not know what, i don't know if, i do not know if, i don't know whether,
we do not know, we don't know, not sure how, not sure if, not sure what, not sure whether,
can't figure out, cannot figure out, no idea how, no idea what, i keep wondering, i wonder if,
still worried, still afraid, still scared, still angry, still feel, i am stuck, i'm stuck, haven't told,
have not told, i can't decide, i cannot decide, what if, i'm afraid that, i am afraid that,
still have not, still haven't, still can't, still cannot"""
