"""Words by which people agree on what comes next, and by which they leave something open."""

THERAPIST_ASKS = """i want you to, i'd like you to, i would like you to, i would also like you to,
i'd also like you to, i want you to try to, for homework, your homework is to,
your homework this week is to, as homework, for this week, this week i want you to, this week please,
before next time, before we meet again, between now and next, could you also, can you try to,
would you be willing to, your task is to, i suggest that you, i am going to ask you to,
i'm going to ask you to, please write, please keep, please try to, try to, keep a, see if you can"""
CLIENT_INTENDS = """i will, i'll, i am going to, i'm going to, i plan to, i could, i can try,
i want to try, i promise to, i have decided to, i've decided to"""
# A client's "I will" is an intention only with something to do or a time to do it.
DOABLE = """try, call, text, email, write, keep, talk to, ask, practice, practise, go to, go for, go back,
walk, leave, make, book, visit, meet, use, read, take, start, stop, tell, see my doctor, cook, swim, run,
sign up, set, put, bring, tonight, tomorrow, this week, this weekend, every day, every night,
every morning, sunday, monday, tuesday, wednesday, thursday, friday, saturday"""
NOT_AN_INTENTION = """i will try it, i'll try it, i will never, i'll never, i will lose, i'll lose,
i am going to lose, i'm going to lose, i will fail, i'll fail, i'm going to fail, i will die, i'll die,
i could not, i couldn't, i could see, i could have, i will always, i'll always, i could hear,
i could feel, i'll be, i will be, i am going to be, try to sleep"""
NOT_A_TASK = """let us try, let's try, did you try, when you try to, how do you, what do you, you try to,
i try to, people"""
CATEGORIES: dict[str, str] = {
    "self-monitoring": "log, diary, journal, write, record, note down, thought record, track, list",
    "medical": "doctor, gp, psychiatrist, medication, pharmacy, appointment with",
    "safety": "crisis, safety plan, lock, remove, emergency",
    "contact": "call, text, email, talk to, reach out, friend, brother, sister, visit, meet, tell, ask",
    "sleep": "bed, phone, telephone, phone in the kitchen, sleep, screens, alarm",
    "practice": """breathing, breathe, practice, practise, meditate, grounding, exercise, exposure,
        relaxation""",
    "activity": "walk, gym, swim, run, garden, cook, go for, go to, activity",
}
APPOINTMENT = """see you next, see you in, see you on, see you again, meet again, next appointment,
next session is, next session, same time next, i will see you, i'll see you, meet next, our next"""
TIMES = """monday, tuesday, wednesday, thursday, friday, saturday, sunday, next week, in two weeks,
in a week, in three weeks, next month, tomorrow, same time, in a month, fortnight"""
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
