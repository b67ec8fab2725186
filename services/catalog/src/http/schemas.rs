//! What the API shows, for its description: the answers themselves are written once per change, not once per request.
#![expect(dead_code, reason = "described, and never made")]

use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::changes::Draft;
use crate::product::Product;
use crate::stock::Availability;

/// A product, and how much of it there is.
#[derive(ToSchema)]
#[schema(as = ProductWithAvailability)]
pub(super) struct ProductView {
    #[schema(inline)]
    #[serde(flatten)]
    product: Product,
    /// The version of the product.
    version: u64,
    availability: Availability,
}

/// A page of products.
#[derive(ToSchema)]
pub(super) struct ProductList {
    items: Vec<ProductView>,
    /// Where the next page begins; none: this is the last one.
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A draft with a SKU.
pub(super) struct NewProduct;

impl PartialSchema for NewProduct {
    fn schema() -> RefOr<Schema> {
        let draft = AllOfBuilder::new().item(Ref::from_schema_name(Draft::name()));
        let sku = ObjectBuilder::new().schema_type(Type::String);
        let with_sku = draft.item(ObjectBuilder::new().property("sku", sku).required("sku"));
        Schema::AllOf(with_sku.build()).into()
    }
}

impl ToSchema for NewProduct {
    fn name() -> std::borrow::Cow<'static, str> {
        "NewProduct".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Draft::name().into_owned(), Draft::schema()));
        Draft::schemas(schemas);
    }
}
