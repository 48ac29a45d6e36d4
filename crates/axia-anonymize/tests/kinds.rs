//! What each rule must find, whole, and what no rule may find.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use axia_anonymize::{Anonymizer, Kind};

/// Texts with the entities in double angle brackets.
const FOUND: &[(Kind, &[&str])] = &[
    (
        Kind::Email,
        &[
            "mail me at <<jo@example.com>>",
            "<<jo.o'brien+tag@mail.example.co.uk>>, please",
            "(<<jo@intranet.local>>)",
            "x=<<a@b.cc>>;",
            "邮箱是<<jo@example.com>>谢谢",
            "<<jürgen@bücher.de>>",
            "<<иван@почта.рф>> пишет",
            "Write to <<jo@example.com>>.",
            "mailto:<<jo@example.com>>?subject=hi",
            "\"<<jo@example.com>>\"",
            "<<jo＠example．com>>",
            "<<j\u{200B}o@exa\u{AD}mple.com>>",
            "<<jo [at] example [dot] com>> or so",
            "<<jo(at)example(dot)com>>",
            "<<jo{at}example.com>>",
            "redirect?to=<<jo%40example.com>>&x=1",
            "<<jo&#64;example.com>>",
            "ssh <<root@203.0.113.7>>",
            "<<\"jo smith\"@example.com>>",
            "<<a@b.cc>>,<<d@e.ff>>",
        ],
    ),
    (
        Kind::Url,
        &[
            "see <<https://example.com/u/jo?x=1#top>>.",
            "(see <<http://example.com/a_(b)>>)",
            "[link](<<https://example.com/>>)",
            "<<www.example.com>>, then",
            "<<WWW.Example.COM/x>>",
            "<<postgres://jo:secret@db.internal:5432/app>>",
            "看<<https://example.com>>，好",
            "<<https://example.com/Jürgen>> is",
            "<<http://[2001:db8::1]:8080/x>> up",
            "<<hxxp://example.com/a>>",
            "<<s3://bucket/key>>",
            "<<http://jo@example.com/>>",
        ],
    ),
    (
        Kind::Ip,
        &[
            "from <<203.0.113.7>> port 22",
            "from <<203.0.113.7>>:22.",
            "<<192.168.1.20>>",
            "<<10.0.0.5>>",
            "defanged <<203[.]0[.]113[.]7>>",
            "my ip is <<8.8.8.8>>",
            "地址<<203.0.113.7>>是",
            "<<2001:db8::1>>",
            "at <<fe80::1ff:fe23:4567:890a>>.",
            "IP:<<2001:db8:0:0:8:800:200c:417a>>",
            "<<::ffff:192.0.2.128>>",
            "host_<<203.0.113.7>>_x",
        ],
    ),
    (
        Kind::Mac,
        &[
            "ether <<00:1b:44:11:3a:b7>> txqueuelen",
            "<<00-1B-44-11-3A-B7>>",
            "<<00:1b:44:ff:fe:11:3a:b7>>",
        ],
    ),
    (
        Kind::Phone,
        &[
            "<<+1 (415) 555-2671>>",
            "<<+14155552671>>",
            "call <<+49 30 1234567>> now",
            "<<+41 (0)44 668 18 00>>",
            "<<0041 44 668 18 00>>",
            "<<(+44) 20 7946 0958>>",
            "tel:<<+442079460958>>",
            "<<(415) 555-2671>>",
            "<<415-555-2671>> and <<415.555.2672>>",
            "<<415-555-2671 x036>>",
            "<<1-415-555-2671 ext. 12>>",
            "<<415 555 2671>>",
            "<<020 7946 0958>>",
            "<<(030) 1234567>>",
            "<<06 12 34 56 78>>",
            "<<0171/1234567>>",
            "<<138-1234-5678>>",
            "我的手机<<13812345678>>谢谢",
            "my phone number is <<4155552671>>",
            "<<432 03 163>> is my phone number",
            "Phone: <<555-2671>>",
            "<<٠٢٠ ٧٩٤٦ ٠٩٥٨>>",
            "<<+1\u{A0}415\u{2011}555\u{2013}2671>>",
            "phone_<<4155552671>>",
            "at 10:30 <<415-555-2671>>",
            "cell phone number (<<555-3476>>)",
            "<<415-555-2671>>-Office",
            "call <<(415)5552671>>",
            "my phone is <<415_555_2671>>",
            "fax <<+1\n415\n555\n2671>>",
            "she can be reached under <<48967165>> or so",
            "Kind regards,\nthe office\n<<12 99 25 26>>\n",
        ],
    ),
    (
        Kind::Card,
        &[
            "<<4111 1111 1111 1111>>",
            "card_<<4111111111111111>>_x",
            "<<4111-1111-1111-1111>> 123",
            "<<378282246310005>>",
            "<<3782 822463 10005>>",
            "<<2223003122003222>>",
            "<<4000000000000000006>>",
            "<<6200000000000005>>",
            "卡号<<4111111111111111>>有效",
            "<<４１１１１１１１１１１１１１１１>>",
            "<<4\u{200B}111\u{200B}111111111111>>",
            "<<4111\u{A0}1111\u{A0}1111\u{A0}1111>>",
            "<<4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1>>",
            "abc<<4111111111111111>>",
            "order 12 <<4111 1111 1111 1111>> 26/12",
            "visa <<4222222222222>>",
            "my store card <<9999999999999995>> is lost",
        ],
    ),
    (
        Kind::Iban,
        &[
            "<<DE89370400440532013000>>",
            "IBAN: <<DE89 3704 0044 0532 0130 00>>, thanks",
            "<<gb82west12345698765432>>",
            "<<GB82-WEST-1234-5698-7654-32>>",
            "<<FR14 2004 1010 0505 0001 3M02 606>>",
            "<<MT84MALT011000012345MTLCAST001S>>",
            "<<NO93 8601 1117 947>>",
            "账号<<DE89370400440532013000>>吗",
        ],
    ),
    (
        Kind::Bic,
        &[
            "BIC: <<DEUTDEFF>>",
            "our SWIFT code is <<CHASUS33XXX>>.",
            "<<DEUTDEFF500>> (BIC)",
        ],
    ),
    (
        Kind::UsSsn,
        &[
            "<<536-22-8726>>",
            "my SSN is <<536228726>>",
            "<<536228726>> is my SSN",
            "social security: <<536 22 8726>>",
        ],
    ),
];

