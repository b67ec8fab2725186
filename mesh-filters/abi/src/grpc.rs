//! How the proxy is told where a gRPC call goes: its own Protobuf message `GrpcService`, of which two fields are needed.
//!
//! A bare cluster name is also taken, but only if it happens not to be a valid message.

/// Tag of a field of type string or message.
const fn tag(field: u8) -> u8 {
    field << 3 | 2
}

/// `GrpcService { envoy_grpc: { cluster_name, authority } }`.
pub fn service(cluster: &str, authority: &str) -> Vec<u8> {
    let mut envoy_grpc = field(1, cluster.as_bytes());
    if !authority.is_empty() {
        envoy_grpc.extend(field(2, authority.as_bytes()));
    }
    field(1, &envoy_grpc)
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![tag(number)];
    let mut length = bytes.len();
    while length > 0x7f {
        // Seven bits, so this fits.
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_and_authority_are_in_their_fields() {
        assert_eq!(service("up", "a.b"), b"\x0a\x09\x0a\x02up\x12\x03a.b");
        assert_eq!(service("up", ""), b"\x0a\x04\x0a\x02up");
    }

    #[test]
    fn a_long_name_has_a_length_of_two_bytes() {
        let name = "x".repeat(300);
        let message = service(&name, "");
        assert_eq!(message.get(..6), Some(&b"\x0a\xaf\x02\x0a\xac\x02"[..]));
        assert_eq!(message.len(), 306);
    }
}
