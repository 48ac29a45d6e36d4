//! Measures how AI values go together with tasks, human values and response types.
//!
//! The result is private: it holds every pair, those below the thresholds included.

use std::cell::OnceCell;

use axia_contingency::{
    Associations, ConversationEntry, Conversations, Correction, Estimand, LogP,
};
use axia_extract::ResponseType;
use axia_report::{AssociationRow, StageRecord};
use serde::{Deserialize, Serialize};

use crate::coded::{Coded, CodedStudy};
use crate::run_folder::{
    ASSOCIATIONS, CONVERSATIONS, EXTRACTIONS, RunFolder, output_digest, stage_key,
};
use crate::study::{Settings, Ticker, coded};
use crate::{Error, Stage};

const VERSION: &str = "3";

/// One table of associations, with everything in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) facet: Facet,
    pub(crate) estimand: String,
    pub(crate) tests: u64,
    pub(crate) critical_residual: Option<f64>,
    pub(crate) alpha: f64,
    /// Each pair with its codes, strongest first.
    pub(crate) pairs: Vec<(u32, u32, AssociationRow)>,
}

/// What stands in the rows; the columns are AI values.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Facet {
    Task,
    HumanValue,
    ResponseType,
}

impl Facet {
    pub(crate) const ALL: [Self; 3] = [Self::Task, Self::HumanValue, Self::ResponseType];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::HumanValue => "human value",
            Self::ResponseType => "response type",
        }
    }

    /// A facet with one category for each conversation asks for prevalence; between two facets with
    /// many labels, prevalence would find what only the number of labels has linked.
    fn estimand(self) -> Estimand {
        match self {
            Self::Task | Self::ResponseType => Estimand::Prevalence,
            Self::HumanValue => Estimand::PairTable,
        }
    }

    pub(crate) fn n_codes(self, study: &CodedStudy) -> usize {
        match self {
            Self::Task => study.tasks.len(),
            Self::HumanValue => study.values.len(),
            Self::ResponseType => ResponseType::ALL.len(),
        }
    }

    pub(crate) fn label(self, study: &CodedStudy, code: u32) -> String {
        match self {
            Self::Task => study.tasks.label(code).to_owned(),
            Self::HumanValue => study.values.label(code).to_owned(),
            Self::ResponseType => ResponseType::ALL
                .get(code as usize)
                .map_or_else(String::new, ToString::to_string),
        }
    }

    /// The categories of a conversation.
    pub(crate) fn codes(self, conversation: &Coded) -> Vec<u32> {
        match self {
            Self::Task => conversation.task.into_iter().collect(),
            Self::HumanValue => conversation.human.clone(),
            Self::ResponseType => (0..)
                .zip(ResponseType::ALL)
                .filter(|(_, kind)| *kind == conversation.response_type)
                .map(|(code, _)| code)
                .collect(),
        }
    }
}

pub(crate) fn run(
    folder: &RunFolder,
    settings: &Settings,
    before: &[StageRecord],
    cell: &OnceCell<CodedStudy>,
) -> Result<(StageRecord, bool), Error> {
    let key = stage_key(
        Stage::Associate,
        &[
            VERSION.to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
            format!("{:?}", settings.associations),
            output_digest(before, CONVERSATIONS),
            output_digest(before, EXTRACTIONS),
        ],
    );
    if let Some(record) = folder.finished(Stage::Associate, &key) {
        return Ok((record, true));
    }
    folder.forget(Stage::Associate)?;
    let study = coded(cell, folder)?;
    let ticker = Ticker::new(settings, Stage::Associate, None);
    let tables = Facet::ALL
        .into_iter()
        .map(|facet| measure(settings, study, facet))
        .collect::<Result<Vec<_>, _>>()?;
    ticker.tick(study.conversations.len() as u64);
    folder.write_json(ASSOCIATIONS, &tables)?;
    let record = folder.finish(Stage::Associate, key, &[ASSOCIATIONS])?;
    Ok((record, false))
}

