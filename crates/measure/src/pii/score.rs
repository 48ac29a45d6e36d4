//! Counts what is masked of the labelled stretches, and what is masked beside them.
//!
//! Only letters and digits count: whether a comma or a space inside an entity is masked tells nobody
//! anything. The kind that a system gives does not matter, only what stays readable.

use std::collections::{BTreeMap, BTreeSet};

use super::{Mask, Sample};

/// One figure to print.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) n: u64,
}

/// Kinds that identify only together with others. Everything else is a direct identifier.
const QUASI: [&str; 9] = [
    "AGE",
    "TITLE",
    "NRP",
    "NORP",
    "GPE",
    "DATE",
    "DATE_TIME",
    "ORG",
    "ORGANIZATION",
];

/// Kinds with a checksum or a form of their own.
const TIER_1: [&str; 9] = [
    "CREDIT_CARD",
    "EMAIL",
    "EMAIL_ADDRESS",
    "IBAN",
    "IBAN_CODE",
    "IP_ADDRESS",
    "US_SSN",
    "CRYPTO",
    "MAC_ADDRESS",
];

/// Texts drawn anew for the interval of the leak rate, and the seed.
const RESAMPLES: u64 = 2_000;
const SEED: u64 = 7;

#[derive(Default)]
struct Share {
    hits: u64,
    of: u64,
}

impl Share {
    fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u64::from(hit);
    }

    fn value(&self) -> f64 {
        ratio(self.hits, self.of)
    }
}

#[allow(clippy::cast_precision_loss)] // Counts of characters are far below 2^53.
fn ratio(hits: u64, of: u64) -> f64 {
    if of == 0 {
        return f64::NAN;
    }
    hits as f64 / of as f64
}

/// What one text adds.
#[derive(Default)]
struct Counts {
    full: Share,
    characters: Share,
    masked_in_gold: Share,
    tier_1: Share,
    kinds: BTreeMap<String, Share>,
    leaking: Share,
    residual: Share,
    residual_parts: Share,
    residual_although_masked: Share,
}

pub(super) fn score(samples: &[Sample], masks: &[Mask]) -> Vec<Figure> {
    let mut counts = Counts::default();
    // Per template: documents that leak, documents with a direct identifier.
    let mut templates: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    let mut spans = 0;
    for (sample, mask) in samples.iter().zip(masks) {
        let before = (counts.leaking.hits, counts.leaking.of);
        count(sample, mask, &mut counts);
        let template = templates.entry(sample.template).or_default();
        template.0 += counts.leaking.hits - before.0;
        template.1 += counts.leaking.of - before.1;
        spans += mask.spans.len() as u64;
    }
    let mut figures = Vec::new();
    let mut add = |name: &str, value: f64, unit: &'static str, n: u64| {
        figures.push(Figure {
            name: name.to_owned(),
            value,
            unit,
            n,
        });
    };
    let shares = [
        ("leak", &counts.leaking, "documents"),
        ("full_span_recall", &counts.full, "spans"),
        ("character_recall", &counts.characters, "characters"),
        ("character_precision", &counts.masked_in_gold, "characters"),
        ("tier_1_full", &counts.tier_1, "spans"),
        ("residual_values", &counts.residual, "documents"),
        ("residual_parts", &counts.residual_parts, "documents"),
        (
            "residual_values_where_all_masked",
            &counts.residual_although_masked,
            "documents",
        ),
    ];
    for (name, share, unit) in shares {
        if share.of > 0 {
            add(name, share.value(), unit, share.of);
        }
        if name == "leak" {
            let (low, high) = interval(&templates.values().copied().collect::<Vec<_>>());
            add("leak_low", low, unit, templates.len() as u64);
            add("leak_high", high, unit, templates.len() as u64);
        }
    }
    for (kind, share) in &counts.kinds {
        add(&format!("full/{kind}"), share.value(), "spans", share.of);
    }
    add("spans", spans as f64, "spans", samples.len() as u64);
    figures
}

