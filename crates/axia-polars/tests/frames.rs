//! Results as data frames: the same numbers as in the results themselves, with nulls where nothing is defined.
#![allow(clippy::unwrap_used)]

use axia_contingency::{AssociationParams, Correction, Observations, ResultTable, Table};
use axia_extract::{
    EvidenceSpan, Extraction, ResponseType, Stance, Subjectivity, SubjectivityLevel, Task,
    ValueMention,
};
use axia_polars::{
    associations_to_data_frame, cell_tests_to_data_frame, extractions_to_data_frame,
    mentions_to_data_frame, taxonomy_to_data_frame,
};
use axia_taxonomy::TreeRow;
use polars::prelude::{AnyValue, CsvWriter, DataFrame, SerWriter};

fn cell<'f>(frame: &'f DataFrame, column: &str, row: usize) -> AnyValue<'f> {
    frame.column(column).unwrap().get(row).unwrap()
}

fn csv(mut frame: DataFrame) -> String {
    let mut out = Vec::new();
    CsvWriter::new(&mut out).finish(&mut frame).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn associations_keep_every_number() {
    let mut builder = Observations::builder(2, 3);
    for id in 0..40_u64 {
        let row = (id % 2) as u32;
        builder
            .push_with_user(id, id / 2, &[row], &[row, 2])
            .unwrap();
    }
    let scan = AssociationParams::new().build().unwrap();
    let found = scan.scan(&builder.build().unwrap());
    let table = ResultTable::new(&found, &[Correction::Holm]);
    let frame = associations_to_data_frame(&table).unwrap();
    assert_eq!(frame.height(), found.pairs.len());
    for (at, pair) in found.pairs.iter().enumerate() {
        assert_eq!(cell(&frame, "row", at), AnyValue::UInt64(pair.row.into()));
        assert_eq!(
            cell(&frame, "users", at),
            AnyValue::UInt64(pair.users.unwrap())
        );
        assert_eq!(cell(&frame, "lift", at), AnyValue::Float64(pair.lift));
        let ln_p = pair
            .ln_p
            .map_or(AnyValue::Null, |p| AnyValue::Float64(p.ln()));
        assert_eq!(cell(&frame, "ln_p", at), ln_p);
        assert_eq!(
            cell(&frame, "significant", at),
            AnyValue::Boolean(pair.significant)
        );
    }
    let untested = frame.column("untested").unwrap();
    assert!(untested.null_count() > 0 && untested.null_count() < frame.height());
    // One name is given, the other category keeps its number.
    let names = ["advice".to_owned()];
    let named = associations_to_data_frame(&table.with_names(&names, &[])).unwrap();
    let rows: Vec<_> = named.column("row").unwrap().str().unwrap().iter().collect();
    assert!(rows.contains(&Some("advice")) && rows.contains(&Some("1")));
    assert_eq!(csv(named).lines().count(), found.pairs.len() + 1);
}

#[test]
fn no_associations_make_an_empty_frame_with_all_columns() {
    let scan = AssociationParams::new().build().unwrap();
    let found = scan.scan(&Observations::builder(2, 2).build().unwrap());
    let table = ResultTable::new(&found, &[]);
    let frame = associations_to_data_frame(&table).unwrap();
    assert_eq!(frame.shape(), (0, table.columns().len()));
    assert_eq!(extractions_to_data_frame(&[]).unwrap().shape(), (0, 9));
    assert_eq!(mentions_to_data_frame(&[]).unwrap().shape(), (0, 9));
    assert_eq!(taxonomy_to_data_frame(&[]).unwrap().shape(), (0, 6));
}

#[test]
fn cells_stand_row_by_row() {
    let table = Table::from_counts([(3, 0, 30), (3, 7, 10), (5, 0, 10), (5, 7, 30)]).unwrap();
    let scan = AssociationParams::new().build().unwrap();
    let corrections = [Correction::Bonferroni, Correction::BenjaminiHochberg];
    let cells = scan.test_table(&table, &corrections).unwrap().unwrap();
    let frame = cell_tests_to_data_frame(&cells).unwrap();
    let ids = |name: &str| -> Vec<u32> {
        let column = frame.column(name).unwrap().u32().unwrap().clone();
        column.into_no_null_iter().collect()
    };
    assert_eq!(
        (ids("row"), ids("column")),
        (vec![3, 3, 5, 5], vec![0, 7, 0, 7])
    );
    assert_eq!(
        cell(&frame, "adjusted_residual", 3),
        AnyValue::Float64(cells.adjusted()[3])
    );
    assert_eq!(
        cell(&frame, "ln_p", 1),
        AnyValue::Float64(cells.p_at(1).unwrap().ln())
    );
    assert!(frame.column("ln_p_bonferroni").is_ok());
    assert!(frame.column("ln_p_benjamini_hochberg").is_ok());
}

fn extraction() -> Extraction {
    let stated = ValueMention::new("honesty", Stance::Upholds, 0.75)
        .stated()
        .with_evidence(EvidenceSpan::new(1, 4, 11));
    Extraction::new(
        "chat, \"1\"",
        Subjectivity::new(SubjectivityLevel::Subjective, 0.5),
    )
    .with_task(Task::new("relationship advice", 0.25))
    .with_ai_values(vec![
        stated,
        ValueMention::new("cruelty", Stance::Opposes, 0.5),
    ])
    .with_human_values(vec![ValueMention::new("fairness", Stance::Discusses, 0.5)])
    .with_response_type(ResponseType::MildSupport)
}

#[test]
fn extractions_have_a_row_and_their_mentions_each_one() {
    let bare = Extraction::new("2", Subjectivity::new(SubjectivityLevel::Objective, 1.0));
    let both = [extraction(), bare];
    let frame = extractions_to_data_frame(&both).unwrap();
    assert_eq!(frame.height(), 2);
    assert_eq!(cell(&frame, "subjectivity", 0), AnyValue::UInt32(4));
    assert_eq!(cell(&frame, "task", 1), AnyValue::Null);
    assert_eq!(cell(&frame, "subjective", 1), AnyValue::Boolean(false));
    let lists = frame.column("ai_values").unwrap().list().unwrap();
    let labels = |row| -> Vec<String> {
        let list = lists.get_as_series(row).unwrap();
        let labels = list.str().unwrap().iter().map(|l| l.unwrap().to_owned());
        labels.collect()
    };
    assert_eq!(
        (labels(0), labels(1)),
        (vec!["honesty".to_owned()], Vec::new())
    );

    let frame = mentions_to_data_frame(&both).unwrap();
    assert_eq!(frame.shape(), (3, 9));
    assert_eq!(cell(&frame, "start", 0), AnyValue::UInt64(4));
    assert_eq!(cell(&frame, "start", 1), AnyValue::Null);
    let text = csv(frame);
    assert!(
        text.contains("\"chat, \"\"1\"\"\",ai,honesty,upholds,true,0.75,1,4,11"),
        "{text}"
    );
    assert!(
        text.contains(",human,fairness,discusses,false,0.5,,,"),
        "{text}"
    );
}

#[test]
fn taxonomies_have_the_published_columns() {
    let rows = [
        TreeRow::new("honesty", "honesty", 0, 62.5).with_parent("l1:0"),
        TreeRow::new("l1:0", "Candour", 1, 62.5).with_description("Saying what is."),
    ];
    let text = csv(taxonomy_to_data_frame(&rows).unwrap());
    let head = "cluster_id,description,name,level,parent_cluster_id,pct_total_occurrences\n";
    assert!(text.starts_with(head), "{text}");
    assert!(
        text.contains("l1:0,Saying what is.,Candour,1,,62.5"),
        "{text}"
    );
}
