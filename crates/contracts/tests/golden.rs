//! The .proto files, golden, and never broken without being asked: a field keeps its number, type and name for ever.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contracts.golden.txt");

/// The contracts as lines of "what: how it is"; a line that is gone or changed is a break, a new one is not.
fn lines() -> BTreeMap<String, String> {
    let set = FileDescriptorSet::decode(playhead_contracts::DESCRIPTORS).expect("descriptors");
    let mut lines = BTreeMap::new();
    for file in set.file.iter().filter(|file| file.package().starts_with("playhead.")) {
        add_file(file, &mut lines);
    }
    lines
}

fn add_file(file: &FileDescriptorProto, lines: &mut BTreeMap<String, String>) {
    let package = file.package();
    for message in &file.message_type {
        add_message(package, message, lines);
    }
    for of in &file.enum_type {
        for value in &of.value {
            lines.insert(format!("enum {package}.{} = {}", of.name(), value.number()), value.name().to_owned());
        }
    }
    for service in &file.service {
        for method in &service.method {
            let stream = |is_stream: bool| if is_stream { "stream " } else { "" };
            let signature = format!(
                "({}{}) returns ({}{})",
                stream(method.client_streaming()),
                method.input_type(),
                stream(method.server_streaming()),
                method.output_type()
            );
            lines.insert(format!("rpc {package}.{}.{}", service.name(), method.name()), signature);
        }
    }
}

fn add_message(within: &str, message: &DescriptorProto, lines: &mut BTreeMap<String, String>) {
    let name = format!("{within}.{}", message.name());
    lines.insert(format!("message {name}"), String::new());
    for field in &message.field {
        lines.insert(format!("field {name} = {}", field.number()), shown(message, field));
    }
    for nested in &message.nested_type {
        add_message(&name, nested, lines);
    }
}

fn shown(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let label = match field.label() {
        Label::Repeated => "repeated ",
        _ if field.proto3_optional() => "optional ",
        _ => "",
    };
    let of = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
    let oneof = oneof.map_or(String::new(), |place| format!(" oneof {}", message.oneof_decl[place as usize].name()));
    format!("{label}{of} {}{oneof}", field.name())
}

fn text(lines: &BTreeMap<String, String>) -> String {
    lines.iter().map(|(what, how)| format!("{what}: {how}\n")).collect()
}

fn golden() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(GOLDEN).expect("the golden file is there");
    let line = |line: &str| line.split_once(": ").map(|(what, how)| (what.to_owned(), how.to_owned()));
    text.lines().filter_map(line).collect()
}

/// What a caller, or a log, that was written by `old` would trip over in `new`.
fn breaks(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let broken = |(what, how): (&String, &String)| match new.get(what) {
        Some(now) if now == how => None,
        Some(now) => Some(format!("{what} was `{how}`, is `{now}`")),
        None => Some(format!("{what} (`{how}`) is gone")),
    };
    old.iter().filter_map(broken).collect()
}

#[test]
fn the_contracts_are_as_the_golden_file_has_them() {
    let now = lines();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let broken = if Path::new(GOLDEN).exists() { breaks(&golden(), &now) } else { Vec::new() };
        assert!(
            broken.is_empty() || std::env::var_os("ALLOW_BREAKING").is_some(),
            "this breaks callers or stored records; set ALLOW_BREAKING=1 too if that is meant:\n{}",
            broken.join("\n")
        );
        std::fs::write(GOLDEN, text(&now)).expect("the golden file can be written");
    }
    let golden = golden();
    let broken = breaks(&golden, &now);
    assert!(broken.is_empty(), "callers or stored records break:\n{}", broken.join("\n"));
    let grown: Vec<_> = now.keys().filter(|what| !golden.contains_key(*what)).collect();
    assert!(
        grown.is_empty(),
        "the contracts have grown by {grown:?}; look at it, then renew the golden file with \
         `UPDATE_EXPECT=1 cargo test -p playhead-contracts --test golden`"
    );
}

#[test]
fn a_break_is_noticed() {
    let whole = lines();
    let field = "field playhead.watch.v1.Event = 4";
    assert_eq!(whole.get(field).map(String::as_str), Some("uint64 position_ms"));
    let mut removed = whole.clone();
    removed.remove(field);
    assert_eq!(breaks(&whole, &removed).len(), 1);
    let mut renumbered = removed.clone();
    renumbered.insert("field playhead.watch.v1.Event = 40".to_owned(), "uint64 position_ms".to_owned());
    assert_eq!(breaks(&whole, &renumbered).len(), 1);
    let mut retyped = whole.clone();
    retyped.insert(field.to_owned(), "int64 position_ms".to_owned());
    assert_eq!(breaks(&whole, &retyped).len(), 1);
    let mut grown = whole.clone();
    grown.insert("field playhead.watch.v1.Event = 11".to_owned(), "string player".to_owned());
    assert_eq!(breaks(&whole, &grown), Vec::<String>::new());
}
