//! Invented personal data that is planted in copies of conversations, and looked for afterwards.

use std::fmt;

use axia_conversation::{Conversation, Message, Role};

use super::LeakReport;
use crate::squeeze::{Squeezed, plain_words};
use crate::{Anonymized, Kind, ScanState};

/// Plants invented personal data: one canary for each conversation, mentioned twice.
///
/// What is planted depends on the seed and the conversation's id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canaries {
    seed: u64,
}

/// A copy of a conversation with a canary in it. Keep it away from the data: it must be counted nowhere.
#[derive(Clone, PartialEq)]
pub struct Planted {
    conversation: Conversation,
    kind: Kind,
    /// Squeezed parts of which none may be read afterwards.
    parts: Vec<String>,
}

impl Canaries {
    /// Canaries of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A copy of the conversation in which somebody says something personal, and it is said again.
    #[must_use]
    pub fn plant(&self, conversation: &Conversation) -> Planted {
        let mut draw = Draw::new(self.seed, conversation.id.as_str());
        let (kind, text, parts) = canary(&mut draw);
        let said = draw.pick(sentences(kind)).replace("{}", &text);
        let again = draw.pick(AGAIN).replace("{}", &text);
        let mut planted = conversation.clone();
        let at = draw.below(planted.messages.len() + 1);
        planted
            .messages
            .insert(at, Message::new(Role::Assistant, again));
        planted.messages.insert(at, Message::new(Role::User, said));
        Planted {
            conversation: planted,
            kind,
            parts,
        }
    }
}

impl Planted {
    /// The copy, to be sent through the anonymizer that is audited.
    #[must_use]
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// What kind of personal data was planted.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// One canary, and whether any part of it can still be read, spacing, capitals and accents aside.
    ///
    /// Of a conversation that was not scanned to its end nothing can be read: that is no leak.
    #[must_use]
    pub fn survivors(&self, anonymized: &Anonymized) -> LeakReport {
        let mut report = LeakReport::new();
        let scanned = anonymized.state() == ScanState::Scanned;
        let readable = scanned
            && anonymized.conversation().messages.iter().any(|message| {
                let text = Squeezed::new(&message.text).text;
                self.parts.iter().any(|part| text.contains(part.as_str()))
            });
        report.count_canary(self.kind, readable);
        report
    }
}

impl fmt::Debug for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planted")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

const AGAIN: &[&str] = &[
    "Thank you, I have noted {}.",
    "Just to be sure: {}, is that right?",
    "I will not pass on {} to anybody.",
    "{}. Understood.",
];

/// Sentences as people write them, with and without a word that tells the kind.
fn sentences(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Email => &[
            "you can reach me at {}",
            "My address is {}, please write there.",
            "{} is where the invoice should go",
            "send it to <{}>!",
        ],
        Kind::Phone => &[
            "call me at {} tomorrow",
            "My number: {}",
            "Phone {} (evenings only)",
        ],
        Kind::Card => &[
            "my card is {}",
            "Charge {} please.",
            "card number {} expires soon",
        ],
        Kind::Iban => &[
            "Please transfer it to {}.",
            "IBAN: {}",
            "my account {} is empty",
        ],
        Kind::UsSsn => &[
            "my SSN is {}",
            "social security number {} was in the letter",
        ],
        Kind::Ip => &["the server is {}", "They blocked {} last night."],
        Kind::ApiKey => &["why does {} not work any more?", "export OPENAI_API_KEY={}"],
        _ => &[
            "my name is {} and I need advice",
            "I'm {}, nice to meet you",
            "Regards,\n{}",
        ],
    }
}

const GIVEN: &[&str] = &[
    "Miriam", "Thomas", "Aisha", "Giulia", "Henrik", "Ksenia", "Rafael", "Yolanda", "Tobias",
    "Noura", "Ingrid", "Matteo",
];

const FAMILY: &[&str] = &[
    "Abernathy",
    "Lindqvist",
    "Kowalczyk",
    "Okonkwo",
    "Fernandez",
    "Haddad",
    "Petrova",
    "Schneider",
    "Castellano",
    "Johansson",
    "Nakamura",
    "Delacroix",
];

