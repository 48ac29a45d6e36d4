//! The bootstrap by user.

use serde::{Deserialize, Serialize};

use super::params::Resample;
use super::threads::replicates;
use crate::conversations::Conversations;
use crate::interval::Interval;
use crate::random::Random;
use crate::tails::{LogP, normal_upper_quantile};

/// Jackknife groups of users behind the interval's acceleration.
const GROUPS: usize = 100;

/// An interval by drawing users with replacement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BootstrapInterval {
    /// The statistic of the data.
    pub value: f64,
    /// Standard deviation over the replicates.
    pub standard_error: f64,
    /// Between the replicates' quantiles.
    pub percentile: Interval,
    /// Corrected for bias and skewness (BCa). Prefer it for statistics that are bounded or skew, such as a coefficient of
    /// variation.
    pub bca: Interval,
    /// Users, or conversations where users are not known.
    pub clusters: u64,
    /// Replicates in which the statistic was defined. Where these are fewer than asked for, the interval is for such data as
    /// define it.
    pub replicates: u32,
}

impl Resample {
    /// The interval of any statistic of conversations. It is given how often each conversation was drawn (in the order of
    /// [`Conversations::iter`]; all ones for the data themselves) and answers `None` where it is undefined. Users are drawn
    /// with replacement, each with all its conversations; conversations, where users are not known.
    ///
    /// `None` when the statistic of the data is undefined, with fewer than two users, or when fewer than half of the
    /// replicates are defined.
    ///
    /// # Determinism
    /// The same seed gives the same bytes, whatever the number of threads.
    ///
    /// # References
    /// Efron (1987), Journal of the American Statistical Association 82, 171-185; Davison and Hinkley (1997), Bootstrap
    /// Methods and their Application, 3.8, for clusters.
    ///
    /// ```
    /// use axia_contingency::{ContextInvariance, ConversationEntry, Conversations, ResampleParams};
    ///
    /// // Value 0 in two tasks: in a third of one, in a sixth of the other.
    /// let mut builder = Conversations::builder(&[2, 1]);
    /// for id in 0..600 {
    ///     let task = (id % 2) as u32;
    ///     let shows = id / 2 % if task == 0 { 3 } else { 6 } == 0;
    ///     let values: &[u32] = if shows { &[0] } else { &[] };
    ///     builder.push(&ConversationEntry::new(id, &[&[task], values]).user(id / 6))?;
    /// }
    /// let conversations = builder.build()?;
    /// let cv = |drawn: &[u32]| {
    ///     let mut contexts = [(0, 0); 2];
    ///     for (view, &times) in conversations.iter().zip(drawn) {
    ///         let context = &mut contexts[view.labels(0)[0] as usize];
    ///         context.0 += u64::from(times) * view.labels(1).len() as u64;
    ///         context.1 += u64::from(times);
    ///     }
    ///     ContextInvariance::new(&contexts).ok()?.map(|found| found.cv_rate_adjusted)
    /// };
    /// let interval = ResampleParams::new().seed(7).build()?.bootstrap(&conversations, cv).ok_or("undefined")?;
    /// assert!(interval.bca.low < interval.value && interval.value < interval.bca.high);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bootstrap(
        &self,
        conversations: &Conversations,
        statistic: impl Fn(&[u32]) -> Option<f64> + Sync,
    ) -> Option<BootstrapInterval> {
        let n = conversations.len();
        let clusters = conversations.n_users().unwrap_or(n);
        let cluster = |at: usize| conversations.users().map_or(at, |users| users[at] as usize);
        let defined = |drawn: &[u32]| statistic(drawn).filter(|value| value.is_finite());
        let value = defined(&vec![1; n])?;
        if clusters < 2 {
            return None;
        }
        let start = || (vec![0_u32; clusters], vec![0_u32; n]);
        let spread = |of_cluster: &[u32], drawn: &mut [u32]| {
            for (at, times) in drawn.iter_mut().enumerate() {
                *times = of_cluster[cluster(at)];
            }
        };
        let found = replicates(
            u64::from(self.replicates()),
            self.threads(),
            start,
            |(of_cluster, drawn), replicate| {
                let mut random = Random::new(self.seed(), replicate);
                of_cluster.fill(0);
                for _ in 0..clusters {
                    of_cluster[random.below(clusters as u64) as usize] += 1;
                }
                spread(of_cluster, drawn);
                defined(drawn)
            },
        );
        let mut values: Vec<f64> = found.into_iter().flatten().collect();
        if 2 * values.len() < self.replicates() as usize {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let groups = GROUPS.min(clusters);
        let without = replicates(
            groups as u64,
            self.threads(),
            start,
            |(of_cluster, drawn), group| {
                for (at, times) in of_cluster.iter_mut().enumerate() {
                    *times = u32::from(at % groups != group as usize);
                }
                spread(of_cluster, drawn);
                defined(drawn)
            },
        );
        let without: Vec<f64> = without.into_iter().flatten().collect();
        let b = values.len() as f64;
        let mean = values.iter().sum::<f64>() / b;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let tail = 0.5 * (1.0 - self.confidence().level());
        Some(BootstrapInterval {
            value,
            standard_error: (squares / (b - 1.0)).sqrt(),
            percentile: Interval {
                low: quantile(&values, tail),
                high: quantile(&values, 1.0 - tail),
            },
            bca: bca(
                &values,
                value,
                acceleration(&without),
                self.confidence().z(),
            ),
            clusters: clusters as u64,
            replicates: values.len() as u32,
        })
    }
}

