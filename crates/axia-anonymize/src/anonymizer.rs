//! The anonymizer: settings, and the way through the stages for one conversation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use axia_conversation::{Conversation, UserId};
use serde_json::Value;

use crate::anonymized::Anonymized;
use crate::apply::apply;
use crate::detect::{detect, outside};
use crate::normalize::{BARRIER, Hole};
use crate::placeholder::{self, Existing};
use crate::plan::{Scope, fill};
use crate::resolve::{Resolved, resolve};
use crate::rules;
use crate::{Action, Error, Finding, Kind, Recognizer};

const MIN_SCORE: f32 = 0.5;

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
    inner: Arc<Inner>,
}

struct Inner {
    recognizers: Vec<Box<dyn Recognizer>>,
    kinds: BTreeSet<Kind>,
    actions: BTreeMap<Kind, Action>,
    min_score: f32,
    user_key: Option<[u8; 32]>,
}

/// Settings of an [`Anonymizer`], from [`Anonymizer::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct AnonymizerBuilder {
    added: Vec<Box<dyn Recognizer>>,
    actions: BTreeMap<Kind, Action>,
    min_score: f32,
    user_key: Option<[u8; 32]>,
}

impl Anonymizer {
    /// Settings with all built-in rules, placeholders for every kind, and user ids left alone.
    pub fn builder() -> AnonymizerBuilder {
        AnonymizerBuilder {
            added: Vec::new(),
            actions: BTreeMap::new(),
            min_score: MIN_SCORE,
            user_key: None,
        }
    }

    /// What would be replaced in a text: in order, without overlaps, each finding with its reasons.
    ///
    /// Kinds with [`Action::Keep`] are left out, and so are placeholders that the text already holds.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text: rules are finite automata and bounded scans.
    #[must_use]
    pub fn detect(&self, text: &str) -> Vec<Finding> {
        let existing = self.existing(text);
        let found = self.scan(text, &existing);
        found.into_iter().map(|one| one.finding).collect()
    }

