//! One row's sums per column, gathered user by user.

use std::ops::{AddAssign, Mul};

/// A column's number as lists keep it: in two bytes where that does, so that the lists of all users stay in the cache.
pub(super) trait Label: Copy + Default + Into<u32> {
    /// Of a number that is known to fit.
    fn of(number: u32) -> Self;
}

impl Label for u16 {
    fn of(number: u32) -> Self {
        number as u16
    }
}

impl Label for u32 {
    fn of(number: u32) -> Self {
        number
    }
}

/// A whole number that sums are kept in.
trait Count: Copy + Default + AddAssign + Mul<Output = Self> + From<u32> + Into<u64> {}

impl Count for u32 {}
impl Count for u64 {}

/// A user's conversations of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a, T> {
    /// What the user adds to the row.
    pub(super) x: u32,
    /// The user's part of the whole.
    pub(super) total: u32,
    /// Whether there are several conversations, so that a column may come again.
    pub(super) several: bool,
    /// The user's columns, of all conversations, to which it adds 1.
    pub(super) once: &'a [T],
    /// The others, each with what the user adds to it.
    pub(super) more: &'a [[T; 2]],
    /// The columns of the conversations of the row, end to end.
    pub(super) own: &'a [T],
}

/// What a pair's products over users follow from, beside the sums of its lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PairSums {
    pub(crate) both: u64,
    pub(crate) both2: u64,
    pub(crate) both_x: u64,
    pub(crate) both_y: u64,
    pub(crate) both_m: u64,
    pub(crate) xy: u64,
    /// Users behind `both`.
    pub(crate) users: u64,
}

/// One row's sums per column.
///
/// Most rows' sums fit in 32 bits, and then most of them stay in the first-level cache.
#[derive(Debug, Clone)]
pub(crate) struct RowScratch {
    narrow: Lanes<u32>,
    wide: Lanes<u64>,
    /// Whether the row's sums are in `wide`.
    is_wide: bool,
    user: OfUser,
    /// The columns that were touched, if they are listed: where most of them are touched, a list is no help.
    touched: Option<Vec<u32>>,
}

/// What all rows' sums need to know of the user at hand, by column; at rest between users.
#[derive(Debug, Clone)]
struct OfUser {
    /// What the user adds to the column. 1 at rest: so it is for most.
    y: Vec<u32>,
    /// What the user adds to row and column together so far.
    both: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Lanes<C> {
    xy: Vec<C>,
    /// Sums of `both`, and of its products with `x`, `y` and `m`: together, so that one instruction adds them.
    both: Vec<[C; 4]>,
    /// What is to be added to `both` for its square, and to be taken off for the number of users: from users who repeat a pair.
    repeats: Vec<[C; 2]>,
}

impl RowScratch {
    pub(super) fn new(n_cols: usize) -> Self {
        Self {
            narrow: Lanes::new(n_cols),
            wide: Lanes::new(0),
            is_wide: false,
            user: OfUser {
                y: vec![1; n_cols],
                both: vec![0; n_cols],
            },
            touched: None,
        }
    }

    /// Makes ready for a row, none of whose sums is above `largest`, and to which `work` columns of users will be added.
    pub(super) fn clear(&mut self, largest: u64, work: u64) {
        let n_cols = self.user.y.len();
        let touched = self.touched.as_deref();
        if self.is_wide {
            self.wide.clear(touched);
        } else {
            self.narrow.clear(touched);
        }
        self.is_wide = u32::try_from(largest).is_err();
        if self.is_wide && self.wide.xy.is_empty() {
            self.wide = Lanes::new(n_cols);
        }
        let list = work < n_cols as u64 / 4;
        self.touched = list.then(|| {
            let mut touched = self.touched.take().unwrap_or_default();
            touched.clear();
            touched
        });
    }

    /// Adds a user's conversations of the row.
    pub(super) fn add<T: Label>(&mut self, group: Group<'_, T>) {
        if let Some(touched) = &mut self.touched {
            touched.extend(group.once.iter().map(|&col| col.into()));
            touched.extend(group.more.iter().map(|&[col, _]| col.into()));
        }
        if self.is_wide {
            self.wide.add(&mut self.user, group);
        } else {
            self.narrow.add(&mut self.user, group);
        }
    }

    #[inline]
    pub(crate) fn pair(&self, col: u32) -> PairSums {
        if self.is_wide {
            self.wide.pair(col)
        } else {
            self.narrow.pair(col)
        }
    }

