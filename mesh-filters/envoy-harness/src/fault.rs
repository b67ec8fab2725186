//! The ways to fail, for tables of tests.

use crate::{Protocol, Script};

/// A way in which an upstream fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nobody listens.
    Refused,
    /// No host is healthy.
    NoHost,
    /// The pool is full.
    Overflow,
    /// Broken off before any answer.
    Reset,
    /// No answer within the time for all tries.
    Timeout,
    /// No answer within the time of each try.
    PerTryTimeout,
    /// A status, with a body or without.
    Status(u16, &'static str),
    /// 503, and a body that never ends.
    SlowBody,
}

impl Fault {
    /// Each that the filters are tested with.
    pub const ALL: [Self; 15] = [
        Self::Refused,
        Self::NoHost,
        Self::Overflow,
        Self::Reset,
        Self::Timeout,
        Self::PerTryTimeout,
        Self::Status(500, ""),
        Self::Status(500, "oops"),
        Self::Status(502, ""),
        Self::Status(502, "oops"),
        Self::Status(503, ""),
        Self::Status(503, "oops"),
        Self::Status(504, ""),
        Self::Status(504, "oops"),
        Self::SlowBody,
    ];

    /// What the upstream has to do; for what comes of the way to it, nothing ever.
    pub fn script(self) -> Script {
        match self {
            Self::Reset => Script::Reset,
            Self::Status(status, body) => Script::answer(status, &[], body),
            Self::SlowBody => Script::Stall {
                status: 503,
                body: "begun".into(),
            },
            _ => Script::Hang,
        }
    }

    /// The response flags in the access log of a proxy that asks the upstream itself.
    pub fn flags(self, protocol: Protocol) -> &'static str {
        match self {
            Self::Refused => "UF",
            Self::NoHost => "UH",
            Self::Overflow => "UO",
            Self::Reset if protocol == Protocol::Http1 => "UC",
            Self::Reset => "UR",
            Self::Timeout => "UT",
            Self::PerTryTimeout => "URX,UT",
            Self::Status(..) | Self::SlowBody => "-",
        }
    }

    /// The status that the upstream itself has sent.
    pub fn upstream(self) -> Option<u16> {
        match self {
            Self::Status(status, _) => Some(status),
            Self::SlowBody => Some(503),
            _ => None,
        }
    }

    /// As the filter's response code details name it.
    pub fn cause(self) -> &'static str {
        if self.upstream().is_some() {
            "upstream"
        } else {
            "local"
        }
    }
}
