//! One context per conversation by any number of values: multiple marginal independence.

use serde::{Deserialize, Serialize};

use super::CorrectedSum;
use super::operator::{Operator, Probes, RowScale};
use crate::clustered::UserPass;
use crate::conversations::{Conversations, Facet};
use crate::correction::Correction;
use crate::error::Error;
use crate::f_tail::chi_square_upper_real;
use crate::params::Estimand;
use crate::special::Sum;
use crate::tails::{LogP, chi_square_upper};

/// Does one value depend on the context at all?
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ValueTest {
    /// The value (column category).
    pub value: u32,
    /// Conversations that show it.
    pub count: u64,
    /// Pearson's chi-square of contexts by showing the value.
    pub statistic: f64,
    /// Its degrees of freedom, contexts less 1.
    pub dof: u64,
    /// Its upper tail, as if conversations were independent.
    pub ln_p: LogP,
    /// Variance of the counts by users over that of independent conversations, over all contexts; `None` where users are not
    /// known.
    pub design_effect: Option<f64>,
    /// The tail of the statistic over the design effect (at least 1), first-order Rao-Scott; equals `ln_p` where users are
    /// not known.
    pub ln_p_clustered: LogP,
}

/// The test of multiple marginal independence: does any value depend on the context?
///
/// A single-choice facet (task, response type) against a facet with several labels per conversation. For each value there
/// is a table of contexts by showing it, whose chi-square is right by itself; their sum is not chi-square distributed,
/// because the values of one conversation depend on each other. The sum is corrected by the eigenvalues of its covariance,
/// of which only the sum and the sum of squares are needed; both follow from the values' covariances within contexts.
///
/// [`values`](Self::values) are the right first stage of a search: "does this value depend on the task at all", one test per
/// value. Look at single cells only of values that pass.
///
/// # Sparse values
/// The chi-square of one value wants expected counts near 5 in most contexts. Where there are many contexts it holds on
/// average over them, but the tail does not; merge small contexts first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginalIndependence {
    /// Conversations with a context.
    pub conversations: u64,
    /// Contexts that occur.
    pub contexts: u64,
    /// The corrected sum over all values.
    pub sum: CorrectedSum,
    /// The same by the shortcut that holds without association: the squared norm of the values' correlations. Cheaper, and
    /// close when the contexts' covariances are alike.
    pub shortcut: CorrectedSum,
    /// Number of independent values that the dependent ones are worth: their number squared over that norm.
    pub effective_values: f64,
    /// The smallest p-value times the number of values, at most 1.
    pub ln_p_bonferroni: LogP,
    /// With users known: the sum corrected for the users as well as for the values.
    pub clustered: Option<CorrectedSum>,
    /// One test per value that varies, by value.
    pub values: Vec<ValueTest>,
}

