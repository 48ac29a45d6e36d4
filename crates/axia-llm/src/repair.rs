//! Checks answers against their schema, and asks once more where one has the wrong form.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use serde_json::Value;

use crate::sync::lock;
use crate::{
    Answer, ChatMessage, ChatRole, Error, LanguageModel, Meter, Outcome, Request, Schema, read_json,
};

/// Longest message about what was wrong that a model is shown, in bytes.
const LONGEST_COMPLAINT: usize = 600;

/// Checks every answer against the schema of its request.
///
/// The JSON is read as [`read_json`] does, then validated. An answer of the wrong form is shown to
/// the model once, with what is wrong, and the new answer is checked likewise; if that is wrong too,
/// the outcome is [`Malformed`](Outcome::Malformed). The usage is that of both calls. Requests
/// without a schema pass through.
///
/// Put a [cache](crate::Cache) below, so that the first answer, which is paid for, is kept as well:
/// [`Stack`](crate::Stack) does.
pub struct Repaired<M> {
    inner: M,
    meter: Meter,
    ask_again: bool,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// What is wrong with an answer: for logs, without any text of it, and for the model, with it.
struct Complaint {
    reason: String,
    to_model: String,
    text: String,
}

impl<M: LanguageModel> Repaired<M> {
    /// The layer over a model.
    pub fn new(inner: M) -> Self {
        Self {
            inner,
            meter: Meter::default(),
            ask_again: true,
            validators: Mutex::default(),
        }
    }

    /// The same layer, which only checks and never asks again.
    #[must_use]
    pub fn without_asking_again(mut self) -> Self {
        self.ask_again = false;
        self
    }

    /// The same layer, with its repairs told to a meter.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    fn validator(&self, schema: &Schema) -> Result<Arc<Validator>, Error> {
        let mut validators = lock(&self.validators);
        if let Some(validator) = validators.get(schema.as_str()) {
            return Ok(Arc::clone(validator));
        }
        let validator = jsonschema::validator_for(&schema.to_value()).map_err(|error| {
            Error::fatal(format_args!(
                "the schema of the request is not a valid JSON schema (at `{}`); mend what is given \
                 to Request::with_schema",
                error.instance_path()
            ))
        })?;
        let validator = Arc::new(validator);
        validators.insert(schema.as_str().to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}

/// The answer with its JSON, if it has the right form; or what is wrong with it.
fn check(answer: Answer, validator: &Validator) -> Result<Answer, Box<(Answer, Complaint)>> {
    let (text, json) = match &answer.outcome {
        Outcome::Completed {
            text,
            json: Some(json),
        } => (text, Ok(json.clone())),
        Outcome::Completed { text, json: None } | Outcome::Malformed { text, .. } => {
            (text, read_json(text))
        }
        _ => return Ok(answer),
    };
    match json {
        Err(reason) => {
            let complaint = Complaint {
                reason: reason.to_owned(),
                to_model: format!("it is not JSON: {reason}"),
                text: text.clone(),
            };
            Err(Box::new((answer, complaint)))
        }
        Ok(json) => match first_error(validator, &json) {
            None => {
                let text = text.clone();
                let outcome = Outcome::Completed {
                    text,
                    json: Some(json),
                };
                Ok(Answer { outcome, ..answer })
            }
            Some((reason, to_model)) => {
                let complaint = Complaint {
                    reason,
                    to_model,
                    text: text.clone(),
                };
                Err(Box::new((answer, complaint)))
            }
        },
    }
}

/// Which rule of the schema is broken first, and the same in words that may hold the model's text.
fn first_error(validator: &Validator, json: &Value) -> Option<(String, String)> {
    let error = validator.iter_errors(json).next()?;
    let reason = format!("it breaks the schema's rule `{}`", error.schema_path());
    let mut to_model = format!("at `{}`: {error}", error.instance_path());
    let mut end = LONGEST_COMPLAINT.min(to_model.len());
    while !to_model.is_char_boundary(end) {
        end -= 1;
    }
    to_model.truncate(end);
    Some((reason, to_model))
}

/// The request with the wrong answer and what is wrong with it.
fn ask_again(request: &Request, complaint: &Complaint) -> Request {
    let shown = if complaint.text.trim().is_empty() {
        "(nothing)"
    } else {
        &complaint.text
    };
    request
        .clone()
        .with_message(ChatMessage::new(ChatRole::Assistant, shown))
        .with_user(format!(
            "That answer does not have the form that was asked for: {}. Write the whole answer again, \
             as one JSON value of that form, and nothing else.",
            complaint.to_model
        ))
}

impl<M: LanguageModel> LanguageModel for Repaired<M> {
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    fn complete(&self, request: &Request) -> Result<Answer, Error> {
        let Some(schema) = request.schema() else {
            return self.inner.complete(request);
        };
        let validator = self.validator(schema)?;
        let (first, complaint) = match check(self.inner.complete(request)?, &validator) {
            Ok(answer) => return Ok(answer),
            Err(wrong) => *wrong,
        };
        if !self.ask_again {
            let outcome = Outcome::malformed(&complaint.reason, complaint.text);
            return Ok(Answer { outcome, ..first });
        }
        self.meter.repair(&complaint.reason);
        let second = self.inner.complete(&ask_again(request, &complaint))?;
        let usage = first.usage + second.usage;
        let answer = match check(second, &validator) {
            Ok(answer) => answer,
            Err(wrong) => {
                let (second, complaint) = *wrong;
                let reason = format!("{}, also when asked again", complaint.reason);
                let outcome = Outcome::malformed(reason, complaint.text);
                Answer { outcome, ..second }
            }
        };
        Ok(answer.with_usage(usage))
    }
}

impl<M: fmt::Debug> fmt::Debug for Repaired<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repaired")
            .field("inner", &self.inner)
            .field("ask_again", &self.ask_again)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ScriptedModel, Usage};
    use serde_json::json;

