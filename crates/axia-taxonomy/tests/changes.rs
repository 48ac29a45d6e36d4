//! Edits, differences, files from elsewhere, sweeps and secondary parents.
#![allow(clippy::unwrap_used)]

mod common;

use axia_taxonomy::{
    CentralNamer, Edit, Levels, SweepRule, Taxonomy, TaxonomyParams, TreeRow, read_edits,
    write_edits,
};
use common::{WordEmbedder, labels};

fn built() -> Taxonomy {
    let builder = TaxonomyParams::new()
        .level_sizes(vec![8, 3])
        .build()
        .unwrap();
    builder
        .fit(
            &labels(8, 5),
            &WordEmbedder::default(),
            &CentralNamer::new(),
        )
        .unwrap()
}

#[test]
fn edits_change_and_replay() {
    let before = built();
    let [a, b, ..] = before.level(1) else {
        panic!("two nodes")
    };
    let leaf = a.children[0].clone();
    let other = before
        .level(2)
        .iter()
        .find(|n| a.parent.as_ref() != Some(&n.id))
        .unwrap();
    let edits = vec![
        Edit::Move {
            node: leaf.clone(),
            to: b.id.clone(),
        },
        Edit::Rename {
            node: b.id.clone(),
            name: "Something else".into(),
            description: None,
        },
        Edit::Move {
            node: b.id.clone(),
            to: other.id.clone(),
        },
        Edit::Split {
            node: b.id.clone(),
            children: vec![leaf.clone()],
            name: "Of its own".into(),
            description: String::new(),
        },
        Edit::Merge {
            node: a.id.clone(),
            into: b.id.clone(),
        },
    ];
    let after = before.with_edits(&edits).unwrap();
    assert_eq!(after.edits(), edits);
    assert!(after.node(a.id.as_str()).is_none());
    assert_eq!(after.node(b.id.as_str()).unwrap().name, "Something else");
    assert_eq!(
        after.ancestor_at(leaf.as_str(), 1).unwrap().name,
        "Of its own"
    );
    assert_eq!(after.ancestor_at(leaf.as_str(), 2).unwrap().id, other.id);
    assert_eq!(after.mentions(), before.mentions());
    let mut file = Vec::new();
    write_edits(&edits, &mut file).unwrap();
    let replayed = before
        .with_edits(&read_edits(file.as_slice()).unwrap())
        .unwrap();
    assert_eq!(
        replayed.fingerprint().unwrap(),
        after.fingerprint().unwrap()
    );
    let mut json = Vec::new();
    after.write_json(&mut json).unwrap();
    assert_eq!(Taxonomy::read_json(json.as_slice()).unwrap(), after);

    let difference = after.difference(&before).unwrap();
    assert!(difference.added.is_empty() && difference.removed.is_empty());
    // Those of the two merged nodes that the result is less like.
    assert!(!difference.moved.is_empty());
    assert!(difference.moved.iter().all(|moved| moved.to == b.id));
    assert!(difference.levels[0].adjusted_mutual_information < 1.0);
    let none = before.difference(&before).unwrap();
    assert!(none.moved.is_empty());
    assert!((none.levels[0].adjusted_mutual_information - 1.0).abs() < 1e-9);
    assert!(
        none.levels[1]
            .matches
            .iter()
            .all(|m| (m.overlap - 1.0).abs() < 1e-9)
    );
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    let taxonomy = built();
    let [a, b, ..] = taxonomy.level(1) else {
        panic!("two nodes")
    };
    let top = &taxonomy.level(2)[0];
    let node = a.id.clone();
    for edit in [
        Edit::Move {
            node: node.clone(),
            to: b.id.clone(),
        },
        Edit::Merge {
            node: node.clone(),
            into: node.clone(),
        },
        Edit::Merge {
            node: node.clone(),
            into: top.id.clone(),
        },
        Edit::Rename {
            node: node.clone(),
            name: b.name.to_uppercase(),
            description: None,
        },
        Edit::Rename {
            node: a.children[0].clone(),
            name: "x".into(),
            description: None,
        },
        Edit::Split {
            node: node.clone(),
            children: a.children.clone(),
            name: "x".into(),
            description: String::new(),
        },
    ] {
        let good = Edit::Rename {
            node: top.id.clone(),
            name: "New".into(),
            description: None,
        };
        let error = taxonomy.with_edits(&[good, edit]).unwrap_err();
        assert_eq!(error.index(), Some(1), "{error}");
    }
    let unknown = r#"{"edit":"move","node":"nothing","to":"nowhere"}"#;
    let unknown = read_edits(unknown.as_bytes()).unwrap();
    assert!(taxonomy.with_edits(&unknown).unwrap_err().is_invalid_data());
    let error = read_edits("\n\n{\"edit\":\"burn\"}".as_bytes()).unwrap_err();
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[test]
fn a_file_from_elsewhere_reads_back() {
    let taxonomy = built();
    let embedder = WordEmbedder::default();
    let again = Taxonomy::from_rows(&taxonomy.rows(), &embedder).unwrap();
    assert_eq!(again.n_levels(), 3);
    let difference = again.difference(&taxonomy).unwrap();
    assert!(difference.moved.is_empty() && difference.added.is_empty());
    let odd = [
        TreeRow::new("Honesty", "Honesty", 0, 1.0).with_parent("a"),
        TreeRow::new("a", "A", 1, 1.0),
    ];
    assert_eq!(
        Taxonomy::from_rows(&odd, &embedder).unwrap_err().index(),
        Some(0)
    );
    let double = [
        TreeRow::new("x", "x", 0, 1.0).with_parent("a"),
        TreeRow::new("y", "y", 0, 2.0).with_parent("b"),
        TreeRow::new("a", "Same", 1, 1.0),
        TreeRow::new("b", "same", 1, 2.0),
    ];
    let read = Taxonomy::from_rows(&double, &embedder).unwrap();
    assert_eq!(read.node("b").unwrap().name, "same 2");
}

#[test]
fn sweeps_are_recorded() {
    for rule in [SweepRule::Silhouette, SweepRule::Stability] {
        let builder = TaxonomyParams::new()
            .levels(Levels::Sweep(rule))
            .build()
            .unwrap();
        let fit = || {
            builder.fit(
                &labels(12, 8),
                &WordEmbedder::default(),
                &CentralNamer::new(),
            )
        };
        let taxonomy = fit().unwrap();
        assert!(!taxonomy.sweeps().is_empty());
        for sweep in taxonomy.sweeps() {
            assert_eq!(sweep.rule, rule);
            assert_eq!(taxonomy.level(sweep.level).len(), sweep.chosen);
            assert!(sweep.tried.iter().any(|tried| tried.size == sweep.chosen));
        }
        assert_eq!(fit().unwrap(), taxonomy);
    }
}

#[test]
fn secondary_parents_are_near_and_never_the_own_one() {
    let taxonomy = built();
    let embedder = WordEmbedder::default();
    let found = taxonomy.secondary_parents(&embedder, 0.3, 2).unwrap();
    assert!(!found.is_empty());
    for other in found {
        let leaf = taxonomy.node(other.label.as_str()).unwrap();
        assert_ne!(leaf.parent.as_ref(), Some(&other.parent));
        assert!(other.score >= other.own_score - 0.3);
    }
}
