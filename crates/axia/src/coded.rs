//! The extractions as integer codes: small enough to hold a study of millions of conversations in
//! memory, and the form in which the statistics take them.

use std::collections::BTreeMap;

use axia_anonymize::threshold::{CellCounter, CellSize};
use axia_conversation::UserId;
use axia_extract::{ResponseType, Stance, SubjectivityLevel, ValueMention};
use axia_taxonomy::LabelTable;

use crate::Error;
use crate::run_folder::RunFolder;
use crate::stage::{anonymize, extract};

/// Labels of one facet, sorted, each with its code: the position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codes {
    labels: Vec<String>,
}

impl Codes {
    fn of(table: &LabelTable) -> Self {
        let mut labels: Vec<String> = table.label_counts().into_iter().map(|c| c.label).collect();
        labels.sort_unstable();
        labels.dedup();
        Self { labels }
    }

    pub(crate) fn code(&self, label: &str) -> Option<u32> {
        let at = self
            .labels
            .binary_search_by(|known| known.as_str().cmp(label))
            .ok()?;
        u32::try_from(at).ok()
    }

    pub(crate) fn label(&self, code: u32) -> &str {
        self.labels.get(code as usize).map_or("", String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }
}

/// One conversation that was read and extracted.
pub(crate) struct Coded {
    /// Position in [`CodedStudy::users`].
    user: Option<u32>,
    pub(crate) level: SubjectivityLevel,
    pub(crate) response_type: ResponseType,
    pub(crate) task: Option<u32>,
    /// Values that are upheld, and those that are opposed: sorted codes, each once.
    pub(crate) ai: Vec<u32>,
    pub(crate) ai_opposed: Vec<u32>,
    pub(crate) human: Vec<u32>,
    /// Spans of personal data replaced, by position in [`CodedStudy::kinds`].
    pub(crate) replaced: Vec<(u32, u64)>,
}

impl Coded {
    /// Stands for the user, if that is known.
    pub(crate) fn user_code(&self) -> Option<u32> {
        self.user
    }

    pub(crate) fn is_subjective(&self) -> bool {
        self.level.is_subjective()
    }
}

/// All conversations of a study, coded.
pub(crate) struct CodedStudy {
    pub(crate) conversations: Vec<Coded>,
    users: Vec<UserId>,
    pub(crate) values: Codes,
    pub(crate) tasks: Codes,
    pub(crate) kinds: Vec<String>,
    /// Conversations on which the extractor failed.
    pub(crate) failed: u64,
    /// Conversations that were not scanned for personal data to the end.
    pub(crate) unscanned: u64,
}

impl CodedStudy {
    /// Reads the files that the stages before have made: once to collect the labels, once to code.
    pub(crate) fn load(folder: &RunFolder) -> Result<Self, Error> {
        let mut values = LabelTable::new();
        let mut tasks = LabelTable::new();
        let mut failed = 0;
        for extraction in extract::extractions(folder)? {
            let Some(extraction) = extraction? else {
                failed += 1;
                continue;
            };
            let mentions = extraction.ai_values.iter().chain(&extraction.human_values);
            for mention in mentions {
                values.add(&mention.label);
            }
            if let Some(task) = &extraction.task {
                tasks.add(&task.label);
            }
        }
        let mut study = Self {
            conversations: Vec::new(),
            users: Vec::new(),
            values: Codes::of(&values),
            tasks: Codes::of(&tasks),
            kinds: Vec::new(),
            failed,
            unscanned: 0,
        };
        let (values, tasks) = (values.index(), tasks.index());
        let mut known_users = BTreeMap::new();
        let mut known_kinds = BTreeMap::new();
        let pairs = anonymize::conversations(folder)?.zip(extract::extractions(folder)?);
        for (conversation, extraction) in pairs {
            let conversation = conversation?;
            if conversation.metadata.contains_key(anonymize::UNSCANNED) {
                study.unscanned += 1;
                continue;
            }
            let Some(extraction) = extraction? else {
                continue;
            };
            let code = |mentions: &[ValueMention], stance: Stance| {
                let mut codes: Vec<u32> = mentions
                    .iter()
                    .filter(|m| m.stance == stance)
                    .filter_map(|m| study.values.code(values.canonical(&m.label)?))
                    .collect();
                codes.sort_unstable();
                codes.dedup();
                codes
            };
            let coded = Coded {
                user: conversation
                    .user_id
                    .map(|user| intern(&mut known_users, &mut study.users, user)),
                level: extraction.subjectivity.level,
                response_type: extraction.response_type,
                task: extraction
                    .task
                    .as_ref()
                    .and_then(|task| study.tasks.code(tasks.canonical(&task.label)?)),
                ai: code(&extraction.ai_values, Stance::Upholds),
                ai_opposed: code(&extraction.ai_values, Stance::Opposes),
                human: code(&extraction.human_values, Stance::Upholds),
                replaced: replaced(&conversation.metadata)
                    .map(|(kind, spans)| (intern(&mut known_kinds, &mut study.kinds, kind), spans))
                    .collect(),
            };
            study.conversations.push(coded);
        }
        Ok(study)
    }

    pub(crate) fn subjective(&self) -> impl Iterator<Item = &Coded> {
        self.conversations.iter().filter(|c| c.is_subjective())
    }

    /// How many conversations, and how many users, stand behind a cell.
    pub(crate) fn size<'a>(&'a self, cell: impl Iterator<Item = &'a Coded>) -> CellSize {
        let mut counter = CellCounter::new();
        for conversation in cell {
            counter.add(self.user(conversation));
        }
        counter.size()
    }

    pub(crate) fn user(&self, conversation: &Coded) -> Option<&UserId> {
        self.users.get(conversation.user? as usize)
    }

    /// The sizes of all codes of a facet at once; `codes` tells which a conversation has.
    pub(crate) fn sizes<'a>(
        &'a self,
        conversations: impl Iterator<Item = &'a Coded>,
        n_codes: usize,
        codes: impl Fn(&'a Coded) -> &'a [u32],
    ) -> Vec<CellSize> {
        let mut counters: Vec<CellCounter> = (0..n_codes).map(|_| CellCounter::new()).collect();
        for conversation in conversations {
            for &code in codes(conversation) {
                if let Some(counter) = counters.get_mut(code as usize) {
                    counter.add(self.user(conversation));
                }
            }
        }
        counters.iter().map(CellCounter::size).collect()
    }
}

fn intern<T: Ord + Clone>(known: &mut BTreeMap<T, u32>, all: &mut Vec<T>, item: T) -> u32 {
    // More than 2^32 users or kinds do not fit into memory anyway.
    #[allow(clippy::cast_possible_truncation)]
    *known.entry(item).or_insert_with_key(|item| {
        all.push(item.clone());
        (all.len() - 1) as u32
    })
}

fn replaced(
    metadata: &axia_conversation::Metadata,
) -> impl Iterator<Item = (String, u64)> + use<'_> {
    metadata
        .get(anonymize::REPLACED)
        .and_then(serde_json::Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(kind, spans)| Some((kind.clone(), spans.as_u64()?)))
}
