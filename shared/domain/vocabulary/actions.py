"""Verbs with which a task begins."""

from shared.domain.vocabulary import words

# What people are asked to do between sessions, as the first word of the task.
ACTIONS = words("""
    write jot call ring phone text email message pack keep try practise practice use take put go walk stand
    give make book bring ask note record log track read set get start stop leave lock plan schedule choose
    pick sit spend avoid limit send speak talk tell eat drink sleep rest meet join carry drop return hand
    remove move store throw watch count list label rate fill complete finish do continue carry swim run
    cook eat visit invite thank apologise contact arrange cancel sign attend draw paint listen breathe
    meditate stretch exercise wait delay postpone check weigh reduce restart swap tidy clean wash shower
    say repeat remind remember sort agree let have be hold
""")
