//! The anonymizer: the way through the stages for one conversation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use axia_conversation::{Conversation, UserId};
use serde_json::Value;

use crate::anonymized::Anonymized;
use crate::apply::apply;
use crate::builder::AnonymizerBuilder;
use crate::detect::{detect, outside};
use crate::normalize::{BARRIER, Hole};
use crate::placeholder::{self, Existing};
use crate::plan::{Making, Scope, fill};
use crate::propagate::Mentions;
use crate::question::{head, last_question};
use crate::resolve::{Resolved, resolve};
use crate::{Action, ConsistencyScope, Finding, Kind, Recognizer, RecognizerFailure, SecretKey};

/// A replacement changes what stands around its neighbours (a word that vouched for a number, say),
/// so texts are searched until nothing new turns up. Two or three passes are usual.
const MAX_PASSES: usize = 16;

/// Finds personal data and replaces it.
///
/// One value serves many threads, and clones share its tables.
///
/// # Example
///
/// ```
/// use axia_anonymize::Anonymizer;
///
/// let anonymizer = Anonymizer::builder().build()?;
/// let findings = anonymizer.detect("mail me at jo@example.com");
/// assert_eq!(findings[0].span, 11..25);
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone)]
pub struct Anonymizer {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) recognizers: Vec<Box<dyn Recognizer>>,
    pub(crate) kinds: BTreeSet<Kind>,
    pub(crate) actions: BTreeMap<Kind, Action>,
    pub(crate) min_score: f32,
    pub(crate) scope: ConsistencyScope,
    pub(crate) key: Option<SecretKey>,
    pub(crate) user_key: Option<SecretKey>,
    pub(crate) max_conversation_bytes: Option<usize>,
}

/// A text on its way through the stages.
struct Text<'t> {
    text: &'t str,
    /// Whether it may answer the text before it.
    answers: bool,
    existing: Vec<Existing>,
    found: Vec<Resolved>,
}

impl Anonymizer {
    /// Settings with all built-in rules, placeholders for every kind, and user ids left alone.
    pub fn builder() -> AnonymizerBuilder {
        AnonymizerBuilder::new()
    }

    /// What would be replaced in a text: in order, without overlaps, each finding with its reasons.
    ///
    /// Kinds with [`Action::Keep`] are left out, and so are placeholders that the text already holds.
    /// Of a text that a recognizer could not search to its end, what the others found is given; see
    /// [`anonymize_conversation`](Self::anonymize_conversation) for a way that fails closed.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text: rules are finite automata and bounded scans.
    #[must_use]
    pub fn detect(&self, text: &str) -> Vec<Finding> {
        let mut texts = [self.text(text, false)];
        // A failure leaves what was found before it.
        let _ = self.search(&mut texts);
        let [text] = texts;
        text.found.into_iter().map(|one| one.finding).collect()
    }

    /// One text as a conversation of its own: numbers start anew with each call.
    ///
    /// The result is empty where a recognizer failed: nothing that was not searched gets out.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::Anonymizer;
    ///
    /// let anonymizer = Anonymizer::builder().build()?;
    /// let text = anonymizer.anonymize_text("jo@example.com or JO@EXAMPLE.COM, not ann@example.com");
    /// assert_eq!(text, "[EMAIL_1] or [EMAIL_1], not [EMAIL_2]");
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    #[must_use]
    pub fn anonymize_text(&self, text: &str) -> String {
        let mut texts = [self.text(text, false)];
        if self.search(&mut texts).is_err() {
            return String::new();
        }
        let mut scope = self.scope_of(&texts, "");
        self.replaced(&texts[0], &mut scope)
    }

