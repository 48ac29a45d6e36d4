//! Findings are in order, apart, on borders of characters and within the text; a second pass over the
//! replaced text finds nothing to replace.
#![no_main]

use std::sync::LazyLock;

use axia_anonymize::Anonymizer;
use libfuzzer_sys::fuzz_target;

static ANONYMIZER: LazyLock<Anonymizer> =
    LazyLock::new(|| Anonymizer::builder().build().expect("the default settings are valid"));

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut end = 0;
    for finding in ANONYMIZER.detect(&text) {
        assert!(finding.span.start >= end && finding.span.start < finding.span.end);
        assert!(text.get(finding.span.clone()).is_some());
        end = finding.span.end;
    }
    let once = ANONYMIZER.anonymize_text(&text);
    assert_eq!(ANONYMIZER.anonymize_text(&once), once);
});
