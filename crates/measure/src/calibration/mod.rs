//! `calibration`: how often the tests of `axia-contingency` err on data without any association, what they find where there
//! is one, and how often their intervals hold the truth; each beside the method that they replace.
//!
//! All data are simulated from a seed. `--data` takes the published frequencies of values (`value,pct_convos`).

mod cost;
mod estimands;
mod family;
mod lengths;
mod loyal;
mod random;
mod sparse;
mod users;
mod watch;

use crate::Error;
use crate::args::Args;
use crate::figure;

/// Everything that a run needs to know.
pub(crate) struct Setting {
    seed: u64,
    /// How many replications, relative to the number that keeps the Monte Carlo error below .005.
    scale: f64,
}

impl Setting {
    fn replications(&self, full: u32) -> u32 {
        (f64::from(full) * self.scale).round().max(1.0) as u32
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["seed", "scale", "only"])?;
    let setting = Setting {
        seed: args.value_or("seed", 1)?,
        scale: args.value_or("scale", 1.0)?,
    };
    if !(setting.scale > 0.0 && setting.scale <= 100.0) {
        return Err("--scale must be above 0 and at most 100".into());
    }
    let only: String = args.value_or("only", String::new())?;
    let wanted = |name: &str| only.is_empty() || only == name;
    if wanted("sparse") {
        sparse::run(
            &setting,
            args.data().first().map(std::path::PathBuf::as_path),
        )?;
    }
    if wanted("users") {
        users::run(&setting)?;
    }
    if wanted("estimands") {
        estimands::run(&setting)?;
    }
    if wanted("lengths") {
        lengths::run(&setting)?;
    }
    if wanted("family") {
        family::run(&setting)?;
    }
    if wanted("cost") {
        cost::run(&setting)?;
    }
    if wanted("watch") {
        watch::run(&setting)?;
    }
    Ok(())
}

/// How often something happened, with its Monte Carlo error by replication.
#[derive(Default)]
struct Rate {
    /// Of each replication: how often, of how many.
    parts: Vec<(f64, f64)>,
}

impl Rate {
    fn push(&mut self, hits: u64, of: u64) {
        self.parts.push((hits as f64, of as f64));
    }

    fn value(&self) -> f64 {
        let (hits, of) = self.sums();
        hits / of
    }

    fn sums(&self) -> (f64, f64) {
        let add = |(a, b): (f64, f64), &(c, d): &(f64, f64)| (a + c, b + d);
        self.parts.iter().fold((0.0, 0.0), add)
    }

    /// Tests of one replication share their data, so replications, not tests, are independent.
    fn standard_error(&self) -> f64 {
        let ((_, of), share) = (self.sums(), self.value());
        let squares: f64 = self
            .parts
            .iter()
            .map(|(hits, n)| (hits - share * n).powi(2))
            .sum();
        let r = self.parts.len() as f64;
        (squares * r / (r - 1.0).max(1.0)).sqrt() / of
    }

    fn print(&self, name: &str, on: &str) {
        let n = self.sums().1 as u64;
        figure::print(name, self.value(), "share", n, on);
        if self.parts.len() > 1 {
            let name = format!("{name}/monte_carlo_error");
            figure::print(&name, self.standard_error(), "share", n, on);
        }
    }
}
