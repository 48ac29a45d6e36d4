//! Stage 4: which replacement each finding gets, within the scope of one conversation.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::anonymized::EntityCounts;
use crate::canonical::canonical;
use crate::placeholder::{self, Existing};
use crate::resolve::Resolved;
use crate::{Action, Kind};

/// One replacement in one text.
pub(crate) struct Edit {
    pub(crate) span: Range<usize>,
    pub(crate) with: String,
}

/// Numbers the entities of one conversation in the order of their first appearance.
///
/// A number that a placeholder in the input already has is never given again: nobody can write a
/// placeholder into a message and have it stand for somebody else's entity.
#[derive(Default)]
pub(crate) struct Scope {
    numbers: BTreeMap<(Kind, String), u64>,
    taken: BTreeMap<Kind, BTreeSet<u64>>,
    next: BTreeMap<Kind, u64>,
    counts: EntityCounts,
}

impl Scope {
    /// Takes the numbers of the placeholders that a text already holds. For all texts of the
    /// conversation, before the first call of `plan`.
    pub(crate) fn reserve(&mut self, existing: &[Existing]) {
        for placeholder in existing {
            let taken = self.taken.entry(placeholder.kind).or_default();
            taken.insert(placeholder.number);
        }
    }

    /// The edits for the findings of one text, in order.
    pub(crate) fn plan(
        &mut self,
        text: &str,
        found: &[Resolved],
        action: impl Fn(Kind) -> Action,
    ) -> Vec<Edit> {
        found
            .iter()
            .map(|one| {
                let kind = one.finding.kind;
                let core = text.get(one.core.clone()).unwrap_or_default();
                let number = self.number(kind, canonical(kind, core));
                let with = match action(kind) {
                    Action::Placeholder => placeholder::write(kind, number),
                    other => fill(other, text, &one.finding.span).to_owned(),
                };
                Edit {
                    span: one.finding.span.clone(),
                    with,
                }
            })
            .collect()
    }

    pub(crate) fn into_counts(self) -> EntityCounts {
        self.counts
    }

    fn number(&mut self, kind: Kind, canonical: String) -> u64 {
        self.counts.add_span(kind);
        if let Some(&number) = self.numbers.get(&(kind, canonical.clone())) {
            return number;
        }
        self.counts.add_entity(kind);
        let next = self.next.entry(kind).or_insert(1);
        let taken = self.taken.get(&kind);
        while taken.is_some_and(|taken| taken.contains(next)) {
            *next += 1;
        }
        let number = *next;
        *next += 1;
        self.numbers.insert((kind, canonical), number);
        number
    }
}

/// What an action other than a placeholder leaves in the text.
pub(crate) fn fill(action: Action, text: &str, span: &Range<usize>) -> &'static str {
    if action != Action::Drop {
        return "****";
    }
    let before = text.get(..span.start).and_then(|t| t.chars().next_back());
    let after = text.get(span.end..).and_then(|t| t.chars().next());
    match (before, after) {
        (Some(a), Some(b)) if !a.is_whitespace() && !b.is_whitespace() => " ",
        _ => "",
    }
}