    /// Columns that met the row in some conversation, ascending, with their sums.
    pub(crate) fn met(&self) -> Vec<(u32, PairSums)> {
        let met = |col: u32| Some((col, self.pair(col))).filter(|(_, pair)| pair.both > 0);
        match &self.touched {
            Some(touched) => {
                let mut met: Vec<_> = touched.iter().filter_map(|&col| met(col)).collect();
                met.sort_unstable_by_key(|&(col, _)| col);
                met.dedup_by_key(|&mut (col, _)| col);
                met
            }
            None => (0..self.user.y.len() as u32).filter_map(met).collect(),
        }
    }
}

impl<C: Count> Lanes<C> {
    fn new(n_cols: usize) -> Self {
        Self {
            xy: vec![C::default(); n_cols],
            both: vec![[C::default(); 4]; n_cols],
            repeats: vec![[C::default(); 2]; n_cols],
        }
    }

    fn clear(&mut self, touched: Option<&[u32]>) {
        let Some(touched) = touched else {
            self.xy.fill(C::default());
            self.both.fill([C::default(); 4]);
            self.repeats.fill([C::default(); 2]);
            return;
        };
        for &col in touched {
            let at = col as usize;
            self.xy[at] = C::default();
            self.both[at] = [C::default(); 4];
            self.repeats[at] = [C::default(); 2];
        }
    }

    fn add<T: Label>(&mut self, user: &mut OfUser, group: Group<'_, T>) {
        let (x, total) = (C::from(group.x), C::from(group.total));
        for &col in group.once {
            self.xy[at(col)] += x;
        }
        for &[col, y] in group.more {
            let y: u32 = y.into();
            self.xy[at(col)] += x * C::from(y);
            user.y[at(col)] = y;
        }
        for &col in group.own {
            let y = C::from(user.y[at(col)]);
            for (sum, more) in self.both[at(col)].iter_mut().zip([C::from(1), x, y, total]) {
                *sum += more;
            }
        }
        if group.several {
            // The square of a count is the sum of the odd numbers below its double.
            for &col in group.own {
                let before = user.both[at(col)];
                user.both[at(col)] = before + 1;
                let [squares, users] = &mut self.repeats[at(col)];
                *squares += C::from(2 * before);
                *users += C::from(u32::from(before > 0));
            }
            for &col in group.own {
                user.both[at(col)] = 0;
            }
        }
        for &[col, _] in group.more {
            user.y[at(col)] = 1;
        }
    }

    #[inline]
    fn pair(&self, col: u32) -> PairSums {
        let col = col as usize;
        let [both, both_x, both_y, both_m] = self.both.get(col).copied().unwrap_or_default();
        let [squares, repeats] = self.repeats.get(col).copied().unwrap_or_default();
        let both: u64 = both.into();
        PairSums {
            both,
            both2: both + squares.into(),
            both_x: both_x.into(),
            both_y: both_y.into(),
            both_m: both_m.into(),
            xy: self.xy.get(col).copied().unwrap_or_default().into(),
            users: both - repeats.into(),
        }
    }
}

fn at<T: Label>(col: T) -> usize {
    let col: u32 = col.into();
    col as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row's sums after two users: the first has two conversations of the row, with the columns 0, 1 and 1, 2, and one
    /// outside of it with the columns 1 and 3; the second has one with the column 1.
    fn filled<T: Label>(largest: u64, work: u64) -> RowScratch {
        let mut scratch = RowScratch::new(5);
        // A row before, of which nothing may be left.
        for row in 0..2 {
            scratch.clear(largest, work);
            let own = [0, 1, 1, 2].map(T::of);
            scratch.add(Group {
                x: 2,
                total: 3,
                several: true,
                once: &[0, 2, 3].map(T::of),
                more: &[[1, 3].map(T::of)],
                own: own.get(row * 2..).unwrap_or_default(),
            });
        }
        scratch.clear(largest, work);
        scratch.add(Group {
            x: 2,
            total: 3,
            several: true,
            once: &[0, 2, 3].map(T::of),
            more: &[[1, 3].map(T::of)],
            own: &[0, 1, 1, 2].map(T::of),
        });
        scratch.add(Group {
            x: 1,
            total: 1,
            several: false,
            once: &[T::of(1)],
            more: &[],
            own: &[T::of(1)],
        });
        scratch
    }

    #[test]
    fn sums_are_those_of_the_users() {
        let wide = u64::from(u32::MAX) + 1;
        for scratch in [
            filled::<u16>(100, 100),
            filled::<u16>(100, 0),
            filled::<u32>(wide, 100),
            filled::<u32>(wide, 0),
        ] {
            let met = scratch.met();
            assert_eq!(met.iter().map(|pair| pair.0).collect::<Vec<_>>(), [0, 1, 2]);
            assert_eq!(
                scratch.pair(1),
                PairSums {
                    both: 3,
                    both2: 5,
                    both_x: 5,
                    both_y: 7,
                    both_m: 7,
                    xy: 7,
                    users: 2,
                }
            );
            let apart = PairSums {
                xy: 2,
                ..PairSums::default()
            };
            assert_eq!(scratch.pair(3), apart);
            assert_eq!(scratch.pair(4), PairSums::default());
        }
    }
}
