//! How far users keep to categories: what repeated conversations do to a pair whose row and column have nothing to do with each
//! other.

use super::grouping::UserLists;
use crate::conversations::{Conversations, Facet};
use crate::error::Error;
use crate::params::Estimand;

/// The design effects that pairs would have without an association, by their margins.
pub(super) struct Loyalty {
    rows: Vec<Line>,
    cols: Vec<Line>,
    /// Conversations beside one's own, on average over conversations.
    beside: f64,
}

/// What a row or column gives to the design effects of its pairs.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Scatter over conversations, in parts of what the table takes it for.
    alone: f64,
    /// By how much the scatter over users is above that over conversations, in parts of the latter.
    loyalty: f64,
}

/// How a facet enters the table.
#[derive(Debug, Clone, Copy)]
struct Side {
    /// Each conversation has the expectation of a category as often as it has labels of the facet; else once.
    weighed: bool,
    /// Each counts as often as the conversation has labels of the other facet; else once.
    by_others: bool,
}

impl Loyalty {
    pub(super) fn of(
        all: &Conversations,
        (row_facet, col_facet): (usize, usize),
        estimand: Estimand,
    ) -> Result<Self, Error> {
        let (rows, cols) = (all.require_facet(row_facet)?, all.require_facet(col_facet)?);
        let lists = UserLists::of(all);
        let squares: f64 = lists.iter().map(|own| (own.len() as f64).powi(2)).sum();
        let side = |weighed, by_others| Side { weighed, by_others };
        let (of_rows, of_cols) = match estimand {
            Estimand::Prevalence => (side(false, false), side(false, false)),
            Estimand::MentionShare => (side(false, true), side(true, false)),
            Estimand::PairTable => (side(true, true), side(true, true)),
        };
        Ok(Self {
            rows: of_rows.lines(rows, cols, &lists),
            cols: of_cols.lines(cols, rows, &lists),
            beside: squares / all.len() as f64 - 1.0,
        })
    }

    /// The design effect of a pair whose row and column have nothing to do with each other: one plus how far users keep to
    /// each of them, times what the table misses of the scatter over conversations. Exact when all users have equally many
    /// conversations of equally many labels.
    pub(super) fn effect(&self, row: u32, col: u32) -> f64 {
        let lines = self.rows.get(row as usize).zip(self.cols.get(col as usize));
        let effect = lines.map_or(1.0, |(row, col)| {
            // Nothing is repeated where nobody has a second conversation.
            let repeated = Some(row.loyalty * col.loyalty / self.beside);
            let excess = repeated.filter(|excess| excess.is_finite()).unwrap_or(0.0);
            row.alone * col.alone * (1.0 + excess)
        });
        if effect.is_finite() { effect } else { 1.0 }
    }
}

/// Of a line, sums of `x`, whether a conversation has the category, and of the weight `w`, 1 or the number of labels.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    x: f64,
    xw: f64,
    /// As the table counts it.
    counted: f64,
    /// Of users' sums.
    x2_users: f64,
    xw_users: f64,
}

/// Of all conversations.
#[derive(Debug, Clone, Copy, Default)]
struct Whole {
    w: f64,
    w2: f64,
    counted: f64,
    w2_users: f64,
}

impl Side {
    fn lines(self, facet: &Facet, other: &Facet, lists: &UserLists) -> Vec<Line> {
        let n_lines = facet.n_categories() as usize;
        let mut sums = vec![Sums::default(); n_lines];
        let mut whole = Whole::default();
        let (mut now, mut met) = (vec![0_u32; n_lines], Vec::new());
        for own in lists.iter() {
            let mut of_user = 0.0;
            for &index in own {
                let labels = facet.labels(index as usize);
                let weight = if self.weighed { labels.len() } else { 1 } as f64;
                let times = if self.by_others {
                    other.labels(index as usize).len()
                } else {
                    1
                } as f64;
                of_user += weight;
                whole.w += weight;
                whole.w2 += weight * weight;
                whole.counted += weight * times;
                for &line in labels {
                    let now = &mut now[line as usize];
                    if *now == 0 {
                        met.push(line);
                    }
                    *now += 1;
                    let sums = &mut sums[line as usize];
                    sums.xw += weight;
                    sums.counted += times;
                }
            }
            whole.w2_users += of_user * of_user;
            for line in met.drain(..) {
                let x = f64::from(std::mem::take(&mut now[line as usize]));
                let sums = &mut sums[line as usize];
                sums.x += x;
                sums.x2_users += x * x;
                sums.xw_users += x * of_user;
            }
        }
        sums.iter().map(|line| self.line(line, &whole)).collect()
    }

    fn line(self, line: &Sums, whole: &Whole) -> Line {
        let in_table = line.counted / whole.counted;
        // The mean that the robust residual takes.
        let q = if self.weighed {
            in_table
        } else {
            line.x / whole.w
        };
        // Sums of the squares of x - q w, over conversations and over users.
        let over = |x2: f64, xw: f64, w2: f64| x2 - 2.0 * q * xw + q * q * w2;
        let alone = over(line.x, line.xw, whole.w2);
        let users = over(line.x2_users, line.xw_users, whole.w2_users);
        let spread = in_table * (1.0 - in_table);
        let of_table = if self.weighed {
            alone / (whole.w * spread)
        } else {
            over(line.counted, line.counted, whole.counted) / (whole.counted * spread)
        };
        Line {
            alone: of_table,
            loyalty: (users / alone - 1.0).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;

    #[test]
    fn a_user_who_says_the_same_ten_times_counts_once() {
        // Users with ten conversations each, all alike: everything is ten times as uncertain. One label of each facet, so that
        // all three tables are the same.
        let mut builder = Conversations::builder(&[3, 4]);
        for id in 0..2400_u64 {
            let user = id / 10;
            let labels: [&[u32]; 2] = [&[(user % 3) as u32], &[(user / 3 % 4) as u32]];
            let entry = ConversationEntry::new(id, &labels).user(user);
            builder.push(&entry).unwrap();
        }
        let all = builder.build().unwrap();
        for estimand in [
            Estimand::Prevalence,
            Estimand::MentionShare,
            Estimand::PairTable,
        ] {
            let loyalty = Loyalty::of(&all, (0, 1), estimand).unwrap();
            for at in 0..12 {
                let effect = loyalty.effect(at / 4, at % 4);
                assert!((effect - 10.0).abs() < 1e-9, "{estimand:?} {effect}");
            }
            assert!((loyalty.effect(9, 0) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn labels_of_a_conversation_are_distinct() {
        // Half of the conversations have both labels of the second facet, the others none: no chance is left in which of them.
        let mut builder = Conversations::builder(&[2, 2]);
        for id in 0..400_u64 {
            let cols: &[u32] = if id % 4 < 2 { &[0, 1] } else { &[] };
            let labels: [&[u32]; 2] = [&[(id % 2) as u32], cols];
            builder.push(&ConversationEntry::new(id, &labels)).unwrap();
        }
        let all = builder.build().unwrap();
        let effect = |estimand| Loyalty::of(&all, (0, 1), estimand).unwrap().effect(0, 0);
        assert!(effect(Estimand::MentionShare).abs() < 1e-12);
        assert!((effect(Estimand::Prevalence) - 1.0).abs() < 1e-12);
    }
}