    fn request() -> Request {
        Request::new("m").with_user("?").with_schema(json!({
            "type": "object",
            "properties": { "planet": { "type": "string" } },
            "required": ["planet"],
            "additionalProperties": false,
        }))
    }

    fn say(text: &str) -> Result<Answer, Error> {
        Ok(Answer::completed(text).with_usage(Usage::new(10, 1)))
    }

    #[test]
    fn a_good_answer_passes_with_its_json() {
        let model = ScriptedModel::new([say("```json\n{\"planet\": \"Mars\"}\n```")]);
        let answer = Repaired::new(&model).complete(&request()).unwrap();
        assert_eq!(answer.as_json(), Some(&json!({"planet": "Mars"})));
        assert_eq!(model.calls(), 1);
    }

    #[test]
    fn a_wrong_answer_is_mended_once() {
        let model = ScriptedModel::new([
            say(r#"{"planet": "Mars", "moons": 2}"#),
            say(r#"{"planet": "Mars"}"#),
        ]);
        let meter = Meter::new();
        let layer = Repaired::new(&model).with_meter(meter.clone());
        let answer = layer.complete(&request()).unwrap();
        assert_eq!(answer.as_json(), Some(&json!({"planet": "Mars"})));
        assert_eq!(answer.usage, Usage::new(20, 2));
        assert_eq!(meter.progress().repairs, 1);
        let asked = &model.requests()[1];
        assert_eq!(asked.messages().len(), 3);
        assert!(asked.messages()[2].text.contains("moons"));
    }

    #[test]
    fn a_second_wrong_answer_is_malformed_and_shows_no_text() {
        let secret = r#"{"secret": "secret"}"#;
        let model = ScriptedModel::new([say("secret"), say(secret)]);
        let answer = Repaired::new(&model).complete(&request()).unwrap();
        let Outcome::Malformed { reason, text } = &answer.outcome else {
            panic!("{answer:?}");
        };
        assert_eq!(text, secret);
        assert!(reason.ends_with("also when asked again"), "{reason}");
        assert!(!format!("{answer:?}").contains("secret"));
        assert_eq!(answer.usage, Usage::new(20, 2));
    }

    #[test]
    fn other_outcomes_and_free_text_pass() {
        let model = ScriptedModel::new([Ok(Answer::new(Outcome::Refused)), say("free")]);
        let layer = Repaired::new(&model);
        assert_eq!(
            layer.complete(&request()).unwrap().outcome,
            Outcome::Refused
        );
        let free = layer.complete(&Request::new("m").with_user("?")).unwrap();
        assert_eq!(free.text(), Some("free"));
    }

    #[test]
    fn without_asking_again_it_only_checks() {
        let model = ScriptedModel::new([say("{}")]);
        let layer = Repaired::new(&model).without_asking_again();
        let answer = layer.complete(&request()).unwrap();
        assert_eq!(answer.outcome.name(), "malformed");
        assert_eq!(model.calls(), 1);
    }

    #[test]
    fn a_wrong_schema_names_the_setting() {
        let model = ScriptedModel::new([]);
        let request = Request::new("m").with_schema(json!({"type": "objekt"}));
        let error = Repaired::new(&model).complete(&request).unwrap_err();
        assert!(error.is_fatal());
        assert!(
            error.to_string().contains("Request::with_schema"),
            "{error}"
        );
        assert_eq!(model.calls(), 0);
    }
}
