//! Web addresses with a scheme or a leading `www.`.
//!
//! Of a host that everybody knows only what is about a person is reported: names of accounts, user
//! information, and what looks like a secret in the query. Any other address is reported as a whole, for
//! the host may be somebody's own. Bare domains are not looked for: in chats `main.py` and `Promise.re`
//! outnumber them.

use std::ops::Range;

use super::context::{byte_before, is_alphanumeric};
use crate::{Finding, Kind};

const MAX_SCHEME: usize = 20;
/// An IPv6 address in its longest form and the bracket behind it.
const MAX_BRACKETED: usize = 46;

/// Hosts of whose pages nobody is the owner; also with anything and a dot in front.
const PUBLIC: &[&str] = &[
    "wikipedia.org",
    "wikimedia.org",
    "wikidata.org",
    "wiktionary.org",
    "google.com",
    "bing.com",
    "duckduckgo.com",
    "python.org",
    "pypi.org",
    "rust-lang.org",
    "docs.rs",
    "crates.io",
    "npmjs.com",
    "nodejs.org",
    "mozilla.org",
    "w3.org",
    "w3schools.com",
    "stackoverflow.com",
    "stackexchange.com",
    "microsoft.com",
    "apple.com",
    "amazon.com",
    "openai.com",
    "anthropic.com",
    "huggingface.co",
    "arxiv.org",
    "doi.org",
    "nature.com",
    "science.org",
    "ieee.org",
    "acm.org",
    "springer.com",
    "nih.gov",
    "who.int",
    "un.org",
    "europa.eu",
    "bbc.com",
    "bbc.co.uk",
    "cnn.com",
    "nytimes.com",
    "theguardian.com",
    "reuters.com",
    "washingtonpost.com",
    "forbes.com",
    "imdb.com",
    "britannica.com",
    "khanacademy.org",
    "coursera.org",
    "udemy.com",
    "edx.org",
    "docker.com",
    "kubernetes.io",
    "tensorflow.org",
    "pytorch.org",
    "numpy.org",
    "scipy.org",
    "pandas.pydata.org",
    "scikit-learn.org",
    "matplotlib.org",
    "jquery.com",
    "reactjs.org",
    "react.dev",
    "vuejs.org",
    "angular.io",
    "getbootstrap.com",
    "cloudflare.com",
    "jsdelivr.net",
    "unpkg.com",
    "googleapis.com",
    "gstatic.com",
    "schema.org",
    "apache.org",
    "mysql.com",
    "postgresql.org",
    "sqlite.org",
    "mongodb.com",
    "spring.io",
    "oracle.com",
    "ibm.com",
    "intel.com",
    "nvidia.com",
    "cppreference.com",
    "cplusplus.com",
    "gnu.org",
    "kernel.org",
    "debian.org",
    "ubuntu.com",
    "geeksforgeeks.org",
    "tutorialspoint.com",
    "leetcode.com",
    "kaggle.com",
    "quora.com",
    "weather.com",
    "nasa.gov",
    "archive.org",
    "gutenberg.org",
    "goodreads.com",
    "mayoclinic.org",
    "webmd.com",
    "investopedia.com",
    "schemas.microsoft.com",
    "xmlsoap.org",
    "json-schema.org",
    "opengis.net",
    "purl.org",
    "unsplash.com",
    "pexels.com",
    "placeholder.com",
    "wikihow.com",
    "ted.com",
    "dailymail.co.uk",
    "bloomberg.com",
    "sciencedirect.com",
    "ebay.com",
    "vox.com",
    "npr.org",
    "wsj.com",
    "yahoo.com",
    "duolingo.com",
    "grammarly.com",
    "encyclopedia.com",
    "independent.co.uk",
    "cbsnews.com",
    "nbcnews.com",
    "abcnews.go.com",
    "foxnews.com",
    "time.com",
    "economist.com",
    "ft.com",
    "aljazeera.com",
    "usatoday.com",
    "latimes.com",
    "pewresearch.org",
    "pewtrusts.org",
    "jstor.org",
    "researchgate.net",
    "academia.edu",
    // With accounts of people, see `ACCOUNTS`.
    "github.com",
    "githubusercontent.com",
    "gitlab.com",
    "bitbucket.org",
    "twitter.com",
    "x.com",
    "facebook.com",
    "instagram.com",
    "linkedin.com",
    "youtube.com",
    "youtu.be",
    "tiktok.com",
    "reddit.com",
    "medium.com",
    "pinterest.com",
    "twitch.tv",
    "t.me",
    "wa.me",
    "discord.com",
    "discord.gg",
    "snapchat.com",
    "threads.net",
    "mastodon.social",
    "soundcloud.com",
    "spotify.com",
    "patreon.com",
    "paypal.me",
    "venmo.com",
];

