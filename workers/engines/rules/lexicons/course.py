"""Words by which people say that things have got better or worse."""

COURSE: dict[str, str] = {
    "better": """getting better, feeling better, feel better, a bit better, a little better,
        much better, lot better, better than, bit easier, getting easier, much easier, less anxious,
        less often, less scared,
        calmer, sleeping again, eating again, not as bad, improved, improving, on the mend, first time in,
        managed to, i did it, moved on, went better, going well, good week, back to normal, back in the bed,
        back in the block, phased return, this time i, went down to, went to thirty, helped a lot,
        it helped,
        proud of, put it down, turned a corner, sober for, clean for, four months since,
        haven't since, not since""",
    "worse": """getting worse, feeling worse, feel worse, much worse, a lot worse, worse than,
        worse and worse,
        got worse, harder and harder, more and more, going downhill, went downhill, not till this week,
        only this week, stopped going, stopped seeing, stopped eating, stopped sleeping, stopped caring,
        can't even, cannot even, falling apart, fell apart, slipping, slipped back, relapsed, let it slide,
        never been this bad, hanging by a thread, at the end of my, can't cope, can't take it, given up,
        every night now, every day now, nothing left, failing, got fired, moving out, she left, he left""",
    "up_and_down": """up and down, good days and bad, some days are better, some days good, comes and goes,
        in waves, back and forth, one day i, rollercoaster""",
    "same": """about the same, much the same, same as before, no change, nothing has changed, same as ever,
        same as last, no better no worse, same old""",
}