fn count(sample: &Sample, mask: &Mask, counts: &mut Counts) {
    let text: Vec<char> = sample.text.chars().collect();
    let mut masked = vec![false; text.len()];
    for (span, _, _) in &mask.spans {
        for flag in masked
            .iter_mut()
            .take(span.end)
            .skip(span.start.min(text.len()))
        {
            *flag = true;
        }
    }
    let mut labelled = vec![false; text.len()];
    let (mut direct, mut leaks) = (false, false);
    for gold in &sample.gold {
        let inside = || gold.span.clone().filter(|&at| text[at].is_alphanumeric());
        let hidden = inside().filter(|&at| masked[at]).count() as u64;
        let all = inside().count() as u64;
        let full = hidden == all;
        counts.full.count(full);
        counts.characters.hits += hidden;
        counts.characters.of += all;
        let kind = counts.kinds.entry(gold.kind.clone()).or_default();
        kind.count(full);
        if TIER_1.contains(&gold.kind.as_str()) {
            counts.tier_1.count(full);
        }
        if is_direct(&gold.kind) {
            direct = true;
            leaks |= !full;
        }
        for at in gold.span.clone() {
            labelled[at] = true;
        }
    }
    for (at, c) in text.iter().enumerate() {
        if masked[at] && c.is_alphanumeric() {
            counts.masked_in_gold.count(labelled[at]);
        }
    }
    if direct {
        counts.leaking.count(leaks);
        if let Some(replaced) = &mask.replaced {
            residual(sample, replaced, leaks, counts);
        }
    }
}

fn is_direct(kind: &str) -> bool {
    !QUASI.contains(&kind)
}

/// Looks for the labelled values in the text after replacement, wherever they stand.
fn residual(sample: &Sample, replaced: &str, leaks: bool, counts: &mut Counts) {
    let output = words(replaced);
    let direct = || sample.gold.iter().filter(|gold| is_direct(&gold.kind));
    let whole = direct().any(|gold| {
        let value = words(&gold.value);
        !value.is_empty() && output.windows(value.len()).any(|w| w == value.as_slice())
    });
    let known: BTreeSet<&str> = output.iter().map(String::as_str).collect();
    let part = direct().any(|gold| {
        let long = |word: &&String| word.chars().count() >= 4;
        words(&gold.value)
            .iter()
            .filter(long)
            .any(|word| known.contains(word.as_str()))
    });
    counts.residual.count(whole);
    counts.residual_parts.count(part);
    if !leaks {
        counts.residual_although_masked.count(whole);
    }
}

/// The words of a text in lower case; what else stands between them does not matter.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The 95 % interval of a rate by drawing whole templates anew: texts of one template are alike, so
/// they are no independent evidence.
fn interval(templates: &[(u64, u64)]) -> (f64, f64) {
    let mut state = SEED;
    let mut rates: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = (0..templates.len()).map(|_| {
                let at = split_mix(&mut state) % templates.len() as u64;
                templates.get(usize::try_from(at).unwrap_or(0))
            });
            let (hits, of) = drawn
                .flatten()
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            ratio(hits, of)
        })
        .filter(|rate| !rate.is_nan())
        .collect();
    rates.sort_by(f64::total_cmp);
    let at = |share: usize| rates.get(rates.len() * share / 1000).copied();
    (at(25).unwrap_or(f64::NAN), at(975).unwrap_or(f64::NAN))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::{Gold, Mask, Sample};
    use super::score;

    #[test]
    fn one_readable_character_leaks() {
        let gold = |kind: &str, at: std::ops::Range<usize>| Gold {
            kind: kind.to_owned(),
            value: "Jó Ng".chars().take(at.len()).collect(),
            span: at,
        };
        let sample = || Sample {
            text: "Jó Ng, in Rome".to_owned(),
            gold: vec![gold("PERSON", 0..5), gold("GPE", 10..14)],
            template: 1,
        };
        let mask = |end: usize, replaced: &str| Mask {
            spans: vec![(0..end, "PERSON".to_owned(), 1.0)],
            replaced: Some(replaced.to_owned()),
        };
        let samples = [sample(), sample()];
        let masks = [mask(8, "[P]in Rome"), mask(4, "[P]g, jó; ng in Rome")];
        let figures = score(&samples, &masks);
        let value = |name: &str| {
            let figure = figures.iter().find(|f| f.name == name);
            figure.map(|f| (f.value * 1000.0).round())
        };
        assert_eq!(value("leak"), Some(500.0));
        assert_eq!(value("full_span_recall"), Some(250.0));
        // Of 8 letters twice, 4 and 3 are masked; one masked letter lies outside.
        assert_eq!(value("character_recall"), Some(438.0));
        assert_eq!(value("character_precision"), Some(875.0));
        assert_eq!(value("residual_values"), Some(500.0));
        assert_eq!(value("residual_values_where_all_masked"), Some(0.0));
    }
}
