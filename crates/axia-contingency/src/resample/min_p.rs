//! Step-down minP: the family-wise error of all pairs at once, by permutation.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use super::params::Resample;
use super::statistic::Statistic;
use super::threads::{replicates, states};
use crate::association::Counted;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::params::{AssociationScan, Estimand};

use crate::random::Random;
use crate::strata::StratifyBy;
use crate::tails::LogP;

/// More p-values are not kept, one for each pair and permutation ([`MinPBy::PermutationP`]).
const MAX_KEPT: u64 = 1 << 25;

/// What the step-down procedure takes the smallest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MinPBy {
    /// The scan's own p-value, exact where it is sparse; the default. It may be as small as it likes, so that thousands of pairs
    /// can be told apart with 999 permutations. That it is for independent conversations costs power at most: its distribution
    /// is that of the permutations.
    #[default]
    ScanP,
    /// The p-value by permutation of each pair. It is never below one over the permutations plus one, so that permutations must
    /// outnumber the pairs by far.
    PermutationP,
}

/// A pair with its p-values by permutation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PermutedPair {
    /// Row category.
    pub row: u32,
    /// Column category.
    pub col: u32,
    /// Conversations that have both; with strata, those that are not alone in theirs.
    pub observed: u64,
    /// Expected count without association, within strata where given.
    pub expected: f64,
    /// The scan's p-value for independent conversations; with strata, that of Cochran, Mantel and Haenszel's deviate, or of
    /// Poisson's distribution where less than five are expected.
    pub ln_p: LogP,
    /// In what share of the permutations that p-value was at most as large, the data themselves counted as one: above 0.
    pub p_permutation: f64,
    /// Corrected for the whole family: above 0.
    pub p_adjusted: f64,
}

/// All pairs, corrected by Westfall and Young's step-down minP procedure; made by [`Resample::step_down_min_p`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepDownMinP {
    /// What was minimized.
    pub by: MinPBy,
    /// The strata within which row categories changed places.
    pub within: Option<StratifyBy>,
    /// What is counted as a test.
    pub counted: Counted,
    /// Number of tests in the family.
    pub tests: u64,
    /// Permutations. No p-value is below one over this plus one.
    pub replicates: u32,
    /// The seed that they came from.
    pub seed: u64,
    /// Whether whole users changed places. If not, each conversation stands for itself: independence is assumed.
    pub by_user: bool,
    /// Users, or conversations where users are not known.
    pub units: u64,
    /// Of them, those that had another like them to change places with. The others stayed.
    pub units_moved: u64,
    /// Conversations.
    pub conversations: u64,
    /// Of them, those of the units that had another.
    pub conversations_moved: u64,
    /// The pairs that met, and those that should have and did not; the smallest p-value first, equal ones by row, then column.
    /// All other tests of the family have p-values of 1.
    pub pairs: Vec<PermutedPair>,
}

impl StepDownMinP {
    /// One pair, when it is listed.
    ///
    /// # Complexity
    /// Linear in the number of pairs.
    #[must_use]
    pub fn get(&self, row: u32, col: u32) -> Option<&PermutedPair> {
        self.pairs
            .iter()
            .find(|pair| (pair.row, pair.col) == (row, col))
    }

    /// The pairs whose corrected p-value is at most `alpha`: with probability `1 - alpha` at least, none of them is a chance
    /// finding.
    pub fn significant(&self, alpha: f64) -> impl Iterator<Item = &PermutedPair> + '_ {
        self.pairs
            .iter()
            .take_while(move |pair| pair.p_adjusted <= alpha)
    }
}

