//! Products as they are stored and as they are shown.

use holdfast_contracts::catalog::v1::Product as Message;
use holdfast_contracts::money::v1::Money as MoneyMessage;
use holdfast_contracts::{DecodeError, decode, encode};
use serde::{Deserialize, Serialize};

/// The longest SKU, in bytes.
pub const MAX_SKU_LENGTH: usize = 64;

/// Whether a text can name a SKU: 1 to [`MAX_SKU_LENGTH`] ASCII letters, digits, `-`, `_` or `.`.
#[must_use]
pub fn is_sku(text: &str) -> bool {
    (1..=MAX_SKU_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// An amount in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units of the currency.
    pub amount: i64,
    /// ISO 4217 alphabetic code.
    pub currency: String,
}

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[error("{0} is missing or not valid")]
    Invalid(&'static str),
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
        let MoneyMessage { amount, currency } = price.ok_or(Error::Invalid("price"))?;
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
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let currency = &self.price.currency;
        if !is_sku(&self.sku) {
            return Err(Error::Invalid("sku"));
        }
        if self.name.trim().is_empty() {
            return Err(Error::Invalid("name"));
        }
        if self.price.amount <= 0 {
            return Err(Error::Invalid("price.amount"));
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::Invalid("price.currency"));
        }
        Ok(())
    }
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
            assert!(
                matches!(broken.check(), Err(Error::Invalid(named)) if named == field),
                "{field}"
            );
        }
        assert!(matches!(Product::from_value(b"{}"), Err(Error::Invalid("price"))));
        assert!(matches!(Product::from_value(b"["), Err(Error::Decode(_))));
    }

    #[test]
    fn a_sku_is_short_and_plain() {
        assert!(is_sku("tea-sencha_1.0"));
        for text in ["", "a b", "tée", "a/b", &"x".repeat(65)] {
            assert!(!is_sku(text), "{text}");
        }
    }
}
