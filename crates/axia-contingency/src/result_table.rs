//! Results as a plain table of numbers, written as CSV or as JSON lines.

use std::io::{self, Write};

use crate::association::{Associations, TestKind, Untested};
use crate::correction::Correction;
use crate::error::Error;
use crate::log_odds::LogOdds;
use crate::tails::LogP;
use crate::two_by_two::Estimate;

/// Associations as rows of named columns, one row for each pair, for any tool that reads tables.
///
/// # Columns
/// | columns | what |
/// | --- | --- |
/// | `row`, `column` | categories, or their names where [given](Self::with_names) |
/// | `estimand`, `observed`, `row_total`, `column_total`, `n`, `users`, `expected` | counts and denominators |
/// | `lift`, `pmi`, `npmi`, `phi` | effect sizes without intervals |
/// | `risk_difference`, `risk_ratio`, `odds_ratio`, each with `_low` and `_high` | with intervals; `odds_ratio_zero_cell` says whether one half was added |
/// | `pearson_residual`, `adjusted_residual`, `robust_residual`, `design_effect` | residuals |
/// | `test`, `untested`, `ln_p`, `log10_p`, `p` | the test (`normal` or `exact`), why there is none, and its p-value |
/// | `log10_p_bonferroni`, ... | the p-value under each correction asked for, as decimal logarithm; `log10_p_two_stage` is empty where the column was not selected |
/// | `log_odds_dirichlet`, `log_odds_dirichlet_z` | where [asked for](Self::with_log_odds): the shrunken log odds ratio against the rest, and its z |
/// | `significant`, `low_expected` | flags: by the scan's correction and alpha; smallest expected count below 5 |
///
/// What is undefined is empty in CSV and `null` in JSON. Numbers are written with the fewest digits that read back exactly.
///
/// ```
/// use axia_contingency::{AssociationParams, Correction, Observations, ResultTable};
///
/// let observations = Observations::from_records(2, 2, 9, [(1, 0, 0), (2, 1, 1), (3, 0, 0)])?;
/// let found = AssociationParams::new().build()?.scan(&observations);
/// let table = ResultTable::new(&found, &[Correction::Holm]);
/// let mut csv = Vec::new();
/// table.write_csv(&mut csv)?;
/// assert!(String::from_utf8(csv)?.starts_with("row,column,estimand,observed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResultTable<'a> {
    associations: &'a Associations,
    corrected: Vec<(&'static str, Vec<Option<LogP>>)>,
    log_odds: Option<Vec<Option<LogOdds>>>,
    names: Option<(&'a [String], &'a [String])>,
}

/// One field of a row.
enum Field<'a> {
    Nothing,
    Whole(u64),
    Number(f64),
    Flag(bool),
    Text(&'a str),
}

const COLUMNS: &[&str] = &[
    "row",
    "column",
    "estimand",
    "observed",
    "row_total",
    "column_total",
    "n",
    "users",
    "expected",
    "lift",
    "pmi",
    "npmi",
    "phi",
    "risk_difference",
    "risk_difference_low",
    "risk_difference_high",
    "risk_ratio",
    "risk_ratio_low",
    "risk_ratio_high",
    "odds_ratio",
    "odds_ratio_low",
    "odds_ratio_high",
    "odds_ratio_zero_cell",
    "pearson_residual",
    "adjusted_residual",
    "robust_residual",
    "design_effect",
    "test",
    "untested",
    "ln_p",
    "log10_p",
    "p",
    "significant",
    "low_expected",
];

impl<'a> ResultTable<'a> {
    /// The pairs in their order, with the p-values of each correction and of the
    /// [two-stage procedure](Associations::two_stage).
    #[must_use]
    pub fn new(associations: &'a Associations, corrections: &[Correction]) -> Self {
        let mut corrected: Vec<_> = corrections
            .iter()
            .map(|&correction| (column_of(correction), associations.corrected(correction)))
            .collect();
        corrected.push(("log10_p_two_stage", associations.two_stage()));
        Self {
            associations,
            corrected,
            log_odds: None,
            names: None,
        }
    }

