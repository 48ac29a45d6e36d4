//! A token classifier from a local folder: windows over long texts, and spans from labels.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::bert::{Bert, Config};
use super::wordpiece::{Tokenizer, WordPiece};
use super::{NameRecognizer, NameSpan};
use crate::recognizer::RecognizerFailure;
use crate::{Error, Kind};

/// Settings of a [`NerModel`].
///
/// # Example
///
/// ```
/// use axia_anonymize::NerModelParams;
///
/// let params = NerModelParams::new().threshold(0.3);
/// assert!(params.load("no/such/folder").is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct NerModelParams {
    threshold: f32,
    window: usize,
    overlap: usize,
}

impl Default for NerModelParams {
    fn default() -> Self {
        Self::new()
    }
}

impl NerModelParams {
    /// A threshold of 0.5, windows of 128 tokens that share 32.
    pub fn new() -> Self {
        Self {
            threshold: 0.5,
            window: 128,
            overlap: 32,
        }
    }

    /// How sure the model must be that a word is personal data of any kind. Default 0.5.
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// How many tokens the model sees at once, and how many of them two windows share. Default 128
    /// and 32. Each token is judged in the window where it stands farthest from a border.
    pub fn window(mut self, tokens: usize, overlap: usize) -> Self {
        self.window = tokens;
        self.overlap = overlap;
        self
    }

    /// Reads `config.json`, `vocab.txt` and `model.safetensors` of a BERT token classifier.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range ([`Error::is_invalid_parameter`]), or a file is missing or
    /// not what it must be ([`Error::is_invalid_model`]).
    pub fn load(self, folder: impl AsRef<Path>) -> Result<NerModel, Error> {
        if !(self.threshold > 0.0 && self.threshold < 1.0) {
            return Err(Error::parameter(
                "threshold",
                "between 0 and 1",
                self.threshold,
            ));
        }
        if self.window < 16 || self.overlap >= self.window / 2 {
            return Err(Error::parameter(
                "window",
                "at least 16 tokens and more than twice the overlap",
                self.window,
            ));
        }
        let read = |name: &'static str| {
            std::fs::read(folder.as_ref().join(name))
                .map_err(|e| Error::model(name, e.kind().to_string()))
        };
        let text = |name: &'static str| {
            String::from_utf8(read(name)?).map_err(|_| Error::model(name, "not UTF-8".to_owned()))
        };
        let config: Config = serde_json::from_str(&text("config.json")?)
            .map_err(|e| Error::model("config.json", e.to_string()))?;
        let tokenizer = Tokenizer::new(&text("vocab.txt")?, config.do_lower_case)
            .map_err(|e| Error::model("vocab.txt", e))?;
        let bytes = read("model.safetensors")?;
        let bert = Bert::load(&bytes, &config).map_err(|e| Error::model("model.safetensors", e))?;
        let labels: Option<Vec<Label>> = (0..config.id2label.len())
            .map(|id| {
                config
                    .id2label
                    .get(&id.to_string())
                    .map(|name| Label::of(name))
            })
            .collect();
        let labels = labels
            .ok_or_else(|| Error::model("config.json", "id2label must count from 0".to_owned()))?;
        if self.window + 2 > config.max_position_embeddings {
            return Err(Error::parameter(
                "window",
                "at most what the model can read",
                self.window,
            ));
        }
        let digest = blake3::hash(&bytes).to_hex();
        let fingerprint = format!(
            "ner:{}:threshold={}:window={}/{}",
            &digest[..16],
            self.threshold,
            self.window,
            self.overlap
        );
        Ok(NerModel {
            params: self,
            tokenizer,
            bert,
            labels,
            fingerprint,
        })
    }
}

/// What a label of a model means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Outside,
    Kind(Kind),
}

impl Label {
    /// Labels of the usual sets: with or without `B-` and `I-`.
    fn of(name: &str) -> Self {
        let name = name
            .strip_prefix("B-")
            .or_else(|| name.strip_prefix("I-"))
            .unwrap_or(name);
        let kind = match name.to_ascii_uppercase().as_str() {
            "GIVEN_NAME" | "SURNAME" | "PER" | "PERSON" | "NAME" | "FIRSTNAME" | "LASTNAME" => {
                Kind::Person
            }
            "EMAIL" => Kind::Email,
            "PHONE" | "PHONE_NUMBER" => Kind::Phone,
            "URL" => Kind::Url,
            "TAX_ID" => Kind::TaxId,
            "BANK_ACCOUNT" | "ROUTING_NUMBER" => Kind::BankAccount,
            "GOVERNMENT_ID" => Kind::NationalId,
            "PASSPORT" => Kind::Passport,
            "DRIVERS_LICENSE" => Kind::DrivingLicence,
            "BUILDING_NUMBER" | "STREET_NAME" | "SECONDARY_ADDRESS" | "ZIP_CODE" | "STREET" => {
                Kind::StreetAddress
            }
            "CITY" | "STATE" | "LOC" | "GPE" | "LOCATION" => Kind::Location,
            "ORG" | "ORGANIZATION" => Kind::Organization,
            // "O", and what is no personal data in any set we know.
            _ => return Self::Outside,
        };
        Self::Kind(kind)
    }
}

/// A BERT token classifier that runs on the processor, with weights from a local folder.
///
/// # References
///
/// Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding".
pub struct NerModel {
    params: NerModelParams,
    tokenizer: Tokenizer,
    bert: Bert,
    labels: Vec<Label>,
    fingerprint: String,
}

/// A word of the text, judged.
struct Judged {
    span: Range<usize>,
    kind: Kind,
    score: f32,
}

