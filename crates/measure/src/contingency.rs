//! `contingency`: from rows of codes, or of names, to residuals, p-values and two corrections of every cell.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use axia_contingency::{
    AssociationParams, CellTests, Correction, Exact, Grid, NamedCounts, Vocabulary,
};

use crate::Error;
use crate::args::Args;
use crate::cpu_time::best_of;
use crate::figure::{name_of, peak_memory_mib, print};

/// Categories of the generated rows: tasks and values.
const N_ROWS: u32 = 500;
const N_COLS: u32 = 3_307;

/// The fastest of so many passes.
const PASSES: usize = 5;

const CORRECTIONS: [Correction; 2] = [Correction::Bonferroni, Correction::BenjaminiHochberg];

/// How a code is written as a name.
type Written = fn(u32) -> String;

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["rows", "seed", "write"])?;
    if args.data().is_empty() {
        let rows: u64 = args.value_or("rows", 10_000_000)?;
        let data = Codes::generate(rows, args.value_or("seed", 1)?);
        if let Some(folder) = args.path("write") {
            data.write(folder)?;
        }
        return measure(&data, "generated");
    }
    args.data()
        .iter()
        .try_for_each(|path| measure(&Codes::read(path)?, &name_of(path)))
}

fn measure(data: &Codes, on: &str) -> Result<(), Error> {
    let n = data.rows.len() as u64;
    // As other tools do it: the normal tail in every cell, whatever is expected there.
    let naive = AssociationParams::new()
        .exact(Exact::Never)
        .min_expected_normal(0.0)
        .build()?;
    let exact = AssociationParams::new().build()?;
    let figure = |name: &str, value: f64, unit: &str, n: u64| {
        print(&format!("contingency/{name}"), value, unit, n, on);
    };

    let counted = || {
        Ok(Grid::from_codes(
            data.n_rows,
            data.n_cols,
            &data.rows,
            &data.cols,
        )?)
    };
    let (count, grid) = best(counted)?;
    figure("count", count, "CPU s", n);
    let (test, (cells, _)) = best(|| corrected(naive.test_grid(&grid, &CORRECTIONS)?))?;
    let tests = cells.adjusted().len() as u64;
    figure("residuals and corrections", test, "CPU s", tests);
    drop(cells);
    let (whole, (cells, findings)) =
        best(|| corrected(naive.test_grid(&counted()?, &CORRECTIONS)?))?;
    figure("codes to corrections", whole, "CPU s", n);
    if let Some(peak) = peak_memory_mib() {
        figure("peak memory", peak, "MiB", n);
    }
    // What any other tool must give too.
    figure("chi-square", cells.chi_square.statistic, "", tests);
    let sum: f64 = cells.adjusted().iter().map(|r| r.abs()).sum();
    figure("sum of |adjusted residual|", sum, "", tests);
    for (correction, found) in findings {
        let name = format!("below 0.05, {correction:?}");
        figure(&name, found as f64, "cells", tests);
    }
    drop(cells);

    let (seconds, (cells, findings)) = best(|| corrected(exact.test_grid(&grid, &CORRECTIONS)?))?;
    figure("exact where sparse, corrections", seconds, "CPU s", tests);
    for (correction, found) in findings {
        let name = format!("below 0.05, {correction:?}, exact where sparse");
        figure(&name, found as f64, "cells", tests);
    }
    drop((cells, grid));

    let names = Names::of(data);
    let (seconds, _) = best(|| {
        let mut counts = NamedCounts::new();
        for (row, col) in names.iter() {
            counts.push(row, col)?;
        }
        corrected(naive.test_table(&counts.build().table, &CORRECTIONS)?)
    })?;
    figure("names to corrections", seconds, "CPU s", n);
    Ok(())
}

/// How many cells each correction leaves below .05.
type Findings = Vec<(Correction, usize)>;

/// Reads every corrected p-value: not all of them are computed before they are asked for, and here all are.
fn corrected(cells: Option<CellTests>) -> Result<(CellTests, Findings), Error> {
    let cells = cells.ok_or("the table has fewer than two rows or columns")?;
    let ln_level = 0.05_f64.ln();
    let mut findings = Findings::new();
    for correction in CORRECTIONS {
        let corrected = cells.corrected(correction).ok_or("not corrected")?;
        let below = corrected.filter(|p| p.ln() <= ln_level).count();
        findings.push((correction, below));
    }
    Ok((cells, findings))
}

fn best<T>(work: impl FnMut() -> Result<T, Error>) -> Result<(f64, T), Error> {
    best_of(PASSES, work)
}

