//! Cells of the published tables, sent through the gate one table at a time.

use std::collections::{BTreeMap, HashMap, HashSet};

use axia_anonymize::threshold::{
    CellCounter, CellSize, Gate, Released, Suppressed, SuppressionReport,
};
use axia_contingency::{Confidence, Proportion};
use axia_extract::{ResponseType, Stance, SubjectivityLevel};
use axia_report::{AssociationRow, EntityCount, Frequency, LevelShare, ResponseTypeShare};
use axia_taxonomy::{Branch, Taxonomy, TreeRow};

use crate::coded::{Coded, CodedStudy};
use crate::stage::associate::{Facet, Measured};
use crate::{Error, Stage};

/// Rows that have passed.
type Rows<T> = Vec<Released<T>>;

/// A pair of categories that has not passed yet: the code of its row, and its size.
type Pair<'r> = ((u32, &'r AssociationRow), CellSize);

/// All that goes through the gate, and the count of what did not pass.
pub(crate) struct Cells<'a> {
    study: &'a CodedStudy,
    gate: &'a Gate,
    subjective: CellSize,
    pub(crate) suppressed: SuppressionReport,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(study: &'a CodedStudy, gate: &'a Gate) -> Self {
        Self {
            study,
            gate,
            subjective: study.size(study.subjective()),
            suppressed: SuppressionReport::new(gate),
        }
    }

    fn release<T>(&mut self, table: &str, value: T, size: CellSize) -> Option<Released<T>> {
        let decision = self.gate.release(value, size);
        self.suppressed.record(table, &decision);
        decision.ok()
    }

    /// Cells that a published total is divided into: hidden ones must not follow by subtraction.
    fn partition<T>(
        &mut self,
        table: &str,
        total: CellSize,
        cells: Vec<(T, CellSize)>,
    ) -> Result<Vec<Released<T>>, Error> {
        // Categories that no conversation has are no cells: there is nobody to protect.
        let cells = cells
            .into_iter()
            .filter(|(_, size)| size.conversations() > 0)
            .collect();
        let decisions: Vec<Result<Released<T>, Suppressed>> = self
            .gate
            .release_partition(total, cells)
            .map_err(|e| Error::stage(Stage::Report, e))?;
        Ok(decisions
            .into_iter()
            .filter_map(|decision| {
                self.suppressed.record(table, &decision);
                decision.ok()
            })
            .collect())
    }

    /// The subjective conversations, and how all conversations divide into levels.
    pub(crate) fn levels(
        &mut self,
    ) -> Result<(Option<Released<LevelShare>>, Rows<LevelShare>), Error> {
        let study = self.study;
        let total = study.size(study.conversations.iter());
        let read = total.conversations();
        // The denominator of all shares is part of the account of the input, like the number of
        // conversations read: that few of them are not subjective tells nothing about anybody.
        let share = LevelShare::new("subjective", self.subjective.conversations(), read);
        let subjective = self.release("subjective", share, self.subjective);
        let levels = SubjectivityLevel::ALL
            .into_iter()
            .map(|level| {
                let size = study.size(study.conversations.iter().filter(|c| c.level == level));
                let name = level_name(level);
                (LevelShare::new(name, size.conversations(), read), size)
            })
            .collect();
        Ok((
            subjective,
            self.partition("subjectivity levels", total, levels)?,
        ))
    }

    /// Kinds of personal data that were replaced, and the names of those below the thresholds.
    pub(crate) fn replaced(&mut self) -> (Vec<Released<EntityCount>>, Vec<String>) {
        let study = self.study;
        let mut counters = vec![CellCounter::new(); study.kinds.len()];
        let mut spans = vec![0; study.kinds.len()];
        for conversation in &study.conversations {
            for &(kind, n) in &conversation.replaced {
                if let (Some(counter), Some(sum)) = (
                    counters.get_mut(kind as usize),
                    spans.get_mut(kind as usize),
                ) {
                    counter.add(study.user(conversation));
                    *sum += n;
                }
            }
        }
        let mut rows = Vec::new();
        let mut below = Vec::new();
        for ((kind, counter), spans) in study.kinds.iter().zip(&counters).zip(spans) {
            let size = counter.size();
            let row = EntityCount::new(kind.clone(), spans, size.conversations());
            match self.release("personal data replaced", row, size) {
                Some(row) => rows.push(row),
                None => below.push(kind.clone()),
            }
        }
        rows.sort_by(|a, b| {
            let by_spans = b.value().spans.cmp(&a.value().spans);
            by_spans.then_with(|| a.value().kind.cmp(&b.value().kind))
        });
        below.sort_unstable();
        (rows, below)
    }

    /// Values of one facet: a conversation can have many, so they divide no total.
    pub(crate) fn frequencies(
        &mut self,
        table: &str,
        codes: impl Fn(&'a Coded) -> &'a [u32],
    ) -> Vec<Released<Frequency>> {
        let study = self.study;
        let sizes = study.sizes(study.subjective(), study.values.len(), codes);
        let mut rows: Vec<Released<Frequency>> = (0..)
            .zip(sizes)
            .filter(|(_, size)| size.conversations() > 0)
            .filter_map(|(code, size)| {
                let row = self.frequency(study.values.label(code), size);
                self.release(table, row, size)
            })
            .collect();
        most_frequent_first(&mut rows);
        rows
    }

    /// Tasks: a conversation has one or none, so they divide the subjective conversations.
    pub(crate) fn tasks(&mut self) -> Result<Vec<Released<Frequency>>, Error> {
        let study = self.study;
        let codes = |c: &'a Coded| c.task.as_slice();
        let sizes = study.sizes(study.subjective(), study.tasks.len(), codes);
        let cells = (0..)
            .zip(sizes)
            .map(|(code, size)| (self.frequency(study.tasks.label(code), size), size))
            .collect();
        let mut rows = self.partition("tasks", self.subjective, cells)?;
        most_frequent_first(&mut rows);
        Ok(rows)
    }

    fn frequency(&self, label: &str, size: CellSize) -> Frequency {
        let subjective = self.subjective.conversations();
        let row = Frequency::new(label, size.conversations(), subjective);
        let interval = Confidence::new(0.95).ok().and_then(|confidence| {
            Proportion::new(size.conversations(), subjective)
                .ok()?
                .wilson(confidence)
        });
        match interval {
            Some(interval) => row.with_interval(interval.low, interval.high),
            None => row,
        }
    }

    pub(crate) fn response_types(&mut self) -> Result<Vec<Released<ResponseTypeShare>>, Error> {
        let study = self.study;
        let n = self.subjective.conversations();
        let cells = ResponseType::ALL
            .into_iter()
            .map(|kind| {
                let size = study.size(study.subjective().filter(|c| c.response_type == kind));
                let row = ResponseTypeShare::new(kind.to_string(), size.conversations(), n);
                (row, size)
            })
            .collect();
        self.partition("response types", self.subjective, cells)
    }

    /// The taxonomy, top level first. Its leaves have passed the thresholds before it was built; a
    /// node stands on the union of its leaves' conversations.
    pub(crate) fn tree(&mut self, taxonomy: &Taxonomy) -> Vec<Released<TreeRow>> {
        let sizes = self.node_sizes(taxonomy);
        let mut rows = taxonomy.rows();
        rows.sort_by(|a, b| {
            let by_level = b.level.cmp(&a.level);
            by_level.then_with(|| a.cluster_id.cmp(&b.cluster_id))
        });
        rows.into_iter()
            .filter_map(|row| {
                let size = sizes.get(row.cluster_id.as_str()).copied();
                self.release("taxonomy", row, size.unwrap_or_default())
            })
            .collect()
    }

    /// How many conversations uphold at least one of a node's labels, or oppose one where the node is of what is
    /// opposed, for each node by its id.
    fn node_sizes<'t>(&self, taxonomy: &'t Taxonomy) -> HashMap<&'t str, CellSize> {
        let study = self.study;
        let mut above: HashMap<(Stance, u32), Vec<&str>> = HashMap::new();
        for leaf in taxonomy.nodes() {
            let Some(code) = leaf.label().and_then(|label| study.values.code(label)) else {
                continue;
            };
            let stance = match leaf.branch {
                Branch::Opposed => Stance::Opposes,
                _ => Stance::Upholds,
            };
            let path = above.entry((stance, code)).or_default();
            let mut at = Some(leaf);
            while let Some(node) = at {
                path.push(node.id.as_str());
                at = node
                    .parent
                    .as_ref()
                    .and_then(|id| taxonomy.node(id.as_str()));
            }
        }
        let mut counters: HashMap<&str, CellCounter> = HashMap::new();
        for conversation in study.subjective() {
            let upheld = conversation.ai.iter().map(|&code| (Stance::Upholds, code));
            let opposed = conversation.ai_opposed.iter();
            let opposed = opposed.map(|&code| (Stance::Opposes, code));
            let mut nodes: Vec<&str> = upheld
                .chain(opposed)
                .filter_map(|value| above.get(&value))
                .flatten()
                .copied()
                .collect();
            nodes.sort_unstable();
            nodes.dedup();
            for node in nodes {
                counters
                    .entry(node)
                    .or_default()
                    .add(study.user(conversation));
            }
        }
        counters
            .into_iter()
            .map(|(node, counter)| (node, counter.size()))
            .collect()
    }

    /// Associations of which both sides are published, and enough conversations have both.
    pub(crate) fn associations(
        &mut self,
        measured: &Measured,
        columns: &[Released<Frequency>],
        rows: &[String],
    ) -> Result<Vec<Released<AssociationRow>>, Error> {
        let study = self.study;
        let facet = measured.facet;
        let table = format!("{} x AI value", facet.as_str());
        let rows: HashSet<&str> = rows.iter().map(String::as_str).collect();
        let codes: HashMap<u32, &Released<Frequency>> = columns
            .iter()
            .filter_map(|column| Some((study.values.code(&column.value().label)?, column)))
            .collect();
        let sizes = self.pair_sizes(facet, &codes);
        let row_sizes = self.row_sizes(facet);
        let mut by_column: BTreeMap<u32, Vec<Pair<'_>>> = BTreeMap::new();
        for (row, col, pair) in &measured.pairs {
            if codes.contains_key(col) {
                let size = sizes.get(&(*row, *col)).copied().unwrap_or_default();
                by_column
                    .entry(*col)
                    .or_default()
                    .push(((*row, pair), size));
            }
        }
        let mut released = Vec::new();
        for (code, cells) in by_column {
            let Some(column) = codes.get(&code) else {
                continue;
            };
            let cells = cells.into_iter().filter(|(_, s)| s.conversations() > 0);
            let decisions: Vec<Result<Released<(u32, &AssociationRow)>, Suppressed>> =
                if facet == Facet::HumanValue {
                    // A conversation can have many human values: they divide nothing.
                    cells
                        .map(|(cell, size)| self.gate.release(cell, size))
                        .collect()
                } else {
                    // Tasks and response types divide the conversations that show the value.
                    self.gate
                        .release_partition(column.size(), cells.collect())
                        .map_err(|e| Error::stage(Stage::Report, e))?
                };
            for decision in decisions {
                // Both margins are published beside the pair, so those who have one side of it
                // without the other follow by subtraction.
                let decision = decision.and_then(|cell| {
                    let (row, pair) = *cell.value();
                    let row_size = row_sizes.get(&row).copied().unwrap_or_default();
                    let all = self.subjective;
                    self.gate
                        .release_pair(pair.clone(), cell.size(), row_size, column.size(), all)
                });
                self.suppressed.record(&table, &decision);
                released.extend(
                    decision
                        .ok()
                        .filter(|pair| rows.contains(pair.value().row.as_str())),
                );
            }
        }
        released.sort_by(|a, b| strongest_first(a.value(), b.value()));
        Ok(released)
    }

    /// The sizes of the categories of a facet.
    fn row_sizes(&self, facet: Facet) -> HashMap<u32, CellSize> {
        let study = self.study;
        let mut counters: HashMap<u32, CellCounter> = HashMap::new();
        for conversation in study.subjective() {
            for row in facet.codes(conversation) {
                let counter = counters.entry(row).or_default();
                counter.add(study.user(conversation));
            }
        }
        counters
            .into_iter()
            .map(|(row, counter)| (row, counter.size()))
            .collect()
    }

    /// Sizes of the pairs whose column is published; the others cannot pass.
    fn pair_sizes(
        &self,
        facet: Facet,
        columns: &HashMap<u32, &Released<Frequency>>,
    ) -> HashMap<(u32, u32), CellSize> {
        let study = self.study;
        let mut counters: HashMap<(u32, u32), CellCounter> = HashMap::new();
        for conversation in study.subjective() {
            for row in facet.codes(conversation) {
                for &col in conversation
                    .ai
                    .iter()
                    .filter(|col| columns.contains_key(col))
                {
                    counters
                        .entry((row, col))
                        .or_default()
                        .add(study.user(conversation));
                }
            }
        }
        counters
            .into_iter()
            .map(|(pair, counter)| (pair, counter.size()))
            .collect()
    }
}

fn level_name(level: SubjectivityLevel) -> &'static str {
    match level {
        SubjectivityLevel::Objective => "objective",
        SubjectivityLevel::MostlyObjective => "mostly objective",
        SubjectivityLevel::MostlySubjective => "mostly subjective",
        SubjectivityLevel::Subjective => "subjective",
    }
}

fn most_frequent_first(rows: &mut [Released<Frequency>]) {
    rows.sort_by(|a, b| {
        let (a, b) = (a.value(), b.value());
        let by_count = b.conversations.cmp(&a.conversations);
        by_count.then_with(|| a.label.cmp(&b.label))
    });
}

/// Tested pairs first, by the size of the residual; equal ones by name.
fn strongest_first(a: &AssociationRow, b: &AssociationRow) -> std::cmp::Ordering {
    let size = |row: &AssociationRow| row.adjusted_residual.map_or(-1.0, f64::abs);
    b.tested
        .cmp(&a.tested)
        .then_with(|| size(b).total_cmp(&size(a)))
        .then_with(|| a.row.cmp(&b.row))
        .then_with(|| a.column.cmp(&b.column))
}