impl NerModel {
    /// Reads a model with the default settings; see [`NerModelParams::load`].
    ///
    /// # Errors
    ///
    /// As [`NerModelParams::load`].
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        NerModelParams::new().load(folder)
    }

    /// The ids of a text's tokens with the special ones around, and the logits of each: for checks
    /// against other implementations. Texts that do not fit one window give nothing.
    #[must_use]
    pub fn logits(&self, text: &str) -> Option<(Vec<u32>, Vec<Vec<f32>>)> {
        let pieces = self.tokenizer.tokens(text);
        let ids = self.ids(&pieces);
        let logits = self.bert.logits(&ids)?;
        Some((
            ids,
            logits.rows().into_iter().map(|row| row.to_vec()).collect(),
        ))
    }

    fn ids(&self, pieces: &[WordPiece]) -> Vec<u32> {
        let inner = pieces.iter().map(|piece| piece.id);
        std::iter::once(self.tokenizer.start)
            .chain(inner)
            .chain(std::iter::once(self.tokenizer.end))
            .collect()
    }

    /// The words that are personal data.
    fn judge(&self, pieces: &[WordPiece]) -> Result<Vec<Judged>, RecognizerFailure> {
        let mut judged: Vec<Judged> = Vec::new();
        let mut from = 0;
        while from < pieces.len() {
            let to = (from + self.params.window).min(pieces.len());
            let logits = self
                .bert
                .logits(&self.ids(&pieces[from..to]))
                .ok_or(RecognizerFailure)?;
            // Tokens near a border are judged in the other window.
            let half = self.params.overlap / 2;
            let mine = if from == 0 { 0 } else { from + half }..if to == pieces.len() {
                to
            } else {
                to - half
            };
            for at in mine {
                let row = logits.row(at - from + 1);
                let (score, kind) = self.read(row.iter().copied());
                if score < self.params.threshold {
                    continue;
                }
                let piece = &pieces[at];
                match judged.last_mut() {
                    Some(last)
                        if at > 0
                            && pieces[at - 1].word == piece.word
                            && last.span.end == pieces[at - 1].span.end =>
                    {
                        last.span.end = piece.span.end;
                        if score > last.score {
                            last.score = score;
                            last.kind = kind;
                        }
                    }
                    _ => {
                        // One piece of a word tells about the whole word.
                        let back = pieces[..at]
                            .iter()
                            .rev()
                            .take_while(|p| p.word == piece.word);
                        let start = back.last().map_or(piece.span.start, |p| p.span.start);
                        judged.push(Judged {
                            span: start..piece.span.end,
                            kind,
                            score,
                        });
                    }
                }
                // The rest of the word, whatever the model says of it.
                let rest = pieces[at + 1..].iter().take_while(|p| p.word == piece.word);
                if let (Some(last), Some(end)) = (judged.last_mut(), rest.last()) {
                    last.span.end = last.span.end.max(end.span.end);
                }
            }
            if to == pieces.len() {
                break;
            }
            from = to - self.params.overlap;
        }
        Ok(judged)
    }

    /// How likely a token is personal data of any kind, and the likeliest kind.
    fn read(&self, row: impl Iterator<Item = f32> + Clone) -> (f32, Kind) {
        let most = row.clone().fold(f32::NEG_INFINITY, f32::max);
        let (mut inside, mut all) = (0.0, 0.0);
        let mut best = (f32::NEG_INFINITY, Kind::Person);
        for (label, logit) in self.labels.iter().zip(row) {
            let weight = (logit - most).exp();
            all += weight;
            if let Label::Kind(kind) = *label {
                inside += weight;
                if logit > best.0 {
                    best = (logit, kind);
                }
            }
        }
        (inside / all, best.1)
    }
}

impl NameRecognizer for NerModel {
    fn names(&self, text: &str) -> Result<Vec<NameSpan>, RecognizerFailure> {
        let pieces = self.tokenizer.tokens(text);
        let judged = self.judge(&pieces)?;
        Ok(spans(text, &judged))
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

/// Joins words of one kind that stand side by side; a town beside a street is part of the address.
fn spans(text: &str, judged: &[Judged]) -> Vec<NameSpan> {
    let mut out: Vec<NameSpan> = Vec::new();
    for word in judged {
        let joins = out.last().and_then(|last| {
            let between = text.get(last.span.end..word.span.start)?;
            let place = |kind: Kind| matches!(kind, Kind::StreetAddress | Kind::Location);
            let same = last.kind == word.kind || place(last.kind) && place(word.kind);
            let most = if place(word.kind) { 6 } else { 2 };
            let near = between.len() <= most
                && between.chars().all(|c| {
                    c.is_whitespace()
                        || matches!(c, '-' | '\'' | '’' | '.')
                        || place(word.kind) && matches!(c, ',' | '/' | '>' | '?' | '#')
                });
            (same && near).then_some(if last.kind == word.kind {
                word.kind
            } else {
                Kind::StreetAddress
            })
        });
        match (joins, out.last_mut()) {
            (Some(kind), Some(last)) => {
                last.span.end = last.span.end.max(word.span.end);
                last.kind = kind;
                last.score = last.score.max(word.score);
            }
            _ => out.push(NameSpan::new(word.span.clone(), word.kind, word.score)),
        }
    }
    // A mark alone is nothing.
    out.retain(|name| {
        text.get(name.span.clone())
            .is_some_and(|t| t.contains(char::is_alphanumeric))
    });
    out
}

impl fmt::Debug for NerModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NerModel")
            .field("params", &self.params)
            .field("labels", &self.labels.len())
            .finish_non_exhaustive()
    }
}