#[test]
fn every_kind_is_found_whole() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    for (kind, rows) in FOUND {
        for row in *rows {
            check(&anonymizer, *kind, row);
        }
    }
}

fn check(anonymizer: &Anonymizer, kind: Kind, row: &str) {
    let mut text = String::new();
    let mut expected = Vec::new();
    for (i, part) in row.split("<<").enumerate() {
        match part.split_once(">>") {
            Some((entity, rest)) if i > 0 => {
                expected.push(text.len()..text.len() + entity.len());
                text.push_str(entity);
                text.push_str(rest);
            }
            _ => text.push_str(part),
        }
    }
    let found = anonymizer.detect(&text);
    let spans: Vec<_> = found.iter().map(|f| f.span.clone()).collect();
    assert_eq!(spans, expected, "{row}: {found:?}");
    assert!(found.iter().all(|f| f.kind == kind), "{row}: {found:?}");
}

#[test]
fn what_is_printed_beside_a_card_goes_with_it() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    for (text, replaced) in [
        (
            "4111 1111 1111 1111 12/26 123",
            "[CARD_1] [CARD_SECURITY_1] [CARD_SECURITY_2]",
        ),
        (
            "4111111111111111, valid until 07/2031.",
            "[CARD_1], valid until [CARD_SECURITY_1].",
        ),
        ("4111111111111111 on 12/26/2024", "[CARD_1] on 12/26/2024"),
        ("4111111111111111 on 12/05", "[CARD_1] on 12/05"),
        ("4111111111111112 12/26", "4111111111111112 12/26"),
    ] {
        assert_eq!(anonymizer.anonymize_text(text), replaced);
    }
}

#[test]
fn broken_card_numbers_need_a_word_or_one_sign() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    for (text, replaced) in [
        ("4111_1111_1111_1111", "[CARD_1]"),
        ("my card:\n4111\n1111\n1111\n1111", "my card:\n[CARD_1]"),
        (
            "| 4111 | 1111 | 1111 | 1111 |",
            "| 4111 | 1111 | 1111 | 1111 |",
        ),
        ("4111|1111|1111|1111|7", "4111|1111|1111|1111|7"),
        ("4111\n1111\n1111\n1111", "4111\n1111\n1111\n1111"),
    ] {
        assert_eq!(anonymizer.anonymize_text(text), replaced);
    }
}

