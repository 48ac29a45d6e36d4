//! The built-in rules.
//!
//! A rule is a function of a text and a place in it: it reports what begins there, or what belongs to the
//! sign that stands there. [`Rules::recognize`] goes over the text once, marks the places where rules can
//! begin, one bit for each of 64 bytes, and calls the rules only there. The module `oracle` of the tests
//! calls every rule at every place, and must get the same.
//!
//! Borders between words are ASCII borders here: digits that touch a Chinese character or an
//! underscore are still a number. Every scan is linear: candidates have a bounded length, or the
//! search goes on behind them.

mod assignment;
mod bic;
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
#[cfg(feature = "phone")]
mod phone_library;
mod place;
mod record;
mod scan;
mod secret;
mod secret_forms;
mod seed;
mod table;
mod url;

use std::ops::Range;

#[cfg(feature = "phone")]
pub use self::phone_library::PhoneRecognizer;
use self::scan::Marks;
pub(crate) use self::scan::{both, long_runs_of, sixteen, words_with_digits};
use self::secret::SecretRules;
use crate::lanes::{BLOCK, places};
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
}

impl Rules {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            index: numbered::Index::new(),
            secrets: SecretRules::new()?,
            words: seed::Words::new(),
        })
    }

    /// What begins with a word that holds a digit.
    fn at_word(&self, text: &str, word: &Range<usize>, out: &mut Vec<Finding>) {
        numbered::anchors(text, word, |at| self.index.at(text, at, out));
        place::postcode_at(text, word, out);
        card::broken_at(text, word, out);
        phone::broken_at(text, word, out);
        if word.len() >= 2 {
            record::at(text, word, out);
            iban::in_word(text, word, out);
        }
        iban::spelled_at(text, word, out);
        handle::tagged_at(text, word, out);
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
        let mut scan = Scan::new(self, text, out);
        let mut before = Marks::default();
        let mut blocks = [Marks::default(); BLOCKS];
        for from in (0..text.len()).step_by(BLOCK * BLOCKS) {
            let count = Marks::read(text.as_bytes(), from, &before, &mut blocks);
            for (marks, i) in blocks.iter().take(count).zip(0..) {
                let at = from + i * BLOCK;
                for anchor in places(marks.anchors, at) {
                    scan.anchor(anchor);
                }
                for end in places(marks.long_runs(&before), at) {
                    scan.run(end);
                }
                scan.words(marks, &before, at);
                before = *marks;
            }
        }
        scan.end();
    }
}

/// So many blocks of a text are marked before the rules look at them.
const BLOCKS: usize = 16;

/// One way through a text.
struct Scan<'a> {
    rules: &'a Rules,
    text: &'a str,
    out: &'a mut Vec<Finding>,
    regions: number::Regions,
    colons: ip::Runs,
    /// Where what was looked at last ends, by what it is.
    digits_end: usize,
    word_end: usize,
    run_end: usize,
    url_end: usize,
    www_end: [usize; 2],
    digit_words_end: usize,
    seed_words_end: usize,
}

impl<'a> Scan<'a> {
    fn new(rules: &'a Rules, text: &'a str, out: &'a mut Vec<Finding>) -> Self {
        Self {
            rules,
            text,
            out,
            regions: number::Regions::default(),
            colons: ip::Runs::default(),
            digits_end: 0,
            word_end: 0,
            run_end: 0,
            url_end: 0,
            www_end: [0; 2],
            digit_words_end: 0,
            seed_words_end: 0,
        }
    }

