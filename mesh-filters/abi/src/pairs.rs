//! Header pairs as the ABI puts them in memory: count, then all lengths, then all texts with a NUL after each.

use crate::{Error, Pair, Result};

/// The bytes for `pairs`. An empty list is no bytes at all.
pub fn encode(pairs: &[(&str, &[u8])]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let texts: usize = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let mut out = Vec::with_capacity(4 + pairs.len() * 8 + texts);
    out.extend(length(pairs.len()));
    for (name, value) in pairs {
        out.extend(length(name.len()));
        out.extend(length(value.len()));
    }
    for (name, value) in pairs {
        out.extend(name.as_bytes());
        out.push(0);
        out.extend(*value);
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