    /// One text as a conversation of its own: numbers start anew with each call.
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
        let mut scope = Scope::default();
        scope.reserve(&self.existing(text));
        self.replace(text, &mut scope).0
    }

    /// Replaces personal data in all messages and in all strings among the metadata values.
    ///
    /// The whole conversation is one scope: the same entity gets the same placeholder whoever
    /// mentions it, numbered by first appearance. Placeholders that the input already holds stay and
    /// their numbers are not given again, so a second pass changes nothing.
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
        let mut scope = Scope::default();
        for message in &conversation.messages {
            scope.reserve(&self.existing(&message.text));
        }
        for value in conversation.metadata.values() {
            self.reserve_in(value, &mut scope);
        }
        let mut done = conversation.clone();
        let mut findings = Vec::with_capacity(done.messages.len());
        for message in &mut done.messages {
            let (text, found) = self.replace(&message.text, &mut scope);
            message.text = text;
            findings.push(found);
        }
        for value in done.metadata.values_mut() {
            self.replace_in(value, &mut scope);
        }
        if let (Some(key), Some(user)) = (&self.inner.user_key, &done.user_id) {
            done.user_id = Some(user_token(key, user));
        }
        Anonymized::new(done, findings, scope.into_counts())
    }

    /// Names the version and the settings, for manifests. Never holds the key for user ids.
    ///
    /// # Determinism
    ///
    /// Two anonymizers with the same fingerprint give the same output, provided that recognizers of
    /// the caller's own keep [their contract](Recognizer) and keys for user ids are the same.
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
        format!(
            "axia-anonymize {} recognizers=[{}] actions=[{}] min_score={} users={users}",
            env!("CARGO_PKG_VERSION"),
            rules.join(","),
            actions.join(","),
            inner.min_score,
        )
    }

    fn action(&self, kind: Kind) -> Action {
        self.inner.actions.get(&kind).copied().unwrap_or_default()
    }

    fn existing(&self, text: &str) -> Vec<Existing> {
        placeholder::find(text, |kind| self.inner.kinds.contains(&kind))
    }

    fn replace(&self, text: &str, scope: &mut Scope) -> (String, Vec<Finding>) {
        let existing = self.existing(text);
        let found = self.scan(text, &existing);
        if found.is_empty() {
            return (text.to_owned(), Vec::new());
        }
        let edits = scope.plan(text, &found, |kind| self.action(kind));
        let findings = found.into_iter().map(|one| one.finding).collect();
        (apply(text, &edits), findings)
    }

    fn reserve_in(&self, value: &Value, scope: &mut Scope) {
        match value {
            Value::String(text) => scope.reserve(&self.existing(text)),
            Value::Array(values) => values.iter().for_each(|v| self.reserve_in(v, scope)),
            Value::Object(map) => map.values().for_each(|v| self.reserve_in(v, scope)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn replace_in(&self, value: &mut Value, scope: &mut Scope) {
        match value {
            Value::String(text) => *text = self.replace(text, scope).0,
            Value::Array(values) => {
                values.iter_mut().for_each(|v| self.replace_in(v, scope));
            }
            Value::Object(map) => {
                map.values_mut().for_each(|v| self.replace_in(v, scope));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Detects and resolves until the text with its replacements holds nothing more.
    fn scan(&self, text: &str, existing: &[Existing]) -> Vec<Resolved> {
        let inner = &self.inner;
        let walls: Vec<Range<usize>> = existing.iter().map(|e| e.span.clone()).collect();
        let mut found: Vec<Resolved> = Vec::new();
        for _ in 0..MAX_PASSES {
            let holes = self.holes(text, &walls, &found);
            let recognizers = inner.recognizers.iter().map(AsRef::as_ref);
            let mut all = detect(text, &holes, recognizers, inner.min_score);
            all.retain(|one| self.action(one.finding.kind) != Action::Keep);
            let mut all = outside(all, &walls);
            if all.is_empty() {
                break;
            }
            let before = replaced(&found);
            all.append(&mut found);
            found = resolve(all);
            if replaced(&found) == before {
                break;
            }
        }
        found
    }

    /// How placeholders of the input and what was found so far show in the shadow.
    fn holes(&self, text: &str, walls: &[Range<usize>], found: &[Resolved]) -> Vec<Hole> {
        let walls = walls.iter().map(|span| Hole {
            span: span.clone(),
            fill: BARRIER,
        });
        let found = found.iter().map(|one| Hole {
            span: one.finding.span.clone(),
            fill: match self.action(one.finding.kind) {
                Action::Placeholder => BARRIER,
                other => fill(other, text, &one.finding.span),
            },
        });
        let mut holes: Vec<Hole> = walls.chain(found).collect();
        holes.sort_by_key(|hole| hole.span.start);
        holes
    }
}

/// What decides how the text looks after its replacements.
fn replaced(found: &[Resolved]) -> Vec<(Range<usize>, Kind)> {
    let replaced = found.iter().map(|one| &one.finding);
    replaced.map(|f| (f.span.clone(), f.kind)).collect()
}

/// 64 bits of keyed BLAKE3: without the key, ids cannot be guessed by trying candidates.
fn user_token(key: &[u8; 32], user: &UserId) -> UserId {
    let digest = blake3::keyed_hash(key, user.as_str().as_bytes()).to_hex();
    UserId::new(format!("user-{}", &digest[..16]))
}

impl AnonymizerBuilder {
    /// What happens to entities of a kind; [`Action::Placeholder`] where nothing is said.
    pub fn action(mut self, kind: Kind, action: Action) -> Self {
        self.actions.insert(kind, action);
        self
    }

    /// Adds a recognizer to the built-in ones.
    pub fn recognizer(mut self, recognizer: Box<dyn Recognizer>) -> Self {
        self.added.push(recognizer);
        self
    }

    /// Findings with a lower score are dropped. Default 0.5.
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = score;
        self
    }

    /// Replaces user ids by `user-` and 16 hexadecimal digits of BLAKE3 under a secret key.
    ///
    /// The same user has the same token wherever the same key is used, so thresholds still count
    /// distinct users. Draw the key at random, keep it away from the data, and take a new one for
    /// each release. Without this setting user ids pass unchanged; with it, anonymizing an
    /// anonymized conversation gives a token of the token.
    pub fn pseudonymous_users(mut self, key: [u8; 32]) -> Self {
        self.user_key = Some(key);
        self
    }

    /// Checks the settings and compiles the rules.
    ///
    /// # Errors
    ///
    /// When the lowest score is not between 0 and 1, or the key for user ids is all zeros
    /// ([`Error::is_invalid_parameter`]).
    pub fn build(self) -> Result<Anonymizer, Error> {
        if !(0.0..=1.0).contains(&self.min_score) {
            return Err(Error::parameter(
                "min_score",
                "between 0 and 1",
                self.min_score,
            ));
        }
        if self.user_key.is_some_and(|key| key == [0; 32]) {
            return Err(Error::parameter(
                "the key for user ids",
                "drawn at random",
                "32 zero bytes",
            ));
        }
        let mut recognizers = rules::built_in()?;
        recognizers.extend(self.added);
        let kinds = Kind::built_in()
            .chain(recognizers.iter().map(|r| r.kind()))
            .collect();
        Ok(Anonymizer {
            inner: Arc::new(Inner {
                recognizers,
                kinds,
                actions: self.actions,
                min_score: self.min_score,
                user_key: self.user_key,
            }),
        })
    }
}

impl fmt::Debug for Anonymizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anonymizer")
            .field("recognizers", &self.inner.recognizers.len())
            .field("actions", &self.inner.actions)
            .field("min_score", &self.inner.min_score)
            .field("pseudonymous_users", &self.inner.user_key.is_some())
            .finish()
    }
}

impl fmt::Debug for AnonymizerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnonymizerBuilder")
            .field("added", &self.added.len())
            .field("actions", &self.actions)
            .field("min_score", &self.min_score)
            .field("pseudonymous_users", &self.user_key.is_some())
            .finish()
    }
}
