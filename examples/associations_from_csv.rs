//! Associations from a CSV file of long rows, with every column of the result.
//!
//! ```text
//! cargo run --release --example associations_from_csv -- examples/data/associations.csv
//! cargo run --release --example associations_from_csv -- FILE prevalence|mention_share|pair_table
//! ```
//!
//! The file has a header with the columns `conversation`, `user`, `row` and `column`: one line for each row category and
//! column category of a conversation. `user` may be missing or empty; an empty `row` or `column` says that the conversation
//! has none. The result goes to the standard output as CSV, one line for each pair, so that any of its numbers can be checked
//! with another tool; what the tests had in common goes to the standard error.
#![allow(clippy::print_stderr)]

use std::io::{BufWriter, Write};

use axia_contingency::{AssociationParams, Correction, Estimand, NamedConversations, ResultTable};

/// How many mentions the prior of the log odds ratios counts for.
const PRIOR: f64 = 500.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("give a CSV file of long rows")?;
    let estimand = match arguments.next().as_deref() {
        None | Some("prevalence") => Estimand::Prevalence,
        Some("mention_share") => Estimand::MentionShare,
        Some("pair_table") => Estimand::PairTable,
        Some(_) => return Err("the estimand is prevalence, mention_share or pair_table".into()),
    };

    // Read the long rows. Columns are found by name, in any order.
    let mut reader = csv::Reader::from_path(&file)?;
    let header = reader.headers()?.clone();
    let place = |name: &str| header.iter().position(|column| column == name);
    let conversation = place("conversation").ok_or("the file has no column 'conversation'")?;
    let row = place("row").ok_or("the file has no column 'row'")?;
    let column = place("column").ok_or("the file has no column 'column'")?;
    let user = place("user");
    let mut builder = NamedConversations::builder();
    for record in reader.records() {
        let record = record?;
        let field = |at: usize| record.get(at).filter(|text| !text.is_empty());
        builder.push(
            field(conversation).ok_or("a line has no conversation")?,
            user.and_then(field),
            field(row),
            field(column),
        )?;
    }
    let named = builder.build()?;

    // Every pair of categories, exact where little is expected.
    let scan = AssociationParams::new().estimand(estimand).build()?;
    let found = scan.scan_conversations(&named.conversations, 0, 1)?;
    eprintln!(
        "{} conversations, {} pairs listed, {} tests, corrected by {:?} at {}",
        found.conversations,
        found.pairs.len(),
        found.family.tests,
        found.family.correction,
        found.family.alpha
    );

    // And every column, under every correction, with the log odds ratios that a prior shrinks.
    let corrections = [
        Correction::Bonferroni,
        Correction::Sidak,
        Correction::Holm,
        Correction::Hochberg,
        Correction::Hommel,
        Correction::BenjaminiHochberg,
        Correction::BenjaminiYekutieli,
    ];
    let mut out = BufWriter::new(std::io::stdout().lock());
    ResultTable::new(&found, &corrections)
        .with_names(&named.rows, &named.cols)
        .with_log_odds(PRIOR)?
        .write_csv(&mut out)?;
    out.flush()?;
    Ok(())
}