    fn anchor(&mut self, at: usize) {
        let (text, bytes) = (self.text, self.text.as_bytes());
        let out = &mut *self.out;
        match bytes[at] {
            b'0'..=b'9' => self.digit(at),
            b'@' | b'%' | b'&' => {
                email::sign_at(text, at, out);
                handle::handle_at(text, at, out);
            }
            b'[' | b'(' | b'{' => email::sign_at(text, at, out),
            b':' => {
                assignment::value_at(text, at, out);
                self.colons.at(text, at, out);
                mac::octets_at(text, at, out);
                SecretRules::telegram_at(text, at, out);
                if at >= self.url_end && bytes[at..].starts_with(b"://") {
                    self.url_end = url::scheme_at(text, at, out);
                }
            }
            b'=' => assignment::value_at(text, at, out),
            b'-' => {
                mac::octets_at(text, at, out);
                if bytes[at..].starts_with(secret::PRIVATE_KEY.as_bytes()) {
                    SecretRules::key_at(text, at, out);
                }
            }
            b'<' => mrz::zone_at(text, at, out),
            b'/' | b'\\' => {
                handle::home_at(text, at, out);
                handle::member_at(text, at, out);
            }
            b'B' => {
                let rest = &bytes[at..];
                if rest.starts_with(b"Bearer ") || rest.starts_with(b"Basic ") {
                    assignment::credentials_at(text, at, out);
                }
            }
            // The last letter of ` is`, the second of `dot`, `www.` and `BIC`, the third of `SWIFT`, the first `o` of
            // `arroba`.
            b's' => assignment::told_at(text, at - 2, out),
            b'o' | b'O' => {
                let rest = &bytes[at - 1..];
                if rest.starts_with(b"dot") || rest.starts_with(b"DOT") {
                    email::spelled_at(text, at - 1, out);
                } else if let Some(start) = at.checked_sub(" arr".len())
                    && bytes[start..].starts_with(email::ARROBA.as_bytes())
                {
                    email::arroba_at(text, start, out);
                }
            }
            b'i' | b'I' => bic::word_at(text, at, out),
            b'w' | b'W' => {
                let rest = &bytes[at - 1..];
                for (www, end) in ["www.", "WWW."].iter().zip(&mut self.www_end) {
                    if at > *end && rest.starts_with(www.as_bytes()) {
                        *end = url::www_at(text, at - 1, out);
                    }
                }
            }
            _ => {}
        }
    }

    /// The first digit of a word or of a group in it.
    fn digit(&mut self, at: usize) {
        if at < self.digits_end {
            return;
        }
        let (text, bytes) = (self.text, self.text.as_bytes());
        let out = &mut *self.out;
        self.digits_end = self.regions.take(bytes, at, MIN_REGION, |groups| {
            in_region(text, groups, out);
        });
        if at < self.word_end {
            return;
        }
        let part_of = |b: &&u8| b.is_ascii_alphanumeric();
        let before = bytes[self.word_end..at].iter().rev();
        let start = at - before.take_while(part_of).count();
        let behind = bytes[self.digits_end..].iter();
        self.word_end = self.digits_end + behind.take_while(part_of).count();
        self.rules.at_word(text, &(start..self.word_end), self.out);
    }

    /// A long run of the bytes that secrets are made of, whose end or middle is at `at`.
    fn run(&mut self, at: usize) {
        if at < self.run_end {
            return;
        }
        let part_of = |b: &&u8| scan::is_run_byte(**b);
        let bytes = self.text.as_bytes();
        let before = bytes[self.run_end..at].iter().rev();
        let start = at - before.take_while(part_of).count();
        self.run_end = at + bytes[at..].iter().take_while(part_of).count();
        self.rules
            .in_run(self.text, &(start..self.run_end), self.out);
    }

    /// Words in a row that mean something. Where some may lie, it is enough to look at places that are
    /// closer together than the shortest run is long.
    fn words(&mut self, marks: &Marks, before: &Marks, at: usize) {
        let (words, text) = (&self.rules.words, self.text);
        let places = |ends: u64, len: usize, step: usize| {
            let first = at + ends.trailing_zeros() as usize;
            let from = (first + 1).saturating_sub(len).next_multiple_of(step);
            (from..at + BLOCK - ends.leading_zeros() as usize).step_by(step)
        };
        let letters = seed::Letters {
            letters: marks.letters_with(before),
            middle: at,
        };
        let ends = marks.digit_words(before);
        if ends != 0 {
            let places = places(ends, scan::DIGIT_WORDS, 16);
            let end = self.digit_words_end;
            self.digit_words_end = words.digits_at(text, places, &letters, end, self.out);
        }
        let ends = marks.seed_words(before);
        if ends != 0 {
            let places = places(ends, scan::SEED_WORDS, 32);
            let end = self.seed_words_end;
            self.seed_words_end = words.seeds_at(text, places, &letters, end, self.out);
        }
    }

    fn end(&mut self) {
        let (text, out) = (self.text, &mut *self.out);
        self.regions
            .end(MIN_REGION, |groups| in_region(text, groups, out));
    }
}

/// The fewest digits of a telephone number.
const MIN_REGION: usize = 7;

fn in_region(text: &str, groups: &[Range<usize>], out: &mut Vec<Finding>) {
    phone::in_region(text, groups, out);
    card::in_region(text, groups, out);
}
