//! Frozen taxonomies: places of known, new and unknown labels; storing.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;

use axia_embed::{Embedder, Embeddings};
use axia_taxonomy::{
    Assignment, CentralNamer, Error, FrozenTaxonomy, Label, LabelCount, LabelTable, Levels,
    MinimumSimilarity, Node, NodeId, NodeName, Place, Taxonomy, TaxonomyBuilder, TaxonomyParams,
    TreeRow,
};
use common::{WordEmbedder, labels};

fn taxonomy(labels: &[LabelCount], sizes: Vec<usize>) -> Taxonomy {
    let builder = TaxonomyParams::new()
        .level_sizes(sizes)
        .seed(1)
        .build()
        .unwrap();
    builder
        .fit(labels, &WordEmbedder::default(), &CentralNamer::new())
        .unwrap()
}

#[test]
fn labels_find_their_place() {
    let embedder = WordEmbedder::default();
    let taxonomy = taxonomy(&labels(8, 8), vec![8, 2]);
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::At(0.5))
        .unwrap();
    embedder.texts.store(0, Ordering::Relaxed);

    let known = frozen.assign("Public_Honesty", &embedder).unwrap();
    assert_eq!(known.place, Place::Known);
    assert_eq!(
        known.parent,
        taxonomy.label("public honesty").unwrap().parent
    );
    assert_eq!(
        embedder.texts.load(Ordering::Relaxed),
        0,
        "known labels need no embedding"
    );

    // The very vector of a known label: same words, another order.
    let near = frozen.assign("honesty public", &embedder).unwrap();
    assert_eq!(near.place, Place::Near);
    assert_eq!(near.parent, known.parent);
    assert!(near.score > 0.5 && near.score <= 1.0);

    for text in ["zebra crossing", "xx unknown", "?!"] {
        let far = frozen.assign(text, &embedder).unwrap();
        assert_eq!((far.place, far.parent), (Place::FitsNowhere, None));
        assert!(far.score < 0.5);
    }
    let texts = ["honesty", "zebra crossing", "honesty public", "?!", "xx"];
    let all = frozen.assign_all(&texts, &embedder).unwrap();
    for (text, found) in texts.iter().zip(&all) {
        assert_eq!(&frozen.assign(text, &embedder).unwrap(), found);
    }
    assert!(frozen.assign_all(&[], &embedder).unwrap().is_empty());
}

#[test]
fn the_quantile_is_that_of_the_own_labels() {
    let embedder = WordEmbedder::default();
    let taxonomy = taxonomy(&labels(8, 8), vec![8]);
    let minimum = |share| {
        let frozen = taxonomy
            .freeze(&embedder, MinimumSimilarity::Quantile(share))
            .unwrap();
        frozen.minimum_similarity()
    };
    assert!(minimum(0.0) < minimum(0.5) && minimum(0.5) < minimum(1.0));
    // Reversed words give the vectors of the taxonomy's own labels; about a tenth falls through.
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::Quantile(0.1))
        .unwrap();
    let reversed: Vec<String> = taxonomy
        .level(0)
        .iter()
        .filter(|n| n.name.contains(' '))
        .map(|n| n.name.split(' ').rev().collect::<Vec<_>>().join(" "))
        .collect();
    let texts: Vec<&str> = reversed.iter().map(String::as_str).collect();
    let found = frozen.assign_all(&texts, &embedder).unwrap();
    let lost = found
        .iter()
        .filter(|a| a.place == Place::FitsNowhere)
        .count();
    assert!((1..=6).contains(&lost), "{lost} of {}", texts.len());
    for bad in [
        MinimumSimilarity::At(1.5),
        MinimumSimilarity::At(f64::NAN),
        MinimumSimilarity::Quantile(-0.1),
    ] {
        assert!(
            taxonomy
                .freeze(&embedder, bad)
                .unwrap_err()
                .is_invalid_parameter()
        );
    }
}

#[test]
fn small_and_unknown_taxonomies_freeze_too() {
    let embedder = WordEmbedder::default();
    for labels in [
        vec![],
        vec![LabelCount::new("honesty", 1)],
        ["xx a", "xx b", "xx c"]
            .map(|l| LabelCount::new(l, 1))
            .to_vec(),
    ] {
        let taxonomy = taxonomy(&labels, vec![2]);
        let frozen = taxonomy
            .freeze(&embedder, MinimumSimilarity::default())
            .unwrap();
        let place = |text| frozen.assign(text, &embedder).unwrap().place;
        assert_eq!(place("kindness"), Place::FitsNowhere);
        if let Some(label) = labels.first() {
            assert_eq!(place(&label.label), Place::Known);
        }
    }
}

