//! What tells stored copies apart.

use crate::headers::Headers;

/// A longer key is not worth its memory: such a response is not stored.
const MAX_KEY_BYTES: usize = 2048;

/// What a request names under a rule, whoever asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    /// Of the table, which the copy competes in.
    pub part: u32,
    pub rule: &'a str,
    /// `None` where all hosts are one.
    pub authority: Option<&'a [u8]>,
    /// With its query.
    pub path: &'a [u8],
}

/// A resource, as one principal sees it: all its variants lie together, so that a change finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    part: u32,
    bytes: Vec<u8>,
}

impl Resource {
    pub fn new(name: &Name<'_>, principal: Option<&[u8]>) -> Self {
        // No host is called so.
        let authority = name.authority.unwrap_or(b"*");
        let mut bytes = Vec::with_capacity(
            authority
                .len()
                .saturating_add(name.path.len())
                .saturating_add(128),
        );
        push(&mut bytes, name.rule.as_bytes());
        push(&mut bytes, &authority.to_ascii_lowercase());
        push(&mut bytes, name.path);
        match principal {
            // One part more than an anonymous request has, so that no principal looks like none.
            Some(principal) => push(&mut bytes, principal),
            None => bytes.push(0),
        }
        Self {
            part: name.part,
            bytes,
        }
    }

    pub const fn part(&self) -> u32 {
        self.part
    }

    pub fn hash(&self) -> u64 {
        hash(&self.bytes)
    }

    /// The copy of this resource for the values that the request has in the `vary` fields.
    pub fn variant(self, vary: &[String], request: &Headers) -> Option<Key> {
        let resource = self.hash();
        let mut bytes = self.bytes;
        for name in vary {
            push(&mut bytes, name.as_bytes());
            let mut value = Vec::new();
            for line in request.all(name) {
                value.extend_from_slice(line.trim_ascii());
                value.push(b',');
            }
            push(&mut bytes, &value);
        }
        let fingerprint = hash(&bytes);
        (bytes.len() <= MAX_KEY_BYTES).then_some(Key {
            part: self.part,
            bytes,
            resource,
            fingerprint,
        })
    }
}

/// The name of one copy. The hashes only find its place; the bytes decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub(crate) part: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) resource: u64,
    pub(crate) fingerprint: u64,
}

/// Length first, so that two parts cannot be read as another two.
fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.push(1);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

/// FNV-1a with a final mix. Whoever provokes collisions gains a cache miss, never another's copy.
fn hash(bytes: &[u8]) -> u64 {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed ^ (mixed >> 33)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name<'a>(authority: Option<&'a str>, path: &'a [u8]) -> Name<'a> {
        Name {
            part: 0,
            rule: "r",
            authority: authority.map(str::as_bytes),
            path,
        }
    }

    fn key(authority: &str, path: &str, principal: Option<&str>, accept: &[&str]) -> Key {
        let request = accept.iter().map(|value| ("accept", *value)).collect();
        let resource = Resource::new(
            &name(Some(authority), path.as_bytes()),
            principal.map(str::as_bytes),
        );
        resource.variant(&["accept".into()], &request).unwrap()
    }

    #[test]
    fn given_all_hosts_are_one_then_the_key_is_none_of_any_host() {
        let all = Resource::new(&name(None, b"/x"), None);
        for host in ["", "a"] {
            assert_ne!(all, Resource::new(&name(Some(host), b"/x"), None));
        }
        let other = Name {
            rule: "s",
            ..name(None, b"/x")
        };
        assert_ne!(all, Resource::new(&other, None), "another rule's");
    }

    #[test]
    fn given_anything_that_selects_a_response_then_keys_differ() {
        let one = key("a", "/x", None, &["b"]);
        assert_eq!(one, key("A", "/x", None, &[" b"]));
        for other in [
            key("ab", "/x", None, &["b"]),
            key("a", "/x?y", None, &["b"]),
            key("a", "/x", Some(""), &["b"]),
            key("a", "/x", Some("u"), &["b"]),
            key("a", "/x", None, &["b", "c"]),
            key("a", "/x", None, &[]),
        ] {
            assert_ne!(one.bytes, other.bytes);
            assert_ne!(one.fingerprint, other.fingerprint);
        }
    }

    #[test]
    fn given_two_variants_then_the_resource_is_one() {
        assert_eq!(
            key("a", "/x", None, &["b"]).resource,
            key("a", "/x", None, &["c"]).resource
        );
        assert_ne!(
            key("a", "/x", None, &["b"]).resource,
            key("a", "/x", Some("u"), &["b"]).resource
        );
    }

    #[test]
    fn given_a_very_long_path_then_there_is_no_key() {
        let resource = Resource::new(&name(None, &[b'x'; MAX_KEY_BYTES]), None);
        assert_eq!(resource.variant(&[], &Headers::default()), None);
    }
}
