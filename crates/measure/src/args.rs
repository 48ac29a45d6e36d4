//! What a measurement is told on the command line: files after `--data`, and `--name value` pairs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::Error;

/// The words after a measurement's name.
#[derive(Debug, Default)]
pub(crate) struct Args {
    data: Vec<PathBuf>,
    options: BTreeMap<String, String>,
}

impl Args {
    /// Words without a name before them, and those after `--data`, are files; every other `--name`
    /// takes one value.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut args = Self::default();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                None => args.data.push(PathBuf::from(word)),
                Some("data") => {}
                Some(name) => {
                    let value = words
                        .next()
                        .ok_or_else(|| format!("--{name} wants a value after it"))?;
                    args.options.insert(name.to_owned(), value);
                }
            }
        }
        Ok(args)
    }

    /// The files to measure on, in the order given.
    pub(crate) fn data(&self) -> &[PathBuf] {
        &self.data
    }

    /// The file behind `--name`.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.options.get(name).map(Path::new)
    }

    /// The value behind `--name`, or `default` where it is not given.
    pub(crate) fn value_or<T: FromStr>(&self, name: &str, default: T) -> Result<T, Error> {
        match self.options.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| format!("--{name}: '{text}' is not a value of the right kind").into()),
        }
    }

    /// Refuses options that the measurement does not know, so that a misspelt one is not ignored.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self
            .options
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(name) if known.is_empty() => Err(format!("--{name} is not an option here").into()),
            Some(name) => Err(format!(
                "--{name} is not an option here; known: --data, --{}",
                known.join(", --")
            )
            .into()),
        }
    }
}
