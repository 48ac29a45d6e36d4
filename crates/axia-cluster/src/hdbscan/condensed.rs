//! The condensed tree: the dendrogram without the splits that only shed a few points.

use std::collections::VecDeque;

use crate::linkage::Dendrogram;

/// The distance of points in the same place, when its inverse is needed.
const LEAST: f64 = 1e-150;

/// A cluster of the condensed tree.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// `None` for the root.
    pub(super) parent: Option<usize>,
    /// None, two, or more where merges tie.
    pub(super) children: Vec<usize>,
    /// The density (one over the distance) at which it parts from its sibling.
    pub(super) birth: f64,
    pub(super) size: usize,
    /// The highest density at which a point or a child leaves it.
    pub(super) death: f64,
    pub(super) stability: f64,
}

/// Clusters from the root down, and where each point leaves.
pub(super) struct Condensed {
    /// Parents before children.
    pub(super) nodes: Vec<Node>,
    /// Of each point, the cluster that it leaves without joining a smaller one, and the density at
    /// which it does.
    pub(super) points: Vec<(usize, f64)>,
}

impl Condensed {
    pub(super) fn new(dendrogram: &Dendrogram, min_cluster_size: usize) -> Self {
        let n = dendrogram.points();
        let merges = dendrogram.merges();
        let size = |node: usize| {
            if node < n {
                1
            } else {
                merges[node - n].size as usize
            }
        };
        let mut condensed = Self {
            nodes: vec![Node::new(None, 0.0, n)],
            points: vec![(0, 0.0); n],
        };
        let mut queue = VecDeque::new();
        if let Some(root) = merges.len().checked_sub(1) {
            queue.push_back((n + root, 0));
        }
        while let Some((node, cluster)) = queue.pop_front() {
            let (height, parts) = parts(dendrogram, node);
            let density = height.max(LEAST).recip();
            let large = |part: &usize| size(*part) >= min_cluster_size;
            let splits = parts.iter().filter(|part| large(part)).count() > 1;
            for part in parts {
                if !large(&part) {
                    condensed.shed(dendrogram, part, cluster, density);
                } else if splits {
                    let child = condensed.nodes.len();
                    let part_size = size(part);
                    let node = Node::new(Some(cluster), density, part_size);
                    condensed.nodes.push(node);
                    condensed.nodes[cluster].children.push(child);
                    condensed.leave(cluster, density, part_size);
                    queue.push_back((part, child));
                } else {
                    queue.push_back((part, cluster));
                }
            }
        }
        condensed
    }

    /// All points below `part` leave the cluster.
    fn shed(&mut self, dendrogram: &Dendrogram, part: usize, cluster: usize, density: f64) {
        let n = dendrogram.points();
        let mut stack = vec![part];
        while let Some(node) = stack.pop() {
            if node < n {
                self.points[node] = (cluster, density);
                self.leave(cluster, density, 1);
            } else {
                let merge = dendrogram.merges()[node - n];
                stack.extend([merge.right as usize, merge.left as usize]);
            }
        }
    }

    fn leave(&mut self, cluster: usize, density: f64, size: usize) {
        let node = &mut self.nodes[cluster];
        node.stability += (density - node.birth) * size as f64;
        node.death = node.death.max(density);
    }
}

/// The height at which a cluster of several points falls apart, and into what: more than two parts
/// if merges tie. All edges of one weight go at the same time (Campello, Moulavi and Sander 2013),
/// so that the order in which ties were found does not show.
fn parts(dendrogram: &Dendrogram, node: usize) -> (f64, Vec<usize>) {
    let n = dendrogram.points();
    let merge_of = |node: usize| {
        let at = node.checked_sub(n)?;
        dendrogram.merges().get(at)
    };
    let height = merge_of(node).map_or(0.0, |merge| merge.height);
    let mut parts = Vec::new();
    let mut stack = vec![node];
    while let Some(part) = stack.pop() {
        match merge_of(part) {
            Some(merge) if merge.height >= height => {
                stack.extend([merge.right as usize, merge.left as usize]);
            }
            _ => parts.push(part),
        }
    }
    (height, parts)
}

impl Node {
    fn new(parent: Option<usize>, birth: f64, size: usize) -> Self {
        Self {
            parent,
            children: Vec::new(),
            birth,
            size,
            death: 0.0,
            stability: 0.0,
        }
    }
}
