//! The numbers that states, banks and others give to people, one row each: how it is written, what
//! checks it, and which words announce it. How rows are matched is in `numbered`.

use super::check::{
    americas as am, asia, britain as gb, europe_north as north, europe_south as south,
};
use super::check::{europe_west as west, goods};
use super::context::Vocabulary;
use crate::Kind;

/// One kind of number of one country.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) kind: Kind,
    /// `9` is a digit, `A` a letter, `N` either, `~` the century sign of Finland; a space is a place
    /// for a separator, and either all of these places have one or none; other characters stand for
    /// themselves.
    pub(crate) pattern: &'static str,
    pub(crate) check: fn(&[u8]) -> bool,
    pub(crate) need: Need,
    /// In lower case, at most `MAX_WORD` bytes long.
    pub(crate) words: Vocabulary,
}

/// What it takes besides the check.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Need {
    /// Nothing: the check and the structure are strong enough.
    Nothing,
    /// Plain separators in all places, or one of the words.
    Shape,
    /// Plain separators that are all the same, or one of the words.
    Uniform,
    /// Its dashes, or one of the words.
    Dashes,
    /// One of the words.
    Word,
    /// Nothing, but letters must be capitals.
    Capitals,
}

use Need::{Capitals, Dashes, Nothing, Shape, Uniform, Word};

const fn row(
    id: &'static str,
    kind: Kind,
    pattern: &'static str,
    check: fn(&[u8]) -> bool,
    need: Need,
    words: &'static [&'static str],
) -> Row {
    Row {
        id,
        kind,
        pattern,
        check,
        need,
        words: Vocabulary::of(words),
    }
}

