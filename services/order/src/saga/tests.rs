//! The handlers over the journal in memory, with a payment that does what it is told to.

mod world;

use holdfast_order_core::{CancelReason, PaymentOutcome, Requester, SagaStep, Status};

use super::*;
use crate::fakes::{at, declined, eur, succeeded};
use crate::ports::{PaymentAnswer, TimerName};
use world::World;

#[tokio::test]
async fn an_order_runs_through_the_lanes_to_its_end() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    assert_eq!(world.status(key).await, Status::Completed);
    let headers: Vec<_> = world
        .journal
        .records()
        .into_iter()
        .map(|mut r| r.headers.remove("Holdfast-Commands"))
        .collect();
    assert_eq!(
        headers,
        ["reserve_inventory", "charge_payment", "commit_inventory"].map(|name| Some(name.to_owned()))
    );
    assert_eq!(world.calls(), ["charge 1"]);
}

#[tokio::test]
async fn whatever_is_delivered_again_changes_nothing() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    let before = world.journal.len();
    for _ in 0..2 {
        world.create(1).await;
        world.reserve(key).await;
        world.redeliver_all(2).await;
        assert_eq!(
            world.payment_record(key, 1, "chargeSucceeded").await,
            Disposition::Ack
        );
    }
    assert_eq!(world.journal.len(), before);
}

#[tokio::test]
async fn a_declined_charge_releases_the_stock() {
    let world = World::new();
    world.answer(declined());
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    assert_eq!(world.status(key).await, Status::PaymentFailed);
    assert_eq!(world.release(key).await, Disposition::Ack);
    assert_eq!(world.reason(key).await, Some(CancelReason::PaymentDeclined));
}

#[tokio::test]
async fn a_charge_without_an_answer_is_tried_again_by_timer_and_resolved_after_the_deadline() {
    let world = World::new();
    world.answer(PaymentAnswer::Pending);
    world.answer(PaymentAnswer::Unreachable {
        detail: "reset".to_owned(),
    });
    world.answer(PaymentAnswer::Known(PaymentOutcome::Voided));
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    world.fire_timers(2).await;
    world.work_off().await;
    world.fire_timers(600).await;
    world.work_off().await;
    assert_eq!(world.calls(), ["charge 1", "charge 2", "resolve"]);
    assert_eq!(world.reason(key).await, Some(CancelReason::PaymentTimeout));
}

#[tokio::test]
async fn a_redelivered_charge_asks_the_provider_first() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    world.redeliver_all(3).await;
    assert_eq!(world.calls(), ["charge 3"]);
}

#[tokio::test]
async fn a_charge_timer_fires_at_the_deadline_at_the_latest() {
    let world = World::new();
    world.answer(PaymentAnswer::Pending);
    let key = world.create(1).await;
    world.reserve(key).await;
    world.advance(599);
    world.work_off().await;
    assert_eq!(world.timers().len(), 1);
    assert_eq!(world.timers()[0].2, at(600));
}

#[tokio::test]
async fn a_refund_that_keeps_failing_parks_the_order_and_is_tried_again_later() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    world.cancel(key).await.expect("cancelled");
    for _ in 0..4 {
        world.answer(PaymentAnswer::Unreachable {
            detail: "503".to_owned(),
        });
    }
    let refund = world.journal.records().pop().expect("a commit");
    assert!(matches!(
        world.commit_again(&refund, 1).await,
        Disposition::Retry(_)
    ));
    assert!(matches!(
        world.commit_again(&refund, 2).await,
        Disposition::Retry(_)
    ));
    assert_eq!(world.commit_again(&refund, 3).await, Disposition::Ack);
    assert_eq!(world.status(key).await, Status::Parked);
    world.forget_answers();
    world.answer(PaymentAnswer::Known(PaymentOutcome::Refunded {
        refund_id: "re_1".to_owned(),
        amount: eur(450),
    }));
    let parked = world.journal.records().pop().expect("a commit");
    assert_eq!(world.commit_again(&parked, 1).await, Disposition::Ack);
    world.fire_timers(900).await;
    let resumed = world.journal.records().pop().expect("a commit");
    assert_eq!(world.commit_again(&resumed, 1).await, Disposition::Ack);
    world.release(key).await;
    assert_eq!(world.reason(key).await, Some(CancelReason::CancelledByCustomer));
}

#[tokio::test]
async fn a_charge_that_is_refused_as_such_parks_the_order() {
    let world = World::new();
    world.answer(PaymentAnswer::Rejected {
        detail: "422".to_owned(),
    });
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    assert_eq!(world.status(key).await, Status::Parked);
}

