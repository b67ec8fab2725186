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
pub const PARAMETERS: &[(&str, &str)] = &[
    ("user", "The owner of the order, a UUID."),
    (
        "order",
        "The order, a UUID; also what its reservation and its payment are known by.",
    ),
    ("shard", "Which part of the stock; there is one, 0."),
    ("step", "What to try again: `charge`, `parked` or `late-charge`."),
    ("channel", "By which way: `email` or `sms`."),
    ("class", "`urgent` goes before `bulk`."),
    (
        "version",
        "The version of the order's event that it tells of; 0 for what is told once.",
    ),
    ("service", "The service that gave up on the message."),
    ("consumer", "The durable consumer by which it was delivered."),
    (
        "reason",
        "`malformed`, `unknown_schema`, `refused` or `max_deliveries`.",
    ),
    (
        "type",
        "The last part of its `ce-type`, such as `OrderCommit`; `_`: it has none.",
    ),
    ("entity", "What it is about, such as an order; `_`: not known."),
    ("id", "Names one giving up: `<stream>-<sequence>-<redrives>`."),
    ("sequence", "The letter's sequence in `DLQ`."),
    (
        "proxy",
        "Whose calls: the service beside the proxy, or `gateway`.",
    ),
    ("upstream", "The service that was called."),
    ("stream", "The stream that a single writer follows."),
    ("operation", "The operation, a UUID."),
    (
        "kind",
        "What is told of it: `started`, `begun`, `done` or `ended`.",
    ),
];

const COMMANDS: (&str, &str) = (
    "Holdfast-Commands",
    "Names of the commands of the commit, such as `reserve_inventory`, separated by commas; absent if there are none. Whoever is concerned by none of them need not read the payload.",
);

const LETTER: &[(&str, &str)] = &[
    ("Holdfast-Dlq-Service", "The service that gave up on it."),
    (
        "Holdfast-Dlq-Consumer",
        "The durable consumer by which it was delivered.",
    ),
    (
        "Holdfast-Dlq-Reason",
        "`malformed`, `unknown_schema`, `refused` or `max_deliveries`.",
    ),
    (
        "Holdfast-Dlq-Attempts",
        "How often it was delivered; 0: found in the stream after its consumer had died.",
    ),
    ("Holdfast-Dlq-Redrives", "How often it had been sent back before."),
    (
        "Holdfast-Dlq-First-Error",
        "What was wrong first; one line, 1 KiB at most.",
    ),
    ("Holdfast-Dlq-First-Error-Time", "When that was; RFC 3339."),
    ("Holdfast-Dlq-Last-Error", "What was wrong last."),
    ("Holdfast-Dlq-Last-Error-Time", "When that was; RFC 3339."),
    ("Holdfast-Dlq-Stream", "The stream that it is from."),
    ("Holdfast-Dlq-Sequence", "Its sequence there."),
    ("Holdfast-Dlq-Subject", "Its subject there."),
    ("Holdfast-Dlq-Time", "When it was stored there; RFC 3339."),
    ("Holdfast-Dlq-User", "Whom it is about, if that is known."),
    (
        "Holdfast-Dlq-Entity",
        "What it is about, such as an order, if that is known.",
    ),
    (
        "Holdfast-Dlq-Trace-Id",
        "The trace that it belongs to, if there is one.",
    ),
];

/// All channels.
pub const CHANNELS: &[Channel] = &[
    Channel {
        name: "orders",
        address: "orders.{user}.{order}",
        stream: Some("ORDERS"),
        summary: "The truth about orders: what happened, and what must be done because of it",
        message: Some("holdfast.order.v1.OrderCommit"),
        headers: &[COMMANDS],
        producer: "order",
        consumers: &[
            ("inventory", "inventory"),
            ("order", "order-payment"),
            ("notification", "notification"),
        ],
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
        name: "notices",
        address: "notices.{channel}.{class}.{order}.{version}",
        stream: Some("NOTICES"),
        summary: "What a customer is to be told by one way, until it is; without name and address",
        message: Some("holdfast.notification.v1.Notice"),
        headers: &[],
        producer: "notification",
        consumers: &[
            ("notification", "notification-email-urgent"),
            ("notification", "notification-email-bulk"),
            ("notification", "notification-sms-urgent"),
            ("notification", "notification-sms-bulk"),
        ],
    },
    Channel {
        name: "laterNotices",
        address: "notices.later.{channel}.{class}.{order}.{version}",
        stream: Some("NOTICES"),
        summary: "The same as a schedule, when it is sent later; a message replaces the one before it on its subject",
        message: Some("holdfast.notification.v1.Notice"),
        headers: &[
            ("Nats-Schedule", "When it is sent: `@at` and an RFC 3339 time."),
            (
                "Nats-Schedule-Target",
                "Where it is published then: `notices.{channel}.{class}.{order}.{version}`.",
            ),
        ],
        producer: "notification",
        consumers: &[],
    },
    Channel {
        name: "deadLetters",
        address: "dlq.{service}.{consumer}.{reason}.{type}.{user}.{entity}.{id}",
        stream: Some("DLQ"),
        summary: "Messages that a consumer gave up on, as they were, for 30 days",
        message: None,
        headers: LETTER,
        producer: "platform",
        consumers: &[],
    },
    Channel {
        name: "redriven",
        address: "redrive.{service}.{consumer}.{id}.{sequence}",
        stream: Some("REDRIVE"),
        summary: "Dead letters that an operator sent back to the consumer that gave them up",
        message: None,
        headers: LETTER,
        producer: "holdfast",
        consumers: &[],
    },
    Channel {
        name: "parkedSagas",
        address: "ops.saga_parked.{order}",
        stream: Some("OPS"),
        summary: "An order waits for a person",
        message: Some("holdfast.ops.v1.OpsEvent"),
        headers: &[],
        producer: "holdfast",
        consumers: &[],
    },
    Channel {
        name: "givenUp",
        address: "ops.dead_letter.{service}.{consumer}.{reason}",
        stream: Some("OPS"),
        summary: "A consumer gave up on a message",
        message: Some("holdfast.ops.v1.OpsEvent"),
        headers: &[],
        producer: "holdfast",
        consumers: &[],
    },
    Channel {
        name: "openedBreakers",
        address: "ops.breaker_opened.{proxy}.{upstream}",
        stream: Some("OPS"),
        summary: "A proxy stopped calling an endpoint that failed too often",
        message: Some("holdfast.ops.v1.OpsEvent"),
        headers: &[],
        producer: "holdfast",
        consumers: &[],
    },
    Channel {
        name: "changedWriters",
        address: "ops.writer_changed.{stream}.{consumer}",
        stream: Some("OPS"),
        summary: "The role of a single writer was given to a client",
        message: Some("holdfast.ops.v1.OpsEvent"),
        headers: &[],
        producer: "holdfast",
        consumers: &[],
    },
    Channel {
        name: "operatorActions",
        address: "audit.{operation}.{kind}",
        stream: Some("AUDIT"),
        summary: "What operators did",
        message: Some("holdfast.ops.v1.OperatorAction"),
        headers: &[],
        producer: "holdfast",
        consumers: &[],
    },
];