    /// Adds the columns `log_odds_dirichlet` and `log_odds_dirichlet_z`, with a prior of the strength given; see
    /// [`Associations::log_odds_dirichlet`].
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a strength that is not finite and above 0.
    pub fn with_log_odds(mut self, strength: f64) -> Result<Self, Error> {
        self.log_odds = Some(self.associations.log_odds_dirichlet(strength)?);
        Ok(self)
    }

    /// Writes these names for the categories; one without a name keeps its number.
    #[must_use]
    pub fn with_names(mut self, rows: &'a [String], columns: &'a [String]) -> Self {
        self.names = Some((rows, columns));
        self
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<&'static str> {
        let corrected = self.corrected.iter().map(|(name, _)| *name);
        let log_odds: &[&str] = match self.log_odds {
            Some(_) => &["log_odds_dirichlet", "log_odds_dirichlet_z"],
            None => &[],
        };
        let corrected = corrected.chain(log_odds.iter().copied());
        COLUMNS.iter().copied().chain(corrected).collect()
    }

    /// Writes a header and one line for each pair, as CSV (RFC 4180, lines end with a line feed).
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "{}", self.columns().join(","))?;
        for at in 0..self.associations.pairs.len() {
            for (i, field) in self.fields(at).into_iter().enumerate() {
                if i > 0 {
                    to.write_all(b",")?;
                }
                match field {
                    Field::Nothing => {}
                    Field::Whole(value) => write!(to, "{value}")?,
                    Field::Number(value) => write!(to, "{value:?}")?,
                    Field::Flag(value) => write!(to, "{value}")?,
                    Field::Text(text) if text.contains([',', '"', '\n', '\r']) => {
                        write!(to, "\"{}\"", text.replace('"', "\"\""))?;
                    }
                    Field::Text(text) => to.write_all(text.as_bytes())?,
                }
            }
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Writes one JSON object for each pair, a line each.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json_lines(&self, to: &mut dyn Write) -> io::Result<()> {
        let columns = self.columns();
        for at in 0..self.associations.pairs.len() {
            for (i, (field, name)) in self.fields(at).into_iter().zip(&columns).enumerate() {
                write!(to, "{}\"{name}\":", if i == 0 { '{' } else { ',' })?;
                match field {
                    Field::Nothing => to.write_all(b"null")?,
                    Field::Whole(value) => write!(to, "{value}")?,
                    // JSON has no infinities; none occur but the logarithm of an impossible event.
                    Field::Number(value) if !value.is_finite() => to.write_all(b"null")?,
                    Field::Number(value) => write!(to, "{value:?}")?,
                    Field::Flag(value) => write!(to, "{value}")?,
                    Field::Text(text) => write_json_text(to, text)?,
                }
            }
            to.write_all(b"}\n")?;
        }
        Ok(())
    }

    /// The fields of one pair, in the columns' order.
    fn fields(&self, at: usize) -> Vec<Field<'a>> {
        let Some(pair) = self.associations.pairs.get(at) else {
            return Vec::new();
        };
        let name = |names: &'a [String], id: u32| {
            let name = names.get(id as usize);
            name.map_or(Field::Whole(id.into()), |name| Field::Text(name))
        };
        let (rows, cols) = self.names.unwrap_or((&[], &[]));
        let mut fields = vec![
            name(rows, pair.row),
            name(cols, pair.col),
            Field::Text(self.associations.estimand.name()),
            Field::Whole(pair.observed),
            Field::Whole(pair.row_total),
            Field::Whole(pair.col_total),
            Field::Whole(pair.n),
            pair.users.map_or(Field::Nothing, Field::Whole),
            Field::Number(pair.expected),
            Field::Number(pair.lift),
            number(pair.pmi()),
            number(pair.npmi),
            number(pair.phi),
        ];
        let odds = pair.odds_ratio;
        let as_estimate = odds.map(|odds| Estimate {
            value: odds.value,
            low: odds.low,
            high: odds.high,
        });
        for estimate in [pair.risk_difference, pair.risk_ratio, as_estimate] {
            fields.push(number(estimate.map(|e| e.value)));
            fields.push(number(estimate.map(|e| e.low)));
            fields.push(number(estimate.map(|e| e.high)));
        }
        fields.push(odds.map_or(Field::Nothing, |odds| Field::Flag(odds.zero_cell)));
        fields.push(Field::Number(pair.pearson_residual));
        fields.push(number(pair.adjusted_residual));
        fields.push(number(pair.robust_residual));
        fields.push(number(pair.design_effect));
        fields.push(pair.test.map_or(Field::Nothing, |kind| {
            Field::Text(match kind {
                TestKind::Normal => "normal",
                TestKind::Exact => "exact",
            })
        }));
        fields.push(pair.untested.map_or(Field::Nothing, |reason| {
            Field::Text(match reason {
                Untested::SmallExpected => "small_expected",
                Untested::SmallTotal => "small_total",
                Untested::NoContrast => "no_contrast",
            })
        }));
        fields.push(number(pair.ln_p.map(LogP::ln)));
        fields.push(number(pair.log10_p()));
        fields.push(number(pair.p()));
        fields.push(Field::Flag(pair.significant));
        fields.push(Field::Flag(pair.smallest_expected < 5.0));
        for (_, corrected) in &self.corrected {
            let corrected = corrected.get(at).copied().flatten();
            fields.push(number(corrected.map(LogP::log10)));
        }
        if let Some(log_odds) = &self.log_odds {
            let odds = log_odds.get(at).copied().flatten();
            fields.push(number(odds.map(|odds| odds.delta)));
            fields.push(number(odds.map(|odds| odds.z)));
        }
        fields
    }
}

