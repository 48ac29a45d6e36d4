//! Complementary suppression: what is hidden must not come back by subtraction.

use crate::Error;
use crate::threshold::{CellSize, Gate, Released, Suppressed, SuppressionReason};

impl Gate {
    /// Releases the cells that a published total is divided into.
    ///
    /// A cell that fails a threshold is suppressed. If the total less the released cells (what a
    /// reader can compute about all hidden cells together) fails them as well, the smallest released
    /// cell is suppressed, too, until that remainder passes, is empty, or nothing is released.
    /// Conversations of the total that are in none of the cells count as hidden.
    ///
    /// The result has one entry for each cell, in the same order. Among cells of the same size the last
    /// one is suppressed first.
    ///
    /// How many distinct users the hidden cells have together is not known from their sizes, so the
    /// fewest that are possible are assumed: without a limit on shares, at most one cell more is
    /// suppressed than with full knowledge of the users, and never one too few.
    ///
    /// # Errors
    ///
    /// When the cells hold more conversations than the total ([`Error::is_inconsistent_counts`]): cells
    /// that overlap are no partition. Values that a conversation can have several of make such
    /// tables; release their cells one by one, and publish no total.
    ///
    /// # Complexity
    ///
    /// O(n log n) in the number of cells.
    ///
    /// # Privacy
    ///
    /// This covers one table with one total. See [`Gate::release_crossed`] for two facets with published
    /// margins, and [`Gate::release_hierarchy`] for several levels.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::threshold::{CellSize, Thresholds};
    ///
    /// let gate = Thresholds::new().min_conversations(10).min_users(1).build()?;
    /// let size = |n| CellSize::from_counts(n, n, 0, n.min(1));
    /// let cells = vec![("a", size(50)?), ("b", size(12)?), ("c", size(3)?)];
    /// let released = gate.release_partition(size(65)?, cells)?;
    /// // 65 - 50 - 12 would give the 3 away, so "b" is hidden as well.
    /// assert!(released[0].is_ok() && released[1].is_err() && released[2].is_err());
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub fn release_partition<T>(
        &self,
        total: CellSize,
        cells: Vec<(T, CellSize)>,
    ) -> Result<Vec<Result<Released<T>, Suppressed>>, Error> {
        let sizes: Vec<CellSize> = cells.iter().map(|(_, size)| *size).collect();
        let reasons = self.suppressed_cells(total, &sizes)?;
        Ok(cells
            .into_iter()
            .zip(reasons)
            .map(|((value, size), reason)| match reason {
                None => Ok(Released::new(value, size)),
                Some(reason) => Err(Suppressed::new(reason)),
            })
            .collect())
    }

    fn suppressed_cells(
        &self,
        total: CellSize,
        sizes: &[CellSize],
    ) -> Result<Vec<Option<SuppressionReason>>, Error> {
        let mut hidden = Hidden::outside(total, sizes)?;
        let mut reasons: Vec<Option<SuppressionReason>> =
            sizes.iter().map(|size| self.check(*size).err()).collect();
        let mut released = Vec::new();
        for (i, size) in sizes.iter().enumerate() {
            if reasons.get(i).is_some_and(Option::is_some) {
                hidden.add(*size);
            } else {
                released.push((size.conversations(), i));
            }
        }
        // The smallest stands last, the last one first among equals.
        released.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        while hidden.conversations > 0 && !self.passes(hidden.size()) {
            let Some((_, i)) = released.pop() else { break };
            if let (Some(reason), Some(size)) = (reasons.get_mut(i), sizes.get(i)) {
                *reason = Some(SuppressionReason::Complementary);
                hidden.add(*size);
            }
        }
        Ok(reasons)
    }
}

/// What of a total is in none of its parts: the fewest users that it can have, and the most
/// conversations that one user can.
pub(super) fn remainder(total: CellSize, parts: &[CellSize]) -> Result<CellSize, Error> {
    let rest = |what, of: fn(CellSize) -> u64| {
        let sum = parts
            .iter()
            .fold(0_u64, |sum, size| sum.saturating_add(of(*size)));
        let total = of(total);
        total
            .checked_sub(sum)
            .ok_or_else(|| Error::partition(what, sum, total))
    };
    let conversations = rest("conversations", CellSize::conversations)?;
    let unknown = rest("conversations without a user", CellSize::unknown_users)?;
    let unscanned = rest("conversations that were not scanned", CellSize::unscanned)?;
    let known = conversations
        .checked_sub(unknown)
        .ok_or_else(|| Error::partition("conversations with a user", conversations, unknown))?;
    let largest = known.min(total.largest_user());
    Ok(
        CellSize::trusted(conversations, known.min(1), unknown, largest)
            .and_unscanned(unscanned.min(conversations)),
    )
}

