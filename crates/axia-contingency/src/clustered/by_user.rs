//! The p-values and intervals of a scan's pairs when users, not conversations, are the independent units.

use super::loyalty::Loyalty;
use super::pass::UserPass;
use super::robust::Robust;
use crate::association::Association;
use crate::conversations::Conversations;
use crate::error::Error;
use crate::exact::{ExactMethod, Hypergeometric};
use crate::params::Estimand;
use crate::tails::{LogP, normal_two_sided, normal_upper_quantile};

/// Below this smallest expected count the scatter over users is itself too uncertain to be used.
const SPARSE: f64 = 5.0;

/// From this expected count on, enough is left of a depleted pair for its scatter over users to be seen.
const SEEN: f64 = 20.0;

/// A design effect is not brought up by more than this: with so much less met than expected there is an association.
const MOST_RAISED: f64 = 2.0;

/// Fills in each pair's robust residual and design effect, and, where users are known, corrects its p-value and intervals.
/// Pairs come by row.
///
/// * Where enough is expected, the p-value is that of the test's deviate over the root of a design effect as it would be without
///   an association ([`null_effect`]). The pair's own takes the association for scatter: with `k` users behind a pair a deviate over
///   it stays near the root of `k`, however strong the association.
/// * Where little is expected and more was met, each user counts once: the exact tail at the number of users. Users are
///   independent, and on average not more of them meet than conversations are expected to, so that this tail is safe; and one
///   user never makes a finding.
/// * Where less was met than expected, and fewer than 20 were expected, the scatter of what is missing cannot be seen; the design
///   effect then is at least the one that the margins give, how far users keep to the row times how far they keep to the
///   column.
///
/// Design effects below 1 are taken as 1. Intervals are widened by the pair's own: they hold where there is an association.
pub(crate) fn correct_by_user(
    conversations: &Conversations,
    (row_facet, col_facet): (usize, usize),
    estimand: Estimand,
    method: ExactMethod,
    pairs: &mut [Association],
) -> Result<(), Error> {
    let pass = UserPass::new(conversations, row_facet, col_facet, estimand)?;
    let robust = Robust::new(&pass, conversations);
    let loyalty = Loyalty::of(conversations, (row_facet, col_facet), estimand)?;
    let mut scratch = pass.scratch();
    for of_row in pairs.chunk_by_mut(|a, b| a.row == b.row) {
        let Some(row) = of_row.first().map(|pair| pair.row) else {
            continue;
        };
        pass.pass(row, &mut scratch);
        for pair in of_row {
            let sums = pass.sums(row, pair.col, &scratch);
            let score = robust.score(&sums, pass.row_conversations(row));
            pair.robust_residual = score.robust;
            pair.design_effect = score.design_effect;
            if conversations.users().is_none() {
                continue;
            }
            let unbounded = score.design_effect.unwrap_or(1.0);
            let own = unbounded.max(1.0);
            let sparse = pair.smallest_expected < SPARSE;
            let depleted = (pair.observed as f64) < pair.expected;
            let unseen = depleted && pair.expected < SEEN;
            let by_margins = loyalty.effect(row, pair.col);
            let of_interval = match (sparse, unseen) {
                (_, true) => own.max(by_margins),
                (true, false) => by_margins.max(1.0),
                (false, false) => own,
            };
            let effect = if sparse {
                of_interval
            } else {
                null_effect(pair, unbounded, by_margins)
            };
            pair.widen(of_interval.sqrt());
            let Some(ln_p) = pair.ln_p else { continue };
            pair.ln_p = if sparse && !depleted {
                let once = pair.users.unwrap_or(pair.observed);
                each_user_once(pair, once, method).map(|p| p.max(ln_p))
            } else {
                deflate(ln_p, effect)
            };
        }
    }
    Ok(())
}

/// The design effect of a pair without an association, from its own and that of its margins.
///
/// That of the margins is known well, from all users of the row and of the column; but it misses users who repeat the very pair.
/// The pair's own sees them. Its scatter grows with what was met, so that it is brought down to what was expected. Neither is
/// believed alone. Where less was met, it is brought up likewise: by chance the two fall together, and the scatter would then be
/// believed small just where that makes a finding.
fn null_effect(pair: &Association, own: f64, by_margins: f64) -> f64 {
    let scale = (pair.expected / pair.observed as f64).min(MOST_RAISED);
    by_margins.max(own * scale).max(1.0)
}

