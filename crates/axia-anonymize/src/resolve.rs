//! Stage 3: overlapping findings become one, which covers them all.

use std::ops::Range;

use crate::Finding;

/// A finding of the original text that overlaps no other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resolved {
    /// Covers everything that any of the merged findings covered.
    pub(crate) finding: Finding,
    /// The span of the finding that gave the kind: it tells which entity this is.
    pub(crate) core: Range<usize>,
}

impl Resolved {
    pub(crate) fn new(finding: Finding) -> Self {
        let core = finding.span.clone();
        Self { finding, core }
    }

    /// What decides the kind of a union: validated, then context, then length, then score.
    fn rank(&self) -> (bool, bool, usize, u32) {
        // Scores are between 0 and 1, where the order of the bits is the order of the numbers.
        let score = self.finding.score.max(0.0).to_bits();
        let finding = &self.finding;
        (
            finding.is_validated(),
            finding.has_context(),
            self.core.len(),
            score,
        )
    }
}

/// Merges findings that share at least one byte; the result is in order of the text.
///
/// Masking the union means that a wrong kind never leaves part of an entity readable.
pub(crate) fn resolve(mut found: Vec<Resolved>) -> Vec<Resolved> {
    found.sort_by(|a, b| {
        let by_place = (a.finding.span.start, b.finding.span.end)
            .cmp(&(b.finding.span.start, a.finding.span.end));
        by_place
            .then_with(|| b.rank().cmp(&a.rank()))
            .then_with(|| a.finding.kind.cmp(&b.finding.kind))
    });
    let mut resolved: Vec<Resolved> = Vec::with_capacity(found.len());
    for next in found {
        match resolved.last_mut() {
            Some(last) if next.finding.span.start < last.finding.span.end => merge(last, next),
            _ => resolved.push(next),
        }
    }
    resolved
}

fn merge(into: &mut Resolved, mut other: Resolved) {
    let span = into.finding.span.start..into.finding.span.end.max(other.finding.span.end);
    if other.rank() > into.rank() {
        std::mem::swap(into, &mut other);
    }
    into.finding.span = span;
    into.finding.score = into.finding.score.max(other.finding.score);
    // The reasons of the other kind would be misread as reasons for this one.
    if other.finding.kind == into.finding.kind {
        for evidence in other.finding.evidence {
            if !into.finding.evidence.contains(&evidence) {
                into.finding.evidence.push(evidence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use proptest::prelude::*;

    fn finding(kind: Kind, span: Range<usize>) -> Finding {
        Finding::by_rule(kind, span, "test", 0.5)
    }

    fn resolved(findings: Vec<Finding>) -> Vec<(Kind, Range<usize>, Range<usize>)> {
        resolve(findings.into_iter().map(Resolved::new).collect())
            .into_iter()
            .map(|r| (r.finding.kind, r.finding.span, r.core))
            .collect()
    }

    #[test]
    fn the_union_is_covered_and_validated_beats_context_beats_length() {
        let long = finding(Kind::Url, 0..30);
        let near = finding(Kind::Phone, 5..15).near(Some("tel"));
        let valid = finding(Kind::Card, 28..40).validated_by("luhn");
        assert_eq!(
            resolved(vec![near.clone(), long.clone()]),
            [(Kind::Phone, 0..30, 5..15)]
        );
        assert_eq!(
            resolved(vec![long.clone(), near, valid]),
            [(Kind::Card, 0..40, 28..40)]
        );
        assert_eq!(
            resolved(vec![long, finding(Kind::Email, 3..9)]),
            [(Kind::Url, 0..30, 0..30)]
        );
    }

    #[test]
    fn touching_findings_stay_apart() {
        let pair = vec![finding(Kind::Ip, 4..8), finding(Kind::Email, 0..4)];
        assert_eq!(
            resolved(pair),
            [(Kind::Email, 0..4, 0..4), (Kind::Ip, 4..8, 4..8)]
        );
    }

    proptest! {
        #[test]
        fn the_same_bytes_are_covered_in_any_order(
            spans in proptest::collection::vec((0..50_usize, 1..20_usize), 0..12),
            turn in 0..12_usize,
        ) {
            let findings: Vec<Finding> =
                spans.iter().map(|&(start, len)| finding(Kind::Url, start..start + len)).collect();
            let covered = |of: &[Range<usize>]| -> Vec<bool> {
                (0..80).map(|at| of.iter().any(|s| s.contains(&at))).collect()
            };
            let before: Vec<Range<usize>> = findings.iter().map(|f| f.span.clone()).collect();
            let mut turned = findings.clone();
            turned.rotate_left(turn % findings.len().max(1));
            let after = resolved(findings);
            prop_assert_eq!(resolved(turned), after.clone());
            let after: Vec<Range<usize>> = after.into_iter().map(|(_, span, _)| span).collect();
            prop_assert_eq!(covered(&before), covered(&after));
            prop_assert!(after.windows(2).all(|w| w[0].end <= w[1].start));
        }
    }
}
