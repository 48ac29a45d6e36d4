//! Levels in the way of Clio (Tamkin et al. 2024, "hierarchizer"): a model proposes parents, and puts
//! each node under one of them.

use std::collections::{BTreeMap, BTreeSet};

use axia_cluster::{KMeansParams, Metric, Points};
use axia_embed::{Embedder, Embeddings};
use axia_llm::{LanguageModel, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Journal;
use super::ask::{SYSTEM, ask_all, items, name_of, object};
use crate::error::Kind;
use crate::node::with_description;
use crate::taxonomy::{ModelLevel, Parts};
use crate::vectors::{cosine, embed, is_zero};
use crate::{Branch, Error, Label, Node, NodeId, Taxonomy};

/// Proposals may be so much fewer, and so much more, than asked for.
const BAND: (f64, f64) = (0.5, 1.5);

/// Parameters of Clio's way; [`build`](Self::build) checks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "parameters do nothing until they are built"]
pub struct ClioParams {
    model: String,
    level_sizes: Vec<usize>,
    neighbourhood: usize,
    outside: usize,
    votes: u32,
    threads: usize,
    seed: u64,
}

impl Default for ClioParams {
    fn default() -> Self {
        Self {
            model: String::new(),
            level_sizes: Vec::new(),
            neighbourhood: 40,
            outside: 10,
            votes: 3,
            threads: 4,
            seed: 0,
        }
    }
}

impl ClioParams {
    /// The model's name, and about how many nodes the further levels are to have, the lowest first.
    /// Neighbourhoods of 40 nodes with 10 from outside, 3 votes on each assignment, 4 calls at a time,
    /// seed 0.
    pub fn new(model: impl Into<String>, level_sizes: Vec<usize>) -> Self {
        Self {
            model: model.into(),
            level_sizes,
            ..Self::default()
        }
    }

    /// Nodes that the model sees at a time when it proposes parents.
    pub fn neighbourhood(mut self, nodes: usize) -> Self {
        self.neighbourhood = nodes;
        self
    }

    /// Nearest nodes from outside a neighbourhood that it sees as well, so that what lies across a border
    /// is proposed once.
    pub fn outside(mut self, nodes: usize) -> Self {
        self.outside = nodes;
        self
    }

    /// How often a node's parent is asked for, each time from another order of the proposals; the most
    /// frequent answer counts.
    pub fn votes(mut self, votes: u32) -> Self {
        self.votes = votes;
        self
    }

    /// Calls that are under way at a time.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Seed of neighbourhoods and orders.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// If there is no level, a size is 0 or not smaller than the one before, or a neighbourhood of fewer
    /// than 2 nodes, no vote or no thread is asked for.
    pub fn build(self) -> Result<ClioBuilder, Error> {
        let falling = self.level_sizes.windows(2).all(|pair| pair[1] < pair[0]);
        if self.level_sizes.is_empty() || self.level_sizes.contains(&0) || !falling {
            let rule = "at least one size, each at least 1 and smaller than the one before";
            return Err(Error::parameter(
                "level sizes",
                rule,
                format_args!("{:?}", self.level_sizes),
            ));
        }
        if self.neighbourhood < 2 {
            return Err(Error::parameter(
                "neighbourhood",
                "at least 2",
                self.neighbourhood,
            ));
        }
        if self.votes == 0 || self.threads == 0 {
            return Err(Error::parameter("votes and threads", "at least 1", 0));
        }
        Ok(ClioBuilder { params: self })
    }
}

/// Builds further levels upon a taxonomy: [`grow`](Self::grow).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClioBuilder {
    params: ClioParams,
}

