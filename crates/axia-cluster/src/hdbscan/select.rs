//! Flat clusters from the condensed tree, with the rules of scikit-learn.

use crate::hdbscan::condensed::Condensed;
use crate::hdbscan::{ClusterSelection, HdbscanParams, HdbscanResult};
use crate::linkage::Dendrogram;

const ROOT: usize = 0;

pub(super) fn select(
    condensed: &Condensed,
    params: &HdbscanParams,
    dendrogram: Dendrogram,
) -> HdbscanResult {
    let chosen = match params.selection {
        ClusterSelection::ExcessOfMass => excess_of_mass(condensed, params),
        ClusterSelection::Leaf => {
            let leaves: Vec<usize> = (1..condensed.nodes.len())
                .filter(|&node| condensed.nodes[node].children.is_empty())
                .collect();
            if params.epsilon > 0.0 {
                not_below_epsilon(condensed, params, &leaves)
            } else {
                leaves
            }
        }
    };
    let mut names = vec![None; condensed.nodes.len()];
    for (name, &node) in (0_u32..).zip(&chosen) {
        names[node] = Some(name);
    }
    let labels: Vec<Option<u32>> = condensed
        .points
        .iter()
        .map(|&(cluster, density)| {
            let node = first_chosen(condensed, &names, cluster)?;
            if node == ROOT && !belongs_to_root(condensed, params, &chosen, density) {
                return None;
            }
            names[node]
        })
        .collect();
    let probabilities = condensed
        .points
        .iter()
        .zip(&labels)
        .map(|(&(_, density), label)| match label {
            None => 0.0,
            Some(label) => {
                let death = condensed.nodes[chosen[*label as usize]].death;
                if death > 0.0 {
                    density.min(death) / death
                } else {
                    1.0
                }
            }
        })
        .collect();
    HdbscanResult {
        outlier_scores: outlier_scores(condensed),
        clusters: chosen.len() as u32,
        stabilities: chosen
            .iter()
            .map(|&node| condensed.nodes[node].stability)
            .collect(),
        labels,
        probabilities,
        dendrogram,
    }
}

fn first_chosen(condensed: &Condensed, names: &[Option<u32>], cluster: usize) -> Option<usize> {
    let mut at = Some(cluster);
    while let Some(node) = at {
        if names[node].is_some() {
            return at;
        }
        at = condensed.nodes[node].parent;
    }
    None
}

/// If all points are one cluster, only those of its dense part are in it.
fn belongs_to_root(
    condensed: &Condensed,
    params: &HdbscanParams,
    chosen: &[usize],
    density: f64,
) -> bool {
    if chosen.len() != 1 {
        return false;
    }
    if params.epsilon > 0.0 {
        density >= params.epsilon.recip()
    } else {
        density >= condensed.nodes[ROOT].death
    }
}

/// In rising order.
fn excess_of_mass(condensed: &Condensed, params: &HdbscanParams) -> Vec<usize> {
    let nodes = &condensed.nodes;
    let first = usize::from(!params.allow_single_cluster);
    // The best that a node and all below it can do, and whether the node itself is that.
    let mut best: Vec<f64> = nodes.iter().map(|node| node.stability).collect();
    let mut alone = vec![false; nodes.len()];
    for node in (first..nodes.len()).rev() {
        let below: f64 = nodes[node].children.iter().map(|&child| best[child]).sum();
        let too_large = params
            .max_cluster_size
            .is_some_and(|most| nodes[node].size > most);
        if below > best[node] || too_large {
            best[node] = below;
        } else {
            alone[node] = true;
        }
    }
    // The highest ones: nothing below a chosen node is chosen.
    let mut covered = vec![false; nodes.len()];
    let mut chosen = Vec::new();
    for node in first..nodes.len() {
        let above = nodes[node].parent.is_some_and(|parent| covered[parent]);
        covered[node] = above || alone[node];
        if alone[node] && !above {
            chosen.push(node);
        }
    }
    if params.epsilon > 0.0 && nodes.len() > 1 {
        if chosen == [ROOT] {
            return chosen;
        }
        return not_below_epsilon(condensed, params, &chosen);
    }
    chosen
}

/// Clusters that part at less than epsilon give way to the lowest above them that does not.
fn not_below_epsilon(
    condensed: &Condensed,
    params: &HdbscanParams,
    clusters: &[usize],
) -> Vec<usize> {
    let nodes = &condensed.nodes;
    let parts_at = |node: usize| nodes[node].birth.recip();
    let mut chosen = Vec::new();
    for &cluster in clusters {
        let mut node = cluster;
        if parts_at(node) < params.epsilon {
            while let Some(parent) = nodes[node].parent {
                if parent == ROOT {
                    if params.allow_single_cluster {
                        node = ROOT;
                    }
                    break;
                }
                node = parent;
                if parts_at(node) > params.epsilon {
                    break;
                }
            }
        }
        chosen.push(node);
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// GLOSH: against the highest density anywhere in the cluster that the point joins.
fn outlier_scores(condensed: &Condensed) -> Vec<f64> {
    let mut highest: Vec<f64> = condensed.nodes.iter().map(|node| node.death).collect();
    for node in (1..highest.len()).rev() {
        if let Some(parent) = condensed.nodes[node].parent {
            highest[parent] = highest[parent].max(highest[node]);
        }
    }
    condensed
        .points
        .iter()
        .map(|&(cluster, density)| {
            if highest[cluster] > 0.0 {
                (highest[cluster] - density) / highest[cluster]
            } else {
                0.0
            }
        })
        .collect()
}
