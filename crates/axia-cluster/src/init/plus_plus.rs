//! K-means++ and its greedy form: every choice that the plain procedure makes, few of its distances.
//!
//! A step draws candidates in proportion to how far the points are from the chosen ones, and asks of
//! each candidate which points it is nearer to than all of those. In many dimensions hardly any
//! distance can be ruled out by the triangle inequality, but most can by a score in bfloat16 or
//! single precision with a bound on its error: the [`Filter`] of all points, laid out once, takes the
//! candidates of a step as its rows. Only where the score leaves it open is a distance worked out.
//! So the choices are those of the plain procedure, bit for bit.

use super::Stream;
use crate::kernel::{Block, Filter, LANES, scaled_distance, sum_error};
use crate::parallel::map_pieces;
use crate::prepared::{Prepared, to_f32};

/// Points whose masses are added up in one go. The size is fixed, so that sums are too.
const PIECE: usize = 16 * LANES;

/// Most candidates of one draw: `2 + ln k` for the largest `k`.
pub(super) const TRIALS: usize = 24;

/// With fewer candidates in all, laying out the points costs more than all distances.
const FEW: usize = 24;

/// Indices of the points that the centroids start from.
pub(super) fn plus_plus(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    k: usize,
    trials: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let filter = (trials * (k - 1) >= FEW).then(|| filter(points));
    choose(points, weights, filter, (k, trials), stream)
}

/// All points as columns.
fn filter(points: &Prepared<'_>) -> Filter {
    let dim = points.dim;
    Filter::with(points.isa, dim, points.len(), true, |index, out| {
        points.move_row(points.row(index), out);
        true
    })
}

/// Without a filter every distance is worked out.
fn choose(
    points: &Prepared<'_>,
    weights: Option<&[f64]>,
    filter: Option<Filter>,
    (k, trials): (usize, usize),
    stream: &mut Stream,
) -> Vec<usize> {
    let n = points.len();
    let mut state = State {
        points,
        weights,
        filter,
        distances: vec![1.0; n],
        masses: vec![0.0; n.div_ceil(PIECE)],
    };
    (0..state.masses.len()).for_each(|piece| state.add_up(piece));
    let mut taken = vec![false; n];
    let first = state.draw(stream).unwrap_or(0);
    let mut chosen = vec![first];
    taken[first] = true;
    state.start(first);
    while chosen.len() < k {
        let mut candidates: Vec<usize> = (0..trials).filter_map(|_| state.draw(stream)).collect();
        if candidates.is_empty() {
            // Fewer distinct points than clusters: the centroids that are left repeat points.
            let next = (0..n).find(|&i| !taken[i] && state.weight(i) > 0.0);
            candidates.push(next.unwrap_or(first));
        }
        let next = state.take_best(&candidates);
        taken[next] = true;
        chosen.push(next);
    }
    chosen
}

/// The points while centroids are chosen among them.
struct State<'a> {
    points: &'a Prepared<'a>,
    weights: Option<&'a [f64]>,
    filter: Option<Filter>,
    /// Squared distance of each point from the nearest of the chosen ones. Single precision is enough
    /// to draw by; it is the same bits on every processor, and exactly 0 between equal rows.
    distances: Vec<f32>,
    /// Of each piece, the sum of weight times distance.
    masses: Vec<f64>,
}

/// A point that is nearer to a candidate than to all that are chosen.
struct Nearer {
    trial: usize,
    point: usize,
    distance: f32,
}

/// What the candidates of a step would change in a piece.
struct Gains {
    /// By how much each lowers the mass.
    sums: [f64; TRIALS],
    nearer: Vec<Nearer>,
}

