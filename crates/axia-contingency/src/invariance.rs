//! Does a value come up alike in all contexts? The coefficient of variation in all its meanings.

use serde::{Deserialize, Serialize};

use crate::cells::grow;
use crate::error::Error;
use crate::special::Sum;
use crate::table::{ChiSquareTest, Table};

/// How evenly one value is spread over contexts (tasks, human values, languages).
///
/// "Context invariance" is measured by a coefficient of variation (CV): a standard deviation over a mean, 0 when all contexts
/// are alike. It matters of *what*:
///
/// | field | of | meaning |
/// | --- | --- | --- |
/// | [`cv_counts`](Self::cv_counts) | counts per context | what published figures use. It mostly says how unequal the contexts are in **size**: a value that is in the same share of every context has [`cv_sizes`](Self::cv_sizes), not 0 |
/// | [`cv_rate`](Self::cv_rate) | shares per context, all contexts alike | a tiny context weighs as much as a large one |
/// | [`cv_rate_weighted`](Self::cv_rate_weighted) | shares per context, weighted by size | what a random conversation sees |
/// | [`cv_rate_adjusted`](Self::cv_rate_adjusted) | the same without sampling noise | **use this to rank**: else rare values look dependent on context because they are rare |
///
/// [`CAVEAT`](Self::CAVEAT) says so in one sentence; print it beside any of these figures.
///
/// Contexts with fewer than two conversations are left out, and counted.
///
/// ```
/// use axia_contingency::ContextInvariance;
///
/// // In 10 % of the conversations of each of three contexts: as invariant as can be.
/// let even = ContextInvariance::new(&[(10, 100), (100, 1000), (1, 10)])?.ok_or("undefined")?;
/// assert!(even.cv_rate < 1e-12 && even.cv_rate_adjusted < 1e-12);
/// // And yet the counts vary, because the contexts do.
/// assert!(even.cv_counts > 1.2 && (even.cv_counts - even.cv_sizes).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// The noise term is the usual moment estimate of the variance between binomial shares (Kleinman 1973, Journal of the
/// American Statistical Association 68, 46-54).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContextInvariance {
    /// Contexts compared.
    pub contexts: u64,
    /// Contexts left out because they have fewer than two conversations.
    pub left_out: u64,
    /// Conversations with the value, in the contexts compared.
    pub count: u64,
    /// Conversations in the contexts compared.
    pub conversations: u64,
    /// CV of the counts per context (population standard deviation).
    pub cv_counts: f64,
    /// The same with the sample standard deviation (divisor one less).
    pub cv_counts_sample: f64,
    /// CV of the contexts' sizes: what `cv_counts` is for a value that is in the same share of every context.
    pub cv_sizes: f64,
    /// CV of the shares, all contexts alike (population).
    pub cv_rate: f64,
    /// The same with the sample standard deviation.
    pub cv_rate_sample: f64,
    /// CV of the shares, weighted by the contexts' sizes.
    pub cv_rate_weighted: f64,
    /// `cv_rate_weighted` after the variance that sampling alone gives is taken off; 0 when nothing is left.
    pub cv_rate_adjusted: f64,
    /// Entropy of the value's conversations over the contexts, in bits.
    pub entropy_bits: f64,
    /// Kullback-Leibler divergence, in nats, of the value's conversations over the contexts from all conversations over
    /// them; 0 when its share is the same everywhere.
    pub divergence: f64,
    /// Cramér's V of the table of contexts by having the value; `None` when every conversation has it.
    pub cramers_v: Option<f64>,
    /// Chi-square test of the same share in every context, for contexts that are each conversation's only one and
    /// independent conversations; `None` when every conversation has the value.
    pub test: Option<ChiSquareTest>,
}

impl ContextInvariance {
    /// What to print beside a coefficient of variation.
    pub const CAVEAT: &'static str = "The coefficient of variation of counts mostly measures how unequal the contexts are \
        in size: compare it with that of the sizes. For the value itself use shares, with the sampling noise taken off.";