/// What stands in front of the account's name in the path, by host.
#[rustfmt::skip]
const ACCOUNTS: &[(&str, &[&str])] = &[
    ("github.com", &["/"]), ("githubusercontent.com", &["/"]), ("gitlab.com", &["/"]), ("bitbucket.org", &["/"]), ("twitter.com", &["/"]), ("x.com", &["/"]),
    ("facebook.com", &["/profile.php?id=", "/"]), ("instagram.com", &["/"]), ("linkedin.com", &["/in/", "/pub/"]), ("youtube.com", &["/@", "/user/", "/c/", "/channel/"]),
    ("tiktok.com", &["/@"]), ("reddit.com", &["/u/", "/user/"]), ("medium.com", &["/@"]), ("pinterest.com", &["/"]), ("twitch.tv", &["/"]),
    ("t.me", &["/"]), ("wa.me", &["/"]), ("discord.com", &["/users/"]), ("snapchat.com", &["/add/"]), ("threads.net", &["/@"]),
    ("mastodon.social", &["/@"]), ("soundcloud.com", &["/"]), ("spotify.com", &["/user/"]), ("patreon.com", &["/"]), ("paypal.me", &["/"]), ("venmo.com", &["/"]),
    ("kaggle.com", &["/"]), ("huggingface.co", &["/"]), ("quora.com", &["/profile/"]), ("stackoverflow.com", &["/users/"]), ("leetcode.com", &["/u/"]), ("stackexchange.com", &["/users/"]),
    ("npmjs.com", &["/~"]), ("docker.com", &["/u/"]), ("google.com", &["/u/", "/maps/contrib/"]),
];

/// First segments of paths there that are no accounts.
const PAGES: &[&str] = &[
    "docs",
    "search",
    "about",
    "login",
    "signup",
    "explore",
    "features",
    "pricing",
    "topics",
    "trending",
    "marketplace",
    "settings",
    "watch",
    "help",
    "blog",
    "home",
    "models",
    "datasets",
    "spaces",
    "papers",
    "competitions",
    "code",
    "learn",
    "hashtag",
    "share",
    "sharer",
    "groups",
    "events",
    "pages",
    "policies",
    "tos",
    "privacy",
    "intent",
    "i",
    "p",
    "reel",
    "explore",
    "accounts",
    "developer",
    "security",
    "sponsors",
    "orgs",
    "collections",
    "notifications",
    "discussions",
    "tasks",
    "join",
];

/// Reports the address around `://` at `mark`. Returns its end: no other begins before.
pub(crate) fn scheme_at(text: &str, mark: usize, out: &mut Vec<Finding>) -> usize {
    let scheme = text[..mark]
        .bytes()
        .rev()
        .take(MAX_SCHEME)
        .take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b))
        .count();
    let letters = text[mark - scheme..mark].trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    if letters.len() < 2 {
        return mark;
    }
    let start = mark + "://".len();
    let end = end_of_url(text, start);
    if text[start..end]
        .bytes()
        .any(|b| b.is_ascii_alphanumeric() || b >= 0x80)
    {
        report(text, mark - letters.len()..end, start, "url-scheme", out);
    }
    end
}

/// Reports the address that begins with `www.` at `start`. Returns its end.
pub(crate) fn www_at(text: &str, start: usize, out: &mut Vec<Finding>) -> usize {
    let before = byte_before(text, start);
    // Behind a scheme it belongs to the address that is found anyway.
    if is_alphanumeric(before) || matches!(before, Some(b'/' | b'.' | b'-' | b'@')) {
        return start;
    }
    let host = start + "www.".len();
    let end = end_of_url(text, host);
    let host_end = text[host..end]
        .find(['/', '?', '#', ':'])
        .map_or(end, |len| host + len);
    if text[host..host_end].trim_matches('.').contains('.') {
        report(text, start..end, start, "url-www", out);
    }
    end
}

