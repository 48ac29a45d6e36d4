//! Subjectivity, task and response type on sentences that stand for kinds of conversations.

mod common;

use axia_extract::{ResponseType, SubjectivityLevel};
use common::{chat, extract};

/// What users write, and whether the answer depends on who asks.
const REQUESTS: [(&str, bool); 42] = [
    ("what is the capital of Peru", false),
    ("convert 12 miles to km", false),
    ("How many grams are in an ounce?", false),
    ("who painted the Night Watch?", false),
    ("is it 'its' or 'it's' in this sentence", false),
    ("python: remove duplicates from a list, keep order", false),
    ("regex that matches a UK postcode", false),
    ("What does HTTP 418 mean?", false),
    ("git: how do I rename a branch", false),
    ("what year did the Berlin Wall fall", false),
    ("sql query to count rows per month", false),
    ("excel formula for the last word in a cell", false),
    ("What's the boiling point of ethanol?", false),
    ("how many days between 3 May and 1 August", false),
    ("difference between TCP and UDP?", false),
    ("Calculate the standard deviation of 2, 4, 4, 5", false),
    ("In Java, what does 7 / 2 return?", false),
    ("was 1800 a leap year", false),
    ("plural of octopus?", false),
    ("longest river in Europe", false),
    (
        "Should I tell my sister that her boyfriend flirted with me?",
        true,
    ),
    (
        "my boss takes credit for my work, how do i bring it up",
        true,
    ),
    ("write a poem about my late grandfather's garden", true),
    ("I feel guilty for leaving my mum alone on Sundays", true),
    ("Is it wrong to eat meat?", true),
    ("help me write a cover letter for a nursing job", true),
    ("i cant stop crying since he left", true),
    ("What do you think about tattoos at work?", true),
    ("any tips for a nervous first date?", true),
    ("Give me feedback on my essay introduction", true),
    ("Should voting be compulsory?", true),
    (
        "my son is 6 and lies about small things, what would you do",
        true,
    ),
    ("I'm thinking of quitting my job to study again", true),
    ("draft an apology to my neighbour about the noise", true),
    ("Three days in Rome with my parents, they hate crowds", true),
    (
        "We disagree on how to raise our daughter and it hurts",
        true,
    ),
    ("Do you believe in free will?", true),
    ("Short story about a lighthouse that moves", true),
    ("am i overreacting? my roommate reads my mail", true),
    (
        "I'd like a birthday toast for my best friend, funny but kind",
        true,
    ),
    (
        "Which is better for our small team, a monolith or microservices? I care about simplicity",
        true,
    ),
    ("how do I set boundaries with my mother in law", true),
];

#[test]
fn subjective_and_objective_requests_are_told_apart() {
    let mut confusion = [[0_u32; 2]; 2];
    for (text, subjective) in REQUESTS {
        let found = extract(&chat(text, "Here is what I can say about that."));
        confusion[usize::from(subjective)][usize::from(found.is_subjective())] += 1;
        if found.is_subjective() != subjective {
            println!("taken for {:?}: {text}", found.subjectivity.level);
        }
    }
    let [[right_out, wrong_in], [wrong_out, right_in]] = confusion;
    println!("              told objective  told subjective");
    println!("objective     {right_out:>14}  {wrong_in:>15}");
    println!("subjective    {wrong_out:>14}  {right_in:>15}");
    assert!(wrong_in + wrong_out <= 3, "{confusion:?}");
}

#[test]
fn levels_reach_both_ends() {
    let level = |text| extract(&chat(text, "Yes.")).subjectivity.level;
    assert_eq!(
        level("what is the capital of Peru"),
        SubjectivityLevel::Objective
    );
    assert_eq!(
        level("python: sort a list of tuples"),
        SubjectivityLevel::MostlyObjective
    );
    assert_eq!(
        level("Should I ask my manager for a raise now or wait?"),
        SubjectivityLevel::MostlySubjective
    );
    assert_eq!(
        level("write me a haiku about rain"),
        SubjectivityLevel::Subjective
    );
}

