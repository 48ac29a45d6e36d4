//! Small dense symmetric matrices: what the tests with several degrees of freedom solve.

/// A symmetric positive semidefinite matrix, row-major.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    size: usize,
    values: Vec<f64>,
}

/// `u' V^- u` and the rank of `V`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quadratic {
    pub(crate) value: f64,
    pub(crate) rank: usize,
}

impl Symmetric {
    pub(crate) fn zeros(size: usize) -> Self {
        Self {
            size,
            values: vec![0.0; size * size],
        }
    }

    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        if let Some(entry) = self.values.get_mut(i * self.size + j) {
            *entry += value;
        }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.values
            .get(i * self.size + j)
            .copied()
            .unwrap_or_default()
    }

    /// The Cholesky factor; `None` unless the matrix is positive definite.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let n = self.size;
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let left = self.at(i, j) - known;
                lower[i * n + j] = if i > j {
                    left / lower[j * n + j]
                } else if left > 1e-12 * self.at(i, i) {
                    left.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Factor { size: n, lower })
    }

    /// The quadratic form of `u` in a generalized inverse, by a Cholesky factor with the largest pivot first. Directions
    /// whose pivot is below 1e-10 of their own diagonal entry are left out, and the rank falls with them: they are sums of
    /// others.
    pub(crate) fn quadratic(&self, u: &[f64]) -> Quadratic {
        let n = self.size;
        let start: Vec<f64> = (0..n).map(|i| self.at(i, i)).collect();
        let mut left = start.clone();
        let mut rest: Vec<usize> = (0..n).collect();
        // Columns of the factor, each as long as the matrix, and the solution of L y = u along them.
        let mut factor: Vec<Vec<f64>> = Vec::new();
        let mut residual = u.to_vec();
        let mut value = 0.0;
        loop {
            let best = rest
                .iter()
                .copied()
                .filter(|&i| left[i] > 1e-10 * start[i])
                .max_by(|&i, &j| left[i].total_cmp(&left[j]).then(j.cmp(&i)));
            let Some(pivot) = best else { break };
            let root = left[pivot].sqrt();
            let mut column = vec![0.0; n];
            for &i in &rest {
                let known: f64 = factor.iter().map(|l| l[i] * l[pivot]).sum();
                column[i] = (self.at(i, pivot) - known) / root;
            }
            let y = residual[pivot] / root;
            value += y * y;
            rest.retain(|&i| i != pivot);
            for &i in &rest {
                residual[i] -= column[i] * y;
                left[i] -= column[i] * column[i];
            }
            column[pivot] = root;
            factor.push(column);
        }
        Quadratic {
            value,
            rank: factor.len(),
        }
    }
}

/// A lower triangular `L` with `L L'` the matrix.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    size: usize,
    lower: Vec<f64>,
}

impl Factor {
    /// `L^-1 u`.
    pub(crate) fn whiten(&self, u: &[f64]) -> Vec<f64> {
        let mut white: Vec<f64> = Vec::with_capacity(self.size);
        for (line, &u) in self.lower.chunks(self.size.max(1)).zip(u) {
            let i = white.len();
            let known: f64 = line.iter().zip(&white).map(|(l, w)| l * w).sum();
            white.push((u - known) / line[i]);
        }
        white
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadratic_form_of_a_small_matrix() {
        // V = [[4, 2], [2, 3]], V^-1 = [[3, -2], [-2, 4]] / 8; u = (1, 2): (3 - 8 + 16) / 8.
        let mut v = Symmetric::zeros(2);
        for (i, j, x) in [(0, 0, 4.0), (0, 1, 2.0), (1, 0, 2.0), (1, 1, 3.0)] {
            v.add(i, j, x);
        }
        let form = v.quadratic(&[1.0, 2.0]);
        assert_eq!(form.rank, 2);
        assert!((form.value - 11.0 / 8.0).abs() < 1e-15);
    }

    #[test]
    fn whitening_gives_the_same_form() {
        let mut v = Symmetric::zeros(2);
        for (i, j, x) in [(0, 0, 4.0), (0, 1, 2.0), (1, 0, 2.0), (1, 1, 3.0)] {
            v.add(i, j, x);
        }
        let white = v.factor().unwrap().whiten(&[1.0, 2.0]);
        let form: f64 = white.iter().map(|x| x * x).sum();
        assert!((form - 11.0 / 8.0).abs() < 1e-15);
        v.add(1, 1, -2.0);
        assert!(v.factor().is_none());
    }

    #[test]
    fn directions_without_variance_are_left_out() {
        // The third is the sum of the first two.
        let mut v = Symmetric::zeros(3);
        let rows = [[1.0, 0.0, 1.0], [0.0, 2.0, 2.0], [1.0, 2.0, 3.0]];
        for (i, row) in rows.iter().enumerate() {
            for (j, &x) in row.iter().enumerate() {
                v.add(i, j, x);
            }
        }
        let form = v.quadratic(&[1.0, 2.0, 3.0]);
        assert_eq!(form.rank, 2);
        assert!((form.value - 3.0).abs() < 1e-12);
        assert_eq!(Symmetric::zeros(2).quadratic(&[0.0, 0.0]).rank, 0);
    }
}
