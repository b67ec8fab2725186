//! Header pairs as the ABI puts them in memory: count, then all lengths, then all texts with a NUL after each.

use crate::{Error, Pair, Result};

/// All headers of a map as the proxy has written them. To look for a few of them here costs neither a call to the proxy
/// nor memory for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderBlock(Vec<u8>);

impl HeaderBlock {
    /// Takes what the proxy has written; what is wrong with it shows when it is read.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The first value of a header, by its name in lower case. `None` if it is absent, or lies behind malformed bytes.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        let (count, rest) = self.0.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let (mut lengths, mut texts) = rest.split_at_checked(count.checked_mul(8)?)?;
        while let (Ok(of_name), Ok(of_value)) = (take_length(&mut lengths), take_length(&mut lengths)) {
            let value_at = of_name.checked_add(1)?;
            let next_at = value_at.checked_add(of_value)?.checked_add(1)?;
            let (pair, next) = texts.split_at_checked(next_at)?;
            if pair.get(..of_name)? == name.as_bytes() {
                return pair.get(value_at..next_at - 1);
            }
            texts = next;
        }
        None
    }

    /// All headers in order, repeated ones repeated.
    ///
    /// # Errors
    /// Those of [`decode`].
    pub fn pairs(&self) -> Result<Vec<Pair>> {
        decode(&self.0)
    }
}

/// The bytes for `pairs`. An empty list is no bytes at all.
pub fn encode<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let texts: usize = pairs
        .iter()
        .map(|(name, value)| name.as_ref().len() + value.as_ref().len() + 2)
        .sum();
    let mut out = Vec::with_capacity(4 + pairs.len() * 8 + texts);
    out.extend(length(pairs.len()));
    for (name, value) in pairs {
        out.extend(length(name.as_ref().len()));
        out.extend(length(value.as_ref().len()));
    }
    for (name, value) in pairs {
        out.extend(name.as_ref());
        out.push(0);
        out.extend(value.as_ref());
        out.push(0);
    }
    out
}

/// The pairs that the proxy has written, byte for byte.
///
/// # Errors
/// [`Error::Malformed`] when lengths and bytes do not agree.
pub fn decode(bytes: &[u8]) -> Result<Vec<Pair>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut rest = bytes;
    let count = take_length(&mut rest)?;
    // Each pair takes ten bytes at least, so a false count cannot make us reserve more than the input holds.
    if count > bytes.len() / 10 {
        return Err(Error::Malformed);
    }
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        lengths.push((take_length(&mut rest)?, take_length(&mut rest)?));
    }
    lengths
        .into_iter()
        .map(|(name, value)| Ok((take_text(&mut rest, name)?, take_text(&mut rest, value)?)))
        .collect()
}

/// A VM of 32 bits has no longer text than this; natively, where only tests run, it saturates.
fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

fn take_length(rest: &mut &[u8]) -> Result<usize> {
    let (head, tail) = rest.split_first_chunk::<4>().ok_or(Error::Malformed)?;
    *rest = tail;
    usize::try_from(u32::from_le_bytes(*head)).map_err(|_| Error::Malformed)
}

fn take_text(rest: &mut &[u8], len: usize) -> Result<Vec<u8>> {
    let (text, tail) = rest.split_at_checked(len).ok_or(Error::Malformed)?;
    let (_nul, tail) = tail.split_first().ok_or(Error::Malformed)?;
    *rest = tail;
    Ok(text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_have_the_layout_of_the_abi() {
        let bytes = encode(&[("a", b"xy")]);
        assert_eq!(bytes, b"\x01\0\0\0\x01\0\0\0\x02\0\0\0a\0xy\0");
    }

    #[test]
    fn a_count_larger_than_the_input_is_malformed() {
        assert_eq!(decode(&[0xff; 8]), Err(Error::Malformed));
    }

    proptest! {
        #[test]
        fn a_header_looked_for_is_the_first_of_its_name(
            pairs in prop::collection::vec(("[ab]{0,2}", prop::collection::vec(any::<u8>(), 0..4)), 0..9), name in "[ab]{0,2}",
        ) {
            let first = pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_slice());
            let block = HeaderBlock::new(encode(&pairs));
            prop_assert_eq!(block.first(&name), first);
        }

        #[test]
        fn any_bytes_are_searched_or_ignored(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0..4u8) {
            let bytes = [&[count, 0, 0, 0][..], &bytes].concat();
            let block = HeaderBlock::new(bytes);
            if let (Some(found), Ok(pairs)) = (block.first("a"), block.pairs()) {
                let first = pairs.iter().find(|(name, _)| name == b"a");
                prop_assert_eq!(first.map(|(_, value)| value.as_slice()), Some(found));
            }
        }

        #[test]
        fn what_is_encoded_is_decoded(pairs in prop::collection::vec(("[a-z:-]{0,8}", prop::collection::vec(any::<u8>(), 0..9)), 0..9)) {
            let borrowed: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
            let owned: Vec<_> = pairs.iter().map(|(n, v)| (n.clone().into_bytes(), v.clone())).collect();
            prop_assert_eq!(decode(&encode(&borrowed)), Ok(owned));
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
