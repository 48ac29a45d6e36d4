//! From labels to a named taxonomy.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axia_embed::Embedder;

use crate::error::Kind;
use crate::groups::{Group, grow};
use crate::naming::{Labels, name_level};
use crate::node::{OPPOSED, with_description};
use crate::taxonomy::Parts;
use crate::valence::is_adverse;
use crate::vectors::embed;
use crate::{
    Branch, Error, Label, LabelCount, LabelTable, Namer, Node, NodeId, NodeName, Taxonomy,
    TaxonomyBuilder, ValenceGuard,
};

impl TaxonomyBuilder {
    /// Builds a taxonomy of all labels, any of which may appear in a name.
    ///
    /// Spellings of one label are merged as in [`LabelTable`]; of their descriptions the one with most
    /// mentions stands. Labels are embedded together with their descriptions, where they have any. Each label's vector is averaged with those
    /// of its nearest labels, and the labels are gathered level by level by the chosen
    /// [`Method`](crate::Method), each label counting once. Labels that the embedder does not know (rows
    /// of zeros) go to one node of their own on every level. Nodes are then named from level 1 upwards,
    /// those with most mentions first.
    ///
    /// Labels of different [`Branch`]es share no node: each level's size is shared out over the branches
    /// by their labels, at least one node for each.
    ///
    /// No label gives a taxonomy without levels; few labels, or few different vectors, give fewer levels
    /// and nodes than asked for.
    ///
    /// # Errors
    ///
    /// If a label has no letter or digit ([`Error::index`] tells which), or if the embedder or the
    /// namer fails.
    ///
    /// # Determinism
    ///
    /// Same labels and counts in any order, same parameters, embedder and namer: the same bytes.
    pub fn fit(
        &self,
        labels: &[LabelCount],
        embedder: &dyn Embedder,
        namer: &dyn Namer,
    ) -> Result<Taxonomy, Error> {
        self.fit_showing(labels, embedder, namer, &|_| true)
    }

    /// Builds a taxonomy in which only labels that `may_show` allows can appear in the names and
    /// descriptions of nodes above them. It is asked once for each label in its canonical spelling.
    ///
    /// # Privacy
    ///
    /// A label that may not be shown is never passed to the namer, and no description of a label is. It
    /// still is a node of level 0, with its text as id and name and its description: suppress those nodes before the taxonomy leaves your hands. Ids of higher
    /// nodes are digests of the labels beneath, so whoever guesses all of these can confirm the guess.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_showing(
        &self,
        labels: &[LabelCount],
        embedder: &dyn Embedder,
        namer: &dyn Namer,
        may_show: &dyn Fn(&str) -> bool,
    ) -> Result<Taxonomy, Error> {
        let leaves = leaves(self, labels)?;
        let counts: Vec<LabelCount> = leaves
            .iter()
            .map(|leaf| LabelCount::new(leaf.id.as_str(), leaf.count).described(&leaf.description))
            .collect();
        let texts: Vec<&str> = leaves.iter().map(|leaf| leaf.label.as_str()).collect();
        let branches: Vec<Branch> = leaves.iter().map(|leaf| leaf.branch).collect();
        let described: Vec<_> = leaves
            .iter()
            .map(|leaf| with_description(&leaf.label, &leaf.description))
            .collect();
        let vectors = embed(embedder, &described)?;
        let (levels, sweeps) = grow(self, &vectors, &branches)?;
        let shown: Vec<bool> = texts.iter().map(|label| may_show(label)).collect();
        let labels = Labels {
            counts: &counts,
            vectors: &vectors,
            shown: &shown,
            outside: self.outside_labels(),
        };
        let nodes = assemble(&labels, &levels, namer)?;
        Taxonomy::new(Parts {
            sweeps,
            ..Parts::new(
                self.clone(),
                embedder.fingerprint(),
                namer.fingerprint(),
                nodes,
            )
        })
    }
}

/// A label of level 0 before anything is built on it.
struct Leaf {
    /// The label, with a mark if it is opposed: names the node.
    id: String,
    /// The label alone: what is embedded, shown or not.
    label: String,
    count: u64,
    branch: Branch,
    /// What the label was said to mean.
    description: String,
}