impl ClioBuilder {
    /// Builds levels upon the top level of `base`, a taxonomy of base clusters with names.
    ///
    /// For each level: the nodes' names and descriptions are embedded; k-means gathers them into
    /// neighbourhoods; the model proposes parents for each; it rids all proposals of doubles; it puts
    /// each node under one of them, by votes; it names each parent anew by what it received. Proposals
    /// that receive nothing go. Where the model gives no usable answer, the nearest proposal by embedding
    /// stands; where it proposes too few parents, central nodes stand in for the missing ones. [`Branch`]es are kept apart.
    ///
    /// Every answer is kept in the journal at once: after a failure, or a kill, the same call with the
    /// same journal goes on where it was. The same answers give the same taxonomy.
    ///
    /// # Errors
    ///
    /// If the embedder or the model fails.
    pub fn grow(
        &self,
        base: &Taxonomy,
        embedder: &dyn Embedder,
        model: &dyn LanguageModel,
        journal: &Journal,
    ) -> Result<Taxonomy, Error> {
        let mut taxonomy = base.clone();
        for (at, &size) in self.params.level_sizes.iter().enumerate() {
            let step = Step {
                params: &self.params,
                embedder,
                model,
                journal,
                seed: self.params.seed.wrapping_add(at as u64),
            };
            let top = taxonomy.n_levels().saturating_sub(1) as u32;
            if taxonomy.level(top).len() > size {
                taxonomy = step.grow(&taxonomy, top, size)?;
            }
        }
        Ok(taxonomy)
    }
}

/// One level.
struct Step<'a> {
    params: &'a ClioParams,
    embedder: &'a dyn Embedder,
    model: &'a dyn LanguageModel,
    journal: &'a Journal,
    seed: u64,
}

/// A parent before it is a node.
struct Parent {
    name: String,
    description: String,
    branch: Branch,
    children: Vec<NodeId>,
}