impl State<'_> {
    fn weight(&self, index: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[index])
    }

    fn mass(&self, index: usize) -> f64 {
        self.weight(index) * f64::from(self.distances[index])
    }

    fn piece(&self, piece: usize) -> std::ops::Range<usize> {
        piece * PIECE..self.points.len().min((piece + 1) * PIECE)
    }

    /// Renews the mass of a piece.
    fn add_up(&mut self, piece: usize) {
        let range = self.piece(piece);
        let mut sums = [0.0; 8];
        for (at, index) in range.enumerate() {
            sums[at % 8] += self.mass(index);
        }
        self.masses[piece] = sums.into_iter().sum();
    }

    /// A point drawn in proportion to its mass; `None` if there is no mass.
    fn draw(&self, stream: &mut Stream) -> Option<usize> {
        let total: f64 = self.masses.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mark = stream.uniform() * total;
        let (mut sum, mut found) = (0.0, None);
        for (piece, &mass) in self.masses.iter().enumerate() {
            if mass > 0.0 {
                found = Some((piece, sum));
                sum += mass;
                if sum > mark {
                    break;
                }
            }
        }
        let (piece, mut sum) = found?;
        let mut last = None;
        for index in self.piece(piece) {
            let mass = self.mass(index);
            if mass > 0.0 {
                sum += mass;
                last = Some(index);
                if sum > mark {
                    break;
                }
            }
        }
        last
    }

    /// Distances from the first one chosen.
    fn start(&mut self, first: usize) {
        let target = self.scaled(first);
        let points = self.points;
        let distances = map_pieces(points.len(), PIECE, |range| {
            let distance = |index| {
                let row: &[f32] = points.row(index);
                scaled_distance(points.isa, row, points.scale, &target)
            };
            range.map(distance).collect::<Vec<f32>>()
        });
        self.distances = distances.concat();
        (0..self.masses.len()).for_each(|piece| self.add_up(piece));
    }

    fn scaled(&self, index: usize) -> Vec<f32> {
        let row = self.points.row(index).iter();
        row.map(|v| v * self.points.scale).collect()
    }

    /// Takes the candidate that lowers the mass most, the earliest of equals.
    fn take_best(&mut self, candidates: &[usize]) -> usize {
        let gains = self.gains(candidates);
        let mut totals = [0.0; TRIALS];
        for piece in &gains {
            for (total, sum) in totals.iter_mut().zip(&piece.sums) {
                *total += sum;
            }
        }
        let mut best = 0;
        for trial in 1..candidates.len() {
            if totals[trial] > totals[best] {
                best = trial;
            }
        }
        for (piece, gains) in gains.iter().enumerate() {
            let mut any = false;
            for nearer in gains.nearer.iter().filter(|n| n.trial == best) {
                self.distances[nearer.point] = nearer.distance;
                any = true;
            }
            if any {
                self.add_up(piece);
            }
        }
        candidates[best]
    }

    /// What the candidates would change in each piece.
    fn gains(&self, candidates: &[usize]) -> Vec<Gains> {
        let points = self.points;
        let scaled: Vec<Vec<f32>> = candidates.iter().map(|&c| self.scaled(c)).collect();
        let mut block = Block::new(points.isa, points.dim);
        let offsets: Vec<f32> = (candidates.iter())
            .map(|&c| block.push(points.row(c), points.scale, &points.shift) / 2.0)
            .collect();
        map_pieces(points.len(), PIECE, |range| {
            let mut gains = Gains {
                sums: [0.0; TRIALS],
                nearer: Vec::new(),
            };
            let mut try_pair = |trial: usize, point: usize| {
                let row: &[f32] = points.row(point);
                let distance = scaled_distance(points.isa, row, points.scale, &scaled[trial]);
                let held = self.distances[point];
                if distance < held {
                    let less = f64::from(held) - f64::from(distance);
                    gains.sums[trial] += self.weight(point) * less;
                    gains.nearer.push(Nearer {
                        trial,
                        point,
                        distance,
                    });
                }
            };
            match &self.filter {
                None => {
                    for point in range {
                        (0..candidates.len()).for_each(|trial| try_pair(trial, point));
                    }
                }
                Some(filter) => {
                    let none = vec![f32::INFINITY; candidates.len()];
                    let mut hits = Vec::new();
                    for first in range.clone().step_by(LANES) {
                        let asks = self.asks(first..range.end.min(first + LANES));
                        hits.clear();
                        let panel = first / LANES;
                        filter.pairs(panel, &block, &offsets, &none, &asks, &mut hits);
                        for hit in &hits {
                            try_pair(hit.row as usize, first + hit.lane as usize);
                        }
                    }
                }
            }
            gains
        })
    }

    /// The score that a candidate must reach to be nearer, with what rounding may take from a
    /// distance in single precision.
    fn asks(&self, range: std::ops::Range<usize>) -> [f32; LANES] {
        let dim = self.points.dim;
        let more = to_f32(1.0 + 2.0 * sum_error(dim) + 2e-6);
        let tiny = to_f32(1e-36 * (dim + 16) as f64);
        let mut asks = [f32::INFINITY; LANES];
        for (ask, distance) in asks.iter_mut().zip(&self.distances[range]) {
            *ask = -0.5 * (distance * more) - tiny;
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::kernel::Isa;
    use crate::{Metric, Points};

    /// The procedure as the papers have it: all distances of all candidates, no pieces.
    fn plain(
        points: &Prepared<'_>,
        weights: Option<&[f64]>,
        (k, trials): (usize, usize),
        stream: &mut Stream,
    ) -> Vec<usize> {
        let n = points.len();
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let distance = |i: usize, c: usize| {
            let scaled: Vec<f32> = points.row(c).iter().map(|v| v * points.scale).collect();
            scaled_distance(points.isa, points.row(i), points.scale, &scaled)
        };
        let draw = |distances: &[f32], stream: &mut Stream| {
            let masses: Vec<f64> = (0..n)
                .map(|i| weight(i) * f64::from(distances[i]))
                .collect();
            let total: f64 = masses.iter().sum();
            (total > 0.0).then(|| {
                let mark = stream.uniform() * total;
                let mut sum = 0.0;
                let reached = masses.iter().position(|mass| {
                    sum += mass;
                    sum > mark
                });
                reached.or(masses.iter().rposition(|&m| m > 0.0)).unwrap()
            })
        };
        let mut chosen = vec![draw(&vec![1.0; n], stream).unwrap()];
        let mut held: Vec<f32> = (0..n).map(|i| distance(i, chosen[0])).collect();
        while chosen.len() < k {
            let mut candidates: Vec<usize> =
                (0..trials).filter_map(|_| draw(&held, stream)).collect();
            if candidates.is_empty() {
                let left = (0..n).find(|i| !chosen.contains(i) && weight(*i) > 0.0);
                candidates.push(left.unwrap_or(chosen[0]));
            }
            let mut best = (candidates[0], f64::INFINITY);
            for &candidate in &candidates {
                let left = (0..n)
                    .map(|i| weight(i) * f64::from(distance(i, candidate).min(held[i])))
                    .sum();
                if left < best.1 {
                    best = (candidate, left);
                }
            }
            for (i, held) in held.iter_mut().enumerate() {
                *held = held.min(distance(i, best.0));
            }
            chosen.push(best.0);
        }
        chosen
    }

    #[test]
    fn choices_are_those_of_the_plain_procedure_on_every_instruction_set() {
        for (n, dim, k, grid, offset) in [
            (700, 3, 40, 0.0, 0.0),
            (1300, 40, 60, 0.0, 2.0),
            (600, 2, 90, 3.0, 0.0),
            (530, 65, 30, 0.0, 500.0),
        ] {
            let mut stream = Stream::new(n as u64, 0);
            let values: Vec<f32> = (0..n * dim)
                .map(|_| {
                    let v = 2.0 * stream.uniform() - 1.0;
                    // On a grid points repeat, and there are fewer distinct ones than clusters.
                    to_f32(if grid > 0.0 { (v * grid).round() } else { v } + offset)
                })
                .collect();
            let weights: Vec<f64> = (0..n).map(|i| (i % 4) as f64).collect();
            for weights in [None, Some(&weights[..])] {
                for trials in [1, 6] {
                    let mut expected = None;
                    for isa in Isa::available() {
                        let view = Points::new(&values, dim).unwrap();
                        let points = Prepared::with_isa(view, Metric::Euclidean, isa).unwrap();
                        let of = |filter| {
                            let mut stream = Stream::new(7, 0);
                            choose(&points, weights, filter, (k, trials), &mut stream)
                        };
                        let found = of(Some(filter(&points)));
                        let expected = expected.get_or_insert_with(|| {
                            plain(&points, weights, (k, trials), &mut Stream::new(7, 0))
                        });
                        assert_eq!(&found, expected, "{isa:?} {n} x {dim}, {trials}");
                        assert_eq!(of(None), found);
                    }
                }
            }
        }
    }

    #[test]
    fn draws_follow_the_masses() {
        let values = [1.0; 4];
        let view = Points::new(&values, 1).unwrap();
        let points = Prepared::new(view, Metric::Euclidean).unwrap();
        let weights = [1.0, 0.0, 2.0, 1.0];
        let mut state = State {
            points: &points,
            weights: Some(&weights),
            filter: None,
            distances: vec![1.0; 4],
            masses: vec![0.0],
        };
        state.add_up(0);
        let mut stream = Stream::new(1, 0);
        let mut counts = [0_u32; 4];
        for _ in 0..4000 {
            counts[state.draw(&mut stream).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((1900..2100).contains(&counts[2]), "{counts:?}");
        state.distances.fill(0.0);
        state.add_up(0);
        assert_eq!(state.draw(&mut stream), None);
    }
}
