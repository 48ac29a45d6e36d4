//! Parameters of resampling.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::interval::Confidence;

/// What [`Resample`] needs to know.
///
/// | parameter | default |
/// | --- | --- |
/// | [`replicates`](Self::replicates) | 999 |
/// | [`seed`](Self::seed) | 0 |
/// | [`confidence`](Self::confidence) | 0.95 |
/// | [`threads`](Self::threads) | as many as there are |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct ResampleParams {
    replicates: u32,
    seed: u64,
    confidence: f64,
    threads: usize,
}

impl ResampleParams {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            replicates: 999,
            seed: 0,
            confidence: 0.95,
            threads: 0,
        }
    }

    /// How often to draw; at least 99. A p-value by permutation is never below one over this plus one.
    pub fn replicates(mut self, replicates: u32) -> Self {
        self.replicates = replicates;
        self
    }

    /// Seed; the same seed gives the same bytes.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Confidence level of intervals; above 0, below 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// How many threads work; 0 means as many as the machine has. Results do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::is_invalid_parameter`] for a value outside its range.
    pub fn build(self) -> Result<Resample, Error> {
        if self.replicates < 99 {
            return Err(Error::invalid_parameter(
                "replicates",
                "at least 99",
                f64::from(self.replicates),
            ));
        }
        Ok(Resample {
            confidence: Confidence::new(self.confidence)?,
            params: self,
        })
    }
}

impl Default for ResampleParams {
    fn default() -> Self {
        Self::new()
    }
}

/// Draws users again and again; made by [`ResampleParams::build`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ResampleParams", into = "ResampleParams")]
pub struct Resample {
    params: ResampleParams,
    confidence: Confidence,
}

impl Resample {
    /// How often is drawn.
    #[must_use]
    pub fn replicates(&self) -> u32 {
        self.params.replicates
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.params.seed
    }

    /// Confidence level of intervals.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    pub(crate) fn threads(&self) -> usize {
        match self.params.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

impl TryFrom<ResampleParams> for Resample {
    type Error = Error;

    fn try_from(params: ResampleParams) -> Result<Self, Error> {
        params.build()
    }
}

impl From<Resample> for ResampleParams {
    fn from(resample: Resample) -> Self {
        resample.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_checked() {
        let bad = ResampleParams::new().replicates(98).build();
        assert!(bad.unwrap_err().is_invalid_parameter());
        for level in [0.0, 1.0, f64::NAN] {
            let bad = ResampleParams::new().confidence(level).build();
            assert!(bad.unwrap_err().is_invalid_parameter());
        }
        let resample = ResampleParams::new().seed(3).build().unwrap();
        let json = serde_json::to_string(&resample).unwrap();
        assert_eq!(serde_json::from_str::<Resample>(&json).unwrap(), resample);
    }
}
