//! Opposites keep apart: adverse labels and opposed ones stand in branches of their own.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use axia_taxonomy::{
    Branch, CentralNamer, LabelCount, Method, MinimumSimilarity, Place, Taxonomy, TaxonomyParams,
    ValenceGuard,
};
use common::{WordEmbedder, labels};

fn with_opposites() -> Vec<LabelCount> {
    let mut labels = labels(6, 6);
    labels.push(LabelCount::new("honesty and cruelty", 5));
    labels.push(LabelCount::new("kindness exploitation", 4));
    labels.push(LabelCount::new("safety violation", 3));
    labels.push(LabelCount::new("honesty", 9).opposed());
    labels.push(LabelCount::new("courage", 9).adverse(true));
    labels
}

fn fit(params: TaxonomyParams) -> Taxonomy {
    let builder = params.level_sizes(vec![10, 4]).build().unwrap();
    builder
        .fit(
            &with_opposites(),
            &WordEmbedder::default(),
            &CentralNamer::new(),
        )
        .unwrap()
}

#[test]
fn no_node_holds_labels_of_two_branches() {
    for method in [Method::AverageLinkage, Method::Ward, Method::KMeans] {
        let taxonomy = fit(TaxonomyParams::new().method(method));
        for level in 0..3 {
            let branches: BTreeSet<Branch> = taxonomy
                .level(level)
                .iter()
                .map(|node| node.branch)
                .collect();
            assert_eq!(branches.len(), 3, "{method:?} at level {level}");
        }
        for node in taxonomy.nodes().iter().filter(|node| node.level > 0) {
            assert!(
                taxonomy
                    .children(node.id.as_str())
                    .all(|child| child.branch == node.branch)
            );
        }
        let branch = |label: &str| taxonomy.label(label).unwrap().branch;
        assert_eq!(branch("honesty and cruelty"), Branch::Adverse);
        assert_eq!(branch("courage"), Branch::Adverse);
        assert_eq!(branch("honesty (opposed)"), Branch::Opposed);
        assert_eq!(taxonomy.level(1).len(), 10);
        assert_eq!(taxonomy.level(2).len(), 4);
    }
}

#[test]
fn what_is_said_goes_before_what_is_guessed() {
    let taxonomy = fit(TaxonomyParams::new().valence(ValenceGuard::AsSaid));
    let branch = |label: &str| taxonomy.label(label).unwrap().branch;
    assert_eq!(branch("safety violation"), Branch::Main);
    assert_eq!(branch("courage"), Branch::Adverse);
}

#[test]
fn new_labels_keep_apart_too() {
    let embedder = WordEmbedder::default();
    let frozen = fit(TaxonomyParams::new())
        .freeze(&embedder, MinimumSimilarity::At(-1.0))
        .unwrap();
    let assigned = frozen.assign("kindness cruelty", &embedder).unwrap();
    let parent = assigned.parent.unwrap();
    assert_eq!(assigned.place, Place::Near);
    assert_eq!(
        frozen.taxonomy().node(parent.as_str()).unwrap().branch,
        Branch::Adverse
    );
    let assigned = frozen.assign("kindness of kindness", &embedder).unwrap();
    let parent = assigned.parent.unwrap();
    assert_eq!(
        frozen.taxonomy().node(parent.as_str()).unwrap().branch,
        Branch::Main
    );
}

#[test]
fn branches_survive_storing() {
    let taxonomy = fit(TaxonomyParams::new());
    let mut json = Vec::new();
    taxonomy.write_json(&mut json).unwrap();
    assert_eq!(Taxonomy::read_json(json.as_slice()).unwrap(), taxonomy);
}

#[test]
fn outliers_have_a_node_of_their_own() {
    let mut all = labels(4, 6);
    all.push(LabelCount::new("zugzwang", 1));
    let builder = TaxonomyParams::new()
        .level_sizes(vec![5, 2])
        .outlier_similarity(0.3)
        .build()
        .unwrap();
    let taxonomy = builder
        .fit(&all, &WordEmbedder::default(), &CentralNamer::new())
        .unwrap();
    assert_eq!(taxonomy.ancestor_at("zugzwang", 1).unwrap().labels, 1);
    assert_eq!(taxonomy.ancestor_at("zugzwang", 2).unwrap().labels, 1);
}

#[test]
fn new_labels_are_taken_as_they_are_said_to_be() {
    let embedder = WordEmbedder::default();
    let frozen = fit(TaxonomyParams::new())
        .freeze(&embedder, MinimumSimilarity::At(-1.0))
        .unwrap();
    let given = [
        LabelCount::new("honesty", 1).opposed(),
        LabelCount::new("honesty", 1),
        LabelCount::new("deep and new honesty", 1).opposed(),
        LabelCount::new("deep and new honesty", 1).adverse(true),
        LabelCount::new("kindness cruelty", 1).adverse(false),
    ];
    let found = frozen.assign_labels(&given, &embedder).unwrap();
    let branch = |at: usize| {
        let parent = found[at].parent.as_ref().unwrap();
        frozen.taxonomy().node(parent.as_str()).unwrap().branch
    };
    let places: Vec<Place> = found.iter().map(|a| a.place).collect();
    let near = Place::Near;
    assert_eq!(places, [Place::Known, Place::Known, near, near, near]);
    let branches: Vec<Branch> = (0..given.len()).map(branch).collect();
    assert_eq!(
        branches,
        [
            Branch::Opposed,
            Branch::Main,
            Branch::Opposed,
            Branch::Adverse,
            Branch::Main
        ]
    );
}
