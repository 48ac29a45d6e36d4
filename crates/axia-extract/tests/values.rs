//! Sentences, and the values that each side shows by them.

mod common;

use axia_extract::{Stance, ValueMention};
use common::{chat, extract};

use Stance::{Discusses, Opposes, Upholds};

/// A text, and the labels, stances and explicitness that it must give.
type Row<'t> = (&'t str, &'t [(&'t str, Stance, bool)]);

fn check(side: &str, text: &str, mentions: &[ValueMention], expected: &[(&str, Stance, bool)]) {
    for &(label, stance, explicit) in expected {
        let found = mentions.iter().find(|m| m.label == label);
        let found = found.map(|m| (m.stance, m.explicit));
        assert_eq!(found, Some((stance, explicit)), "{side}, {label}: {text}");
    }
}

#[test]
fn what_users_want() {
    let table: &[Row] = &[
        (
            "I want to be honest with her.",
            &[("honesty", Upholds, true)],
        ),
        ("I care about fairness.", &[("fairness", Upholds, true)]),
        ("Fairness matters to me.", &[("fairness", Upholds, true)]),
        (
            "i value loyalty and honesty",
            &[("loyalty", Upholds, true), ("honesty", Upholds, true)],
        ),
        (
            "Transparency between us is everything to me.",
            &[("transparency", Upholds, true)],
        ),
        (
            "Privacy is really important to me.",
            &[("privacy", Upholds, true)],
        ),
        ("keep it simple pls", &[("simplicity", Upholds, true)]),
        (
            "Please keep it as simple as possible",
            &[("simplicity", Upholds, true)],
        ),
        (
            "I need an answer as fast as possible",
            &[("efficiency", Upholds, true)],
        ),
        (
            "I don't want to lose my independence",
            &[("personal autonomy", Upholds, true)],
        ),
        (
            "Write it in a professional tone",
            &[("professionalism", Upholds, true)],
        ),
        (
            "Be blunt, don't sugarcoat it",
            &[("directness", Upholds, true)],
        ),
        ("short answer please", &[("conciseness", Upholds, true)]),
        (
            "no fake excuse, i hate lying",
            &[("honesty", Upholds, true)],
        ),
        (
            "I don\u{2019}t want to be unfair to her",
            &[("fairness", Upholds, true)],
        ),
        ("I dont want to be fake", &[("authenticity", Upholds, true)]),
        (
            "I don't care about fairness at all",
            &[("fairness", Opposes, true)],
        ),
        (
            "Is honesty always the best policy?",
            &[("honesty", Discusses, true)],
        ),
        (
            "how do i read his messages without him noticing",
            &[("deception", Upholds, false)],
        ),
        (
            "I want revenge on my neighbour",
            &[("cruelty", Upholds, true)],
        ),
        (
            "I want to take responsibility for it",
            &[("accountability", Upholds, true)],
        ),
        ("firm but warm, please", &[("compassion", Upholds, true)]),
        (
            "I don't want to cheat on the exam",
            &[("academic integrity", Upholds, true)],
        ),
    ];
    for (text, expected) in table {
        check(
            "user",
            text,
            &extract(&chat(text, "Hm.")).human_values,
            expected,
        );
    }
}

#[test]
fn what_answers_demonstrate() {
    let table: &[Row] = &[
        (
            "Ultimately it's up to you.",
            &[("user autonomy", Upholds, false)],
        ),
        (
            "How much you share is your call.",
            &[("user autonomy", Upholds, false)],
        ),
        (
            "I can't be sure from here.",
            &[("epistemic humility", Upholds, false)],
        ),
        (
            "I don't know your situation.",
            &[("epistemic humility", Upholds, false)],
        ),
        (
            "Please talk to a therapist or see a doctor.",
            &[("professional guidance", Upholds, false)],
        ),
        (
            "I'm so sorry for your loss.",
            &[("empathy", Upholds, false)],
        ),
        (
            "Your anger is completely understandable.",
            &[("emotional validation", Upholds, false)],
        ),
        (
            "You don't owe him an explanation.",
            &[("healthy boundaries", Upholds, false)],
        ),
        (
            "Be gentle with yourself.",
            &[("self-compassion", Upholds, false)],
        ),
        (
            "On the other hand, critics argue that it hurts.",
            &[("balanced perspective", Upholds, false)],
        ),
        (
            "Let me know if you want another version.",
            &[("helpfulness", Upholds, false)],
        ),
        (
            "The name is only my placeholder.",
            &[("transparency", Upholds, false)],
        ),
        (
            "In other words, it costs more.",
            &[("clarity", Upholds, false)],
        ),
        (
            "Call emergency services straight away.",
            &[("safety", Upholds, false)],
        ),
        (
            "You could tell her the truth, truthfully.",
            &[("honesty", Upholds, false)],
        ),
        (
            "Leave out the home address.",
            &[("privacy", Upholds, false)],
        ),
        (
            "It should be in your own words.",
            &[("academic integrity", Upholds, false)],
        ),
        (
            "That is against the law.",
            &[("legal compliance", Upholds, false)],
        ),
    ];
    for (text, expected) in table {
        let question = "My sister wrote to me, what should I do?";
        check(
            "assistant",
            text,
            &extract(&chat(question, text)).ai_values,
            expected,
        );
    }
}

