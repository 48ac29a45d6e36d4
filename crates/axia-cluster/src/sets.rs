//! Disjoint sets of points.

/// Each point is in one set, alone at first.
pub(crate) struct Sets {
    above: Vec<u32>,
    sizes: Vec<u32>,
}

impl Sets {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            above: (0_u32..).take(n).collect(),
            sizes: vec![1; n],
        }
    }

    /// The root of the point's set.
    pub(crate) fn find(&mut self, mut at: usize) -> usize {
        while self.above[at] as usize != at {
            let up = self.above[at] as usize;
            self.above[at] = self.above[up];
            at = up;
        }
        at
    }

    /// Points in the set of this root.
    pub(crate) fn size(&self, root: usize) -> u32 {
        self.sizes[root]
    }

    /// Joins the sets of two roots and gives the root of both.
    pub(crate) fn join(&mut self, a: usize, b: usize) -> usize {
        let (root, other) = if self.sizes[a] >= self.sizes[b] {
            (a, b)
        } else {
            (b, a)
        };
        self.sizes[root] += self.sizes[other];
        self.above[other] = root as u32;
        root
    }
}
