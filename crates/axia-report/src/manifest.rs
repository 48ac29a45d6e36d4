//! The manifest: what made a run. It holds no time and no path, so that the same run gives the same
//! bytes on any machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A file and its BLAKE3 digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// The file's name, without its folder, or its path inside the run folder.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the content, in hex.
    pub blake3: String,
}

/// One finished stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// The stage's name.
    pub stage: String,
    /// Digest of all that decides the stage's result: its version, parameters and inputs.
    pub key: String,
    /// What the stage wrote.
    pub outputs: Vec<FileDigest>,
}

/// What made a run: version, seed, parameters, inputs, and each stage's outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of `axia` that made the run.
    pub axia_version: String,
    /// The seed of everything random.
    pub seed: u64,
    /// Parameters and fingerprints by the name of the part that they belong to.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The inputs, by name and digest.
    pub inputs: Vec<FileDigest>,
    /// The stages in order.
    pub stages: Vec<StageRecord>,
}