    /// Replaces personal data in all messages and in all strings among the metadata values.
    ///
    /// The whole conversation is one scope: the same entity gets the same placeholder whoever
    /// mentions it, numbered by first appearance; parts of a name are linked to the whole where only one
    /// fits. What was found once is replaced in every other place, also where nothing else would tell
    /// what it is. A question at the end of a message is read together with the answer. Placeholders
    /// that the input already holds stay and their numbers are not given again, so a second pass
    /// changes nothing.
    ///
    /// A conversation that cannot be searched to its end comes back without its texts, as
    /// [`ScanState::Unscanned`](crate::ScanState::Unscanned).
    ///
    /// The ids of conversation and model, the language, times and the names of metadata entries stay
    /// as they are. So does the user id, unless
    /// [`pseudonymous_users`](AnonymizerBuilder::pseudonymous_users) is set.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::{Anonymizer, Kind};
    /// use axia_conversation::{Conversation, Message, Role};
    ///
    /// let chat = Conversation::new("chat-1")
    ///     .with_message(Message::new(Role::User, "I am jo@example.com"))
    ///     .with_message(Message::new(Role::Assistant, "Writing to jo@example.com."));
    /// let done = Anonymizer::builder().build()?.anonymize_conversation(&chat);
    /// assert_eq!(done.conversation().messages[1].text, "Writing to [EMAIL_1].");
    /// assert_eq!(done.counts().spans()[&Kind::Email], 2);
    /// assert_eq!(done.counts().entities()[&Kind::Email], 1);
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    #[must_use]
    pub fn anonymize_conversation(&self, conversation: &Conversation) -> Anonymized {
        let mut done = conversation.clone();
        if let (Some(key), Some(user)) = (&self.inner.user_key, &done.user_id) {
            done.user_id = Some(user_token(key, user));
        }
        let messages = conversation.messages.iter().map(|m| m.text.as_str());
        let mut metadata = Vec::new();
        for value in conversation.metadata.values() {
            strings_in(value, &mut metadata);
        }
        let bytes: usize = messages
            .clone()
            .chain(metadata.iter().copied())
            .map(str::len)
            .sum();
        if self
            .inner
            .max_conversation_bytes
            .is_some_and(|most| bytes > most)
        {
            return Anonymized::withheld(done);
        }
        let mut texts: Vec<Text<'_>> = messages
            .enumerate()
            .map(|(at, text)| self.text(text, at > 0))
            .collect();
        texts.extend(metadata.into_iter().map(|text| self.text(text, false)));
        if self.search(&mut texts).is_err() {
            return Anonymized::withheld(done);
        }
        let scope_name = self.scope_name(conversation);
        let mut scope = self.scope_of(&texts, &scope_name);
        let mut replaced = texts.iter().map(|text| self.replaced(text, &mut scope));
        // Messages first, then metadata, in the order in which the texts were taken.
        for message in &mut done.messages {
            message.text = replaced.next().unwrap_or_default();
        }
        for value in done.metadata.values_mut() {
            replace_strings_in(value, &mut replaced);
        }
        drop(replaced);
        let findings = texts
            .into_iter()
            .take(done.messages.len())
            .map(|text| text.found.into_iter().map(|one| one.finding).collect())
            .collect();
        Anonymized::new(done, findings, scope.into_counts())
    }

