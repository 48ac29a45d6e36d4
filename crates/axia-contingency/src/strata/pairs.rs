//! Every pair of categories of two facets, within strata of conversations: by default within the numbers of labels.

use serde::{Deserialize, Serialize};

use crate::conversations::Conversations;
use crate::error::Error;
use crate::margins::Margins;
use crate::special::Sum;
use crate::tails::{LogP, normal_two_sided};

/// Which conversations are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StratifyBy {
    /// Those with the same number of row labels and of column labels; the default, and what two facets with several labels
    /// each always need.
    #[default]
    LabelCounts,
    /// Those with the same given stratum.
    Given,
    /// Those with the same given stratum and the same numbers of labels.
    GivenAndLabelCounts,
}

/// One pair of a row and a column category, within strata.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StratifiedAssociation {
    /// Row category.
    pub row: u32,
    /// Column category.
    pub col: u32,
    /// Conversations that have both.
    pub observed: u64,
    /// Of them, those in strata where something can vary.
    pub observed_informative: u64,
    /// What they would be without association inside the strata.
    pub expected: f64,
    /// Signed Cochran-Mantel-Haenszel deviate; `None` when nothing can vary.
    pub z: Option<f64>,
    /// Its two-sided p-value (normal: it wants `expected` near 5 or above).
    pub ln_p: Option<LogP>,
    /// Adjusted residual without strata, for comparison.
    pub crude_z: Option<f64>,
    /// Whether the two have opposite signs (Simpson's paradox).
    pub reversed: bool,
}

/// Pairs that never met are listed from this many expected conversations on.
const DEPLETED_FROM: f64 = 5.0;

/// All pairs that met, and those that never met although five conversations or more should have had both; within strata, by
/// row, then column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StratifiedAssociations {
    /// What the strata are.
    pub by: StratifyBy,
    /// Strata with two conversations or more.
    pub strata: u64,
    /// Conversations in them.
    pub conversations: u64,
    /// Conversations alone in their stratum: they say nothing.
    pub alone: u64,
    /// The pairs.
    pub pairs: Vec<StratifiedAssociation>,
}

impl StratifiedAssociations {
    /// Compares the pairs of categories, within strata.
    ///
    /// # Why by the numbers of labels
    /// Long conversations have more labels of both facets. That alone makes any human value "go with" any AI value: where
    /// nothing else links them, the plain 2 × 2 table of a pair rejects in 43 % to nearly all cases. Among conversations with
    /// equally many labels on both sides, length explains nothing any more.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there.
    ///
    /// # Complexity
    /// The pairs met, plus their number times the strata in which both categories are.
    ///
    /// # References
    /// Mantel and Haenszel (1959), as [`StratifiedTwoByTwo`](crate::StratifiedTwoByTwo).
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations, StratifiedAssociations, StratifyBy};
    ///
    /// // Long conversations have both labels on both sides, short ones none: length alone.
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..60 {
    ///     let (rows, cols): (&[u32], &[u32]) = match id % 3 {
    ///         0 => (&[0, 1], &[0, 1]),
    ///         _ => (&[], &[]),
    ///     };
    ///     builder.push(&ConversationEntry::new(id, &[rows, cols]))?;
    /// }
    /// let found = StratifiedAssociations::of(&builder.build()?, 0, 1, StratifyBy::default())?;
    /// let pair = found.get(0, 0).ok_or("never met")?;
    /// assert!(pair.crude_z.ok_or("undefined")? > 7.0);
    /// // Among equally long ones nothing varies.
    /// assert_eq!(pair.z, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
        by: StratifyBy,
    ) -> Result<Self, Error> {
        let strata = Strata::of(conversations, row_facet, col_facet, by)?;
        let rows = conversations.require_facet(row_facet)?;
        let cols = conversations.require_facet(col_facet)?;
        let row_lines = strata.lines(rows);
        let col_lines = strata.lines(cols);
        let n = conversations.len() as u64;
        let col_totals = cols.totals();
        let by_row = rows.postings();
        let mut widest: Vec<(u64, u32)> = col_totals.iter().copied().zip(0..).collect();
        widest.sort_unstable_by(|a, b| b.cmp(a));
        let mut met = vec![(0_u64, 0_u64); cols.n_categories() as usize];
        let mut touched = Vec::new();
        // Of the row at hand, by stratum: R / n, and R (n - R) / (n^2 (n - 1)).
        let mut of_row = vec![(0.0, 0.0); strata.sizes.len()];
        let mut pairs = Vec::new();
        for (members, row) in by_row.iter().zip(0_u32..) {
            for &index in members {
                let informative = strata.informative(index as usize);
                for &col in cols.labels(index as usize) {
                    let met = &mut met[col as usize];
                    if met.0 == 0 {
                        touched.push(col);
                    }
                    met.0 += 1;
                    met.1 += u64::from(informative);
                }
            }
            let line = row_lines.of(row);
            for &(stratum, count) in line {
                let (size, r) = (strata.sizes[stratum as usize] as f64, f64::from(count));
                let spread = r * (size - r) / (size * size * (size - 1.0));
                of_row[stratum as usize] = (r / size, spread);
            }
            for &(total, col) in &widest {
                if (members.len() as f64) * (total as f64) < DEPLETED_FROM * n as f64 {
                    break;
                }
                if met[col as usize].0 == 0 {
                    touched.push(col);
                }
            }
            touched.sort_unstable();
            for col in touched.drain(..) {
                let (observed, observed_informative) = std::mem::take(&mut met[col as usize]);
                let (mut expected, mut variance) = (Sum::default(), Sum::default());
                for &(stratum, count) in col_lines.of(col) {
                    let (share, spread) = of_row[stratum as usize];
                    let (size, c) = (strata.sizes[stratum as usize] as f64, f64::from(count));
                    expected.add(share * c);
                    variance.add(spread * c * (size - c));
                }
                let (expected, variance) = (expected.total(), variance.total());
                // A sum of products that is 0 but for rounding is 0.
                let z = (variance > 1e-12 * expected)
                    .then(|| (observed_informative as f64 - expected) / variance.sqrt());
                let crude_z = Margins {
                    observed,
                    row: members.len() as u64,
                    col: col_totals[col as usize],
                    n,
                }
                .adjusted();
                pairs.push(StratifiedAssociation {
                    row,
                    col,
                    observed,
                    observed_informative,
                    expected,
                    z,
                    ln_p: z.and_then(normal_two_sided),
                    crude_z,
                    reversed: z.zip(crude_z).is_some_and(|(a, b)| a * b < 0.0),
                });
            }
            for &(stratum, _) in line {
                of_row[stratum as usize] = (0.0, 0.0);
            }
        }
        Ok(Self {
            by,
            strata: strata.sizes.len() as u64,
            conversations: strata.sizes.iter().sum(),
            alone: strata.alone,
            pairs,
        })
    }

    /// One pair, when it is listed.
    #[must_use]
    pub fn get(&self, row: u32, col: u32) -> Option<&StratifiedAssociation> {
        let at = self
            .pairs
            .binary_search_by_key(&(row, col), |pair| (pair.row, pair.col));
        at.ok().and_then(|at| self.pairs.get(at))
    }
}

