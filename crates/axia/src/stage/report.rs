//! Writes the report. Figures and labels come from the gate; nothing else of this crate writes into
//! `report/`, but for the taxonomy, which is built of labels that have passed it.

use std::cell::OnceCell;

use axia_anonymize::threshold::Released;
use axia_report::{
    AssociationRow, Associations, Frequency, InputSummary, ReportBuilder, StageRecord,
    write_associations, write_json, write_response_types, write_values_frequencies,
    write_values_tree,
};
use axia_taxonomy::Taxonomy;

use crate::coded::CodedStudy;
use crate::run_folder::{
    ASSOCIATIONS, CONVERSATIONS, EXTRACTIONS, INPUT, RunFolder, TAXONOMY, output_digest, stage_key,
};
use crate::stage::associate::{Facet, Measured};
use crate::stage::cells::Cells;
use crate::study::{Settings, Ticker, coded};
use crate::{Error, Stage};

const VERSION: &str = "2";

pub(crate) const REPORT: &str = "report/report.json";
pub(crate) const MANIFEST: &str = "report/manifest.json";

pub(crate) fn run(
    folder: &RunFolder,
    settings: &Settings,
    before: &[StageRecord],
    cell: &OnceCell<CodedStudy>,
) -> Result<(StageRecord, bool), Error> {
    let mut parts = vec![
        VERSION.to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
        format!("{:?}", settings.gate),
        settings.anonymizer.fingerprint(),
    ];
    let inputs = [CONVERSATIONS, INPUT, EXTRACTIONS, TAXONOMY, ASSOCIATIONS];
    parts.extend(inputs.map(|name| output_digest(before, name)));
    let key = stage_key(Stage::Report, &parts);
    if let Some(record) = folder.finished(Stage::Report, &key) {
        return Ok((record, true));
    }
    folder.forget(Stage::Report)?;
    let ticker = Ticker::new(settings, Stage::Report, None);
    let study = coded(cell, folder)?;
    let files = make(folder, settings, study)?;
    for (name, content) in &files {
        folder.write(name, content)?;
    }
    ticker.tick(study.conversations.len() as u64);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let record = folder.finish(Stage::Report, key, &names)?;
    Ok((record, false))
}

