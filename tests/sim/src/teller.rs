//! The payment service as an order process reaches it.

use std::sync::Arc;
use std::time::Duration;

use holdfast_order::ports::{Payment, PaymentAnswer, Payments};
use holdfast_order_core::{Money as OrderMoney, PaymentOutcome};
use holdfast_payment::provider::ChargeRequest;
use holdfast_payment::service::Error as PaymentError;
use holdfast_payment::state::{Money, State as PaymentState};

use crate::bank::{Bank, SimPayments};
use crate::executor::Host;
use crate::rpc::Route;
use crate::sabotage::Sabotage;

/// The caller of a payment gives up after this time, whoever tries again in between.
const DEADLINE: Duration = Duration::from_secs(6);

/// The payment service as an order process reaches it.
pub struct SimPaymentClient {
    /// The service.
    pub bank: Bank,
    /// The process that asks.
    pub host: Host,
    /// A planted bug.
    pub sabotage: Sabotage,
}

enum Ask {
    Charge(ChargeRequest, u32),
    Resolve,
    Refund,
}

impl SimPaymentClient {
    async fn ask(&self, payment: &Payment, ask: Ask) -> PaymentAnswer {
        let unreachable = |detail: &str| PaymentAnswer::Unreachable {
            detail: detail.to_owned(),
        };
        let Some((to, payments)) = self.bank.reach(&self.host.sim) else {
            return unreachable("no replica");
        };
        let label = match ask {
            Ask::Charge(..) => "charge",
            Ask::Resolve => "resolve",
            Ask::Refund => "refund",
        };
        let route = Route {
            to,
            deadline: DEADLINE,
            label,
            faults: self.bank.faults.clone(),
        };
        let (payment, ask, sabotage) = (payment.clone(), Arc::new(ask), self.sabotage);
        let answer = route.call(&self.host, move || {
            let (payments, payment, ask) = (payments.clone(), payment.clone(), ask.clone());
            Box::pin(async move { serve(&payments, &payment, &ask, sabotage).await })
        });
        answer.await.unwrap_or_else(|_| unreachable("no answer"))
    }
}

/// What the payment service does with a request and answers, as its HTTP API does.
async fn serve(payments: &SimPayments, payment: &Payment, ask: &Ask, sabotage: Sabotage) -> PaymentAnswer {
    let (order, user) = (payment.order.0, payment.user.0);
    let settled = match ask {
        Ask::Charge(request, attempt) => payments.charge(request, *attempt).await,
        Ask::Refund => payments.refund(order, user).await,
        Ask::Resolve if sabotage == Sabotage::ResolveByRefund => match payments.get(order).await {
            Ok(PaymentState::Unseen | PaymentState::Pending(_)) => payments.refund(order, user).await,
            settled => settled,
        },
        Ask::Resolve => payments.void(order, user).await,
    };
    match settled {
        // Nothing was taken: for whoever wants money back that is the same as a void.
        Ok(PaymentState::Declined(_)) if matches!(ask, Ask::Refund) => {
            PaymentAnswer::Known(PaymentOutcome::Voided)
        }
        Ok(state) => answer(state),
        Err(error @ PaymentError::OtherAmount(_)) => PaymentAnswer::Rejected {
            detail: error.to_string(),
        },
        Err(error) => PaymentAnswer::Unreachable {
            detail: error.to_string(),
        },
    }
}

fn answer(state: PaymentState) -> PaymentAnswer {
    let outcome = match state {
        PaymentState::Unseen | PaymentState::Pending(_) | PaymentState::Stray(_) => {
            return PaymentAnswer::Pending;
        }
        PaymentState::Succeeded(charge) => PaymentOutcome::Succeeded {
            charge_id: charge.charge_id,
            amount: money(charge.amount),
        },
        PaymentState::Declined(code) => PaymentOutcome::Declined { code },
        PaymentState::Voided => PaymentOutcome::Voided,
        PaymentState::Refunded(refund) => PaymentOutcome::Refunded {
            refund_id: refund.refund_id,
            amount: money(refund.amount),
        },
    };
    PaymentAnswer::Known(outcome)
}

fn money(Money { amount, currency }: Money) -> OrderMoney {
    OrderMoney { amount, currency }
}

impl Payments for SimPaymentClient {
    async fn charge(&self, payment: &Payment, payment_token: &str, attempt: u32) -> PaymentAnswer {
        let request = charge_request(payment, payment_token);
        self.ask(payment, Ask::Charge(request, attempt)).await
    }

    async fn resolve(&self, payment: &Payment) -> PaymentAnswer {
        self.ask(payment, Ask::Resolve).await
    }

    async fn refund(&self, payment: &Payment) -> PaymentAnswer {
        self.ask(payment, Ask::Refund).await
    }
}

fn charge_request(payment: &Payment, payment_token: &str) -> ChargeRequest {
    let OrderMoney { amount, currency } = payment.amount.clone();
    ChargeRequest {
        order_id: payment.order.0,
        user_id: payment.user.0,
        amount: Money { amount, currency },
        payment_token: payment_token.to_owned(),
    }
}