#[test]
fn storing_keeps_every_bit() {
    let embedder = WordEmbedder::default();
    let taxonomy = taxonomy(&labels(8, 8), vec![8, 2]);
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::default())
        .unwrap();
    let mut stored = Vec::new();
    frozen.write_json(&mut stored).unwrap();
    let back = FrozenTaxonomy::read_json(stored.as_slice()).unwrap();
    assert_eq!(back, frozen);
    let mut again = Vec::new();
    back.write_json(&mut again).unwrap();
    assert_eq!(stored, again);
}

#[test]
fn broken_stores_are_refused_without_showing_labels() {
    let embedder = WordEmbedder::default();
    let taxonomy = taxonomy(&labels(4, 4), vec![4, 2]);
    let good = serde_json::to_value(&taxonomy).unwrap();
    let last = taxonomy.nodes().len() - 1;
    type Mutation = fn(&mut serde_json::Value, usize);
    let mutations: [(&str, Mutation); 9] = [
        ("format", |v, _| v["format"] = 2.into()),
        ("level", |v, _| v["nodes"][3]["level"] = 1.into()),
        ("id", |v, _| {
            v["nodes"][1]["id"] = v["nodes"][0]["id"].clone()
        }),
        ("parent", |v, _| {
            v["nodes"][0]["parent"] = "elsewhere".into()
        }),
        ("orphan", |v, _| {
            v["nodes"][0]["parent"] = serde_json::Value::Null
        }),
        ("children", |v, last| {
            v["nodes"][last]["children"] = serde_json::json!([])
        }),
        ("mentions", |v, last| {
            v["nodes"][last]["mentions"] = 1.into()
        }),
        ("name", |v, last| {
            v["nodes"][last]["name"] = v["nodes"][last - 1]["name"].clone()
        }),
        ("type", |v, _| v["nodes"][0]["mentions"] = "honesty".into()),
    ];
    for (what, mutate) in mutations {
        let mut bad = good.clone();
        mutate(&mut bad, last);
        let error = Taxonomy::read_json(bad.to_string().as_bytes()).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("honesty"),
            "{what}: {error}"
        );
        assert!(serde_json::from_value::<Taxonomy>(bad).is_err(), "{what}");
    }
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::default())
        .unwrap();
    let good = serde_json::to_value(&frozen).unwrap();
    let mutations: [fn(&mut serde_json::Value); 3] = [
        |v| v["parents"][0] = "honesty".into(),
        |v| v["centroids"] = serde_json::Value::Null,
        |v| v["minimum"] = serde_json::Value::Null,
    ];
    for mutate in mutations {
        let mut bad = good.clone();
        mutate(&mut bad);
        let error = FrozenTaxonomy::read_json(bad.to_string().as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("honesty"), "{error}");
    }
    assert!(
        Taxonomy::read_json(&b"{"[..])
            .unwrap_err()
            .is_invalid_data()
    );
}

#[test]
fn another_embedder_is_refused() {
    struct Other;
    impl Embedder for Other {
        fn fingerprint(&self) -> String {
            "other".to_owned()
        }
        fn dim(&self) -> usize {
            32
        }
        fn embed(&self, texts: &[&str]) -> Result<Embeddings, axia_embed::Error> {
            WordEmbedder::default().embed(texts)
        }
    }
    let taxonomy = taxonomy(&labels(4, 4), vec![4]);
    let minimum = MinimumSimilarity::default();
    assert!(
        taxonomy
            .freeze(&Other, minimum)
            .unwrap_err()
            .is_other_embedder()
    );
    let frozen = taxonomy.freeze(&WordEmbedder::default(), minimum).unwrap();
    assert!(
        frozen
            .assign("honesty", &Other)
            .unwrap_err()
            .is_other_embedder()
    );
}

#[test]
fn debug_shows_no_label() {
    let embedder = WordEmbedder::default();
    let labels = labels(4, 4);
    let taxonomy = taxonomy(&labels, vec![4]);
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::default())
        .unwrap();
    let assignment = frozen.assign("honesty", &embedder).unwrap();
    let said = format!(
        "{labels:?} {taxonomy:?} {frozen:?} {assignment:?} {:?} {:?}",
        taxonomy.nodes(),
        taxonomy.rows()
    );
    for word in ["honesty", "kindness", "Honesty", "Kindness"] {
        assert!(!said.contains(word), "{said}");
    }
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + Clone + PartialEq + std::fmt::Debug>() {}
    fn error<T: Send + Sync + std::error::Error>() {}
    check::<Assignment>();
    check::<CentralNamer>();
    check::<FrozenTaxonomy>();
    check::<Label>();
    check::<LabelCount>();
    check::<LabelTable>();
    check::<Levels>();
    check::<MinimumSimilarity>();
    check::<Node>();
    check::<NodeId>();
    check::<NodeName>();
    check::<Taxonomy>();
    check::<TaxonomyBuilder>();
    check::<TaxonomyParams>();
    check::<TreeRow>();
    error::<Error>();
}