impl Resample {
    /// Corrects the p-values of all pairs of two facets for their number and their dependence, by permutation (Westfall and
    /// Young's step-down minP): sharper than Holm's correction wherever pairs depend on each other, and valid for conversations
    /// of the same user.
    ///
    /// # What is permuted
    /// Row categories change places against the column categories. Where users are known a user's conversations go together, and
    /// only users with equally many of them change places: what a user's conversations have in common stays on both sides, only
    /// the link between the sides is cut. With `within`, conversations only go to others of the same stratum (and users to users
    /// with the same strata); without, given strata do not matter. Users who have no like stay, which errs to the safe side;
    /// [`units_moved`](StepDownMinP::units_moved) says how many had one.
    ///
    /// # What is tested
    /// The scan's family: its filters on margins and expected counts, its choice of exact tests. The null hypothesis is that a
    /// user's row and column categories are independent (within strata). The corrected p-values bound the chance of any false
    /// finding when some pairs are associated too, if the others' p-values do not depend on these (subset pivotality), as Holm's
    /// do without that condition.
    ///
    /// # Determinism
    /// The same seed gives the same bytes, whatever the number of threads.
    ///
    /// # Complexity
    /// For each permutation the pairs met in conversations, the pairs listed, and the single p-values that have not been needed
    /// before. Memory for some 40 bytes for each pair listed and thread; with [`MinPBy::PermutationP`] 12 bytes for each test and
    /// permutation.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a scan that does not ask for [`Estimand::Prevalence`] (margins of mentions change with
    /// the permutation) and for a facet that is not there; [`Error::is_overflow`] when more than 2^25 p-values would have to be
    /// kept for [`MinPBy::PermutationP`], and as [`Conversations::observe`].
    ///
    /// # References
    /// Westfall and Young (1993), Resampling-based Multiple Testing, algorithm 2.8; Ge, Dudoit and Speed (2003), Test 12, 1-77,
    /// for p-values by permutation; Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, 39,
    /// for why none is 0.
    ///
    /// ```
    /// use axia_contingency::{AssociationParams, ConversationEntry, Conversations, MinPBy, ResampleParams};
    ///
    /// // Sixty users with four conversations each. Value 0 goes with task 0; value 1 is a habit of every third user.
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..240 {
    ///     let (user, task) = (id / 4, (id / 2 % 2) as u32);
    ///     let mut values = Vec::new();
    ///     values.extend((id % 8 < 5 && task == 0).then_some(0));
    ///     values.extend((user % 3 == 0).then_some(1));
    ///     builder.push(&ConversationEntry::new(id, &[&[task], &values]).user(user))?;
    /// }
    /// let scan = AssociationParams::new().build()?;
    /// let resample = ResampleParams::new().seed(7).build()?;
    /// let found = resample.step_down_min_p(&scan, &builder.build()?, (0, 1), None, MinPBy::ScanP)?;
    /// assert_eq!((found.tests, found.replicates, found.units_moved), (4, 999, 60));
    /// assert!(found.pairs.iter().all(|pair| pair.p_adjusted >= 0.001));
    /// # Ok::<(), axia_contingency::Error>(())
    /// ```
    pub fn step_down_min_p(
        &self,
        scan: &AssociationScan,
        conversations: &Conversations,
        (row_facet, col_facet): (usize, usize),
        within: Option<StratifyBy>,
        by: MinPBy,
    ) -> Result<StepDownMinP, Error> {
        if scan.estimand() != Estimand::Prevalence {
            return Err(Error::invalid_parameter(
                "estimand of a permutation test",
                "prevalence (0)",
                f64::from(scan.estimand() as u8),
            ));
        }
        let statistic = Statistic::new(scan, conversations, (row_facet, col_facet), within)?;
        let blocks = Blocks::of(conversations, |at| statistic.stratum(at));
        let (units_moved, conversations_moved) = blocks.movable();
        let work = Work {
            resample: self,
            statistic: &statistic,
            blocks: &blocks,
        };
        let pairs = match by {
            MinPBy::ScanP => work.by_scan(),
            MinPBy::PermutationP => work.by_permutation()?,
        };
        Ok(StepDownMinP {
            by,
            within,
            counted: Counted::TestedPairs,
            tests: statistic.tests(),
            replicates: self.replicates(),
            seed: self.seed(),
            by_user: conversations.users().is_some(),
            units: blocks.units() as u64,
            units_moved,
            conversations: conversations.len() as u64,
            conversations_moved,
            pairs,
        })
    }
}

/// What all permutations share.
struct Work<'a> {
    resample: &'a Resample,
    statistic: &'a Statistic<'a>,
    blocks: &'a Blocks,
}

/// What a thread reuses.
#[derive(Default)]
struct Scratch {
    order: Vec<u32>,
    goes_to: Vec<u32>,
    /// By column: how often it met the row at hand.
    met: Vec<u32>,
    touched: Vec<u32>,
    /// By column: the rank of its pair with the row at hand, plus 1.
    rank: Vec<u32>,
    ln_p: Vec<f64>,
    cache: Cache,
    /// By rank: permutations in which the smallest p-value from there on, and the pair's own, was at most the observed one.
    smallest: Vec<u32>,
    own: Vec<u32>,
}

/// p-values that were needed before.
pub(crate) type Cache = HashMap<(u64, u64, u64), f64, FixedState>;

/// The largest logarithm that counts as equal: both tails of a symmetric table are as likely but for rounding.
fn with_ties(ln_p: f64) -> f64 {
    ln_p + 1e-9 - 1e-12 * ln_p
}

