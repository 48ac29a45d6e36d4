//! Marginal independence by Bilder and Loughin's bootstrap: the sum of the single statistics, and combinations of their
//! p-values, against data drawn without any link.

use serde::{Deserialize, Serialize};

use super::resampled::{Pools, Tables};
use crate::conversations::Conversations;
use crate::error::Error;
use crate::random::Random;
use crate::resample::{Resample, replicates};
use crate::tails::LogP;

/// A test of marginal independence by bootstrap; made by [`Resample::pairwise_independence`] and
/// [`Resample::marginal_independence`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BootstrappedIndependence {
    /// Conversations that take part.
    pub conversations: u64,
    /// Users, where they are known.
    pub users: Option<u64>,
    /// Single tests: pairs whose row and column both vary, or values that vary.
    pub tests: u64,
    /// The sum of the single chi-square statistics.
    pub statistic: f64,
    /// In what share of the draws the sum was at least as large, the data themselves counted as one: above 0.
    pub p_sum: f64,
    /// ln of the product of the single tests' p-values.
    pub ln_product: f64,
    /// In what share of the draws that product was at most as large: above 0.
    pub p_product: f64,
    /// The smallest single p-value.
    pub ln_smallest: LogP,
    /// In what share of the draws the smallest p-value was at most as large: above 0.
    pub p_smallest: f64,
    /// Draws.
    pub replicates: u32,
    /// The seed that they came from.
    pub seed: u64,
}

/// Values that differ by less, relatively, count as equal.
const TIE: f64 = 1e-10;

impl Resample {
    /// Simultaneous pairwise marginal independence of two facets with several labels each, by bootstrap. The row categories
    /// of a conversation and the column categories of a conversation are drawn with replacement, independently of each other:
    /// what the labels of one facet have in common stays, the link between the facets is cut. Where users are known both are
    /// drawn for a whole user at once, from two users with as many conversations (from the nearest numbers, where fewer than
    /// twenty users have as many; a list that is too short is then read again from its start).
    ///
    /// Three statistics are compared with their own in the draws: the sum of the pairs' chi-squares, the product of their
    /// p-values, and the smallest. The sum finds links that are spread over many pairs, the smallest those of a few.
    /// [`PairwiseIndependence`](crate::PairwiseIndependence) corrects the sum by formula, for any number of pairs. Nothing is
    /// added to zero cells; a table that has an empty line in a draw adds nothing to the sum and has a p-value of 1.
    ///
    /// `None` when no row or no column varies.
    ///
    /// # Determinism
    /// The same seed gives the same bytes, whatever the number of threads.
    ///
    /// # Complexity
    /// For each draw the pairs met in conversations plus all pairs; memory for 4 bytes per pair and thread.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there; [`Error::is_overflow`] above 2^24 pairs.
    ///
    /// # References
    /// Bilder and Loughin (2004), Biometrics 60, 241-248; Koziol and Bilder (2014), The R Journal 6, 144-150.
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations, ResampleParams};
    ///
    /// let mut builder = Conversations::builder(&[2, 2]);
    /// for id in 0..120 {
    ///     // Human value 0 is taken up in most cases.
    ///     let human: &[u32] = if id % 3 == 0 { &[0, 1] } else { &[1] };
    ///     let ai: &[u32] = if id % 3 == 0 && id % 4 < 3 { &[0] } else { &[1] };
    ///     builder.push(&ConversationEntry::new(id, &[human, ai]))?;
    /// }
    /// let resample = ResampleParams::new().seed(1).build()?;
    /// let test = resample.pairwise_independence(&builder.build()?, 0, 1)?.ok_or("nothing varies")?;
    /// // Human value 1 is in every conversation, and says nothing.
    /// assert_eq!((test.tests, test.p_sum), (2, 0.001));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pairwise_independence(
        &self,
        conversations: &Conversations,
        row_facet: usize,
        col_facet: usize,
    ) -> Result<Option<BootstrappedIndependence>, Error> {
        let tables = Tables::pairwise(conversations, row_facet, col_facet)?;
        Ok(self.compare(conversations, &tables))
    }

    /// Multiple marginal independence, by bootstrap: one context per conversation by a facet with several labels. As
    /// [`pairwise_independence`](Self::pairwise_independence), but contexts stay and only the values are drawn, and a value's
    /// statistic is the chi-square of contexts by showing it. Conversations without a context take no part.
    ///
    /// `None` with fewer than two contexts, or when no value varies.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when a conversation has two contexts, and as
    /// [`pairwise_independence`](Self::pairwise_independence).
    ///
    /// # References
    /// Bilder, Loughin and Nettleton (2000), Communications in Statistics - Simulation and Computation 29, 1285-1315.
    ///
    /// ```
    /// use axia_contingency::{ConversationEntry, Conversations, ResampleParams};
    ///
    /// let mut builder = Conversations::builder(&[3, 2]);
    /// for id in 0..90 {
    ///     let values: &[u32] = if id % 2 == 0 { &[0, 1] } else { &[] };
    ///     builder.push(&ConversationEntry::new(id, &[&[(id % 3) as u32], values]))?;
    /// }
    /// let resample = ResampleParams::new().build()?;
    /// let test = resample.marginal_independence(&builder.build()?, 0, 1)?.ok_or("nothing varies")?;
    /// assert!(test.statistic < 1e-9 && test.p_sum > 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn marginal_independence(
        &self,
        conversations: &Conversations,
        context_facet: usize,
        value_facet: usize,
    ) -> Result<Option<BootstrappedIndependence>, Error> {
        let tables = Tables::marginal(conversations, context_facet, value_facet)?;
        Ok(self.compare(conversations, &tables))
    }

    fn compare(
        &self,
        conversations: &Conversations,
        tables: &Tables<'_>,
    ) -> Option<BootstrappedIndependence> {
        let pools = Pools::of(conversations, |at| tables.takes_part(at));
        let mut scratch = tables.scratch();
        let own: Vec<u32> = (0..conversations.len() as u32).collect();
        let data = tables.sums(pools.members(), &own, &own, &mut scratch)?;
        let draw = |(scratch, rows, cols): &mut (_, Vec<u32>, Vec<u32>), replicate| {
            let mut random = Random::new(self.seed(), replicate);
            if tables.rows_stay() {
                rows.clone_from(&own);
            } else {
                pools.draw(&mut random, rows);
            }
            pools.draw(&mut random, cols);
            tables.sums(pools.members(), rows, cols, scratch)
        };
        let start = || (tables.scratch(), own.clone(), own.clone());
        let drawn = replicates(u64::from(self.replicates()), self.threads(), start, draw);
        let share = |extreme: &dyn Fn(&super::resampled::Sums) -> bool| {
            let hits = drawn.iter().flatten().filter(|sums| extreme(sums)).count();
            (hits + 1) as f64 / (f64::from(self.replicates()) + 1.0)
        };
        let at_most = |ln: f64| ln - TIE * ln;
        Some(BootstrappedIndependence {
            conversations: pools.members().len() as u64,
            users: conversations.n_users().map(|users| users as u64),
            tests: data.tests,
            statistic: data.statistic,
            p_sum: share(&|sums| sums.statistic >= data.statistic * (1.0 - TIE)),
            ln_product: data.ln_product,
            p_product: share(&|sums| sums.ln_product <= at_most(data.ln_product)),
            ln_smallest: LogP::clamped(data.ln_smallest),
            p_smallest: share(&|sums| sums.ln_smallest <= at_most(data.ln_smallest)),
            replicates: self.replicates(),
            seed: self.seed(),
        })
    }
}
