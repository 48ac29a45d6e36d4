//! The published file format: one row a node.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::Kind;

/// A row of a taxonomy file with the columns of the published one (Huang et al. 2025,
/// `values_tree.csv`).
///
/// `Debug` shows level and share only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TreeRow {
    /// Names the node; on level 0 the label itself.
    pub cluster_id: String,
    /// What the node holds; empty on level 0.
    pub description: String,
    /// The node's name.
    pub name: String,
    /// 0 for labels, counted upwards.
    pub level: u32,
    /// Id of the node above, none on the top level.
    pub parent_cluster_id: Option<String>,
    /// Share of all mentions, in percent.
    pub pct_total_occurrences: f64,
}

impl TreeRow {
    /// A row without description and parent.
    #[must_use]
    pub fn new(
        cluster_id: impl Into<String>,
        name: impl Into<String>,
        level: u32,
        pct_total_occurrences: f64,
    ) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            description: String::new(),
            name: name.into(),
            level,
            parent_cluster_id: None,
            pct_total_occurrences,
        }
    }

    /// The same row with a description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The same row under a parent.
    #[must_use]
    pub fn with_parent(mut self, parent_cluster_id: impl Into<String>) -> Self {
        self.parent_cluster_id = Some(parent_cluster_id.into());
        self
    }
}

impl fmt::Debug for TreeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeRow")
            .field("level", &self.level)
            .field("pct_total_occurrences", &self.pct_total_occurrences)
            .finish_non_exhaustive()
    }
}

/// Writes rows as CSV with a header.
///
/// # Errors
///
/// If writing fails.
///
/// # Example
///
/// ```
/// use axia_taxonomy::{TreeRow, read_tree_csv, write_tree_csv};
///
/// let rows = [
///     TreeRow::new("honesty", "honesty", 0, 100.0).with_parent("l1:0"),
///     TreeRow::new("l1:0", "Candour", 1, 100.0).with_description("Saying, plainly, what is."),
/// ];
/// let mut csv = Vec::new();
/// write_tree_csv(&rows, &mut csv)?;
/// assert_eq!(read_tree_csv(csv.as_slice())?, rows);
/// # Ok::<(), axia_taxonomy::Error>(())
/// ```
pub fn write_tree_csv(rows: &[TreeRow], writer: impl Write) -> Result<(), Error> {
    let mut csv = csv::Writer::from_writer(writer);
    if rows.is_empty() {
        csv.write_record([
            "cluster_id",
            "description",
            "name",
            "level",
            "parent_cluster_id",
            "pct_total_occurrences",
        ])
        .map_err(Error::csv)?;
    }
    for row in rows {
        csv.serialize(row).map_err(Error::csv)?;
    }
    csv.flush().map_err(|e| Kind::Io(e).into())
}

/// Reads rows and checks that they make a tree: ids are unique, each parent stands on the next
/// level, and only nodes of the top level have none.
///
/// # Errors
///
/// If reading fails, if a column is missing or not of its type, or if the rows make no tree
/// ([`Error::index`] tells at which row, counted from 0).
pub fn read_tree_csv(reader: impl Read) -> Result<Vec<TreeRow>, Error> {
    let rows: Vec<TreeRow> = csv::Reader::from_reader(reader)
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(Error::csv)?;
    check(&rows)?;
    Ok(rows)
}

pub(crate) fn check(rows: &[TreeRow]) -> Result<(), Error> {
    let broken = |index, rule| -> Result<(), Error> {
        Err(Kind::Inconsistent {
            what: "the tree",
            index,
            rule,
        }
        .into())
    };
    let top = rows.iter().map(|row| row.level).max().unwrap_or(0);
    let mut levels = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        if levels.insert(row.cluster_id.as_str(), row.level).is_some() {
            return broken(index, "ids must be unique");
        }
        if !row.pct_total_occurrences.is_finite() || row.pct_total_occurrences < 0.0 {
            return broken(index, "shares must be finite and at least 0");
        }
    }
    for (index, row) in rows.iter().enumerate() {
        match &row.parent_cluster_id {
            None if row.level != top => {
                return broken(index, "only nodes of the top level have no parent");
            }
            Some(parent) => {
                let level = levels.get(parent.as_str()).copied();
                if level.is_none() || level != row.level.checked_add(1) {
                    return broken(index, "the parent must be a node of the next level");
                }
            }
            None => {}
        }
    }
    Ok(())
}