impl Work<'_> {
    /// Calls `each` with every pair of a row and how often it met in a permutation (the data themselves without one).
    fn count(
        &self,
        replicate: Option<u64>,
        scratch: &mut Scratch,
        mut each: impl FnMut(&mut Scratch, u32, &[(u32, u32)]),
    ) {
        let n_cols = self.statistic.cols().n_categories() as usize;
        scratch.met.resize(n_cols, 0);
        scratch.rank.resize(n_cols, 0);
        let mut goes_to = std::mem::take(&mut scratch.goes_to);
        match replicate {
            Some(replicate) => {
                let mut random = Random::new(self.resample.seed(), replicate);
                self.blocks
                    .permute(&mut random, &mut scratch.order, &mut goes_to);
            }
            None => goes_to = (0..self.statistic.len() as u32).collect(),
        }
        let mut met = Vec::new();
        for (members, row) in self.statistic.by_row().iter().zip(0_u32..) {
            for &from in members {
                let to = goes_to[from as usize] as usize;
                if !self.statistic.informative(to) {
                    continue;
                }
                for &col in self.statistic.cols().labels(to) {
                    let met = &mut scratch.met[col as usize];
                    if *met == 0 {
                        scratch.touched.push(col);
                    }
                    *met += 1;
                }
            }
            met.clear();
            for col in scratch.touched.drain(..) {
                met.push((col, std::mem::take(&mut scratch.met[col as usize])));
            }
            each(scratch, row, &met);
        }
        scratch.goes_to = goes_to;
    }

    /// The pairs that met and those that should have, as the data have them, by row, then column.
    fn listed(&self) -> Vec<PermutedPair> {
        let mut scratch = Scratch::default();
        let mut pairs = Vec::new();
        self.count(None, &mut scratch, |scratch, row, met| {
            for &(col, count) in met {
                scratch.met[col as usize] = count;
            }
            let mut cols: Vec<u32> = met.iter().map(|&(col, _)| col).collect();
            let missed = self.statistic.expected_cols(row);
            cols.extend(missed.filter(|&col| scratch.met[col as usize] == 0));
            cols.sort_unstable();
            for col in cols {
                let observed = u64::from(std::mem::take(&mut scratch.met[col as usize]));
                let Some(ln_p) = self.statistic.ln_p(&mut scratch.cache, row, col, observed) else {
                    continue;
                };
                pairs.push(PermutedPair {
                    row,
                    col,
                    observed,
                    expected: self.statistic.expected(row, col),
                    ln_p: LogP::clamped(ln_p),
                    p_permutation: 1.0,
                    p_adjusted: 1.0,
                });
            }
        });
        pairs
    }

    fn by_scan(&self) -> Vec<PermutedPair> {
        let mut pairs = self.listed();
        // By row, then column, before: a stable sort keeps that among equals.
        pairs.sort_by_key(|pair| pair.ln_p);
        let mut ranks: Vec<(u32, u32, u32)> = pairs
            .iter()
            .zip(1..)
            .map(|(pair, rank)| (pair.row, pair.col, rank))
            .collect();
        ranks.sort_unstable();
        let n_rows = self.statistic.by_row().len();
        let of_row: Vec<&[(u32, u32, u32)]> = (0..n_rows as u32)
            .map(|row| {
                let from = ranks.partition_point(|&(r, _, _)| r < row);
                let to = ranks.partition_point(|&(r, _, _)| r <= row);
                &ranks[from..to]
            })
            .collect();
        // What a pair that does not meet in a permutation has.
        let mut cache = Cache::default();
        let at_zero: Vec<f64> = pairs
            .iter()
            .map(|pair| {
                let zero = self.statistic.ln_p(&mut cache, pair.row, pair.col, 0);
                zero.unwrap_or(0.0)
            })
            .collect();
        let start = || Scratch {
            smallest: vec![0; pairs.len()],
            own: vec![0; pairs.len()],
            ..Scratch::default()
        };
        let permuted = states(
            u64::from(self.resample.replicates()),
            self.resample.threads(),
            start,
            |scratch, replicate| {
                scratch.ln_p.clear();
                scratch.ln_p.extend_from_slice(&at_zero);
                let mut rest = 0.0_f64;
                self.count(Some(replicate), scratch, |scratch, row, met| {
                    for &(_, col, rank) in of_row[row as usize] {
                        scratch.rank[col as usize] = rank;
                    }
                    for &(col, count) in met {
                        let ln_p =
                            self.statistic
                                .ln_p(&mut scratch.cache, row, col, u64::from(count));
                        let Some(ln_p) = ln_p else { continue };
                        match scratch.rank[col as usize].checked_sub(1) {
                            Some(rank) => scratch.ln_p[rank as usize] = ln_p,
                            None => rest = rest.min(ln_p),
                        }
                    }
                    for &(_, col, _) in of_row[row as usize] {
                        scratch.rank[col as usize] = 0;
                    }
                });
                let mut smallest = rest;
                for (((pair, &ln_p), count), own) in pairs
                    .iter()
                    .zip(&scratch.ln_p)
                    .zip(&mut scratch.smallest)
                    .zip(&mut scratch.own)
                    .rev()
                {
                    smallest = smallest.min(ln_p);
                    let bar = with_ties(pair.ln_p.ln());
                    *count += u32::from(smallest <= bar);
                    *own += u32::from(ln_p <= bar);
                }
            },
        );
        let of = f64::from(self.resample.replicates()) + 1.0;
        let mut running = 0.0_f64;
        for (rank, pair) in pairs.iter_mut().enumerate() {
            let sum = |counts: &dyn Fn(&Scratch) -> u32| {
                let all: u64 = permuted.iter().map(|s| u64::from(counts(s))).sum();
                (all + 1) as f64 / of
            };
            pair.p_permutation = sum(&|scratch| scratch.own[rank]);
            running = running.max(sum(&|scratch| scratch.smallest[rank]));
            pair.p_adjusted = running;
        }
        pairs
    }

    fn by_permutation(&self) -> Result<Vec<PermutedPair>, Error> {
        let draws = u64::from(self.resample.replicates()) + 1;
        let n_cols = self.statistic.cols().n_categories() as usize;
        let grid = self.statistic.by_row().len() as u64 * n_cols as u64;
        if self.statistic.tests().saturating_mul(draws) > MAX_KEPT || grid > MAX_KEPT {
            return Err(Error::too_many_kept(
                "p-values, one for each test and permutation,",
            ));
        }
        // Every test of the family, met or not.
        let mut cache = Cache::default();
        let mut tests = Vec::new();
        let mut place = vec![u32::MAX; grid as usize];
        for (at, place) in place.iter_mut().enumerate() {
            let (row, col) = ((at / n_cols) as u32, (at % n_cols) as u32);
            if let Some(zero) = self.statistic.ln_p(&mut cache, row, col, 0) {
                *place = tests.len() as u32;
                tests.push(zero);
            }
        }
        let ln_p_of = |replicate: Option<u64>, scratch: &mut Scratch| {
            let mut ln_p = tests.clone();
            self.count(replicate, scratch, |scratch, row, met| {
                for &(col, count) in met {
                    let test = place[row as usize * n_cols + col as usize];
                    let own = self
                        .statistic
                        .ln_p(&mut scratch.cache, row, col, u64::from(count));
                    if let (Some(slot), Some(own)) = (ln_p.get_mut(test as usize), own) {
                        *slot = own;
                    }
                }
            });
            ln_p
        };
        let mut draws: Vec<Vec<f64>> = vec![ln_p_of(None, &mut Scratch::default())];
        draws.extend(replicates(
            u64::from(self.resample.replicates()),
            self.resample.threads(),
            Scratch::default,
            |scratch, replicate| ln_p_of(Some(replicate), scratch),
        ));
        // Of each test, the rank of every draw among all: its p-value by permutation. The data are one of the draws.
        let ranks: Vec<Vec<u32>> = (0..tests.len())
            .map(|test| {
                let own: Vec<f64> = draws.iter().map(|draw| draw[test]).collect();
                let mut sorted = own.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                own.iter()
                    .map(|own| sorted.partition_point(|&other| other <= with_ties(*own)) as u32)
                    .collect()
            })
            .collect();
        let observed = &draws[0];
        let mut order: Vec<usize> = (0..tests.len()).collect();
        order.sort_by(|&a, &b| {
            let p = observed[a].total_cmp(&observed[b]);
            ranks[a][0].cmp(&ranks[b][0]).then(p)
        });
        let mut smallest = vec![u32::MAX; draws.len()];
        let mut counts = vec![0_u32; tests.len()];
        for (&test, count) in order.iter().zip(&mut counts).rev() {
            for (smallest, &rank) in smallest.iter_mut().zip(&ranks[test]) {
                *smallest = rank.min(*smallest);
                *count += u32::from(*smallest <= ranks[test][0]);
            }
        }
        let of = draws.len() as f64;
        let (mut adjusted, mut running) = (vec![1.0; tests.len()], 0);
        for (&test, &count) in order.iter().zip(&counts) {
            running = running.max(count);
            adjusted[test] = f64::from(running) / of;
        }
        let mut pairs = self.listed();
        for pair in &mut pairs {
            let test = place[pair.row as usize * n_cols + pair.col as usize] as usize;
            pair.p_permutation = f64::from(ranks[test][0]) / of;
            pair.p_adjusted = adjusted[test];
        }
        pairs.sort_by(|a, b| {
            let p = a.p_permutation.total_cmp(&b.p_permutation);
            p.then(a.ln_p.cmp(&b.ln_p))
        });
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;
    use crate::resample::ResampleParams;
    use crate::{AssociationParams, Exact, ExactMethod, TwoByTwo};

    /// The definition, pair by pair and draw by draw, on the same permutations.
    #[test]
    fn as_the_definition_on_the_same_draws() {
        let mut random = Random::new(2, 0);
        let mut builder = Conversations::builder(&[3, 4]);
        for id in 0..60 {
            let mut draw =
                |size: u32| -> Vec<u32> { (0..size).filter(|_| random.unit() < 0.35).collect() };
            let (rows, cols) = (draw(3), draw(4));
            let labels = [rows.as_slice(), cols.as_slice()];
            builder
                .push(&ConversationEntry::new(id, &labels).user(id / 2))
                .unwrap();
        }
        let all = builder.build().unwrap();
        let scan = AssociationParams::new().exact(Exact::Always).build();
        let scan = scan.unwrap();
        let resample = ResampleParams::new().replicates(300).seed(8).build();
        let resample = resample.unwrap();
        let blocks = Blocks::of(&all, |_| 0);
        let p = |goes_to: &[u32]| -> Vec<f64> {
            let pairs = (0..3_u32).flat_map(|row| (0..4_u32).map(move |col| (row, col)));
            let has = |facet: usize, at: usize, label: u32| {
                all.get(at).unwrap().labels(facet).contains(&label)
            };
            pairs
                .map(|(row, col)| {
                    let mut cells = [0; 4];
                    for (from, &to) in goes_to.iter().enumerate() {
                        let at = 2 * usize::from(!has(0, from, row))
                            + usize::from(!has(1, to as usize, col));
                        cells[at] += 1;
                    }
                    let [a, b, c, d] = cells;
                    let table = TwoByTwo::from_cells(a, b, c, d).unwrap();
                    table.exact(ExactMethod::Central).unwrap().p()
                })
                .collect()
        };
        let mut draws = vec![p(&(0..60).collect::<Vec<u32>>())];
        for replicate in 0..300 {
            let (mut order, mut goes_to) = (Vec::new(), Vec::new());
            blocks.permute(&mut Random::new(8, replicate), &mut order, &mut goes_to);
            draws.push(p(&goes_to));
        }
        let at_most = |a: f64, b: f64| a <= b * (1.0 + 1e-8);
        let share = |hits: usize| hits as f64 / 301.0;
        let ranks: Vec<Vec<f64>> = draws
            .iter()
            .map(|draw| {
                let rank = |pair: usize| {
                    let hits = draws.iter().filter(|d| at_most(d[pair], draw[pair]));
                    share(hits.count())
                };
                (0..12).map(rank).collect()
            })
            .collect();
        for (by, values) in [(MinPBy::ScanP, &draws), (MinPBy::PermutationP, &ranks)] {
            let found = resample.step_down_min_p(&scan, &all, (0, 1), None, by);
            let found = found.unwrap();
            assert_eq!((found.pairs.len(), found.tests), (12, 12));
            let observed = &values[0];
            let plain = |pair: usize| {
                let later = |other: &usize| at_most(observed[pair], observed[*other]);
                let hits = values.iter().filter(|draw| {
                    let later = (0..12).filter(later).map(|other| draw[other]);
                    at_most(later.fold(f64::INFINITY, f64::min), observed[pair])
                });
                share(hits.count())
            };
            for pair in &found.pairs {
                let at = (pair.row * 4 + pair.col) as usize;
                assert!((pair.ln_p.p() / draws[0][at] - 1.0).abs() < 1e-12);
                assert!((pair.p_permutation - ranks[0][at]).abs() < 1e-12);
                let before = (0..12).filter(|&before| at_most(observed[before], observed[at]));
                let adjusted = before.map(plain).fold(0.0, f64::max);
                assert!(
                    (pair.p_adjusted - adjusted).abs() < 1e-12,
                    "{by:?} {pair:?} {adjusted}"
                );
            }
        }
    }
}