/// Rows as codes.
struct Codes {
    n_rows: u32,
    n_cols: u32,
    rows: Vec<u32>,
    cols: Vec<u32>,
}

impl Codes {
    /// Tasks of uneven sizes, values by a power law as published shares are, and 15 rows of 100 whose value goes with the task.
    fn generate(rows: u64, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let sizes = |n: u32, weight: &mut dyn FnMut(f64) -> f64| -> Vec<f64> {
            let mut sum = 0.0;
            (0..n)
                .map(|i| {
                    sum += weight(f64::from(i));
                    sum
                })
                .collect()
        };
        let tasks = sizes(N_ROWS, &mut |_| -random.unit().ln());
        let values = sizes(N_COLS, &mut |i| (i + 1.0).powf(-0.9));
        let pick = |sizes: &[f64], unit: f64| {
            let at = sizes.last().copied().unwrap_or(0.0) * unit;
            sizes.partition_point(|&size| size <= at) as u32
        };
        let (rows, cols) = (0..rows)
            .map(|_| {
                let task = pick(&tasks, random.unit()).min(N_ROWS - 1);
                let mut value = pick(&values, random.unit()).min(N_COLS - 1);
                if random.unit() < 0.15 {
                    value = (task * 7919 + (random.unit() * 20.0) as u32) % N_COLS;
                }
                (task, value)
            })
            .unzip();
        Self {
            n_rows: N_ROWS,
            n_cols: N_COLS,
            rows,
            cols,
        }
    }

    /// Two columns of a CSV file with the header `row,column`, without quotes.
    fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)?;
        let mut lines = text.lines();
        if lines.next() != Some("row,column") {
            return Err("the file must start with the line 'row,column'".into());
        }
        let (mut rows, mut cols) = (Vocabulary::new(), Vocabulary::new());
        let mut codes = (Vec::new(), Vec::new());
        for (line, number) in lines.zip(2_u64..) {
            let pair = line.split_once(',');
            let (row, col) = pair.ok_or_else(|| format!("line {number} has no comma"))?;
            codes.0.push(rows.code(row));
            codes.1.push(cols.code(col));
        }
        Ok(Self {
            n_rows: rows.len() as u32,
            n_cols: cols.len() as u32,
            rows: codes.0,
            cols: codes.1,
        })
    }

    /// As `row.npy` and `column.npy`, for the peers.
    fn write(&self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder)?;
        for (name, codes) in [("row", &self.rows), ("column", &self.cols)] {
            let mut to = BufWriter::new(File::create(folder.join(format!("{name}.npy")))?);
            let mut header = format!(
                "{{'descr': '<u4', 'fortran_order': False, 'shape': ({},), }}",
                codes.len()
            );
            // The numbers start at a multiple of 64 bytes.
            while (header.len() + 11) % 64 != 0 {
                header.push(' ');
            }
            header.push('\n');
            to.write_all(b"\x93NUMPY\x01\x00")?;
            to.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
            to.write_all(header.as_bytes())?;
            for code in codes {
                to.write_all(&code.to_le_bytes())?;
            }
            to.flush()?;
        }
        Ok(())
    }
}

/// The same rows as names, end to end in memory, as a reader of a file would have them.
struct Names {
    text: [String; 2],
    ends: [Vec<usize>; 2],
}

impl Names {
    fn of(data: &Codes) -> Self {
        let mut names = Self {
            text: [String::new(), String::new()],
            ends: [Vec::new(), Vec::new()],
        };
        let forms: [(&[u32], Written); 2] = [
            (&data.rows, |code| {
                format!("task number {code:03} about something")
            }),
            (&data.cols, |code| {
                format!("value_{code:04}_of_the_taxonomy")
            }),
        ];
        let columns = names.text.iter_mut().zip(&mut names.ends);
        for ((text, ends), (codes, form)) in columns.zip(forms) {
            let highest = codes.iter().copied().max().unwrap_or(0);
            let known: Vec<String> = (0..=highest).map(form).collect();
            for &code in codes {
                text.push_str(&known[code as usize]);
                ends.push(text.len());
            }
        }
        names
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let column = |which: usize| {
            let text = &self.text[which];
            let mut start = 0;
            self.ends[which].iter().map(move |&end| {
                let name = &text[start..end];
                start = end;
                name
            })
        };
        column(0).zip(column(1))
    }
}

struct SplitMix(u64);

impl SplitMix {
    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((((z ^ (z >> 31)) >> 11) + 1) as f64) * 2.0_f64.powi(-53)
    }
}
