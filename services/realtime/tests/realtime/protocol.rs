//! RFC 6455 as the Autobahn testsuite checks it, frame by frame: `Conformance` in ARCHITECTURE.md says which of its cases.
//! That suite itself is for Python 2, and for servers that say back what they hear.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{ANNA, PATIENCE, Replica, World};

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CONTINUATION: u8 = 0x0;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const FIN: u8 = 0x80;
const SAY_PING: &[u8] = br#"{"type":"ping"}"#;

/// A client that writes bytes.
pub(crate) struct Wire(pub(crate) TcpStream);

/// What the server wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Frame(u8, Vec<u8>),
    End,
}

impl Wire {
    pub(crate) async fn open(replica: &Replica) -> Self {
        let mut stream = TcpStream::connect(replica.address).await.unwrap();
        let request = format!(
            "GET /v1/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-holdfast-user: {ANNA}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(
            head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="),
            "the key of RFC 6455, section 1.3: {head}"
        );
        Self(stream)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // The server may have had enough.
        let _ = self.0.write_all(bytes).await;
    }

    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame(first, payload)).await;
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.read())
            .await
            .expect("an answer in time")
            .unwrap_or(Heard::End)
    }

    async fn read(&mut self) -> std::io::Result<Heard> {
        let (first, length) = (self.0.read_u8().await?, self.0.read_u8().await?);
        let length = match length {
            126 => usize::from(self.0.read_u16().await?),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await?;
        Ok(Heard::Frame(first, payload))
    }

    /// The code that the server closes with, and then nothing more.
    async fn closed(mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Frame(first, payload) if first == FIN | CLOSE => {
                    return payload
                        .get(..2)
                        .map_or(1005, |code| u16::from_be_bytes([code[0], code[1]]));
                }
                Heard::Frame(..) => {}
                Heard::End => panic!("ended without a code"),
            }
        }
    }

    async fn is_alive(&mut self) {
        self.send(FIN | TEXT, SAY_PING).await;
        assert_eq!(
            self.hear().await,
            Heard::Frame(FIN | TEXT, br#"{"type":"pong"}"#.to_vec())
        );
    }
}

/// A frame as clients send it: masked.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        medium @ ..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason);
    frame(FIN | CLOSE, &payload)
}

/// 1.1, 5.3 to 5.8, 6.1 and 6.2: whole messages and those in pieces, in one write and byte by byte.
#[tokio::test]
async fn messages_may_come_whole_in_pieces_and_byte_by_byte() {
    let world = World::start().await;
    let mut wire = Wire::open(&world.replica().await).await;
    let pong = || Heard::Frame(FIN | TEXT, br#"{"type":"pong"}"#.to_vec());
    let (head, tail) = SAY_PING.split_at(6);
    let ping = || frame(FIN | PING, b"between");
    let pieces = [
        frame(TEXT, head),
        ping(),
        frame(CONTINUATION, b""),
        frame(FIN | CONTINUATION, tail),
    ]
    .concat();
    for chunk in [1, 3, pieces.len()] {
        for part in pieces.chunks(chunk) {
            wire.write(part).await;
        }
        assert_eq!(wire.hear().await, Heard::Frame(FIN | PONG, b"between".to_vec()));
        assert_eq!(wire.hear().await, pong());
    }
    // A letter of several bytes, torn between two frames.
    let text = r#"{"type":"ping","ü":"κόσμε"}"#.as_bytes();
    for place in 0..=text.len() {
        let (head, tail) = text.split_at(place);
        wire.write(&[frame(TEXT, head), frame(FIN | CONTINUATION, tail)].concat())
            .await;
        assert_eq!(wire.hear().await, pong());
    }
    wire.send(FIN | TEXT, b"").await;
    let Heard::Frame(_, answer) = wire.hear().await else {
        panic!("ended")
    };
    assert_eq!(
        serde_json::from_slice::<Value>(&answer).unwrap()["problem"]["status"],
        json!(400)
    );
}

/// 2.1 to 2.11.
#[tokio::test]
async fn pings_are_answered_with_what_they_hold_and_pongs_with_nothing() {
    let world = World::start().await;
    let mut wire = Wire::open(&world.replica().await).await;
    for payload in [&b""[..], b"hello", &[0, 255, 254, 253], &[0xfe; 125]] {
        wire.send(FIN | PING, payload).await;
        assert_eq!(wire.hear().await, Heard::Frame(FIN | PONG, payload.to_vec()));
    }
    wire.send(FIN | PONG, b"nobody asked").await;
    for number in 0..10u8 {
        wire.send(FIN | PING, &[number]).await;
        assert_eq!(wire.hear().await, Heard::Frame(FIN | PONG, vec![number]));
    }
    wire.is_alive().await;
}

/// 2.5, 3, 4, 5.1, 5.2, 5.9 to 5.18, 7.3, 7.5, 7.9, and what a server has to refuse besides: frames without a mask.
#[tokio::test]
async fn whoever_breaks_the_protocol_is_told_so_and_let_go() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 1000).await;
    let mut unmasked = vec![FIN | TEXT, SAY_PING.len() as u8];
    unmasked.extend(SAY_PING);
    let mut broken: Vec<(&str, Vec<u8>)> = vec![
        ("a ping that is too long", frame(FIN | PING, &[0xfe; 126])),
        ("a ping in pieces", frame(PING, b"x")),
        ("a pong in pieces", frame(PONG, b"x")),
        ("a close in pieces", frame(CLOSE, b"")),
        ("a continuation of nothing", frame(FIN | CONTINUATION, b"x")),
        ("a piece of nothing", frame(CONTINUATION, b"x")),
        (
            "a message within a message",
            [frame(TEXT, b"x"), frame(FIN | TEXT, b"x")].concat(),
        ),
        ("a frame without a mask", unmasked),
        ("a close of one byte", frame(FIN | CLOSE, b"x")),
        ("a close that is too long", close(1000, &[b'x'; 124])),
    ];
    for bits in 1..8u8 {
        broken.push(("reserved bits", frame(FIN | (bits << 4) | TEXT, SAY_PING)));
    }
    for code in (0x3..=0x7).chain(0xb..=0xf) {
        broken.push(("an opcode that means nothing", frame(FIN | code, b"")));
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535] {
        broken.push(("a code that may not be sent", close(code, b"")));
    }
    for (what, bytes) in broken {
        let mut wire = Wire::open(&replica).await;
        wire.write(&bytes).await;
        let code = wire.closed().await;
        assert_eq!(code, 1002, "{what}: {bytes:x?}");
    }
}

