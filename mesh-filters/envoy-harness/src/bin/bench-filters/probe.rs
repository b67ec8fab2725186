//! Filters that do next to nothing, made by hand: what each callback and each call to the proxy costs by itself.

use std::fs;
use std::path::PathBuf;

/// A callback of the ABI, its parameters and whether it returns a number. All are 32-bit.
pub type Callback = (&'static str, usize, bool);

pub const CREATE: Callback = ("proxy_on_context_create", 2, false);
pub const DELETE: Callback = ("proxy_on_delete", 1, false);
pub const REQUEST: Callback = ("proxy_on_request_headers", 3, true);
pub const RESPONSE: Callback = ("proxy_on_response_headers", 3, true);
pub const BODY: Callback = ("proxy_on_response_body", 3, true);

/// A function of the proxy, called once per request with these arguments. All are 32-bit.
#[derive(Clone, Copy)]
pub struct HostCall {
    module: &'static str,
    name: &'static str,
    arguments: &'static [i32],
    /// Which arguments are of 64 bits.
    wide: &'static [usize],
}

/// Where texts and answers are in the module's memory.
const TEXTS: &[u8] = b":status\0source\0address\0probe";
const ANSWER: i32 = 1024;
const FREE: i32 = 4096;

/// Of the response.
pub const HEADER: HostCall = env("proxy_get_header_map_value", &[2, 0, 7, ANSWER, ANSWER + 4]);
pub const HEADERS: HostCall = env("proxy_get_header_map_pairs", &[2, ANSWER, ANSWER + 4]);
pub const SET: HostCall = env("proxy_replace_header_map_value", &[2, 23, 5, 23, 5]);
pub const PROPERTY: HostCall = env("proxy_get_property", &[8, 14, ANSWER, ANSWER + 4]);
pub const STORE: HostCall = env("proxy_set_shared_data", &[23, 5, FREE, 48, 0]);
pub const FETCH: HostCall = env("proxy_get_shared_data", &[23, 5, ANSWER, ANSWER + 4, ANSWER + 8]);
pub const TIME: HostCall = env("proxy_get_current_time_nanoseconds", &[ANSWER]);
pub const CLOCK: HostCall = HostCall {
    module: "wasi_snapshot_preview1",
    name: "clock_time_get",
    arguments: &[1, 1, ANSWER],
    wide: &[1],
};
/// Probes define none.
pub const COUNT: HostCall = HostCall {
    module: "env",
    name: "proxy_increment_metric",
    arguments: &[0, 1],
    wide: &[1],
};

const fn env(name: &'static str, arguments: &'static [i32]) -> HostCall {
    HostCall {
        module: "env",
        name,
        arguments,
        wide: &[],
    }
}

/// Writes a module that has these callbacks, and makes the calls in the first of them.
pub fn module(callbacks: &[Callback], calls: &[HostCall]) -> PathBuf {
    let name: Vec<&str> = callbacks
        .iter()
        .map(|c| c.0)
        .chain(calls.iter().take(1).map(|c| c.name))
        .collect();
    let directory = PathBuf::from("target/probes");
    fs::create_dir_all(&directory).expect("a directory for the probes");
    let path = directory.join(format!("{}.wasm", name.join("+")));
    fs::write(&path, encode(callbacks, calls)).expect("the probe is written");
    path
}

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;

/// The binary format of WebAssembly 1.0.
fn encode(callbacks: &[Callback], calls: &[HostCall]) -> Vec<u8> {
    let own: Vec<Callback> = [
        ("proxy_abi_version_0_2_1", 0, false),
        ("proxy_on_memory_allocate", 1, true),
    ]
    .into_iter()
    .chain(callbacks.iter().copied())
    .collect();
    let imports = calls.iter().enumerate().map(|(at, call)| import(call, at));
    let import_types = calls.iter().map(|call| {
        let kind = |at| if call.wide.contains(&at) { I64 } else { I32 };
        signature((0..call.arguments.len()).map(kind).collect(), true)
    });
    let types = import_types.chain(
        own.iter()
            .map(|(_, parameters, result)| signature(vec![I32; *parameters], *result)),
    );
    let functions = (0..own.len()).map(|at| number(calls.len() + at));
    let exports = own
        .iter()
        .enumerate()
        .map(|(at, (name, ..))| [text(name), vec![0], number(calls.len() + at)].concat());
    let memory = [text("memory"), vec![2, 0]].concat();
    let bodies = own
        .iter()
        .enumerate()
        .map(|(at, callback)| body(at, callback, calls));
    let data = [vec![0, 0x41, 0, 0x0b], bytes(TEXTS)].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, types),
        section(2, imports),
        section(3, functions),
        section(5, [vec![0, 2]]),
        section(7, exports.chain([memory])),
        section(10, bodies),
        section(11, [data]),
    ]
    .concat()
}

fn import(call: &HostCall, at: usize) -> Vec<u8> {
    [text(call.module), text(call.name), vec![0], number(at)].concat()
}

fn signature(parameters: Vec<u8>, result: bool) -> Vec<u8> {
    let results = if result { bytes(&[I32]) } else { bytes(&[]) };
    [vec![0x60], bytes(&parameters), results].concat()
}

/// Memory is always given at the same place; a callback returns 0, "continue".
fn body(at: usize, (_, _, result): &Callback, calls: &[HostCall]) -> Vec<u8> {
    let mut code = vec![0];
    if at == 2 {
        for (function, call) in calls.iter().enumerate() {
            for (at, argument) in call.arguments.iter().enumerate() {
                code.push(if call.wide.contains(&at) { 0x42 } else { 0x41 });
                code.extend(signed(*argument));
            }
            code.push(0x10);
            code.extend(number(function));
            code.push(0x1a);
        }
    }
    if *result {
        code.push(0x41);
        code.extend(signed(if at == 1 { FREE } else { 0 }));
    }
    code.push(0x0b);
    bytes(&code)
}

fn section(id: u8, items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let items: Vec<Vec<u8>> = items.into_iter().collect();
    let content = [number(items.len()), items.concat()].concat();
    [vec![id], bytes(&content)].concat()
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [number(content.len()), content.to_vec()].concat()
}

fn text(name: &str) -> Vec<u8> {
    bytes(name.as_bytes())
}

/// LEB128.
fn number(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        // Seven bits, thus a byte.
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

fn signed(mut n: i32) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        let sign = low & 0x40 != 0;
        if (n == 0 && !sign) || (n == -1 && sign) {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}
