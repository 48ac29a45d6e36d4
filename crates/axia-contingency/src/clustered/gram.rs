//! Sums of products over users, of a pair's four cells.

use std::ops::{Add, Sub};

/// Sums over users of products of what a user adds to the four cells of a pair's 2 × 2 table: in both, in the row only, in the
/// column only, in neither. Exact before their one rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gram {
    /// Row-major, symmetric.
    products: [[f64; 4]; 4],
    /// Sums over users of each cell: the table itself.
    pub(crate) cells: [i64; 4],
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

#[cfg(test)]
impl Sums {
    /// Adds a user of `m` conversations, of which `x` are in the row, `y` in the column and `both` in both.
    pub(crate) fn add(&mut self, both: u64, x: u64, y: u64, m: u64) {
        self.both2 += both * both;
        self.both_x += both * x;
        self.both_y += both * y;
        self.both_m += both * m;
        self.xy += x * y;
        self.x2 += x * x;
        self.xm += x * m;
        self.y2 += y * y;
        self.ym += y * m;
        self.m2 += m * m;
        self.both += both;
        self.x += x;
        self.y += y;
        self.m += m;
    }
}

impl Gram {
    /// From sums in (both, x, y, m) to the four cells. In integers, so that nothing is lost where the cells are differences of
    /// large numbers.
    pub(crate) fn of(sums: &Sums) -> Self {
        let all = [
            sums.both2,
            sums.both_x,
            sums.both_y,
            sums.both_m,
            sums.x2,
            sums.xy,
            sums.xm,
            sums.y2,
            sums.ym,
            sums.m2,
        ];
        // No sum is above the last, and at most eight of them are added up: 64 bits hold that as a rule.
        let products = if sums.m2 < 1 << 58 {
            products(all.map(|x| x as i64)).map(|line| line.map(|x| x as f64))
        } else {
            products(all.map(i128::from)).map(|line| line.map(|x| x as f64))
        };
        let (b, x, y, m) = (
            sums.both as i64,
            sums.x as i64,
            sums.y as i64,
            sums.m as i64,
        );
        Self {
            products,
            cells: [b, x - b, y - b, m - x - y + b],
        }
    }

    /// Sum over users of the square of what the weights make of the user's four cells.
    pub(crate) fn squares(&self, weights: [f64; 4]) -> f64 {
        let mut sum = 0.0;
        for (line, wi) in self.products.iter().zip(weights) {
            for (&product, wj) in line.iter().zip(weights) {
                sum += wi * wj * product;
            }
        }
        sum.max(0.0)
    }
}

/// The products of the four cells, row-major.
fn products<T: Copy + Add<Output = T> + Sub<Output = T>>(sums: [T; 10]) -> [[T; 4]; 4] {
    let [bb, bx, by, bm, xx, xy, xm, yy, ym, mm] = sums;
    let row_only = [bx - bb, xx - bx - bx + bb];
    let col_only = [by - bb, xy - bx - by + bb, yy - by - by + bb];
    let neither = [
        bm - bx - by + bb,
        xm - xx - xy + bx + bx + by - bm - bb,
        ym - yy - xy + by + by + bx - bm - bb,
        mm - xm - xm - ym - ym + xx + yy + bb + bm + bm + xy + xy - bx - bx - by - by,
    ];
    [
        [bb, row_only[0], col_only[0], neither[0]],
        [row_only[0], row_only[1], col_only[1], neither[1]],
        [col_only[0], col_only[1], col_only[2], neither[2]],
        [neither[0], neither[1], neither[2], neither[3]],
    ]
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
            sums.add(a, a + b, a + c, a + b + c + d);
        }
        let gram = Gram::of(&sums);
        assert_eq!(gram.cells, [3, 5, 1, 4]);
        for i in 0..4 {
            for j in 0..4 {
                let product: u64 = users.iter().map(|user| user[i] * user[j]).sum();
                assert!(
                    (gram.products[i][j] - product as f64).abs() < 1e-300,
                    "{i} {j}"
                );
            }
        }
        // Where 64 bits may not do.
        let wide = Sums {
            m2: sums.m2 + (1 << 60),
            ..sums
        };
        let (wide, narrow) = (Gram::of(&wide).products, gram.products);
        assert_eq!(wide[..3], narrow[..3]);
        assert!((wide[3][3] - (1_u64 << 60) as f64 - narrow[3][3]).abs() < 256.0);
        let weighted: f64 = users
            .iter()
            .map(|u| (0.5 * u[0] as f64 - u[1] as f64 + 2.0 * u[3] as f64).powi(2))
            .sum();
        assert!((gram.squares([0.5, -1.0, 0.0, 2.0]) - weighted).abs() < 1e-12);
    }
}