type Files = Vec<(&'static str, Vec<u8>)>;

fn make(folder: &RunFolder, settings: &Settings, study: &CodedStudy) -> Result<Files, Error> {
    let input: InputSummary = folder.read_json(INPUT)?;
    let taxonomy: Taxonomy = folder.read_json(TAXONOMY)?;
    let measured: Vec<Measured> = folder.read_json(ASSOCIATIONS)?;
    let notes = notes(settings, study);

    let mut cells = Cells::new(study, &settings.gate);
    let (subjective, levels) = cells.levels()?;
    let mut builder = ReportBuilder::new(input, settings.anonymizer.fingerprint());
    // Below the thresholds even the number of subjective conversations stays hidden, and with it
    // all that is a share of it.
    let mut tables = Tables::default();
    if let Some(subjective) = &subjective {
        tables = Tables::of(&mut cells, &taxonomy, &measured)?;
        builder = builder.subjectivity(subjective, &levels);
    }
    let (replaced, below) = cells.replaced();
    builder = builder
        .replaced(&replaced, below)
        .tasks(&tables.tasks)
        .ai_values(&tables.ai)
        .ai_values_opposed(&tables.opposed)
        .human_values(&tables.human)
        .response_types(&tables.response_types)
        .taxonomy(&tables.tree);
    for (head, rows) in &tables.associations {
        builder = builder.associations(head.clone(), rows);
    }
    for note in notes.into_iter().chain(cells.suppressed.notes()) {
        builder = builder.note(note);
    }
    let report = builder.build(cells.suppressed);

    let mut files = tables.files()?;
    let mut json = Vec::new();
    write_json(&mut json, &report).map_err(failed)?;
    files.push((REPORT, json));
    Ok(files)
}

fn failed(error: axia_report::Error) -> Error {
    Error::stage(Stage::Report, error)
}

/// All tables, with what has passed.
#[derive(Default)]
struct Tables {
    ai: Vec<Released<Frequency>>,
    opposed: Vec<Released<Frequency>>,
    human: Vec<Released<Frequency>>,
    tasks: Vec<Released<Frequency>>,
    response_types: Vec<Released<axia_report::ResponseTypeShare>>,
    tree: Vec<Released<axia_taxonomy::TreeRow>>,
    associations: Vec<(Associations, Vec<Released<AssociationRow>>)>,
}

impl Tables {
    fn of(
        cells: &mut Cells<'_>,
        taxonomy: &Taxonomy,
        measured: &[Measured],
    ) -> Result<Self, Error> {
        let mut tables = Self {
            ai: cells.frequencies("AI values", |c| &c.ai),
            opposed: cells.frequencies("AI values opposed", |c| &c.ai_opposed),
            human: cells.frequencies("human values", |c| &c.human),
            tasks: cells.tasks()?,
            response_types: cells.response_types()?,
            tree: cells.tree(taxonomy),
            associations: Vec::new(),
        };
        for table in measured {
            let labels = |rows: &[Released<Frequency>]| -> Vec<String> {
                rows.iter().map(|row| row.value().label.clone()).collect()
            };
            let rows = match table.facet {
                Facet::Task => labels(&tables.tasks),
                Facet::HumanValue => labels(&tables.human),
                Facet::ResponseType => tables
                    .response_types
                    .iter()
                    .map(|row| row.value().response_type.clone())
                    .collect(),
            };
            let head = Associations {
                row_facet: table.facet.as_str().to_owned(),
                column_facet: "AI value".to_owned(),
                estimand: table.estimand.clone(),
                tests: table.tests,
                critical_residual: table.critical_residual,
                alpha: table.alpha,
                rows: Vec::new(),
            };
            let rows = cells.associations(table, &tables.ai, &rows)?;
            tables.associations.push((head, rows));
        }
        Ok(tables)
    }

    fn files(&self) -> Result<Files, Error> {
        let mut files = Files::new();
        let mut add = |name, write: &dyn Fn(&mut Vec<u8>) -> Result<(), axia_report::Error>| {
            let mut content = Vec::new();
            write(&mut content).map_err(failed)?;
            files.push((name, content));
            Ok::<(), Error>(())
        };
        add("report/values_frequencies.csv", &|out| {
            write_values_frequencies(out, &self.ai)
        })?;
        add("report/values_opposed_frequencies.csv", &|out| {
            write_values_frequencies(out, &self.opposed)
        })?;
        add("report/human_values_frequencies.csv", &|out| {
            write_values_frequencies(out, &self.human)
        })?;
        add("report/values_tree.csv", &|out| {
            write_values_tree(out, &self.tree)
        })?;
        add("report/response_types.csv", &|out| {
            write_response_types(out, &self.response_types)
        })?;
        add("report/associations.csv", &|out| {
            let all: Vec<_> = self
                .associations
                .iter()
                .flat_map(|(_, rows)| rows.iter().cloned())
                .collect();
            write_associations(out, &all)
        })?;
        Ok(files)
    }
}

/// What a reader must know to read the figures rightly.
fn notes(settings: &Settings, study: &CodedStudy) -> Vec<String> {
    let mut notes = vec![format!(
        "Values, tasks and response types are what the extractor `{}` saw.",
        settings.extractor.fingerprint()
    )];
    let users_known = study.subjective().all(|c| c.user_code().is_some());
    notes.push(if users_known {
        "p-values take users as independent, and all conversations of one user as one piece of evidence."
            .to_owned()
    } else {
        "p-values take conversations as independent, because the users are not known; several \
         conversations of one user are not."
            .to_owned()
    });
    if study.unscanned > 0 {
        notes.push(format!(
            "{} conversations could not be searched for personal data to the end: their texts were \
             withheld, and they are in no figure.",
            study.unscanned
        ));
    }
    if study.failed > 0 {
        notes.push(format!(
            "The extractor failed on {} conversations, which are in no figure.",
            study.failed
        ));
    }
    notes
}