impl Step<'_> {
    fn grow(&self, taxonomy: &Taxonomy, top: u32, size: usize) -> Result<Taxonomy, Error> {
        let nodes = taxonomy.level(top);
        let mut parents = Vec::new();
        for branch in Branch::ALL {
            let of_branch: Vec<&Node> = nodes.iter().filter(|n| n.branch == branch).collect();
            if of_branch.is_empty() {
                continue;
            }
            let share = (size * of_branch.len() + nodes.len() / 2) / nodes.len().max(1);
            let share = share.clamp(1, of_branch.len());
            parents.extend(self.branch(&of_branch, share, branch)?);
        }
        self.rename(&mut parents, nodes)?;
        join(
            taxonomy,
            top,
            parents,
            ModelLevel {
                level: top + 1,
                model: self.model.fingerprint(),
                params: serde_json::to_value(self.params).map_err(|e| Error::json(&e))?,
            },
        )
    }

    fn branch(&self, nodes: &[&Node], size: usize, branch: Branch) -> Result<Vec<Parent>, Error> {
        let names = match size {
            1 => vec!["All".to_owned()],
            _ => {
                let texts: Vec<String> = nodes.iter().map(|n| described(n)).collect();
                let vectors = embed(self.embedder, &texts)?;
                let proposals = self.propose(nodes, &vectors, size)?;
                let names = self.deduplicate(proposals, size)?;
                self.complete(names, nodes, &vectors, size)?
            }
        };
        let of_names = match names.len() {
            0 | 1 => vec![0; nodes.len()],
            _ => self.assign(nodes, &names)?,
        };
        let mut parents: Vec<Parent> = names
            .into_iter()
            .map(|name| Parent {
                name,
                description: String::new(),
                branch,
                children: Vec::new(),
            })
            .collect();
        if parents.is_empty() {
            parents.push(Parent {
                name: "All".to_owned(),
                description: String::new(),
                branch,
                children: Vec::new(),
            });
        }
        for (node, at) in nodes.iter().zip(of_names) {
            parents[at].children.push(node.id.clone());
        }
        parents.retain(|parent| !parent.children.is_empty());
        Ok(parents)
    }

    /// Names that parents of neighbouring nodes could have, neighbourhood by neighbourhood.
    fn propose(
        &self,
        nodes: &[&Node],
        vectors: &Embeddings,
        size: usize,
    ) -> Result<Vec<String>, Error> {
        let k = nodes.len().div_ceil(self.params.neighbourhood);
        let near = self.groups_of(vectors, k)?;
        let mut requests = Vec::new();
        for neighbourhood in 0..k {
            let inside: Vec<usize> = (0..nodes.len())
                .filter(|&n| near[n] == neighbourhood)
                .collect();
            if inside.is_empty() {
                continue;
            }
            let outside = self.outside(&inside, vectors);
            let wanted = inside.len() as f64 * size as f64 / nodes.len() as f64;
            let (least, most) = band(wanted);
            let inside: String = items(
                inside
                    .iter()
                    .map(|&n| described(nodes[n]))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str),
            );
            let outside: String = items(
                outside
                    .iter()
                    .map(|&n| described(nodes[n]))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str),
            );
            let question = format!(
                "Groups of values:\n{inside}\nNeighbouring groups, which others arrange:\n{outside}\n\
                 Propose {least} to {most} names of broader groups under which each group of the first \
                 list fits. At most ten words each. Keep them distinct from each other, and no wider \
                 than they must be. Where they are harmful, say so plainly."
            );
            requests.push(self.names_request(question));
        }
        let answers = ask_all(self.model, self.journal, &requests, self.params.threads)?;
        Ok(answers
            .iter()
            .flat_map(|answer| names_in(answer.as_ref()))
            .collect())
    }

    /// Groups by k-means; nodes that the embedder does not know stand in the first one.
    fn groups_of(&self, vectors: &Embeddings, k: usize) -> Result<Vec<usize>, Error> {
        let placed: Vec<usize> = (0..vectors.len())
            .filter(|&n| !is_zero(vectors.row(n)))
            .collect();
        let k = k.min(placed.len());
        let mut groups = vec![0; vectors.len()];
        if k > 1 {
            let rows: Vec<f32> = placed
                .iter()
                .flat_map(|&n| vectors.row(n))
                .copied()
                .collect();
            let found = KMeansParams::new(k)
                .metric(Metric::Spherical)
                .seed(self.seed)
                .build()
                .and_then(|kmeans| kmeans.fit(Points::new(&rows, vectors.dim())?))
                .map_err(Kind::Cluster)?;
            for (&node, &label) in placed.iter().zip(found.labels()) {
                groups[node] = label as usize;
            }
        }
        Ok(groups)
    }

    /// The nearest nodes that are not inside.
    fn outside(&self, inside: &[usize], vectors: &Embeddings) -> Vec<usize> {
        let rows = inside.iter().map(|&n| vectors.row(n));
        let centre = crate::vectors::mean_direction(rows, vectors.dim());
        let mut others: Vec<(usize, f64)> = (0..vectors.len())
            .filter(|n| !inside.contains(n))
            .map(|n| (n, cosine(vectors.row(n), &centre)))
            .collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        others.truncate(self.params.outside);
        others.into_iter().map(|(n, _)| n).collect()
    }

    fn deduplicate(&self, proposals: Vec<String>, size: usize) -> Result<Vec<String>, Error> {
        let mut seen = BTreeSet::new();
        let key = |name: &str| Label::new(name).map(|label| label.key());
        let mut names: Vec<String> = proposals
            .into_iter()
            .filter(|name| key(name).is_some_and(|key| seen.insert(key)))
            .collect();
        let (least, most) = band(size as f64);
        if names.len() > least {
            let question = format!(
                "Names of groups of values:\n{}\nSome say the same in other words, or one holds another. \
                 Give {least} to {most} of them, or better ones in their place, that are distinct and \
                 together cover all that these cover.",
                items(names.iter().map(String::as_str))
            );
            let requests = [self.names_request(question)];
            let answers = ask_all(self.model, self.journal, &requests, 1)?;
            let mut seen = BTreeSet::new();
            let kept: Vec<String> = answers
                .iter()
                .flat_map(|answer| names_in(answer.as_ref()))
                .filter(|name| key(name).is_some_and(|key| seen.insert(key)))
                .collect();
            if !kept.is_empty() {
                names = kept;
            }
        }
        // A model that cannot count must not make more parents than there is room for.
        names.truncate(most);
        Ok(names)
    }

    /// Small models propose too little, or nothing. What is missing comes from the nodes: they are
    /// gathered into as many groups as are wanted, and the node that is most central to a group stands
    /// for it, the largest groups first. Names change when it is known what they received.
    fn complete(
        &self,
        mut names: Vec<String>,
        nodes: &[&Node],
        vectors: &Embeddings,
        size: usize,
    ) -> Result<Vec<String>, Error> {
        // More than one, else a level would gather nothing.
        let least = band(size as f64).0.max(2);
        if names.len() >= least {
            return Ok(names);
        }
        let near = self.groups_of(vectors, size)?;
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (node, &group) in near.iter().enumerate() {
            groups.entry(group).or_default().push(node);
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let key = |name: &str| Label::new(name).map(|label| label.key());
        let mut seen: BTreeSet<String> = names.iter().filter_map(|name| key(name)).collect();
        for group in groups {
            if names.len() >= size {
                break;
            }
            let rows = group.iter().map(|&n| vectors.row(n));
            let centre = crate::vectors::mean_direction(rows, vectors.dim());
            let central = group.iter().copied().min_by(|&a, &b| {
                let near = |n: usize| cosine(vectors.row(n), &centre);
                near(b).total_cmp(&near(a)).then(a.cmp(&b))
            });
            let name = central.map(|n| nodes[n].name.clone());
            names.extend(name.filter(|name| key(name).is_some_and(|key| seen.insert(key))));
        }
        Ok(names)
    }

    /// For each node the name it belongs under.
    fn assign(&self, nodes: &[&Node], names: &[String]) -> Result<Vec<usize>, Error> {
        let mut requests = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            for vote in 0..self.params.votes {
                let order = shuffled(names.len(), self.seed, at as u64, u64::from(vote));
                let list: Vec<&str> = order.iter().map(|&n| names[n].as_str()).collect();
                let question = format!(
                    "A group of values:\n{}\nBroader groups:\n{}\nUnder which of the broader groups \
                     does it fit best? Choose one, even if none fits well.",
                    items(std::iter::once(described(node).as_str())),
                    items(list.iter().copied())
                );
                requests.push(
                    Request::new(&self.params.model)
                        .with_system(SYSTEM)
                        .with_user(question)
                        .with_schema(object(json!({
                            "group": { "type": "string", "enum": list },
                        }))),
                );
            }
        }
        let answers = ask_all(self.model, self.journal, &requests, self.params.threads)?;
        let key = |name: &str| Label::new(name).map(|label| label.key());
        let known: BTreeMap<String, usize> = (0..)
            .zip(names)
            .filter_map(|(at, name)| Some((key(name)?, at)))
            .collect();
        let nearest = self.nearest(nodes, names)?;
        let votes = self.params.votes as usize;
        Ok(answers
            .chunks(votes)
            .zip(nearest)
            .map(|(answers, nearest)| {
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                for answer in answers {
                    let name = answer.as_ref().and_then(|a| a.get("group")?.as_str());
                    if let Some(&at) = name.and_then(key).and_then(|key| known.get(&key)) {
                        *counts.entry(at).or_default() += 1;
                    }
                }
                let most = counts.values().copied().max().unwrap_or(0);
                let best: Vec<usize> = counts
                    .into_iter()
                    .filter(|&(_, c)| c == most)
                    .map(|(at, _)| at)
                    .collect();
                match best.as_slice() {
                    [one] => *one,
                    [] => nearest[0],
                    tied => nearest
                        .iter()
                        .copied()
                        .find(|at| tied.contains(at))
                        .unwrap_or(tied[0]),
                }
            })
            .collect())
    }

    /// For each node all names, the nearest by embedding first.
    fn nearest(&self, nodes: &[&Node], names: &[String]) -> Result<Vec<Vec<usize>>, Error> {
        let texts: Vec<String> = nodes.iter().map(|n| described(n)).collect();
        let of_nodes = embed(self.embedder, &texts)?;
        let of_names = embed(self.embedder, names)?;
        Ok(of_nodes
            .rows()
            .map(|node| {
                let mut order: Vec<usize> = (0..names.len()).collect();
                let near = |n: usize| cosine(node, of_names.row(n));
                order.sort_by(|&a, &b| near(b).total_cmp(&near(a)));
                order
            })
            .collect())
    }

    /// Names and descriptions by the children that were received; unique.
    fn rename(&self, parents: &mut [Parent], nodes: &[Node]) -> Result<(), Error> {
        let by_id: BTreeMap<&NodeId, &Node> = nodes.iter().map(|n| (&n.id, n)).collect();
        let requests: Vec<Request> = parents
            .iter()
            .map(|parent| {
                let children: Vec<String> =
                    parent.children.iter().filter_map(|id| by_id.get(id)).map(|n| described(n)).collect();
                let others = parents.iter().filter(|other| other.name != parent.name);
                let question = format!(
                    "Groups of values that were put together under the name\n{}\n{}\nOther names:\n{}\n\
                     Give a name of at most ten words that fits these groups best, the same if it is \
                     right, and unlike the other names; and a description of one or two sentences.",
                    items(std::iter::once(parent.name.as_str())),
                    items(children.iter().map(String::as_str)),
                    items(others.map(|other| other.name.as_str()))
                );
                Request::new(&self.params.model)
                    .with_system(SYSTEM)
                    .with_user(question)
                    .with_schema(object(json!({
                        "name": { "type": "string" },
                        "description": { "type": "string" },
                    })))
            })
            .collect();
        let answers = ask_all(self.model, self.journal, &requests, self.params.threads)?;
        let mut taken = BTreeSet::new();
        for (parent, answer) in parents.iter_mut().zip(&answers) {
            let new = name_of(answer.as_ref(), "name");
            let first_child = parent.children.first().and_then(|id| by_id.get(id));
            let child = first_child.map(|node| node.name.clone());
            let old = parent.name.clone();
            let candidates = new.into_iter().chain([old.clone()]).chain(child);
            let numbered = (2_u64..).map(|number| format!("{old} {number}"));
            let mut free = candidates
                .chain(numbered)
                .filter(|name| taken.insert(name.to_lowercase()));
            if let Some(name) = free.next() {
                parent.name = name;
            }
            let told = answer.as_ref().and_then(|a| a.get("description")?.as_str());
            told.unwrap_or_default()
                .trim()
                .clone_into(&mut parent.description);
        }
        Ok(())
    }

    fn names_request(&self, question: String) -> Request {
        Request::new(&self.params.model)
            .with_system(SYSTEM)
            .with_user(question)
            .with_schema(object(json!({
                "names": { "type": "array", "items": { "type": "string" } },
            })))
    }
}

