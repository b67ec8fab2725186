//! A filter that does nothing, with the callbacks that ours have: what WebAssembly itself costs in this Envoy.

use std::path::PathBuf;

const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";
const I32: u8 = 0x7f;
const I64: u8 = 0x7e;
const END: u8 = 0x0b;
/// `i32.const 0`: go on.
const CONTINUE: [u8; 2] = [0x41, 0];
/// `drop(clock_time_get(monotonic, 0, 8))`: the cheapest of calls, since nothing is copied.
const CALL: [u8; 9] = [0x41, 1, 0x42, 0, 0x41, 8, 0x10, 0, 0x1a];

/// A module that calls the proxy so often for each request, in a folder that the system empties.
pub fn filter(calls: usize) -> PathBuf {
    let path = std::env::temp_dir().join(format!("holdfast-bench-{}-{calls}.wasm", std::process::id()));
    std::fs::write(&path, module(calls)).expect("the module is written");
    path
}

fn module(calls: usize) -> Vec<u8> {
    let types = [
        kind(&[], &[]),
        kind(&[I32], &[I32]),
        kind(&[I32, I32], &[]),
        kind(&[I32, I32, I32], &[I32]),
        kind(&[I32], &[]),
        kind(&[I32, I64, I32], &[I32]),
    ];
    let import = [name("wasi_snapshot_preview1"), name("clock_time_get"), vec![0, 5]].concat();
    // Name, type, and what it does. What Envoy copies to it may be at 1024, always.
    let functions: [(&str, u8, Vec<u8>); 6] = [
        ("proxy_abi_version_0_2_1", 0, Vec::new()),
        ("proxy_on_memory_allocate", 1, vec![0x41, 0x80, 8]),
        ("proxy_on_context_create", 2, Vec::new()),
        (
            "proxy_on_request_headers",
            3,
            [CALL.repeat(calls), CONTINUE.to_vec()].concat(),
        ),
        ("proxy_on_response_headers", 3, CONTINUE.to_vec()),
        ("proxy_on_delete", 4, Vec::new()),
    ];
    let declared = functions.iter().map(|(_, kind, _)| vec![*kind]);
    let bodies = functions
        .iter()
        .map(|(_, _, code)| sized(&[&[0], code.as_slice(), &[END]].concat()));
    // The import is function 0.
    let exported = functions
        .iter()
        .zip(1..)
        .map(|((export, ..), index)| [name(export), vec![0, index]].concat());
    let memory = [name("memory"), vec![2, 0]].concat();
    [
        MODULE.to_vec(),
        section(1, &types),
        section(2, &[import]),
        section(3, &declared.collect::<Vec<_>>()),
        section(5, &[vec![0, 1]]),
        section(7, &exported.chain([memory]).collect::<Vec<_>>()),
        section(10, &bodies.collect::<Vec<_>>()),
    ]
    .concat()
}

fn kind(parameters: &[u8], results: &[u8]) -> Vec<u8> {
    [&[0x60], sized(parameters).as_slice(), &sized(results)].concat()
}

fn name(text: &str) -> Vec<u8> {
    sized(text.as_bytes())
}

fn section(id: u8, items: &[Vec<u8>]) -> Vec<u8> {
    let content = [number(items.len()), items.concat()].concat();
    [vec![id], sized(&content)].concat()
}

/// With its length before it.
fn sized(content: &[u8]) -> Vec<u8> {
    [&number(content.len()), content].concat()
}

/// LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
