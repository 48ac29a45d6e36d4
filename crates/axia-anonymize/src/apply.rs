//! Stage 5: the text with its edits.

use crate::plan::Edit;

/// Applies edits that are in order and do not overlap. All other bytes stay as they are.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        out.push_str(text.get(from..edit.span.start).unwrap_or_default());
        out.push_str(&edit.with);
        from = edit.span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