/// The labels in order of their ids: upheld ones, and beside them the opposed ones.
fn leaves(builder: &TaxonomyBuilder, labels: &[LabelCount]) -> Result<Vec<Leaf>, Error> {
    let mut leaves = Vec::new();
    for opposed in [false, true] {
        let mut table = LabelTable::new();
        let mut said = BTreeMap::new();
        let mut told: BTreeMap<String, (u64, Reverse<String>)> = BTreeMap::new();
        for (index, label) in labels.iter().enumerate() {
            if label.opposed != opposed {
                continue;
            }
            if !table.add_count(&label.label, label.count) {
                return Err(Kind::Blank { index }.into());
            }
            if let (Some(adverse), Some(known)) = (label.adverse, Label::new(&label.label)) {
                // Of two spellings that say otherwise, the careful one stands.
                let held = said.entry(known.key()).or_insert(adverse);
                *held |= adverse;
            }
            let description = one_line(&label.description);
            if let (false, Some(known)) = (description.is_empty(), Label::new(&label.label)) {
                // Of two descriptions the one with more mentions stands, of equals the first in order.
                let new = (label.count, Reverse(description));
                let held = told.entry(known.key()).or_insert_with(|| new.clone());
                *held = new.max(held.clone());
            }
        }
        for entry in table.iter() {
            let variants = match said.is_empty() && told.is_empty() {
                true => &[][..],
                false => &entry.variants,
            };
            let keys: Vec<String> = variants
                .iter()
                .filter_map(|(variant, _)| Some(Label::new(variant)?.key()))
                .collect();
            let said = keys.iter().filter_map(|key| said.get(key).copied());
            let told = keys.iter().filter_map(|key| told.get(key)).max();
            let description = told.map(|(_, description)| description.0.clone());
            let adverse = match (said.reduce(|a, b| a | b), builder.valence()) {
                (Some(adverse), _) => adverse,
                (None, ValenceGuard::Apart) => is_adverse(entry.label),
                (None, ValenceGuard::AsSaid) => false,
            };
            let label = entry.label.to_owned();
            leaves.push(Leaf {
                id: match opposed {
                    true => format!("{label}{OPPOSED}"),
                    false => label.clone(),
                },
                label,
                count: entry.count,
                branch: match (opposed, adverse) {
                    (true, _) => Branch::Opposed,
                    (false, true) => Branch::Adverse,
                    (false, false) => Branch::Main,
                },
                description: description.unwrap_or_default(),
            });
        }
    }
    leaves.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(leaves)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Ids, mentions and order of the groups of one level.
struct Level<'a> {
    groups: &'a [Group],
    ids: Vec<NodeId>,
    mentions: Vec<u64>,
    names: Vec<NodeName>,
    /// Most mentions first, then by id.
    order: Vec<usize>,
    /// Where each group stands in this order.
    place: Vec<usize>,
}

impl<'a> Level<'a> {
    fn new(level: u32, groups: &'a [Group], counts: &[LabelCount]) -> Self {
        let ids: Vec<NodeId> = groups
            .iter()
            .map(|group| {
                let mut labels = group.leaves.iter().map(|&leaf| counts[leaf].label.as_str());
                match level {
                    0 => NodeId::leaf(labels.next().unwrap_or_default()),
                    _ => NodeId::group(level, labels),
                }
            })
            .collect();
        let mentions: Vec<u64> = groups
            .iter()
            .map(|group| {
                let counts = group.leaves.iter().map(|&leaf| counts[leaf].count);
                counts.fold(0, u64::saturating_add)
            })
            .collect();
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by(|&a, &b| {
            mentions[b]
                .cmp(&mentions[a])
                .then_with(|| ids[a].cmp(&ids[b]))
        });
        let mut place = vec![0; order.len()];
        for (at, &g) in order.iter().enumerate() {
            place[g] = at;
        }
        Self {
            groups,
            ids,
            mentions,
            names: Vec::new(),
            order,
            place,
        }
    }

    /// The same groups in the order of this level.
    fn sorted(&self, groups: &[usize]) -> Vec<usize> {
        let mut sorted = groups.to_vec();
        sorted.sort_by_key(|&g| self.place[g]);
        sorted
    }
}

fn assemble(
    labels: &Labels<'_>,
    levels: &[Vec<Group>],
    namer: &dyn Namer,
) -> Result<Vec<Node>, Error> {
    let mut done: Vec<Level<'_>> = Vec::new();
    for (number, groups) in (0_u32..).zip(levels) {
        let mut level = Level::new(number, groups, labels.counts);
        level.names = match done.last() {
            None => labels
                .counts
                .iter()
                .map(|count| NodeName::new(count.label.as_str(), count.description.as_str()))
                .collect(),
            Some(beneath) => {
                let children: Vec<Vec<(&Group, &str)>> = groups
                    .iter()
                    .map(|group| {
                        let children = beneath.sorted(&group.children).into_iter();
                        children
                            .map(|c| (&beneath.groups[c], beneath.names[c].name.as_str()))
                            .collect()
                    })
                    .collect();
                name_level(labels, number, groups, &level.order, &children, namer)?
            }
        };
        done.push(level);
    }
    let mut nodes = Vec::new();
    for (number, level) in (0_u32..).zip(&done) {
        let above = done.get(number as usize + 1);
        let mut parents: Vec<Option<&NodeId>> = vec![None; level.groups.len()];
        if let Some(above) = above {
            for (group, id) in above.groups.iter().zip(&above.ids) {
                for &child in &group.children {
                    parents[child] = Some(id);
                }
            }
        }
        for &g in &level.order {
            let children = match number {
                0 => Vec::new(),
                _ => {
                    let beneath = &done[number as usize - 1];
                    let children = beneath.sorted(&level.groups[g].children).into_iter();
                    children.map(|c| beneath.ids[c].clone()).collect()
                }
            };
            nodes.push(Node {
                id: level.ids[g].clone(),
                name: level.names[g].name.clone(),
                description: level.names[g].description.clone(),
                level: number,
                branch: level.groups[g].branch,
                parent: parents[g].cloned(),
                children,
                labels: level.groups[g].leaves.len() as u64,
                mentions: level.mentions[g],
            });
        }
    }
    Ok(nodes)
}
