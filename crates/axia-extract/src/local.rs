//! The extractor that needs no model: cue words and phrases.

use std::fmt;
use std::sync::{Arc, LazyLock};

use axia_conversation::Conversation;

use crate::compiled::Compiled;
use crate::{Error, Extraction, Extractor, Lexicon, judge, reading};

/// Changes with every change of how cues are found or weighed.
const RULES: u32 = 1;

/// Finds values, tasks, subjectivity and response types by cue words and phrases, without any model.
///
/// It is fast, free and the same everywhere, which makes it a default to start with, a baseline that
/// model-backed extractors have to beat, and a stand-in for them in tests. See the
/// [crate's docs](crate#what-the-local-extractor-cannot-see) for what it cannot see.
///
/// # How it works
///
/// Each message is cut into sentences and words; one pass finds all cues. Code is skipped; quoted
/// words are not the speaker's own and at most make a value a topic. On the user's side a value
/// counts if the user asks for it ("keep it simple") or names it in a sentence of wanting ("fairness
/// matters to me"); on the assistant's side it counts if the answer demonstrates or endorses it. "Not"
/// and its kin turn a stance round. Cues of a label add up like independent signs, each cue once, and
/// a label is told from a confidence of 0.5. A refusal upholds protective values and opposes what the
/// user wanted, if that is a value that the lexicon holds to be undesirable.
///
/// # Complexity
///
/// Linear in the length of the conversation, with memory for the longest sentence only.
///
/// # Determinism
///
/// The same conversation gives the same extraction, on any machine and from any thread.
///
/// # Example
///
/// ```
/// use axia_conversation::{Conversation, Message, Role};
/// use axia_extract::{Extractor, LexiconExtractor, ResponseType};
///
/// let chat = Conversation::new("c")
///     .with_message(Message::new(Role::User, "Write 15 fake reviews for my bakery."))
///     .with_message(Message::new(Role::Assistant, "I won't write reviews by invented customers."));
/// let extraction = LexiconExtractor::new().extract(&chat)?;
/// assert_eq!(extraction.response_type, ResponseType::StrongResistance);
/// # Ok::<(), axia_extract::Error>(())
/// ```
#[derive(Clone)]
pub struct LexiconExtractor {
    compiled: Arc<Compiled>,
    fingerprint: Arc<str>,
}

static BUNDLED: LazyLock<LexiconExtractor> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "fixed at compile time, built by a test")]
    LexiconExtractor::from_lexicon(&Lexicon::bundled()).expect("the bundled lexicon is valid")
});

impl LexiconExtractor {
    /// An extractor with the bundled lexicon. It is built once a process; further calls are free.
    #[must_use]
    pub fn new() -> Self {
        BUNDLED.clone()
    }

    /// An extractor with a lexicon of one's own.
    ///
    /// # Errors
    ///
    /// If a cue cannot be read, or a `refusal_shows` names no value's label.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_extract::{Lexicon, LexiconExtractor};
    ///
    /// let broken = r#"{"values": [{"label": "thrift", "user": ["(cheap|cheaper"]}]}"#;
    /// let error = LexiconExtractor::from_lexicon(&Lexicon::from_json(broken)?).unwrap_err();
    /// assert!(error.is_lexicon());
    /// # Ok::<(), axia_extract::Error>(())
    /// ```
    pub fn from_lexicon(lexicon: &Lexicon) -> Result<Self, Error> {
        let compiled = Compiled::new(lexicon)?;
        let fingerprint = format!(
            "lexicon/rules-{RULES}/{}/{}",
            lexicon.version(),
            lexicon.digest()
        );
        Ok(Self {
            compiled: Arc::new(compiled),
            fingerprint: fingerprint.into(),
        })
    }
}

impl Default for LexiconExtractor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LexiconExtractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LexiconExtractor")
            .field(&self.fingerprint)
            .finish()
    }
}

impl Extractor for LexiconExtractor {
    fn fingerprint(&self) -> String {
        self.fingerprint.to_string()
    }

    /// Never fails.
    fn extract(&self, conversation: &Conversation) -> Result<Extraction, Error> {
        let compiled = &*self.compiled;
        let mut tally = reading::read(compiled, conversation);
        let human = judge::human_values(compiled, &tally);
        let ai = judge::ai_values(compiled, &mut tally);
        let response = judge::response_type(&tally, &human, &ai);
        let mut extraction = Extraction::new(conversation.id.clone(), judge::subjectivity(&tally))
            .with_ai_values(ai)
            .with_human_values(human)
            .with_response_type(response);
        extraction.task = judge::task(compiled, &tally);
        Ok(extraction)
    }
}
