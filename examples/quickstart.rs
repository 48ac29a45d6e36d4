//! Placeholder while the workspace is written.
fn main() {}
