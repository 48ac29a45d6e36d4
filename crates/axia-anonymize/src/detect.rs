//! Stage 2: runs the recognizers over the shadow of a text and maps what they find back.

use std::ops::Range;

use crate::decode::decoded;
use crate::normalize::{Hole, Shadow, normalize};
use crate::resolve::Resolved;
use crate::{Evidence, Finding, Recognizer, RecognizerFailure};

/// All findings with at least `min_score`, by bytes of the original; they may overlap.
pub(crate) fn detect<'r>(
    text: &str,
    holes: &[Hole],
    recognizers: impl Iterator<Item = &'r dyn Recognizer>,
    min_score: f32,
) -> Result<Vec<Resolved>, RecognizerFailure> {
    let shadow = normalize(text, holes);
    let recognizers: Vec<_> = recognizers.collect();
    let mut found = in_shadow(text, &shadow, &recognizers, min_score)?;
    if let Some(decoded) = decoded(text, holes) {
        found.extend(in_shadow(text, &decoded, &recognizers, min_score)?);
    }
    Ok(found)
}

fn in_shadow(
    text: &str,
    shadow: &Shadow<'_>,
    recognizers: &[&dyn Recognizer],
    min_score: f32,
) -> Result<Vec<Resolved>, RecognizerFailure> {
    let mut found: Vec<Finding> = Vec::new();
    for recognizer in recognizers {
        let before = found.len();
        recognizer.try_recognize(&shadow.text, &mut found)?;
        // Placeholders are known by the kinds that recognizers declare, so no other may appear.
        for finding in found.iter_mut().skip(before) {
            if !recognizer.may_report(finding.kind) {
                finding.kind = recognizer.kind();
            }
        }
    }
    let found = found
        .into_iter()
        .filter(|finding| finding.score >= min_score || finding.score.is_nan())
        .filter_map(|finding| sane(&shadow.text, finding))
        .map(|mut finding| {
            let span = shadow.original(&finding.span);
            if text.get(span.clone()) != shadow.text.get(finding.span.clone()) {
                finding.evidence.push(Evidence::Folded);
            }
            finding.span = span;
            Resolved::new(finding)
        })
        .collect();
    Ok(found)
}

/// Brings what a recognizer reports into the text's bounds. In doubt more is covered, not less.
fn sane(text: &str, mut finding: Finding) -> Option<Finding> {
    let mut start = finding.span.start.min(text.len());
    let mut end = finding.span.end.min(text.len());
    if start >= end {
        return None;
    }
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    finding.span = start..end;
    finding.score = if finding.score.is_nan() {
        1.0
    } else {
        finding.score.clamp(0.0, 1.0)
    };
    Some(finding)
}

/// The parts of `found` that lie outside of `walls` (in order, not overlapping).
pub(crate) fn outside(found: Vec<Resolved>, walls: &[Range<usize>]) -> Vec<Resolved> {
    if walls.is_empty() {
        return found;
    }
    let mut parts = Vec::with_capacity(found.len());
    for one in found {
        let span = one.finding.span.clone();
        let first = walls.partition_point(|wall| wall.end <= span.start);
        let mut from = span.start;
        let crossing = walls[first..].iter().take_while(|w| w.start < span.end);
        for wall in crossing {
            push_part(&mut parts, &one, from..wall.start);
            from = wall.end;
        }
        push_part(&mut parts, &one, from..span.end);
    }
    parts
}

fn push_part(parts: &mut Vec<Resolved>, of: &Resolved, span: Range<usize>) {
    if span.start < span.end {
        let mut finding = of.finding.clone();
        finding.span = span;
        parts.push(Resolved::new(finding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    struct Fixed(Vec<Finding>);

    impl Recognizer for Fixed {
        fn kind(&self) -> Kind {
            Kind::Url
        }

        fn recognize(&self, _: &str, out: &mut Vec<Finding>) {
            out.extend(self.0.iter().cloned());
        }
    }

    #[test]
    fn careless_recognizers_are_put_right() {
        let careless = Fixed(vec![
            Finding::new(Kind::Url, 1..2),
            Finding::new(Kind::Url, 3..99).with_score(f32::NAN),
            Finding::new(Kind::Url, 50..60),
            Finding::new(Kind::Url, 2..2),
            Finding::new(Kind::Url, 0..1).with_score(0.4),
        ]);
        let found = detect(
            "aéb",
            &[],
            std::iter::once(&careless as &dyn Recognizer),
            0.5,
        )
        .unwrap();
        let spans: Vec<_> = found.iter().map(|r| r.finding.span.clone()).collect();
        assert_eq!(spans, [1..3, 3..4]);
        assert!(found.iter().all(|r| r.finding.score >= 1.0));
    }

    #[test]
    fn walls_cut_findings() {
        let found = vec![Resolved::new(Finding::new(Kind::Url, 0..20))];
        let parts = outside(found, &[0..2, 5..8, 20..25]);
        let spans: Vec<_> = parts.iter().map(|r| r.finding.span.clone()).collect();
        assert_eq!(spans, [2..5, 8..20]);
    }
}
