//! Names by a language model.

use std::fmt;

use axia_llm::{LanguageModel, Request};
use serde_json::json;

use super::Journal;
use super::ask::{SYSTEM, ask, items, name_of, object};
use crate::{CentralNamer, Error, Namer, NamingRequest, NodeName};

/// Labels of the node and of the outside that a model is shown, as in Clio.
const SHOWN: usize = 50;
/// Tries for a name that is not taken yet.
const TRIES: usize = 3;

/// Names a node by asking a language model, which sees the most central labels of the node and, for
/// contrast, the nearest ones outside it.
///
/// A name that another node of the level has is asked for again, twice at most. Where the model gives no
/// usable name, [`CentralNamer`]'s stands.
///
/// # Privacy
///
/// The model sees labels that may be shown, and no conversation.
pub struct ModelNamer<M> {
    model: M,
    name: String,
    journal: Journal,
}

impl<M: LanguageModel> ModelNamer<M> {
    /// A namer that asks the model of this name.
    pub fn new(model: M, name: impl Into<String>) -> Self {
        Self {
            model,
            name: name.into(),
            journal: Journal::in_memory(),
        }
    }

    /// Keeps answers in this journal, so that a run that was cut off goes on where it was.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = journal;
        self
    }

    fn request(&self, request: &NamingRequest<'_>, refused: &[String]) -> Request {
        let inside = items(request.members.iter().take(SHOWN).map(|m| m.label));
        let outside = items(request.outside.iter().take(SHOWN).map(|m| m.label));
        let parts = match request.children {
            [] => String::new(),
            children => format!(
                "It is made of these parts:\n{}\n",
                items(children.iter().copied())
            ),
        };
        let refused = match refused {
            [] => String::new(),
            names => format!(
                "These names are taken by other groups, so that another is needed:\n{}\n",
                items(names.iter().map(String::as_str))
            ),
        };
        let question = format!(
            "Labels of one group, the most central first:\n{inside}\n{parts}Labels of neighbouring \
             groups, for contrast:\n{outside}\n{refused}Give the group a name of at most ten words that \
             fits its labels and not those of the neighbours, and a description of one or two \
             sentences. Where the labels are harmful, say so plainly."
        );
        Request::new(&self.name)
            .with_system(SYSTEM)
            .with_user(question)
            .with_schema(object(json!({
                "name": { "type": "string" },
                "description": { "type": "string" },
            })))
    }
}

impl<M: LanguageModel> Namer for ModelNamer<M> {
    fn fingerprint(&self) -> String {
        format!("model-1 {} {}", self.model.fingerprint(), self.name)
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        if request.members.is_empty() {
            return CentralNamer::new().name(request);
        }
        let mut refused = Vec::new();
        for _ in 0..TRIES {
            let answer = ask(&self.model, &self.journal, &self.request(request, &refused))?;
            let Some(name) = name_of(answer.as_ref(), "name") else {
                break;
            };
            if !request.is_taken(&name) {
                let told = answer.as_ref().and_then(|a| a.get("description")?.as_str());
                return Ok(NodeName::new(name, told.unwrap_or_default().trim()));
            }
            refused.push(name);
        }
        CentralNamer::new().name(request)
    }
}

impl<M> fmt::Debug for ModelNamer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelNamer")
            .field("name", &self.name)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}
