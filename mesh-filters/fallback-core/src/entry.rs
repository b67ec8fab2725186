//! A stored copy as bytes. Reading takes any bytes: shared memory can be written by anybody in the proxy.

use crate::headers::Headers;
use crate::policy::Terms;

const MAGIC: &[u8; 4] = b"HFC1";
/// In place of an absent `stale-if-error`; what is parsed from a header is smaller.
const ABSENT: u32 = u32::MAX;

/// A response as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) terms: Terms,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Entry {
    /// The bytes, under the full key. `None` when a length does not fit its field.
    pub(crate) fn encode(&self, key: &[u8]) -> Option<Vec<u8>> {
        let terms = &self.terms;
        let mut out = Vec::with_capacity(self.body.len().saturating_add(key.len()).saturating_add(1024));
        out.extend_from_slice(MAGIC);
        put(&mut out, key)?;
        out.extend_from_slice(&terms.received_ms.to_be_bytes());
        out.extend_from_slice(&terms.initial_age_ms.to_be_bytes());
        out.extend_from_slice(&terms.lifetime.to_be_bytes());
        out.extend_from_slice(&terms.stale_if_error.unwrap_or(ABSENT).to_be_bytes());
        out.push(u8::from(terms.public));
        out.extend_from_slice(&u16::try_from(self.headers.0.len()).ok()?.to_be_bytes());
        for (name, value) in &self.headers.0 {
            put(&mut out, name)?;
            put(&mut out, value)?;
        }
        out.extend_from_slice(&self.body);
        Some(out)
    }

    /// The copy, if these are the bytes of one under this very key.
    pub(crate) fn decode(bytes: &[u8], key: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let known = reader.array::<4>()? == *MAGIC && reader.part()? == key;
        if !known {
            return None;
        }
        let terms = Terms {
            received_ms: u64::from_be_bytes(reader.array()?),
            initial_age_ms: u64::from_be_bytes(reader.array()?),
            lifetime: u32::from_be_bytes(reader.array()?),
            stale_if_error: Some(u32::from_be_bytes(reader.array()?)).filter(|&seconds| seconds != ABSENT),
            public: reader.array()? == [1],
        };
        let fields = u16::from_be_bytes(reader.array()?);
        let field = |_| Some((reader.part()?.to_vec(), reader.part()?.to_vec()));
        let headers = (0..fields).map(field).collect::<Option<Vec<_>>>()?;
        Some(Self {
            terms,
            headers: Headers(headers),
            body: reader.0.to_vec(),
        })
    }
}

fn put(out: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    out.extend_from_slice(&u16::try_from(part.len()).ok()?.to_be_bytes());
    out.extend_from_slice(part);
    Some(())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.array()?);
        let (head, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..max)
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let terms = (
            any::<u64>(),
            any::<u64>(),
            any::<u32>(),
            prop::option::of(0..ABSENT),
            any::<bool>(),
        );
        (
            terms,
            prop::collection::vec((bytes(12), bytes(40)), 0..6),
            bytes(200),
        )
            .prop_map(|(terms, headers, body)| {
                let (received_ms, initial_age_ms, lifetime, stale_if_error, public) = terms;
                let terms = Terms {
                    received_ms,
                    initial_age_ms,
                    lifetime,
                    stale_if_error,
                    public,
                };
                Entry {
                    terms,
                    headers: Headers(headers),
                    body,
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_under_the_same_key_only(entry in entry(), key in bytes(40), other in bytes(40)) {
            let encoded = entry.encode(&key).unwrap();
            prop_assert_eq!(Entry::decode(&encoded, &key), Some(entry));
            prop_assert!(key == other || Entry::decode(&encoded, &other).is_none());
        }

        #[test]
        fn damaged_bytes_are_survived(entry in entry(), cut in any::<prop::sample::Index>(), with in any::<u8>()) {
            let mut encoded = entry.encode(b"key").unwrap();
            let at = cut.index(encoded.len());
            encoded[at] ^= with;
            let _ = Entry::decode(&encoded, b"key");
            encoded.truncate(at);
            let _ = Entry::decode(&encoded, b"key");
        }
    }
}
