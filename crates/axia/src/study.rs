//! The study: settings, and the way from end to end.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use axia_anonymize::Anonymizer;
use axia_anonymize::threshold::{Gate, Thresholds};
use axia_contingency::AssociationParams;
use axia_conversation::{Conversation, ReaderParams};
use axia_embed::{BundledEmbedder, Embedder};
use axia_extract::{Extractor, LexiconExtractor};
use axia_report::{FileDigest, Manifest, Report, StageRecord};
use axia_taxonomy::{CentralNamer, Namer, TaxonomyParams};

use crate::coded::CodedStudy;
use crate::input::Input;
use crate::run_folder::{RunFolder, SKIPPED};
use crate::stage::{anonymize, associate, extract, report, taxonomy};
use crate::{Error, Progress, Stage, StageRun};

/// One study: inputs and settings, ready to run.
///
/// # Example
///
/// ```
/// use axia::Study;
/// use axia::anonymize::threshold::Thresholds;
/// use axia::conversation::{Conversation, Message, Role};
///
/// let folder = tempfile::tempdir()?;
/// let chats = (0..20).map(|n| {
///     Conversation::new(format!("chat-{n}"))
///         .with_user_id(format!("user-{}", n % 6))
///         .with_message(Message::new(Role::User, format!("Should I lie to friend {n}?")))
///         .with_message(Message::new(Role::Assistant, "I'd be honest. It's your decision."))
/// });
/// let outcome = Study::builder()
///     .conversations(chats)
///     .run_folder(folder.path().join("run"))
///     .thresholds(Thresholds::new().min_conversations(10).min_users(3).build()?)
///     .seed(7)
///     .run()?;
/// assert_eq!(outcome.report().input.conversations, 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Study {
    settings: Settings,
    run_folder: PathBuf,
}

/// What the stages need to know.
pub(crate) struct Settings {
    pub(crate) inputs: Vec<Input>,
    pub(crate) reader: ReaderParams,
    pub(crate) keep_duplicates: bool,
    pub(crate) anonymizer: Anonymizer,
    pub(crate) extractor: Box<dyn Extractor>,
    pub(crate) embedder: Box<dyn Embedder>,
    pub(crate) namer: Box<dyn Namer>,
    pub(crate) taxonomy: TaxonomyParams,
    pub(crate) associations: AssociationParams,
    pub(crate) gate: Gate,
    pub(crate) seed: u64,
    progress: Option<Box<dyn Fn(Progress) + Send + Sync>>,
}

impl Study {
    /// Starts a study with default settings.
    pub fn builder() -> StudyBuilder {
        StudyBuilder::default()
    }

    /// Runs all stages that are not done yet.
    ///
    /// # Errors
    ///
    /// If an input or the run folder cannot be read or written, if no conversation could be read at all, or
    /// if one of the parts (extractor, embedder, namer) fails. Records that cannot be read are no
    /// error: they are counted in the report.
    pub fn run(&self) -> Result<Outcome, Error> {
        let settings = &self.settings;
        if settings.inputs.is_empty() {
            return Err(Error::no_input());
        }
        let inputs = settings
            .inputs
            .iter()
            .enumerate()
            .map(|(n, input)| input.digest(n))
            .collect::<Result<Vec<_>, _>>()?;
        let folder = RunFolder::open(&self.run_folder)?;
        let mut records: Vec<StageRecord> = Vec::new();
        let mut stages = Vec::new();
        // Loaded once, by the first stage that needs it, if one does.
        let coded = OnceCell::new();
        for stage in Stage::ALL {
            let start = Instant::now();
            let (record, reused) = match stage {
                Stage::Anonymize => anonymize::run(&folder, settings, &inputs)?,
                Stage::Extract => extract::run(&folder, settings, &records)?,
                Stage::Taxonomy => taxonomy::run(&folder, settings, &records, &coded)?,
                Stage::Associate => associate::run(&folder, settings, &records, &coded)?,
                Stage::Report => report::run(&folder, settings, &records, &coded)?,
            };
            records.push(record);
            stages.push(StageRun {
                stage,
                reused,
                seconds: start.elapsed().as_secs_f64(),
            });
        }
        let report = folder.read_json(report::REPORT)?;
        let manifest = self.manifest(inputs, records);
        folder.write_json(report::MANIFEST, &manifest)?;
        Ok(Outcome {
            report,
            manifest,
            stages,
            skipped: first_lines(&folder, SKIPPED),
            run_folder: folder.root().to_owned(),
        })
    }

