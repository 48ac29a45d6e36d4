//! The stages of a study, one file each. A stage reads files of the run folder and writes others.

pub(crate) mod anonymize;
pub(crate) mod associate;
pub(crate) mod cells;
pub(crate) mod extract;
pub(crate) mod report;
pub(crate) mod taxonomy;