/// Skewness of the statistic's influence, from the values without each group.
fn acceleration(without: &[f64]) -> f64 {
    let mean = without.iter().sum::<f64>() / without.len() as f64;
    let power = |k: i32| -> f64 { without.iter().map(|v| (mean - v).powi(k)).sum() };
    let squares = power(2);
    if squares > 0.0 {
        power(3) / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}

fn bca(values: &[f64], value: f64, acceleration: f64, z: f64) -> Interval {
    // Half of the ties count as below, so that a discrete statistic has no bias for being one.
    let below = values.iter().filter(|&&v| v < value).count() as f64;
    let at = values
        .iter()
        .filter(|&&v| v.total_cmp(&value).is_eq())
        .count() as f64;
    let n = values.len() as f64;
    let share = ((below + 0.5 * at) / n).clamp(0.5 / n, 1.0 - 0.5 / n);
    let bias = LogP::from_p(1.0 - share)
        .and_then(normal_upper_quantile)
        .unwrap_or(0.0);
    let level = |z: f64| {
        let shifted = bias + z;
        normal_lower(bias + shifted / (1.0 - acceleration * shifted))
    };
    Interval {
        low: quantile(values, level(-z)),
        high: quantile(values, level(z)),
    }
}

fn normal_lower(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The value at rank `p (n + 1)` of sorted values, between neighbours.
fn quantile(values: &[f64], p: f64) -> f64 {
    let rank = (p * (values.len() as f64 + 1.0) - 1.0).clamp(0.0, values.len() as f64 - 1.0);
    let (low, part) = (rank.floor(), rank.fract());
    let at = |rank: f64| values.get(rank as usize).copied().unwrap_or(f64::NAN);
    if part > 0.0 {
        at(low) + part * (at(low + 1.0) - at(low))
    } else {
        at(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;
    use crate::resample::ResampleParams;

    fn shares(users: u64, each: u64) -> Conversations {
        let mut builder = Conversations::builder(&[1]);
        for id in 0..users * each {
            let user = id / each;
            let labels: &[u32] = if user.is_multiple_of(3) { &[0] } else { &[] };
            builder
                .push(&ConversationEntry::new(id, &[labels]).user(user))
                .unwrap();
        }
        builder.build().unwrap()
    }

    fn share(all: &Conversations) -> impl Fn(&[u32]) -> Option<f64> + Sync + '_ {
        move |drawn| {
            let all = all.iter().zip(drawn);
            let (mut k, mut n) = (0.0, 0.0);
            for (view, &times) in all {
                n += f64::from(times);
                k += f64::from(times) * view.labels(0).len() as f64;
            }
            (n > 0.0).then(|| k / n)
        }
    }

    #[test]
    fn users_are_drawn_not_conversations() {
        let all = shares(90, 10);
        let resample = ResampleParams::new().seed(1).build().unwrap();
        let found = resample.bootstrap(&all, share(&all)).unwrap();
        // sqrt(1/3 2/3 / 90), not / 900.
        assert!((found.standard_error - 0.0497).abs() < 0.004, "{found:?}");
        assert_eq!((found.clusters, found.replicates), (90, 999));
        assert!((found.bca.low - 0.24).abs() < 0.02 && (found.bca.high - 0.43).abs() < 0.02);
    }

    #[test]
    fn threads_change_nothing() {
        let all = shares(20, 3);
        let run = |threads| {
            let params = ResampleParams::new().replicates(200).threads(threads);
            params
                .build()
                .unwrap()
                .bootstrap(&all, share(&all))
                .unwrap()
        };
        assert_eq!(run(1), run(3));
        assert_eq!(run(1), run(8));
    }

    #[test]
    fn undefined_is_none() {
        let all = shares(20, 3);
        let resample = ResampleParams::new().replicates(99).build().unwrap();
        assert_eq!(resample.bootstrap(&all, |_| None), None);
        assert_eq!(resample.bootstrap(&all, |_| Some(f64::NAN)), None);
        let one = shares(1, 9);
        assert_eq!(resample.bootstrap(&one, share(&one)), None);
    }
}
