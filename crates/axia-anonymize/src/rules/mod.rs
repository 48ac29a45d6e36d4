//! The built-in recognizers, one module for each kind.
//!
//! Borders between words are ASCII borders here: digits that touch a Chinese character or an
//! underscore are still a number. Every scan is linear: candidates have a bounded length, or the
//! search goes on behind them.

mod card;
mod context;
mod email;
mod iban;
mod ip;
mod mac;
mod number;
mod phone;
mod secret;
mod ssn;
mod url;

use crate::{Error, Recognizer};

/// All of them, in the order of their kinds.
pub(crate) fn built_in() -> Result<Vec<Box<dyn Recognizer>>, Error> {
    Ok(vec![
        Box::new(email::EmailRules::new()?),
        Box::new(url::UrlRules),
        Box::new(ip::IpRules::new()?),
        Box::new(mac::MacRules::new()?),
        Box::new(phone::PhoneRules),
        Box::new(card::CardRules),
        Box::new(iban::IbanRules),
        Box::new(ssn::SsnRules),
        Box::new(secret::SecretRules::new()?),
    ])
}
