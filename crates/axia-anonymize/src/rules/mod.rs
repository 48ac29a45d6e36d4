//! The built-in rules.
//!
//! A rule is a function of a text and a place in it: it reports what begins there, or what belongs to the
//! sign that stands there. [`Rules::recognize`] searches for the places, a few bytes at a time, and calls
//! the rules only there. The module `oracle` of the tests calls every rule at every place, and must get
//! the same.
//!
//! Borders between words are ASCII borders here: digits that touch a Chinese character or an
//! underscore are still a number. Every scan is linear: candidates have a bounded length, or the
//! search goes on behind them.

mod assignment;
mod birth;
mod card;
mod check;
mod context;
mod crypto;
mod email;
mod handle;
mod iban;
mod ip;
mod mac;
mod mrz;
mod number;
mod numbered;
#[cfg(test)]
mod oracle;
mod pattern;
mod phone;
mod place;
mod record;
mod scan;
mod secret;
mod secret_forms;
mod seed;
mod table;
mod url;

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr_iter, memchr2_iter, memchr3_iter};

pub(crate) use self::scan::{long_runs_of, words_with_digits};
use self::secret::SecretRules;
use crate::{Error, Finding, Kind, Recognizer};

/// All of them.
pub(crate) fn built_in() -> Result<Vec<Box<dyn Recognizer>>, Error> {
    Ok(vec![Box::new(Rules::new()?)])
}

/// All built-in rules, with what they have to look up.
pub(crate) struct Rules {
    index: numbered::Index,
    secrets: SecretRules,
    words: seed::Words,
    finders: Finders,
}

/// Literals that rules begin at.
struct Finders {
    key: Finder<'static>,
    scheme: Finder<'static>,
    www: [Finder<'static>; 2],
    dot: [Finder<'static>; 2],
    is: Finder<'static>,
    bearer: [Finder<'static>; 2],
    homes: Vec<Finder<'static>>,
}

impl Rules {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            index: numbered::Index::new(),
            secrets: SecretRules::new()?,
            words: seed::Words::new(),
            finders: Finders {
                key: Finder::new(secret::PRIVATE_KEY),
                scheme: Finder::new("://"),
                www: [Finder::new("www."), Finder::new("WWW.")],
                dot: [Finder::new("dot"), Finder::new("DOT")],
                is: Finder::new(" is "),
                bearer: [Finder::new("Bearer "), Finder::new("Basic ")],
                homes: handle::ENDS.iter().map(|end| Finder::new(*end)).collect(),
            },
        })
    }

    /// What begins with a word that holds a digit.
    fn at_word(&self, text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
        numbered::anchors(text, word, |at| self.index.at(text, at, out));
        place::postcode_at(text, word, out);
        if word.len() >= 2 {
            record::at(text, word, out);
            iban::in_word(text, word, out);
        }
        let bytes = &text.as_bytes()[word.clone()];
        let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        // Behind the digits of a day or an age there may be letters: `12th`, `34yo`.
        if digits > 0 {
            let digits = word.start..word.start + digits;
            birth::date_at(text, &digits, out);
            birth::age_at(text, &digits, out);
            place::coordinates_at(text, &digits, out);
            ip::v4_at(text, digits.start, out);
        }
    }

    /// What lies in a long run of the bytes that secrets are made of.
    fn in_run(&self, text: &str, run: &Range<usize>, out: &mut Vec<Finding>) {
        self.secrets.in_run(text, run, out);
        for start in word_starts(text.as_bytes(), run) {
            crypto::address_at(text, start, out);
        }
    }

    fn each(finder: &Finder<'_>, text: &str, mut visit: impl FnMut(usize)) {
        finder.find_iter(text.as_bytes()).for_each(&mut visit);
    }

    /// As `each`, but goes on behind what `visit` returns.
    fn behind(finder: &Finder<'_>, text: &str, mut visit: impl FnMut(usize) -> usize) {
        let mut end = 0;
        for at in finder.find_iter(text.as_bytes()) {
            if at >= end {
                end = visit(at);
            }
        }
    }
}

/// Where words begin in a run.
fn word_starts(bytes: &[u8], run: &Range<usize>) -> impl Iterator<Item = usize> {
    run.clone().filter(|&at| {
        bytes[at].is_ascii_alphanumeric()
            && !at
                .checked_sub(1)
                .is_some_and(|i| bytes[i].is_ascii_alphanumeric())
    })
}

impl Recognizer for Rules {
    /// The first of the many.
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn may_report(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::Custom(_))
    }

    fn fingerprint(&self) -> String {
        format!(
            "{} and others by {} rules",
            self.kind(),
            table::ROWS.len() + secret_forms::FORMS.len()
        )
    }

    fn recognize(&self, text: &str, out: &mut Vec<Finding>) {
        let bytes = text.as_bytes();
        number::regions(text, 7, |groups| {
            phone::in_region(text, groups, out);
            card::in_region(text, groups, out);
        });
        scan::words_with_digits(bytes, |word| self.at_word(text, &word, out));
        scan::long_runs(bytes, |run| self.in_run(text, &run, out));
        for at in memchr3_iter(b'@', b'%', b'&', bytes) {
            email::sign_at(text, at, out);
            handle::handle_at(text, at, out);
        }
        for at in memchr3_iter(b'[', b'(', b'{', bytes) {
            email::sign_at(text, at, out);
        }
        let mut colons = ip::Runs::default();
        for at in memchr2_iter(b':', b'=', bytes) {
            assignment::value_at(text, at, out);
            if bytes[at] == b':' {
                colons.at(text, at, out);
                mac::octets_at(text, at, out);
                SecretRules::telegram_at(text, at, out);
            }
        }
        for at in memchr_iter(b'-', bytes) {
            mac::octets_at(text, at, out);
        }
        for at in memchr_iter(b'<', bytes) {
            mrz::zone_at(text, at, out);
        }
        self.words.scan(text, out);
        let finders = &self.finders;
        Self::each(&finders.key, text, |at| SecretRules::key_at(text, at, out));
        Self::behind(&finders.scheme, text, |at| url::scheme_at(text, at, out));
        Self::each(&finders.is, text, |at| assignment::told_at(text, at, out));
        for finder in &finders.www {
            Self::behind(finder, text, |at| url::www_at(text, at, out));
        }
        for finder in &finders.dot {
            Self::each(finder, text, |at| email::spelled_at(text, at, out));
        }
        for finder in &finders.bearer {
            Self::each(finder, text, |at| assignment::credentials_at(text, at, out));
        }
        for finder in &finders.homes {
            Self::each(finder, text, |at| handle::home_at(text, at, out));
        }
    }
}
