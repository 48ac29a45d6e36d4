//! Docent's agent runs: one or more transcripts a record.

use super::parser::{Draft, Output, Settings};
use crate::Format;
use crate::json::{
    Entries, Fact, Items, Lenient, Maybe, MessageList, Missing, Text, Time, fields, first_text,
    lenient_deserialize, parse as parse_json,
};
use crate::record_error::{Place, Problem};
use serde::de::{MapAccess, SeqAccess};

fields! {
    /// A run.
    Run<'a> {
        id: Text<'a> = "id",
        transcripts: Transcripts<'a> = "transcripts",
        metadata: Maybe<RunFacts<'a>> = "metadata",
    }
}

fields! {
    /// What is kept of the metadata.
    RunFacts<'a> {
        model: Text<'a> = "model" | "model_name",
        user: Text<'a> = "user_id",
        time: Time = "created_at" | "timestamp",
        score: Fact = "score",
    }
}

fields! {
    /// A transcript.
    Transcript<'a> {
        id: Text<'a> = "id",
        messages: MessageList<'a> = "messages",
    }
}

/// A list, in older exports an object by name.
#[derive(Default)]
pub(crate) struct Transcripts<'a>(Option<Vec<Transcript<'a>>>);

impl<'de: 'a, 'a> Lenient<'de> for Transcripts<'a> {
    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Items::of_list(list).map(|items| Self(items.0))
    }

    fn of_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let entries: Entries<'de, Transcript<'a>> = Entries::of_map(map)?;
        Ok(Self(entries.0.map(|entries| {
            entries
                .into_iter()
                .map(|(_, transcript)| transcript)
                .collect()
        })))
    }
}

impl Missing for Transcripts<'_> {
    fn is_missing(&self) -> bool {
        self.0.is_none()
    }
}

lenient_deserialize!(Transcripts<'a>);

pub(super) fn parse(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let run: Run<'_> = parse_json(text)?;
    let missing = || Problem::Shape {
        format: Format::Docent,
        expected: "a list `transcripts` of objects with `messages` is missing",
    };
    let transcripts = run.transcripts.0.ok_or_else(missing)?;
    let facts = run.metadata.0.unwrap_or_default();
    let several = transcripts.len() > 1;
    let mut drafts = Vec::new();
    for (index, transcript) in transcripts.into_iter().enumerate() {
        let id = match (run.id.get(), several) {
            (Some(id), true) => Some(format!("{id}/{index}")),
            (Some(id), false) => Some(id.to_owned()),
            (None, _) => first_text(&[&transcript.id]),
        };
        let mut draft = Draft {
            id,
            model: facts.model.to_owned_text(),
            user_id: facts.user.to_owned_text(),
            started_at: facts.time.0,
            ..Draft::default()
        };
        if let Some(score) = &facts.score.0 {
            draft.metadata.insert("score".to_owned(), score.clone());
        }
        transcript
            .messages
            .push(&mut draft.messages)
            .unwrap_or_else(|| Err(missing()))?;
        drafts.push(draft);
    }
    for draft in drafts {
        out.push(place, Ok(draft));
    }
    Ok(())
}