/// The strata of two conversations or more.
pub(crate) struct Strata {
    of: Vec<u32>,
    sizes: Vec<u64>,
    alone: u64,
}

/// Marks a conversation that is alone in its stratum.
const ALONE: u32 = u32::MAX;

impl Strata {
    pub(crate) fn of(
        all: &Conversations,
        row_facet: usize,
        col_facet: usize,
        by: StratifyBy,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let key = |index: usize| {
            let given = all
                .strata()
                .and_then(|strata| strata.get(index).copied())
                .unwrap_or(0);
            let labels = (
                rows.labels(index).len() as u32,
                cols.labels(index).len() as u32,
            );
            match by {
                StratifyBy::LabelCounts => (0, labels),
                StratifyBy::Given => (given, (0, 0)),
                StratifyBy::GivenAndLabelCounts => (given, labels),
            }
        };
        let mut keys: Vec<_> = (0..all.len()).map(key).collect();
        keys.sort_unstable();
        let mut kept = Vec::new();
        let mut sizes = Vec::new();
        let mut alone = 0;
        for run in keys.chunk_by(|a, b| a == b) {
            if let [key, _, ..] = run {
                kept.push(*key);
                sizes.push(run.len() as u64);
            } else {
                alone += 1;
            }
        }
        let of = (0..all.len()).map(|index| {
            kept.binary_search(&key(index))
                .map_or(ALONE, |at| at as u32)
        });
        Ok(Self {
            of: of.collect(),
            sizes,
            alone,
        })
    }

    /// The stratum of a conversation; `None` when it is alone there.
    pub(crate) fn place(&self, index: usize) -> Option<usize> {
        let stratum = *self.of.get(index)?;
        (stratum != ALONE).then_some(stratum as usize)
    }

    /// Number of strata.
    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Conversations in a stratum.
    pub(crate) fn size(&self, stratum: u32) -> u64 {
        self.sizes.get(stratum as usize).copied().unwrap_or(0)
    }

    fn informative(&self, index: usize) -> bool {
        self.place(index).is_some()
    }

    /// For each category the strata that it is in, with how many conversations there.
    pub(crate) fn lines(&self, facet: &crate::conversations::Facet) -> Lines {
        let mut now = vec![0_u32; self.sizes.len()];
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for members in facet.postings().iter() {
            let from = entries.len();
            for &index in members {
                if let Some(stratum) = self.place(index as usize) {
                    if now[stratum] == 0 {
                        entries.push((stratum as u32, 0));
                    }
                    now[stratum] += 1;
                }
            }
            for (stratum, count) in &mut entries[from..] {
                *count = std::mem::take(&mut now[*stratum as usize]);
            }
            entries[from..].sort_unstable();
            starts.push(entries.len());
        }
        Lines { starts, entries }
    }
}

/// For each category its strata, ascending.
pub(crate) struct Lines {
    starts: Vec<usize>,
    entries: Vec<(u32, u32)>,
}

impl Lines {
    pub(crate) fn of(&self, category: u32) -> &[(u32, u32)] {
        let at = category as usize;
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds
            .and_then(|(&from, &to)| self.entries.get(from..to))
            .unwrap_or_default()
    }
}
