//! Extractions as data frames: a row for each conversation, or a row for each mention of a value.

use axia_extract::{Extraction, ValueMention};
use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use crate::Error;

/// Makes a data frame of extractions, one row a conversation.
///
/// Columns: `conversation_id`, `subjectivity` (1 to 4), `subjectivity_confidence`, `subjective` (whether the
/// paper's filter keeps it), `task`, `task_confidence` (null without a task), `response_type`, `ai_values`
/// and `human_values` (lists of labels that the side upholds, the surest first).
/// [`mentions_to_data_frame`] has the values of all stances.
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_extract::{Extraction, Stance, Subjectivity, SubjectivityLevel, ValueMention};
///
/// let subjectivity = Subjectivity::new(SubjectivityLevel::Subjective, 0.9);
/// let honesty = ValueMention::new("honesty", Stance::Upholds, 0.7);
/// let one = Extraction::new("chat-1", subjectivity).with_ai_values(vec![honesty]);
/// let frame = axia_polars::extractions_to_data_frame(&[one])?;
/// assert_eq!(frame.shape(), (1, 9));
/// assert_eq!(frame.column("ai_values")?.list()?.get_as_series(0).map(|s| s.len()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn extractions_to_data_frame(extractions: &[Extraction]) -> Result<DataFrame, Error> {
    let all = || extractions.iter();
    let ids: Vec<&str> = all().map(|e| e.conversation_id.as_str()).collect();
    let levels: Vec<u32> = all()
        .map(|e| e.subjectivity.level.number().into())
        .collect();
    let sure: Vec<f32> = all().map(|e| e.subjectivity.confidence).collect();
    let subjective: Vec<bool> = all().map(Extraction::is_subjective).collect();
    let task = || all().map(|e| e.task.as_ref());
    let tasks: Vec<Option<&str>> = task().map(|t| t.map(|t| t.label.as_str())).collect();
    let task_sure: Vec<Option<f32>> = task().map(|t| t.map(|t| t.confidence)).collect();
    let responses: Vec<&str> = all().map(|e| e.response_type.as_str()).collect();
    let columns: Vec<Column> = vec![
        Series::new("conversation_id".into(), ids).into(),
        Series::new("subjectivity".into(), levels).into(),
        Series::new("subjectivity_confidence".into(), sure).into(),
        Series::new("subjective".into(), subjective).into(),
        Series::new("task".into(), tasks).into(),
        Series::new("task_confidence".into(), task_sure).into(),
        Series::new("response_type".into(), responses).into(),
        upheld("ai_values", all().map(|e| e.ai_values.as_slice())),
        upheld("human_values", all().map(|e| e.human_values.as_slice())),
    ];
    DataFrame::new(extractions.len(), columns).map_err(|e| Error::write(&e))
}

/// Lists of the labels that are upheld.
fn upheld<'e>(name: &'static str, sides: impl Iterator<Item = &'e [ValueMention]>) -> Column {
    let lists = sides.map(|mentions| {
        let upheld = mentions
            .iter()
            .filter(|m| m.stance == axia_extract::Stance::Upholds);
        let labels: Vec<&str> = upheld.map(|m| m.label.as_str()).collect();
        Series::new("".into(), labels)
    });
    Series::new(name.into(), lists.collect::<Vec<Series>>()).into()
}

/// Makes a data frame of mentions, one row for each value that a side of a conversation shows.
///
/// Columns: `conversation_id`, `side` (`ai` or `human`), `label`, `stance`, `explicit`, `confidence`, and where it shows:
/// `message` (from 0), `start`, `end` (bytes of its text), null where no place is known. The words themselves are in
/// no column.
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_extract::{Extraction, Stance, Subjectivity, SubjectivityLevel, ValueMention};
///
/// let subjectivity = Subjectivity::new(SubjectivityLevel::Subjective, 0.9);
/// let one = Extraction::new("chat-1", subjectivity)
///     .with_ai_values(vec![ValueMention::new("honesty", Stance::Upholds, 0.7)])
///     .with_human_values(vec![ValueMention::new("cruelty", Stance::Opposes, 0.6)]);
/// let frame = axia_polars::mentions_to_data_frame(&[one])?;
/// assert_eq!(frame.shape(), (2, 9));
/// assert_eq!(frame.column("stance")?.str()?.get(1), Some("opposes"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mentions_to_data_frame(extractions: &[Extraction]) -> Result<DataFrame, Error> {
    let mentions: Vec<(&str, &str, &ValueMention)> = extractions
        .iter()
        .flat_map(|extraction| {
            let id = extraction.conversation_id.as_str();
            let ai = extraction.ai_values.iter().map(move |m| (id, "ai", m));
            ai.chain(
                extraction
                    .human_values
                    .iter()
                    .map(move |m| (id, "human", m)),
            )
        })
        .collect();
    let all = || mentions.iter();
    let ids: Vec<&str> = all().map(|(id, _, _)| *id).collect();
    let sides: Vec<&str> = all().map(|(_, side, _)| *side).collect();
    let labels: Vec<&str> = all().map(|(_, _, m)| m.label.as_str()).collect();
    let stances: Vec<&str> = all().map(|(_, _, m)| m.stance.as_str()).collect();
    let explicit: Vec<bool> = all().map(|(_, _, m)| m.explicit).collect();
    let sure: Vec<f32> = all().map(|(_, _, m)| m.confidence).collect();
    let place = |of: fn(&axia_extract::EvidenceSpan) -> usize| -> Vec<Option<u64>> {
        let place = |m: &ValueMention| m.evidence.as_ref().map(|span| of(span) as u64);
        all().map(|(_, _, m)| place(m)).collect()
    };
    let columns: Vec<Column> = vec![
        Series::new("conversation_id".into(), ids).into(),
        Series::new("side".into(), sides).into(),
        Series::new("label".into(), labels).into(),
        Series::new("stance".into(), stances).into(),
        Series::new("explicit".into(), explicit).into(),
        Series::new("confidence".into(), sure).into(),
        Series::new("message".into(), place(|span| span.message)).into(),
        Series::new("start".into(), place(|span| span.start)).into(),
        Series::new("end".into(), place(|span| span.end)).into(),
    ];
    DataFrame::new(mentions.len(), columns).map_err(|e| Error::write(&e))
}
