//! From a path or stream to the bytes of one record after the other.

mod buffer;
mod decode;
mod probe;
mod records;
mod scan;
mod source;
#[cfg(feature = "csv")]
mod table;
#[cfg(feature = "zip")]
mod zipped;

pub(crate) use buffer::Buffer;
pub(crate) use probe::{Layout, guess};
pub(crate) use records::{Records, Step};
pub(crate) use source::Source;
