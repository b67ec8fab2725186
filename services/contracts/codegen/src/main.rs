//! Generates `services/contracts/src/gen` and `docs/api/asyncapi.json` from `services/contracts/proto`.
//!
//! `holdfast-contracts-codegen` writes the files; `--check` only compares and fails on a difference,
//! so that what is generated is never out of date in the repository.

mod asyncapi;
mod channels;
mod schema;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use prost::Message as _;

type Error = Box<dyn std::error::Error>;

const FILES: [&str; 8] = [
    "holdfast/money/v1/money.proto",
    "holdfast/order/v1/order.proto",
    "holdfast/inventory/v1/inventory.proto",
    "holdfast/payment/v1/payment.proto",
    "holdfast/catalog/v1/catalog.proto",
    "holdfast/quota/v1/quota.proto",
    "holdfast/ops/v1/ops.proto",
    "holdfast/notification/v1/notification.proto",
];

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let result = if check {
        check_generated()
    } else {
        generate(&generated_dir()).and_then(|()| write_document())
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn contracts_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn generated_dir() -> PathBuf {
    contracts_dir().join("src/gen")
}

fn descriptors() -> Result<prost_types::FileDescriptorSet, Error> {
    Ok(protox::compile(FILES, [contracts_dir().join("proto")])?)
}

fn without_comments(descriptors: &prost_types::FileDescriptorSet) -> prost_types::FileDescriptorSet {
    let mut descriptors = descriptors.clone();
    descriptors
        .file
        .iter_mut()
        .for_each(|file| file.source_code_info = None);
    descriptors
}

fn document_file() -> PathBuf {
    contracts_dir().join("../../docs/api/asyncapi.json")
}

fn document() -> Result<serde_json::Value, Error> {
    asyncapi::document(&descriptors()?, &contracts_dir().join("examples"))
}

fn write_document() -> Result<(), Error> {
    let text = serde_json::to_string_pretty(&document()?)?;
    Ok(std::fs::write(document_file(), text + "\n")?)
}

fn generate(out: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(out)?;
    let descriptors = descriptors()?;
    let encoded = descriptors.encode_to_vec();
    std::fs::write(
        out.join("descriptors.binpb"),
        without_comments(&descriptors).encode_to_vec(),
    )?;
    prost_build::Config::new()
        .out_dir(out)
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .out_dir(out)
        .ignore_unknown_fields()
        .ignore_unknown_enum_variants()
        .build(&[".holdfast"])?;
    Ok(())
}

fn check_generated() -> Result<(), Error> {
    let fresh = tempfile::tempdir()?;
    generate(fresh.path())?;
    for entry in std::fs::read_dir(fresh.path())? {
        let entry = entry?;
        let checked_in = generated_dir().join(entry.file_name());
        let expected = std::fs::read(entry.path())?;
        if std::fs::read(&checked_in).ok().as_ref() != Some(&expected) {
            return Err(out_of_date(&checked_in));
        }
    }
    let known = std::fs::read(document_file()).unwrap_or_default();
    match serde_json::from_slice::<serde_json::Value>(&known)
        .is_ok_and(|known| document().is_ok_and(|due| due == known))
    {
        true => Ok(()),
        false => Err(out_of_date(&document_file())),
    }
}

fn out_of_date(file: &Path) -> Error {
    format!("{} is out of date: run `make generate`", file.display()).into()
}
