//! gRPC statuses and what they are in HTTP.

/// Names of the statuses 1..=16, as in google.rpc.Code.
const NAMES: [&str; 16] = [
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// `UNAVAILABLE` → 14. OK is not among them: a fallback has no message to send.
pub(crate) fn code(name: &str) -> Option<u32> {
    let at = NAMES.iter().position(|known| *known == name)?;
    u32::try_from(at).ok().map(|at| at.saturating_add(1))
}

/// The gRPC status that says to a caller what this HTTP status says. A success has no equivalent without
/// a message, so that it becomes UNAVAILABLE.
pub(crate) fn from_http(status: u16) -> u32 {
    match status {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        409 => 10,
        429 => 8,
        500 => 13,
        501 => 12,
        504 => 4,
        _ => 14,
    }
}

/// The HTTP status that rules are written for, of a `grpc-status` value. `None` for OK, and for what is no status.
pub(crate) fn to_http(value: &[u8]) -> Option<u16> {
    let code: u32 = std::str::from_utf8(value).ok()?.trim_ascii().parse().ok()?;
    match code {
        1 => Some(499),
        2 | 13 | 15 => Some(500),
        3 | 9 | 11 => Some(400),
        4 => Some(504),
        5 => Some(404),
        6 | 10 => Some(409),
        7 => Some(403),
        8 => Some(429),
        12 => Some(501),
        14 => Some(503),
        16 => Some(401),
        _ => None,
    }
}

/// Whether a `content-type` is gRPC's (not gRPC-Web's, which carries its status in the body).
pub(crate) fn is_grpc(content_type: &[u8]) -> bool {
    content_type
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// `grpc-message` is percent-encoded UTF-8.
pub(crate) fn encode_message(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_name_then_its_number() {
        assert_eq!(code("UNAVAILABLE"), Some(14));
        assert_eq!(code("CANCELLED"), Some(1));
        assert_eq!(code("UNAUTHENTICATED"), Some(16));
        assert_eq!(code("OK"), None);
    }

    #[test]
    fn given_what_a_proxy_sends_for_its_own_failures_then_the_rules_statuses() {
        assert_eq!(to_http(b"14"), Some(503));
        assert_eq!(to_http(b"4"), Some(504));
        assert_eq!(to_http(b"13"), Some(500));
        assert_eq!(to_http(b"0"), None);
        assert_eq!(to_http(b"\xff"), None);
    }

    #[test]
    fn given_a_failure_then_there_and_back_is_the_same() {
        for status in [400, 401, 403, 404, 409, 429, 500, 501, 503, 504] {
            assert_eq!(to_http(from_http(status).to_string().as_bytes()), Some(status));
        }
    }

    #[test]
    fn given_content_types_then_only_grpc_is_grpc() {
        assert!(is_grpc(b"application/grpc"));
        assert!(is_grpc(b"application/grpc+proto"));
        assert!(!is_grpc(b"application/grpc-web"));
        assert!(!is_grpc(b"application/json"));
    }

    #[test]
    fn given_text_outside_ascii_then_it_is_encoded() {
        assert_eq!(encode_message("50% zu spät\n"), "50%25 zu sp%C3%A4t%0A");
    }
}
