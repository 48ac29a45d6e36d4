//! Words of addresses in the languages people chat in most, folded: lower case, without marks.

/// Kinds of streets that stand behind the name: `Clarke Avenue`, `Rákóczi út`.
pub(crate) const STREET_AFTER: &str = "\
street st str road rd avenue ave av boulevard blvd lane ln drive dr court ct circle cir terrace ter terr crescent cres close highway hwy parkway pkwy \
square sq trail trl way alley aly loop mews row walk gardens grove hill hills heights meadow meadows ridge valley view views villages village \
bypass causeway center centers cliff cliffs club corner corners course courts cove coves creek crossing crossroad curve dale dam divide estate estates \
expressway extension extensions falls ferry field fields flat flats ford fords forest forge forges fork forks fort freeway garden gateway glen glens green greens groves harbor harbors haven \
hollow inlet island islands isle junction junctions key keys knoll knolls lake lakes land landing light lights lock locks lodge mall manor manors mill mills mission motorway mount mountain mountains \
neck orchard oval overpass park parks parkways pass passage path pike pine pines plain plains plaza plazas point points port ports prairie radial ramp ranch rapid rapids rest river road roads route rue run \
shoal shoals shore shores skyway spring springs spur spurs squares station stravenue stream streets summit throughway trace track trafficway tunnel turnpike underpass union unions valleys via viaduct ville vista walks wall ways well wells \
place pl quay wharf rise chase end side yard \
ut utca ter korut korter koz sor rakpart setany tere utja \
sokak sokagi cadde caddesi bulvari mahallesi \
tanav puiestee tee iela gatve prospektas \
gata gate gatan vagen vei veien vej gade stræde straede plads alle vegur stigur torg torget plass \
katu tie kuja polku \
ulice trida nabrezi namesti ulica cesta trg ulici \
strasse strase gasse weg platz allee ring damm ufer \
straat laan weg plein gracht kade dijk singel steeg dreef hof pad \
улица проспект переулок бульвар шоссе";

/// Of those, the ones that make a street without a number, too.
pub(crate) const STREET_SURE: &str = "street st road rd avenue ave boulevard blvd lane drive crescent terrace highway parkway strasse straat utca caddesi sokak gatan vagen";

/// Kinds of streets that stand before the name: `Rue de Tanger`, `Via Roma`.
pub(crate) const STREET_BEFORE: &str = "\
rue avenue av boulevard bd blvd place chemin impasse allee quai route cours passage square sentier faubourg ruelle \
via viale piazza piazzale corso vicolo largo strada contrada borgo salita lungomare stretto canale rotonda incrocio \
calle avenida avda av plaza paseo carrer ronda camino carretera callejon pasaje cuesta glorieta acceso cerrada privada boulevard circunvalacion diagonal eje andador prolongacion peatonal periferico retorno viaducto callejon corredor calzada \
rua travessa praca alameda rodovia estrada largo avenida viela jardim vila beco quinta \
ul ulica al aleja aleje os pl plac ulice nam namesti trida \
strada str bulevardul bd calea aleea piata soseaua intrarea \
jalan jl jln gang \
οδος λεωφορος πλατεια \
ул улица пр проспект пер переулок бул бульвар шоссе площадь пл наб набережная";

/// What the parts of a house are called. The first list counts alone, the second beside a street only.
pub(crate) const UNIT_SURE: &str = "apt apartment suite ste appartamento appartement wohnung lakas psc apo fpo dpo pobox postfach apdo";
pub(crate) const UNIT: &str = "unit flat room rm floor fl box piano interior int depto departamento piso puerta etage app bte boite lejl bus top building bldg block lot villa bloc sc et ap dom kv interno esc local oficina fraccionamiento";

/// Words before an address.
pub(crate) const PLACE_CUE: &str = "address addresses at in to is on of from near located live lives living moved reside resides residing and via deliver ship return returned";