impl MarginalIndependence {
    /// Tests a facet of which each conversation has at most one category against a facet with any number. Conversations
    /// without a context take no part. `seed` is for the random probes that estimate the trace by users (not used without
    /// users).
    ///
    /// `None` with fewer than two contexts, or when no value varies.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when a conversation has two contexts; [`Error::is_invalid_parameter`] for a facet that is
    /// not there.
    ///
    /// # Complexity
    /// The pairs of values within conversations, sorted, plus conversations' labels times contexts.
    ///
    /// # References
    /// Agresti and Liu (1999), Biometrics 55, 936-943; Bilder, Loughin and Nettleton (2000), Communications in Statistics -
    /// Simulation and Computation 29, 1285-1315; Rao and Scott (1981), Journal of the American Statistical Association 76,
    /// 221-230. R's MRCV enumerates all response patterns, and stops at some twenty values.
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations, MarginalIndependence};
    ///
    /// let mut builder = Conversations::builder(&[2, 3]);
    /// for id in 0..400 {
    ///     let task = (id % 2) as u32;
    ///     // Value 0 goes with task 0; values 1 and 2 come together.
    ///     let values: &[u32] = match (task, id / 2 % 4) {
    ///         (0, 0..=2) | (1, 0) => &[0],
    ///         (_, 1) => &[1, 2],
    ///         _ => &[],
    ///     };
    ///     builder.push(&ConversationEntry::new(id, &[&[task], values]))?;
    /// }
    /// let test = MarginalIndependence::test(&builder.build()?, 0, 1, 1)?.ok_or("nothing varies")?;
    /// assert!(test.sum.ln_p.p() < 1e-6);
    /// // Values 1 and 2 are one.
    /// assert!(test.effective_values < 2.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test(
        conversations: &Conversations,
        context_facet: usize,
        value_facet: usize,
        seed: u64,
    ) -> Result<Option<Self>, Error> {
        let contexts = conversations.require_facet(context_facet)?;
        let values = conversations.require_facet(value_facet)?;
        let all = conversations.len();
        if (0..all).any(|index| contexts.labels(index).len() > 1) {
            return Err(Error::inconsistent(
                "a conversation has two contexts, and this test takes one at most",
            ));
        }
        let Some(counts) = Counts::of(contexts, values, all) else {
            return Ok(None);
        };
        let tests = counts.tests();
        if tests.is_empty() {
            return Ok(None);
        }
        let statistic = tests.iter().fold(Sum::default(), |mut sum, test| {
            sum.add(test.statistic);
            sum
        });
        let statistic = statistic.total();
        let naive = (counts.used.len() - 1) as f64 * tests.len() as f64;
        let traces = counts.traces(values);
        let correlations = counts.correlations(values);
        let shortcut = (counts.used.len() - 1) as f64 * correlations;
        let p: Vec<LogP> = tests.iter().map(|test| test.ln_p).collect();
        let smallest = Correction::Bonferroni.adjust(&p).into_iter().min();
        let (Some(sum), Some(shortcut)) = (
            CorrectedSum::new(statistic, naive, naive, traces.0, traces.1),
            CorrectedSum::new(statistic, naive, naive, naive, shortcut),
        ) else {
            return Ok(None);
        };
        let mut found = Self {
            conversations: counts.n,
            contexts: counts.used.len() as u64,
            sum,
            shortcut,
            effective_values: (tests.len() * tests.len()) as f64 / correlations,
            ln_p_bonferroni: smallest.unwrap_or(LogP::ONE),
            clustered: None,
            values: tests,
        };
        if conversations.users().is_some() && counts.n == all as u64 {
            found.cluster(conversations, context_facet, value_facet, seed)?;
        }
        Ok(Some(found))
    }

    /// Adds what users change.
    fn cluster(
        &mut self,
        conversations: &Conversations,
        context_facet: usize,
        value_facet: usize,
        seed: u64,
    ) -> Result<(), Error> {
        let pass = UserPass::new(
            conversations,
            context_facet,
            value_facet,
            Estimand::Prevalence,
        )?;
        let n = self.conversations as f64;
        let g = pass.clusters() as f64;
        if g < 2.0 {
            return Ok(());
        }
        // Sum over contexts of the variance by users of (O - E) / sqrt(n_i pi (1 - pi)).
        let mut means = vec![Sum::default(); self.values.len()];
        let mut scratch = pass.scratch();
        for context in 0..pass.n_rows() as u32 {
            let size = pass.row(context).total as f64;
            if size <= 0.0 {
                continue;
            }
            pass.pass(context, &mut scratch);
            for (test, mean) in self.values.iter().zip(&mut means) {
                let gram = pass.gram(context, test.value, &scratch);
                let (p, q) = (test.count as f64 / n, size / n);
                let weights = [(1.0 - p) * (1.0 - q), -p * (1.0 - q), -q * (1.0 - p), p * q];
                let variance = gram.squares(weights) * g / (g - 1.0);
                mean.add(variance / (size * p * (1.0 - p)));
            }
        }
        let mut trace = Sum::default();
        for (test, mean) in self.values.iter_mut().zip(means) {
            let mean = mean.total();
            trace.add(mean);
            let effect = mean / test.dof as f64;
            test.design_effect = Some(effect);
            let scaled = test.statistic / effect.max(1.0);
            if let Some(p) = chi_square_upper_real(scaled, test.dof as f64) {
                test.ln_p_clustered = p;
            }
        }
        let operator = Operator::new(conversations, context_facet, value_facet, RowScale::Share)?;
        let squared = operator.trace_of_square(Probes::default(), seed);
        self.clustered = CorrectedSum::new(
            self.sum.statistic,
            self.sum.naive_dof,
            trace.total(),
            trace.total(),
            squared,
        );
        Ok(())
    }
}

/// Conversations by context and value.
struct Counts {
    n: u64,
    /// Contexts that occur, with their sizes.
    used: Vec<(u32, u64)>,
    /// Conversations that show each value, of those with a context.
    totals: Vec<u64>,
    /// By context (in the order of `used`), then value: how many conversations have both.
    cells: Vec<Vec<(u32, u64)>>,
    /// The conversations of each context.
    members: Vec<Vec<u32>>,
}

