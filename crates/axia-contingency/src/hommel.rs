//! Hommel's procedure for many p-values, in log space.

/// Corrected logarithms for ascending `p`.
///
/// A hypothesis is rejected when Simes' test rejects every set that holds it. With `a_s`, Simes' p-value of the `s` largest
/// p-values, and `A_s = max(a_s, a_{s+1}, ...)`, the corrected value is the smallest over `s` of `max(s p, A_{s+1})`.
///
/// # References
/// Hommel (1988), Biometrika 75, 383-386; Meijer, Krebs and Goeman (2019), Biometrical Journal 61, 73-82.
pub(crate) fn adjust_sorted(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let ln: Vec<f64> = (0..=m).map(|i| (i as f64).ln()).collect();
    let mut largest = simes_of_largest(p, &ln);
    for s in (1..m).rev() {
        largest[s] = largest[s].max(largest[s + 1]);
    }
    // A_{m+1} = 0.
    largest.push(f64::NEG_INFINITY);
    p.iter()
        .map(|&own| {
            // The first s at which s p passes A_{s+1}: the one rises, the other falls.
            let (mut low, mut high) = (0, m);
            while low < high {
                let s = (low + high) / 2;
                if ln[s] + own >= largest[s + 1] {
                    high = s;
                } else {
                    low = s + 1;
                }
            }
            let here = (ln[low] + own).max(largest[low + 1]);
            if low > 0 {
                here.min((ln[low - 1] + own).max(largest[low]))
            } else {
                here
            }
        })
        .collect()
}

/// `ln a_s` for `s` in `0..=m`: the smallest of `s p_x / (x - m + s)` over the ranks `x > m - s`.
///
/// The rank where it is smallest falls with `s`, so halving the range of `s` halves the ranks to look at.
fn simes_of_largest(p: &[f64], ln: &[f64]) -> Vec<f64> {
    let m = p.len();
    let mut all = vec![f64::NEG_INFINITY; m + 1];
    // Ranges of s, with the ranks between which the smallest of each lies.
    let mut open = vec![(1, m, 1, m)];
    while let Some((from, to, first, last)) = open.pop() {
        if from > to {
            continue;
        }
        let s = from + (to - from) / 2;
        let (mut best, mut at) = (f64::INFINITY, last);
        for x in first.max(m - s + 1)..=last {
            let value = p[x - 1] - ln[x + s - m];
            if value < best {
                (best, at) = (value, x);
            }
        }
        all[s] = best + ln[s];
        open.push((from, s - 1, at, last));
        open.push((s + 1, to, first, at));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over every set of hypotheses.
    fn closed(p: &[f64]) -> Vec<f64> {
        let mut adjusted = vec![0.0_f64; p.len()];
        for set in 1_u32..1 << p.len() {
            let inside = |i: usize| set >> i & 1 == 1;
            let members: Vec<f64> = (0..p.len()).filter(|&i| inside(i)).map(|i| p[i]).collect();
            let size = members.len() as f64;
            let simes = members
                .iter()
                .zip(1..)
                .map(|(p, rank)| size * p / f64::from(rank));
            let simes = simes.fold(f64::INFINITY, f64::min);
            for (i, adjusted) in adjusted.iter_mut().enumerate() {
                if inside(i) {
                    *adjusted = adjusted.max(simes);
                }
            }
        }
        adjusted
    }

    #[test]
    fn agrees_with_the_closed_test() {
        let mut state = 7_u64;
        for m in 1..=9 {
            for round in 0..40 {
                let mut p: Vec<f64> = (0..m)
                    .map(|_| {
                        state = state
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1);
                        let unit = ((state >> 11) as f64 + 1.0) * 2.0_f64.powi(-53);
                        // Small ones, equal ones and large ones.
                        match round % 3 {
                            0 => unit,
                            1 => unit.powi(4),
                            _ => (unit * 6.0).ceil() / 6.0,
                        }
                    })
                    .collect();
                p.sort_by(f64::total_cmp);
                let ln: Vec<f64> = p.iter().map(|p| p.ln()).collect();
                for (ours, reference) in adjust_sorted(&ln).into_iter().zip(closed(&p)) {
                    let error = (ours.exp() - reference).abs();
                    assert!(error < 1e-12, "{p:?}: {} {reference}", ours.exp());
                }
            }
        }
    }
}
