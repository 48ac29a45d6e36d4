//! The plain reference implementation: every rule at every place of the text.

use super::*;

/// What [`Rules`] must report, in any order.
pub(crate) fn recognize(rules: &Rules, text: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    number::regions(text, 7, |groups| {
        phone::in_region(text, groups, &mut out);
        card::in_region(text, groups, &mut out);
    });
    // Where words, runs and digits begin.
    let word_end = |at: usize| {
        at + bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count()
    };
    let starts = |at: usize, part_of: &dyn Fn(u8) -> bool| {
        part_of(bytes[at]) && (at == 0 || !part_of(bytes[at - 1]))
    };
    let mut url_end = 0;
    let mut www_end = [0; 2];
    let mut colons = ip::Runs::default();
    for at in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
        let out = &mut out;
        rules.index.at(text, at, out);
        if starts(at, &|b| b.is_ascii_alphanumeric()) {
            let word = at..word_end(at);
            let digits = bytes[word.clone()]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            if bytes[word.clone()].iter().any(u8::is_ascii_digit) {
                place::postcode_at(text, &word, out);
                card::broken_at(text, &word, out);
                phone::broken_at(text, &word, out);
                if word.len() >= 2 {
                    record::at(text, &word, out);
                    iban::in_word(text, &word, out);
                }
                iban::spelled_at(text, &word, out);
                handle::tagged_at(text, &word, out);
            }
            if digits > 0 {
                let digits = at..at + digits;
                birth::date_at(text, &digits, out);
                birth::age_at(text, &digits, out);
                place::coordinates_at(text, &digits, out);
                ip::v4_at(text, at, out);
            }
        }
        if starts(at, &scan::is_run_byte) {
            let run = at..at
                + bytes[at..]
                    .iter()
                    .take_while(|b| scan::is_run_byte(**b))
                    .count();
            if run.len() >= scan::MIN_RUN {
                rules.secrets.in_run(text, &run, out);
                for start in word_starts(bytes, &run) {
                    crypto::address_at(text, start, out);
                }
            }
        }
        email::sign_at(text, at, out);
        handle::handle_at(text, at, out);
        match bytes[at] {
            b':' => {
                assignment::value_at(text, at, out);
                colons.at(text, at, out);
                mac::octets_at(text, at, out);
                SecretRules::telegram_at(text, at, out);
            }
            b'=' => assignment::value_at(text, at, out),
            b'-' => mac::octets_at(text, at, out),
            b'<' => mrz::zone_at(text, at, out),
            _ => {}
        }
        let rest = &text[at..];
        if rest.starts_with(secret::PRIVATE_KEY) {
            SecretRules::key_at(text, at, out);
        }
        if rest.starts_with("://") && at >= url_end {
            url_end = url::scheme_at(text, at, out);
        }
        for (www, end) in ["www.", "WWW."].iter().zip(&mut www_end) {
            if rest.starts_with(www) && at >= *end {
                *end = url::www_at(text, at, out);
            }
        }
        if let Some(name) = bic::WORDS.iter().find(|name| rest.starts_with(**name)) {
            bic::announced_at(text, &(at..at + name.len()), out);
        }
        if rest.starts_with(" is ") {
            assignment::told_at(text, at, out);
        }
        if rest.starts_with("dot") || rest.starts_with("DOT") {
            email::spelled_at(text, at, out);
        }
        if rest.starts_with(email::ARROBA) {
            email::arroba_at(text, at, out);
        }
        if rest.starts_with("Bearer ") || rest.starts_with("Basic ") {
            assignment::credentials_at(text, at, out);
        }
        handle::path_at(text, at, out);
        handle::member_at(text, at, out);
    }
    rules
        .words
        .seeds_at(text, 0..text.len(), &seed::Letters::NONE, 0, &mut out);
    rules
        .words
        .digits_at(text, 0..text.len(), &seed::Letters::NONE, 0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use proptest::prelude::*;

    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new().unwrap());

    fn sorted(mut found: Vec<Finding>) -> Vec<String> {
        found.sort_by(|a, b| {
            (a.span.start, a.span.end, a.kind).cmp(&(b.span.start, b.span.end, b.kind))
        });
        let mut lines: Vec<String> = found.iter().map(|f| format!("{f:?}")).collect();
        lines.sort();
        lines
    }

    /// Pieces of which numbers, addresses and secrets are made, glued in all ways.
    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "jo@example.com",
            "@",
            " at ",
            "example",
            " dot ",
            "com",
            "https://",
            "www.",
            "github.com/jo",
            "203.0.113.7",
            "2001:db8::1",
            "00:1b:44:11:3a:b7",
            "00-1B-44-11-3A-B7",
            "+41 (0)44 668 18 00",
            "415-555-2671",
            "432 03 163",
            "4111 1111 1111 1111",
            "DE89 3704 0044 0532 0130 00",
            "BIC ",
            "swift code ",
            "DEUTDEFF",
            "COBADEFF500",
            "536-22-8726",
            "ssn ",
            "phone ",
            "card ",
            "AB 12 34 56 C",
            "RSS MRA 85T10 A562S",
            "RSSMRA85T10A562S",
            "12345678Z",
            "born ",
            "12 March 1985",
            "1985-03-12",
            "aged 93",
            "SW1A 1AA",
            "K1A 0B1",
            "CA 94105-1234",
            "40.712776, -74.005974",
            "MRN: ",
            "448812",
            "passport no. ",
            "X1234567",
            "password = ",
            "hunter2!",
            "my password is ",
            "/home/jo/",
            "C:\\Users\\Jo Smith\\x",
            "Bearer ",
            "sk-ant-Zk3qP9vX7mW2rT5bY8nL4cH6",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "-----BEGIN PRIVATE KEY-----",
            "MIIEowIBAAKCAQEAv3Q7pL9xZk",
            "legal winner thank year wave sausage worth useful legal winner thank yellow",
            "five three six two two eight seven two six",
            "<<<",
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            " ",
            " ",
            "-",
            ".",
            ",",
            "\n",
            "_",
            ":",
            "/",
            "x",
            "7",
            "12",
            "é",
            "谢",
            "a",
            "[at]",
            "=",
            "_at_",
            "_dot_",
            " arroba ",
            " punto ",
            "u/",
            "reddit",
            "#1234",
            "discord",
            "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
        ];
        proptest::collection::vec(0..pieces.len(), 0..16)
            .prop_map(move |picked| picked.into_iter().map(|i| pieces[i]).collect())
    }

    #[test]
    fn what_ends_with_the_text_is_found_once() {
        let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let text = format!("Bearer 448812 Bearer {words}");
        let mut found = Vec::new();
        RULES.recognize(&text, &mut found);
        assert_eq!(sorted(found), sorted(recognize(&RULES, &text)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn the_search_misses_nothing(text in text()) {
            let mut found = Vec::new();
            RULES.recognize(&text, &mut found);
            prop_assert_eq!(sorted(found), sorted(recognize(&RULES, &text)), "{}", text);
        }

        #[test]
        fn the_search_misses_nothing_in_any_characters(text in "\\PC{0,60}") {
            let mut found = Vec::new();
            RULES.recognize(&text, &mut found);
            prop_assert_eq!(sorted(found), sorted(recognize(&RULES, &text)), "{}", text);
        }
    }
}
