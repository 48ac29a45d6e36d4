//! Addresses of crypto currencies, each with its checksum, and the words that restore a wallet.

use std::ops::Range;

use sha3::{Digest, Keccak256};

use super::context::{Vocabulary, byte_at, byte_before, is_alphanumeric, near};
use crate::{Finding, Kind};

/// Version bytes of base58check addresses: Bitcoin, Litecoin, Dogecoin, Dash, Zcash, Tron, and Bitcoin's
/// test network.
const VERSIONS: &[&[u8]] = &[
    &[0x00],
    &[0x05],
    &[0x30],
    &[0x32],
    &[0x1E],
    &[0x16],
    &[0x4C],
    &[0x10],
    &[0x1C, 0xB8],
    &[0x1C, 0xBD],
    &[0x41],
    &[0x6F],
    &[0xC4],
];

/// Human-readable parts of bech32 and bech32m addresses.
const HRPS: &[&str] = &[
    "bc", "tb", "ltc", "addr", "stake", "cosmos", "osmo", "terra", "zs", "bnb",
];

const WORDS: Vocabulary = Vocabulary::of(&[
    "eth", "ethereum", "wallet", "address", "metamask", "usdt", "usdc", "erc20", "erc-20",
    "polygon", "matic", "bsc", "bnb", "send", "pay", "donate",
]);

/// Reports an address that begins at `at`, where a word does.
pub(crate) fn address_at(text: &str, at: usize, out: &mut Vec<Finding>) {
    if is_alphanumeric(byte_before(text, at)) {
        return;
    }
    let bytes = text.as_bytes();
    // The longest addresses, of Cardano, have 108 characters.
    let len = bytes[at..]
        .iter()
        .take(121)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let span = at..at + len;
    let word = &text[span.clone()];
    let touches = |byte: Option<u8>| matches!(byte, Some(b'/' | b'_' | b'+' | b'='));
    if !(26..=120).contains(&len) {
        return;
    }
    let found = if let Some(digits) = word.strip_prefix("0x") {
        ethereum(text, &span, digits)
    } else if touches(byte_before(text, at)) && touches(byte_at(text, span.end)) {
        // Inside of base64.
        None
    } else {
        checked(word).map(|(rule, check)| {
            Finding::by_rule(Kind::CryptoAddress, span.clone(), rule, 0.95).validated_by(check)
        })
    };
    out.extend(found);
}

fn checked(word: &str) -> Option<(&'static str, &'static str)> {
    if (26..=36).contains(&word.len()) {
        let mut decoded = [0_u8; 32];
        let len = bs58::decode(word)
            .with_check(None)
            .onto(&mut decoded[..])
            .ok()?;
        let body = decoded.get(..len)?;
        let known = VERSIONS
            .iter()
            .any(|v| body.starts_with(v) && body.len() == 20 + v.len());
        return known.then_some(("crypto-base58", "base58check"));
    }
    let (hrp, _) = word.rsplit_once('1')?;
    let known = HRPS.iter().any(|known| known.eq_ignore_ascii_case(hrp));
    if !known {
        return None;
    }
    let segwit = bech32::segwit::decode(word).is_ok();
    let other = || bech32::decode(word).is_ok_and(|(_, data)| data.len() >= 20);
    (segwit || other()).then_some(("crypto-bech32", "bech32"))
}

/// Forty hexadecimal digits: with the checksum of EIP-55, or next to a word where there is only one case.
fn ethereum(text: &str, span: &Range<usize>, digits: &str) -> Option<Finding> {
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let word = near(text, span, 48, 32, &WORDS);
    let finding =
        Finding::by_rule(Kind::CryptoAddress, span.clone(), "crypto-ethereum", 0.8).near(word);
    let lower = digits.bytes().any(|b| b.is_ascii_lowercase());
    let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
    if lower && upper {
        return eip_55(digits).then(|| finding.validated_by("eip-55"));
    }
    word.map(|_| finding)
}

/// A digit is a capital letter where the hash of the address in lower case has an 8 or more.
fn eip_55(digits: &str) -> bool {
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    digits.bytes().enumerate().all(|(i, b)| {
        let nibble = hash
            .get(i / 2)
            .map_or(0, |byte| if i % 2 == 0 { byte >> 4 } else { byte & 15 });
        b.is_ascii_digit() || b.is_ascii_uppercase() == (nibble >= 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_address(text: &str) -> bool {
        let mut out = Vec::new();
        address_at(text, 0, &mut out);
        out.iter().any(|f| f.span == (0..text.len()))
    }

    #[test]
    fn checksums_decide() {
        for address in [
            // Bitcoin's first block, BIP-173, BIP-350, EIP-55, and Litecoin's documentation.
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        ] {
            assert!(is_address(address), "{address}");
        }
        for word in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        ] {
            assert!(!is_address(word), "{word}");
        }
    }
}
