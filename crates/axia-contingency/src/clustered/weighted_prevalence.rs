//! Shares of the weight of conversations, with intervals by user.

use serde::{Deserialize, Serialize};

use super::prevalence::wilson;
use super::weighted_pass::normalized;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::f_tail::student_quantile;
use crate::interval::{Confidence, Interval};

/// What share of the weight of the conversations a category has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WeightedPrevalence {
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
    /// Its share of the weight.
    pub value: f64,
    /// Variance by users over that of as many independent conversations of equal weight; `None` when the share is 0 or 1.
    pub design_effect: Option<f64>,
    /// How many independent conversations of equal weight would say as much: `n` over the design effect (at most `n`), less what
    /// few users make the variance itself uncertain. Where there is no design effect, as if each user had but one opinion.
    pub n_effective: f64,
    /// Wilson's interval at that number.
    pub interval: Interval,
}

impl Conversations {
    /// What share of the conversations' weight each category of a facet has, with design-based intervals by user: the estimate
    /// for the conversations that the weights stand for. As [`prevalence_by_user`](Self::prevalence_by_user), which it equals
    /// where all weights are equal; multiplying all weights changes nothing.
    ///
    /// Empty without conversations, and when all weights are 0.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a facet that is not there, and for weights that sum to infinity.
    ///
    /// # References
    /// Binder (1983), International Statistical Review 51, 279-292; Korn and Graubard (1998), Survey Methodology 24, 193-201.
    ///
    /// ```
    /// use axia_contingency::{Confidence, ConversationEntry, Conversations};
    ///
    /// // One in ten of the ordinary conversations was kept, and each that was flagged.
    /// let mut builder = Conversations::builder(&[1]);
    /// for id in 0..200 {
    ///     let flagged = id % 2 == 0;
    ///     let labels: &[u32] = if flagged && id % 4 == 0 { &[0] } else { &[] };
    ///     let weight = if flagged { 1.0 } else { 10.0 };
    ///     builder.push(&ConversationEntry::new(id, &[labels]).weight(weight))?;
    /// }
    /// let shares = builder.build()?.weighted_prevalence(0, Confidence::new(0.95)?)?;
    /// // A quarter of those kept, but 50 of the 1,100 that they stand for.
    /// assert!((shares[0].value - 50.0 / 1100.0).abs() < 1e-12 && shares[0].count == 50);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weighted_prevalence(
        &self,
        facet: usize,
        confidence: Confidence,
    ) -> Result<Vec<WeightedPrevalence>, Error> {
        let facet = self.require_facet(facet)?;
        let (weights, weight) = normalized(self)?;
        if weight <= 0.0 {
            return Ok(Vec::new());
        }
        let lists = self.by_user();
        let clusters = lists.as_ref().map_or(self.len(), |lists| lists.len());
        let mut sums = vec![Sums::default(); facet.n_categories() as usize];
        let mut now = vec![(0.0, 0_u64); sums.len()];
        let mut met = Vec::new();
        let mut squares = 0.0;
        for cluster in 0..clusters {
            let alone = [cluster as u32];
            let of = lists
                .as_ref()
                .map_or(alone.as_slice(), |lists| lists.of(cluster));
            let mut whole = 0.0;
            for &at in of {
                let weight = weights[at as usize];
                whole += weight;
                for &label in facet.labels(at as usize) {
                    let now = &mut now[label as usize];
                    if now.1 == 0 {
                        met.push(label);
                    }
                    now.0 += weight;
                    now.1 += 1;
                }
            }
            squares += whole * whole;
            for label in met.drain(..) {
                let (inside, count) = std::mem::take(&mut now[label as usize]);
                let outside = whole - inside;
                let sum = &mut sums[label as usize];
                sum.total += inside;
                sum.inside2 += inside * inside;
                sum.mixed += inside * outside;
                sum.outside2 += outside * outside;
                sum.whole2 += whole * whole;
                sum.count += count;
                sum.users += 1;
            }
        }
        let (n, g) = (self.len() as f64, clusters as f64);
        let few = lists.is_some() && g > 1.0;
        let adjust = if few {
            let t = student_quantile(confidence.level(), g - 1.0).unwrap_or(f64::INFINITY);
            (confidence.z() / t).powi(2)
        } else {
            1.0
        };
        let of = |(sum, category): (&Sums, u32)| {
            let p = (sum.total / n).min(1.0);
            let rest = 1.0 - p;
            // Sum over users of (y (1 - p) - p (m - y))^2; users without the category have p m.
            let scatter = rest * rest * sum.inside2 - 2.0 * p * rest * sum.mixed
                + p * p * (sum.outside2 + (squares - sum.whole2).max(0.0));
            let plain = n * p * rest;
            let design_effect =
                (plain > 1e-12 * n && g > 1.0).then(|| (scatter * g / (g - 1.0) / plain).max(0.0));
            let n_effective = adjust
                * match design_effect {
                    Some(effect) => n / effect.max(1.0),
                    None => n * n / squares,
                };
            WeightedPrevalence {
                category,
                count: sum.count,
                users: sum.users,
                n: self.len() as u64,
                clusters: clusters as u64,
                value: p,
                design_effect,
                n_effective,
                interval: wilson(p, n_effective, confidence.z()),
            }
        };
        Ok(sums.iter().zip(0..).map(of).collect())
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    total: f64,
    inside2: f64,
    mixed: f64,
    outside2: f64,
    whole2: f64,
    count: u64,
    users: u64,
}
