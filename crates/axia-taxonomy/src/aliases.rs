//! Aliases: which label stands for which other, by a user's file.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::{Error, Label};

/// Labels that other labels stand for: "candour" for "honesty", say.
///
/// Spellings do not matter on either side. Chains are followed: if `a` is `b` and `b` is `c`, then `a`
/// is `c`. `Debug` shows only how many there are.
///
/// # Example
///
/// ```
/// use axia_taxonomy::{AliasTable, LabelTable};
///
/// let aliases = AliasTable::read_csv("alias,label\ncandour,honesty\n".as_bytes())?;
/// let mut table = LabelTable::new();
/// table.extend(["Candor", "honesty", "kindness"]);
/// let table = table.with_aliases(&aliases);
/// assert_eq!((table.len(), table.canonical("Honesty")), (2, Some("honesty")));
/// // The alias is gone from the table: its mentions are those of the label that it stands for.
/// assert_eq!(table.canonical("candour"), None);
/// # Ok::<(), axia_taxonomy::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Label, Label)>", into = "Vec<(Label, Label)>")]
pub struct AliasTable {
    /// By the alias's key: the alias as given, and the label it stands for.
    aliases: BTreeMap<String, (Label, Label)>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    alias: String,
    label: String,
}

impl AliasTable {
    /// No aliases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `label` stand for `alias`. The same pair again changes nothing, and neither does a label
    /// that stands for another spelling of itself.
    ///
    /// # Errors
    ///
    /// If one of them has no letter or digit, if another label stands for the alias already, or if the
    /// label's own chain of aliases leads back to it.
    pub fn add(&mut self, alias: &str, label: &str) -> Result<(), Error> {
        let index = self.aliases.len();
        let blank = || Error::from(Kind::Blank { index });
        let alias = Label::new(alias).ok_or_else(blank)?;
        let label = Label::new(label).ok_or_else(blank)?;
        let key = alias.key();
        let broken = |rule| -> Error {
            Kind::Inconsistent {
                what: "the alias table",
                index,
                rule,
            }
            .into()
        };
        if let Some((_, held)) = self.aliases.get(&key) {
            return match held.key() == label.key() {
                true => Ok(()),
                false => Err(broken("one label must stand for an alias")),
            };
        }
        if self.end(&label).key() == key {
            return match label.key() == key {
                true => Ok(()),
                false => Err(broken("aliases must not lead back to themselves")),
            };
        }
        self.aliases.insert(key, (alias, label));
        Ok(())
    }

    /// Number of aliases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.aliases.len()
    }

    /// Whether there is no alias.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.aliases.is_empty()
    }

    /// The aliases with what stands for them, in order of the aliases' keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases
            .values()
            .map(|(alias, label)| (alias.as_str(), label.as_str()))
    }

    /// The label that stands for this one; itself if no other does.
    #[must_use]
    pub fn resolve(&self, label: &Label) -> Label {
        self.end(label).clone()
    }

    /// No chain is longer than the table, as none leads back to itself.
    fn end<'a>(&'a self, label: &'a Label) -> &'a Label {
        let mut label = label;
        while let Some((_, next)) = self.aliases.get(&label.key()) {
            label = next;
        }
        label
    }

    /// Reads CSV with the columns `alias` and `label`.
    ///
    /// # Errors
    ///
    /// If reading fails, if a column is missing, or as [`add`](Self::add), with the row's index.
    pub fn read_csv(reader: impl Read) -> Result<Self, Error> {
        let mut table = Self::new();
        for row in csv::Reader::from_reader(reader).deserialize() {
            let row: Row = row.map_err(Error::csv)?;
            table.add(&row.alias, &row.label)?;
        }
        Ok(table)
    }

    /// Writes what [`read_csv`](Self::read_csv) reads.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn write_csv(&self, writer: impl Write) -> Result<(), Error> {
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(["alias", "label"]).map_err(Error::csv)?;
        for (alias, label) in self.iter() {
            csv.write_record([alias, label]).map_err(Error::csv)?;
        }
        csv.flush().map_err(|e| Kind::Io(e).into())
    }
}

impl From<AliasTable> for Vec<(Label, Label)> {
    fn from(table: AliasTable) -> Self {
        table.aliases.into_values().collect()
    }
}

impl TryFrom<Vec<(Label, Label)>> for AliasTable {
    type Error = Error;

    fn try_from(pairs: Vec<(Label, Label)>) -> Result<Self, Error> {
        let mut table = Self::new();
        for (alias, label) in pairs {
            table.add(alias.as_str(), label.as_str())?;
        }
        Ok(table)
    }
}

impl fmt::Debug for AliasTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AliasTable({} aliases)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_followed_and_rings_refused() {
        let mut table = AliasTable::new();
        table.add("candour", "frankness").unwrap();
        table.add("frankness", "honesty").unwrap();
        table.add("Candor", "frankness").unwrap();
        assert_eq!(table.len(), 2);
        let end = |text| table.resolve(&Label::new(text).unwrap()).to_string();
        assert_eq!(end("candor"), "honesty");
        assert_eq!(end("kindness"), "kindness");
        let mut ring = table.clone();
        assert!(
            ring.add("honesty", "candour")
                .unwrap_err()
                .is_invalid_data()
        );
        assert!(
            ring.add("candour", "kindness")
                .unwrap_err()
                .is_invalid_data()
        );
        assert_eq!(ring.add("?", "kindness").unwrap_err().index(), Some(2));
        ring.add("well being", "wellbeing").unwrap();
        assert_eq!(ring.len(), 2);

        let mut csv = Vec::new();
        table.write_csv(&mut csv).unwrap();
        assert_eq!(AliasTable::read_csv(csv.as_slice()).unwrap(), table);
        assert!(!format!("{table:?}").contains("honesty"));
    }
}