/// Endings of words that are a street: `Hauptstraße`, `Puruntie`. The first letter of each entry says
/// whether a number must follow (`+`) or not (`-`).
pub(crate) const STREET_ENDINGS: &[&str] = &[
    "-straße",
    "-strasse",
    "+str",
    "+gasse",
    "+weg",
    "+platz",
    "+allee",
    "+ring",
    "+damm",
    "+ufer",
    "+steig",
    "+berg",
    "+hof",
    "+graben",
    "+markt",
    "-straat",
    "-laan",
    "+plein",
    "-gracht",
    "+kade",
    "+dijk",
    "+singel",
    "+steeg",
    "+dreef",
    "+pad",
    "+baan",
    "+hof",
    "+lei",
    "-gatan",
    "+gata",
    "-vägen",
    "+väg",
    "+gränd",
    "+stigen",
    "+torget",
    "+vegen",
    "+veien",
    "+vei",
    "+gate",
    "+gaten",
    "+bakken",
    "+vej",
    "-gade",
    "+stræde",
    "+vangen",
    "+vænget",
    "+parken",
    "+allé",
    "+vegur",
    "+gata",
    "+stígur",
    "+braut",
    "+stræti",
    "+tún",
    "+holt",
    "+katu",
    "+tie",
    "+kuja",
    "+polku",
    "+raitti",
    "+bulevardi",
    "+kaari",
    "+tänav",
    "+iela",
    "+utca",
    "+ova",
    "+ská",
    "+ého",
    "+cesta",
];

/// Streets that everybody knows.
pub(crate) const KNOWN_STREETS: &[&str] = &[
    "wall street",
    "sesame street",
    "downing street",
    "main street",
    "high street",
    "abbey road",
    "penny lane",
    "fifth avenue",
    "madison avenue",
    "bourbon street",
    "baker street",
    "fleet street",
    "silk road",
    "park avenue",
    "sunset boulevard",
    "hollywood boulevard",
    "elm street",
    "memory lane",
    "jump street",
    "easy street",
    "harley street",
    "oxford street",
    "canal street",
    "lombard street",
    "broad street",
    "state street",
    "bond street",
    "carnaby street",
    "route 66",
];

pub(crate) const AFTER: u64 = 1 << 40;
pub(crate) const SURE: u64 = 1 << 41;
pub(crate) const BEFORE: u64 = 1 << 42;
pub(crate) const STRONG_UNIT: u64 = 1 << 43;
pub(crate) const WEAK_UNIT: u64 = 1 << 44;
pub(crate) const CUE: u64 = 1 << 45;
pub(crate) const ADDRESS: u64 = 1 << 46;
pub(crate) const TIME: u64 = 1 << 47;
pub(crate) const MILITARY: u64 = 1 << 48;
pub(crate) const JOIN: u64 = 1 << 49;
pub(crate) const DIRECTION: u64 = 1 << 50;
pub(crate) const CORNER: u64 = 1 << 51;

/// The bits of the lists, behind those of the names.
pub(crate) const CLASSES: [(&str, u64); 12] = [
    (STREET_AFTER, AFTER),
    (STREET_SURE, SURE),
    (STREET_BEFORE, BEFORE),
    (UNIT_SURE, STRONG_UNIT),
    (UNIT, WEAK_UNIT),
    (PLACE_CUE, CUE),
    (
        "address addresses adresse direccion endereco indirizzo adres adress osoite anschrift located live lives living reside resides residing moved адрес διευθυνση",
        ADDRESS,
    ),
    // What follows a number that is no house.
    (
        "am pm january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec \
         monday tuesday wednesday thursday friday saturday sunday americans americas european europeans years days hours minutes percent usd eur gbp euros dollars \
         celsius fahrenheit kg km mb gb tb mhz ghz hz bit bits byte bytes gbps million billion bc ad ce bce est pst utc gmt",
        TIME,
    ),
    ("apo fpo dpo psc usnv usns uss uscgc", MILITARY),
    (
        "of the dei degli delle dell de la le les du des del da do dos di der den den dem van von zu am an la las los el al e y et u w v na pod nad im auf d l s san santa st",
        JOIN,
    ),
    (
        "n s e w ne nw se sw north south east west northeast northwest southeast southwest nord sud ost est ouest norte sur leste oeste",
        DIRECTION,
    ),
    ("corner intersection", CORNER),
];
