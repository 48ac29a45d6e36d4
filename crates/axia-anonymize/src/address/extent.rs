//! How far an address goes: from its core back over house numbers, and on over flats, towns, countries and postcodes,
//! on the same line or on the lines below.

use std::sync::LazyLock;

use regex::Regex;

use super::grammar::Reader;
use super::lexicon::{AFTER, BEFORE, MILITARY, STRONG_UNIT, WEAK_UNIT};
use super::piece::{Gap, Sort};
use crate::names::Shape;

impl Reader<'_> {
    /// Goes back over house numbers and, before a flat, over the street.
    pub(super) fn back(&self, at: usize, free: usize, rule: &str) -> usize {
        let mut start = at;
        let limit = free.max(at.saturating_sub(9));
        if rule == "unit" {
            // What stands before a flat on the same line, or the whole line above.
            let mut ahead = at;
            while ahead > limit {
                let gap = self.gap(ahead);
                let line = self.starts_line(ahead);
                if line && ahead != at || matches!(gap, Gap::Other) {
                    break;
                }
                let part = self.is_number(ahead - 1)
                    || self.is_proper(ahead - 1)
                    || self.is_join(ahead - 1) && ahead - 1 > limit
                    || self.has(ahead - 1, AFTER | BEFORE);
                if !part || !matches!(gap, Gap::Space | Gap::Comma | Gap::Line | Gap::Tight) {
                    break;
                }
                ahead -= 1;
            }
            while ahead < at
                && self.is_join(ahead)
                && !self.has(ahead, AFTER | BEFORE)
                && self.word(ahead).is_some_and(|w| w.shape == Shape::Lower)
            {
                ahead += 1;
            }
            // Only with a number in it: otherwise it is a name.
            if (ahead..at).any(|i| self.is_number(i)) {
                let first = (ahead..at).find(|&i| self.is_number(i)).unwrap_or(at);
                let words_first = self.starts_line(ahead) || ahead == 0 || self.cue_before(ahead);
                start = if words_first && !self.split_before(ahead, first) {
                    ahead
                } else {
                    first
                };
            }
        }
        for _ in 0..2 {
            if start > limit
                && self.is_number(start - 1)
                && matches!(self.gap(start), Gap::Space | Gap::Comma)
                && !self.starts_line(start)
            {
                start -= 1;
            }
        }
        start
    }

    fn split_before(&self, from: usize, to: usize) -> bool {
        (from + 1..=to).any(|i| self.gap(i) == Gap::Comma)
    }

    /// Goes on over flats, towns, regions, countries and postcodes.
    pub(super) fn forward(&self, at: usize, start: usize) -> usize {
        let mut end = at;
        let mut names = 0;
        let mut flats = 0;
        // A town may follow on the same line.
        let mut town = false;
        loop {
            let gap = self.gap(end);
            if self.piece(end).is_none() || matches!(gap, Gap::Other) {
                return end;
            }
            if let Some(next) = self.unit(end).or_else(|| self.weak_unit(end)) {
                end = next;
                flats += 1;
                if flats > 4 {
                    return end;
                }
                continue;
            }
            // `12/3`, `45-68`
            if gap == Gap::Tight && self.is_number(end) && end > start && self.is_number(end - 1) {
                end += 1;
                continue;
            }
            if let Some(next) = self.postcode(end) {
                end = next;
                town = names == 0;
                if names >= 2 {
                    return end;
                }
                continue;
            }
            if self.is_postcode(end) {
                end += 1;
                if names >= 2 {
                    return end;
                }
                continue;
            }
            let fresh = matches!(gap, Gap::Comma | Gap::Line);
            let after_flat = gap == Gap::Space
                && (town || flats > 0 || self.is_number(end - 1) && end - start >= 2)
                && names == 0;
            if names < 4 && (fresh || after_flat) && self.is_proper(end) {
                let next = self.proper_name(end, 6);
                if self.town_ends(next, gap) && next > end && !self.sentence(end) {
                    names += 1;
                    end = next;
                    continue;
                }
            }
            return end;
        }
    }

    /// Whether a line below starts a new sentence or another part of the text.
    fn sentence(&self, at: usize) -> bool {
        let first = self.word(at);
        let alone = !(self.gap(at + 1) == Gap::Space && self.is_proper(at + 1));
        first.is_some_and(|w| alone && w.flags.common() && !w.flags.proper() && !w.flags.name())
            || self.gap(at) == Gap::Line
                && self
                    .text
                    .get(self.end_of(at)..)
                    .is_some_and(|t| t.starts_with([':', '@']))
    }

    /// A town is the whole part of the line.
    fn town_ends(&self, end: usize, gap: Gap) -> bool {
        let Some(piece) = self.piece(end) else {
            return true;
        };
        let next = self
            .text
            .get(self.end_of(end - 1)..piece.start)
            .unwrap_or_default();
        if self
            .text
            .get(piece.start..)
            .is_some_and(|t| t.starts_with(':'))
        {
            return false;
        }
        match self.gap(end) {
            Gap::Comma | Gap::Line => true,
            Gap::Space if next.starts_with('.') => true,
            Gap::Space => {
                self.is_number(end)
                    || gap != Gap::Line && self.word(end).is_some_and(|w| w.shape == Shape::Lower)
            }
            Gap::Tight => false,
            Gap::Other => !next.starts_with(':'),
        }
    }

    fn weak_unit(&self, at: usize) -> Option<usize> {
        let fits = self.has(at, WEAK_UNIT | STRONG_UNIT | MILITARY)
            && self.is_number(at + 1)
            && self.gap(at + 1) == Gap::Space;
        fits.then_some(at + 2)
    }

    fn is_postcode(&self, at: usize) -> bool {
        matches!(self.gap(at), Gap::Space | Gap::Comma | Gap::Line)
            && self
                .piece(at)
                .is_some_and(|p| matches!(p.sort, Sort::Number { digits: 4..=6, .. }))
            && (self.gap(at) != Gap::Line
                || self.piece(at + 1).is_none()
                || self.gap(at + 1) != Gap::Other)
            && !self.digits_go_on(at + 1)
    }

    /// A postcode that starts at a piece, in one of the usual forms: the end in pieces.
    pub(super) fn postcode(&self, at: usize) -> Option<usize> {
        static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(
                r"^(?:[A-Z]{1,2}-)?[0-9]{4,6}(?:-[0-9]{3,4})?\b|^[0-9]{4} ?[A-Z]{2}\b|^[0-9]{2}-[0-9]{3}\b|^[0-9]{3} [0-9]{2}\b|^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}\b|^[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]\b",
            )
            .ok()
        });
        if !matches!(self.gap(at), Gap::Comma | Gap::Line | Gap::Space) {
            return None;
        }
        let start = self.piece(at)?.start;
        let mut end = (start + 16).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let found = FORMS.as_ref()?.find(self.text.get(start..end)?)?;
        let behind = |next: &usize| {
            self.piece(*next)
                .is_none_or(|p| p.start >= start + found.end())
        };
        let next = (at + 1..).find(behind)?;
        let whole = self.end_of(next - 1) == start + found.end();
        (whole && !self.digits_go_on(next)).then_some(next)
    }

    /// Whether a number goes on in another group: then it is a telephone number, not a postcode.
    fn digits_go_on(&self, at: usize) -> bool {
        matches!(self.gap(at), Gap::Space | Gap::Tight)
            && self
                .piece(at)
                .is_some_and(|p| matches!(p.sort, Sort::Number { .. }))
    }
}
