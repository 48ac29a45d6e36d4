//! What namers are told, and names made unique.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use axia_embed::Embeddings;

use crate::groups::Group;
use crate::parallel::map;
use crate::vectors::cosine;
use crate::{Error, LabelCount, Namer, NamingMember, NamingRequest, NodeName};

/// Groups of a level that are looked at for the nearest outside labels and for margins. Looking at
/// all of them would cost as much as the clustering and find the same but for oddities.
const NEAR_GROUPS: usize = 10;

/// What all nodes of all levels share.
pub(crate) struct Labels<'a> {
    pub(crate) counts: &'a [LabelCount],
    pub(crate) vectors: &'a Embeddings,
    pub(crate) shown: &'a [bool],
    pub(crate) outside: usize,
}

/// Names the groups of one level, in the order of `order`. `children[g]` holds for each group its
/// groups of the level beneath in their order, with their names.
pub(crate) fn name_level(
    labels: &Labels<'_>,
    level: u32,
    groups: &[Group],
    order: &[usize],
    children: &[Vec<(&Group, &str)>],
    namer: &dyn Namer,
) -> Result<Vec<NodeName>, Error> {
    let mut names = vec![NodeName::new("", ""); groups.len()];
    let mut taken = BTreeSet::new();
    let near = nearest_groups(groups);
    let closeness = Closeness::new(labels, groups, &near);
    let told = map(groups.len(), |g| {
        let members = members(labels, &closeness, &children[g]);
        (members, outside(labels, groups, g, &near, &closeness))
    });
    for &g in order {
        let (members, outside) = &told[g];
        let child_names: Vec<&str> = match level {
            1 => Vec::new(),
            _ => children[g].iter().map(|(_, name)| *name).collect(),
        };
        let request = NamingRequest {
            level,
            members,
            outside,
            children: &child_names,
            hidden: (groups[g].leaves.len() - members.len()) as u64,
            taken: &taken,
        };
        let mut named = namer.name(&request).map_err(|e| e.at_level(level))?;
        named.name = unique(named.name.trim(), &request)
            .ok_or_else(|| Error::namer("it gave an empty name").at_level(level))?;
        taken.insert(named.name.to_lowercase());
        names[g] = named;
    }
    Ok(names)
}

/// For each group the nearest other ones, the nearest first.
fn nearest_groups(groups: &[Group]) -> Vec<Vec<usize>> {
    // Each pair once.
    let lower = map(groups.len(), |a| -> Vec<f64> {
        let others = groups[..a].iter();
        others
            .map(|b| cosine(&groups[a].centroid, &b.centroid))
            .collect()
    });
    map(groups.len(), |of| {
        let mut near: Vec<(usize, f64)> = (0..groups.len())
            .filter(|&g| g != of)
            .map(|g| (g, lower[g.max(of)][g.min(of)]))
            .collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        near.truncate(NEAR_GROUPS);
        near.into_iter().map(|(g, _)| g).collect()
    })
}

/// Cosines of labels with the centroids of groups.
struct Closeness {
    /// Of each label with its own group.
    own: Vec<f64>,
    /// Of each label with the groups that are near its own, in their order.
    near: Vec<Vec<f64>>,
}

impl Closeness {
    fn new(labels: &Labels<'_>, groups: &[Group], near: &[Vec<usize>]) -> Self {
        let mut of = vec![0; labels.vectors.len()];
        for (g, group) in groups.iter().enumerate() {
            for &leaf in &group.leaves {
                of[leaf] = g;
            }
        }
        let found = map(of.len(), |leaf| {
            let vector = labels.vectors.row(leaf);
            let with = |g: usize| cosine(vector, &groups[g].centroid);
            let near = near[of[leaf]].iter().map(|&g| with(g));
            (with(of[leaf]), near.collect())
        });
        let (own, near) = found.into_iter().unzip();
        Self { own, near }
    }
}

fn members<'a>(
    labels: &Labels<'a>,
    closeness: &Closeness,
    children: &[(&Group, &str)],
) -> Vec<NamingMember<'a>> {
    let mut members = Vec::new();
    for (child, (group, _)) in children.iter().enumerate() {
        for &leaf in group.leaves.iter().filter(|&&leaf| labels.shown[leaf]) {
            let centrality = closeness.own[leaf];
            let other = closeness.near[leaf].iter().copied().max_by(f64::total_cmp);
            members.push(NamingMember {
                label: &labels.counts[leaf].label,
                count: labels.counts[leaf].count,
                centrality,
                margin: other.map_or(0.0, |other| centrality - other),
                child,
            });
        }
    }
    members.sort_by(most_central_first);
    members
}

fn outside<'a>(
    labels: &Labels<'a>,
    groups: &[Group],
    g: usize,
    near: &[Vec<usize>],
    closeness: &Closeness,
) -> Vec<NamingMember<'a>> {
    let mut outside = Vec::new();
    for &other in &near[g] {
        // Nearness is mostly mutual.
        let known = near[other].iter().position(|&back| back == g);
        let leaves = groups[other].leaves.iter();
        for &leaf in leaves.filter(|&&leaf| labels.shown[leaf]) {
            let centrality = match known {
                Some(known) => closeness.near[leaf][known],
                None => cosine(labels.vectors.row(leaf), &groups[g].centroid),
            };
            outside.push(NamingMember {
                label: &labels.counts[leaf].label,
                count: labels.counts[leaf].count,
                centrality,
                margin: centrality - closeness.own[leaf],
                child: 0,
            });
        }
    }
    if outside.len() > labels.outside {
        outside.select_nth_unstable_by(labels.outside, most_central_first);
        outside.truncate(labels.outside);
    }
    outside.sort_by(most_central_first);
    outside
}

fn most_central_first(a: &NamingMember<'_>, b: &NamingMember<'_>) -> Ordering {
    b.centrality
        .total_cmp(&a.centrality)
        .then_with(|| a.label.cmp(b.label))
}

/// The name, or what must be added to it to be no other node's: a member, else a number.
fn unique(name: &str, request: &NamingRequest<'_>) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    let plain = std::iter::once(name.to_owned());
    let with_member = request
        .members
        .iter()
        .map(|member| format!("{name} ({})", member.label));
    let numbered = (2_u64..).map(|number| format!("{name} {number}"));
    plain
        .chain(with_member)
        .chain(numbered)
        .find(|name| !request.is_taken(name))
}
