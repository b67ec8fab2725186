//! Which messages travel where: what descriptors do not tell.

/// Where messages of one kind are published.
pub struct Channel {
    /// Its name in the document.
    pub name: &'static str,
    /// Its subject; `{…}` are its parameters.
    pub address: &'static str,
    /// The stream that keeps the messages; none: whoever is not connected misses them.
    pub stream: Option<&'static str>,
    /// For people.
    pub summary: &'static str,
    /// The full name of the message; none: whatever was given up.
    pub message: Option<&'static str>,
    /// Headers of these messages besides those of every event: name and meaning.
    pub headers: &'static [(&'static str, &'static str)],
    /// The service that publishes.
    pub producer: &'static str,
    /// Durable consumers: service and name.
    pub consumers: &'static [(&'static str, &'static str)],
}

/// What the parameters of subjects mean.
pub const PARAMETERS: [(&str, &str); 6] = [
    ("user", "The owner of the order, a UUID."),
    (
        "order",
        "The order, a UUID; also what its reservation and its payment are known by.",
    ),
    ("shard", "Which part of the stock; there is one, 0."),
    ("step", "What to try again: `charge`, `parked` or `late-charge`."),
    ("service", "The service that gave up on the message."),
    ("consumer", "The durable consumer by which it was delivered."),
];

const COMMANDS: (&str, &str) = (
    "Holdfast-Commands",
    "Names of the commands of the commit, such as `reserve_inventory`, separated by commas; absent if there are none. Whoever is concerned by none of them need not read the payload.",
);

/// All channels.
pub const CHANNELS: [Channel; 8] = [
    Channel {
        name: "orders",
        address: "orders.{user}.{order}",
        stream: Some("ORDERS"),
        summary: "The truth about orders: what happened, and what must be done because of it",
        message: Some("holdfast.order.v1.OrderCommit"),
        headers: &[COMMANDS],
        producer: "order",
        consumers: &[("inventory", "inventory"), ("order", "order-payment")],
    },
    Channel {
        name: "status",
        address: "status.{user}.{order}",
        stream: None,
        summary: "The same commits as they are stored, for whoever only watches; core NATS, at most once",
        message: Some("holdfast.order.v1.OrderCommit"),
        headers: &[COMMANDS],
        producer: "order",
        consumers: &[],
    },
    Channel {
        name: "inventoryLog",
        address: "inventory.log.{shard}",
        stream: Some("INVENTORY"),
        summary: "The decisions of the single writer of the stock, many in a message",
        message: Some("holdfast.inventory.v1.InventoryBatch"),
        headers: &[],
        producer: "inventory",
        consumers: &[("order", "order-inventory")],
    },
    Channel {
        name: "inventorySnapshots",
        address: "inventory.snapshot.{shard}",
        stream: Some("INVENTORY"),
        summary: "States of the stock in parts, by which inventory starts faster; of meaning to nobody else",
        message: Some("holdfast.inventory.v1.InventorySnapshot"),
        headers: &[],
        producer: "inventory",
        consumers: &[],
    },
    Channel {
        name: "payments",
        address: "payments.{order}",
        stream: Some("PAYMENTS"),
        summary: "Results of charges, voids and refunds",
        message: Some("holdfast.payment.v1.PaymentCommit"),
        headers: &[],
        producer: "payment",
        consumers: &[("order", "order-payments")],
    },
    Channel {
        name: "timers",
        address: "timers.{order}.{step}",
        stream: Some("TIMERS"),
        summary: "Schedules of waiting sagas; a message replaces the one before it on its subject",
        message: Some("holdfast.order.v1.Timer"),
        headers: &[
            ("Nats-Schedule", "When it fires: `@at` and an RFC 3339 time."),
            ("Nats-Schedule-Target", "Where it fires: `timers.fired.{order}`."),
        ],
        producer: "order",
        consumers: &[],
    },
    Channel {
        name: "firedTimers",
        address: "timers.fired.{order}",
        stream: Some("TIMERS"),
        summary: "Timers that have fired, as nats-server publishes them",
        message: Some("holdfast.order.v1.Timer"),
        headers: &[],
        producer: "order",
        consumers: &[("order", "order-timers")],
    },
    Channel {
        name: "deadLetters",
        address: "dlq.{service}.{consumer}",
        stream: Some("DLQ"),
        summary: "Messages that a consumer gave up on, as they were, for 30 days",
        message: None,
        headers: &[
            (
                "Holdfast-Dlq-Reason",
                "`malformed`, `unknown_schema`, `refused` or `max_deliveries`.",
            ),
            (
                "Holdfast-Dlq-Detail",
                "What was wrong, for people; one line, 1 KiB at most.",
            ),
            (
                "Holdfast-Dlq-Attempts",
                "How often it was delivered; 0: found in the stream after its consumer had died.",
            ),
            ("Holdfast-Dlq-Stream", "The stream that it is from."),
            ("Holdfast-Dlq-Sequence", "Its sequence there."),
            ("Holdfast-Dlq-Subject", "Its subject there."),
            (
                "Holdfast-Dlq-First-Failure",
                "When it failed first, as far as is known; RFC 3339.",
            ),
        ],
        producer: "platform",
        consumers: &[],
    },
];
