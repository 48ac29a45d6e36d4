//! Shares of conversations whose intervals know that users, not conversations, are independent.

use serde::{Deserialize, Serialize};

use crate::conversations::Conversations;
use crate::error::Error;
use crate::f_tail::student_quantile;
use crate::interval::{Confidence, Interval};

/// In what share of the conversations a category is, with users as the independent units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteredPrevalence {
    /// Category.
    pub category: u32,
    /// Conversations that have it.
    pub count: u64,
    /// Users behind them.
    pub users: u64,
    /// All conversations.
    pub n: u64,
    /// All users, or conversations where users are not known.
    pub clusters: u64,
    /// `count / n`.
    pub value: f64,
    /// Variance by users over that of independent conversations; `None` when no or every conversation has the category.
    pub design_effect: Option<f64>,
    /// How many independent conversations would say as much: `n` over the design effect (at most `n`), less what few users
    /// make the variance itself uncertain. Where there is no design effect, as if each user had but one opinion.
    pub n_effective: f64,
    /// Wilson's interval at that number.
    pub interval: Interval,
}

impl Conversations {
    /// In what share of the conversations each category of a facet is, with intervals by user. Weights do not enter.
    ///
    /// Empty without conversations.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there.
    ///
    /// # References
    /// Korn and Graubard (1998), Survey Methodology 24, 193-201, for the effective number; Wilson (1927) for the interval.
    ///
    /// ```
    /// use axia_contingency::{Confidence, ConversationEntry, Conversations};
    ///
    /// let mut builder = Conversations::builder(&[1]);
    /// for id in 0..1000 {
    ///     let labels: &[u32] = if (id / 10) % 4 == 0 { &[0] } else { &[] };
    ///     builder.push(&ConversationEntry::new(id, &[labels]).user(id / 10))?;
    /// }
    /// let shares = builder.build()?.prevalence_by_user(0, Confidence::new(0.95)?)?;
    /// assert_eq!((shares[0].count, shares[0].users), (250, 25));
    /// // Each of the 100 users says the same ten times.
    /// assert!(shares[0].n_effective < 101.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prevalence_by_user(
        &self,
        facet: usize,
        confidence: Confidence,
    ) -> Result<Vec<ClusteredPrevalence>, Error> {
        let facet = self.require_facet(facet)?;
        let size = facet.n_categories() as usize;
        let lists = self.by_user();
        let clusters = lists.as_ref().map_or(self.len(), |lists| lists.len());
        let mut now = vec![0_u64; size];
        let mut met = Vec::new();
        let mut sums = vec![Sums::default(); size];
        let mut squares = 0_u128;
        for cluster in 0..clusters {
            let alone = [cluster as u32];
            let of = lists
                .as_ref()
                .map_or(alone.as_slice(), |lists| lists.of(cluster));
            for &conversation in of {
                for &label in facet.labels(conversation as usize) {
                    let now = &mut now[label as usize];
                    if *now == 0 {
                        met.push(label);
                    }
                    *now += 1;
                }
            }
            let m = of.len() as u64;
            squares += u128::from(m) * u128::from(m);
            for label in met.drain(..) {
                let y = std::mem::take(&mut now[label as usize]);
                sums[label as usize].add(y, m);
            }
        }
        let n = self.len() as f64;
        let mut shares = Vec::new();
        for (sum, category) in sums.iter().zip(0..) {
            if self.is_empty() {
                break;
            }
            let p = sum.total as f64 / n;
            let rest = (self.len() as u64 - sum.total) as f64 / n;
            let plain = n * p * rest;
            // sum (y - p m)^2, as a square of what is and what is not: y (1 - p) - p (m - y).
            let without = squares as f64 - 2.0 * sum.with_all as f64 + sum.squares as f64;
            let mixed = sum.with_all as f64 - sum.squares as f64;
            let scatter =
                rest * rest * sum.squares as f64 - 2.0 * p * rest * mixed + p * p * without;
            let g = clusters as f64;
            let design_effect =
                (plain > 0.0 && g > 1.0).then(|| (scatter * g / (g - 1.0) / plain).max(0.0));
            let mut n_effective = match design_effect {
                Some(effect) => n / effect.max(1.0),
                None => n * n / squares as f64,
            };
            // Korn and Graubard's adjustment for few users.
            if lists.is_some() && g > 1.0 {
                let t = student_quantile(confidence.level(), g - 1.0).unwrap_or(f64::INFINITY);
                n_effective *= (confidence.z() / t).powi(2);
            }
            shares.push(ClusteredPrevalence {
                category,
                count: sum.total,
                users: sum.users,
                n: self.len() as u64,
                clusters: clusters as u64,
                value: p,
                design_effect,
                n_effective,
                interval: wilson(p, n_effective, confidence.z()),
            });
        }
        Ok(shares)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    total: u64,
    squares: u128,
    with_all: u128,
    users: u64,
}

impl Sums {
    fn add(&mut self, y: u64, m: u64) {
        self.total += y;
        self.squares += u128::from(y) * u128::from(y);
        self.with_all += u128::from(y) * u128::from(m);
        self.users += 1;
    }
}

/// Wilson's interval for a share of any effective number.
pub(crate) fn wilson(p: f64, n: f64, z: f64) -> Interval {
    let z2 = z * z;
    let bound = |p: f64| {
        let root = (z2 + 4.0 * n * p * (1.0 - p)).sqrt();
        (2.0 * n * p + z2 + z * root) / (2.0 * (n + z2))
    };
    // The lower bound is the mirrored upper one; for rare categories by the product of the bounds, which does not cancel.
    let high = bound(p);
    let low = if p < 0.5 {
        p * p * n / ((n + z2) * high)
    } else {
        1.0 - bound(1.0 - p)
    };
    Interval {
        low: low.clamp(0.0, p),
        high: high.clamp(p, 1.0),
    }
}
