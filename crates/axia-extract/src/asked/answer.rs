//! Turns a model's answer into an extraction, and drops what the conversation does not bear out.

use axia_conversation::{Conversation, Role};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    EvidenceSpan, Extraction, ResponseType, Stance, Subjectivity, SubjectivityLevel, Task,
    ValueMention,
};

/// Longer names are sentences.
const MOST_WORDS: usize = 6;
const MOST_TASK_WORDS: usize = 10;

#[derive(Deserialize)]
struct Said {
    subjectivity: SubjectivityLevel,
    task: String,
    human_values: Vec<SaidValue>,
    ai_values: Vec<SaidValue>,
    response_type: ResponseType,
}

#[derive(Deserialize)]
struct SaidValue {
    quote: String,
    name: String,
    explicit: bool,
    stance: Stance,
}

/// What became of the values in answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelTally {
    /// Values that were kept.
    pub kept: u64,
    /// Values whose quote does not stand in that side's messages.
    pub without_quote: u64,
    /// Values whose name is empty or a sentence.
    pub without_name: u64,
    /// Values that were named before, on the same side.
    pub repeated: u64,
}

/// The extraction that an answer states; `None` if it has another form.
pub(super) fn read(conversation: &Conversation, json: &Value) -> Option<(Extraction, ModelTally)> {
    let said = Said::deserialize(json).ok()?;
    let mut tally = ModelTally::default();
    let human = mentions(conversation, &Role::User, said.human_values, &mut tally);
    let ai = mentions(conversation, &Role::Assistant, said.ai_values, &mut tally);
    let mut extraction = Extraction::new(
        conversation.id.clone(),
        Subjectivity::new(said.subjectivity, 1.0),
    )
    .with_human_values(human)
    .with_ai_values(ai);
    // Where no value of the user's is borne out, there is none to respond to.
    if !extraction.human_values.is_empty() {
        extraction = extraction.with_response_type(said.response_type);
    }
    let task = tidy(&said.task);
    if !task.is_empty() && task.split(' ').count() <= MOST_TASK_WORDS {
        extraction = extraction.with_task(Task::new(task, 1.0));
    }
    Some((extraction, tally))
}

fn mentions(
    conversation: &Conversation,
    role: &Role,
    said: Vec<SaidValue>,
    tally: &mut ModelTally,
) -> Vec<ValueMention> {
    let mut kept: Vec<ValueMention> = Vec::new();
    for value in said {
        let name = tidy(&value.name);
        if name.is_empty() || name.split(' ').count() > MOST_WORDS {
            tally.without_name += 1;
        } else if kept.iter().any(|mention| mention.label == name) {
            tally.repeated += 1;
        } else if let Some(span) = find(conversation, role, &value.quote) {
            let mut mention = ValueMention::new(name, value.stance, 1.0).with_evidence(span);
            mention.explicit = value.explicit;
            kept.push(mention);
            tally.kept += 1;
        } else {
            tally.without_quote += 1;
        }
    }
    kept
}

/// Lower case, with single spaces and without marks around it.
fn tidy(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let joined = words.join(" ").to_lowercase();
    joined
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

/// Where a quote stands in a side's messages, word for word; marks around it may differ.
fn find(conversation: &Conversation, role: &Role, quote: &str) -> Option<EvidenceSpan> {
    let bare = quote.trim().trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '“' | '”' | '‘' | '’' | '…' | '.' | ',')
    });
    // A word that stands everywhere is no evidence.
    if bare.chars().count() < 3 {
        return None;
    }
    conversation
        .messages
        .iter()
        .enumerate()
        .filter(|(_, message)| message.role == *role)
        .find_map(|(number, message)| {
            let start = message.text.find(bare)?;
            Some(EvidenceSpan::new(number, start, start + bare.len()))
        })
}