/// The whole address, or what in it is about a person. The host, with user information in front of it,
/// starts at `authority`.
fn report(
    text: &str,
    span: Range<usize>,
    authority: usize,
    rule: &'static str,
    out: &mut Vec<Finding>,
) {
    let rest = &text[authority..span.end];
    let end_of_authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end_of_authority);
    let lower = host.to_ascii_lowercase();
    let name = lower.split(':').next().unwrap_or_default();
    let of = |known: &str| {
        name == known
            || name
                .strip_suffix(known)
                .is_some_and(|head| head.ends_with('.'))
    };
    let local =
        matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "") || name.ends_with(".gov");
    if host.contains('@') || !(local || PUBLIC.iter().any(|known| of(known))) {
        out.push(Finding::by_rule(Kind::Url, span, rule, 0.95));
        return;
    }
    let path_at = authority + end_of_authority;
    let accounts = ACCOUNTS
        .iter()
        .filter(|(known, _)| of(known))
        .flat_map(|(_, heads)| *heads);
    for head in accounts {
        let Some(behind) = path.strip_prefix(*head) else {
            continue;
        };
        let account = &behind[..behind.find(['/', '?', '#', '&']).unwrap_or(behind.len())];
        if is_something(account) && !PAGES.contains(&account.to_ascii_lowercase().as_str()) {
            let start = path_at + head.len();
            out.push(Finding::by_rule(
                Kind::Username,
                start..start + account.len(),
                "url-account",
                0.7,
            ));
        }
        break;
    }
    if let Some((_, query)) = path.split_once('?') {
        let query_at = span.end - query.len();
        let mut at = query_at;
        for pair in query.split('&') {
            if let Some((key, value)) = pair.split_once('=') {
                let key_is_personal = PERSONAL_KEYS.iter().any(|k| key.eq_ignore_ascii_case(k));
                if key_is_personal && value.len() >= 3 && is_something(value) {
                    let start = at + key.len() + 1;
                    out.push(Finding::by_rule(
                        Kind::Url,
                        start..start + value.len(),
                        "url-query",
                        0.7,
                    ));
                }
            }
            at += pair.len() + 1;
        }
    }
}

/// Not only signs, such as those that a mask leaves.
fn is_something(part: &str) -> bool {
    part.contains(char::is_alphanumeric)
}

/// Names of query values that identify somebody or let somebody in.
const PERSONAL_KEYS: &[&str] = &[
    "token",
    "access_token",
    "auth",
    "key",
    "api_key",
    "apikey",
    "sig",
    "signature",
    "session",
    "sessionid",
    "sid",
    "password",
    "pwd",
    "code",
    "email",
    "mail",
    "user",
    "username",
    "userid",
    "user_id",
    "uid",
    "name",
    "phone",
    "tel",
    "x-amz-signature",
    "x-amz-credential",
    "fbclid",
];

/// Where the address ends whose host starts at `start`.
fn end_of_url(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let mut in_path = false;
    let mut end = rest.len();
    // The host of `http://[2001:db8::1]/` is the only place for square brackets.
    let bracketed = match rest.strip_prefix('[') {
        Some(inner) => {
            let address = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
            let len = inner
                .bytes()
                .take(MAX_BRACKETED)
                .take_while(address)
                .count();
            if inner[len..].starts_with(']') {
                len + 2
            } else {
                0
            }
        }
        None => 0,
    };
    for (at, c) in rest[bracketed..].char_indices() {
        in_path |= matches!(c, '/' | '?' | '#');
        let belongs = if c.is_ascii() {
            c.is_ascii_graphic()
                && !matches!(
                    c,
                    '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '[' | ']'
                )
        } else if in_path {
            c.is_alphanumeric()
        } else {
            is_host_letter(c)
        };
        if !belongs {
            end = bracketed + at;
            break;
        }
    }
    start + trimmed(&rest[..end])
}

/// Letters of internationalized hosts in scripts that put spaces between words: in Chinese text the
/// character behind a host belongs to the sentence.
pub(crate) fn is_host_letter(c: char) -> bool {
    matches!(c, '\u{C0}'..='\u{4FF}')
}

/// The length without punctuation that belongs to the sentence around it.
fn trimmed(url: &str) -> usize {
    let count = |wanted: u8| url.bytes().filter(|&b| b == wanted).count();
    // `(see https://example.com/a)`, but `https://example.com/a_(b)`.
    let mut unopened = count(b')').saturating_sub(count(b'('));
    let punctuation = url.bytes().rev().take_while(|b| match b {
        b')' if unopened > 0 => {
            unopened -= 1;
            true
        }
        _ => b".,;:!?'*_~".contains(b),
    });
    url.len() - punctuation.count()
}