fn number<'a>(value: Option<f64>) -> Field<'a> {
    value.map_or(Field::Nothing, Field::Number)
}

fn column_of(correction: Correction) -> &'static str {
    match correction {
        Correction::Bonferroni => "log10_p_bonferroni",
        Correction::Sidak => "log10_p_sidak",
        Correction::Holm => "log10_p_holm",
        Correction::Hochberg => "log10_p_hochberg",
        Correction::Hommel => "log10_p_hommel",
        Correction::BenjaminiHochberg => "log10_p_benjamini_hochberg",
        Correction::BenjaminiYekutieli => "log10_p_benjamini_yekutieli",
    }
}

fn write_json_text(to: &mut dyn Write, text: &str) -> io::Result<()> {
    to.write_all(b"\"")?;
    for c in text.chars() {
        match c {
            '"' => to.write_all(b"\\\"")?,
            '\\' => to.write_all(b"\\\\")?,
            c if (c as u32) < 0x20 => write!(to, "\\u{:04x}", c as u32)?,
            c => write!(to, "{c}")?,
        }
    }
    to.write_all(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssociationParams, Observations};

    #[test]
    fn both_forms_say_the_same() {
        let mut builder = Observations::builder(2, 3);
        for id in 0..40_u64 {
            let row = (id % 2) as u32;
            builder
                .push_with_user(id, id / 2, &[row], &[row, 2])
                .unwrap();
        }
        let found = AssociationParams::new()
            .build()
            .unwrap()
            .scan(&builder.build().unwrap());
        let rows = ["a,b".to_owned(), "say \"c\"\n".to_owned()];
        let all = [
            Correction::Bonferroni,
            Correction::Hommel,
            Correction::BenjaminiYekutieli,
        ];
        let table = ResultTable::new(&found, &all).with_names(&rows, &[]);
        let table = table.with_log_odds(500.0).unwrap();
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        table.write_csv(&mut csv).unwrap();
        table.write_json_lines(&mut json).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert!(
            csv.contains("\n\"a,b\",0,prevalence,20,20,20,40,20,10.0,2.0,"),
            "{csv}"
        );
        assert!(csv.contains("\"say \"\"c\"\"\n\",1,"));
        // The value that all show has nothing to compare with.
        assert!(csv.contains(",no_contrast,,,,false,true,"), "{csv}");
        let json = String::from_utf8(json).unwrap();
        assert_eq!(json.lines().count(), found.pairs.len());
        for (line, pair) in json.lines().zip(&found.pairs) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["observed"], pair.observed);
            assert_eq!(line["ln_p"].as_f64(), pair.ln_p.map(LogP::ln));
            assert_eq!(line.as_object().unwrap().len(), table.columns().len());
        }
    }
}