/// The p-value when only one conversation of each user counts.
fn each_user_once(pair: &Association, users: u64, method: ExactMethod) -> Option<LogP> {
    if users as f64 <= pair.expected {
        return Some(LogP::ONE);
    }
    Hypergeometric::new(pair.row_total, pair.col_total, pair.n)
        .ok()?
        .two_sided(users, method)
}

/// The p-value of the same deviate over the root of a design effect.
fn deflate(ln_p: LogP, effect: f64) -> Option<LogP> {
    let one_sided = LogP::clamped(ln_p.ln() - std::f64::consts::LN_2);
    match normal_upper_quantile(one_sided) {
        Some(z) => normal_two_sided(z / effect.sqrt()),
        None => Some(ln_p),
    }
}

impl Association {
    /// Stretches the intervals by a factor, on the scale that each is symmetric on.
    fn widen(&mut self, by: f64) {
        if let Some(difference) = &mut self.risk_difference {
            let value = difference.value;
            difference.low = (value - (value - difference.low) * by).max(-1.0);
            difference.high = (value + (difference.high - value) * by).min(1.0);
        }
        if let Some(ratio) = &mut self.risk_ratio {
            ratio.low = ratio.value * (ratio.low / ratio.value).powf(by);
            ratio.high = ratio.value * (ratio.high / ratio.value).powf(by);
        }
        if let Some(odds) = &mut self.odds_ratio {
            odds.low = odds.value * (odds.low / odds.value).powf(by);
            odds.high = odds.value * (odds.high / odds.value).powf(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::Associations;
    use crate::conversations_builder::ConversationEntry;
    use crate::params::AssociationParams;

    /// The associations of two rows and two columns in conversations with `(user, row, column)` of each id.
    fn scanned(conversations: u64, of: impl Fn(u64) -> (u64, u32, u32)) -> Associations {
        let mut builder = Conversations::builder(&[2, 2]);
        for id in 0..conversations {
            let (user, row, col) = of(id);
            let labels: [&[u32]; 2] = [&[row], &[col]];
            let entry = ConversationEntry::new(id, &labels).user(user);
            builder.push(&entry).unwrap();
        }
        let scan = AssociationParams::new().build().unwrap();
        let conversations = builder.build().unwrap();
        scan.scan_conversations(&conversations, 0, 1).unwrap()
    }

    #[test]
    fn one_user_never_makes_a_finding() {
        // The rare pair is met six times: by one user, or by six.
        for (spread, significant) in [(false, false), (true, true)] {
            let found = scanned(3000, |id| {
                let rare = id < 6;
                let user = if rare && !spread { 0 } else { id };
                (user, u32::from(rare), u32::from(rare))
            });
            assert!(found.by_user);
            assert_eq!(found.get(1, 1).unwrap().significant, significant);
        }
    }

    #[test]
    fn an_association_is_not_its_own_scatter() {
        // Of 400 users with five conversations each, 30 have the first task; they show value 0 in three of five
        // conversations, the others in one of ten.
        let found = scanned(2000, |id| {
            let first = id / 5 < 30;
            let shows = if first { id % 5 < 3 } else { id % 10 == 0 };
            (id / 5, u32::from(!first), u32::from(!shows))
        });
        let pair = found.get(0, 0).unwrap();
        // Over the pair's own scatter the deviate stays near the root of 30.
        let robust = pair.robust_residual.unwrap();
        assert!(robust < 6.0, "{robust}");
        assert!(pair.ln_p.unwrap() < normal_two_sided(1.2 * robust).unwrap());
    }

    #[test]
    fn a_user_who_repeats_a_pair_makes_no_finding() {
        // Rows and columns of 1,000 in 10,000; of 300 conversations with both 200 are of one user.
        let found = scanned(10_000, |id| {
            let (row, col) = (id < 1000, id < 300 || (1000..1700).contains(&id));
            let user = if id < 200 { 0 } else { id };
            (user, u32::from(!row), u32::from(!col))
        });
        assert!(!found.get(0, 0).unwrap().significant);
    }

    #[test]
    fn a_deviate_is_divided_by_the_root() {
        let p = normal_two_sided(4.0).unwrap();
        let deflated = deflate(p, 4.0).unwrap();
        assert!((deflated.ln() - normal_two_sided(2.0).unwrap().ln()).abs() < 1e-12);
        assert_eq!(deflate(LogP::ONE, 2.0), Some(LogP::ONE));
    }
}
