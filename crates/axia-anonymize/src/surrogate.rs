//! Invented values from ranges that are reserved for examples, so that none is anybody's.

use crate::{Kind, SecretKey};

/// Given names that are common in several languages and with any gender, for invented people.
const GIVEN: &[&str] = &[
    "Alex", "Andrea", "Ariel", "Charlie", "Chris", "Dana", "Eden", "Jamie", "Jules", "Kim", "Kit",
    "Luca", "Micah", "Nico", "Noa", "Robin", "Ronny", "Sam", "Sascha", "Toni",
];

/// Family names that say what they are: names of examples in several languages.
const FAMILY: &[&str] = &[
    "Example",
    "Sample",
    "Placeholder",
    "Mustermann",
    "Exempel",
    "Esempio",
    "Ejemplo",
    "Exemplo",
    "Voorbeeld",
    "Beispiel",
];

/// An invented value for the entity, the same for the same key, scope, entity and `attempt`. `None`
/// where a kind has no reserved range.
pub(crate) fn surrogate(
    key: &SecretKey,
    kind: Kind,
    scope: &str,
    canonical: &str,
    attempt: u32,
) -> Option<String> {
    let attempt = attempt.to_string();
    let digest = key.digest("surrogate", &[kind.as_str(), scope, canonical, &attempt]);
    let mut draws = digest.as_bytes().chunks_exact(4).map(|chunk| {
        let bytes = chunk.try_into().unwrap_or([0; 4]);
        u32::from_le_bytes(bytes)
    });
    let mut draw = |below: u32| draws.next().map_or(0, |number| number % below);
    Some(match kind {
        Kind::Person => {
            let given = pick(GIVEN, draw(u32::MAX));
            let family = pick(FAMILY, draw(u32::MAX));
            format!("{given} {family}")
        }
        Kind::Username => format!("@example_{:06x}", draw(1 << 24)),
        // RFC 2606
        Kind::Email => format!("{:08x}@example.com", draw(u32::MAX)),
        Kind::Url => format!("https://example.com/{:08x}", draw(u32::MAX)),
        // RFC 5737
        Kind::Ip => {
            let network = pick(&["192.0.2", "198.51.100", "203.0.113"], draw(3));
            format!("{network}.{}", 1 + draw(254))
        }
        // RFC 7042: for documentation
        Kind::Mac => format!("00:00:5E:00:53:{:02X}", draw(256)),
        // 555-0100 to 555-0199 are for fiction, in each area of North America.
        Kind::Phone => {
            let area = pick(
                &[
                    "202", "212", "303", "312", "404", "415", "512", "617", "702", "808",
                ],
                draw(10),
            );
            format!("({area}) 555-01{:02}", draw(100))
        }
        // Published test numbers of the schemes: they pass the check digit and no bank issues them.
        Kind::Card => pick(
            &[
                "4111111111111111",
                "4012888888881881",
                "5555555555554444",
                "5105105105105100",
                "378282246310005",
                "6011111111111117",
                "3530111333300000",
            ],
            draw(7),
        )
        .to_owned(),
        // Area 000 was never issued.
        Kind::UsSsn => format!("000-{:02}-{:04}", 1 + draw(99), 1 + draw(9999)),
        // XX is a code that ISO 3166 leaves to users.
        Kind::Iban => {
            let account = format!("{:016}", u64::from(draw(u32::MAX)) * 1_000_003);
            format!("XX00{account}")
        }
        Kind::Postcode => "00000".to_owned(),
        _ => return None,
    })
}

fn pick(list: &'static [&'static str], draw: u32) -> &'static str {
    list.get(draw as usize % list.len())
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_everything_and_on_nothing_else() {
        let key = SecretKey::new(*b"0123456789abcdef0123456789abcdef").unwrap();
        let of = |kind, scope: &str, entity: &str, attempt| {
            surrogate(&key, kind, scope, entity, attempt)
        };
        let first = of(Kind::Email, "a", "jo@x.org", 0);
        assert!(first.as_ref().is_some_and(|s| s.ends_with("@example.com")));
        assert_eq!(first, of(Kind::Email, "a", "jo@x.org", 0));
        for other in [
            of(Kind::Email, "b", "jo@x.org", 0),
            of(Kind::Email, "a", "ann@x.org", 0),
            of(Kind::Email, "a", "jo@x.org", 1),
        ] {
            assert_ne!(first, other);
        }
        assert_eq!(of(Kind::ApiKey, "a", "k", 0), None);
    }
}