/// 6.3 to 6.23, 7.5.1.
#[tokio::test]
async fn text_that_is_not_utf8_closes() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 1000).await;
    let torn = [
        frame(TEXT, &[0xce, 0xba]),
        frame(FIN | CONTINUATION, &[0xed, 0xa0, 0x80]),
    ]
    .concat();
    for (what, bytes) in [
        ("a surrogate", frame(FIN | TEXT, &[0xed, 0xa0, 0x80])),
        ("overlong", frame(FIN | TEXT, &[0xc0, 0xaf])),
        ("beyond Unicode", frame(FIN | TEXT, &[0xf4, 0x90, 0x80, 0x80])),
        ("cut off", frame(FIN | TEXT, &[0xce])),
        ("in the second piece", torn),
        ("in the reason of a close", close(1000, &[0xce, 0xba, 0xff])),
    ] {
        let mut wire = Wire::open(&replica).await;
        wire.write(&bytes).await;
        assert_eq!(wire.closed().await, 1007, "{what}");
    }
}

/// 7.1, 7.3, 7.7, 7.13.
#[tokio::test]
async fn a_close_is_answered_with_its_code_and_is_the_last() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 1000).await;
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        let mut wire = Wire::open(&replica).await;
        wire.write(&[close(code, b"bye"), frame(FIN | TEXT, SAY_PING)].concat())
            .await;
        let Heard::Frame(first, payload) = wire.hear().await else {
            panic!("ended without an answer to {code}")
        };
        assert_eq!((first, &payload[..2]), (FIN | CLOSE, &code.to_be_bytes()[..]));
        assert_eq!(wire.hear().await, Heard::End);
    }
    let mut wire = Wire::open(&replica).await;
    wire.send(FIN | CLOSE, b"").await;
    assert!(matches!(wire.hear().await, Heard::Frame(first, _) if first == FIN | CLOSE));
}

/// 1.2 and 9, but for what is too long for this service: it has no use for either.
#[tokio::test]
async fn what_is_binary_or_too_long_closes() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 1000).await;
    let endless: Vec<u8> = (0..100).flat_map(|_| frame(CONTINUATION, &[b' '; 100])).collect();
    for (what, bytes, code) in [
        ("binary", frame(FIN | BINARY, b"x"), 1003),
        (
            "a message of 1 MiB",
            frame(FIN | TEXT, &vec![b' '; 1 << 20]),
            1009,
        ),
        (
            "a message that says it is of 4 GiB",
            vec![FIN | TEXT, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4],
            1009,
        ),
        ("many pieces", [frame(TEXT, b" "), endless].concat(), 1009),
    ] {
        let mut wire = Wire::open(&replica).await;
        wire.write(&bytes).await;
        assert_eq!(wire.closed().await, code, "{what}");
    }
    let mut longest = br#"{"type":"ping"}"#.to_vec();
    longest.resize(holdfast_realtime_core::message::LONGEST, b' ');
    let mut wire = Wire::open(&replica).await;
    wire.send(FIN | TEXT, &longest).await;
    assert_eq!(
        wire.hear().await,
        Heard::Frame(FIN | TEXT, br#"{"type":"pong"}"#.to_vec())
    );
    tokio::time::timeout(Duration::from_secs(5), wire.is_alive())
        .await
        .unwrap();
}
