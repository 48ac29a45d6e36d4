//! Settings of an anonymizer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::anonymizer::{Anonymizer, Inner};
use crate::ner::ModelRules;
use crate::{Action, ConsistencyScope, Error, Kind, NameRecognizer, Recognizer, SecretKey, rules};

const MIN_SCORE: f32 = 0.5;

/// Settings of an [`Anonymizer`], from [`Anonymizer::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct AnonymizerBuilder {
    added: Vec<Box<dyn Recognizer>>,
    actions: BTreeMap<Kind, Action>,
    min_score: f32,
    scope: ConsistencyScope,
    key: Option<SecretKey>,
    user_key: Option<SecretKey>,
    user_key_error: Option<Error>,
    max_conversation_bytes: Option<usize>,
    names: bool,
}

impl AnonymizerBuilder {
    pub(crate) fn new() -> Self {
        Self {
            added: Vec::new(),
            actions: BTreeMap::new(),
            min_score: MIN_SCORE,
            scope: ConsistencyScope::default(),
            key: None,
            user_key: None,
            user_key_error: None,
            max_conversation_bytes: None,
            names: true,
        }
    }

    /// Whether names of persons and street addresses are looked for by lists and grammar. Default
    /// `true`; without the feature `names` they never are.
    pub fn names(mut self, on: bool) -> Self {
        self.names = on;
        self
    }

    /// Adds a model that finds names; what it finds is masked beside what the rules find.
    pub fn ner(mut self, model: Box<dyn NameRecognizer>) -> Self {
        self.added.push(Box::new(ModelRules(model)));
        self
    }

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

    /// Within what the same entity has the same replacement. Default: one conversation. Wider scopes
    /// need a [`key`](Self::key).
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::{Anonymizer, ConsistencyScope, SecretKey};
    ///
    /// let key = SecretKey::new(*b"take 32 bytes of a random source")?;
    /// let anonymizer = Anonymizer::builder().scope(ConsistencyScope::Corpus).key(key).build()?;
    /// let token = anonymizer.anonymize_text("jo@example.com");
    /// assert!(token.starts_with("[EMAIL_") && token.len() == 32);
    /// assert_eq!(token, anonymizer.anonymize_text("JO@example.com"));
    /// // A second pass knows its own tokens.
    /// assert_eq!(token, anonymizer.anonymize_text(&token));
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub fn scope(mut self, scope: ConsistencyScope) -> Self {
        self.scope = scope;
        self
    }

    /// The secret behind tokens and surrogates.
    pub fn key(mut self, key: SecretKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Conversations with more bytes of text are not searched but [unscanned](crate::ScanState).
    /// Default: no limit.
    pub fn max_conversation_bytes(mut self, bytes: usize) -> Self {
        self.max_conversation_bytes = Some(bytes);
        self
    }

    /// Replaces user ids by `user-` and 16 hexadecimal digits of BLAKE3 under a secret key.
    ///
    /// The same user has the same token wherever the same key is used, so thresholds still count
    /// distinct users. Draw the key at random, keep it away from the data, and take a new one for
    /// each release. Without this setting user ids pass unchanged; with it, anonymizing an
    /// anonymized conversation gives a token of the token.
    pub fn pseudonymous_users(mut self, key: [u8; 32]) -> Self {
        match SecretKey::new(key) {
            Ok(key) => self.user_key = Some(key),
            Err(error) => self.user_key_error = Some(error),
        }
        self
    }

    /// Checks the settings and compiles the rules.
    ///
    /// # Errors
    ///
    /// When the lowest score is not between 0 and 1, a key is no secret, or an action or scope needs a
    /// key and there is none ([`Error::is_invalid_parameter`]).
    pub fn build(self) -> Result<Anonymizer, Error> {
        if !(0.0..=1.0).contains(&self.min_score) {
            return Err(Error::parameter(
                "min_score",
                "between 0 and 1",
                self.min_score,
            ));
        }
        if let Some(error) = self.user_key_error {
            return Err(error);
        }
        if self.key.is_none() {
            if self.scope != ConsistencyScope::Conversation {
                return Err(Error::parameter(
                    "the scope of a conversation's entities",
                    "`conversation` where no key is set",
                    self.scope,
                ));
            }
            if let Some(action) = self.actions.values().find(|action| action.needs_key()) {
                return Err(Error::parameter(
                    "an action",
                    "one without a secret where no key is set",
                    action,
                ));
            }
        }
        let mut recognizers = rules::built_in()?;
        #[cfg(feature = "names")]
        if self.names {
            recognizers.push(Box::new(crate::names::NameRules));
        }
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
                scope: self.scope,
                key: self.key,
                user_key: self.user_key,
                max_conversation_bytes: self.max_conversation_bytes,
            }),
        })
    }
}

impl fmt::Debug for AnonymizerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnonymizerBuilder")
            .field("added", &self.added.len())
            .field("actions", &self.actions)
            .field("min_score", &self.min_score)
            .field("scope", &self.scope)
            .field("keyed", &self.key.is_some())
            .field("pseudonymous_users", &self.user_key.is_some())
            .finish_non_exhaustive()
    }
}
