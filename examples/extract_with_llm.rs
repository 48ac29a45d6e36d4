//! Reads conversations, takes personal data out of them, and asks a language model which values they
//! show, through all layers: run it again after a stop, and only what is missing is asked.
//!
//! ```text
//! cargo run --release --features llm --example extract_with_llm -- \
//!     [FILE] [--base-url URL] [--model NAME] [--limit N] [--cache FILE] [--in-flight N] [--cap USD] \
//!     [--temperature T]
//! ```
//!
//! `docs/language-models.md` tells how to get a server on your own machine. A key, if the server wants
//! one, comes from the environment variable `OPENAI_API_KEY`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;

use axia::anonymize::Anonymizer;
use axia::conversation::{Conversation, ConversationReader};
use axia::extract::{Extraction, ModelExtractor, ModelParams, ValueMention};
use axia::llm::{
    ApiKey, BudgetParams, Cache, Event, Meter, OpenAiParams, PaceParams, PriceTable, RetryParams,
    RunParams, Stack,
};

const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/conversations.jsonl"
);

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("extract_with_llm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Personal data goes out before anything is sent.
    let anonymizer = Anonymizer::builder().build()?;
    let conversations: Vec<Conversation> = ConversationReader::open(&options.file)?
        .filter_map(Result::ok)
        .take(options.limit)
        .map(|conversation| {
            anonymizer
                .anonymize_conversation(&conversation)
                .into_conversation()
        })
        .collect();

    // The model: a provider, and the layers over it.
    let key = ApiKey::new(std::env::var("OPENAI_API_KEY").unwrap_or_default());
    let provider = OpenAiParams::new(key).base_url(&options.base_url).build()?;
    let cache = Cache::open(&options.cache)?;
    let pace = PaceParams::new().in_flight(1, options.in_flight).build()?;
    let is_own = ["//localhost", "//127."]
        .iter()
        .any(|host| options.base_url.contains(host));
    let prices = if is_own {
        PriceTable::free()
    } else {
        PriceTable::examples()
    };
    let budget = BudgetParams::new(prices).cap_usd(options.cap).build()?;
    let meter = Meter::new();
    meter.on_event(|event| match event {
        Event::Retry { wait, reason, .. } => eprintln!("again in {wait:?}: {reason}"),
        other => eprintln!("{other:?}"),
    });
    let model = Stack::over(provider)
        .cache(&cache)
        .repair()
        .retry(&RetryParams::new().build()?)
        .budget(&budget)
        .pace(&pace)
        .meter(meter.clone())
        .build();

    // The extractor: the prompt, the form of the answer, and the check of its quotes.
    let mut params = ModelParams::new(&options.model).max_tokens(1200);
    // Small models write endless lists, and hosted services refuse limits in a schema.
    if is_own {
        params = params.limits_in_schema(6);
    }
    // Only on demand: many hosted models refuse any value.
    if let Some(temperature) = options.temperature {
        params = params.temperature(temperature);
    }
    let extractor = params.build(model)?;
    let requests: Vec<_> = conversations.iter().map(|c| extractor.request(c)).collect();
    let estimate = budget.estimate(&requests, 0.3)?;
    println!(
        "{} conversations, about {} tokens to read, at most {}; {} answers are kept in {}",
        estimate.calls,
        estimate.input_tokens,
        estimate.most,
        cache.len()?,
        options.cache
    );

    let mut failed = 0;
    let run = RunParams::new().threads(pace.most_in_flight()).build()?;
    run.each(extractor.model(), requests, |i, result| {
        let conversation = &conversations[i];
        let extraction = match result {
            Ok(answer) => extractor
                .read(conversation, &answer)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match extraction {
            Ok(extraction) => print_extraction(conversation, &extraction),
            Err(reason) => {
                failed += 1;
                println!("\n{}: {reason}", conversation.id);
            }
        }
    })?;
    print_end(&extractor, &meter, failed, &budget.spent().to_string());
    Ok(())
}

fn print_extraction(conversation: &Conversation, extraction: &Extraction) {
    let task = extraction
        .task
        .as_ref()
        .map_or("no task", |task| &task.label);
    println!(
        "\n{}: {task}, subjectivity {}, {}",
        conversation.id,
        extraction.subjectivity.level.number(),
        extraction.response_type
    );
    for (side, values) in [
        ("human", &extraction.human_values),
        ("AI", &extraction.ai_values),
    ] {
        for value in values {
            println!(
                "  {side:5} {}: \"{}\"",
                value.label,
                quote(conversation, value)
            );
        }
    }
}

fn quote<'c>(conversation: &'c Conversation, value: &ValueMention) -> &'c str {
    value
        .evidence
        .and_then(|span| span.text_in(conversation))
        .unwrap_or_default()
}

fn print_end(extractor: &ModelExtractor, meter: &Meter, failed: usize, spent: &str) {
    let progress = meter.progress();
    let tally = extractor.tally();
    println!(
        "\n{} answers, {} of them from the cache, {} calls, {} repeated, {} mended, {failed} of no use",
        progress.answers(),
        progress.from_cache,
        progress.calls,
        progress.retries,
        progress.repairs,
    );
    println!(
        "{} values kept; dropped: {} whose quote is not in the text, {} repeated, {} without a name",
        tally.kept, tally.without_quote, tally.repeated, tally.without_name
    );
    println!(
        "{} tokens read, {} written, {spent} spent",
        progress.usage.input_tokens, progress.usage.output_tokens
    );
}

struct Options {
    file: String,
    base_url: String,
    model: String,
    limit: usize,
    cache: String,
    in_flight: usize,
    cap: f64,
    temperature: Option<f32>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            file: SHIPPED.into(),
            base_url: "http://localhost:8080/v1".into(),
            model: "local".into(),
            limit: 10,
            cache: "answers.db".into(),
            in_flight: 1,
            cap: 1.0,
            temperature: None,
        };
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                options.file = word;
                continue;
            };
            let value = words
                .next()
                .ok_or_else(|| format!("--{name} wants a value after it"))?;
            match name {
                "base-url" => options.base_url = value,
                "model" => options.model = value,
                "limit" => options.limit = value.parse()?,
                "cache" => options.cache = value,
                "in-flight" => options.in_flight = value.parse()?,
                "cap" => options.cap = value.parse()?,
                "temperature" => options.temperature = Some(value.parse()?),
                _ => return Err(format!("--{name} is not an option here").into()),
            }
        }
        Ok(options)
    }
}
