//! Groups labels by their vectors, has a language model name the groups, and has it build further levels
//! in Clio's way. Run it again after a stop: only what has no answer yet is asked.
//!
//! ```text
//! cargo run --release -p axia-taxonomy --features llm --example taxonomy_with_llm -- \
//!     LABELS.csv [--groups N] [--levels N,N] [--base-url URL] [--model NAME] [--journal FILE]
//! ```
//!
//! The file has a header, labels in its first column and, if there is a second one, counts in it.
//! `docs/language-models.md` tells how to get a server on your own machine. A key, if the server wants
//! one, comes from the environment variable `OPENAI_API_KEY`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use axia_embed::BundledEmbedder;
use axia_llm::{ApiKey, OpenAiParams, RetryParams, Stack};
use axia_taxonomy::{ClioParams, Journal, LabelTable, ModelNamer, Node, Taxonomy, TaxonomyParams};

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("taxonomy_with_llm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let labels = read(&options.file)?.label_counts();
    let model = || -> Result<_, Box<dyn Error>> {
        let key = ApiKey::new(std::env::var("OPENAI_API_KEY").unwrap_or_default());
        let provider = OpenAiParams::new(key).base_url(&options.base_url).build()?;
        Ok(Stack::over(provider)
            .retry(&RetryParams::new().build()?)
            .build())
    };
    let embedder = BundledEmbedder::new()?;

    // Names of the groups. One file holds the answers of this step, another one those of the next.
    let start = Instant::now();
    let names = format!("{}.names", options.journal);
    let namer = ModelNamer::new(model()?, &options.model).journal(Journal::open(&names)?);
    let base = TaxonomyParams::new()
        .level_sizes(vec![options.groups])
        .build()?
        .fit(&labels, &embedder, &namer)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} labels in {} groups, named in {seconds:.0} s",
        labels.len(),
        base.level(1).len()
    );

    // Levels in Clio's way. One call at a time: a server on the own machine does one at a time.
    let start = Instant::now();
    let levels = format!("{}.levels", options.journal);
    let journal = Journal::open(&levels)?;
    let known = journal.len();
    let clio = ClioParams::new(&options.model, options.levels.clone())
        .threads(1)
        .build()?;
    let taxonomy = clio.grow(&base, &embedder, &model()?, &journal)?;
    println!(
        "{} levels; {} answers, of which {known} were there before; {:.0} s\n",
        taxonomy.n_levels(),
        journal.len(),
        start.elapsed().as_secs_f64()
    );
    let top = taxonomy.n_levels().saturating_sub(1) as u32;
    for node in taxonomy.level(top) {
        print_node(&taxonomy, node, 0);
    }
    Ok(())
}

fn print_node(taxonomy: &Taxonomy, node: &Node, depth: usize) {
    let indent = "  ".repeat(depth);
    match node.level {
        0 => {}
        1 => {
            let labels: Vec<&str> = taxonomy
                .children(node.id.as_str())
                .map(|leaf| leaf.name.as_str())
                .collect();
            println!("{indent}{}: {}", node.name, labels.join(", "));
        }
        _ => {
            println!("{indent}{} ({} labels)", node.name, node.labels);
            for child in taxonomy.children(node.id.as_str()) {
                print_node(taxonomy, child, depth + 1);
            }
        }
    }
}

fn read(path: &str) -> Result<LabelTable, Box<dyn Error>> {
    let mut table = LabelTable::new();
    for record in csv::Reader::from_path(path)?.records() {
        let record = record?;
        let count = record.get(1).and_then(|count| count.trim().parse().ok());
        table.add_count(record.get(0).unwrap_or_default(), count.unwrap_or(1));
    }
    Ok(table)
}

struct Options {
    file: String,
    groups: usize,
    levels: Vec<usize>,
    base_url: String,
    model: String,
    journal: String,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            file: String::new(),
            groups: 20,
            levels: vec![5],
            base_url: "http://localhost:8080/v1".to_owned(),
            model: "local".to_owned(),
            journal: "taxonomy.journal".to_owned(),
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
            match arg.as_str() {
                "--groups" => options.groups = value()?.parse()?,
                "--levels" => {
                    let sizes = value()?;
                    let sizes = sizes.split(',').map(str::parse);
                    options.levels = sizes.collect::<Result<_, _>>()?;
                }
                "--base-url" => options.base_url = value()?,
                "--model" => options.model = value()?,
                "--journal" => options.journal = value()?,
                _ if arg.starts_with("--") => return Err(format!("unknown option {arg}").into()),
                _ => options.file = arg,
            }
        }
        if options.file.is_empty() {
            return Err("a file of labels is wanted".into());
        }
        Ok(options)
    }
}
