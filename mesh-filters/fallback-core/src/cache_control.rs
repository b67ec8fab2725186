//! `Cache-Control` of a request or a response (RFC 9111 §5.2, RFC 5861 §4).

/// The largest number of seconds that is told apart (RFC 9111 §1.2.2).
const MAX_DELTA: u32 = 1 << 31;

/// The directives that decide whether a copy may be kept, and for how long it may be used.
///
/// Flags are true as well when the directive carries field names (`private="x-user"`): what is allowed
/// for a part of a response is not worth the risk for the rest of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheControl {
    /// Nothing of the message may be kept. Also set when the field is malformed.
    pub no_store: bool,
    /// No use without asking the origin.
    pub no_cache: bool,
    /// Not for a cache that several users share.
    pub private: bool,
    /// May be kept by a shared cache even if the request was authenticated.
    pub public: bool,
    /// `must-revalidate` or `proxy-revalidate`: never to be used stale.
    pub must_revalidate: bool,
    /// Seconds for which the response is fresh; in a request, the greatest age wanted.
    pub max_age: Option<u32>,
    /// As `max_age`, for shared caches, and never to be used stale.
    pub s_maxage: Option<u32>,
    /// Seconds after its freshness for which a copy may stand in for an error.
    pub stale_if_error: Option<u32>,
    /// In a request: seconds for which the response must still be fresh.
    pub min_fresh: Option<u32>,
}

impl CacheControl {
    /// Reads all lines of the field. Of a repeated directive the first one counts.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut parsed = Self::default();
        for line in lines {
            let mut rest = line;
            while let Some(directive) = next_directive(&mut rest) {
                match directive {
                    Ok(directive) => parsed.apply(&directive),
                    Err(Unterminated) => parsed.no_store = true,
                }
            }
        }
        parsed
    }

    fn apply(&mut self, directive: &Directive<'_>) {
        let name = directive.name.to_ascii_lowercase();
        match name.as_slice() {
            b"no-store" => self.no_store = true,
            b"no-cache" => self.no_cache = true,
            b"private" => self.private = true,
            b"public" => self.public = true,
            b"must-revalidate" | b"proxy-revalidate" => self.must_revalidate = true,
            b"max-age" => keep_first(&mut self.max_age, directive),
            b"s-maxage" => keep_first(&mut self.s_maxage, directive),
            b"stale-if-error" => keep_first(&mut self.stale_if_error, directive),
            b"min-fresh" => keep_first(&mut self.min_fresh, directive),
            _ => {}
        }
    }
}

/// A number that cannot be read counts as 0: the least that the sender can have meant.
fn keep_first(slot: &mut Option<u32>, directive: &Directive<'_>) {
    if slot.is_none() {
        *slot = Some(delta_seconds(directive.argument).unwrap_or(0));
    }
}

struct Directive<'a> {
    name: &'a [u8],
    /// Without the quotes; quoted pairs are left as they are.
    argument: &'a [u8],
}

struct Unterminated;

/// Takes the text up to the next comma that is not inside quotes. `None` at the end.
fn next_directive<'a>(rest: &mut &'a [u8]) -> Option<Result<Directive<'a>, Unterminated>> {
    if rest.is_empty() {
        return None;
    }
    let mut quoted = false;
    let mut escaped = false;
    let end = rest.iter().position(|&byte| {
        let is_end = byte == b',' && !quoted;
        (quoted, escaped) = match byte {
            _ if escaped => (quoted, false),
            b'\\' if quoted => (quoted, true),
            b'"' => (!quoted, false),
            _ => (quoted, false),
        };
        is_end
    });
    let (item, remainder) = match end {
        Some(at) => (rest.get(..at)?, rest.get(at.saturating_add(1)..)?),
        None => (*rest, &[][..]),
    };
    *rest = remainder;
    Some(if quoted {
        Err(Unterminated)
    } else {
        Ok(split(item))
    })
}

fn split(item: &[u8]) -> Directive<'_> {
    let mut parts = item.splitn(2, |&byte| byte == b'=');
    let name = parts.next().unwrap_or_default().trim_ascii();
    let argument = parts.next().unwrap_or_default().trim_ascii();
    Directive {
        name,
        argument: unquote(argument),
    }
}

fn unquote(argument: &[u8]) -> &[u8] {
    argument
        .strip_prefix(b"\"")
        .and_then(|inner| inner.strip_suffix(b"\""))
        .unwrap_or(argument)
}

/// Decimal digits only; what is too large is [`MAX_DELTA`].
pub(crate) fn delta_seconds(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |sum, &digit| {
        let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(value).min(MAX_DELTA))
    })
}

#[cfg(test)]
mod tests;
