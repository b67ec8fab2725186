//! Sample products, so that a fresh platform has something to sell.

use async_nats::jetstream::kv::{CreateErrorKind, Store};

use crate::product::{self, Product};

const SAMPLE: &str = include_str!("../data/products.json");

/// Why samples could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sample file is broken.
    #[error("sample products: {0}")]
    File(#[from] serde_json::Error),
    /// A sample that cannot be sold.
    #[error("sample product {sku}: {source}")]
    Product {
        /// Which one.
        sku: String,
        /// What is wrong with it.
        #[source]
        source: product::Error,
    },
    /// The bucket did not take a product.
    #[error("sample product {sku}: {source}")]
    Store {
        /// Which one.
        sku: String,
        /// Why.
        #[source]
        source: async_nats::jetstream::kv::CreateError,
    },
}

/// The sample products.
///
/// # Errors
/// If the file that was compiled in is broken.
pub fn products() -> Result<Vec<Product>, Error> {
    let products: Vec<Product> = serde_json::from_str(SAMPLE)?;
    for product in &products {
        product.check().map_err(|source| Error::Product {
            sku: product.sku.clone(),
            source,
        })?;
    }
    Ok(products)
}

/// Puts the samples that are missing into the bucket `catalog`, and tells how many those were. What is there
/// stays as it is: somebody may have changed it on purpose.
///
/// # Errors
/// [`Error`] names the product.
pub async fn load_sample(bucket: &Store) -> Result<usize, Error> {
    let mut loaded = 0;
    for product in products()? {
        let value = product.to_value()?;
        match bucket.create(&product.sku, value.into()).await {
            Ok(_) => loaded += 1,
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(Error::Store {
                    sku: product.sku,
                    source,
                });
            }
        }
    }
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_sample_can_be_sold_and_has_its_own_sku() {
        let products = products().unwrap();
        let skus: BTreeSet<_> = products.iter().map(|product| &product.sku).collect();
        assert!(products.len() >= 60);
        assert_eq!(skus.len(), products.len());
        assert!(products.iter().all(|product| product.price.currency == "EUR"));
        let picture = |sku| format!("/images/{sku}.svg");
        assert!(
            products
                .iter()
                .all(|product| product.image_url == picture(&product.sku))
        );
    }
}
