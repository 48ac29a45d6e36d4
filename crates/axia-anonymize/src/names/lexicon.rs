//! Words that decide about the capitalised words beside them, in the languages people chat in most.
//!
//! All are written folded: lower case, without marks. Each list is one bit of [`Flags`](super::gazetteer::Flags).

/// Never part of a name when it is written alone: function words, days, months, exclamations.
pub(super) const FUNCTION: &str = "\
a an the this that these those it its he him his she her hers they them their theirs we us our ours you your yours i me my mine \
who whom whose what which when where why how here there now then today tomorrow yesterday tonight \
and or but nor so yet if unless until while because since although though as than whether \
of in on at by for with from into onto to up down out off over under about after before between through during without within against among \
is am are was were be been being do does did done doing have has had having can could will would shall should may might must ought need \
not no yes ok okay please thanks thank sorry hello hi hey dear well oh ah wow hmm yeah nope sure maybe perhaps \
all any both each every few more most much many some such none other another same only own too very just also even ever never always often once again still already \
one two three four five six seven eight nine ten hundred thousand million billion first second third last next \
let lets make makes get gets go goes come comes give take tell ask say says said see know think want like use write explain describe list show create help find \
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december \
mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec \
januar februar marz mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre januari februari maart mei juli augustus \
lunes martes miercoles jueves viernes sabado domingo lundi mardi mercredi jeudi vendredi samedi dimanche montag dienstag mittwoch donnerstag freitag samstag sonntag \
am pm est pst utc gmt ai api usa uk eu us nyc god lord sir madam christ allah bible quran \
der die das den dem des ein eine einen einer und oder aber nicht ist sind war ich du er sie es wir ihr mein dein sein mit von zu im am auf fur als wie was wer wo wann warum ja nein bitte danke \
le la les un une des et ou mais ne pas est sont je tu il elle nous vous ils elles mon ton son ma ta sa avec dans sur pour par que qui quoi oui non merci ce cette ces si tout comme \
el los las lo una unos unas y o pero no es son yo usted nosotros ellos mi tu su con en por para que quien como donde cuando si gracias este esto muy mas \
il gli uno ed ma che chi non sono io lui lei noi voi loro mio tuo suo con per da di del della nel grazie questo questa sei \
os um uma e mas nao sao eu voce ele ela nos eles meu seu com para por quem sim obrigado isso esta este \
het een en maar niet ik jij hij zij wij met voor van op aan bij naar dat dit deze die wat wie ja nee \
och men inte jag du han hon vi ni de med pa av till det den detta ar var som att og ikke jeg har kan vil skal \
nie tak ale jest sa ja ty on ona my wy oni z do na po za jak co kto gdzie \
и а но не да нет я ты он она мы вы они это что кто как где когда почему в на с по для от до из у за";

/// Words of address; what follows is a name.
pub(super) const TITLE: &str = "\
mr mrs ms mx dr prof professor messrs capt sgt lt rev hon herr herrn frau fraulein senor senora senorita monsieur madame mademoiselle mme mlle \
signor signora signorina dhr mevr mevrouw meneer pan pani fru ing dipl sra sr dott dottore avv bc mudr mgr господин госпожа";

/// Small words inside family names.
pub(super) const PARTICLE: &str = "van der den de del della di da dos das do du von zu zum zur af av bin binti ibn al el ben bat ter ten ter le la los las e y";

/// Opens a letter; a name follows.
pub(super) const GREETING: &str = "hi hello hey dear hola bonjour hallo ciao salut liebe lieber estimado estimada querido querida cher chere kære hei hej ola ahoj czesc привет здравствуйте γεια goodbye bye welcome";

/// Closes a letter; a name follows on the next line.
pub(super) const SIGN_OFF: &str = "regards sincerely thanks cheers best love yours wishes greetings faithfully respectfully truly signed xoxo \
grusse grussen grusse saludos atentamente cordialement bisous salutations saluti groeten groet halsningar hilsen pozdrawiam уважением";

/// A name follows after a colon.
pub(super) const LABEL: &str = "\
name names firstname lastname surname fullname patient contact attn attention from to author client customer employee applicant student beneficiary recipient sender \
guardian attendee attendees by cc bcc signed director cardholder holder owner tenant witness nom prenom nombre apellido apellidos naam nachname vorname imie nazwisko nome cognome имя фамилия \
directed written teacher manager supervisor instructor user assignee reporter host guest speaker candidate";