#[tokio::test]
async fn a_charge_command_of_an_order_past_charging_makes_sure_that_nothing_is_held() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    let charge = world.journal.records().pop().expect("a commit");
    world.cancel(key).await.expect("cancelled");
    world.answer(PaymentAnswer::Pending);
    assert!(matches!(
        world.commit_again(&charge, 1).await,
        Disposition::Retry(_)
    ));
    world.answer(PaymentAnswer::Known(PaymentOutcome::Voided));
    assert_eq!(world.commit_again(&charge, 2).await, Disposition::Ack);
    assert_eq!(world.calls(), ["refund", "refund"]);
    assert_eq!(world.status(key).await, Status::PaymentFailed);
}

#[tokio::test]
async fn a_voided_payment_is_looked_at_again_when_no_charge_can_be_on_its_way_any_more() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    world.cancel(key).await.expect("cancelled");
    world.answer(PaymentAnswer::Known(PaymentOutcome::Voided));
    world.work_off().await;
    let (name, timer, due) = world.timers().pop().expect("a timer");
    assert_eq!((name, timer.step), (TimerName::LateCharge, SagaStep::LateCharge));
    assert_eq!(due, at(120));
    world.forget_timers();
    let scheduler = format!("timers.{}.late-charge", key.order);
    world.answer(PaymentAnswer::Unreachable {
        detail: "503".to_owned(),
    });
    let fired = world.timer(key, SagaStep::LateCharge, 1, Some(&scheduler)).await;
    assert!(matches!(fired, Disposition::Retry(_)));
    world.answer(PaymentAnswer::Known(PaymentOutcome::Voided));
    let fired = world.timer(key, SagaStep::LateCharge, 1, Some(&scheduler)).await;
    assert_eq!(fired, Disposition::Ack);
    assert_eq!(world.calls(), ["refund"; 3]);
}

#[tokio::test]
async fn a_completed_order_is_never_refunded_by_a_timer() {
    let world = World::new();
    world.answer(succeeded());
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    let scheduler = format!("timers.{}.late-charge", key.order);
    let fired = world.timer(key, SagaStep::LateCharge, 1, Some(&scheduler)).await;
    assert_eq!(fired, Disposition::Ack);
    assert_eq!(world.calls(), ["charge 1"]);
}

#[tokio::test]
async fn a_charge_that_lands_after_the_end_is_refunded() {
    let world = World::new();
    world.answer(declined());
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    assert!(
        matches!(
            world.payment_record(key, 2, "chargeSucceeded").await,
            Disposition::Retry(_)
        ),
        "too early"
    );
    world.release(key).await;
    assert_eq!(
        world.payment_record(key, 2, "chargeSucceeded").await,
        Disposition::Ack
    );
    let refund = world.journal.records().pop().expect("a commit");
    assert_eq!(refund.headers["Holdfast-Commands"], "refund_payment");
}

#[tokio::test]
async fn an_outcome_decided_on_a_stale_copy_is_not_forgotten() {
    let (here, world) = (World::new(), World::new());
    let here = here.sharing(&world);
    let key = here.create(1).await;
    // `here` has seen the order reserving; the other process goes on with it.
    world.reserve(key).await;
    assert_eq!(
        here.payment_record(key, 1, "chargeSucceeded").await,
        Disposition::Ack
    );
    assert_eq!(world.status(key).await, Status::Completed);
}