const SSN: &[&str] = &[
    "ssn",
    "ssns",
    "ss#",
    "ss number",
    "social security",
    "socialsecurity",
    "social-security",
    "social is",
    "my social",
    "tax id",
    "taxpayer",
    "seguro social",
    "tin",
    "social insurance",
];
const TAX: &[&str] = &["tax id", "taxpayer", "tax number", "tin", "itin"];
const NPI: &[&str] = &["npi", "provider"];
const SIN: &[&str] = &["sin", "social insurance", "nas"];
const DE_TAX: &[&str] = &[
    "steuer",
    "steuer-id",
    "steueridentifikationsnummer",
    "idnr",
    "identifikationsnummer",
    "tin",
    "tax id",
    "steuernummer",
    "steuerid",
];
const PT: &[&str] = &["nif", "contribuinte", "nipc", "fiscal"];
const BSN: &[&str] = &[
    "bsn",
    "burgerservicenummer",
    "sofinummer",
    "sofi",
    "citizen service",
];
const SWEDISH: &[&str] = &[
    "personnummer",
    "personal number",
    "samordningsnummer",
    "personal identity",
    "pnr",
];
const CZECH: &[&str] = &[
    "rodné číslo",
    "rodne cislo",
    "rodného čísla",
    "birth number",
    "rč",
    "r.č",
    "rodné",
];
const AADHAAR: &[&str] = &["aadhaar", "aadhar", "adhaar", "uidai", "uid", "आधार"];
const PASSPORT: &[&str] = &[
    "passport",
    "passnummer",
    "reisepass",
    "passeport",
    "pasaporte",
    "passaporto",
    "passaporte",
    "паспорт",
    "护照",
    "護照",
    "パスポート",
    "여권",
];

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    // United States.
    row("us-ssn", Kind::UsSsn, "999 99 9999", am::us_ssn, Uniform, SSN),
    row("us-itin", Kind::TaxId, "999 99 9999", am::us_itin, Dashes, TAX),
    row("us-ein", Kind::TaxId, "99-9999999", am::us_ein, Word, &["ein", "fein", "employer identification", "employer id", "tax id", "federal tax"]),
    row("us-npi", Kind::HealthId, "9999999999", am::us_npi, Word, NPI),
    row("us-mbi", Kind::HealthId, "9NN9 NN9 NN99", am::us_mbi, Shape, &["mbi", "medicare", "beneficiary"]),
    row("us-dea", Kind::HealthId, "AA9999999", am::us_dea, Word, &["dea", "prescriber", "prescription"]),
    row("us-aba", Kind::BankAccount, "999999999", am::us_aba, Word, &["routing", "aba", "rtn", "transit"]),
    // The United Kingdom and Ireland.
    row("uk-nino", Kind::NationalId, "AA 99 99 99 A", gb::nino, Nothing, &["nino", "national insurance", "ni number", "insurance"]),
    row("uk-nino", Kind::NationalId, "AA 999999 A", gb::nino, Nothing, &["nino", "national insurance", "ni number", "insurance"]),
    row("uk-nhs", Kind::HealthId, "999 999 9999", gb::nhs, Word, &["nhs", "health service", "patient"]),
    row("uk-utr", Kind::TaxId, "99999 99999", gb::utr, Word, &["utr", "taxpayer reference", "tax reference", "unique taxpayer"]),
    row("uk-driver", Kind::DrivingLicence, "NNNNN 999999 AN9AA", gb::driver, Nothing, &["licence", "license", "driving"]),
    row("uk-vat", Kind::TaxId, "999 9999 99", gb::gb_vat, Word, &["vat"]),
    row("ie-pps", Kind::NationalId, "9999999A", gb::ie_pps, Word, &["pps", "ppsn", "personal public service"]),
    row("ie-pps", Kind::NationalId, "9999999AA", gb::ie_pps, Word, &["pps", "ppsn", "personal public service"]),
    // Canada, Australia, New Zealand.
    row("ca-sin", Kind::NationalId, "999 999 999", gb::ca_sin, Word, SIN),
    row("au-tfn", Kind::TaxId, "999 999 999", gb::au_tfn, Word, &["tfn", "tax file"]),
    row("au-abn", Kind::CompanyId, "99 999 999 999", gb::au_abn, Shape, &["abn", "business number"]),
    row("au-acn", Kind::CompanyId, "999 999 999", gb::au_acn, Word, &["acn", "company number"]),
    row("au-medicare", Kind::HealthId, "9999 99999 9", gb::au_medicare, Shape, &["medicare"]),
    row("nz-ird", Kind::TaxId, "99 999 999", gb::nz_ird, Word, &["ird", "inland revenue"]),
    row("nz-ird", Kind::TaxId, "999 999 999", gb::nz_ird, Word, &["ird", "inland revenue"]),
    // Germany, Austria, Switzerland.
    row("de-tax", Kind::TaxId, "99 999 999 999", west::de_tax, Word, DE_TAX),
    row("de-kvnr", Kind::HealthId, "A999999999", west::de_kvnr, Word, &["kvnr", "krankenversichertennummer", "versichertennummer", "krankenversicherung", "krankenkasse", "health insurance"]),
    row("de-pension", Kind::NationalId, "99 999999 A 999", west::de_pension, Nothing, &["rentenversicherung", "sozialversicherungsnummer", "rvnr"]),
    row("de-pension", Kind::NationalId, "99999999A999", west::de_pension, Nothing, &["rentenversicherung", "sozialversicherungsnummer", "rvnr"]),
    row("de-card", Kind::NationalId, "ANNNNNNNN9", west::de_card, Word, &["personalausweis", "ausweis", "ausweisnummer", "ausweisnr", "id card", "identity card", "reisepass"]),
    row("at-svnr", Kind::NationalId, "9999 999999", west::at_svnr, Word, &["svnr", "sozialversicherungsnummer", "sv-nummer", "sozialversicherung", "versicherungsnummer"]),
    row("ch-ahv", Kind::NationalId, "999 9999 9999 99", west::ch_ahv, Nothing, &["ahv", "avs", "navs"]),
    // France, Belgium, the Netherlands.
    row("fr-nir", Kind::NationalId, "9 99 99 9N 999 999 99", west::fr_nir, Nothing, &["sécurité sociale", "nir", "numéro de sécu", "insee"]),
    row("fr-nir", Kind::NationalId, "9999999999999 99", west::fr_nir, Nothing, &["sécurité sociale", "nir", "numéro de sécu", "insee"]),
    row("be-nn", Kind::NationalId, "99 99 99 999 99", west::be_nn, Nothing, &["rijksregister", "rijksregisternummer", "registre national", "national number", "niss", "insz"]),
    row("nl-bsn", Kind::NationalId, "999999999", west::nl_bsn, Word, BSN),
    row("nl-bsn", Kind::NationalId, "9999 99 999", west::nl_bsn, Word, BSN),
    row("nl-bsn", Kind::NationalId, "999 999 999", west::nl_bsn, Word, BSN),
    // Spain, Portugal, Italy, Greece.
    row("es-dni", Kind::NationalId, "99999999 A", south::es_dni, Nothing, &["dni", "nif"]),
    row("es-dni", Kind::NationalId, "99 999 999 A", south::es_dni, Nothing, &["dni", "nif"]),
    row("es-nie", Kind::NationalId, "A 9999999 A", south::es_nie, Nothing, &["nie"]),
    row("pt-nif", Kind::TaxId, "999 999 999", south::pt_nif, Word, PT),
    row("it-code", Kind::TaxId, "AAA AAA NNANN ANNNA", south::it_code, Nothing, &["codice fiscale"]),
    row("it-code", Kind::TaxId, "AAAAAA NNANN ANNNA", south::it_code, Nothing, &["codice fiscale"]),
    row("it-vat", Kind::TaxId, "99999999999", south::it_vat, Word, &["partita iva", "p.iva", "p. iva", "iva"]),
    row("gr-amka", Kind::NationalId, "999999 99999", south::gr_amka, Word, &["amka", "αμκα"]),
    row("gr-afm", Kind::TaxId, "999999999", south::gr_afm, Word, &["afm", "αφμ"]),
    // Croatia, Slovenia, Serbia, Romania, Bulgaria.
    row("hr-oib", Kind::NationalId, "99999999999", south::hr_oib, Word, &["oib"]),
    row("yu-jmbg", Kind::NationalId, "9999999999999", south::yu_jmbg, Word, &["jmbg", "emšo", "emso", "матични број", "матичен број"]),
    row("ro-cnp", Kind::NationalId, "9999999999999", south::ro_cnp, Nothing, &["cnp", "cod numeric personal"]),
    row("bg-egn", Kind::NationalId, "9999999999", south::bg_egn, Word, &["егн", "egn"]),
    // The north.
    row("se-pnr", Kind::NationalId, "999999 9999", north::se_pnr, Dashes, SWEDISH),
    row("se-pnr", Kind::NationalId, "99999999 9999", north::se_pnr, Shape, SWEDISH),
    row("fi-hetu", Kind::NationalId, "999999~999N", north::fi_hetu, Nothing, &["hetu", "henkilötunnus", "personal identity"]),
    row("dk-cpr", Kind::NationalId, "999999 9999", north::dk_cpr, Word, &["cpr", "cpr-nummer", "personnummer"]),
    row("no-fnr", Kind::NationalId, "999999 99999", north::no_fnr, Nothing, &["fødselsnummer", "fodselsnummer", "personnummer"]),
    row("is-kennitala", Kind::NationalId, "999999 9999", north::is_kennitala, Dashes, &["kennitala"]),
    row("ee-code", Kind::NationalId, "99999999999", north::ee_code, Word, &["isikukood", "asmens kodas", "personal code"]),
    row("lv-code", Kind::NationalId, "999999 99999", north::lv_code, Shape, &["personas kods", "personal code"]),
    // Poland, the Czech and Slovak republics, Hungary, Russia, Ukraine.
    row("pl-pesel", Kind::NationalId, "99999999999", north::pl_pesel, Nothing, &["pesel"]),
    row("pl-nip", Kind::TaxId, "999 999 99 99", north::pl_nip, Word, &["nip"]),
    row("pl-nip", Kind::TaxId, "999 99 99 999", north::pl_nip, Word, &["nip"]),
    row("cz-birth", Kind::NationalId, "999999/9999", north::cz_birth, Nothing, CZECH),
    row("cz-birth", Kind::NationalId, "9999999999", north::cz_birth, Word, CZECH),
    row("cz-birth", Kind::NationalId, "999999/999", north::cz_birth, Word, CZECH),
    row("hu-taj", Kind::HealthId, "999 999 999", north::hu_taj, Word, &["taj", "taj-szám", "taj szám"]),
    row("ru-snils", Kind::NationalId, "999 999 999 99", north::ru_snils, Shape, &["снилс", "snils"]),
    row("ru-inn", Kind::TaxId, "9999999999", north::ru_inn, Word, &["инн", "inn"]),
    row("ru-inn", Kind::TaxId, "999999999999", north::ru_inn, Word, &["инн", "inn"]),
    row("ua-rnokpp", Kind::TaxId, "9999999999", north::ua_rnokpp, Word, &["рнокпп", "іпн", "ідентифікаційний"]),
    // India, Pakistan.
    row("in-aadhaar", Kind::NationalId, "9999 9999 9999", asia::in_aadhaar, Shape, AADHAAR),
    row("in-pan", Kind::TaxId, "AAAAA9999A", asia::in_pan, Capitals, &["pan", "income tax"]),
    row("in-gstin", Kind::CompanyId, "99AAAAA9999ANAN", asia::in_gstin, Nothing, &["gstin", "gst"]),
    row("pk-cnic", Kind::NationalId, "99999-9999999-9", asia::pk_cnic, Nothing, &["cnic", "nic"]),
    // China and its neighbours.
    row("cn-id", Kind::NationalId, "99999999999999999N", asia::cn_id, Nothing, &["身份证", "identity", "id card"]),
    row("cn-id", Kind::NationalId, "999999 99999999 999N", asia::cn_id, Nothing, &["身份证", "identity", "id card"]),
    row("hk-id", Kind::NationalId, "A999999(N)", asia::hk_id, Nothing, &["hkid"]),
    row("tw-id", Kind::NationalId, "A999999999", asia::tw_id, Word, &["身分證", "身份證", "taiwan", "national id"]),
    row("jp-my-number", Kind::NationalId, "9999 9999 9999", asia::jp_my_number, Word, &["マイナンバー", "個人番号", "my number", "mynumber"]),
    row("kr-rrn", Kind::NationalId, "999999 9999999", asia::kr_rrn, Dashes, &["주민등록번호", "주민번호", "resident registration", "rrn"]),
    row("th-id", Kind::NationalId, "9 9999 99999 99 9", asia::th_id, Shape, &["บัตรประชาชน", "thai id", "national id", "citizen id"]),
    row("sg-nric", Kind::NationalId, "A9999999A", asia::sg_nric, Nothing, &["nric", "fin"]),
    row("my-kad", Kind::NationalId, "999999 99 9999", asia::my_kad, Dashes, &["mykad", "nric", "ic number", "kad pengenalan", "no. ic", "ic no"]),
    row("id-nik", Kind::NationalId, "9999999999999999", asia::id_nik, Word, &["nik", "ktp"]),
    // The Near East, Africa.
    row("tr-id", Kind::NationalId, "99999999999", asia::tr_id, Word, &["kimlik", "tckn", "tc no", "t.c", "tc kimlik", "turkish id"]),
    row("il-id", Kind::NationalId, "999999999", asia::il_id, Word, &["תעודת זהות", "ת.ז", "ת\"ז", "teudat zehut", "israeli id", "israel id"]),
    row("ae-id", Kind::NationalId, "999 9999 9999999 9", asia::ae_id, Shape, &["emirates id", "هوية"]),
    row("sa-id", Kind::NationalId, "9999999999", asia::sa_id, Word, &["iqama", "saudi id", "رقم الهوية", "الهوية"]),
    row("eg-id", Kind::NationalId, "99999999999999", asia::eg_id, Word, &["الرقم القومي", "national id", "egyptian id"]),
    row("kz-iin", Kind::NationalId, "999999999999", asia::kz_iin, Word, &["иин", "жсн", "iin"]),
    row("za-id", Kind::NationalId, "9999999999999", asia::za_id, Word, &["south african id", "sa id", "id number", "identity number", "rsa id"]),
    row("za-id", Kind::NationalId, "999999 9999 999", asia::za_id, Shape, &["south african id", "sa id", "id number", "identity number", "rsa id"]),
    row("ng-nin", Kind::NationalId, "99999999999", goods::any, Word, &["nin", "national identification", "nimc"]),
    // Latin America.
    row("br-cpf", Kind::TaxId, "999 999 999 99", am::br_cpf, Nothing, &["cpf"]),
    row("br-cnpj", Kind::CompanyId, "99 999 999 9999 99", am::br_cnpj, Nothing, &["cnpj"]),
    row("br-cnpj", Kind::CompanyId, "NN NNN NNN/NNNN-99", am::br_cnpj, Nothing, &["cnpj"]),
    row("mx-curp", Kind::NationalId, "AAAA999999AAAAAAN9", am::mx_curp, Nothing, &["curp"]),
    row("mx-rfc", Kind::TaxId, "AAAA 999999 NNN", am::mx_rfc, Capitals, &["rfc"]),
    row("ar-cuit", Kind::TaxId, "99 99999999 9", am::ar_cuit, Shape, &["cuit", "cuil"]),
    row("cl-rut", Kind::NationalId, "99.999.999-N", am::cl_rut, Nothing, &["rut", "run"]),
    row("cl-rut", Kind::NationalId, "9.999.999-N", am::cl_rut, Nothing, &["rut", "run"]),
    row("cl-rut", Kind::NationalId, "99999999-N", am::cl_rut, Word, &["rut", "run"]),
    // Things that belong to somebody.
    row("vin", Kind::Vin, "NNNNNNNNNNNNNNNNN", goods::vin, Nothing, &["vin", "vehicle identification", "chassis"]),
    row("imei", Kind::DeviceId, "99 999999 999999 9", goods::imei, Word, &["imei", "meid", "handset"]),
    row("iccid", Kind::DeviceId, "9999999999999999999", goods::iccid, Word, &["iccid", "sim"]),
    row("iccid", Kind::DeviceId, "99999999999999999999", goods::iccid, Word, &["iccid", "sim"]),
    row("imsi", Kind::DeviceId, "999999999999999", goods::imsi, Word, &["imsi"]),
    // Passports have no check outside of their machine-readable zone.
    row("passport", Kind::Passport, "A9999999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "A99999999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "AA9999999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "AA999999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "99AA99999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "999999999", goods::any, Word, PASSPORT),
    row("passport", Kind::Passport, "ANNNNNNNN", goods::mixed, Word, PASSPORT),
];
