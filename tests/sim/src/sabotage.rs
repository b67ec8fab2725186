//! Bugs to plant.

/// A bug that is planted, to prove that the simulation finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// None: the product as it is.
    #[default]
    None,
    /// The card is charged before the order's commit with the command is appended.
    EffectBeforeAppend,
    /// A delivery is acknowledged before it is handled.
    AckBeforeAppend,
    /// An order that is cancelled counts as done: a charge command that is delivered again, and the timer that
    /// looks for a late charge, are passed over.
    SkipCancelled,
    /// A payment is resolved by "ask, then refund". Was in the product until the simulation found it.
    ResolveByRefund,
    /// A charge that landed after its void is told like any payment. Was in the product until the simulation found it.
    StrayAsPayment,
    /// The writer of the stock does not say which message it expects to follow.
    UnfencedWriter,
}
