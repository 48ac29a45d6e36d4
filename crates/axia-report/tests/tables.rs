//! The files have exactly the published columns, in a settled order, also when they are empty.
#![allow(clippy::unwrap_used)]

use axia_anonymize::threshold::{CellSize, Gate, Released, Thresholds};
use axia_report::{
    Frequency, InputSummary, LevelShare, Report, ReportBuilder, ResponseTypeShare, read_json,
    write_associations, write_json, write_response_types, write_values_frequencies,
    write_values_tree,
};

fn gate() -> Gate {
    Thresholds::new()
        .min_conversations(2)
        .min_users(1)
        .build()
        .unwrap()
}

fn released<T>(value: T, conversations: u64) -> Released<T> {
    let size = CellSize::from_counts(conversations, conversations, 0, 1).unwrap();
    gate().release(value, size).unwrap()
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), axia_report::Error>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn values_are_sorted_and_rounded_as_published() {
    let rows = [
        released(Frequency::new("clarity", 2, 7), 2),
        released(Frequency::new("honesty", 5, 7), 5),
        released(Frequency::new("accuracy, always", 2, 7), 2),
    ];
    assert_eq!(
        text(|out| write_values_frequencies(out, &rows)),
        "value,pct_convos\nhonesty,71.429\n\"accuracy, always\",28.571\nclarity,28.571\n"
    );
}

#[test]
fn empty_tables_have_their_columns() {
    assert_eq!(
        text(|out| write_values_frequencies(out, &[])),
        "value,pct_convos\n"
    );
    assert_eq!(
        text(|out| write_values_tree(out, &[])),
        "cluster_id,description,name,level,parent_cluster_id,pct_total_occurrences\n"
    );
    assert_eq!(
        text(|out| write_response_types(out, &[])),
        "response_type,conversations,pct_conversations\n"
    );
    assert!(text(|out| write_associations(out, &[])).starts_with("estimand,row_facet,row,"));
}

#[test]
fn response_types_name_their_denominator() {
    let rows = [released(ResponseTypeShare::new("reframing", 3, 8), 3)];
    assert_eq!(
        text(|out| write_response_types(out, &rows)),
        "response_type,conversations,pct_conversations\nreframing,3,37.5\n"
    );
}

#[test]
fn shares_of_nothing_are_zero_and_not_nan() {
    assert!(Frequency::new("x", 0, 0).pct_conversations.abs() < f64::EPSILON);
}

#[test]
fn a_report_reads_back_equal() {
    let report = ReportBuilder::new(InputSummary::default(), "anonymizer-1")
        .subjectivity(&released(LevelShare::new("subjective", 4, 9), 4), &[])
        .ai_values(&[released(
            Frequency::new("honesty", 3, 4).with_interval(0.3, 0.954),
            3,
        )])
        .note("a note")
        .build(axia_anonymize::threshold::SuppressionReport::new(&gate()));
    assert_eq!(report.subjectivity.subjective, 4);
    assert_eq!(report.ai_values[0].pct_high, Some(95.4));
    let json = text(|out| write_json(out, &report));
    assert!(json.ends_with("}\n"));
    let back: Report = read_json(json.as_bytes()).unwrap();
    assert_eq!(back, report);
    assert!(read_json::<_, Report>(&b"{"[..]).is_err());
}
