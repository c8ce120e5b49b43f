"""Words that speak of one thing, so that a claim may use another word than its evidence.

The topics, feelings and techniques of the rules are such groups already; ``MORE`` adds what a
summary says in other words. Wide groups are harmless here: drugs, diagnoses, numbers, names and
people are checked word for word elsewhere.
"""

from collections.abc import Iterator

from shared.domain.vocabulary import phrases, words
from shared.domain.vocabulary.feelings import FEELINGS
from shared.domain.vocabulary.strategies import STRATEGIES
from shared.domain.vocabulary.topics import TOPICS

MORE = (
    "sleep, insomnia, sleepless, lie awake, lying awake, rest, nightmares, wake up, woke, slept, awake",
    "sad, low, down, unhappy, depressed, tearful, cry, cried, empty, hopeless, low mood, mood",
    "hopeless, finding it hard to hope, empty, numb, despair, pointless, no point, no way out",
    "anxious, anxiety, worried, worry, nervous, panic, afraid, fear, scared, stress, stressed, tense, dread",
    "angry, anger, furious, irritable, irritated, rage, yelled, shouted, resent, conflict, argument, fight",
    "work, job, boss, manager, colleague, office, employment, workplace, career, shift, professional",
    "study, exam, school, university, college, course, class, academic, student, thesis",
    "family, mother, father, parents, brother, sister, son, daughter, relatives, kids, children, aunt, uncle",
    "relationship, husband, wife, partner, marriage, boyfriend, girlfriend, spouse, couple, divorce",
    "grief, died, death, loss, funeral, passed away, mourning, bereavement, bereaved, miss her, miss him",
    """suicide, suicidal, safety, kill my self, killing my self, sue aside, kill myself,
    killing myself, kill yourself, killing yourself, end my life,
    want to die, die, dying, ending your life, ending my life, dead, own life, hurt myself,
    hurting yourself, not wake up""",
    """self harm, safety, cut myself, cutting, hurt myself, hurting yourself, harm myself, burn myself,
    injure, hurting myself""",
    "alcohol, drinking, drink, drunk, wine, beer, vodka, sober, relapse, bottle",
    "drugs, substance, substances, using, weed, cocaine, heroin, pills, high",
    "medication, medicine, pills, tablet, dose, prescription, meds, milligrams, mg",
    "alone, lonely, isolated, isolation, withdrawn, withdrew, nobody, loneliness",
    "tired, exhausted, fatigue, energy, drained, exhaustion, worn out",
    "eat, eating, food, meal, appetite, weight, binge, purge, throw up, ate",
    "money, debt, rent, bills, financial, finances, afford, salary",
    "pain, ill, sick, doctor, hospital, health, headache, illness, symptoms, physical",
    "abuse, violence, safety, hit me, hits me, beat, beats, choked, threatened, violent, hurt, assault",
    "voices, hearing voices, hear voices, whispering, watching me, following me, hallucinations, paranoid",
    "proud, pride, progress, better, improved, improvement, improving, achievement, managed, helped, easier",
    "hopeful, hope, optimistic, looking forward, lighter, relief, relieved",
    "guilty, guilt, fault, blame, ashamed, shame, embarrassed, embarrassment",
    """worthless, self esteem, failure, not good enough, useless, self critical, inadequate, inadequacy,
    confidence, good enough, being hard on yourself, a burden, hate myself,
    stupid, ashamed, self criticism, inner critic, compare myself, imposter, how you see yourself""",
    "breathing, breath, breathe, relaxation, relax, calm",
    "homework, task, practice, exercise, assigned, try, keep, write, write down, log, diary, journal, record",
    "next session, next week, next time, meet again, appointment, see you, follow up",
    "safety, safe, crisis, safety plan, pills, protect, danger",
    "leave, left, quit, escape", "talk, talked, spoke, told, tell, said, conversation, discuss",
    "help, support, supported, helped, cared, stayed with",
    "think, thought, mind, believe, worry, ruminate, rumination, thinking",
    "night, evening, bedtime, late", "morning, wake, early", "child, children, kids, son, daughter, baby",
    "friend, friends, social, people", "exercise, walk, walking, run, running, gym, activity",
    # What notes call what clients say in plainer words.
    "reduce, reduced, reduction, cut down, cut back, down to, down from, less, fewer, halved, dropped to",
    "discontinue, discontinued, ceased, cessation, stop, stopped, came off, come off, packed in, given up",
    "restrict, restricts, restriction, skip, skipped, skipping, nothing to eat, not eaten, crusts, calories",
    "daily, every day, a day, each day, every morning, every night, most days",
    "nightly, every night, most nights, a night, each evening",
    "palpitations, heart racing, heart pounding, heart going, chest, heart",
    "physical symptoms, bodily, sensation, body, chest, heart, stomach, sweating, shaking, tingly, breath",
    "tearful, weep, wept, cry, cried, crying, howled, bawled, sobbed, in bits, tears",
    "irritable, irritability, snap, snapped, snapping, bit her head off, temper, lose it, kicking off",
    "rumination, ruminates, going over, round and round, can't stop thinking, overthinking, thinking",
    "appetite, intake, eat, eating, ate, meal, toast, food, dinner",
    "manage, managed, cope, coped, coping, got through, did it, able to",
    "request, requested, ask, asked, wants, want",
    "wish, wishes, want, wants, would like, hope",
    "separate, separated, separation, left, moved out, split, apart",
    "pain, hurts, sore, aching, killing me, murder",
    "fatigue, exhausted, tired, knackered, shattered, wiped out, worn out, drained",
    "sedation, sedated, drowsy, sleepy, zombie, foggy, groggy",
    "improve, improved, benefit, helped, better, easier",
    "frequency, often, times, once, twice",
    "evening, tonight, night, nights, after tea, bedtime",
    "clinician, prescriber, doctor, doc, gp, nurse, consultant, psychiatrist",
    "cannabis use, smoke, weed, joint, spliff, draw",
    "sober, abstinent, abstinence, not touched, clean, dry, not had",
    "unwell, ill, sick, poorly, not right, not well, bad",
    "deceased, died, dead, passed, gone, lost",
)  # fmt: skip

