//! Packages of contracts.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// Bytes that are no contracts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are no `FileDescriptorSet`.
    #[error("not a FileDescriptorSet: {0}")]
    Malformed(#[from] prost::DecodeError),
    /// A file that is imported is not among them.
    #[error("{file} imports {import}, which is not among the files")]
    Incomplete {
        /// Which file.
        file: String,
        /// What it imports.
        import: String,
    },
    /// There is no package among them.
    #[error("no package is in it")]
    Empty,
}

/// One package: its files, and what they import, without comments.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    name: String,
    files: FileDescriptorSet,
}

impl Package {
    /// All packages of a `FileDescriptorSet` but Google's own, by name.
    ///
    /// # Errors
    /// [`Error`] tells what is wrong with it.
    pub fn all(bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let mut set = FileDescriptorSet::decode(bytes)?;
        for file in &mut set.file {
            file.source_code_info = None;
        }
        let mut packages: Vec<String> = set.file.iter().map(|file| file.package().to_owned()).collect();
        packages.sort();
        packages.dedup();
        packages.retain(|package| !package.starts_with("google."));
        if packages.is_empty() {
            return Err(Error::Empty);
        }
        packages.into_iter().map(|name| Self::of(name, &set)).collect()
    }

    fn of(name: String, set: &FileDescriptorSet) -> Result<Self, Error> {
        let files: BTreeMap<&str, &FileDescriptorProto> =
            set.file.iter().map(|file| (file.name(), file)).collect();
        let mut wanted: Vec<&FileDescriptorProto> =
            set.file.iter().filter(|file| file.package() == name).collect();
        let mut found = BTreeMap::new();
        while let Some(file) = wanted.pop() {
            if found.insert(file.name(), file).is_some() {
                continue;
            }
            for import in &file.dependency {
                let imported = files.get(import.as_str()).ok_or_else(|| Error::Incomplete {
                    file: file.name().to_owned(),
                    import: import.clone(),
                })?;
                wanted.push(imported);
            }
        }
        let file = found.into_values().cloned().collect();
        Ok(Self {
            name,
            files: FileDescriptorSet { file },
        })
    }

    /// Its name, such as `holdfast.order.v1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `FileDescriptorSet`; equal packages are equal bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.files.encode_to_vec()
    }

    /// Its own files.
    pub fn files(&self) -> impl Iterator<Item = &FileDescriptorProto> {
        self.files.file.iter().filter(|file| file.package() == self.name)
    }

    /// Its messages by full name, those in messages included.
    #[must_use]
    pub fn messages(&self) -> BTreeMap<String, &DescriptorProto> {
        let mut messages = BTreeMap::new();
        for message in self.files().flat_map(|file| &file.message_type) {
            collect(&self.name, message, &mut messages);
        }
        messages
    }

    /// Its enums by full name, those in messages included.
    #[must_use]
    pub fn enums(&self) -> BTreeMap<String, &EnumDescriptorProto> {
        let full = |scope: &str, declared: &EnumDescriptorProto| format!("{scope}.{}", declared.name());
        let outer = self.files().flat_map(|file| &file.enum_type);
        let mut enums: BTreeMap<_, _> = outer
            .map(|declared| (full(&self.name, declared), declared))
            .collect();
        for (name, message) in self.messages() {
            enums.extend(
                message
                    .enum_type
                    .iter()
                    .map(|declared| (full(&name, declared), declared)),
            );
        }
        enums
    }
}

fn collect<'a>(scope: &str, message: &'a DescriptorProto, found: &mut BTreeMap<String, &'a DescriptorProto>) {
    let name = format!("{scope}.{}", message.name());
    for nested in &message.nested_type {
        collect(&name, nested, found);
    }
    found.insert(name, message);
}