/// Secrets are put together here, so that no scanner takes this file for a leak.
#[test]
fn secrets_are_found_whole() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    let body = "Zk3qP9vX7mW2rT5bY8nL4cH6dJ1sG0fAeRuQ";
    let hex = "0123456789abcdef0f1e2d3c4b5a6978";
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let key_lines = "MIIEowIBAAKCAQEAv3Q7pL9xZk\nMIIEowIBAAKCAQEAv3Q7pL9xZk\nMIIEow==";
    let pem = format!("-----BEGIN RSA {}-----\n{key_lines}", "PRIVATE KEY");
    for secret in [
        format!("sk-proj-{body}"),
        format!("sk-{body}abcdefABCDEF"),
        format!("sk-ant-api03-{body}"),
        format!("AK{}{}", "IA", "Z3QP7MW2RT5BY4NL"),
        format!("ghp_{body}"),
        format!("gith{}_pat_{body}_{body}", "ub"),
        format!("xo{}-123456789012-{}", "xb", &body[..24]),
        format!("AI{}{}", "za", &body[..35]),
        format!("sk_{}_{body}", "live"),
        format!("rk_{}_{body}", "live"),
        format!("glpat-{}", &body[..20]),
        format!("hf_{body}"),
        format!("npm_{body}"),
        format!("pypi-{body}{body}"),
        format!("SG.{}.{}abcdefg", &body[..22], body),
        format!("{header}.eyJzdWIiOiIxMjMifQ.{body}"),
        pem.clone(),
        format!("{pem}\n-----END RSA {}-----", "PRIVATE KEY"),
    ] {
        for (before, after) in [
            ("", ""),
            ("key=\"", "\""),
            ("密钥", "。"),
            ("use ", "\nplease do"),
        ] {
            check(
                &anonymizer,
                Kind::ApiKey,
                &format!("{before}<<{secret}>>{after}"),
            );
        }
    }
    check(&anonymizer, Kind::ApiKey, &format!("twilio: <<SK{hex}>>"));
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    let rows = [
        "",
        "Is it ever right to lie?",
        // Code.
        "main.py and Promise.re, torch.cu, jest.fn(), std::string, a::b, abc::def",
        "@property\ndef f(self): return self.x",
        "npm install react@18.2.0",
        "foo@bar",
        "x = a[1::2]",
        "SELECT * FROM t WHERE id = 987654321",
        "git show 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "sk-toggleable__content-fitted-estimator",
        "div.sk-parallel-item-very-long-name",
        "ftp and http: are schemes, :// is not",
        "www.",
        "#ff00ff 0xdeadbeef12345678",
        // Numbers.
        "1700000000000",
        "1700000000000000000",
        "at 1700000000 and 1700000000123",
        "550e8400-e29b-41d4-a716-446655440000",
        "id 12345678-1234-1234-1234-123456789012",
        "41111111-1111-4111-8111-111111111111",
        "0.5309136012499991",
        "3.14159265358979323846264338327950288",
        "4111111111111111.5",
        "4111111111111112",
        "9999999999999995",
        "1234567890",
        "ISBN 978-0-306-40615-7, 0-306-40615-2",
        "from 2023-01-31 to 31.01.2024, 2010–2015, 01/02/2003 10:30",
        "2023-01-31 10:30:45.123456",
        "01 02 03 04 05",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "415 555 2671 415 555 2672",
        "$415.555.2671",
        "1,234,567,890.12",
        "37.7749, -122.4194",
        "12:30:45",
        "f16:: c::B50 fd00::/32 dead::beef",
        "see 4.3.14.3, 4.3.14.4",
        "0x80000000000003FF, exp 3",
        "x += 12345678",
        "4155552671",
        // Versions and addresses of nobody.
        "1.2.3.4",
        "version 10.20.30.40",
        "v10.20.30.40",
        "Chrome/91.0.44.124",
        "section 12.1.2.13",
        "127.0.0.1, 0.0.0.0, 255.255.255.0, ::1, ::",
        "10.20.30.40.50",
        "300.1.2.3",
        "OID 1.3.6.1.4.1.311",
        "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
        "SHA256 aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99",
        "11-22-33-44-55-66",
        // Accounts that are none.
        "DE89370400440532013001",
        "XX89370400440532013000",
        "in 20 years at 12 the cat sat on the mat",
        "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000 078-05-1120",
        "536-22-87261",
        "part 415-555-2671-A and 415-555-2671-4",
        "card 1234 5678 9012 3456",
        "Best,\nthe office\n12 99 25",
        "the list\n48967165\n48967166",
    ];
    for row in rows {
        let found = anonymizer.detect(row);
        assert!(found.is_empty(), "{row}: {found:?}");
    }
    for row in [
        format!("AK{}IOSFODNN7EXAMPLE", "IA"),
        format!("sk_{}_xxxxxxxxxxxxxxxxxxxxxxxx", "live"),
        "sk-your-api-key-goes-here-123".to_owned(),
        format!("ghp_{}", "x".repeat(36)),
        format!("hf_{}", "abcdefghijklmnopqrstuvwxyz01234567"),
        "eyJhbGci.notjson.x".to_owned(),
        "SK0123456789abcdef0f1e2d3c4b5a6978".to_owned(),
        "starts_with(\"-----BEGIN PRIVATE KEY-----\") {".to_owned(),
        "-----BEGIN PRIVATE KEY-----\" and \"-----END PRIVATE KEY-----".to_owned(),
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEF".to_owned(),
    ] {
        let found = anonymizer.detect(&row);
        assert!(found.is_empty(), "{row}: {found:?}");
    }
}

#[test]
fn prose_behind_a_key_without_an_end_stays() {
    let anonymizer = Anonymizer::builder().names(false).build().unwrap();
    let key = format!(
        "-----BEGIN {}-----\nMIIEowIBAAKCAQEAv3Q7pL9xZk",
        "PRIVATE KEY"
    );
    let text = anonymizer.anonymize_text(&format!("{key}\nis that a key or not"));
    assert_eq!(text, "[API_KEY_1]\nis that a key or not");
}
