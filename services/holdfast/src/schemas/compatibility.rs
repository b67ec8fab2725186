//! What a contract may not become: the rules `WIRE_JSON` of `buf breaking`, by the same names, and that no message and
//! no enum goes. A test holds them against `buf` itself.

mod fields;

use prost_types::{EnumDescriptorProto, MethodDescriptorProto};

use super::Package;
use fields::message;

/// A change by which older and newer programs would misunderstand each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Breach {
    /// The message, the enum or the service, by its full name.
    pub of: String,
    /// The field, the value or the method that it is about, if it is not the whole.
    pub member: Option<String>,
    /// The rule of `buf breaking`.
    pub rule: &'static str,
    /// What was done.
    pub detail: String,
    /// What to do instead.
    pub remedy: &'static str,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            of,
            member,
            rule,
            detail,
            remedy,
        } = self;
        match member {
            Some(member) => write!(f, "{of}.{member}: {detail} ({rule}); {remedy}"),
            None => write!(f, "{of}: {detail} ({rule}); {remedy}"),
        }
    }
}

const NEW_VERSION: &str =
    "a contract that needs this is a new package, the next major version beside this one";
const KEEP: &str = "keep it as it was, and add what is needed beside it";
const RESERVE_NUMBER: &str = "reserve its number, once nobody reads or writes it any more";
const RESERVE_NAME: &str = "reserve its name, once nobody reads or writes it any more";
const STAY_RESERVED: &str =
    "leave it reserved: whoever used it again would be misread by programs and logs of before";

/// Breaches of what one thing is made of are noted here.
struct Report<'a> {
    of: &'a str,
    found: &'a mut Vec<Breach>,
}

impl Report<'_> {
    fn note(&mut self, member: Option<&str>, rule: &'static str, detail: String, remedy: &'static str) {
        self.found.push(Breach {
            of: self.of.to_owned(),
            member: member.map(str::to_owned),
            rule,
            detail,
            remedy,
        });
    }
}

/// What keeps `offered` from taking the place of `registered`; nothing: it may.
#[must_use]
pub fn breaches(registered: &Package, offered: &Package) -> Vec<Breach> {
    let mut found = Vec::new();
    let messages = offered.messages();
    for (of, before) in &registered.messages() {
        let mut report = Report {
            of,
            found: &mut found,
        };
        match messages.get(of) {
            Some(after) => message(before, after, &mut report),
            None => report.note(
                None,
                "PACKAGE_MESSAGE_NO_DELETE",
                "it is gone".to_owned(),
                NEW_VERSION,
            ),
        }
    }
    let enums = offered.enums();
    for (of, before) in &registered.enums() {
        let mut report = Report {
            of,
            found: &mut found,
        };
        match enums.get(of) {
            Some(after) => values(before, after, &mut report),
            None => report.note(
                None,
                "PACKAGE_ENUM_NO_DELETE",
                "it is gone".to_owned(),
                NEW_VERSION,
            ),
        }
    }
    methods(registered, offered, &mut found);
    found.sort();
    found
}

fn values(before: &EnumDescriptorProto, after: &EnumDescriptorProto, report: &mut Report<'_>) {
    for old in &before.value {
        let (name, number) = (old.name(), old.number());
        let same = after.value.iter().filter(|new| new.number == old.number);
        let names: Vec<_> = same.map(|new| new.name()).collect();
        if names.is_empty() {
            deleted_value((name, number), after, report);
        } else if !names.contains(&name) {
            let detail = format!("value {number} is called {:?} now", names.join(", "));
            report.note(Some(name), "ENUM_VALUE_SAME_NAME", detail, KEEP);
        }
    }
    let reserved = |declared: &EnumDescriptorProto| Reserved {
        ranges: declared
            .reserved_range
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        names: declared.reserved_name.clone(),
    };
    still_reserved(
        &reserved(before),
        &reserved(after),
        "RESERVED_ENUM_NO_DELETE",
        report,
    );
}

fn deleted_value((name, number): (&str, i32), after: &EnumDescriptorProto, report: &mut Report<'_>) {
    if !after
        .reserved_range
        .iter()
        .any(|range| (range.start()..=range.end()).contains(&number))
    {
        let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED";
        report.note(
            Some(name),
            rule,
            format!("value {number} is gone"),
            RESERVE_NUMBER,
        );
    }
    if !after.reserved_name.iter().any(|reserved| reserved == name) {
        let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED";
        report.note(Some(name), rule, format!("value {number} is gone"), RESERVE_NAME);
    }
}

/// What may not be used again.
struct Reserved {
    /// Numbers, with both ends.
    ranges: Vec<(i32, i32)>,
    names: Vec<String>,
}

fn still_reserved(before: &Reserved, after: &Reserved, rule: &'static str, report: &mut Report<'_>) {
    for (start, end) in &before.ranges {
        if !after.ranges.iter().any(|(from, to)| from <= start && end <= to) {
            report.note(
                None,
                rule,
                format!("{start} to {end} is reserved no more"),
                STAY_RESERVED,
            );
        }
    }
    for name in before.names.iter().filter(|name| !after.names.contains(name)) {
        report.note(None, rule, format!("{name:?} is reserved no more"), STAY_RESERVED);
    }
}

/// A service or a method that is gone breaks no message; buf thinks so, too.
fn methods(registered: &Package, offered: &Package, found: &mut Vec<Breach>) {
    let of = |package: &Package| -> Vec<(String, MethodDescriptorProto)> {
        let services = package.files().flat_map(|file| &file.service);
        let methods = services.flat_map(|service| {
            let name = format!("{}.{}", package.name(), service.name());
            service
                .method
                .iter()
                .map(move |method| (name.clone(), method.clone()))
        });
        methods.collect()
    };
    let after = of(offered);
    for (service, old) in of(registered) {
        let mut report = Report { of: &service, found };
        let same = after
            .iter()
            .find(|(name, new)| *name == service && new.name == old.name);
        let Some((_, new)) = same else { continue };
        for (rule, before, after) in [
            (
                "RPC_SAME_REQUEST_TYPE",
                old.input_type().to_owned(),
                new.input_type().to_owned(),
            ),
            (
                "RPC_SAME_RESPONSE_TYPE",
                old.output_type().to_owned(),
                new.output_type().to_owned(),
            ),
            (
                "RPC_SAME_CLIENT_STREAMING",
                old.client_streaming().to_string(),
                new.client_streaming().to_string(),
            ),
            (
                "RPC_SAME_SERVER_STREAMING",
                old.server_streaming().to_string(),
                new.server_streaming().to_string(),
            ),
        ] {
            if before != after {
                report.note(
                    Some(old.name()),
                    rule,
                    format!("it was {before} and is {after}"),
                    NEW_VERSION,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
