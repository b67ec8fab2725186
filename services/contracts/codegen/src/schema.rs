//! JSON schemas of messages in their canonical JSON, from their descriptors.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
};
use serde_json::{Map, Value, json};

/// Numbers of fields in Protobuf's own `descriptor.proto`, of which paths of comments are made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const FIELDS: i32 = 2;
const VALUES: i32 = 2;

/// The messages and enums of the contracts, by full name.
pub struct Types<'a> {
    messages: BTreeMap<String, (&'a DescriptorProto, Comments<'a>)>,
    enums: BTreeMap<String, (&'a EnumDescriptorProto, Comments<'a>)>,
}

#[derive(Clone)]
struct Comments<'a> {
    locations: &'a [Location],
    path: Vec<i32>,
}

impl Comments<'_> {
    fn own(&self) -> String {
        self.at(&self.path)
    }

    fn of(&self, kind: i32, index: usize) -> String {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        self.at(&[self.path.as_slice(), &[kind, index]].concat())
    }

    fn at(&self, path: &[i32]) -> String {
        let location = self.locations.iter().find(|location| location.path == path);
        let text = location.map(Location::leading_comments).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl<'a> Types<'a> {
    /// What the files declare.
    pub fn of(files: &'a FileDescriptorSet) -> Self {
        let (mut messages, mut enums) = (BTreeMap::new(), BTreeMap::new());
        for file in &files.file {
            for (message, comments) in file.message_type.iter().zip(comments(file, MESSAGES)) {
                messages.insert(
                    format!("{}.{}", file.package(), message.name()),
                    (message, comments),
                );
            }
            for (declared, comments) in file.enum_type.iter().zip(comments(file, ENUMS)) {
                enums.insert(
                    format!("{}.{}", file.package(), declared.name()),
                    (declared, comments),
                );
            }
        }
        Self { messages, enums }
    }

    /// What is said about a message.
    pub fn comment(&self, message: &str) -> String {
        let comments = self.messages.get(message).map(|(_, comments)| comments.own());
        comments.unwrap_or_default()
    }

    /// The schemas of these messages and of all that they are made of, by full name.
    pub fn schemas(&self, roots: impl IntoIterator<Item = &'static str>) -> Map<String, Value> {
        let mut schemas = Map::new();
        let mut wanted: BTreeSet<String> = roots.into_iter().map(str::to_owned).collect();
        while let Some(name) = wanted.pop_first() {
            if schemas.contains_key(&name) {
                continue;
            }
            if let Some((message, comments)) = self.messages.get(&name) {
                wanted.extend(message.field.iter().filter_map(reference));
                schemas.insert(name, object(message, comments));
            } else if let Some((declared, comments)) = self.enums.get(&name) {
                schemas.insert(name, names(declared, comments));
            }
        }
        schemas
    }
}

fn comments(file: &FileDescriptorProto, kind: i32) -> impl Iterator<Item = Comments<'_>> {
    let locations = file
        .source_code_info
        .as_ref()
        .map(|info| info.location.as_slice());
    let locations = locations.unwrap_or_default();
    (0..).map(move |index| Comments {
        locations,
        path: vec![kind, index],
    })
}

/// The type that a field refers to, if it is one of the contracts'.
fn reference(field: &FieldDescriptorProto) -> Option<String> {
    let name = field.type_name.as_deref()?.trim_start_matches('.');
    name.starts_with("holdfast.").then(|| name.to_owned())
}

/// Nothing is required, since canonical JSON leaves out what has its default value; nothing is excluded, since readers
/// ignore what they do not know.
fn object(message: &DescriptorProto, comments: &Comments<'_>) -> Value {
    let described = message.field.iter().enumerate();
    let properties = described.map(|(index, field)| {
        let schema = property(field);
        (
            field.json_name().to_owned(),
            with_description(schema, comments.of(FIELDS, index)),
        )
    });
    let mut schema = json!({"type": "object", "properties": properties.collect::<Map<_, _>>()});
    let choices = message.field.iter().filter(|field| field.oneof_index.is_some());
    let choices: Vec<_> = choices
        .map(|field| json!({"required": [field.json_name()]}))
        .collect();
    if !choices.is_empty() {
        schema["oneOf"] = choices.into();
    }
    with_description(schema, comments.own())
}

fn property(field: &FieldDescriptorProto) -> Value {
    let schema = single(field);
    match field.label() {
        Label::Repeated => json!({"type": "array", "items": schema}),
        Label::Optional | Label::Required => schema,
    }
}

fn single(field: &FieldDescriptorProto) -> Value {
    if let Some(name) = reference(field) {
        return json!({"$ref": format!("#/components/schemas/{name}")});
    }
    match field.r#type() {
        Type::Message => json!({"type": "string", "format": "date-time"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        // Larger than what JSON's numbers hold exactly.
        Type::Uint64 | Type::Fixed64 => json!({"type": "string", "pattern": "^[0-9]+$"}),
        Type::Int64 | Type::Sint64 | Type::Sfixed64 => json!({"type": "string", "pattern": "^-?[0-9]+$"}),
        Type::Uint32 | Type::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Type::Int32 | Type::Sint32 | Type::Sfixed32 => {
            json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX})
        }
        Type::Float | Type::Double => json!({"type": "number"}),
        Type::String | Type::Enum | Type::Group => json!({"type": "string"}),
    }
}

/// The value zero is left out, by which it has no name in JSON; a later version may add others.
fn names(declared: &EnumDescriptorProto, comments: &Comments<'_>) -> Value {
    let values = declared.value.iter().enumerate().skip(1);
    let meanings = values.clone().filter_map(|(index, value)| {
        let meaning = comments.of(VALUES, index);
        (!meaning.is_empty()).then(|| format!("`{}`: {meaning}", value.name()))
    });
    let description: Vec<_> = std::iter::once(comments.own()).chain(meanings).collect();
    let names: Vec<_> = values.map(|(_, value)| value.name()).collect();
    with_description(json!({"type": "string", "enum": names}), description.join("\n"))
}

fn with_description(mut schema: Value, description: String) -> Value {
    match (description.is_empty(), schema.get("$ref")) {
        (true, _) => schema,
        // What stands beside a reference is ignored.
        (false, Some(_)) => json!({"allOf": [schema], "description": description}),
        (false, None) => {
            schema["description"] = description.into();
            schema
        }
    }
}
