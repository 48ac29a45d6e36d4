//! What moves together in a permutation: a user's conversations, or a single one.

use crate::conversations::Conversations;
use crate::random::Random;

/// Units whose row categories may be exchanged: users with equally many conversations in the same strata; conversations of one
/// stratum, where users are not known. Everything else would change under the exchange more than the pairing of rows and
/// columns.
pub(crate) struct Blocks {
    /// The conversations of each unit, by stratum, then as they come.
    members: Vec<u32>,
    /// Where each unit's members start, and the end of the last; units of one class stand together.
    starts: Vec<u32>,
    /// Where each class starts, and the end of the last.
    classes: Vec<u32>,
}

impl Blocks {
    /// `stratum` names the stratum of a conversation.
    pub(crate) fn of(all: &Conversations, stratum: impl Fn(usize) -> u64) -> Self {
        let mut units: Vec<Vec<(u64, u32)>> = match all.by_user() {
            Some(users) => users
                .iter()
                .map(|of| of.iter().map(|&at| (stratum(at as usize), at)).collect())
                .collect(),
            None => (0..all.len() as u32)
                .map(|at| vec![(stratum(at as usize), at)])
                .collect(),
        };
        units.iter_mut().for_each(|unit| unit.sort_unstable());
        let strata = |unit: &[(u64, u32)]| -> Vec<u64> { unit.iter().map(|&(s, _)| s).collect() };
        // Stable: units of one class stay as they come.
        units.sort_by_cached_key(|unit| (unit.len(), strata(unit)));
        let mut blocks = Self {
            members: Vec::with_capacity(all.len()),
            starts: vec![0],
            classes: vec![0],
        };
        for class in units.chunk_by(|a, b| strata(a) == strata(b)) {
            for unit in class {
                blocks.members.extend(unit.iter().map(|&(_, at)| at));
                blocks.starts.push(blocks.members.len() as u32);
            }
            blocks.classes.push(blocks.starts.len() as u32 - 1);
        }
        blocks
    }

    pub(crate) fn units(&self) -> usize {
        self.starts.len() - 1
    }

    /// Units and conversations that have another to change places with.
    pub(crate) fn movable(&self) -> (u64, u64) {
        let of = |unit: u32| u64::from(self.starts[unit as usize]);
        self.classes
            .windows(2)
            .filter(|class| class[1] - class[0] > 1)
            .fold((0, 0), |(units, conversations), class| {
                (
                    units + u64::from(class[1] - class[0]),
                    conversations + of(class[1]) - of(class[0]),
                )
            })
    }

    fn unit(&self, unit: u32) -> &[u32] {
        let unit = unit as usize;
        &self.members[self.starts[unit] as usize..self.starts[unit + 1] as usize]
    }

    /// Shuffles the units of each class. `goes_to[i]` is the conversation that conversation `i`'s row categories go to.
    pub(crate) fn permute(
        &self,
        random: &mut Random,
        order: &mut Vec<u32>,
        goes_to: &mut Vec<u32>,
    ) {
        order.clear();
        order.extend(0..self.units() as u32);
        goes_to.resize(self.members.len(), 0);
        for class in self.classes.windows(2) {
            let units = &mut order[class[0] as usize..class[1] as usize];
            random.shuffle(units);
            for (&from, to) in units.iter().zip(class[0]..) {
                for (&from, &to) in self.unit(from).iter().zip(self.unit(to)) {
                    goes_to[from as usize] = to;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations_builder::ConversationEntry;

    #[test]
    fn only_like_units_change_places() {
        // Users 0 and 1 have two conversations each, user 2 one, user 3 two of which one is in another stratum.
        let users = [0, 0, 1, 1, 2, 3, 3];
        let strata = [0_u64, 1, 1, 0, 0, 0, 2];
        let mut builder = Conversations::builder(&[1]);
        for (&user, id) in users.iter().zip(0..) {
            builder
                .push(&ConversationEntry::new(id, &[&[0]]).user(user))
                .unwrap();
        }
        let all = builder.build().unwrap();
        let blocks = Blocks::of(&all, |at| strata[at]);
        assert_eq!((blocks.units(), blocks.movable()), (4, (2, 4)));
        let (mut order, mut goes_to) = (Vec::new(), Vec::new());
        let mut swapped = 0;
        for replicate in 0..100 {
            blocks.permute(&mut Random::new(1, replicate), &mut order, &mut goes_to);
            assert!((0..7).all(|at| strata[at] == strata[goes_to[at] as usize]));
            assert_eq!(&goes_to[4..], [4, 5, 6]);
            swapped += u32::from(goes_to[..4] == [3, 2, 1, 0]);
        }
        assert!((30..70).contains(&swapped), "{swapped}");
    }
}
