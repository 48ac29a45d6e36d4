//! The files: CSV in the published columns, and JSON.

use std::io::{Read, Write};

use axia_anonymize::threshold::Released;
use axia_taxonomy::TreeRow;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{AssociationRow, Error, Frequency, ResponseTypeShare};

/// Writes `value,pct_convos`: the share of the subjective conversations that show each value, in
/// percent; the most frequent first.
///
/// These are the columns of the published `values_frequencies.csv`.
///
/// # Errors
///
/// If writing fails.
pub fn write_values_frequencies<W: Write>(
    writer: W,
    rows: &[Released<Frequency>],
) -> Result<(), Error> {
    let mut sorted: Vec<&Frequency> = rows.iter().map(Released::value).collect();
    sorted.sort_by(|a, b| {
        b.conversations
            .cmp(&a.conversations)
            .then_with(|| a.label.cmp(&b.label))
    });
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(["value", "pct_convos"])
        .map_err(Error::csv)?;
    for row in sorted {
        csv.write_record([row.label.as_str(), &row.pct_conversations.to_string()])
            .map_err(Error::csv)?;
    }
    csv.flush().map_err(Error::io)
}

/// Writes `cluster_id,description,name,level,parent_cluster_id,pct_total_occurrences`: the taxonomy,
/// with the share of all value mentions, in percent.
///
/// These are the columns of the published `values_tree.csv`.
///
/// # Errors
///
/// If writing fails.
pub fn write_values_tree<W: Write>(writer: W, rows: &[Released<TreeRow>]) -> Result<(), Error> {
    write_rows(
        writer,
        &[
            "cluster_id",
            "description",
            "name",
            "level",
            "parent_cluster_id",
            "pct_total_occurrences",
        ],
        rows.iter().map(Released::value),
    )
}

/// Writes one line for each association, with every column of [`AssociationRow`].
///
/// # Errors
///
/// If writing fails.
pub fn write_associations<W: Write>(
    writer: W,
    rows: &[Released<AssociationRow>],
) -> Result<(), Error> {
    write_rows(
        writer,
        &[
            "estimand",
            "row_facet",
            "row",
            "column_facet",
            "column",
            "conversations",
            "row_total",
            "column_total",
            "n",
            "expected",
            "adjusted_residual",
            "lift",
            "risk_difference",
            "risk_difference_low",
            "risk_difference_high",
            "tested",
            "log10_p",
            "p",
            "p_bonferroni",
            "p_holm",
            "p_benjamini_hochberg",
            "significant",
        ],
        rows.iter().map(Released::value),
    )
}

/// Writes `response_type,conversations,pct_conversations`.
///
/// # Errors
///
/// If writing fails.
pub fn write_response_types<W: Write>(
    writer: W,
    rows: &[Released<ResponseTypeShare>],
) -> Result<(), Error> {
    write_rows(
        writer,
        &["response_type", "conversations", "pct_conversations"],
        rows.iter().map(Released::value),
    )
}

/// Writes any plain result as indented JSON that ends with a line feed.
///
/// # Errors
///
/// If writing fails.
pub fn write_json<W: Write, T: Serialize>(mut writer: W, value: &T) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut writer, value).map_err(Error::json)?;
    writer.write_all(b"\n").map_err(Error::io)
}

/// Reads back what [`write_json`] wrote.
///
/// # Errors
///
/// If reading fails or the text is not of the type's form.
pub fn read_json<R: Read, T: DeserializeOwned>(reader: R) -> Result<T, Error> {
    serde_json::from_reader(reader).map_err(Error::json)
}

/// The header is written even when there is no row, so that an empty table still tells its columns.
fn write_rows<'a, W: Write, T: Serialize + 'a>(
    writer: W,
    header: &[&str],
    rows: impl Iterator<Item = &'a T>,
) -> Result<(), Error> {
    let mut csv = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(writer);
    csv.write_record(header).map_err(Error::csv)?;
    for row in rows {
        csv.serialize(row).map_err(Error::csv)?;
    }
    csv.flush().map_err(Error::io)
}