/// People whom one mentions by name: `my wife Anna`.
pub(super) const RELATION: &str = "\
wife husband son daughter brother sister mother father mom mum dad uncle aunt cousin friend friends girlfriend boyfriend partner boss manager colleague coworker neighbour neighbor \
roommate nephew niece grandma grandpa grandmother grandfather grandson granddaughter kid child baby teacher doctor dentist therapist lawyer fiance fiancee ex landlord tenant \
flatmate classmate teammate supervisor assistant nanny twin stepson stepdaughter client student patient guardian";

/// What people do, right behind their name.
pub(super) const SPEECH: &str = "\
said says asked asks told tells replied replies shouted whispered wrote writes texted called calls answered thinks thought wants wanted loves loved lives lived works worked moved died married";

/// Turns what stands before it into an organization, a place or a thing.
pub(super) const TAIL: &str = "\
inc incorporated ltd limited llc llp plc gmbh ag corp corporation co company companies group holdings partners associates industries international enterprises solutions systems technologies \
university college school academy institute institution hospital clinic bank foundation church cathedral temple mosque museum gallery library theatre theater stadium arena airport station \
street st road rd avenue ave boulevard blvd lane drive highway bridge square park garden gardens beach bay island islands lake river mountain mountains valley canyon desert ocean sea county city town village state province district region republic kingdom empire dynasty \
hotel restaurant cafe bar club team league cup prize award awards trophy festival orchestra band records studios pictures films magazine times post journal news press books \
theorem lemma law laws equation equations effect principle method algorithm model test scale syndrome disease disorder constant function distribution process transform series space matrix number numbers coefficient curve \
act treaty agreement doctrine plan project program programme party movement revolution war battle crisis era age century castle palace tower house hall center centre building \
motors cars airlines airways railway express air force army navy police court government administration committee commission council union association society \
phone pro mini plus studio cloud server windows linux code script language framework engine database tv show movie film song album novel book game games sauce salad bread cheese wine beer cake pie";

/// Turns what stands behind it into a place or a thing.
pub(super) const HEAD: &str = "mount mt lake saint st san santa sao sankt port fort cape camp new north south east west los las point isle river bay hotel university lady hurricane tropical storm planet project operation team club fc real";

/// Public figures and figures of stories who are known by one word; others are found by full names.
pub(super) const KNOWN_ALONE: &str = "\
kant gandhi einstein shakespeare plato aristotle socrates buddha hitler stalin lenin marx mao putin trump biden obama clinton churchill thatcher merkel macron \
napoleon caesar cleopatra darwin galileo copernicus kepler tesla freud nietzsche hegel descartes voltaire rousseau spinoza sartre camus foucault derrida wittgenstein heidegger \
mozart beethoven bach chopin vivaldi handel haydn schubert brahms picasso rembrandt vermeer monet warhol dali michelangelo \
 goethe schiller kafka tolstoy dostoevsky chekhov pushkin gogol orwell huxley hemingway dickens tolkien rowling ovid cicero \
euler gauss fourier laplace riemann turing godel euclid pythagoras archimedes fermat bayes markov poisson bernoulli cauchy dijkstra knuth shannon hamming huffman kruskal levenshtein fibonacci mandelbrot cantor peano faraday planck bohr heisenberg schrodinger feynman hawking curie boltzmann \
musk bezos zuckerberg buffett madonna beyonce rihanna eminem shakira oprah messi ronaldo pele maradona federer nadal djokovic \
batman superman spiderman ironman hulk loki odin zeus hera athena apollo hermes poseidon hades medusa achilles odysseus hercules gandalf frodo bilbo sauron aragorn legolas hermione dumbledore voldemort hogwarts \
sherlock dracula frankenstein hamlet macbeth ophelia othello pinocchio cinderella aladdin simba shrek yoda vader spock zelda pikachu goku naruto sasuke luffy barbie godzilla \
alexa siri cortana claude gemini alpaca llama bard grok copilot watsonx java python rust swift kotlin scala perl lua elm dart flask django react angular jenkins kafka hadoop spark maven gradle jira azure \
 toyota honda tesla mercedes porsche ferrari chevrolet cadillac chrysler peugeot citroen renault skoda disney nike adidas gucci prada chanel dior armani versace levis heinz kellogg nestle boeing airbus \
santa satan lucifer goliath judas pilate krishna shiva vishnu rama jesus";

