//! Products as they are stored and as they are shown.

use holdfast_contracts::catalog::v1::Product as Message;
use holdfast_contracts::money::v1::Money as MoneyMessage;
use holdfast_contracts::{DecodeError, decode, encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest SKU, in bytes.
pub const MAX_SKU_LENGTH: usize = 64;

/// How a SKU is written, for those who wrote another.
pub const SKU_RULE: &str =
    "must be 1 to 64 ASCII letters, digits, '-', '_' or '.', and no '.' at either end or beside another";
/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 4000;
/// The longest URL of an image, in bytes.
const MAX_URL: usize = 2048;
/// The highest price, in minor units.
const MAX_AMOUNT: i64 = 1_000_000_000;

/// Whether a text can name a SKU, as [`SKU_RULE`] says: it is a key of a bucket, whose tokens dots separate.
#[must_use]
pub fn is_sku(text: &str) -> bool {
    (1..=MAX_SKU_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && text.split('.').all(|token| !token.is_empty())
}

/// An amount in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Price)]
pub struct Money {
    /// Minor units of the currency.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub amount: i64,
    /// ISO 4217 alphabetic code.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// The stock keeping unit.
    pub sku: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// What one costs.
    pub price: Money,
    /// Absolute, or relative to the storefront.
    pub image_url: String,
}

/// Why a stored value is not a product.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the JSON of a product.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A field that cannot be.
    #[error("{} {}", .0.field, .0.rule)]
    Invalid(Fault),
}

/// A field that is wrong, and what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, as in JSON.
    pub field: &'static str,
    /// What would be right.
    pub rule: &'static str,
}

impl Product {
    /// Reads a value of the bucket.
    ///
    /// # Errors
    /// [`Error`] names what is wrong.
    pub fn from_value(value: &[u8]) -> Result<Self, Error> {
        let Message {
            sku,
            name,
            description,
            price,
            image_url,
        } = decode(value)?;
        let MoneyMessage { amount, currency } = price.ok_or(Error::Invalid(Fault {
            field: "price",
            rule: "is missing",
        }))?;
        let product = Self {
            sku,
            name,
            description,
            price: Money { amount, currency },
            image_url,
        };
        product.check()?;
        Ok(product)
    }

    /// The value of the bucket.
    ///
    /// # Errors
    /// Never, unless the contract changes: no field of a product can fail to be written.
    pub fn to_value(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Self {
            sku,
            name,
            description,
            price: Money { amount, currency },
            image_url,
        } = self.clone();
        encode(&Message {
            sku,
            name,
            description,
            price: Some(MoneyMessage { amount, currency }),
            image_url,
        })
    }

    /// Whether a product can be sold.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let first = self.faults().into_iter().next();
        first.map_or(Ok(()), |fault| Err(Error::Invalid(fault)))
    }

    /// All fields that are wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let currency = &self.price.currency;
        let checks = [
            ("sku", is_sku(&self.sku), SKU_RULE),
            (
                "name",
                is_text(&self.name, MAX_NAME) && !self.name.trim().is_empty(),
                "must be 1 to 200 characters, not all of them blank, none of them a control character",
            ),
            (
                "description",
                is_text(&self.description.replace('\n', " "), MAX_DESCRIPTION),
                "must be at most 4000 characters, none of them a control character other than a line break",
            ),
            (
                "price.amount",
                (1..=MAX_AMOUNT).contains(&self.price.amount),
                "must be 1 to 1000000000 minor units of the currency",
            ),
            (
                "price.currency",
                currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()),
                "must be a currency of ISO 4217, such as EUR",
            ),
            (
                "image_url",
                is_image_url(&self.image_url),
                "must be empty, a path that begins with one '/', or an https URL, of at most 2048 printable ASCII characters",
            ),
        ];
        let wrong = checks.into_iter().filter(|(_, is_right, _)| !is_right);
        wrong.map(|(field, _, rule)| Fault { field, rule }).collect()
    }
}

fn is_text(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// Two slashes would name another host.
fn is_image_url(url: &str) -> bool {
    let is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    url.len() <= MAX_URL
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && (url.is_empty() || is_path || url.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> Product {
        Product {
            sku: "tea".into(),
            name: "Tea".into(),
            description: String::new(),
            price: Money {
                amount: 1490,
                currency: "EUR".into(),
            },
            image_url: "/images/tea.jpg".into(),
        }
    }

    #[test]
    fn a_product_reads_back_from_its_value() {
        assert_eq!(
            Product::from_value(&product().to_value().unwrap()).unwrap(),
            product()
        );
    }

    #[test]
    fn what_cannot_be_sold_is_refused_by_field() {
        let price = |amount, currency: &str| Money {
            amount,
            currency: currency.into(),
        };
        for (broken, field) in [
            (
                Product {
                    sku: "a b".into(),
                    ..product()
                },
                "sku",
            ),
            (
                Product {
                    name: " ".into(),
                    ..product()
                },
                "name",
            ),
            (
                Product {
                    price: price(0, "EUR"),
                    ..product()
                },
                "price.amount",
            ),
            (
                Product {
                    price: price(1, "euro"),
                    ..product()
                },
                "price.currency",
            ),
        ] {
            let faults: Vec<_> = broken.faults().iter().map(|fault| fault.field).collect();
            assert_eq!(faults, [field]);
            assert!(broken.check().is_err());
        }
        let image_url = "//elsewhere.example/x".into();
        assert_eq!(
            Product {
                image_url,
                ..product()
            }
            .faults()
            .len(),
            1
        );
        assert!(matches!(Product::from_value(b"{}"), Err(Error::Invalid(fault)) if fault.field == "price"));
        assert!(matches!(Product::from_value(b"["), Err(Error::Decode(_))));
    }

    #[test]
    fn a_sku_is_short_and_plain() {
        assert!(is_sku("tea-sencha_1.0"));
        for text in ["", "a b", "tée", "a/b", ".a", "a.", "a..b", &"x".repeat(65)] {
            assert!(!is_sku(text), "{text}");
        }
    }
}