fn measure(settings: &Settings, study: &CodedStudy, facet: Facet) -> Result<Measured, Error> {
    let failed = |e| Error::stage(Stage::Associate, e);
    let scan = settings
        .associations
        .estimand(facet.estimand())
        .build()
        .map_err(failed)?;
    let conversations = observe(study, facet).map_err(failed)?;
    let associations = scan
        .scan_conversations(&conversations, 0, 1)
        .map_err(failed)?;
    let corrected = Corrected::of(&associations);
    let pairs = associations
        .by_residual()
        .into_iter()
        .map(|pair| {
            let [p_bonferroni, p_holm, p_benjamini_hochberg] = corrected.get(pair.row, pair.col);
            let row = AssociationRow {
                estimand: estimand_name(associations.estimand).to_owned(),
                row_facet: facet.as_str().to_owned(),
                row: facet.label(study, pair.row),
                column_facet: "AI value".to_owned(),
                column: study.values.label(pair.col).to_owned(),
                conversations: pair.observed,
                row_total: pair.row_total,
                column_total: pair.col_total,
                n: pair.n,
                expected: pair.expected,
                adjusted_residual: pair.adjusted_residual,
                lift: Some(pair.lift),
                risk_difference: pair.risk_difference.map(|d| d.value),
                risk_difference_low: pair.risk_difference.map(|d| d.low),
                risk_difference_high: pair.risk_difference.map(|d| d.high),
                tested: pair.tested,
                log10_p: pair.log10_p(),
                p: pair.p(),
                p_bonferroni,
                p_holm,
                p_benjamini_hochberg,
                significant: pair.significant,
            };
            (pair.row, pair.col, row)
        })
        .collect();
    Ok(Measured {
        facet,
        estimand: estimand_name(associations.estimand).to_owned(),
        tests: associations.family.tests,
        critical_residual: associations.family.critical_z,
        alpha: associations.family.alpha,
        pairs,
    })
}

/// The two facets of each subjective conversation, with its user where that is known: the scan takes
/// users as the independent units if all are.
fn observe(study: &CodedStudy, facet: Facet) -> Result<Conversations, axia_contingency::Error> {
    let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut builder =
        Conversations::builder(&[size(facet.n_codes(study)), size(study.values.len())]);
    for (id, conversation) in (0..).zip(study.subjective()) {
        let rows = facet.codes(conversation);
        let facets: [&[u32]; 2] = [&rows, &conversation.ai];
        let entry = ConversationEntry::new(id, &facets);
        builder.push(&match conversation.user_code() {
            Some(user) => entry.user(user.into()),
            None => entry,
        })?;
    }
    builder.build()
}

fn estimand_name(estimand: Estimand) -> &'static str {
    match estimand {
        Estimand::Prevalence => "prevalence",
        Estimand::MentionShare => "mention share",
        Estimand::PairTable => "pair table",
        _ => "other",
    }
}

/// A pair's place, and its p-values by Bonferroni, by Holm, by Benjamini and Hochberg.
type CorrectedPair = ((u32, u32), [Option<f64>; 3]);

/// The pairs' p-values under each correction.
struct Corrected {
    /// By row, then column.
    by_place: Vec<CorrectedPair>,
}

impl Corrected {
    fn of(associations: &Associations) -> Self {
        let [bonferroni, holm, benjamini_hochberg] = [
            Correction::Bonferroni,
            Correction::Holm,
            Correction::BenjaminiHochberg,
        ]
        .map(|correction| associations.corrected(correction));
        let p = |p: Option<LogP>| p.map(LogP::p);
        let columns = bonferroni.into_iter().zip(holm).zip(benjamini_hochberg);
        let mut by_place: Vec<_> = associations
            .pairs
            .iter()
            .zip(columns)
            .map(|(pair, ((bonferroni, holm), bh))| {
                ((pair.row, pair.col), [p(bonferroni), p(holm), p(bh)])
            })
            .collect();
        by_place.sort_unstable_by_key(|&(place, _)| place);
        Self { by_place }
    }

    /// By Bonferroni, by Holm, by Benjamini and Hochberg.
    fn get(&self, row: u32, col: u32) -> [Option<f64>; 3] {
        let at = self
            .by_place
            .binary_search_by_key(&(row, col), |&(place, _)| place);
        let found = at.ok().and_then(|at| self.by_place.get(at));
        found.map_or([None; 3], |&(_, p)| p)
    }
}