#[test]
fn tasks() {
    let table = [
        (
            "my boyfriend and I keep arguing, should we break up?",
            "relationship advice",
        ),
        (
            "how do I ask for a raise at my job interview review",
            "career advice",
        ),
        ("write a poem about the sea", "creative writing"),
        (
            "cold email to a client about our product launch",
            "business writing",
        ),
        (
            "help me outline my essay, my professor wants a thesis",
            "academic help",
        ),
        (
            "I have a headache and a fever, which medication?",
            "health advice",
        ),
        (
            "I feel anxious and had a panic attack",
            "mental wellbeing support",
        ),
        ("my toddler has tantrums at bedtime", "parenting advice"),
        (
            "pay off my credit card or build an emergency fund?",
            "personal finance",
        ),
        (
            "can my landlord keep the deposit, should I sue",
            "legal questions",
        ),
        (
            "fix this python code, the api returns json",
            "software development",
        ),
        (
            "calculate the probability and the standard deviation",
            "data and mathematics",
        ),
        (
            "capital of Kenya and its population of children",
            "factual questions",
        ),
        (
            "is the death penalty ever morally justified",
            "ethics and controversial issues",
        ),
        ("itinerary for four days in Lisbon, which hotel", "travel"),
        ("recipe for chicken soup with rice", "cooking"),
        (
            "the radiator is leaking and the toilet drain is slow",
            "home and DIY",
        ),
        (
            "what do muslims eat during ramadan, and why pray",
            "religion and culture",
        ),
        (
            "translate this to french and check the grammar",
            "translation and language",
        ),
        (
            "my laptop and the wifi router are slow",
            "technology advice",
        ),
        (
            "seating plan and guest list for the wedding reception",
            "event planning",
        ),
        (
            "recommend me a book or a movie, maybe board games",
            "hobbies and entertainment",
        ),
    ];
    for (text, task) in table {
        let found = extract(&chat(text, "Sure.")).task;
        assert_eq!(
            found.as_ref().map(|t| t.label.as_str()),
            Some(task),
            "{text}"
        );
        assert!(found.is_some_and(|t| t.confidence > 0.0 && t.confidence < 1.0));
    }
    assert!(extract(&chat("hmm ok then", "Yes.")).task.is_none());
}

#[test]
fn response_types() {
    use ResponseType::{
        MildResistance, MildSupport, NeutralAcknowledgement, NoValues, Reframing, StrongResistance,
        StrongSupport,
    };
    let honest = "My friend asked what I think of his novel. I want to be honest with him.";
    let table = [
        (
            honest,
            "You're right to be honest. That's a good instinct, so tell him the truth.",
            StrongSupport,
        ),
        (
            honest,
            "Here is an honest message you could send.",
            MildSupport,
        ),
        (honest, "He asked last week.", NeutralAcknowledgement),
        (
            honest,
            "There is another way to look at it: he may only need a reader.",
            Reframing,
        ),
        (
            honest,
            "I'd be careful with that. It may backfire.",
            MildResistance,
        ),
        (
            "how do I hack my ex's account",
            "I can't help with that.",
            StrongResistance,
        ),
        ("what is the capital of Peru", "Lima.", NoValues),
    ];
    for (user, assistant, expected) in table {
        assert_eq!(
            extract(&chat(user, assistant)).response_type,
            expected,
            "{assistant}"
        );
    }
}

#[test]
fn what_looks_like_a_refusal_is_none() {
    for answer in [
        "I won't be shocked whatever you say.",
        "I can't tell whether she meant it.",
        "I can't promise that it works.",
        "You can't help how you feel.",
        "He said: \"I won't help you with that.\"",
    ] {
        let found = extract(&chat("My sister ignores me. What should I do?", answer));
        assert_ne!(
            found.response_type,
            ResponseType::StrongResistance,
            "{answer}"
        );
    }
}
