//! Stage 4: which replacement each finding gets, within one scope.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use crate::anonymized::EntityCounts;
use crate::canonical::canonical;
use crate::generalize::generalize;
use crate::people::People;
use crate::placeholder::{self, Existing};
use crate::resolve::Resolved;
use crate::squeeze::plain_words;
use crate::surrogate::surrogate;
use crate::{Action, ConsistencyScope, Kind, SecretKey};

/// Draws of a surrogate before a placeholder is taken, where every draw is somebody else's.
const ATTEMPTS: u32 = 16;

/// One replacement in one text. `Debug` shows lengths.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What stands there afterwards.
    pub with: String,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit")
            .field("span", &self.span)
            .field("bytes", &self.with.len())
            .finish()
    }
}

/// What replacements are made from, besides the entity.
#[derive(Clone, Copy)]
pub(crate) struct Making<'a> {
    pub(crate) scope: ConsistencyScope,
    pub(crate) key: Option<&'a SecretKey>,
    /// Names the scope in tokens.
    pub(crate) scope_name: &'a str,
}

/// Numbers the entities of one conversation in the order of their first appearance, and remembers what
/// replaces them.
///
/// A number that a placeholder in the input already has is never given again: nobody can write a
/// placeholder into a message and have it stand for somebody else's entity.
pub(crate) struct Scope<'a> {
    making: Making<'a>,
    people: People,
    numbers: BTreeMap<(Kind, String), u64>,
    taken: BTreeMap<Kind, BTreeSet<u64>>,
    next: BTreeMap<Kind, u64>,
    surrogates: BTreeMap<(Kind, String), Option<String>>,
    used: BTreeSet<String>,
    /// Names of e-mail accounts, which stand for the address elsewhere.
    accounts: BTreeMap<String, Option<String>>,
    counted: BTreeSet<(Kind, String)>,
    counts: EntityCounts,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(making: Making<'a>) -> Self {
        Self {
            making,
            people: People::default(),
            numbers: BTreeMap::new(),
            taken: BTreeMap::new(),
            next: BTreeMap::new(),
            surrogates: BTreeMap::new(),
            used: BTreeSet::new(),
            accounts: BTreeMap::new(),
            counted: BTreeSet::new(),
            counts: EntityCounts::default(),
        }
    }

    /// Takes the numbers of the placeholders that a text already holds. For all texts of the
    /// conversation, before the first call of `plan`.
    pub(crate) fn reserve(&mut self, existing: &[Existing]) {
        for placeholder in existing {
            if let Some(number) = placeholder.number {
                self.taken
                    .entry(placeholder.kind)
                    .or_default()
                    .insert(number);
            }
        }
    }

    /// Takes the names in a text, so that parts of names find their wholes. For all texts of the
    /// conversation, before the first call of `plan`.
    pub(crate) fn meet(&mut self, text: &str, found: &[Resolved]) {
        for one in found {
            let core = text.get(one.core.clone()).unwrap_or_default();
            match one.finding.kind {
                Kind::Person => self.people.add(core),
                Kind::Email => {
                    let address = canonical(Kind::Email, core);
                    if let Some((account, _)) = address.split_once('@') {
                        let account = plain_words(account).concat();
                        self.accounts
                            .entry(account)
                            .and_modify(|known| {
                                // One name at two places says nothing about which is meant.
                                if known.as_ref() != Some(&address) {
                                    *known = None;
                                }
                            })
                            .or_insert(Some(address));
                    }
                }
                _ => {}
            }
        }
    }

    fn entity(&self, kind: Kind, core: &str) -> String {
        match kind {
            Kind::Person => self.people.canonical(core),
            Kind::Email if !core.contains('@') => {
                let known = self.accounts.get(&plain_words(core).concat());
                let address = known.cloned().flatten();
                address.unwrap_or_else(|| canonical(kind, core))
            }
            _ => canonical(kind, core),
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
                Edit {
                    span: one.finding.span.clone(),
                    with: self.replacement(kind, core, text, &one.finding.span, action(kind)),
                }
            })
            .collect()
    }

    pub(crate) fn into_counts(self) -> EntityCounts {
        self.counts
    }

    fn replacement(
        &mut self,
        kind: Kind,
        core: &str,
        text: &str,
        span: &Range<usize>,
        action: Action,
    ) -> String {
        let entity = self.entity(kind, core);
        self.count(kind, &entity);
        match action {
            Action::Drop | Action::Mask => fill(action, text, span).to_owned(),
            Action::Generalize => {
                generalize(kind, core).unwrap_or_else(|| self.placeholder(kind, entity))
            }
            Action::Surrogate => match self.surrogate(kind, &entity) {
                Some(surrogate) => surrogate,
                None => self.placeholder(kind, entity),
            },
            Action::Token => match self.token(kind, &entity) {
                Some(token) => token,
                None => self.placeholder(kind, entity),
            },
            Action::Placeholder | Action::Keep => self.placeholder(kind, entity),
        }
    }

    /// A number within one conversation; a token in a wider scope.
    fn placeholder(&mut self, kind: Kind, entity: String) -> String {
        if self.making.scope != ConsistencyScope::Conversation
            && let Some(token) = self.token(kind, &entity)
        {
            return token;
        }
        let number = self.number(kind, entity);
        placeholder::write(kind, number)
    }

    fn token(&self, kind: Kind, entity: &str) -> Option<String> {
        let Making {
            key, scope_name, ..
        } = self.making;
        Some(placeholder::write_token(key?, kind, scope_name, entity))
    }

    fn surrogate(&mut self, kind: Kind, entity: &str) -> Option<String> {
        let Making {
            key, scope_name, ..
        } = self.making;
        let known = (kind, entity.to_owned());
        if let Some(drawn) = self.surrogates.get(&known) {
            return drawn.clone();
        }
        // Two entities of one conversation must not look like one.
        let drawn = (0..ATTEMPTS)
            .map_while(|attempt| surrogate(key?, kind, scope_name, entity, attempt))
            .find(|drawn| self.used.insert(drawn.clone()));
        self.surrogates.insert(known, drawn.clone());
        drawn
    }

    fn count(&mut self, kind: Kind, entity: &str) {
        self.counts.add_span(kind);
        if self.counted.insert((kind, entity.to_owned())) {
            self.counts.add_entity(kind);
        }
    }

    fn number(&mut self, kind: Kind, entity: String) -> u64 {
        if let Some(&number) = self.numbers.get(&(kind, entity.clone())) {
            return number;
        }
        let next = self.next.entry(kind).or_insert(1);
        let taken = self.taken.get(&kind);
        while taken.is_some_and(|taken| taken.contains(next)) {
            *next += 1;
        }
        let number = *next;
        *next += 1;
        self.numbers.insert((kind, entity), number);
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
