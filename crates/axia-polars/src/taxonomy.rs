//! The rows of a taxonomy as a data frame.

use axia_taxonomy::TreeRow;
use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use crate::Error;

/// Makes a data frame of the rows of a taxonomy (`Taxonomy::rows`, or `read_tree_csv`), one a node, in the published columns: `cluster_id`, `description`,
/// `name`, `level` (0 for values), `parent_cluster_id` (null on the top level) and `pct_total_occurrences`
/// (share of mentions, in percent).
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_taxonomy::TreeRow;
///
/// let rows = [
///     TreeRow::new("honesty", "honesty", 0, 100.0).with_parent("l1:0"),
///     TreeRow::new("l1:0", "Candour", 1, 100.0),
/// ];
/// let frame = axia_polars::taxonomy_to_data_frame(&rows)?;
/// assert_eq!(frame.shape(), (2, 6));
/// assert_eq!(frame.column("level")?.u32()?.get(1), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn taxonomy_to_data_frame(rows: &[TreeRow]) -> Result<DataFrame, Error> {
    let text = |of: fn(&TreeRow) -> &str| -> Vec<&str> { rows.iter().map(of).collect() };
    let parents: Vec<Option<&str>> = rows
        .iter()
        .map(|r| r.parent_cluster_id.as_deref())
        .collect();
    let levels: Vec<u32> = rows.iter().map(|r| r.level).collect();
    let shares: Vec<f64> = rows.iter().map(|r| r.pct_total_occurrences).collect();
    let columns: Vec<Column> = vec![
        Series::new("cluster_id".into(), text(|r| &r.cluster_id)).into(),
        Series::new("description".into(), text(|r| &r.description)).into(),
        Series::new("name".into(), text(|r| &r.name)).into(),
        Series::new("level".into(), levels).into(),
        Series::new("parent_cluster_id".into(), parents).into(),
        Series::new("pct_total_occurrences".into(), shares).into(),
    ];
    DataFrame::new(rows.len(), columns).map_err(|e| Error::write(&e))
}
