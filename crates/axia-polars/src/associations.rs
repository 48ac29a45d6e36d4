//! Associations and tested cells as data frames.

use axia_contingency::{CellTests, LogP, ResultTable};
use polars::prelude::{Column, DataFrame, NamedFrom, PlSmallStr, Series};
use serde_json::{Map, Value};

use crate::Error;

const TEXTS: &[&str] = &["estimand", "test", "untested"];
const FLAGS: &[&str] = &["odds_ratio_zero_cell", "significant", "low_expected"];
const COUNTS: &[&str] = &["observed", "row_total", "column_total", "n", "users"];
const CATEGORIES: &[&str] = &["row", "column"];

/// Makes a data frame of associations, one row a pair, in the columns of [`ResultTable`].
///
/// `row` and `column` are `u64` categories, or strings where the table has names; counts are `u64`, flags
/// `bool`, everything else `f64`. What is undefined is null.
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_contingency::{AssociationParams, Correction, Observations, ResultTable};
///
/// let observations = Observations::from_records(2, 2, 9, [(1, 0, 0), (2, 1, 1), (3, 0, 0)])?;
/// let found = AssociationParams::new().build()?.scan(&observations);
/// let table = ResultTable::new(&found, &[Correction::Holm]);
/// let frame = axia_polars::associations_to_data_frame(&table)?;
/// assert_eq!(frame.shape(), (found.pairs.len(), table.columns().len()));
/// assert!(frame.column("observed")?.u64()?.iter().all(|n| n > Some(0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn associations_to_data_frame(table: &ResultTable<'_>) -> Result<DataFrame, Error> {
    let mut lines = Vec::new();
    table
        .write_json_lines(&mut lines)
        .map_err(|e| Error::lines(&e))?;
    let rows = serde_json::Deserializer::from_slice(&lines)
        .into_iter::<Map<String, Value>>()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Error::json(&e))?;
    let columns = table.columns().into_iter().map(|name| column(name, &rows));
    DataFrame::new(rows.len(), columns.collect()).map_err(|e| Error::write(&e))
}

fn column(name: &'static str, rows: &[Map<String, Value>]) -> Column {
    let values = || rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null));
    let to = PlSmallStr::from_static(name);
    let numbered = CATEGORIES.contains(&name) && values().all(Value::is_u64);
    if COUNTS.contains(&name) || numbered {
        let counts: Vec<Option<u64>> = values().map(Value::as_u64).collect();
        Series::new(to, counts).into()
    } else if CATEGORIES.contains(&name) {
        // A category without a name keeps its number.
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        Series::new(to, values().map(text).collect::<Vec<_>>()).into()
    } else if TEXTS.contains(&name) {
        Series::new(to, values().map(Value::as_str).collect::<Vec<_>>()).into()
    } else if FLAGS.contains(&name) {
        Series::new(to, values().map(Value::as_bool).collect::<Vec<_>>()).into()
    } else {
        Series::new(to, values().map(Value::as_f64).collect::<Vec<_>>()).into()
    }
}

/// Makes a data frame of all cells of a tested table, row by row: `row` and `column` (`u32` categories),
/// `adjusted_residual`, `ln_p`, and `ln_p_` with the name of each correction.
///
/// # Errors
///
/// If polars refuses the table, for instance because it is too large for one frame.
///
/// # Example
///
/// ```
/// use axia_contingency::{AssociationParams, Correction, Table};
///
/// let table = Table::from_counts([(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 30)])?;
/// let scan = AssociationParams::new().build()?;
/// let cells = scan.test_table(&table, &[Correction::Holm])?.ok_or("one row")?;
/// let frame = axia_polars::cell_tests_to_data_frame(&cells)?;
/// assert_eq!(frame.shape(), (4, 5));
/// assert!(frame.column("ln_p_holm")?.f64()?.iter().all(|p| p < Some(0.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cell_tests_to_data_frame(cells: &CellTests) -> Result<DataFrame, Error> {
    let width = cells.cols.len();
    let rows = cells.rows.iter();
    let row: Vec<u32> = rows
        .flat_map(|&(id, _)| std::iter::repeat_n(id, width))
        .collect();
    let ids = || cells.cols.iter().map(|&(id, _)| id);
    let col: Vec<u32> = cells.rows.iter().flat_map(|_| ids()).collect();
    let logarithms = |p: &mut dyn Iterator<Item = LogP>| p.map(LogP::ln).collect::<Vec<f64>>();
    let height = row.len();
    let mut columns: Vec<Column> = vec![
        Series::new("row".into(), row).into(),
        Series::new("column".into(), col).into(),
        Series::new("adjusted_residual".into(), cells.adjusted()).into(),
        Series::new("ln_p".into(), logarithms(&mut cells.p())).into(),
    ];
    for correction in cells.corrections() {
        let Some(mut p) = cells.corrected(correction) else {
            continue;
        };
        let name = serde_json::to_value(correction).map_err(|e| Error::json(&e))?;
        let name = format!("ln_p_{}", name.as_str().unwrap_or_default());
        columns.push(Series::new(name.into(), logarithms(&mut p)).into());
    }
    DataFrame::new(height, columns).map_err(|e| Error::write(&e))
}
