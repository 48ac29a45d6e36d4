//! The account of what was held back, for the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::threshold::{Gate, MissingUsers, Released, Suppressed, SuppressionReason};

/// Counts released and suppressed cells by table and reason.
///
/// # Example
///
/// ```
/// use axia_anonymize::threshold::{CellSize, SuppressionReport, Thresholds};
///
/// let gate = Thresholds::new().build()?;
/// let mut report = SuppressionReport::new(&gate);
/// let small = gate.release("a rare value", CellSize::from_counts(3, 3, 0, 1)?);
/// report.record("values", &small);
/// assert_eq!(report.tables()["values"].suppressed_cells(), 1);
/// # Ok::<(), axia_anonymize::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuppressionReport {
    gate: Gate,
    tables: BTreeMap<String, TableSuppression>,
}

/// What became of the cells of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TableSuppression {
    /// Cells that were released.
    pub released_cells: u64,
    /// Those among them with conversations whose user is not known.
    pub released_cells_with_unknown_users: u64,
    /// Cells that were suppressed, by reason.
    pub suppressed: BTreeMap<SuppressionReason, u64>,
}

impl TableSuppression {
    /// Cells that were suppressed for any reason.
    #[must_use]
    pub fn suppressed_cells(&self) -> u64 {
        self.suppressed.values().sum()
    }

    fn merge(&mut self, other: &Self) {
        self.released_cells += other.released_cells;
        self.released_cells_with_unknown_users += other.released_cells_with_unknown_users;
        for (reason, n) in &other.suppressed {
            *self.suppressed.entry(*reason).or_default() += n;
        }
    }
}

impl SuppressionReport {
    /// An empty account for what this gate decides.
    #[must_use]
    pub fn new(gate: &Gate) -> Self {
        Self {
            gate: *gate,
            tables: BTreeMap::new(),
        }
    }

    /// Counts one decision of the gate under the name of a table.
    pub fn record<T>(&mut self, table: &str, decision: &Result<Released<T>, Suppressed>) {
        if !self.tables.contains_key(table) {
            self.tables
                .insert(table.to_owned(), TableSuppression::default());
        }
        let Some(counts) = self.tables.get_mut(table) else {
            return;
        };
        match decision {
            Ok(released) => {
                counts.released_cells += 1;
                let unknown = released.size().unknown_users() > 0;
                counts.released_cells_with_unknown_users += u64::from(unknown);
            }
            Err(suppressed) => *counts.suppressed.entry(suppressed.reason()).or_default() += 1,
        }
    }

    /// Adds the account of other cells, decided by the same gate.
    ///
    /// # Errors
    ///
    /// When the other account is about other thresholds
    /// ([`Error::is_invalid_parameter`](crate::Error::is_invalid_parameter)).
    pub fn merge(&mut self, other: &Self) -> Result<(), crate::Error> {
        if self.gate != other.gate {
            return Err(crate::Error::parameter(
                "the thresholds of a merged report",
                "those of this report",
                "others",
            ));
        }
        for (table, counts) in &other.tables {
            self.tables.entry(table.clone()).or_default().merge(counts);
        }
        Ok(())
    }

    /// The gate that decided.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The counts by name of table.
    #[must_use]
    pub fn tables(&self) -> &BTreeMap<String, TableSuppression> {
        &self.tables
    }

    /// What a reader has to be told, one sentence each: the thresholds, what was held back, and whether
    /// distinct users could be checked.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let limits = self.gate.thresholds();
        let mut all = TableSuppression::default();
        for counts in self.tables.values() {
            all.merge(counts);
        }
        let mut notes = vec![format!(
            "Cells stand on at least {} conversations and {} users.",
            limits.min_conversations, limits.min_users
        )];
        if let Some(share) = limits.max_user_share {
            notes.push(format!(
                "No user has more than {share} of a cell's conversations."
            ));
        }
        let hidden = all.suppressed_cells();
        if hidden > 0 {
            notes.push(format!("Cells that were suppressed: {hidden}."));
        }
        let unknown = all.released_cells_with_unknown_users;
        if unknown > 0 && limits.missing_users == MissingUsers::EachConversationIsAUser {
            notes.push(format!(
                "Distinct users could not be checked: {unknown} of {} released cells hold conversations \
                 without a user id, each of which was counted as a user of its own.",
                all.released_cells
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threshold::{CellSize, Thresholds};

    #[test]
    fn unknown_users_are_said_aloud_and_reports_merge() {
        let gate = Thresholds::new().build().unwrap();
        let decide = |conversations, users, unknown| {
            let size = CellSize::from_counts(conversations, users, unknown, users.min(1)).unwrap();
            gate.release((), size)
        };
        let mut report = SuppressionReport::new(&gate);
        report.record("values", &decide(20, 20, 0));
        assert!(!report.notes().join(" ").contains("could not be checked"));
        let mut other = SuppressionReport::new(&gate);
        other.record("values", &decide(20, 0, 20));
        other.record("tasks", &decide(3, 3, 0));
        report.merge(&other).unwrap();
        let notes = report.notes().join(" ");
        assert!(
            notes.contains("could not be checked: 1 of 2 released"),
            "{notes}"
        );
        assert!(notes.contains("Cells that were suppressed: 1."));

        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            serde_json::from_str::<SuppressionReport>(&json).unwrap(),
            report
        );

        let stricter = Thresholds::new().min_users(9).build().unwrap();
        let mut foreign = SuppressionReport::new(&stricter);
        assert!(foreign.merge(&report).unwrap_err().is_invalid_parameter());
    }
}