/// What a reader can compute about all hidden cells together, at its least favourable.
struct Hidden {
    conversations: u64,
    unknown_users: u64,
    /// The most users of one hidden cell: their union has no fewer.
    users: u64,
    /// The largest users of all hidden cells might be the same person.
    largest_user: u64,
    unscanned: u64,
    /// Conversations of known users, each of whom may stand in several cells.
    total: CellSize,
}

impl Hidden {
    /// What of the total is in none of the cells.
    fn outside(total: CellSize, sizes: &[CellSize]) -> Result<Self, Error> {
        let rest = remainder(total, sizes)?;
        Ok(Self {
            conversations: rest.conversations(),
            unknown_users: rest.unknown_users(),
            users: rest.users(),
            largest_user: rest.largest_user(),
            unscanned: rest.unscanned(),
            total,
        })
    }

    fn add(&mut self, size: CellSize) {
        self.conversations += size.conversations();
        self.unknown_users += size.unknown_users();
        self.users = self.users.max(size.users());
        self.largest_user += size.largest_user();
        self.unscanned += size.unscanned();
    }

    fn size(&self) -> CellSize {
        // Nobody has more conversations here than the largest user of the total has everywhere.
        let largest = self.largest_user.min(self.total.largest_user());
        CellSize::trusted(self.conversations, self.users, self.unknown_users, largest)
            .and_unscanned(self.unscanned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threshold::{CellCounter, MissingUsers, Thresholds};
    use axia_conversation::UserId;
    use proptest::prelude::*;

    fn cell(n: u64) -> CellSize {
        CellSize::from_counts(n, n, 0, n.min(1)).unwrap()
    }

    fn released(gate: &Gate, total: u64, cells: &[u64]) -> Vec<bool> {
        let cells = cells.iter().map(|&n| ((), cell(n))).collect();
        let released = gate.release_partition(cell(total), cells).unwrap();
        released.iter().map(Result::is_ok).collect()
    }

    #[test]
    fn siblings_are_hidden_until_the_remainder_is_large_enough() {
        let gate = Thresholds::new()
            .min_conversations(10)
            .min_users(1)
            .build()
            .unwrap();
        assert_eq!(released(&gate, 60, &[20, 30, 10]), [true, true, true]);
        assert_eq!(released(&gate, 53, &[20, 30, 3]), [false, true, false]);
        assert_eq!(released(&gate, 53, &[20, 20, 13]), [true, true, true]);
        // Two small ones that are large together need no third.
        assert_eq!(released(&gate, 42, &[6, 30, 6]), [false, true, false]);
        // Empty cells give nothing away.
        assert_eq!(released(&gate, 50, &[50, 0]), [true, false]);
        // What is in none of the cells is hidden, too.
        assert_eq!(released(&gate, 55, &[20, 30]), [false, true]);
        assert_eq!(released(&gate, 9, &[4, 5]), [false, false]);
        assert_eq!(released(&gate, 40, &[20, 20]), [true, true]);
        assert_eq!(released(&gate, 43, &[20, 20, 3]), [true, false, false]);
    }

    #[test]
    fn cells_that_overlap_are_refused() {
        let gate = Thresholds::new().build().unwrap();
        let cells = vec![((), cell(8)), ((), cell(8))];
        let error = gate.release_partition(cell(15), cells).unwrap_err();
        assert!(error.is_inconsistent_counts());
    }

    proptest! {
        /// Random users in random cells: what a reader can compute is empty or passes with the users
        /// that it truly has, which the gate did not see.
        #[test]
        fn the_remainder_is_empty_or_passes(
            placed in proptest::collection::vec((0..8_usize, proptest::option::weighted(0.9, 0..12_u8)), 0..120),
            cells in 1..7_usize,
            min_conversations in 1..20_u64,
            min_users in 1..6_u64,
            share in proptest::option::of(0.3..1.0_f64),
            refuse in any::<bool>(),
        ) {
            let missing = if refuse { MissingUsers::Refuse } else { MissingUsers::default() };
            let gate = Thresholds::new()
                .min_conversations(min_conversations)
                .min_users(min_users)
                .max_user_share(share)
                .missing_users(missing)
                .build()
                .unwrap();
            let mut total = CellCounter::new();
            // Indices past the cells are conversations that are in none of them.
            let mut counters = vec![CellCounter::new(); 8];
            for (at, user) in &placed {
                let user = user.map(|u| UserId::new(u.to_string()));
                total.add(user.as_ref());
                counters[*at].add(user.as_ref());
            }
            let input = counters[..cells].iter().map(|c| ((), c.size())).collect();
            let output = gate.release_partition(total.size(), input).unwrap();
            let mut hidden = CellCounter::new();
            for (i, counter) in counters.iter().enumerate() {
                match output.get(i) {
                    Some(Ok(released)) => prop_assert!(gate.passes(released.size())),
                    _ => hidden.merge(counter),
                }
            }
            let any_released = output.iter().any(Result::is_ok);
            let size = hidden.size();
            prop_assert!(!any_released || size.conversations() == 0 || gate.passes(size));
        }
    }
}
