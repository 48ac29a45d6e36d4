//! Building: structure, names, sameness of the bytes, edges.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;

use axia_embed::{Embedder, Embeddings};
use axia_taxonomy::{
    CentralNamer, Error, LabelCount, MinimumSimilarity, Namer, NamingRequest, NodeName, Taxonomy,
    TaxonomyBuilder, TaxonomyParams,
};
use common::{WordEmbedder, labels, shuffled};
use proptest::prelude::*;

fn fit(params: TaxonomyParams, labels: &[LabelCount]) -> Taxonomy {
    let namer = CentralNamer::new();
    params
        .build()
        .unwrap()
        .fit(labels, &WordEmbedder::default(), &namer)
        .unwrap()
}

fn json(taxonomy: &Taxonomy) -> String {
    let mut out = Vec::new();
    taxonomy.write_json(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every law that holds for any taxonomy.
fn check(taxonomy: &Taxonomy, total: u64) {
    let levels: Vec<&[axia_taxonomy::Node]> = taxonomy.levels().collect();
    for (number, nodes) in (0_u32..).zip(&levels) {
        assert_eq!(nodes.iter().map(|n| n.mentions).sum::<u64>(), total);
        assert_eq!(
            nodes.iter().map(|n| n.labels).sum::<u64>(),
            levels[0].len() as u64
        );
        let names: BTreeSet<String> = nodes.iter().map(|n| n.name.to_lowercase()).collect();
        assert_eq!(
            names.len(),
            nodes.len(),
            "names are unique on level {number}"
        );
        for node in *nodes {
            assert_eq!(node.level, number);
            assert!(!node.name.is_empty());
            assert_eq!(node.description.is_empty(), number == 0);
            if number > 0 {
                let children: Vec<_> = taxonomy.children(node.id.as_str()).collect();
                assert_eq!(children.len(), node.children.len());
                assert_eq!(
                    children.iter().map(|c| c.mentions).sum::<u64>(),
                    node.mentions
                );
                assert_eq!(children.iter().map(|c| c.labels).sum::<u64>(), node.labels);
                assert!(children.is_sorted_by_key(|c| std::cmp::Reverse(c.mentions)));
            }
        }
        assert!(nodes.is_sorted_by_key(|n| std::cmp::Reverse(n.mentions)));
        // Each label stands under exactly one node of the level.
        let mut seen = 0;
        for leaf in levels[0] {
            let ancestor = taxonomy.ancestor_at(leaf.id.as_str(), number).unwrap();
            assert_eq!(ancestor.level, number);
            seen += 1;
        }
        assert_eq!(seen, levels[0].len());
    }
    for pair in levels.windows(2) {
        assert!(pair[1].len() < pair[0].len());
    }
    assert!(taxonomy.label("no such label at all").is_none());
    let rows = taxonomy.rows();
    let mut csv = Vec::new();
    axia_taxonomy::write_tree_csv(&rows, &mut csv).unwrap();
    assert_eq!(axia_taxonomy::read_tree_csv(csv.as_slice()).unwrap(), rows);
    let back = Taxonomy::read_json(json(taxonomy).as_bytes()).unwrap();
    assert_eq!(&back, taxonomy);
    assert_eq!(back.fingerprint().unwrap(), taxonomy.fingerprint().unwrap());
}

#[test]
fn planted_stems_become_nodes() {
    let labels = labels(6, 1)
        .into_iter()
        .flat_map(|l| {
            // Near copies of each stem: the word itself weighs most.
            let of = |prefix: &str, count| {
                LabelCount::new(format!("{prefix} {0} {0} {0}", l.label), count)
            };
            [l.clone(), of("public", 3), of("deep", 4), of("shared", 5)]
        })
        .collect::<Vec<_>>();
    let taxonomy = fit(
        TaxonomyParams::new().level_sizes(vec![6, 2]).seed(3),
        &labels,
    );
    check(&taxonomy, labels.iter().map(|l| l.count).sum());
    assert_eq!(taxonomy.level(1).len(), 6);
    assert_eq!(taxonomy.level(2).len(), 2);
    for node in taxonomy.level(1) {
        let stems: BTreeSet<&str> = taxonomy
            .children(node.id.as_str())
            .map(|leaf| leaf.name.rsplit(' ').next().unwrap())
            .collect();
        assert_eq!(stems.len(), 1, "{stems:?}");
        let stem = stems.into_iter().next().unwrap();
        assert!(node.name.to_lowercase().starts_with(stem), "{}", node.name);
        assert!(node.description.contains(stem));
    }
}

#[test]
fn the_order_of_the_input_does_not_show() {
    let labels = labels(12, 8);
    let params = || TaxonomyParams::new().level_sizes(vec![12, 3]).seed(5);
    let expected = fit(params(), &labels);
    for seed in 0..4 {
        let other = fit(params(), &shuffled(&labels, seed));
        assert_eq!(json(&other), json(&expected));
        assert_eq!(
            other.fingerprint().unwrap(),
            expected.fingerprint().unwrap()
        );
    }
    let other = fit(params().seed(6), &labels);
    assert_ne!(
        other.fingerprint().unwrap(),
        expected.fingerprint().unwrap()
    );
}

#[test]
fn what_made_it_is_inside() {
    let taxonomy = fit(TaxonomyParams::new().seed(9), &labels(12, 8));
    assert_eq!(taxonomy.builder().seed(), 9);
    assert_eq!(taxonomy.embedder(), "words-1");
    assert_eq!(taxonomy.namer(), "central-1");
    // 96 labels are few: a quarter of the nodes on each level.
    assert_eq!(
        taxonomy.levels().map(<[_]>::len).collect::<Vec<_>>(),
        [96, 24, 6, 2]
    );
    assert_eq!(taxonomy.fingerprint().unwrap().len(), 64);
}

#[test]
fn spellings_merge_before_anything_else() {
    let merged = fit(
        TaxonomyParams::new(),
        &[
            LabelCount::new("Well-Being", 2),
            LabelCount::new("wellbeing", 3),
            LabelCount::new("honesty ", 4),
            LabelCount::new("honesty", 1),
        ],
    );
    let leaves: Vec<(&str, u64)> = merged
        .nodes()
        .iter()
        .map(|n| (n.id.as_str(), n.mentions))
        .collect();
    assert_eq!(leaves, [("honesty", 5), ("wellbeing", 5)]);
    assert_eq!(merged.label("WELL BEING").unwrap().name, "wellbeing");
}

#[test]
fn ids_depend_on_the_members_alone() {
    let labels = labels(4, 4);
    let a = fit(TaxonomyParams::new().level_sizes(vec![1]), &labels);
    let more: Vec<LabelCount> = labels
        .iter()
        .map(|l| LabelCount::new(l.label.clone(), l.count * 3))
        .collect();
    let b = fit(TaxonomyParams::new().level_sizes(vec![1]).seed(8), &more);
    assert_eq!(a.level(1)[0].id, b.level(1)[0].id);
    let id = a.level(1)[0].id.as_str();
    assert!(id.starts_with("l1:") && id.len() == 19, "{id}");
    assert_ne!(
        fit(TaxonomyParams::new().level_sizes(vec![1]), &labels[1..]).level(1)[0].id,
        a.level(1)[0].id
    );
}

#[test]
fn edges() {
    let none = fit(TaxonomyParams::new(), &[]);
    assert_eq!(
        (none.n_levels(), none.nodes().len(), none.mentions()),
        (0, 0, 0)
    );
    check(&none, 0);

    for params in [TaxonomyParams::new(), TaxonomyParams::new().ratio(2.0)] {
        let one = fit(params, &[LabelCount::new("honesty", 3)]);
        assert_eq!((one.n_levels(), one.nodes().len()), (1, 1));
        check(&one, 3);
    }

    // More nodes asked for than there are labels.
    let few = fit(
        TaxonomyParams::new().level_sizes(vec![50, 20, 2]),
        &labels(5, 1),
    );
    assert_eq!(few.levels().map(<[_]>::len).collect::<Vec<_>>(), [5, 2]);

    // No mentions at all.
    let unmentioned: Vec<LabelCount> = labels(4, 2)
        .into_iter()
        .map(|l| LabelCount::new(l.label, 0))
        .collect();
    let taxonomy = fit(TaxonomyParams::new().level_sizes(vec![3]), &unmentioned);
    check(&taxonomy, 0);
    assert!(
        taxonomy
            .rows()
            .iter()
            .all(|row| row.pct_total_occurrences.abs() < 1e-9)
    );
}

#[test]
fn blank_labels_are_named_by_index_and_never_by_text() {
    let builder = TaxonomyParams::new().build().unwrap();
    let labels = [LabelCount::new("honesty", 1), LabelCount::new("?!", 1)];
    let error = builder
        .fit(&labels, &WordEmbedder::default(), &CentralNamer::new())
        .unwrap_err();
    assert_eq!(error.index(), Some(1));
    assert!(!format!("{error} {error:?}").contains("?!"));
}

#[test]
fn unknown_labels_share_one_node_a_level() {
    let mut all = labels(6, 6);
    all.extend(["xx one", "xx two", "xx three"].map(|l| LabelCount::new(l, 2)));
    let total = all.iter().map(|l| l.count).sum();
    let taxonomy = fit(TaxonomyParams::new().level_sizes(vec![7, 3]), &all);
    check(&taxonomy, total);
    assert_eq!(
        taxonomy.levels().map(<[_]>::len).collect::<Vec<_>>(),
        [39, 7, 3]
    );
    for level in [1, 2] {
        let node = taxonomy.ancestor_at("xx one", level).unwrap();
        assert_eq!(node.labels, 3);
        assert_eq!(taxonomy.ancestor_at("xx three", level), Some(node));
    }

    let unknown = ["xx a", "xx b", "xx c", "xx d", "xx e"].map(|l| LabelCount::new(l, 1));
    let taxonomy = fit(TaxonomyParams::new().level_sizes(vec![4, 2]), &unknown);
    check(&taxonomy, 5);
    assert_eq!(
        taxonomy.levels().map(<[_]>::len).collect::<Vec<_>>(),
        [5, 1]
    );
}

#[test]
fn hidden_labels_are_in_no_name() {
    let all = labels(8, 6);
    // Hide the most frequent and the plainest labels, which would make the best names.
    let shown = |label: &str| label.contains("shared") || label.contains("early");
    let builder = TaxonomyParams::new()
        .level_sizes(vec![8, 2])
        .build()
        .unwrap();
    let taxonomy = builder
        .fit_showing(&all, &WordEmbedder::default(), &CentralNamer::new(), &shown)
        .unwrap();
    check(&taxonomy, all.iter().map(|l| l.count).sum());
    for level in [1, 2] {
        for node in taxonomy.level(level) {
            let said = format!("{} / {}", node.name, node.description).to_lowercase();
            for hidden in ["public", "deep", "plain", "quiet", "steady"] {
                assert!(!said.contains(hidden), "{said}");
            }
        }
    }
    let nothing = builder
        .fit_showing(
            &all,
            &WordEmbedder::default(),
            &CentralNamer::new(),
            &|_| false,
        )
        .unwrap();
    check(&nothing, all.iter().map(|l| l.count).sum());
    for node in nothing.level(1) {
        assert!(node.name.starts_with("Suppressed labels"), "{}", node.name);
    }
}

/// Says the same of everything and remembers what it saw.
#[derive(Default)]
struct DullNamer {
    seen: Mutex<Vec<(u32, usize, usize, u64)>>,
    hidden: Option<&'static str>,
}

impl Namer for DullNamer {
    fn fingerprint(&self) -> String {
        "dull".to_owned()
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        let inside: BTreeSet<&str> = request.members.iter().map(|m| m.label).collect();
        assert!(request.outside.iter().all(|m| !inside.contains(m.label)));
        assert!(
            request
                .members
                .is_sorted_by(|a, b| a.centrality >= b.centrality)
        );
        assert!(
            request
                .outside
                .is_sorted_by(|a, b| a.centrality >= b.centrality)
        );
        let shown = request.members.iter().chain(request.outside);
        assert!(
            shown
                .clone()
                .all(|m| (-1.001..=1.001).contains(&m.centrality))
        );
        assert!(shown.clone().all(|m| Some(m.label) != self.hidden));
        assert_eq!(request.children.is_empty(), request.level == 1);
        self.seen.lock().unwrap().push((
            request.level,
            request.members.len(),
            request.outside.len(),
            request.hidden,
        ));
        Ok(NodeName::new(" Values ", "Some values."))
    }
}

#[test]
fn namers_see_members_and_near_outsiders_and_their_names_become_unique() {
    let all = labels(8, 6);
    let namer = DullNamer {
        hidden: Some("honesty"),
        ..DullNamer::default()
    };
    let params = TaxonomyParams::new()
        .level_sizes(vec![8, 2])
        .outside_labels(7);
    let taxonomy = params
        .build()
        .unwrap()
        .fit_showing(&all, &WordEmbedder::default(), &namer, &|label| {
            label != "honesty"
        })
        .unwrap();
    check(&taxonomy, all.iter().map(|l| l.count).sum());
    let seen = namer.seen.into_inner().unwrap();
    assert_eq!(seen.len(), 10);
    for level in [1, 2] {
        let of: Vec<_> = seen.iter().filter(|s| s.0 == level).collect();
        assert_eq!(of.iter().map(|s| s.1).sum::<usize>(), 47);
        assert_eq!(of.iter().map(|s| s.3).sum::<u64>(), 1);
        assert!(of.iter().all(|s| s.2 == 7));
        assert_eq!(taxonomy.level(level)[0].name, "Values");
        assert!(taxonomy.level(level)[1].name.starts_with("Values ("));
    }
}

#[test]
fn failures_are_told() {
    struct Failing;
    impl Namer for Failing {
        fn fingerprint(&self) -> String {
            String::new()
        }
        fn name(&self, _: &NamingRequest<'_>) -> Result<NodeName, Error> {
            Err(Error::namer("the model is away"))
        }
    }
    struct Empty;
    impl Namer for Empty {
        fn fingerprint(&self) -> String {
            String::new()
        }
        fn name(&self, _: &NamingRequest<'_>) -> Result<NodeName, Error> {
            Ok(NodeName::new("  ", ""))
        }
    }
    struct Short;
    impl Embedder for Short {
        fn fingerprint(&self) -> String {
            String::new()
        }
        fn dim(&self) -> usize {
            2
        }
        fn embed(&self, _: &[&str]) -> Result<Embeddings, axia_embed::Error> {
            Embeddings::new(2, vec![1.0, 2.0])
        }
    }
    let builder: TaxonomyBuilder = TaxonomyParams::new().build().unwrap();
    let all = labels(4, 4);
    let namers: [(&dyn Namer, &str); 2] = [
        (
            &Failing,
            "the namer failed at a node of level 1: the model is away",
        ),
        (
            &Empty,
            "the namer failed at a node of level 1: it gave an empty name",
        ),
    ];
    for (namer, message) in namers {
        let error = builder
            .fit(&all, &WordEmbedder::default(), namer)
            .unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let error = builder.fit(&all, &Short, &CentralNamer::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the embedder gave 1 x 2 values for 16 labels in 2 dimensions"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn laws_hold_for_any_labels(
        input in prop::collection::vec(("[a-d]{1,2}( [a-d]{1,2}){0,2}|xx[a-c]", 0_u64..50), 0..60),
        sizes in prop::sample::select(vec![vec![], vec![1], vec![4], vec![9, 3], vec![20, 6, 2], vec![30, 2, 1]]),
        automatic in any::<bool>(),
        seed in 0_u64..5,
    ) {
        let input: Vec<LabelCount> = input.into_iter().map(|(l, c)| LabelCount::new(l, c)).collect();
        let params = if automatic { TaxonomyParams::new() } else { TaxonomyParams::new().level_sizes(sizes) };
        let params = params.seed(seed).n_runs(1);
        let taxonomy = fit(params.clone(), &input);
        check(&taxonomy, input.iter().map(|l| l.count).sum());
        prop_assert_eq!(json(&fit(params, &shuffled(&input, seed))), json(&taxonomy));
    }
}

#[test]
fn descriptions_are_embedded_with_their_labels() {
    let mut labels = labels(4, 6);
    // The label's own words say nothing; what it means puts it beside kindness.
    let said = "kindness, kindness and\nkindness";
    labels.push(LabelCount::new("Zugzwang", 3).described(said));
    labels.push(LabelCount::new("zugzwang", 1).described("safety, safety"));
    let taxonomy = fit(TaxonomyParams::new().level_sizes(vec![4]), &labels);
    let parent = |label: &str| taxonomy.ancestor_at(label, 1).unwrap().id.clone();
    assert_eq!(parent("zugzwang"), parent("kindness"));
    let leaf = taxonomy.label("zugzwang").unwrap();
    assert_eq!(leaf.description, "kindness, kindness and kindness");
    assert_eq!((leaf.mentions, leaf.name.as_str()), (4, "zugzwang"));

    // Order of the input does not matter, storing keeps it, and freezing takes it too.
    let again = fit(
        TaxonomyParams::new().level_sizes(vec![4]),
        &shuffled(&labels, 3),
    );
    assert_eq!(json(&again), json(&taxonomy));
    let row = taxonomy
        .rows()
        .into_iter()
        .find(|row| row.name == leaf.name);
    assert_eq!(row.unwrap().description, leaf.description);
    let embedder = WordEmbedder::default();
    let frozen = taxonomy
        .freeze(&embedder, MinimumSimilarity::default())
        .unwrap();
    let new = [LabelCount::new("gambit", 1).described(said)];
    let found = frozen.assign_labels(&new, &embedder).unwrap();
    assert_eq!(found[0].parent.as_ref(), Some(&parent("kindness")));
}