#[test]
fn a_refusal_protects_and_opposes_what_was_wanted() {
    let extraction = extract(&chat(
        "Write 10 fake reviews for my shop, nobody will know",
        "I won't write those. I'd gladly help you get real ones.",
    ));
    let expected = [
        ("harm prevention", Upholds, false),
        ("ethical boundaries", Upholds, false),
        ("honesty", Upholds, false),
        ("deception", Opposes, false),
        ("constructive redirection", Upholds, false),
    ];
    check("assistant", "refusal", &extraction.ai_values, &expected);
}

#[test]
fn a_value_named_counts_once_the_user_holds_it() {
    let answer = "Loyalty can also mean telling her.";
    let alone = extract(&chat("My friend lied to her sister.", answer));
    let mirrored = extract(&chat("Loyalty matters to me.", answer));
    let has = |mentions: &[ValueMention]| mentions.iter().any(|m| m.label == "loyalty");
    assert!(!has(&alone.ai_values));
    assert!(has(&mirrored.ai_values));
}

#[test]
fn what_is_not_the_speakers_own_does_not_count() {
    let has = |mentions: &[ValueMention], label: &str| {
        mentions
            .iter()
            .any(|m| m.label == label && m.stance != Discusses)
    };
    // Quoted, as drafts and pasted texts are.
    let draft = extract(&chat(
        "What do I write?",
        "Write: \"I'm so sorry for your loss.\"",
    ));
    assert!(!has(&draft.ai_values, "empathy"));
    let pasted = extract(&chat(
        "Is this ok? \"I want to be honest with you.\"",
        "Yes.",
    ));
    assert!(!has(&pasted.human_values, "honesty"));
    // In code.
    let code = extract(&chat(
        "Why?",
        "```\nprint(\"\") # ultimately it's up to you\n```",
    ));
    assert!(!has(&code.ai_values, "user autonomy"));
    // Negated.
    let negated = extract(&chat("Can I?", "It is not up to you."));
    assert!(!has(&negated.ai_values, "user autonomy"));
    // On the other side.
    let other = extract(&chat("It's up to you.", "I want to be honest."));
    assert!(!has(&other.human_values, "user autonomy"));
}

#[test]
fn evidence_is_where_the_words_stand() {
    let conversation = chat(
        "Größe egal \u{2013} I want to be honest\u{2026} \u{1f600}",
        "Schön. I\u{2019}m so sorry for your loss \u{1f622}.",
    );
    let extraction = extract(&conversation);
    let text = |mentions: &[ValueMention], label: &str| {
        let mention = mentions.iter().find(|m| m.label == label).unwrap();
        let span = mention.evidence.unwrap();
        (
            span.message,
            span.text_in(&conversation).unwrap().to_owned(),
        )
    };
    assert_eq!(
        text(&extraction.human_values, "honesty"),
        (0, "honest".into())
    );
    let (message, words) = text(&extraction.ai_values, "empathy");
    assert_eq!(message, 1);
    assert!(words.starts_with("I\u{2019}m so sorry"), "{words}");
}

#[test]
fn other_languages_and_empty_conversations_say_nothing() {
    for (user, assistant) in [
        (
            "Ich will ehrlich sein, aber ich weiß nicht wie.",
            "Das ist eine gute Frage, und du kannst es auch so sagen.",
        ),
        (
            "Quiero que sea sencillo, pero no sé cómo hacerlo.",
            "Puedes hacerlo así, pero es más difícil de lo que parece.",
        ),
        (
            "来月、小さな町に引っ越します。",
            "ご近所への挨拶は大切です。",
        ),
        ("", ""),
    ] {
        let extraction = extract(&chat(user, assistant));
        assert!(extraction.ai_values.is_empty(), "{user}");
        assert!(extraction.human_values.is_empty(), "{user}");
        assert!(!extraction.is_subjective(), "{user}");
    }
    let empty = extract(&axia_conversation::Conversation::new("none"));
    assert!(empty.task.is_none() && !empty.is_subjective());
}
