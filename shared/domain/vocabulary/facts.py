"""Hard facts that a note may name only if its evidence names them: drugs, diagnoses, people."""

from shared.domain.vocabulary import words

# Psychotropic and common other drugs, generic and brand. A brand does not stand for its generic:
# which one was said is what the record must show.
DRUGS = words(
    """sertraline zoloft lustral fluoxetine prozac citalopram celexa cipramil escitalopram lexapro cipralex
paroxetine paxil seroxat fluvoxamine luvox venlafaxine effexor desvenlafaxine pristiq duloxetine
cymbalta bupropion wellbutrin mirtazapine remeron trazodone vortioxetine trintellix brintellix
vilazodone amitriptyline nortriptyline imipramine clomipramine anafranil doxepin phenelzine nardil
tranylcypromine moclobemide agomelatine esketamine spravato ketamine lithium lamotrigine lamictal
valproate depakote valproic carbamazepine tegretol oxcarbazepine topiramate topamax gabapentin
neurontin pregabalin lyrica quetiapine seroquel olanzapine zyprexa risperidone risperdal
aripiprazole abilify paliperidone invega ziprasidone geodon lurasidone latuda cariprazine vraylar
brexpiprazole rexulti clozapine clozaril haloperidol haldol chlorpromazine perphenazine fluphenazine
diazepam valium lorazepam ativan alprazolam xanax clonazepam klonopin temazepam oxazepam
chlordiazepoxide buspirone buspar propranolol hydroxyzine vistaril atarax zolpidem ambien zopiclone
eszopiclone lunesta zaleplon suvorexant melatonin ramelteon prazosin clonidine guanfacine intuniv
methylphenidate ritalin concerta dexmethylphenidate adderall amphetamine dexedrine lisdexamfetamine
vyvanse elvanse atomoxetine strattera modafinil provigil methadone buprenorphine suboxone subutex
naltrexone vivitrol acamprosate disulfiram antabuse naloxone narcan varenicline chantix donepezil
aricept memantine rivastigmine oxycodone oxycontin hydrocodone vicodin codeine tramadol morphine
oramorph dihydrocodeine cocodamol lofepramine dosulepin trifluoperazine flupentixol amisulpride
sulpiride promethazine nitrazepam lofexidine baclofen sumatriptan thyroxine fentanyl heroin cocaine
methamphetamine ecstasy mdma psilocybin lsd cannabis marijuana ibuprofen paracetamol acetaminophen
tylenol aspirin levothyroxine metformin insulin prednisone ozempic semaglutide benzodiazepine
benzodiazepines ssri ssris snri snris maoi antidepressant antidepressants antipsychotic
antipsychotics stimulant stimulants opioid opioids opiate opiates sedative sedatives"""
)
# How drugs not in the list are made: the stems of international non-proprietary names (WHO).
DRUG_ENDINGS = (
    "oxetine", "azepam", "azolam", "idone", "apine", "triptyline", "ipramine", "prazole", "piprazole",
    "faxine", "peridol", "promazine", "barbital", "codone", "morphone", "pram", "racetam",
    "statin", "sartan", "cillin", "mycin", "olol",
)  # fmt: skip

# A diagnosis, or a judgement that only a diagnostician makes. "anxiety" and "low mood" are speech.
DIAGNOSES = """major depressive disorder, major depression, mdd, depression, depressive, dysthymia,
bipolar, mania, manic, hypomania, hypomanic, cyclothymia, schizophrenia, schizophrenic, schizoaffective,
psychosis, psychotic, delusion, delusional, hallucination, ptsd, post traumatic, complex trauma, ocd,
obsessive compulsive, adhd, autism, autistic, asperger, borderline, bpd, narcissistic, narcissist,
antisocial, histrionic, avoidant personality, personality disorder, personality, panic attack,
panic disorder, agoraphobia, phobia, gad, generalized anxiety, generalised anxiety, social anxiety,
disorder, disorders, syndrome, dementia, alzheimer, anorexia, bulimia, anorexic, bulimic, dissociative,
dissociation, dissociate, catatonic, somatic, somatoform, hypochondria, insomnia disorder, alcoholism,
alcoholic, addiction, addicted, substance abuse, substance use disorder, diagnosis, diagnosed, diagnose,
criteria, comorbid, dsm, icd, prognosis, remission, pathological, clinical depression, burnout,
epilepsy, cancer, diabetes, stroke, brain injury, concussion, fibromyalgia, pregnant, pregnancy"""

