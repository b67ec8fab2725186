//! The schema registry: the contracts that are in use, in the bucket `schemas`, a key for each package.
//!
//! A value is a Protobuf `FileDescriptorSet`: the files of the package and what they import. What is registered only
//! grows in ways that neither older nor newer programs trip over ([`breaches`]); the versions before are kept, so that
//! an older program that is rolled back to is known as one.

mod compatibility;
mod package;
mod registry;
mod source;

pub use compatibility::{Breach, breaches};
pub use package::{Error as PackageError, Package};
pub use registry::{Error, Registered, Registry, Standing};
pub use source::source;

/// The packages that this program was built with.
///
/// # Errors
/// Never, which a test shows.
pub fn built_in() -> Result<Vec<Package>, PackageError> {
    Package::all(holdfast_contracts::DESCRIPTORS)
}