fn canary(draw: &mut Draw) -> (Kind, String, Vec<String>) {
    let (kind, text) = match draw.below(8) {
        0 => {
            let person = format!(
                "{}.{}{}",
                draw.pick(GIVEN),
                draw.pick(FAMILY),
                draw.digits(3)
            );
            let site = format!("{}-{}.org", draw.pick(FAMILY), draw.digits(4));
            (Kind::Email, format!("{person}@{site}").to_lowercase())
        }
        1 => {
            let area = draw.pick(&["212", "415", "617", "303"]);
            let number = format!(
                "{area}-{}{}-{}",
                2 + draw.below(8),
                draw.digits(2),
                draw.digits(4)
            );
            let prefix = draw.pick(&["+1 ", "(+1) ", "1-"]);
            (Kind::Phone, format!("{prefix}{number}"))
        }
        2 => {
            let digits = with_luhn(&format!("4539{}", draw.digits(11)));
            let groups: Vec<&str> = [0, 4, 8, 12]
                .iter()
                .map(|&at| &digits[at..at + 4])
                .collect();
            (Kind::Card, groups.join(*draw.pick(&["", " ", "-"])))
        }
        3 => (Kind::Iban, german_iban(&draw.digits(18))),
        4 => {
            let (area, group) = (100 + draw.below(500), 10 + draw.below(80));
            (
                Kind::UsSsn,
                format!("{area}-{group}-{:04}", 1000 + draw.below(8000)),
            )
        }
        5 => {
            let octets = (0..3).map(|_| (1 + draw.below(250)).to_string());
            let rest: Vec<String> = octets.collect();
            (Kind::Ip, format!("93.{}", rest.join(".")))
        }
        6 => {
            let secret: String = (0..48).map(|_| *draw.pick(LETTERS)).collect();
            (Kind::ApiKey, format!("sk-{secret}"))
        }
        _ => (
            Kind::Person,
            format!("{} {}", draw.pick(GIVEN), draw.pick(FAMILY)),
        ),
    };
    let parts = match kind {
        Kind::Person => plain_words(&text),
        _ => vec![plain_words(&text).concat()],
    };
    (kind, text, parts)
}

const LETTERS: &[char] = &[
    'A', 'b', 'C', 'd', 'E', 'f', 'G', 'h', 'J', 'k', 'L', 'm', 'N', 'p', 'Q', 'r', 'S', 't', 'U',
    'v', 'W', 'x', 'Y', 'z', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// Digits with their check digit behind them.
fn with_luhn(digits: &str) -> String {
    let doubled = digits.bytes().rev().enumerate().map(|(at, byte)| {
        let digit = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    });
    let check = (10 - doubled.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

/// An IBAN whose check digits are right (ISO 13616), for any account.
fn german_iban(account: &str) -> String {
    // D and E are 13 and 14.
    let remainder = format!("{account}131400")
        .bytes()
        .fold(0_u32, |rest, byte| {
            (rest * 10 + u32::from(byte - b'0')) % 97
        });
    format!("DE{:02}{account}", 98 - remainder)
}

/// Numbers that depend on the seed and a name alone.
struct Draw {
    source: blake3::OutputReader,
}

impl Draw {
    fn new(seed: u64, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"axia-anonymize canary");
        hasher.update(&seed.to_le_bytes());
        hasher.update(name.as_bytes());
        Self {
            source: hasher.finalize_xof(),
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 8];
        self.source.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes) % (limit.max(1) as u64);
        // Below a usize.
        #[allow(clippy::cast_possible_truncation)]
        let number = number as usize;
        number
    }

    fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Anonymizer;
    use crate::audit::LeakAudit;

    fn chat(n: usize) -> Conversation {
        Conversation::new(format!("chat-{n}")).with_message(Message::new(Role::User, "Hello."))
    }

    #[test]
    fn the_same_seed_plants_the_same() {
        let plant = |seed, n| Canaries::new(seed).plant(&chat(n));
        assert!(plant(1, 1) == plant(1, 1));
        assert!(plant(1, 1) != plant(2, 1) && plant(1, 1) != plant(1, 2));
        let shown = format!("{:?}", plant(1, 1));
        assert!(
            plant(1, 1)
                .parts
                .iter()
                .all(|part| !shown.contains(part.as_str()))
        );
    }

    #[test]
    fn survivors_are_counted_and_bounded() {
        // An anonymizer that keeps addresses leaks all canaries of that kind.
        let all = Anonymizer::builder().build().unwrap();
        let blind = Anonymizer::builder()
            .action(Kind::Email, crate::Action::Keep)
            .build()
            .unwrap();
        let audit = LeakAudit::new().unwrap();
        let (mut good, mut bad) = (LeakReport::new(), LeakReport::new());
        let mut emails = 0;
        for n in 0..400 {
            let planted = Canaries::new(3).plant(&chat(n));
            emails += u64::from(planted.kind() == Kind::Email);
            for (anonymizer, report) in [(&all, &mut good), (&blind, &mut bad)] {
                let done = anonymizer.anonymize_conversation(planted.conversation());
                report.add(&planted.survivors(&done));
                report.add(&audit.check(&done));
            }
        }
        assert_eq!(bad.survivors().get(&Kind::Email), Some(&emails));
        assert!(bad.suspected_spans()[&Kind::Email] >= 2 * emails);
        assert!(bad.require(0.05).unwrap_err().is_leaking());
        for kind in [
            Kind::Email,
            Kind::Card,
            Kind::Iban,
            Kind::UsSsn,
            Kind::Ip,
            Kind::ApiKey,
        ] {
            assert_eq!(good.survivors().get(&kind), None, "{kind}");
        }
        assert!(LeakReport::new().require(0.5).is_err());
    }
}