fn described(node: &Node) -> String {
    with_description(&node.name, &node.description).into_owned()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn band(wanted: f64) -> (usize, usize) {
    let least = (wanted * BAND.0).ceil().max(1.0) as usize;
    let most = (wanted * BAND.1).floor().max(1.0) as usize;
    (least, most.max(least))
}

fn names_in(answer: Option<&Value>) -> Vec<String> {
    let names = answer.and_then(|a| a.get("names")?.as_array());
    names
        .into_iter()
        .flatten()
        .filter_map(|name| name_of(Some(&json!({ "name": name })), "name"))
        .collect()
}

/// An order of so many that depends on nothing but these numbers.
fn shuffled(n: usize, seed: u64, node: u64, vote: u64) -> Vec<usize> {
    let key = |at: usize| {
        let mut hasher = blake3::Hasher::new();
        for number in [seed, node, vote, at as u64] {
            hasher.update(&number.to_le_bytes());
        }
        *hasher.finalize().as_bytes()
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_cached_key(|&at| key(at));
    order
}

/// The taxonomy with these parents above its top.
fn join(
    taxonomy: &Taxonomy,
    top: u32,
    parents: Vec<Parent>,
    made: ModelLevel,
) -> Result<Taxonomy, Error> {
    let mut parts = Parts::from(taxonomy.clone());
    let place: BTreeMap<NodeId, usize> = parts
        .nodes
        .iter()
        .enumerate()
        .map(|(at, n)| (n.id.clone(), at))
        .collect();
    let mut level: Vec<Node> = Vec::new();
    for parent in parents {
        let mut labels = BTreeSet::new();
        let mut beneath = parent.children.clone();
        while let Some(id) = beneath.pop() {
            if let Some(node) = taxonomy.node(id.as_str()) {
                if node.level == 0 {
                    labels.insert(node.id.as_str());
                }
                beneath.extend(node.children.iter().cloned());
            }
        }
        let id = NodeId::group(top + 1, labels.iter().copied());
        let mut children: Vec<&Node> = parent
            .children
            .iter()
            .filter_map(|id| taxonomy.node(id.as_str()))
            .collect();
        children.sort_by(|a, b| b.mentions.cmp(&a.mentions).then(a.id.cmp(&b.id)));
        level.push(Node {
            id: id.clone(),
            name: parent.name,
            description: parent.description,
            level: top + 1,
            branch: parent.branch,
            parent: None,
            labels: children.iter().map(|c| c.labels).sum(),
            mentions: children
                .iter()
                .fold(0, |sum: u64, c| sum.saturating_add(c.mentions)),
            children: children.iter().map(|c| c.id.clone()).collect(),
        });
        for child in &parent.children {
            if let Some(&at) = place.get(child) {
                parts.nodes[at].parent = Some(id.clone());
            }
        }
    }
    level.sort_by(|a, b| b.mentions.cmp(&a.mentions).then(a.id.cmp(&b.id)));
    parts.nodes.extend(level);
    parts.model_levels.push(made);
    Taxonomy::new(parts)
}
