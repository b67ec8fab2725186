//! Which rules a request is for, and their keys. Each property is read once, and only if asked for; so is a header, unless
//! several may be: then all are read at once.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use holdfast_filter_abi::path::is_under;
use holdfast_filter_abi::{Exchange, HeaderBlock, HeaderMap, property_path};

use crate::config::{KeyPart, Rule};
use crate::lease::demand::fingerprint;

/// The rules of a configuration, prepared for reading requests.
#[derive(Debug)]
pub struct Matcher {
    rules: Vec<Prepared>,
    sources: Vec<Source>,
    methods: bool,
    paths: bool,
    /// Whether there are so many headers to read that it is cheaper to read all at once.
    at_once: bool,
}

/// A rule that is for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its place in the configuration.
    pub rule: usize,
    /// The key of its bucket.
    pub key: Vec<u8>,
}

#[derive(Debug)]
struct Prepared {
    methods: Vec<String>,
    path_prefix: String,
    /// Whether the quota service, and thus every other proxy, must know the key by the same name.
    is_cluster: bool,
    /// Places in `Matcher::sources`.
    key: Vec<usize>,
    otherwise_key: Vec<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Header(String),
    Property(Vec<u8>),
    Address(Vec<u8>),
}

impl Matcher {
    /// Prepares these rules.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut sources = Vec::new();
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| Prepared {
                methods: rule.methods.clone(),
                path_prefix: rule.path_prefix.clone(),
                is_cluster: rule.floor.is_some(),
                key: places(&rule.key, &mut sources),
                otherwise_key: places(&rule.otherwise_key, &mut sources),
            })
            .collect();
        let methods = rules.iter().any(|rule| !rule.methods.is_empty());
        let paths = rules.iter().any(|rule| !rule.path_prefix.is_empty());
        let named = sources
            .iter()
            .filter(|source| matches!(source, Source::Header(_)));
        let at_once = usize::from(methods) + usize::from(paths) + named.count() > 1;
        Self {
            rules,
            sources,
            methods,
            paths,
            at_once,
        }
    }

    /// The rules that the request in hand is for, in order. A part of a key that the proxy cannot tell counts as missing.
    pub fn matches(&self, exchange: &impl Exchange) -> Vec<Match> {
        let block = self.at_once.then(|| exchange.header_block(HeaderMap::Request));
        let request = Request {
            exchange,
            block: block.map(Result::unwrap_or_default),
        };
        let header = |wanted: bool, name| {
            let value = wanted.then(|| request.header(name));
            value.flatten().unwrap_or_default()
        };
        let method = header(self.methods, ":method");
        let path = header(self.paths, ":path");
        let mut read = Read {
            sources: &self.sources,
            values: vec![None; self.sources.len()],
        };
        self.rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.is_for(&method, &path))
            .map(|(place, rule)| Match {
                rule: place,
                key: rule.bucket_key(&mut read, &request),
            })
            .collect()
    }
}

impl Prepared {
    fn is_for(&self, method: &[u8], path: &[u8]) -> bool {
        is_under(&self.path_prefix, path)
            && (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
    }

    /// The first byte tells which of the two keys it is, so that a header cannot pass for an address.
    fn key(&self, read: &mut Read<'_>, request: &Request<'_, impl Exchange>) -> Vec<u8> {
        read.composite(b'k', &self.key, request)
            .or_else(|| read.composite(b'o', &self.otherwise_key, request))
            .unwrap_or_else(|| vec![b'n'])
    }

    fn bucket_key(&self, read: &mut Read<'_>, request: &Request<'_, impl Exchange>) -> Vec<u8> {
        let key = self.key(read, request);
        if self.is_cluster {
            fingerprint(&key).to_vec()
        } else {
            key
        }
    }
}

/// The request in hand, with its headers if they were read at once.
struct Request<'a, E> {
    exchange: &'a E,
    block: Option<HeaderBlock>,
}

impl<E: Exchange> Request<'_, E> {
    fn header(&self, name: &str) -> Option<Vec<u8>> {
        match &self.block {
            Some(block) => block.first(name).map(<[u8]>::to_vec),
            None => self.exchange.header(HeaderMap::Request, name).ok().flatten(),
        }
    }
}

/// What has been read of one request.
struct Read<'a> {
    sources: &'a [Source],
    /// `None`: not yet asked for. An empty value: not there.
    values: Vec<Option<Vec<u8>>>,
}

impl Read<'_> {
    /// The parts with their lengths, or `None` if one is missing.
    fn composite(
        &mut self,
        kind: u8,
        places: &[usize],
        request: &Request<'_, impl Exchange>,
    ) -> Option<Vec<u8>> {
        let mut key = vec![kind];
        for place in places {
            let (source, value) = (self.sources.get(*place)?, self.values.get_mut(*place)?);
            let value = value.get_or_insert_with(|| source.read(request).unwrap_or_default());
            if value.is_empty() {
                return None;
            }
            key.extend((value.len() as u64).to_le_bytes());
            key.extend(&*value);
        }
        Some(key)
    }
}

impl Source {
    fn new(part: &KeyPart) -> Self {
        match part {
            KeyPart::JwtClaim(claim) => Self::Property(property_path(&[
                "metadata",
                "filter_metadata",
                "envoy.filters.http.jwt_authn",
                "payload",
                claim,
            ])),
            KeyPart::Header(name) => Self::Header(name.clone()),
            KeyPart::SourceIp(_) => Self::Address(property_path(&["source", "address"])),
        }
    }

    fn read(&self, request: &Request<'_, impl Exchange>) -> Option<Vec<u8>> {
        let property = |path: &[u8]| request.exchange.property(path).ok().flatten();
        match self {
            Self::Header(name) => request.header(name),
            Self::Property(path) => property(path),
            Self::Address(path) => property(path).map(client),
        }
    }
}

fn places(parts: &[KeyPart], sources: &mut Vec<Source>) -> Vec<usize> {
    let mut place = |source| match sources.iter().position(|known| *known == source) {
        Some(place) => place,
        None => {
            sources.push(source);
            sources.len() - 1
        }
    };
    parts.iter().map(|part| place(Source::new(part))).collect()
}

/// The client in `address:port`: the IPv4 address or the IPv6 /64. What is neither (a pipe) stays as it is.
fn client(address: Vec<u8>) -> Vec<u8> {
    let parsed = std::str::from_utf8(&address)
        .ok()
        .and_then(|text| text.parse::<SocketAddr>().ok());
    match parsed.map(|socket| socket.ip().to_canonical()) {
        Some(IpAddr::V4(ip)) => ip.octets().to_vec(),
        Some(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).octets().to_vec(),
        None => address,
    }
}

#[cfg(test)]
mod tests;
