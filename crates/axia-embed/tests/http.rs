//! The client of `/v1/embeddings`, against a server on loopback that answers as it is told.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axia_embed::{Embedder, HttpEmbedderParams};
use serde_json::{Value, json};

/// What to answer to a request with this body.
type Answer = Box<dyn Fn(&Value) -> String + Send>;

struct Server {
    url: String,
    /// Headers and bodies of what was asked.
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

fn serve(answers: Vec<Answer>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let length = head
                .lines()
                .find_map(|l| {
                    l.to_lowercase()
                        .strip_prefix("content-length:")
                        .map(|n| n.trim().parse().unwrap())
                })
                .unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let reply = answer(&body);
            log.lock().unwrap().push((head, body));
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    Server { url, seen }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Two dimensions that tell the texts apart, in reversed order of rows.
fn good() -> Answer {
    Box::new(|body| {
        let texts = body["input"].as_array().unwrap();
        let rows: Vec<Value> = texts
            .iter()
            .enumerate()
            .rev()
            .map(|(i, text)| json!({"index": i, "embedding": [3.0 * text.as_str().unwrap().len() as f32, 4.0]}))
            .collect();
        http("200 OK", "", &json!({"data": rows}).to_string())
    })
}

fn fixed(reply: String) -> Answer {
    Box::new(move |_| reply.clone())
}

fn params(server: &Server) -> HttpEmbedderParams {
    HttpEmbedderParams::new(&server.url, "mini").timeout(Duration::from_secs(5))
}

#[test]
fn batches_come_back_in_order_and_at_unit_length() {
    let server = serve(vec![good(), good(), good()]);
    let embedder = params(&server).key("s3cret").batch(2).build().unwrap();
    assert_eq!(embedder.dim(), 2);
    let vectors = embedder.embed(&["a", "", "bb", "ccc"]);
    // One request for the length of the vectors, then two for three texts that are not empty.
    let vectors = vectors.unwrap();
    assert_eq!(vectors.row(0), [0.6, 0.8]);
    assert_eq!(vectors.row(1), [0.0, 0.0]);
    assert!(vectors.row(2)[0] > vectors.row(0)[0] && vectors.row(3)[0] > vectors.row(2)[0]);
    let seen = server.seen.lock().unwrap();
    assert!(
        seen[0]
            .0
            .to_lowercase()
            .contains("authorization: bearer s3cret")
    );
    assert_eq!(seen[1].1, json!({"model": "mini", "input": ["a", "bb"]}));
    assert!(
        !format!(
            "{embedder:?} {:?} {}",
            params(&server).key("s3cret"),
            embedder.fingerprint()
        )
        .contains("s3cret")
    );
}

#[test]
fn a_busy_server_is_asked_again() {
    let busy = http("429 Too Many Requests", "retry-after: 0\r\n", "{}");
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\": [".to_owned();
    let server = serve(vec![fixed(busy), fixed(cut), good()]);
    let embedder = params(&server).dim(2).build().unwrap();
    assert_eq!(embedder.embed(&["a"]).unwrap().row(0), [0.6, 0.8]);
    assert_eq!(server.seen.lock().unwrap().len(), 3);
}

#[test]
fn every_refusal_names_the_setting_and_no_secret() {
    let secret = "text that must stay here";
    for (answer, told) in [
        (
            http("401 Unauthorized", "", "key s3cret is wrong"),
            "check `key`",
        ),
        (
            http("404 Not Found", "", "no"),
            "check `base_url` and `model`",
        ),
        (http("400 Bad Request", "", secret), "check `model`"),
        (http("200 OK", "", "<html>proxy</html>"), "check `base_url`"),
        (
            http(
                "200 OK",
                "",
                r#"{"data": [{"index": 0, "embedding": [1, 2, 3]}]}"#,
            ),
            "check `dim`",
        ),
        (
            http(
                "200 OK",
                "",
                r#"{"data": [{"index": 4, "embedding": [1, 2]}]}"#,
            ),
            "numbers its vectors",
        ),
        (http("200 OK", "", r#"{"data": []}"#), "lacks vectors"),
    ] {
        let server = serve(vec![fixed(answer)]);
        let embedder = params(&server).key("s3cret").dim(2).build().unwrap();
        let error = embedder.embed(&[secret]).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        assert!(
            !error.contains(secret) && !error.contains("s3cret"),
            "{error}"
        );
    }
    let nobody = HttpEmbedderParams::new("http://127.0.0.1:1/v1", "m").attempts(1);
    assert!(
        nobody
            .build()
            .unwrap_err()
            .to_string()
            .contains("no answer")
    );
    let error = HttpEmbedderParams::new("localhost:80", "m")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("http://"), "{error}");
    assert!(
        HttpEmbedderParams::new("http://x", "m")
            .batch(0)
            .build()
            .is_err()
    );
    assert!(
        HttpEmbedderParams::new("http://x", "m")
            .key("a\nb")
            .dim(2)
            .build()
            .is_err()
    );
}
