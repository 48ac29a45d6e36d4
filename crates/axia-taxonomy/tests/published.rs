//! The published taxonomy, read from the folder that `AXIA_SHARED_DATA` names.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use axia_taxonomy::{
    CentralNamer, Label, LabelCount, LabelTable, TaxonomyParams, TreeRow, read_tree_csv,
    write_tree_csv,
};
use common::WordEmbedder;

fn published() -> Option<Vec<TreeRow>> {
    let Some(folder) = std::env::var_os("AXIA_SHARED_DATA") else {
        eprintln!("skipped: AXIA_SHARED_DATA is not set");
        return None;
    };
    let path = PathBuf::from(folder).join("published/values_tree.csv");
    Some(read_tree_csv(std::fs::File::open(path).unwrap()).unwrap())
}

#[test]
fn the_published_file_reads_back() {
    let Some(rows) = published() else { return };
    assert_eq!(rows.len(), 3604);
    let mut levels = BTreeMap::<u32, usize>::new();
    for row in &rows {
        *levels.entry(row.level).or_default() += 1;
    }
    assert_eq!(
        levels,
        BTreeMap::from([(0, 3307), (1, 266), (2, 26), (3, 5)])
    );
    let by_id: BTreeMap<&str, &TreeRow> = rows.iter().map(|r| (r.cluster_id.as_str(), r)).collect();
    for leaf in rows.iter().filter(|r| r.level == 0) {
        let mut row = leaf;
        for _ in 0..3 {
            row = by_id[row.parent_cluster_id.as_deref().unwrap()];
        }
        assert_eq!((row.level, &row.parent_cluster_id), (3, &None));
    }
    let tops = rows.iter().filter(|r| r.level == 3);
    let total: f64 = tops.map(|r| r.pct_total_occurrences).sum();
    assert!((total - 100.0).abs() < 1e-9, "{total}");
    let mut csv = Vec::new();
    write_tree_csv(&rows, &mut csv).unwrap();
    assert_eq!(read_tree_csv(csv.as_slice()).unwrap(), rows);
}

#[test]
fn the_doubles_of_the_published_labels_are_found_and_nothing_else() {
    let Some(rows) = published() else { return };
    let leaves: Vec<&TreeRow> = rows.iter().filter(|r| r.level == 0).collect();
    for leaf in &leaves {
        assert_eq!(
            Label::new(&leaf.cluster_id).unwrap().as_str(),
            leaf.cluster_id
        );
    }
    let table: LabelTable = leaves.iter().map(|r| &r.cluster_id).collect();
    let compounds: std::collections::BTreeSet<String> = leaves
        .iter()
        .map(|r| Label::new(&r.cluster_id).unwrap().key())
        .collect();
    assert_eq!(compounds.len(), 3307 - 33);
    let beyond: Vec<Vec<&str>> = table
        .iter()
        .map(|e| e.variants.iter().map(|(v, _)| *v).collect::<Vec<_>>())
        .filter(|variants| {
            let keys: std::collections::BTreeSet<String> = variants
                .iter()
                .map(|v| Label::new(v).unwrap().key())
                .collect();
            keys.len() > 1
        })
        .collect();
    assert_eq!(
        beyond,
        [
            vec!["backward compatibility", "backwards compatibility"],
            vec!["enabling harm", "harm enabling"],
            vec!["following instructions", "instruction following"],
            vec!["nurturing relationships", "relationship nurturing"],
            vec!["seeking wisdom", "wisdom-seeking"],
            vec!["sustainable practice", "sustainable practices"],
        ]
    );
    assert_eq!(table.len(), 3307 - 39);
    let index = table.index();
    assert_ne!(
        index.canonical("responsibility"),
        index.canonical("irresponsibility")
    );
}

#[test]
fn the_published_labels_build_in_the_published_shape() {
    let Some(rows) = published() else { return };
    let labels: Vec<LabelCount> = rows
        .iter()
        .filter(|r| r.level == 0)
        .map(|r| {
            LabelCount::new(
                r.cluster_id.as_str(),
                (r.pct_total_occurrences * 1000.0).round() as u64,
            )
        })
        .collect();
    let builder = TaxonomyParams::new()
        .level_sizes(vec![266, 26, 5])
        .n_runs(1)
        .build()
        .unwrap();
    let taxonomy = builder
        .fit(&labels, &WordEmbedder::default(), &CentralNamer::new())
        .unwrap();
    let sizes: Vec<usize> = taxonomy.levels().map(<[_]>::len).collect();
    assert_eq!(sizes, [3268, 266, 26, 5]);
}
