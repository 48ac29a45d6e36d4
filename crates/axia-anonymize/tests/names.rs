//! Names and addresses from outside: what is masked, and what stays readable.
#![cfg(feature = "names")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use axia_anonymize::{Anonymizer, Kind};

fn masked(text: &str) -> String {
    Anonymizer::builder().build().unwrap().anonymize_text(text)
}

#[test]
fn names_are_masked() {
    for (text, expected) in [
        ("My name is Aino Virtanen.", "My name is [PERSON_1]."),
        ("my name is patricia desrosiers", "my name is [PERSON_1]"),
        ("Dear Grace, how are you?", "Dear [PERSON_1], how are you?"),
        (
            "I'm Bojka Žilih, from nowhere.",
            "I'm [PERSON_1], from nowhere.",
        ),
        ("Ask Dr. O'Neil about it.", "Ask Dr. [PERSON_1] about it."),
        ("I met J. K. Lindqvist there.", "I met [PERSON_1] there."),
        ("Anna M. Szász wrote this.", "[PERSON_1] wrote this."),
        (
            "We like Jean-Luc Martin's work.",
            "We like [PERSON_1]'s work.",
        ),
        (
            "Thank you.\n\nBest regards,\nRomi",
            "Thank you.\n\nBest regards,\n[PERSON_1]",
        ),
        ("Меня зовут Ирина Петрова.", "Меня зовут [PERSON_1]."),
        ("my brother Will is here", "my brother [PERSON_1] is here"),
        ("Jan Müller came.", "[PERSON_1] came."),
        ("Name: Vincent van der Berg", "Name: [PERSON_1]"),
    ] {
        assert_eq!(masked(text), expected, "{text}");
    }
}

#[test]
fn other_words_stay() {
    for text in [
        "Will you be there in May or in August?",
        "Grace and hope are virtues. Mark my words.",
        "Kant and Gandhi disagree with Shakespeare.",
        "Albert Einstein met Marie Curie in Paris.",
        "Harry Potter and Hermione Granger went to London.",
        "The Amazon flows to the Atlantic; San Francisco and New York do not.",
        "Python and Java run on Windows 10 with Ruby on Rails.",
        "She flew from Georgia to Jordan on a Monday in April.",
        "Stanford University and the Smith Foundation fund it.",
        "let user = Person::new(anna.name);",
        "I live on Sesame Street near Wall Street.",
        "In 1995 Paris had 5 Americans at 10 PM Friday.",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn addresses_are_masked_whole() {
    for (text, expected) in [
        (
            "I live at 24 Clarke Avenue, Apt. 7, Springfield, IL 62704.",
            "I live at [STREET_ADDRESS_1].",
        ),
        (
            "Wir wohnen in der Hauptstraße 12 seit Mai.",
            "Wir wohnen in der [STREET_ADDRESS_1] seit Mai.",
        ),
        (
            "Rendez-vous au 36 rue de Pologne demain.",
            "Rendez-vous au [STREET_ADDRESS_1] demain.",
        ),
        ("Via Roma 131 è casa mia.", "[STREET_ADDRESS_1] è casa mia."),
        (
            "Send it to PSC 3294, Box 9168\nAPO AA 61487",
            "Send it to [STREET_ADDRESS_1]",
        ),
        ("P.O. Box 211 is mine.", "[STREET_ADDRESS_1] is mine."),
        (
            "233 Pagari 18\n Apt. 322\n Tallinn\n Estonia 54005",
            "[STREET_ADDRESS_1]",
        ),
    ] {
        assert_eq!(masked(text), expected, "{text}");
    }
}

#[test]
fn names_can_be_switched_off() {
    let rules = Anonymizer::builder().names(false).build().unwrap();
    let text = "My name is Aino Virtanen, 24 Clarke Avenue.";
    let found = rules.detect(text);
    assert!(
        found
            .iter()
            .all(|f| f.kind != Kind::Person && f.kind != Kind::StreetAddress)
    );
}
