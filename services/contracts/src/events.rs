//! Names of events: what stands in the header `ce-type`. The major version is part of a name.

/// What happened to one order, and what must be done: `orders.<user>.<order>`.
pub const ORDER_COMMIT: &str = "holdfast.order.v1.OrderCommit";
/// A timer of one order: `timers.>`.
pub const TIMER: &str = "holdfast.order.v1.Timer";
/// Decisions about the stock: `inventory.log.<shard>`.
pub const INVENTORY_BATCH: &str = "holdfast.inventory.v1.InventoryBatch";
/// A part of a state of the stock: `inventory.snapshot.<shard>`.
pub const INVENTORY_SNAPSHOT: &str = "holdfast.inventory.v1.InventorySnapshot";
/// What happened to one payment: `payments.<order>`.
pub const PAYMENT_COMMIT: &str = "holdfast.payment.v1.PaymentCommit";
