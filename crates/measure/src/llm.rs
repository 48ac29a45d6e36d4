//! `llm`: what the layers over a language model cost, against a fake server on loopback.
//!
//! The server is another process (this program again), so that its work is not counted.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axia_llm::{
    Answer, ApiKey, BudgetParams, Cache, HeuristicTokens, LanguageModel, Meter, OpenAiParams,
    PaceParams, PriceTable, Request, RetryParams, RunParams, Schema, Stack, TokenCounter, Usage,
};
use fake_llm_server::{FakeServer, Options};

use crate::Error;
use crate::args::Args;
use crate::figure::{peak_memory_mib, print};

const ON: &str = "fake server, 50 ms";

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    args.only(&["calls", "in-flight", "answers", "serve"])?;
    if args.value_or("serve", 0_u64)? > 0 {
        return serve(args.value_or("serve", 50)?);
    }
    calls(
        args.value_or("calls", 10_000)?,
        args.value_or("in-flight", 256)?,
    )?;
    replay(args.value_or("answers", 100_000)?)?;
    tokens(args)
}

/// Serves until its input is closed.
fn serve(latency_ms: u64) -> Result<(), Error> {
    let server = FakeServer::start(Options {
        latency: Duration::from_millis(latency_ms),
        ..Options::default()
    })?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Result<Self, Error> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["llm", "--serve", "50"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        Ok(Self {
            process,
            url: url.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn request(i: usize) -> Request {
    let schema = r#"{"type":"object","properties":{"echo":{"type":"string"}},"required":["echo"],
        "additionalProperties":false}"#;
    let request = Request::new("fake")
        .with_system("Read the conversation and report the values that it shows. ".repeat(8))
        .with_user(format!(
            "{i} {}",
            "What should I tell her about the play? ".repeat(40)
        ))
        .with_max_tokens(500);
    match Schema::parse(schema) {
        Ok(schema) => request.with_schema(schema),
        Err(_) => request,
    }
}

/// CPU and wall time of calls through the bare provider and through all layers.
fn calls(n: usize, in_flight: usize) -> Result<(), Error> {
    let server = Server::start()?;
    let provider = || {
        OpenAiParams::new(ApiKey::none())
            .base_url(&server.url)
            .build()
    };
    let run = RunParams::new().threads(in_flight).build()?;
    let time = |model: &dyn LanguageModel, requests: std::ops::Range<usize>| {
        let n = requests.len();
        let (cpu, start) = (cpu_seconds(), Instant::now());
        let mut wrong = 0;
        run.each(model, requests.map(request), |_, result| {
            let whole = result.is_ok_and(|answer| answer.as_json().is_some());
            wrong += usize::from(!whole);
        })?;
        if wrong > 0 {
            return Err(Error::from(format!("{wrong} calls were not answered")));
        }
        let cpu = cpu_seconds().zip(cpu).map(|(after, before)| after - before);
        Ok((cpu, start.elapsed().as_secs_f64() / n as f64))
    };

    let bare = provider()?;
    // Opens the connections.
    time(&bare, 0..in_flight)?;
    let (bare_cpu, _) = time(&bare, 0..n)?;

    let folder = tempfile::tempdir()?;
    let cache = Cache::open(folder.path().join("answers.db"))?;
    let model = Stack::over(provider()?)
        .repair()
        .cache(&cache)
        .retry(&RetryParams::new().build()?)
        .budget(&BudgetParams::new(PriceTable::free()).cap_usd(1.0).build()?)
        .pace(&PaceParams::new().in_flight(in_flight, in_flight).build()?)
        .meter(Meter::new())
        .build();
    time(&model, 0..in_flight)?;
    let (cpu, wall) = time(&model, in_flight..in_flight + n)?;
    // As many again, after everything has found its size.
    let before = peak_memory_mib();
    time(&model, in_flight + n..in_flight + 2 * n)?;
    let after = peak_memory_mib();
    let on = format!("{ON}, {in_flight} in flight");
    if let (Some(cpu), Some(bare)) = (cpu, bare_cpu) {
        let micros = |seconds: f64| seconds / n as f64 * 1e6;
        print(
            "llm/cpu_per_call/provider",
            micros(bare),
            "us",
            n as u64,
            &on,
        );
        print(
            "llm/cpu_per_call/all_layers",
            micros(cpu),
            "us",
            n as u64,
            &on,
        );
        print(
            "llm/cpu_per_call/overhead",
            micros(cpu - bare),
            "us",
            n as u64,
            &on,
        );
    }
    print("llm/calls_per_second", 1.0 / wall, "calls/s", n as u64, &on);
    if let (Some(before), Some(after)) = (before, after) {
        print(
            "llm/peak_memory_growth",
            after - before,
            "MiB",
            n as u64,
            &on,
        );
        print("llm/peak_memory", after, "MiB", n as u64, &on);
    }
    Ok(())
}

/// Answers put into the cache, and replayed through it.
fn replay(n: usize) -> Result<(), Error> {
    struct Absent;
    impl LanguageModel for Absent {
        fn fingerprint(&self) -> String {
            "absent".into()
        }
        fn complete(&self, _: &Request) -> Result<Answer, axia_llm::Error> {
            Err(axia_llm::Error::fatal("the cache lacks an answer"))
        }
    }
    let folder = tempfile::tempdir()?;
    let cache = Cache::open(folder.path().join("answers.db"))?;
    let small = |i: usize| Request::new("fake").with_user(format!("question {i}"));
    let answer = Answer::json(serde_json::json!({ "echo": "0123456789abcdef".repeat(16) }))
        .with_usage(Usage::new(400, 60));
    let mut lines = Vec::new();
    for i in 0..n {
        let line = serde_json::json!({
            "key": small(i).key("absent"), "model": "fake", "answer": answer,
        });
        writeln!(lines, "{line}")?;
    }
    let start = Instant::now();
    cache.import(&lines[..])?;
    let per_second = |start: Instant| n as f64 / start.elapsed().as_secs_f64();
    print(
        "llm/cache_import",
        per_second(start),
        "answers/s",
        n as u64,
        "generated answers",
    );

    let model = cache.over(Absent);
    let before = peak_memory_mib();
    let start = Instant::now();
    for i in 0..n {
        model.complete(&small(i))?;
    }
    print(
        "llm/cache_replay/threads1",
        per_second(start),
        "answers/s",
        n as u64,
        "generated answers",
    );
    for threads in [2, 4] {
        let run = RunParams::new().threads(threads).build()?;
        let start = Instant::now();
        run.each(&model, (0..n).map(small), |_, _| {})?;
        let name = format!("llm/cache_replay/run_threads{threads}");
        print(
            &name,
            per_second(start),
            "answers/s",
            n as u64,
            "generated answers",
        );
    }
    if let (Some(before), Some(after)) = (before, peak_memory_mib()) {
        print(
            "llm/cache_replay/peak_memory_growth",
            after - before,
            "MiB",
            n as u64,
            "generated answers",
        );
    }
    let start = Instant::now();
    cache.export(std::io::sink())?;
    print(
        "llm/cache_export",
        per_second(start),
        "answers/s",
        n as u64,
        "generated answers",
    );

    // One after another, so that each waits for the disk alone.
    let alone = 200.min(n);
    let start = Instant::now();
    for i in 0..alone {
        let request = small(n + i);
        cache.put(request.key("absent"), &request, &answer)?;
    }
    let ms = start.elapsed().as_secs_f64() / alone as f64 * 1e3;
    print(
        "llm/cache_put/alone",
        ms,
        "ms",
        alone as u64,
        "generated answers",
    );
    Ok(())
}

/// How far the guess of tokens is from a real vocabulary, on text that people wrote.
fn tokens(args: &Args) -> Result<(), Error> {
    const SHIPPED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/conversations.jsonl"
    );
    let shipped = [std::path::PathBuf::from(SHIPPED)];
    let files = if args.data().is_empty() {
        &shipped[..]
    } else {
        args.data()
    };
    for file in files {
        let (mut guessed, mut exact, mut n) = (0, 0, 0);
        for conversation in
            axia_conversation::ConversationReader::open(file)?.filter_map(Result::ok)
        {
            n += 1;
            for message in &conversation.messages {
                guessed += HeuristicTokens.count(&message.text);
                exact += axia_llm::BpeTokens.count(&message.text);
            }
        }
        let on = crate::figure::name_of(file);
        let percent = (guessed as f64 / exact as f64 - 1.0) * 100.0;
        print("llm/tokens/guess_against_o200k", percent, "%", n, &on);
    }
    Ok(())
}

/// User and system time of this process so far, where the system tells.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the command's name, which is in brackets: fields 14 and 15, in hundredths of a second.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}