    fn manifest(&self, inputs: Vec<FileDigest>, stages: Vec<StageRecord>) -> Manifest {
        let settings = &self.settings;
        let parameters = BTreeMap::from([
            (
                "anonymizer".to_owned(),
                settings.anonymizer.fingerprint().into(),
            ),
            (
                "associations".to_owned(),
                format!("{:?}", settings.associations).into(),
            ),
            (
                "embedder".to_owned(),
                settings.embedder.fingerprint().into(),
            ),
            (
                "extractor".to_owned(),
                settings.extractor.fingerprint().into(),
            ),
            (
                "keep_duplicates".to_owned(),
                settings.keep_duplicates.into(),
            ),
            ("namer".to_owned(), settings.namer.fingerprint().into()),
            ("reader".to_owned(), format!("{:?}", settings.reader).into()),
            (
                "taxonomy".to_owned(),
                format!("{:?}", settings.taxonomy).into(),
            ),
            (
                "thresholds".to_owned(),
                format!("{:?}", settings.gate).into(),
            ),
        ]);
        Manifest {
            axia_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: settings.seed,
            parameters,
            inputs,
            stages,
        }
    }
}

impl fmt::Debug for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Study")
            .field("inputs", &self.settings.inputs.len())
            .field("run_folder", &self.run_folder)
            .field("seed", &self.settings.seed)
            .finish_non_exhaustive()
    }
}

/// How many lines of the list of skipped records an [`Outcome`] holds.
const SKIPPED_SHOWN: usize = 20;

fn first_lines(folder: &RunFolder, name: &str) -> Vec<String> {
    std::fs::read_to_string(folder.path(name))
        .unwrap_or_default()
        .lines()
        .take(SKIPPED_SHOWN)
        .map(str::to_owned)
        .collect()
}

/// Tells the caller how far a stage has come.
pub(crate) struct Ticker<'a> {
    settings: &'a Settings,
    stage: Stage,
    total: Option<u64>,
}

impl<'a> Ticker<'a> {
    pub(crate) fn new(settings: &'a Settings, stage: Stage, total: Option<u64>) -> Self {
        let ticker = Self {
            settings,
            stage,
            total,
        };
        ticker.tick(0);
        ticker
    }

    pub(crate) fn tick(&self, done: u64) {
        if let Some(progress) = &self.settings.progress {
            progress(Progress {
                stage: self.stage,
                done,
                total: self.total,
            });
        }
    }
}

/// What a study has found, and where its files are.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    report: Report,
    manifest: Manifest,
    stages: Vec<StageRun>,
    skipped: Vec<String>,
    run_folder: PathBuf,
}

impl Outcome {
    /// Everything that the study publishes.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What made the run.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The stages in order, with their times.
    #[must_use]
    pub fn stages(&self) -> &[StageRun] {
        &self.stages
    }

    /// The first records that were skipped: file, number and reason of each. The whole list is in
    /// `private/skipped.txt`.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The run folder.
    #[must_use]
    pub fn run_folder(&self) -> &Path {
        &self.run_folder
    }

    /// The published files, as paths inside the run folder.
    #[must_use]
    pub fn report_files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self
            .manifest
            .stages
            .iter()
            .flat_map(|stage| &stage.outputs)
            .map(|file| file.name.as_str())
            .filter(|name| name.starts_with("report/"))
            .collect();
        files.push(report::MANIFEST);
        files.sort_unstable();
        files
    }
}

/// The key is no secret: it keeps names and addresses that serve as user ids out of the run folder,
/// but whoever knows an id can find its token.
const USER_KEY_CONTEXT: &str = "axia 2026 default key for the user ids of a study";

/// Collects what a [`Study`] needs. Everything but the inputs and the run folder has a default.
#[must_use]
pub struct StudyBuilder {
    inputs: Vec<Input>,
    run_folder: PathBuf,
    reader: ReaderParams,
    keep_duplicates: bool,
    anonymizer: Option<Anonymizer>,
    extractor: Option<Box<dyn Extractor>>,
    embedder: Option<Box<dyn Embedder>>,
    namer: Option<Box<dyn Namer>>,
    taxonomy: TaxonomyParams,
    associations: AssociationParams,
    gate: Option<Gate>,
    seed: u64,
    progress: Option<Box<dyn Fn(Progress) + Send + Sync>>,
}

impl Default for StudyBuilder {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            run_folder: PathBuf::from("axia-run"),
            reader: ReaderParams::new(),
            keep_duplicates: false,
            anonymizer: None,
            extractor: None,
            embedder: None,
            namer: None,
            taxonomy: TaxonomyParams::new(),
            associations: AssociationParams::new(),
            gate: None,
            seed: 0,
            progress: None,
        }
    }
}