# Kin and other roles: each group names one person.
PEOPLE = tuple(
    frozenset(group.split())
    for group in (
        "mother mom mum mums mommy mummy mama mam mammy ma momma mothers mother's mom's mum's",
        "father dad daddy papa da pa pops father's dad's",
        "brother brothers brother's", "sister sisters sister's",
        "son sons son's boy boys lad lads", "daughter daughters daughter's girl girls",
        "husband husband's hubby hubs", "wife wife's missus",
        "boyfriend boyfriend's", "girlfriend girlfriend's",
        "uncle uncle's", "aunt auntie aunt's", "cousin cousins", "nephew", "niece",
        "grandmother grandma granny nana nan nanna gran mamaw meemaw nain grandmother's",
        "grandfather grandpa grandad granda papaw taid grandfather's grandad's grandpa's",
        "stepfather stepdad stepfather's stepdad's", "stepmother stepmom stepmum stepmother's stepmum's",
        "fiance fiancé", "fiancee fiancée",
        "boss manager supervisor boss's manager's", "neighbor neighbour neighbors neighbours",
        "roommate flatmate", "landlord", "teacher professor", "lawyer", "police officer",
        "priest pastor", "ex", "baby infant wean bairn newborn", "grandson", "granddaughter",
    )
)  # fmt: skip
# Wider words, where any of a group bears out another: "my husband" is a partner, "a partner" no husband.
KINDS_OF_PEOPLE = tuple(
    frozenset(group.split())
    for group in (
        """partner partners partner's spouse spouses spouse's ex husband husbands husband's hubby hubs wife
        wives wife's missus boyfriend boyfriends boyfriend's girlfriend girlfriends girlfriend's fiance
        fiancé fiancee fiancée""",
        """friend friends friend's friends' friendship friendships mate mates mate's mates' pal pals pal's
        pals' buddy buddies""",
        "colleague colleagues colleague's colleagues' coworker coworkers coworker's co workmate workmates",
        """child children child's children's kid kids kid's kids' wean weans bairn bairns baby babies infant
        newborn toddler toddlers son sons son's daughter daughters daughter's boy boys boy's girl girls
        girl's lad lads""",
    )
)  # fmt: skip

# Given names as registers list them most often, for where a capital letter tells nothing: at the
# start of a sentence, or with a speech engine that writes small. Names that are words are left out.
GIVEN_NAMES = words(
    """james john robert michael david william richard joseph thomas charles christopher daniel matthew
anthony steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey
ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory
alexander patrick raymond dennis jerry tyler aaron jose adam nathan henry zachary douglas peter kyle
noah ethan jeremy walter christian keith roger terry austin sean gerald carl harold dylan arthur
lawrence jordan jesse bryan billy bruce gabriel joe logan alan juan albert willie elijah wayne randy
vincent mason roy ralph bobby russell bradley philip eugene liam oliver lucas leo oscar theo hugo
ahmed ali mohammed muhammad omar hassan ibrahim yusuf carlos luis miguel pedro diego javier ivan
dmitri sergei hans klaus jürgen stefan pierre jean luc marco luca giovanni raj amit sanjay wei chen
kenji hiroshi mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy
betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie
rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda pamela nicole anna
samantha katherine christine helen debra rachel carolyn janet maria catherine heather diane olivia
julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan
cheryl jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean
alice judy isabella julia denise amber beverly danielle marilyn theresa doris diana brittany natalie
charlotte marie kayla alexis lori mia ava zoe chloe lily ella lucy fatima aisha layla mariam yasmin
sofia elena irina olga natasha ingrid heidi sabine claire camille giulia francesca chiara priya
anjali mei yuki sakura bob tom jim mike dave steve chris matt dan tony ben sam greg alex pete ted
fred kate katie liz beth jenny becky sue maggie annie marcus rex"""
) - {"sue", "jean", "ali", "mei", "chen", "wei"}  # fmt: skip