#[tokio::test]
async fn two_processes_that_race_for_one_order_decide_it_once() {
    let (here, world) = (World::new(), World::new());
    let here = here.sharing(&world);
    let key = here.create(1).await;
    world.reserve(key).await;
    here.reserve(key).await;
    here.cancel(key).await.expect("cancelled");
    assert_eq!(
        world.payment_record(key, 1, "chargeVoided").await,
        Disposition::Ack
    );
    assert_eq!(here.status(key).await, Status::PaymentFailed);
    assert_eq!(here.journal.len(), 4);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_stops_its_order_and_no_other() {
    let world = World::new();
    let (broken, sound) = (world.create(1).await, world.create(2).await);
    let sequence = world.append_garbage(broken).await;
    let fresh = World::new().sharing(&world);
    match fresh.batch(&[broken, sound], "reserved").await {
        Disposition::DeadLetter(DeadLetterReason::UnknownSchema, detail) => {
            assert!(detail.contains(&format!("sequence {sequence}")), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fresh.status(sound).await, Status::PaymentPending);
}

#[tokio::test]
async fn a_decision_that_cannot_be_applied_now_takes_the_batch_along_and_holds_up_no_other() {
    let world = World::new();
    let (stuck, moving) = (world.create(1).await, world.create(2).await);
    world.journal.fail(stuck.subject());
    assert!(matches!(
        world.batch(&[stuck, moving], "reserved").await,
        Disposition::Retry(_)
    ));
    assert_eq!(world.status(moving).await, Status::PaymentPending);
    world.journal.heal();
    assert_eq!(world.batch(&[stuck, moving], "reserved").await, Disposition::Ack);
    assert_eq!(world.status(stuck).await, Status::PaymentPending);
}

#[tokio::test]
async fn no_outage_is_long_enough_for_a_dead_letter() {
    let world = World::new();
    let (cancelled, waiting) = (world.create(1).await, world.create(2).await);
    world.reserve(cancelled).await;
    let charge = world.journal.records().pop().expect("a commit");
    world.cancel(cancelled).await.expect("cancelled");
    for attempt in [100, 1_000_000] {
        world.answer(PaymentAnswer::Unreachable {
            detail: "503".to_owned(),
        });
        let refund = world.commit_again(&charge, attempt).await;
        assert!(matches!(refund, Disposition::Retry(_)), "{refund:?}");
        world.journal.fail("orders.>".to_owned());
        let batch = world.batch_again(&[waiting], "reserved", attempt).await;
        assert!(matches!(batch, Disposition::Retry(_)), "{batch:?}");
        world.journal.heal();
    }
}

#[tokio::test]
async fn a_refund_that_no_order_waits_for_and_that_is_refused_as_such_is_a_dead_letter() {
    let world = World::new();
    let key = world.create(1).await;
    world.reserve(key).await;
    let charge = world.journal.records().pop().expect("a commit");
    world.cancel(key).await.expect("cancelled");
    world.answer(PaymentAnswer::Rejected {
        detail: "422".to_owned(),
    });
    assert_eq!(
        world.commit_again(&charge, 1).await,
        Disposition::DeadLetter(DeadLetterReason::Refused, "422".to_owned())
    );
}

#[tokio::test]
async fn a_timer_that_the_server_did_not_fire_is_refused() {
    let world = World::new();
    let key = world.create(1).await;
    let refused = |disposition| matches!(disposition, Disposition::DeadLetter(DeadLetterReason::Refused, _));
    assert!(refused(world.timer(key, SagaStep::Charge, 1, None).await));
    assert!(refused(
        world
            .timer(key, SagaStep::Charge, 1, Some("timers.another.charge"))
            .await
    ));
}

#[tokio::test]
async fn a_stale_timer_that_replaced_the_right_one_sets_it_again() {
    let world = World::new();
    world.answer(PaymentAnswer::Pending);
    world.answer(PaymentAnswer::Pending);
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    world.fire_timers(2).await;
    world.work_off().await;
    world.forget_timers();
    let scheduler = format!("timers.{}.charge", key.order);
    assert_eq!(
        world.timer(key, SagaStep::Charge, 1, Some(&scheduler)).await,
        Disposition::Ack
    );
    assert_eq!(world.timers()[0].1.attempt, 2);
}

#[tokio::test]
async fn an_operator_resumes_a_parked_order() {
    let world = World::new();
    world.answer(PaymentAnswer::Rejected {
        detail: "422".to_owned(),
    });
    let key = world.create(1).await;
    world.reserve(key).await;
    world.work_off().await;
    world.answer(succeeded());
    let resume = Command::Resume {
        requester: Requester::Operator,
    };
    world
        .orchestrator
        .apply(key, Basis::Unknown, resume.clone())
        .await
        .expect("resumed");
    world.work_off().await;
    assert_eq!(world.status(key).await, Status::Completed);
    let refused = world.orchestrator.apply(key, Basis::Unknown, resume).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotParked))));
}

#[tokio::test]
async fn an_append_whose_outcome_is_unknown_is_told_and_decided_again() {
    let world = World::new();
    let key = world.create(1).await;
    world.journal.lose_answers();
    assert!(matches!(
        world.cancel(key).await,
        Err(Error::Store(store::Error::Journal(_)))
    ));
    world.journal.heal();
    let again = world.cancel(key).await.expect("cancelled before");
    assert_eq!((again.events, world.journal.len()), (vec![], 2));
}
