//! Orders and events as the API shows them.

use holdfast_order_core::{Event, Line, Money, Order, PaymentFailureReason, Requester, Sku};
use holdfast_platform::telemetry::TraceContext;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::schemas;
use crate::codec::Commit;
use crate::replay::OrderKey;

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView<'a> {
    id: Uuid,
    user_id: Uuid,
    /// How far it is.
    #[schema(schema_with = schemas::status)]
    status: &'static str,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::reason, required = false)]
    reason: Option<&'static str>,
    /// Whether it was taken without knowing what is in stock.
    limited_stock: bool,
    lines: Vec<LineView<'a>>,
    total: MoneyView<'a>,
    /// Counts the events.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
struct LineView<'a> {
    sku: &'a str,
    quantity: u32,
    unit_price: MoneyView<'a>,
}

/// An amount of money: an integer of minor units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Money)]
pub(super) struct MoneyView<'a> {
    /// Minor units of the currency.
    amount: i64,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: &'a str,
}

impl<'a> OrderView<'a> {
    /// How an order looks to its owner.
    #[must_use]
    pub fn of(key: &OrderKey, order: &'a Order) -> Self {
        Self {
            id: key.order.0,
            user_id: key.user.0,
            status: order.status().as_str(),
            reason: order.reason().map(holdfast_order_core::CancelReason::as_str),
            limited_stock: order.limited_stock,
            lines: order.lines.iter().map(LineView::of).collect(),
            total: MoneyView::of(&order.total),
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl<'a> LineView<'a> {
    fn of(line: &'a Line) -> Self {
        Self {
            sku: line.sku.as_str(),
            quantity: line.quantity.get(),
            unit_price: MoneyView::of(&line.unit_price),
        }
    }
}

impl<'a> MoneyView<'a> {
    pub(super) fn of(money: &'a Money) -> Self {
        Self {
            amount: money.amount,
            currency: &money.currency,
        }
    }
}

/// An event of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderEvent)]
pub(super) struct EventView {
    /// The version of the order with this event.
    version: u64,
    #[schema(schema_with = schemas::event_type)]
    r#type: &'static str,
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// The trace of the request or the record that led to it, if there was one (W3C Trace Context).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    trace_id: Option<String>,
    /// Depends on the type.
    #[schema(value_type = Object)]
    data: Value,
}

/// The events of a commit, which belongs to this trace.
pub(super) fn events(commit: &Commit, trace: Option<&TraceContext>) -> impl Iterator<Item = EventView> {
    let trace_id = trace.map(|trace| trace.trace_id().to_owned());
    (commit.first_version..)
        .zip(&commit.events)
        .map(move |(version, event)| EventView {
            version,
            r#type: event.name(),
            time: commit.time,
            trace_id: trace_id.clone(),
            data: data(event),
        })
}

/// What an event tells; the payment token stays with us.
fn data(event: &Event) -> Value {
    match event {
        Event::OrderCreated {
            lines,
            total,
            limited_stock,
            ..
        } => json!({
            "lines": lines.iter().map(LineView::of).collect::<Vec<_>>(),
            "total": MoneyView::of(total),
            "limited_stock": limited_stock,
        }),
        Event::InventoryNotAvailable { skus } => {
            json!({"skus": skus.iter().map(Sku::as_str).collect::<Vec<_>>()})
        }
        Event::PaymentPending {
            attempt,
            deadline_passed,
        } => {
            json!({"attempt": attempt, "deadline_passed": deadline_passed})
        }
        Event::PaymentSucceeded { charge_id, amount } => {
            json!({"charge_id": charge_id, "amount": MoneyView::of(amount)})
        }
        Event::PaymentFailed { reason, detail } => json!({"reason": failure(*reason), "detail": detail}),
        Event::OrderCancelled { reason } => json!({"reason": reason.as_str()}),
        Event::CancelRequested { requester: by } | Event::SagaResumed { requester: by } => {
            json!({"requester": requester(*by)})
        }
        Event::PaymentRefunded { refund_id, amount } => {
            json!({"refund_id": refund_id, "amount": MoneyView::of(amount)})
        }
        Event::SagaParked {
            step,
            detail,
            attempts,
        } => {
            json!({"step": step.as_str(), "detail": detail, "attempts": attempts})
        }
        Event::InventoryReserved | Event::InventoryReleased | Event::OrderCompleted => json!({}),
    }
}

fn failure(reason: PaymentFailureReason) -> &'static str {
    match reason {
        PaymentFailureReason::Declined => "declined",
        PaymentFailureReason::Timeout => "timeout",
        PaymentFailureReason::Voided => "voided",
    }
}

fn requester(requester: Requester) -> &'static str {
    match requester {
        Requester::Customer => "customer",
        Requester::Operator => "operator",
        Requester::Timer => "timer",
    }
}
