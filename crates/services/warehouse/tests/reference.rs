//! `docs/pipeline-reference.md` is what the JSON Schema of a spec says, as pages for people. Here it is written, and held
//! against the file; `UPDATE_EXPECT=1` renews it. What a key means stands beside the key, in the types of the spec.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Map, Value};

const HEAD: &str = "# Reference of the pipeline file

Generated from [pipeline.schema.json](pipeline.schema.json), which editors and `playhead warehouse check` use; what each kind of \
table does is in [warehouse.md](warehouse.md) and [warehouse-cases.md](warehouse-cases.md). A key that is not listed is refused. \
`[table.NAME]` means one table of TOML for each name.
";

#[test]
fn the_reference_in_the_docs_is_what_the_schema_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/pipeline-reference.md");
    expect_test::expect_file![path].assert_eq(&Reference::of(&playhead_warehouse::spec::json_schema()));
}

/// The page, and the types that are still to be described: in the order in which they are first used.
struct Reference<'a> {
    schema: &'a Value,
    page: String,
    queue: Vec<&'a str>,
    seen: BTreeSet<&'a str>,
}

impl<'a> Reference<'a> {
    fn of(schema: &'a Value) -> String {
        let mut reference = Self { schema, page: HEAD.into(), queue: Vec::new(), seen: BTreeSet::new() };
        reference.section("The file", schema);
        let mut next = 0;
        while let Some(&name) = reference.queue.get(next) {
            reference.section(&words(name), &schema["$defs"][name]);
            next += 1;
        }
        reference.page
    }

    fn section(&mut self, title: &str, object: &'a Value) {
        let _ = write!(self.page, "\n## {title}\n\n{}\n", description(object));
        if let Some(choices) = object["oneOf"].as_array().or(object["anyOf"].as_array()) {
            self.choices(choices);
        } else if let Some(properties) = object["properties"].as_object() {
            self.keys(properties, object["required"].as_array());
        } else if let Some(pattern) = object["pattern"].as_str() {
            let _ = write!(self.page, "\nIts form: `{pattern}`\n");
        }
    }

    fn choices(&mut self, choices: &'a [Value]) {
        self.page.push('\n');
        for choice in choices {
            let name = match choice["const"].as_str() {
                Some(constant) => format!("`{constant}`"),
                None => self.kind(choice),
            };
            let _ = writeln!(self.page, "- {name}: {}", description(choice));
        }
    }

    fn keys(&mut self, properties: &'a Map<String, Value>, required: Option<&Vec<Value>>) {
        self.page.push_str("\n| key | value | default | |\n|---|---|---|---|\n");
        let needed = |key: &str| required.is_some_and(|required| required.iter().any(|name| name == key));
        let (first, then): (Vec<_>, Vec<_>) = properties.iter().partition(|(key, _)| needed(key));
        for (key, value) in first.into_iter().chain(then) {
            let default = match value.get("default") {
                _ if needed(key) => "required".to_owned(),
                None | Some(Value::Null) => String::new(),
                Some(default) => format!("`{default}`"),
            };
            let kind = self.kind(value);
            let _ =
                writeln!(self.page, "| `{key}` | {kind} | {default} | {} |", description(value).replace('|', "\\|"));
        }
    }

    /// What a value is, with a link where it has a section of its own.
    fn kind(&mut self, value: &'a Value) -> String {
        if let Some(name) = value["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return self.link(name);
        }
        if let Some(choices) = value["anyOf"].as_array() {
            let kinds: Vec<_> =
                choices.iter().filter(|kind| kind["type"] != "null").map(|kind| self.kind(kind)).collect();
            return kinds.join(" or ");
        }
        let name = match &value["type"] {
            Value::Array(names) => names.iter().find(|name| **name != "null").and_then(Value::as_str),
            name => name.as_str(),
        };
        match name {
            Some("array") => format!("list of: {}", self.kind(&value["items"])),
            Some("object") if value["additionalProperties"].is_object() => {
                format!("by name: {}", self.kind(&value["additionalProperties"]))
            }
            Some("string") => "text".into(),
            Some("boolean") => "true or false".into(),
            Some("integer") => "whole number".into(),
            Some(name) => name.into(),
            None => panic!("the reference cannot say what this is: {value}"),
        }
    }

    fn link(&mut self, name: &'a str) -> String {
        assert!(self.schema["$defs"].get(name).is_some(), "the schema has no type {name}");
        if self.seen.insert(name) {
            self.queue.push(name);
        }
        let title = words(name);
        format!("[{title}](#{})", title.to_lowercase().replace(' ', "-"))
    }
}

fn description(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `StatusTrackingSatellite` as `Status tracking satellite`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.char_indices() {
        match index {
            0 => words.push(letter),
            _ if letter.is_uppercase() => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            _ => words.push(letter),
        }
    }
    words
}