impl Counts {
    fn of(contexts: &Facet, values: &Facet, all: usize) -> Option<Self> {
        let mut by_context: Vec<Vec<u32>> = vec![Vec::new(); contexts.n_categories() as usize];
        for index in 0..all {
            if let Some(&context) = contexts.labels(index).first() {
                by_context[context as usize].push(index as u32);
            }
        }
        let mut now = vec![0_u64; values.n_categories() as usize];
        let mut totals = vec![0; now.len()];
        let (mut used, mut cells, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (members, context) in by_context.into_iter().zip(0..) {
            if members.is_empty() {
                continue;
            }
            let mut met = Vec::new();
            for &index in &members {
                for &value in values.labels(index as usize) {
                    let now = &mut now[value as usize];
                    if *now == 0 {
                        met.push(value);
                    }
                    *now += 1;
                }
            }
            met.sort_unstable();
            let line: Vec<(u32, u64)> = met
                .into_iter()
                .map(|value| (value, std::mem::take(&mut now[value as usize])))
                .collect();
            for &(value, count) in &line {
                totals[value as usize] += count;
            }
            used.push((context, members.len() as u64));
            cells.push(line);
            kept.push(members);
        }
        (used.len() > 1).then(|| Self {
            n: used.iter().map(|&(_, size)| size).sum(),
            used,
            totals,
            cells,
            members: kept,
        })
    }

    /// Variance of the value's indicator; 0 when it does not vary.
    fn variance(&self, value: u32) -> f64 {
        let (count, n) = (self.totals[value as usize] as f64, self.n as f64);
        count / n * ((n - count) / n)
    }

    /// Pearson's chi-square of each value that varies.
    fn tests(&self) -> Vec<ValueTest> {
        let n = self.n;
        let mut sums = vec![Sum::default(); self.totals.len()];
        let mut covered = vec![0_u64; self.totals.len()];
        for (line, &(_, size)) in self.cells.iter().zip(&self.used) {
            for &(value, count) in line {
                let total = self.totals[value as usize];
                let gap = i128::from(count) * i128::from(n) - i128::from(size) * i128::from(total);
                let gap = gap as f64;
                sums[value as usize].add(gap * gap / size as f64);
                covered[value as usize] += size;
            }
        }
        let dof = (self.used.len() - 1) as u64;
        let mut tests = Vec::new();
        for (value, &count) in (0..).zip(&self.totals) {
            if count == 0 || count == n {
                continue;
            }
            let at = value as usize;
            // Contexts without the value: their gaps are - size * total, exact in integers up to the last step.
            let empty = (n - covered[at]) as f64 * count as f64 * count as f64;
            let mut sum = sums[at];
            sum.add(empty);
            let statistic = sum.total() / (count as f64 * (n - count) as f64);
            if let Some(ln_p) = chi_square_upper(statistic, dof) {
                tests.push(ValueTest {
                    value,
                    count,
                    statistic,
                    dof,
                    ln_p,
                    design_effect: None,
                    ln_p_clustered: ln_p,
                });
            }
        }
        tests
    }

    /// Sum and sum of squares of the eigenvalues, from the values' covariances within contexts.
    ///
    /// With `S_i` the covariance in context `i`, `a_i` its share, `S` their weighted mean and norms in the metric of the
    /// values' variances, the sum of squares is `sum_i (1 - 2 a_i) |S_i|^2 + |S|^2`.
    fn traces(&self, values: &Facet) -> (f64, f64) {
        let n = self.n as f64;
        let (mut trace, mut squared) = (Sum::default(), Sum::default());
        let mut mean_variance = vec![0.0; self.totals.len()];
        for (line, &(_, size)) in self.cells.iter().zip(&self.used) {
            let share = size as f64 / n;
            for &(value, count) in line {
                let p = count as f64 / size as f64;
                let own = p * (1.0 - p);
                mean_variance[value as usize] += share * own;
                let scale = self.variance(value);
                if scale > 0.0 {
                    trace.add((1.0 - 2.0 * share) * own / scale);
                }
            }
        }
        for (value, own) in (0..).zip(&mean_variance) {
            let scale = self.variance(value);
            if scale > 0.0 {
                trace.add(own / scale);
            }
        }
        for ((line, members), &(_, size)) in self.cells.iter().zip(&self.members).zip(&self.used) {
            let size = size as f64;
            // Of the mean products only pairs that met differ from -p q.
            let outer: f64 = line
                .iter()
                .filter_map(|&(value, count)| {
                    let scale = self.variance(value);
                    let p = count as f64 / size;
                    (scale > 0.0).then(|| p * p / scale)
                })
                .sum();
            let mut norm = Sum::default();
            norm.add(outer * outer);
            let share_of = |value: u32| {
                let at = line.binary_search_by_key(&value, |&(value, _)| value);
                at.map_or(0.0, |at| line[at].1 as f64 / size)
            };
            for (j, l, count) in pair_counts(values, members.iter().copied()) {
                let scale = self.variance(j) * self.variance(l);
                if scale > 0.0 {
                    let (met, apart) = (count as f64 / size, share_of(j) * share_of(l));
                    let twice = if j == l { 1.0 } else { 2.0 };
                    norm.add(twice * met * (met - 2.0 * apart) / scale);
                }
            }
            squared.add((1.0 - 2.0 * size / n) * norm.total());
        }
        squared.add(self.mean_norm(values));
        (trace.total(), squared.total())
    }

    /// `|S|^2` for the mean covariance within contexts, `E[y y'] - sum_i a_i p_i p_i'`.
    fn mean_norm(&self, values: &Facet) -> f64 {
        let n = self.n as f64;
        let mut norm = Sum::default();
        let members = self.members.iter().flatten().copied();
        for (j, l, count) in pair_counts(values, members) {
            let scale = self.variance(j) * self.variance(l);
            if scale > 0.0 {
                let met = count as f64 / n;
                let twice = if j == l { 1.0 } else { 2.0 };
                norm.add(twice * met * met / scale);
            }
        }
        // The cross term through each conversation's projection on each context's shares, the square of the last through
        // the products of the contexts' shares.
        let mut weights = vec![0.0; self.totals.len()];
        for (line, &(_, size)) in self.cells.iter().zip(&self.used) {
            let share = size as f64 / n;
            for &(value, count) in line {
                let scale = self.variance(value);
                if scale > 0.0 {
                    weights[value as usize] = count as f64 / size as f64 / scale;
                }
            }
            let mut cross = Sum::default();
            for &index in self.members.iter().flatten() {
                let labels = values.labels(index as usize);
                let projection: f64 = labels.iter().map(|&v| weights[v as usize]).sum();
                cross.add(projection * projection);
            }
            norm.add(-2.0 * share * cross.total() / n);
            let mut last = Sum::default();
            for (other, &(_, other_size)) in self.cells.iter().zip(&self.used) {
                let product: f64 = other
                    .iter()
                    .map(|&(v, count)| weights[v as usize] * count as f64 / other_size as f64)
                    .sum();
                last.add(other_size as f64 / n * product * product);
            }
            norm.add(share * last.total());
            for &(value, _) in line {
                weights[value as usize] = 0.0;
            }
        }
        norm.total()
    }

    /// Squared Frobenius norm of the values' correlations.
    fn correlations(&self, values: &Facet) -> f64 {
        let n = self.n as f64;
        let outer: f64 = (0..)
            .zip(&self.totals)
            .filter_map(|(value, &count)| {
                let (scale, p) = (self.variance(value), count as f64 / n);
                (scale > 0.0).then(|| p * p / scale)
            })
            .sum();
        let mut norm = Sum::default();
        norm.add(outer * outer);
        for (j, l, count) in pair_counts(values, self.members.iter().flatten().copied()) {
            let scale = self.variance(j) * self.variance(l);
            if scale > 0.0 {
                let share = |value: u32| self.totals[value as usize] as f64 / n;
                let (met, apart) = (count as f64 / n, share(j) * share(l));
                let twice = if j == l { 1.0 } else { 2.0 };
                norm.add(twice * met * (met - 2.0 * apart) / scale);
            }
        }
        norm.total()
    }
}

/// In how many of the conversations each pair of values (each with itself included, the smaller first) is.
fn pair_counts(values: &Facet, members: impl Iterator<Item = u32>) -> Vec<(u32, u32, u64)> {
    let mut keys: Vec<u64> = Vec::new();
    for index in members {
        let labels = values.labels(index as usize);
        for (at, &j) in labels.iter().enumerate() {
            keys.extend(labels.iter().skip(at).map(|&l| crate::cells::key(j, l)));
        }
    }
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b)
        .filter_map(|run| {
            let (j, l) = crate::cells::place(*run.first()?);
            Some((j, l, run.len() as u64))
        })
        .collect()
}
