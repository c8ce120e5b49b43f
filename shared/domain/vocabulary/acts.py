"""Acts and states that change what a note means: a claim names one only if it was said, in these words or others.

Each line is one act or state: left of the bar the words by which a claim names it, right of it further words that
support it. Its opposite is another line, so that "increased" is never supported by "takes".
"""

from shared.domain.vocabulary import phrases

# Death, harm and violence; substances and care; thought, body, work, people.
_LINES = """
suicide, suicidal, kill herself, kill himself, kill themselves, killing herself, killing himself, end her life, end his life, ending her life, ending his life, take her own life, take his own life, wants to die | kill myself, kill yourself, killing myself, killing yourself, end my life, ending my life, ending your life, end it all, end it, take my own life, taking my own life, taking her own life, want to die, wanted to die, wish i was dead, be dead, not wake up, didn't wake up, not be here, not being here, be here, better off dead, top myself, jump, hang, not existing, not exist, die, dead, kill, bear my weight
overdose, overdosed, overdosing | od, too many pills, took them all, whole packet, all the tablets, all of them, narcan
self harm, self harmed, self injury, cuts herself, cuts himself, cut herself, cut himself, burns herself, burned herself | cut myself, cutting, cut, burn, hurt myself, harm myself, hurting myself, hurt herself, hurt himself, scratch, scratched, carve, blade, razor
choke, chokes, choked, strangle, strangled | round my throat, around my throat, by the throat, by my throat, round my neck, around my neck, couldn't breathe
hit, hits, beat, beats, beaten, punch, punched, slap, slapped, kicked, assaulted, attacked, violent, violence, abused, abuse, abusive | hit me, hurt, shove, shoved, pushed, push, grabbed, grab, raised a hand, batter, belt, kick, attack, assault, fists, clatter, smack, thump, wallop, got hold, shook, shake, hair
threaten, threatened, threatens, threat | would kill, will kill, said he'd, said she'd, going to kill, or else, i'll kill
rape, raped, molested, sexually assaulted, sexually abused | sexual assault, forced me, touched me, made me, interfered
murder, murdered, stabbed, shot | killed, stab, shoot
gun, guns, rifle, pistol, knife, firearm, weapon | blade, shotgun, glock, revolver
died, dead, death, deceased | die, passed away, passed, lost, gone, buried, funeral, killed, dying, late
drunk, drinks, drank, drinking, alcohol | drink, beer, wine, vodka, whiskey, whisky, pint, pints, cans, gin, bottle, bevvy, swally, booze
relapse, relapsed | slipped, slip, off the wagon, used again, drank again, back on it, back on, started again
sober, abstinent, abstinence | clean, dry, haven't touched, not had a drink, days
stopped, quit, discontinued, ceased, stop taking, stops | stop, gave up, given up, came off, coming off, come off, ended, packed in, finished with, dropped out, no longer, not anymore, haven't since, left off, knocked on the head
increased, increase, increases, raised the dose, doubled | raise, higher, went up, gone up, put up, up to, up from, double, upped, more, rose, up
decreased, decrease, reduced, reduces, lowered, cut down, tapered | lower, cut back, cutting down, halved, less, fewer, down from, down to, down, went down, gone down, fell, dropped, taper, reduce
skip, skips, skipped, missed doses, forgets, forgot | missed, miss, forget, forgotten, didn't take, haven't taken, not take, don't take
refused, refuses, declined, declines, turned down, rejected | refuse, won't, not going to, no thanks, rather not, reject, not doing, no, don't think, can't, not
consented | consent, signed, permission, agreed
resolved, remission, cured, recovered | gone away, went away, over it, all gone, cleared
improved, improving, improvement, helpful, it useful, was useful, is useful, beneficial, effective, better | improve, useful, helped, helps, help, worked, works, eased, easier, relief, relieved, lighter, calmer, calmed, brighter, picked up, good, less, grand, happier
worsened, worsening, worse, deteriorated, deteriorating | worsen, harder, worst, bad, downhill, deteriorate
hospitalised, hospitalized, hospital, admitted, inpatient | ward, emergency room, a and e, er, icu, unit
surgery, operation | operated, op, surgeon
prescribed | prescribe, prescription, put me on, started me on, put her on, put him on, gave me, doctor, gp
hallucinations, hears voices, heard voices, hearing voices, hallucinating | hear voices, voice, voices, hallucinate, heard, hear, whispering
paranoid, paranoia | watching me, following me, spying, after me, out to get, watching, following
burden | weight on, better off without, in the way
vomits, vomited, vomiting, purges, purged, purging | vomit, purge, throw up, threw up, sick, bring it up, brought it up, get rid
binges, binged, binge, bingeing | binging, stuffed, ate everything, whole
restricts, restricted, restricting, starves, starved | restrict, starve, skipped meals, not eating, fasting, didn't eat, haven't eaten, nothing to eat, calories
pregnant, pregnancy | expecting, due, scan, bump
miscarried, miscarriage | miscarry, lost the baby, lost it
failed, fails, failing | fail, flunked, didn't pass, messed up
passed, succeeded | pass, passes, succeed, got through
won, wins | win
fired, sacked, laid off, redundant, redundancy, dismissed | let go, lost my job, lost the job, lost her job, lost his job, got rid
hired, promoted, promotion, new job | got the job, offered the job, job offer, offer, starting
resigned, quit his job, quit her job | resign, quit, my notice, gave notice, left the job, left my job, leave my job, jacked it in
arrested, arrest, custody | charged, police, locked up, cell, cops, guards
stole, stolen, steals, theft | steal, robbed, nicked, took
gambled, gambles, gambling | gamble, bet, bets, betting, bookies, casino, slots
divorced, divorce, separated, broke up, split up | broken up, left me, leaving me, split, separation, ended it, moved out, finished
married, got engaged | marry, wedding, wife, husband
cheated, cheating, affair, unfaithful | cheat, seeing somebody, seeing someone, slept with
forgave, forgives, forgiven | forgive
apologised, apologized, apologises | apologise, apologize, apology, sorry
hugged, hugs | hug, cuddle, arms around
hates, hated | hate, despise, can't stand
argued, argument, fights, fought | argue, fight, fighting, row, rowed, quarrel, shouting, fell out, falling out, barney, tiff, at it, screaming
shouted, screamed, yelled | yell, shout, shouts, scream, shouting, screaming, raised my voice, raised her voice, raised his voice, roared
lied, lies | lie, lying, not true, made up
ignored, ignores | ignore, blanked, blank
confronted | confront, stood up to, challenged, said it to, told him, told her
reconciled | made up, back together, got back, talking again
cried, cries, crying, tearful, wept | cry, tears, weeping, in bits, bawled, sobbed, sobbing, upset, roared
bought, buys | buy, got, getting, ordered
sold, sells | sell
finished, completed | finish, done, complete, did it, got through
avoids, avoided, avoiding | avoid, stay away, steer clear, don't go, didn't go, can't face, put off, not gone
"""


def _split(side: str) -> tuple[str, ...]:
    return phrases(side)


# (words by which a claim names the act, all words that support it)
ACTS = tuple(
    (_split(named), _split(f"{named}, {more}"))
    for named, more in (line.split("|") for line in _LINES.strip().splitlines())
)

# Words that make a claim hold always, for all or altogether: the words cited must do so too.
UNIVERSAL = phrases(
    """always, never, every, everyone, everybody, constantly, daily, nightly, completely, entirely, totally,
    fully, permanently, each night, each day, all day, all night, all the time, all of, ever, past or present, any history"""
)
SUPPORTS_UNIVERSAL = (
    *UNIVERSAL,
    *phrases(
        """all, nobody, nothing, each, only, whenever, everything, the whole, most, none, a day, a night, a week,
        nights, days, without fail, constant"""
    ),
)
