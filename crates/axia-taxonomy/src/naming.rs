//! What namers are told, and names made unique.

use std::collections::BTreeSet;

use axia_embed::Embeddings;

use crate::groups::Group;
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
    for &g in order {
        let near = nearest_groups(groups, g);
        let members = members(labels, groups, g, &near, &children[g]);
        let outside = outside(labels, groups, g, &near);
        let child_names: Vec<&str> = match level {
            1 => Vec::new(),
            _ => children[g].iter().map(|(_, name)| *name).collect(),
        };
        let request = NamingRequest {
            level,
            members: &members,
            outside: &outside,
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

/// The nearest other groups, the nearest first.
fn nearest_groups(groups: &[Group], of: usize) -> Vec<usize> {
    let mut near: Vec<(usize, f64)> = (0..groups.len())
        .filter(|&g| g != of)
        .map(|g| (g, cosine(&groups[g].centroid, &groups[of].centroid)))
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1));
    near.truncate(NEAR_GROUPS);
    near.into_iter().map(|(g, _)| g).collect()
}

fn members<'a>(
    labels: &Labels<'a>,
    groups: &[Group],
    g: usize,
    near: &[usize],
    children: &[(&Group, &str)],
) -> Vec<NamingMember<'a>> {
    let mut members = Vec::new();
    for (child, (group, _)) in children.iter().enumerate() {
        for &leaf in group.leaves.iter().filter(|&&leaf| labels.shown[leaf]) {
            let vector = labels.vectors.row(leaf);
            let centrality = cosine(vector, &groups[g].centroid);
            let other = near
                .iter()
                .map(|&other| cosine(vector, &groups[other].centroid))
                .max_by(f64::total_cmp);
            members.push(NamingMember {
                label: &labels.counts[leaf].label,
                count: labels.counts[leaf].count,
                centrality,
                margin: other.map_or(0.0, |other| centrality - other),
                child,
            });
        }
    }
    sort(&mut members);
    members
}

fn outside<'a>(
    labels: &Labels<'a>,
    groups: &[Group],
    g: usize,
    near: &[usize],
) -> Vec<NamingMember<'a>> {
    let mut outside = Vec::new();
    for &other in near {
        let leaves = groups[other].leaves.iter();
        for &leaf in leaves.filter(|&&leaf| labels.shown[leaf]) {
            let vector = labels.vectors.row(leaf);
            let centrality = cosine(vector, &groups[g].centroid);
            outside.push(NamingMember {
                label: &labels.counts[leaf].label,
                count: labels.counts[leaf].count,
                centrality,
                margin: centrality - cosine(vector, &groups[other].centroid),
                child: 0,
            });
        }
    }
    sort(&mut outside);
    outside.truncate(labels.outside);
    outside
}

fn sort(members: &mut [NamingMember<'_>]) {
    members.sort_by(|a, b| {
        b.centrality
            .total_cmp(&a.centrality)
            .then_with(|| a.label.cmp(b.label))
    });
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