    /// From each context's conversations that have the value, and all its conversations.
    ///
    /// `None` when fewer than two contexts have two conversations or more, or when none of these has the value.
    ///
    /// # Errors
    /// [`Error::is_inconsistent`] when a count is above its context's size, [`Error::is_overflow`] above 2^53 in all.
    pub fn new(contexts: &[(u64, u64)]) -> Result<Option<Self>, Error> {
        let (mut count, mut conversations) = (0, 0);
        for &(k, n) in contexts {
            if k > n {
                return Err(Error::inconsistent(
                    "a context has more conversations with the value than conversations",
                ));
            }
            conversations = grow(conversations, n, "conversations of all contexts")?;
        }
        let kept: Vec<(u64, u64)> = contexts.iter().copied().filter(|&(_, n)| n >= 2).collect();
        conversations = 0;
        for &(k, n) in &kept {
            count += k;
            conversations += n;
        }
        if kept.len() < 2 || count == 0 {
            return Ok(None);
        }
        let counts = Spread::of(kept.iter().map(|&(k, _)| k as f64));
        let sizes = Spread::of(kept.iter().map(|&(_, n)| n as f64));
        let rates = Spread::of(kept.iter().map(|&(k, n)| k as f64 / n as f64));
        let share = count as f64 / conversations as f64;
        let (mut between, mut noise) = (Sum::default(), Sum::default());
        let (mut entropy, mut divergence) = (Sum::default(), Sum::default());
        for &(k, n) in &kept {
            let (k, n) = (k as f64, n as f64);
            let (weight, rate) = (n / conversations as f64, k / n);
            between.add(weight * (rate - share) * (rate - share));
            noise.add(weight * rate * (1.0 - rate) / (n - 1.0));
            if k > 0.0 {
                let part = k / count as f64;
                entropy.add(-part * part.log2());
            }
            divergence.add(crate::special::deviance(k / count as f64, weight));
        }
        let (between, noise) = (between.total(), noise.total());
        let table = Table::from_counts(
            kept.iter()
                .zip(0..)
                .flat_map(|(&(k, n), row)| [(row, 0, k), (row, 1, n - k)]),
        )?;
        Ok(Some(Self {
            contexts: kept.len() as u64,
            left_out: (contexts.len() - kept.len()) as u64,
            count,
            conversations,
            cv_counts: counts.population(),
            cv_counts_sample: counts.sample(),
            cv_sizes: sizes.population(),
            cv_rate: rates.population(),
            cv_rate_sample: rates.sample(),
            cv_rate_weighted: between.sqrt() / share,
            cv_rate_adjusted: (between - noise).max(0.0).sqrt() / share,
            entropy_bits: entropy.total().max(0.0),
            divergence: divergence.total().max(0.0),
            cramers_v: table.cramers_v(),
            test: table.chi_square(),
        }))
    }
}

/// Mean and sum of squares around it.
struct Spread {
    mean: f64,
    squares: f64,
    n: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut sum, mut n) = (Sum::default(), 0.0);
        for value in values.clone() {
            sum.add(value);
            n += 1.0;
        }
        let mean = sum.total() / n;
        let mut squares = Sum::default();
        for value in values {
            squares.add((value - mean) * (value - mean));
        }
        Self {
            mean,
            squares: squares.total(),
            n,
        }
    }

    fn population(&self) -> f64 {
        (self.squares / self.n).sqrt() / self.mean
    }

    fn sample(&self) -> f64 {
        (self.squares / (self.n - 1.0)).sqrt() / self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_is_none_and_impossible_an_error() {
        for contexts in [
            &[][..],
            &[(1, 5)],
            &[(0, 5), (0, 9)],
            &[(1, 1), (1, 1), (2, 5)],
        ] {
            assert_eq!(ContextInvariance::new(contexts).unwrap(), None);
        }
        assert!(
            ContextInvariance::new(&[(6, 5)])
                .unwrap_err()
                .is_inconsistent()
        );
        let huge = [(0, u64::MAX), (0, 1)];
        assert!(ContextInvariance::new(&huge).unwrap_err().is_overflow());
    }

    #[test]
    fn small_contexts_are_left_out_and_counted() {
        let with = ContextInvariance::new(&[(3, 10), (1, 1), (5, 20), (0, 0)])
            .unwrap()
            .unwrap();
        let without = ContextInvariance::new(&[(3, 10), (5, 20)])
            .unwrap()
            .unwrap();
        assert_eq!((with.contexts, with.left_out), (2, 2));
        assert_eq!(
            with.cv_rate_weighted.to_bits(),
            without.cv_rate_weighted.to_bits()
        );
    }

    #[test]
    fn a_value_of_every_conversation_has_no_test() {
        let always = ContextInvariance::new(&[(10, 10), (20, 20)])
            .unwrap()
            .unwrap();
        assert_eq!((always.test, always.cramers_v), (None, None));
        assert!(always.cv_rate < 1e-15 && always.cv_counts > 0.3);
    }
}
