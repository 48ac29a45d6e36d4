//! Builds the taxonomy of AI values, of labels that have passed the thresholds alone: neither a leaf
//! nor a name can show a rarer one. What the texts oppose stands in a branch of its own.

use std::cell::OnceCell;

use axia_report::StageRecord;
use axia_taxonomy::LabelCount;

use crate::coded::{Coded, CodedStudy};
use crate::run_folder::{
    CONVERSATIONS, EXTRACTIONS, RunFolder, TAXONOMY, output_digest, stage_key,
};
use crate::study::{Settings, Ticker, coded};
use crate::{Error, Stage};

const VERSION: &str = "3";

pub(crate) fn run(
    folder: &RunFolder,
    settings: &Settings,
    before: &[StageRecord],
    cell: &OnceCell<CodedStudy>,
) -> Result<(StageRecord, bool), Error> {
    let key = stage_key(
        Stage::Taxonomy,
        &[
            VERSION.to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
            settings.embedder.fingerprint(),
            settings.namer.fingerprint(),
            format!("{:?}", settings.taxonomy),
            format!("{:?}", settings.gate),
            output_digest(before, CONVERSATIONS),
            output_digest(before, EXTRACTIONS),
        ],
    );
    if let Some(record) = folder.finished(Stage::Taxonomy, &key) {
        return Ok((record, true));
    }
    folder.forget(Stage::Taxonomy)?;
    let study = coded(cell, folder)?;
    let ticker = Ticker::new(settings, Stage::Taxonomy, None);
    let labels = released_labels(settings, study);
    let taxonomy = settings
        .taxonomy
        .clone()
        .build()
        .and_then(|builder| builder.fit(&labels, &settings.embedder, &settings.namer))
        .map_err(|e| Error::stage(Stage::Taxonomy, e))?;
    ticker.tick(study.conversations.len() as u64);
    folder.write_json(TAXONOMY, &taxonomy)?;
    let record = folder.finish(Stage::Taxonomy, key, &[TAXONOMY])?;
    Ok((record, false))
}

/// AI values of the subjective conversations that pass, with how many conversations uphold them; and those that pass
/// by the conversations that oppose them.
fn released_labels(settings: &Settings, study: &CodedStudy) -> Vec<LabelCount> {
    let upheld = released(settings, study, |c| &c.ai);
    let opposed = released(settings, study, |c| &c.ai_opposed);
    upheld.chain(opposed.map(LabelCount::opposed)).collect()
}

fn released<'s>(
    settings: &'s Settings,
    study: &'s CodedStudy,
    codes: impl Fn(&Coded) -> &[u32],
) -> impl Iterator<Item = LabelCount> + 's {
    let sizes = study.sizes(study.subjective(), study.values.len(), codes);
    (0..).zip(sizes).filter_map(|(code, size)| {
        let label = settings.gate.release(study.values.label(code), size).ok()?;
        Some(LabelCount::new(label.into_inner(), size.conversations()))
    })
}