/// Pronouns of owning, before [`RELATION`].
pub(super) const OWNER: &str =
    "my his her our their your mein meine mi mon ma mio mia meu minha mijn moj moja";

/// Women and men in the sense of articles, which names do not follow.
pub(super) const ARTICLE: &str = "the a an this that these those every each any some no der die das le la les el los las il lo gli";

/// Places that are given names too: alone they are places.
pub(super) const PLACE: &str = "\
paris london florence victoria charlotte austin madison jordan israel china india georgia virginia carolina sydney adelaide alexandria chelsea brooklyn dakota chad kenya asia savannah \
houston dallas phoenix lincoln orlando geneva lourdes sofia milan siena verona vienna valencia santiago salvador lima regina troy salem eden cairo rome roma berlin holland ireland \
france britain scotland wales england america malta cyprus crete delhi kiev odessa petra nazareth bethlehem jerusalem egypt cuba haiti panama havana bali java kashmir ganga indiana \
montana nevada florida arizona tennessee memphis denver boston cleveland richmond raleigh lansing trenton camden chester lancaster kent york essex devon surrey bristol bath \
sahara africa europe europa oceania scotia iran iraq syria lebanon tibet nepal burma guinea mali togo ghana congo niger sudan somalia angola zaire maine oregon washington cambridge oxford \
catalina san santa jamaica trinidad tobago bermuda aruba nassau sparta athens olympia delphi ithaca persia assyria babylon german roman christian christians arab asian indian english french dutch greek turk";

/// The bits, after the eight of the list of names.
pub(super) const CLASSES: [(&str, u64); 14] = [
    (FUNCTION, 1 << 8),
    (TITLE, 1 << 9),
    (PARTICLE, 1 << 10),
    (GREETING, 1 << 11),
    (SIGN_OFF, 1 << 12),
    (LABEL, 1 << 13),
    (RELATION, 1 << 14),
    (SPEECH, 1 << 15),
    (TAIL, 1 << 16),
    (HEAD, 1 << 17),
    (KNOWN_ALONE, 1 << 18),
    (OWNER, 1 << 19),
    (ARTICLE, 1 << 20),
    (PLACE, 1 << 30),
];

/// Single words that phrases are made of; each has a bit of its own.
pub(super) const PHRASE_WORDS: [(&str, u64); 13] = [
    ("name names nombre nom naam nome имя", 1 << 21),
    ("is are was ist es est heet ist", 1 << 22),
    ("i", 1 << 23),
    ("am", 1 << 24),
    ("this", 1 << 25),
    ("call calls called named nicknamed", 1 << 26),
    ("me her him them", 1 << 27),
    (
        "llamo heisse heise appelle chiamo chamo heet зовут",
        1 << 28,
    ),
    ("last maiden first middle", 1 << 29),
    ("said says asked told replied shouted", 1 << 31),
    ("and or und et y e og och en i", 1 << 32),
    ("jan may april june august", 1 << 33),
    ("will", 1 << 34),
];

/// Endings of family names that no other words have. The word must be capitalised and unknown.
pub(super) const FAMILY_ENDINGS: &[&str] = &[
    "ić",
    "vić",
    "ović",
    "sson",
    "dóttir",
    "dottir",
    "ssen",
    "escu",
    "opoulos",
    "opoulou",
    "idis",
    "akis",
    "enko",
    "ovich",
    "evich",
    "ević",
    "shvili",
    "adze",
    "oğlu",
    "oglu",
    "owski",
    "owska",
    "ewski",
    "ewska",
    "ińska",
    "iński",
    "ová",
    "ský",
    "ská",
    "ovna",
    "evna",
    "yan",
    "ński",
    "ńska",
    "czyk",
    "wicz",
    "quist",
    "kvist",
    "strand",
    "gaard",
    "gård",
    "stad",
    "инский",
    "енко",
    "ова",
    "ева",
    "ович",
    "евич",
    "ский",
    "ская",
    "όπουλος",
    "ίδης",
    "άκης",
    "huis",
    "stra",
    "ersen",
    "elsen",
    "änen",
    "inen",
];
