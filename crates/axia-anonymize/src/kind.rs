//! Kinds of personal data, and the kinds that users of the crate add.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// The enumeration, its names and the list of all, from one table.
macro_rules! kinds {
    ($(#[$of_enum:meta])* pub enum Kind { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
            /// A kind of the caller's own, see [`Kind::custom`].
            Custom(CustomKind),
        }

        const BUILT_IN: &[(Kind, &str)] = &[$((Kind::$variant, $name)),+];

        impl Kind {
            /// The name, as placeholders show it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Custom(custom) => custom.as_str(),
                }
            }
        }
    };
}

kinds! {
    /// What kind of personal data an entity is.
    ///
    /// A kind has a name in capital letters, which placeholders show: `[EMAIL_1]`. `Display`, `FromStr`
    /// and serde all use that name. Names that this version does not know parse as custom kinds, so
    /// that files written by a later version can still be read.
    ///
    /// # Example
    ///
    /// ```
    /// use axia_anonymize::Kind;
    ///
    /// assert_eq!(Kind::ApiKey.to_string(), "API_KEY");
    /// assert_eq!("IBAN".parse::<Kind>()?, Kind::Iban);
    /// assert_eq!(Kind::custom("EMPLOYEE_ID")?.to_string(), "EMPLOYEE_ID");
    /// # Ok::<(), axia_anonymize::Error>(())
    /// ```
    pub enum Kind {
        /// `EMAIL`: an e-mail address, also one that is spelled out.
        Email = "EMAIL",
        /// `URL`: a web address: the whole of it, or the parts of it that are about a person.
        Url = "URL",
        /// `IP`: an IPv4 or IPv6 address.
        Ip = "IP",
        /// `MAC`: a hardware address of a network interface.
        Mac = "MAC",
        /// `PHONE`: a telephone or fax number with its extension.
        Phone = "PHONE",
        /// `USERNAME`: the name of an account: `@handle`, the name in a profile's address, `user: name`.
        Username = "USERNAME",
        /// `FILE_PATH`: the user's name in the path of a file: `jo` in `/home/jo/notes.txt`.
        FilePath = "FILE_PATH",
        /// `PERSON`: a name of a person, or a part of one.
        Person = "PERSON",
        /// `ORGANIZATION`: a company, an authority, a club.
        Organization = "ORGANIZATION",
        /// `LOCATION`: a town, a region, a country.
        Location = "LOCATION",
        /// `STREET_ADDRESS`: a street with its number, and what belongs to the same address.
        StreetAddress = "STREET_ADDRESS",
        /// `POSTCODE`: a postal code.
        Postcode = "POSTCODE",
        /// `COORDINATES`: latitude and longitude.
        Coordinates = "COORDINATES",
        /// `DATE_OF_BIRTH`: a day of birth.
        DateOfBirth = "DATE_OF_BIRTH",
        /// `DATE`: a date that is about somebody, other than the day of birth.
        Date = "DATE",
        /// `AGE`: how old somebody is.
        Age = "AGE",
        /// `TITLE`: a form of address: `Dr.`, `Mrs`.
        Title = "TITLE",
        /// `CARD`: a payment card number.
        Card = "CARD",
        /// `CARD_SECURITY`: what is printed beside a card's number: security code, expiry date.
        CardSecurity = "CARD_SECURITY",
        /// `IBAN`: an international bank account number.
        Iban = "IBAN",
        /// `BANK_ACCOUNT`: a national bank account or routing number.
        BankAccount = "BANK_ACCOUNT",
        /// `BIC`: the code of a bank (SWIFT, ISO 9362).
        Bic = "BIC",
        /// `CRYPTO_ADDRESS`: an address of a crypto currency.
        CryptoAddress = "CRYPTO_ADDRESS",
        /// `US_SSN`: a social security number of the United States.
        UsSsn = "US_SSN",
        /// `NATIONAL_ID`: a number that a state gives to a person: identity and social insurance numbers.
        NationalId = "NATIONAL_ID",
        /// `TAX_ID`: a number that a tax authority gives to a person or a company.
        TaxId = "TAX_ID",
        /// `HEALTH_ID`: a number of a patient, an insured person, a prescriber.
        HealthId = "HEALTH_ID",
        /// `COMPANY_ID`: a number of a company's register.
        CompanyId = "COMPANY_ID",
        /// `PASSPORT`: a passport's number or machine-readable zone.
        Passport = "PASSPORT",
        /// `DRIVING_LICENCE`: a driving licence's number.
        DrivingLicence = "DRIVING_LICENCE",
        /// `LICENSE_PLATE`: a vehicle's registration plate.
        LicensePlate = "LICENSE_PLATE",
        /// `VIN`: a vehicle identification number.
        Vin = "VIN",
        /// `DEVICE_ID`: a number of a device or a SIM card: IMEI, ICCID.
        DeviceId = "DEVICE_ID",
        /// `RECORD_ID`: a number in somebody's files about a person: customer, case, policy, patient record.
        RecordId = "RECORD_ID",
        /// `API_KEY`: a secret that authenticates: API keys, tokens, private keys, JSON Web Tokens.
        ApiKey = "API_KEY",
        /// `PASSWORD`: a password or PIN.
        Password = "PASSWORD",
        /// `SEED_PHRASE`: the words that restore a wallet (BIP-39).
        SeedPhrase = "SEED_PHRASE",
    }
}

/// The name of a kind that is not built in; made by [`Kind::custom`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomKind {
    /// Padded with zero bytes, so that the derived order is the order of the names.
    name: [u8; CustomKind::MAX_LEN],
}

impl Kind {
    /// A kind of the caller's own. The name of a built-in kind gives that kind.
    ///
    /// # Errors
    ///
    /// When the name is not 1 to 24 characters of `A-Z`, `0-9` and `_`, starting with a letter
    /// ([`Error::is_invalid_name`]).
    pub fn custom(name: &str) -> Result<Self, Error> {
        if let Some((kind, _)) = BUILT_IN.iter().find(|(_, known)| *known == name) {
            return Ok(*kind);
        }
        let starts_well = name.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        let all_allowed = name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !starts_well || !all_allowed || name.len() > CustomKind::MAX_LEN {
            return Err(Error::kind_name(name));
        }
        let mut padded = [0; CustomKind::MAX_LEN];
        for (to, from) in padded.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Ok(Self::Custom(CustomKind { name: padded }))
    }

    /// The kinds that are built in, in order.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.iter().map(|(kind, _)| *kind)
    }
}

impl CustomKind {
    const MAX_LEN: usize = 24;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.name.iter().position(|&b| b == 0);
        let name = self.name.get(..len.unwrap_or(Self::MAX_LEN));
        // Only `Kind::custom` makes names, and only of ASCII.
        name.and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for CustomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::custom(name)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::built_in() {
            assert_eq!(kind.as_str().parse::<Kind>(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        let custom = Kind::custom("A23456789012345678901234").unwrap();
        assert_eq!(custom.as_str().len(), 24);
        assert_eq!(custom.to_string().parse::<Kind>(), Ok(custom));
    }

    #[test]
    fn bad_names_are_refused() {
        for name in [
            "",
            "email",
            "1A",
            "_A",
            "A-B",
            "A2345678901234567890123456",
            "Ä",
        ] {
            assert!(Kind::custom(name).unwrap_err().is_invalid_name(), "{name}");
        }
    }

    #[test]
    fn custom_kinds_sort_by_name() {
        let [a, b] = ["ACCOUNT", "ACCOUNT_B"].map(|name| Kind::custom(name).unwrap());
        assert!(a < b && Kind::ApiKey < a);
    }
}
