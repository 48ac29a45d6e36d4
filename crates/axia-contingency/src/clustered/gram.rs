//! Sums of products over users, of a pair's four cells.

/// Sums over users of products of what a user adds to the four cells of a pair's 2 × 2 table: in both, in the row only, in the
/// column only, in neither. Exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gram {
    /// Row-major, symmetric.
    products: [[i128; 4]; 4],
    /// Sums over users of each cell: the table itself.
    pub(crate) cells: [i128; 4],
}

/// Sums over users that one pair, its row, its column and the whole contribute. `both` counts what a user adds to row and
/// column together, `x` to the row, `y` to the column, `m` to everything.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) both2: u64,
    pub(crate) both_x: u64,
    pub(crate) both_y: u64,
    pub(crate) both_m: u64,
    pub(crate) xy: u64,
    pub(crate) x2: u64,
    pub(crate) xm: u64,
    pub(crate) y2: u64,
    pub(crate) ym: u64,
    pub(crate) m2: u64,
    pub(crate) both: u64,
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) m: u64,
}

impl Gram {
    /// From sums in (both, x, y, m) to the four cells. In integers, so that nothing is lost where the cells are differences of
    /// large numbers.
    pub(crate) fn of(sums: &Sums) -> Self {
        let s = |x: u64| i128::from(x);
        let (bb, bx, by, bm) = (
            s(sums.both2),
            s(sums.both_x),
            s(sums.both_y),
            s(sums.both_m),
        );
        let (xx, xy, xm) = (s(sums.x2), s(sums.xy), s(sums.xm));
        let (yy, ym, mm) = (s(sums.y2), s(sums.ym), s(sums.m2));
        let row_only = [bx - bb, xx - 2 * bx + bb];
        let col_only = [by - bb, xy - bx - by + bb, yy - 2 * by + bb];
        let neither = [
            bm - bx - by + bb,
            xm - xx - xy + 2 * bx + by - bm - bb,
            ym - yy - xy + 2 * by + bx - bm - bb,
            mm + xx + yy + bb - 2 * xm - 2 * ym + 2 * bm + 2 * xy - 2 * bx - 2 * by,
        ];
        let (b, x, y, m) = (s(sums.both), s(sums.x), s(sums.y), s(sums.m));
        Self {
            products: [
                [bb, row_only[0], col_only[0], neither[0]],
                [row_only[0], row_only[1], col_only[1], neither[1]],
                [col_only[0], col_only[1], col_only[2], neither[2]],
                [neither[0], neither[1], neither[2], neither[3]],
            ],
            cells: [b, x - b, y - b, m - x - y + b],
        }
    }

    /// Sum over users of the square of what the weights make of the user's four cells.
    pub(crate) fn squares(&self, weights: [f64; 4]) -> f64 {
        let mut sum = 0.0;
        for (line, wi) in self.products.iter().zip(weights) {
            for (&product, wj) in line.iter().zip(weights) {
                sum += wi * wj * product as f64;
            }
        }
        sum.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_cells() {
        // Three users' cells: both, row only, column only, neither.
        let users = [[2_u64, 1, 0, 3], [0, 4, 1, 1], [1, 0, 0, 0]];
        let mut sums = Sums::default();
        for [a, b, c, d] in users {
            let (x, y, m) = (a + b, a + c, a + b + c + d);
            sums.both2 += a * a;
            sums.both_x += a * x;
            sums.both_y += a * y;
            sums.both_m += a * m;
            sums.xy += x * y;
            sums.x2 += x * x;
            sums.xm += x * m;
            sums.y2 += y * y;
            sums.ym += y * m;
            sums.m2 += m * m;
            sums.both += a;
            sums.x += x;
            sums.y += y;
            sums.m += m;
        }
        let gram = Gram::of(&sums);
        assert_eq!(gram.cells, [3, 5, 1, 4]);
        for i in 0..4 {
            for j in 0..4 {
                let product: u64 = users.iter().map(|user| user[i] * user[j]).sum();
                assert_eq!(gram.products[i][j], i128::from(product), "{i} {j}");
            }
        }
        let weighted: f64 = users
            .iter()
            .map(|u| (0.5 * u[0] as f64 - u[1] as f64 + 2.0 * u[3] as f64).powi(2))
            .sum();
        assert!((gram.squares([0.5, -1.0, 0.0, 2.0]) - weighted).abs() < 1e-12);
    }
}