impl StudyBuilder {
    /// Adds a file of conversations, in any supported format.
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.inputs.push(Input::File(path.into()));
        self
    }

    /// Adds several files.
    pub fn inputs<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.inputs
            .extend(paths.into_iter().map(|path| Input::File(path.into())));
        self
    }

    /// Adds conversations that are in memory.
    pub fn conversations(mut self, all: impl IntoIterator<Item = Conversation>) -> Self {
        self.inputs
            .push(Input::Conversations(all.into_iter().collect()));
        self
    }

    /// Sets where the study keeps its files; `axia-run` by default. A new folder, or one of an earlier run.
    pub fn run_folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.run_folder = path.into();
        self
    }

    /// Sets how files are read: format, branches, column map, size of a record.
    pub fn reader(mut self, params: ReaderParams) -> Self {
        self.reader = params;
        self
    }

    /// Keeps exact duplicates (same user, model and messages) instead of skipping them; they are
    /// counted either way. Off by default.
    pub fn keep_duplicates(mut self, keep: bool) -> Self {
        self.keep_duplicates = keep;
        self
    }

    /// Sets what replaces personal data.
    ///
    /// By default all kinds are replaced by placeholders, and user ids by keyed tokens. The default key
    /// is the same for everybody, so that runs can be compared; if user ids are to be safe from
    /// somebody who knows or guesses them, give an anonymizer with a key of your own.
    pub fn anonymizer(mut self, anonymizer: Anonymizer) -> Self {
        self.anonymizer = Some(anonymizer);
        self
    }

    /// Sets what extracts values, task, response type and subjectivity; a [`LexiconExtractor`] by default.
    pub fn extractor(mut self, extractor: impl Extractor + 'static) -> Self {
        self.extractor = Some(Box::new(extractor));
        self
    }

    /// Sets what makes vectors of labels; the [`BundledEmbedder`] by default.
    pub fn embedder(mut self, embedder: impl Embedder + 'static) -> Self {
        self.embedder = Some(Box::new(embedder));
        self
    }

    /// Sets what names the taxonomy's nodes; a [`CentralNamer`] by default.
    pub fn namer(mut self, namer: impl Namer + 'static) -> Self {
        self.namer = Some(Box::new(namer));
        self
    }

    /// Sets the taxonomy's shape. Its seed is the study's.
    pub fn taxonomy(mut self, params: TaxonomyParams) -> Self {
        self.taxonomy = params;
        self
    }

    /// Sets how associations are tested. The estimand is set by the table.
    pub fn associations(mut self, params: AssociationParams) -> Self {
        self.associations = params;
        self
    }

    /// Sets the thresholds; 15 conversations and 5 users by default.
    pub fn thresholds(mut self, gate: Gate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Sets the seed of everything random; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Is called as the study goes on, from the thread that runs it.
    pub fn progress(mut self, callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(callback));
        self
    }

    /// Makes the study.
    ///
    /// # Errors
    ///
    /// If one of the default parts cannot be made.
    pub fn build(self) -> Result<Study, Error> {
        let anonymizer = match self.anonymizer {
            Some(anonymizer) => anonymizer,
            None => Anonymizer::builder()
                .pseudonymous_users(blake3::derive_key(USER_KEY_CONTEXT, &[]))
                .build()
                .map_err(|e| Error::stage(Stage::Anonymize, e))?,
        };
        let extractor = match self.extractor {
            Some(extractor) => extractor,
            None => Box::new(LexiconExtractor::new()),
        };
        let embedder = match self.embedder {
            Some(embedder) => embedder,
            None => Box::new(BundledEmbedder::new().map_err(|e| Error::stage(Stage::Taxonomy, e))?),
        };
        let gate = match self.gate {
            Some(gate) => gate,
            None => Thresholds::new()
                .build()
                .map_err(|e| Error::stage(Stage::Report, e))?,
        };
        Ok(Study {
            settings: Settings {
                inputs: self.inputs,
                reader: self.reader,
                keep_duplicates: self.keep_duplicates,
                anonymizer,
                extractor,
                embedder,
                namer: self.namer.unwrap_or_else(|| Box::new(CentralNamer::new())),
                taxonomy: self.taxonomy.seed(self.seed),
                associations: self.associations,
                gate,
                seed: self.seed,
                progress: self.progress,
            },
            run_folder: self.run_folder,
        })
    }

    /// Makes the study and runs it: see [`Study::run`].
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build) and [`Study::run`].
    pub fn run(self) -> Result<Outcome, Error> {
        self.build()?.run()
    }
}

impl fmt::Debug for StudyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StudyBuilder")
            .field("inputs", &self.inputs.len())
            .field("run_folder", &self.run_folder)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// The extractions in memory, loaded when the first stage asks for them.
pub(crate) fn coded<'a>(
    cell: &'a OnceCell<CodedStudy>,
    folder: &RunFolder,
) -> Result<&'a CodedStudy, Error> {
    if let Some(study) = cell.get() {
        return Ok(study);
    }
    let study = CodedStudy::load(folder)?;
    Ok(cell.get_or_init(|| study))
}