# Frame of a note, which claims nothing by itself: grammar, who speaks, and that something was said.
FRAME = words(
    """safety speaking appointment
a an the and or but nor so yet for of in on at by to from with without within into onto over under
about above after before between during through until till since as than that this these those there
here then it its it's he she they them their his her hers him i me my mine we us our you your yours
yourself herself himself themselves itself myself who whom whose which what when where why how is
are was were be been being am do does did done doing have has had having can could may might must
shall should will would not no never none neither nor nothing also too very more most much many some
any each every both either few own same other another such only just even still again already yet
now today later first last next once while because if although though however therefore thus up out
off down all client client's patient patient's therapist therapist's clinician counsellor counselor
speaker speakers person participant session sessions one someone somebody reported reports report
described describes describe discussed discusses mention mentioned mentions said says say stated
states state noted notes note expressed expresses express shared shares spoke speaks speak talked
talks talking talk told tells tell explored explores focused focuses turned mainly topic topics
theme themes explained indicated acknowledged identified identifies experienced experiences
experiencing experience feel feels feeling felt feelings currently recently especially including
regarding around things something like well get gets got going go goes came come comes bring brought
brings raised endorsed presented presents presentation presenting related led became become seems
seemed appears appeared words word quoted quote answer question asked ask asks said: named naming
remains remain left open trigger technique techniques transcript risk denied negated past figure
speech mentioned perhaps another somebody else both start end later time until wanted together
further two three"""
)  # fmt: skip


def groups() -> Iterator[tuple[str, ...]]:
    """Each group's phrases: the labels of the rules with their words, and those of ``MORE``."""
    for label, listed in TOPICS.items():
        yield (label, *phrases(listed))
    for label, (_, listed) in FEELINGS.items():
        yield (label, *phrases(listed))
    for name, (category, listed) in STRATEGIES.items():
        yield (name, category, *phrases(listed))
    yield from (phrases(group) for group in MORE)