    /// Names the version and the settings, for manifests. Never holds a key.
    ///
    /// # Determinism
    ///
    /// Two anonymizers with the same fingerprint give the same output, provided that recognizers of
    /// the caller's own keep [their contract](Recognizer) and keys are the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let inner = &self.inner;
        let rules: Vec<String> = inner.recognizers.iter().map(|r| r.fingerprint()).collect();
        let actions: Vec<String> = inner
            .actions
            .iter()
            .map(|(kind, action)| format!("{kind}={action}"))
            .collect();
        let users = if inner.user_key.is_some() {
            "keyed"
        } else {
            "kept"
        };
        let limit = inner
            .max_conversation_bytes
            .map_or_else(|| "none".to_owned(), |bytes| bytes.to_string());
        format!(
            "axia-anonymize {} recognizers=[{}] actions=[{}] min_score={} scope={} users={users} \
             max_bytes={limit}",
            env!("CARGO_PKG_VERSION"),
            rules.join(","),
            actions.join(","),
            inner.min_score,
            inner.scope,
        )
    }

    fn action(&self, kind: Kind) -> Action {
        self.inner.actions.get(&kind).copied().unwrap_or_default()
    }

    fn text<'t>(&self, text: &'t str, answers: bool) -> Text<'t> {
        let key = self.inner.key.as_ref();
        Text {
            text,
            answers,
            existing: placeholder::find(text, key, |kind| self.inner.kinds.contains(&kind)),
            found: Vec::new(),
        }
    }

    /// Names what the tokens of a conversation are tied to.
    fn scope_name(&self, conversation: &Conversation) -> String {
        match (self.inner.scope, &conversation.user_id) {
            (ConsistencyScope::Corpus, _) => "corpus".to_owned(),
            (ConsistencyScope::User, Some(user)) => format!("user {}", user.as_str()),
            _ => format!("conversation {}", conversation.id.as_str()),
        }
    }

    fn scope_of<'a>(&'a self, texts: &[Text<'_>], scope_name: &'a str) -> Scope<'a> {
        let mut scope = Scope::new(Making {
            scope: self.inner.scope,
            key: self.inner.key.as_ref(),
            scope_name,
        });
        for text in texts {
            scope.reserve(&text.existing);
            scope.meet(text.text, &text.found);
        }
        scope
    }

    fn replaced(&self, text: &Text<'_>, scope: &mut Scope<'_>) -> String {
        let edits = scope.plan(text.text, &text.found, |kind| self.action(kind));
        apply(text.text, &edits)
    }

    /// Searches all texts of a conversation, until no text holds anything that another one gave away.
    fn search(&self, texts: &mut [Text<'_>]) -> Result<(), RecognizerFailure> {
        for at in 0..texts.len() {
            self.scan(texts, at)?;
        }
        for _ in 0..MAX_PASSES {
            let mut mentions = Mentions::default();
            for text in texts.iter() {
                for one in &text.found {
                    let entity = text.text.get(one.core.clone()).unwrap_or_default();
                    mentions.add(one.finding.kind, entity, one.finding.score);
                }
            }
            let Some(propagator) = mentions.build() else {
                return Ok(());
            };
            let mut changed = false;
            let mut asked_anew = false;
            for at in 0..texts.len() {
                let Some(text) = texts.get_mut(at) else { break };
                let mentioned = self.add(text, propagator.find(text.text));
                let stale = mentioned || text.answers && asked_anew;
                asked_anew = mentioned | (stale && self.scan(texts, at)?);
                changed |= asked_anew;
            }
            if !changed {
                return Ok(());
            }
        }
        // Something always turned up anew, so something may be left.
        Err(RecognizerFailure)
    }

    /// Detects and resolves until one of the texts with its replacements holds nothing more; whether
    /// anything was found. The text before it has been scanned.
    fn scan(&self, texts: &mut [Text<'_>], at: usize) -> Result<bool, RecognizerFailure> {
        let (before, rest) = texts.split_at_mut(at);
        let Some(text) = rest.first_mut() else {
            return Ok(false);
        };
        let asked = before.last().filter(|_| text.answers);
        let mut any = false;
        for _ in 0..MAX_PASSES {
            let mut changed = false;
            if let Some(asked) = asked {
                let found = self.answered(asked, text)?;
                changed |= self.add(text, found);
            }
            let found = self.detect_in(text.text, &self.holes(text))?;
            changed |= self.add(text, found);
            if !changed {
                return Ok(any);
            }
            any = true;
        }
        Err(RecognizerFailure)
    }

    /// What the question before a text tells about its beginning. What is replaced in the question is a
    /// hole there as well, so the name of a placeholder announces nothing.
    fn answered(
        &self,
        asked: &Text<'_>,
        text: &Text<'_>,
    ) -> Result<Vec<Resolved>, RecognizerFailure> {
        let of_question = self.holes(asked);
        let Some(question) = last_question(asked.text, &spans(&of_question)) else {
            return Ok(Vec::new());
        };
        let of_answer = self.holes(text);
        let end = head(text.text, &spans(&of_answer));
        let (Some(said), Some(head)) = (asked.text.get(question.clone()), text.text.get(..end))
        else {
            return Ok(Vec::new());
        };
        let both = format!("{said}\n{head}");
        let before = said.len() + 1;
        let inside =
            |hole: &Hole| question.start <= hole.span.start && hole.span.end <= question.end;
        let holes: Vec<Hole> = of_question
            .into_iter()
            .filter(inside)
            .map(|hole| {
                let span = hole.span.start - question.start..hole.span.end - question.start;
                Hole::new(span, hole.fill)
            })
            .chain(
                of_answer
                    .into_iter()
                    .filter(|hole| hole.span.end <= end)
                    .map(|hole| {
                        let span = hole.span.start + before..hole.span.end + before;
                        Hole::new(span, hole.fill)
                    }),
            )
            .collect();
        let mut found = self.detect_in(&both, &holes)?;
        found.retain_mut(|one| {
            let span = &one.finding.span;
            let inside = span.end > before;
            one.finding.span = span.start.max(before) - before..span.end.max(before) - before;
            one.core = one.core.start.max(before) - before..one.core.end.max(before) - before;
            inside
        });
        Ok(found)
    }

    fn detect_in(&self, text: &str, holes: &[Hole]) -> Result<Vec<Resolved>, RecognizerFailure> {
        let recognizers = self.inner.recognizers.iter().map(AsRef::as_ref);
        detect(text, holes, recognizers, self.inner.min_score)
    }

    /// Adds findings to those of a text; whether that changes what is replaced.
    fn add(&self, text: &mut Text<'_>, mut found: Vec<Resolved>) -> bool {
        found.retain(|one| self.action(one.finding.kind) != Action::Keep);
        let walls: Vec<Range<usize>> = text.existing.iter().map(|e| e.span.clone()).collect();
        let mut all = outside(found, &walls);
        if all.is_empty() {
            return false;
        }
        let before = replaced(&text.found);
        all.append(&mut text.found);
        text.found = resolve(all);
        replaced(&text.found) != before
    }

    /// How placeholders of the input and what was found so far show in the shadow.
    fn holes(&self, text: &Text<'_>) -> Vec<Hole> {
        let walls = text
            .existing
            .iter()
            .map(|e| Hole::new(e.span.clone(), BARRIER));
        let found = text.found.iter().map(|one| {
            let fill = match self.action(one.finding.kind) {
                action @ (Action::Mask | Action::Drop) => {
                    fill(action, text.text, &one.finding.span)
                }
                _ => BARRIER,
            };
            Hole::new(one.finding.span.clone(), fill)
        });
        let mut holes: Vec<Hole> = walls.chain(found).collect();
        holes.sort_by_key(|hole| hole.span.start);
        holes
    }
}

/// The strings among a value of the metadata, in order.
fn strings_in<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(values) => values.iter().for_each(|v| strings_in(v, out)),
        Value::Object(map) => map.values().for_each(|v| strings_in(v, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts new strings in the place of those that `strings_in` gives, in the same order.
fn replace_strings_in(value: &mut Value, by: &mut impl Iterator<Item = String>) {
    match value {
        Value::String(text) => *text = by.next().unwrap_or_default(),
        Value::Array(values) => values.iter_mut().for_each(|v| replace_strings_in(v, by)),
        Value::Object(map) => map.values_mut().for_each(|v| replace_strings_in(v, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn spans(holes: &[Hole]) -> Vec<Range<usize>> {
    holes.iter().map(|hole| hole.span.clone()).collect()
}

/// What decides how the text looks after its replacements.
fn replaced(found: &[Resolved]) -> Vec<(Range<usize>, Kind)> {
    let replaced = found.iter().map(|one| &one.finding);
    replaced.map(|f| (f.span.clone(), f.kind)).collect()
}

/// 64 bits of keyed BLAKE3: without the key, ids cannot be guessed by trying candidates.
fn user_token(key: &SecretKey, user: &UserId) -> UserId {
    let digest = key.digest("user", &[user.as_str()]).to_hex();
    UserId::new(format!("user-{}", &digest[..16]))
}

impl fmt::Debug for Anonymizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anonymizer")
            .field("recognizers", &self.inner.recognizers.len())
            .field("actions", &self.inner.actions)
            .field("min_score", &self.inner.min_score)
            .field("scope", &self.inner.scope)
            .field("keyed", &self.inner.key.is_some())
            .field("pseudonymous_users", &self.inner.user_key.is_some())
            .finish_non_exhaustive()
    }
}
