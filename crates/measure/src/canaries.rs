//! `pii-canaries`: invented personal data planted in real conversations, and how much of it survives.

use std::path::Path;

use axia::anonymize::Anonymizer;
use axia::anonymize::audit::{Canaries, LeakAudit, LeakReport};
use axia_conversation::ReaderParams;

use crate::Error;
use crate::args::Args;
use crate::figure::{name_of, print};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/data/conversations.jsonl"
);

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["seed"])?;
    let seed = args.value_or("seed", 1_u64)?;
    if args.data().is_empty() {
        return audit(Path::new(SHIPPED), seed);
    }
    args.data().iter().try_for_each(|path| audit(path, seed))
}

#[allow(clippy::cast_precision_loss)]
fn audit(path: &Path, seed: u64) -> Result<(), Error> {
    let anonymizer = Anonymizer::builder().build()?;
    let audit = LeakAudit::new()?;
    let canaries = Canaries::new(seed);
    let mut report = LeakReport::new();
    for conversation in axia::open_conversations(path, ReaderParams::new())? {
        // Records that cannot be read have no text to leak.
        let Ok(conversation) = conversation else {
            continue;
        };
        report.add(&audit.check(&anonymizer.anonymize_conversation(&conversation)));
        let planted = canaries.plant(&conversation);
        let done = anonymizer.anonymize_conversation(planted.conversation());
        report.add(&planted.survivors(&done));
    }
    let on = name_of(path);
    let n = report.canaries();
    let survivors: u64 = report.survivors().values().sum();
    print(
        "canaries/survived",
        survivors as f64 / n.max(1) as f64,
        "share",
        n,
        &on,
    );
    for (kind, survived) in report.survivors() {
        print(
            &format!("canaries/survived {kind}"),
            *survived as f64,
            "canaries",
            n,
            &on,
        );
    }
    let bound = report.survival_bound(0.95).unwrap_or(1.0);
    print("canaries/survival bound 95 %", bound, "share", n, &on);
    let conversations = report.conversations();
    print(
        "audit/suspected conversations",
        report.suspected_conversations() as f64 / conversations.max(1) as f64,
        "share",
        conversations,
        &on,
    );
    print(
        "audit/unscanned",
        report.unscanned() as f64,
        "conversations",
        conversations,
        &on,
    );
    Ok(())
}
