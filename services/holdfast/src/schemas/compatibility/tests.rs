//! Our rules against those of `buf` itself, change by change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message as _;
use serde_json::Value;

use super::*;

const BEFORE: &str = r#"
syntax = "proto3";
package holdfast.test.v1;
message Order {
  string id = 1;
  uint32 pieces = 2;
  repeated string skus = 3;
  oneof outcome {
    Paid paid = 4;
    Failed failed = 5;
  }
  Reason reason = 6;
  string note = 7;
  reserved 9 to 11;
  reserved "old";
}
message Paid { string charge = 1; }
message Failed { int64 code = 1; }
enum Reason {
  reserved 7;
  REASON_UNSPECIFIED = 0;
  REASON_DECLINED = 1;
  REASON_LATE = 2;
}
service Desk { rpc Ask(Paid) returns (Failed); }
"#;

/// What is replaced by what, and the rules that it breaks.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("string note = 7;", "string note = 7;\n  string more = 8;", &[]),
    ("REASON_LATE = 2;", "REASON_LATE = 2;\n  REASON_LOST = 3;", &[]),
    (
        "Failed failed = 5;",
        "Failed failed = 5;\n    Paid refunded = 8;",
        &[],
    ),
    ("string note = 7;", "reserved 7;\n  reserved \"note\";", &[]),
    ("uint32 pieces", "int32 pieces", &[]),
    ("int64 code", "uint64 code", &[]),
    (
        "string note = 7;",
        "",
        &[
            "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
            "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
        ],
    ),
    (
        "string note = 7;",
        "reserved 7;",
        &["FIELD_NO_DELETE_UNLESS_NAME_RESERVED"],
    ),
    (
        "string note = 7;",
        "string remark = 7;",
        &["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME"],
    ),
    (
        "string note = 7;",
        "string note = 7 [json_name = \"remark\"];",
        &["FIELD_SAME_JSON_NAME"],
    ),
    (
        "string note = 7;",
        "uint32 note = 7;",
        &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
    ),
    (
        "uint32 pieces",
        "uint64 pieces",
        &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
    ),
    (
        "Paid paid = 4;",
        "Failed paid = 4;",
        &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
    ),
    (
        "repeated string skus",
        "string skus",
        &["FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"],
    ),
    (
        "    Failed failed = 5;\n  }",
        "  }\n  Failed failed = 5;",
        &["FIELD_SAME_ONEOF"],
    ),
    (
        "reserved 9 to 11;",
        "reserved 10 to 11;",
        &["RESERVED_MESSAGE_NO_DELETE"],
    ),
    ("reserved \"old\";", "", &["RESERVED_MESSAGE_NO_DELETE"]),
    ("  reserved 7;\n", "", &["RESERVED_ENUM_NO_DELETE"]),
    (
        "REASON_LATE = 2;",
        "",
        &[
            "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
            "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
        ],
    ),
    ("REASON_LATE", "REASON_SLOW", &["ENUM_VALUE_SAME_NAME"]),
    ("Ask(Paid)", "Ask(Failed)", &["RPC_SAME_REQUEST_TYPE"]),
    (
        "returns (Failed)",
        "returns (stream Failed)",
        &["RPC_SAME_SERVER_STREAMING"],
    ),
];

fn package(source: &str) -> Package {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test.proto"), source).unwrap();
    let compiled = protox::compile(["test.proto"], [folder.path()]).unwrap();
    Package::all(&compiled.encode_to_vec()).unwrap().remove(0)
}

fn ours(before: &Package, after: &Package) -> BTreeSet<String> {
    breaches(before, after)
        .into_iter()
        .map(|breach| breach.rule.to_owned())
        .collect()
}

fn buf() -> PathBuf {
    let buf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/buf");
    assert!(
        buf.is_file(),
        "{} is missing: `make tools` installs it",
        buf.display()
    );
    buf
}

fn of_buf(before: &Package, after: &Package) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, package) in [("before.binpb", before), ("after.binpb", after)] {
        std::fs::write(folder.path().join(name), package.bytes()).unwrap();
    }
    let output = Command::new(buf())
        .current_dir(folder.path())
        .args([
            "breaking",
            "after.binpb",
            "--against",
            "before.binpb",
            "--error-format",
            "json",
        ])
        .args(["--config", r#"{"version":"v2","breaking":{"use":["WIRE_JSON"]}}"#])
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 100)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let rule = |line: &str| {
        let told: Value = serde_json::from_str(line).unwrap();
        told["type"].as_str().unwrap().to_owned()
    };
    lines.lines().map(rule).collect()
}

#[test]
fn what_breaks_is_what_buf_says() {
    let before = package(BEFORE);
    for (from, to, rules) in CHANGES {
        assert!(BEFORE.contains(from), "{from}");
        let after = package(&BEFORE.replace(from, to));
        let expected: BTreeSet<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        assert_eq!(ours(&before, &after), expected, "{from} -> {to}");
        assert_eq!(of_buf(&before, &after), expected, "buf: {from} -> {to}");
    }
}

#[test]
fn a_message_or_an_enum_that_is_gone_is_a_breach_though_buf_lets_it_pass() {
    let before = package(BEFORE);
    let after = package("syntax = \"proto3\";\npackage holdfast.test.v1;\nmessage Order { string id = 1; }");
    let rules = ours(&before, &after);
    assert!(
        rules.contains("PACKAGE_MESSAGE_NO_DELETE") && rules.contains("PACKAGE_ENUM_NO_DELETE"),
        "{rules:?}"
    );
}

#[test]
fn a_breach_names_message_field_rule_and_remedy() {
    let after = package(&BEFORE.replace("string note = 7;", "uint32 note = 7;"));
    let said: Vec<_> = breaches(&package(BEFORE), &after)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "holdfast.test.v1.Order.note: its type was \"string\" and is \"uint32\" (FIELD_WIRE_JSON_COMPATIBLE_TYPE); \
          keep it as it was, and add what is needed beside it"
        ]
    );
}
