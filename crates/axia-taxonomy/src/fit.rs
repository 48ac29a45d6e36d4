//! From labels to a named taxonomy.

use axia_embed::Embedder;

use crate::error::Kind;
use crate::groups::{Group, grow};
use crate::naming::{Labels, name_level};
use crate::vectors::embed;
use crate::{
    Error, LabelCount, LabelTable, Namer, Node, NodeId, NodeName, Taxonomy, TaxonomyBuilder,
};

impl TaxonomyBuilder {
    /// Builds a taxonomy of all labels, any of which may appear in a name.
    ///
    /// Spellings of one label are merged as in [`LabelTable`]. Level 1 is a spherical k-means of the
    /// labels' vectors, each label counting once; every further level is one of the centroids beneath,
    /// each counting as many labels as it holds. Labels that the embedder does not know (rows of zeros)
    /// go to one node of their own on every level. Nodes are then named from level 1 upwards, those
    /// with most mentions first.
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
    /// A label that may not be shown is never passed to the namer. It still is a node of level 0, with
    /// its text as id and name: suppress those nodes before the taxonomy leaves your hands. Ids of higher
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
        let mut table = LabelTable::new();
        for (index, label) in labels.iter().enumerate() {
            if !table.add_count(&label.label, label.count) {
                return Err(Kind::Blank { index }.into());
            }
        }
        let mut counts = table.label_counts();
        counts.sort_by(|a, b| a.label.cmp(&b.label));
        let texts: Vec<&str> = counts.iter().map(|c| c.label.as_str()).collect();
        let vectors = embed(embedder, &texts)?;
        let levels = grow(self, &vectors)?;
        let shown: Vec<bool> = texts.iter().map(|label| may_show(label)).collect();
        let labels = Labels {
            counts: &counts,
            vectors: &vectors,
            shown: &shown,
            outside: self.outside_labels(),
        };
        let nodes = assemble(&labels, &levels, namer)?;
        Taxonomy::new(
            self.clone(),
            embedder.fingerprint(),
            namer.fingerprint(),
            nodes,
        )
    }
}

/// Ids, mentions and order of the groups of one level.
struct Level<'a> {
    groups: &'a [Group],
    ids: Vec<NodeId>,
    mentions: Vec<u64>,
    names: Vec<NodeName>,
    /// Most mentions first, then by id.
    order: Vec<usize>,
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
        Self {
            groups,
            ids,
            mentions,
            names: Vec::new(),
            order,
        }
    }

    /// The same groups in the order of this level.
    fn sorted(&self, groups: &[usize]) -> Vec<usize> {
        let mut place = vec![0; self.order.len()];
        for (at, &g) in self.order.iter().enumerate() {
            place[g] = at;
        }
        let mut sorted = groups.to_vec();
        sorted.sort_by_key(|&g| place[g]);
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
                .map(|count| NodeName::new(count.label.as_str(), ""))
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
                parent: parents[g].cloned(),
                children,
                labels: level.groups[g].leaves.len() as u64,
                mentions: level.mentions[g],
            });
        }
    }
    Ok(nodes)
}
