//! Hierarchies: every published node is the sum of the nodes beneath it.

use crate::Error;
use crate::threshold::network::{Arc, protect};
use crate::threshold::{CellSize, Gate, Released, Suppressed, remainder};

/// A node of a hierarchy for [`Gate::release_hierarchy`].
#[derive(Clone, Debug, PartialEq)]
pub struct HierarchyCell<T> {
    /// What is to be published about the node.
    pub value: T,
    /// The size of the node, all nodes beneath it included.
    pub size: CellSize,
    /// The position of the node above it; `None` for a node at the top.
    pub parent: Option<usize>,
}

impl<T> HierarchyCell<T> {
    /// A node under another one, or at the top.
    pub fn new(value: T, size: CellSize, parent: Option<usize>) -> Self {
        Self {
            value,
            size,
            parent,
        }
    }
}

impl Gate {
    /// Releases the nodes of a hierarchy in which the children of a node divide its conversations.
    ///
    /// A node that fails a threshold is suppressed. Then further nodes are, smallest first, until every
    /// group whose size follows from the published nodes (a node less some of those beneath it, at any
    /// depth) is empty or passes. Conversations of a node that are in none of its children count as
    /// hidden.
    ///
    /// The result has one entry for each node, in the same order. How many users a group of hidden
    /// nodes has is not known from their sizes, so the fewest that are possible are assumed.
    ///
    /// # Errors
    ///
    /// When a parent is not a node, or is beneath the node itself
    /// ([`Error::is_invalid_parameter`]); when children hold more conversations than their parent
    /// ([`Error::is_inconsistent_counts`]): children that share conversations divide nothing.
    ///
    /// # Complexity
    ///
    /// O(f · t · n) in the worst case, with f nodes that fail, n that are hidden, and t the threshold.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::threshold::{CellSize, HierarchyCell, Thresholds};
    ///
    /// let gate = Thresholds::new().min_conversations(10).min_users(1).build()?;
    /// let node = |name, n: u64, parent| {
    ///     Ok::<_, axia_anonymize::Error>(HierarchyCell::new(name, CellSize::from_counts(n, n, 0, n.min(1))?, parent))
    /// };
    /// let nodes = vec![
    ///     node("all", 90, None)?,
    ///     node("care", 50, Some(0))?,
    ///     node("knowledge", 40, Some(0))?,
    ///     node("empathy", 46, Some(1))?,
    ///     node("patience", 4, Some(1))?,
    /// ];
    /// let released = gate.release_hierarchy(nodes)?;
    /// // 50 - 46 would give the 4 away.
    /// let shown: Vec<bool> = released.iter().map(Result::is_ok).collect();
    /// assert_eq!(shown, [true, true, true, false, false]);
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub fn release_hierarchy<T>(
        &self,
        nodes: Vec<HierarchyCell<T>>,
    ) -> Result<Vec<Result<Released<T>, Suppressed>>, Error> {
        let parents: Vec<Option<usize>> = nodes.iter().map(|node| node.parent).collect();
        let sizes: Vec<CellSize> = nodes.iter().map(|node| node.size).collect();
        check_shape(&parents)?;
        let mut children: Vec<Vec<CellSize>> = vec![Vec::new(); nodes.len()];
        for (parent, size) in parents.iter().zip(&sizes) {
            if let Some(siblings) = parent.and_then(|p| children.get_mut(p)) {
                siblings.push(*size);
            }
        }
        // Vertex 0 is the world outside; vertex i + 1 says that node i is the sum of its children.
        let vertex = |node: usize| match children.get(node).is_some_and(|c| !c.is_empty()) {
            true => node + 1,
            false => 0,
        };
        let mut arcs: Vec<Arc> = (0..nodes.len())
            .map(|i| Arc {
                from: parents[i].map_or(0, vertex),
                to: vertex(i),
                size: sizes[i],
                implicit: false,
                rank: 0,
            })
            .collect();
        for (i, children) in children.iter().enumerate() {
            if !children.is_empty() {
                arcs.push(Arc {
                    from: vertex(i),
                    to: 0,
                    size: remainder(sizes[i], children)?,
                    implicit: true,
                    rank: 0,
                });
            }
        }
        let reasons = protect(self, nodes.len() + 1, &arcs);
        let values = nodes.into_iter().map(|node| (node.value, node.size));
        Ok(values
            .zip(reasons)
            .map(|((value, size), reason)| match reason {
                None => Ok(Released::new(value, size)),
                Some(reason) => Err(Suppressed::new(reason)),
            })
            .collect())
    }
}

/// Every way upwards must end at the top.
fn check_shape(parents: &[Option<usize>]) -> Result<(), Error> {
    let bad = |at: usize| {
        Error::parameter(
            "the parent of a node",
            "another node, not beneath it",
            format!("a wrong one at node {at}"),
        )
    };
    // Nodes that are known to lead to the top.
    let mut sound = vec![false; parents.len()];
    for start in 0..parents.len() {
        let mut way = Vec::new();
        let mut at = start;
        while !sound[at] {
            if way.len() == parents.len() {
                return Err(bad(start));
            }
            way.push(at);
            match parents[at] {
                None => break,
                Some(parent) if parent < parents.len() => at = parent,
                Some(_) => return Err(bad(at)),
            }
        }
        for node in way {
            sound[node] = true;
        }
    }
    Ok(())
}
