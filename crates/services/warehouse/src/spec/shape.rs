//! Whether a file has the shape that the schema tells: every unknown key, wrong type and missing field of it at once.
//!
//! It knows the few words of JSON Schema that the types of a spec need, and nothing of what the fields mean.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Type;
use super::complaint::{Complaint, nearest};
use super::places::Lines;
use super::schema::schema;

/// Looks at a whole file. Unknown keys are taken out, so that the rest can be read.
pub(super) struct Shape<'a> {
    pub(super) file: &'a str,
    pub(super) lines: &'a Lines,
    pub(super) complaints: Vec<Complaint>,
    /// Whether a value cannot be read.
    pub(super) is_broken: bool,
}

impl Shape<'_> {
    pub(super) fn check(&mut self, root: &mut Spanned<DeTable<'_>>) {
        self.table(root.get_mut(), schema(), "", 1);
    }

    fn say(&mut self, line: usize, key: &str, text: String) {
        self.complaints.push(Complaint { file: self.file.to_owned(), line, key: key.to_owned(), text });
    }

    fn broken(&mut self, line: usize, key: &str, text: String) {
        self.is_broken = true;
        self.say(line, key, text);
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, wanted: &'static Value, key: &str) {
        let line = self.lines.at(value.span().start);
        if is_named(wanted, "/Type") {
            let known = value.get_ref().as_str().map(|text| Type::try_from(text.to_owned()));
            if let Some(Err(text)) = known {
                return self.broken(line, key, text);
            }
        }
        let mut choices = choices(wanted);
        let names: Vec<&str> = choices.iter().flat_map(|choice| constants(choice)).collect();
        if !names.is_empty() && choices.iter().all(|choice| !constants(choice).is_empty()) {
            return self.one_of(value.get_ref(), &names, line, key);
        }
        let all = choices.clone();
        choices.retain(|choice| fits(value.get_ref(), choice));
        match (value.get_mut(), choices.as_slice()) {
            (_, []) => {
                let wanted: Vec<&str> = all.iter().filter_map(|choice| type_name(choice)).collect();
                self.broken(line, key, format!("must be {}", in_words(&wanted)));
            }
            (DeValue::Table(table), [choice]) => self.table(table, choice, key, line),
            (DeValue::Table(table), choices) => self.variant(table, choices, key, line),
            (DeValue::Array(array), [choice, ..]) => {
                let places = choice.get("prefixItems").and_then(Value::as_array);
                if let Some(places) = places.filter(|places| places.len() != array.len()) {
                    return self.broken(line, key, format!("must have {} elements", places.len()));
                }
                for (at, element) in array.iter_mut().enumerate() {
                    let wanted = places.and_then(|places| places.get(at)).or_else(|| choice.get("items"));
                    if let Some(wanted) = wanted {
                        self.value(element, wanted, &format!("{key}[{at}]"));
                    }
                }
            }
            (DeValue::Integer(number), [choice, ..]) => {
                let value = i64::from_str_radix(number.as_str(), number.radix());
                let least = choice.get("minimum").and_then(Value::as_i64);
                if value.is_err() || least.is_some_and(|least| value.is_ok_and(|value| value < least)) {
                    self.broken(line, key, "is beyond what it may be".into());
                }
            }
            _ => {}
        }
    }

    fn one_of(&mut self, value: &DeValue<'_>, names: &[&str], line: usize, key: &str) {
        let text = value.as_str().unwrap_or_default();
        if !names.contains(&text) {
            let near = nearest(text, names.iter().copied());
            self.broken(line, key, format!("must be one of {}{near}", quoted(names)));
        }
    }

    fn table(&mut self, table: &mut DeTable<'_>, wanted: &'static Value, key: &str, line: usize) {
        let fields = wanted.get("properties").and_then(Value::as_object);
        let any = wanted.get("additionalProperties").filter(|other| other.is_object());
        let mut unknown = Vec::new();
        for (name, value) in table.iter_mut() {
            let inner = joined(key, name.get_ref());
            match fields.and_then(|fields| fields.get(name.get_ref().as_ref())).or(any) {
                Some(wanted) => self.value(value, wanted, &inner),
                None => unknown.push(name.clone()),
            }
        }
        for name in unknown {
            let names = fields.into_iter().flat_map(|fields| fields.keys()).map(String::as_str);
            let near = nearest(name.get_ref(), names);
            let line = self.lines.at(name.span().start);
            self.say(line, &joined(key, name.get_ref()), format!("there is no such key{near}"));
            table.remove(&name);
        }
        for name in wanted.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                self.broken(line, key, format!("{name:?} is missing"));
            }
        }
    }

    /// A table that is one of several, each with one key of its own.
    fn variant(&mut self, table: &mut DeTable<'_>, choices: &[&'static Value], key: &str, line: usize) {
        let own = |choice: &&'static Value| choice.pointer("/required/0").and_then(Value::as_str);
        let chosen = choices.iter().find(|choice| own(choice).is_some_and(|name| table.contains_key(name)));
        if let Some(choice) = chosen {
            return self.table(table, choice, key, line);
        }
        let names: Vec<&str> = choices.iter().filter_map(own).collect();
        let near = table.keys().next().map(|written| nearest(written.get_ref(), names.iter().copied()));
        self.broken(line, key, format!("must have one of {}{}", quoted(&names), near.unwrap_or_default()));
    }
}

/// What the schema allows here, but for nothing: TOML has no null.
fn choices(wanted: &'static Value) -> Vec<&'static Value> {
    let wanted = resolved(wanted);
    let several = wanted.get("anyOf").or_else(|| wanted.get("oneOf")).and_then(Value::as_array);
    match several {
        Some(several) => several.iter().filter(|one| type_name(one) != Some("null")).flat_map(choices).collect(),
        None => vec![wanted],
    }
}

fn resolved(wanted: &'static Value) -> &'static Value {
    let Some(name) = wanted.get("$ref").and_then(Value::as_str) else { return wanted };
    name.strip_prefix('#').and_then(|path| schema().pointer(path)).unwrap_or(wanted)
}

/// Whether it is the definition of that name, or nothing in place of it.
fn is_named(wanted: &'static Value, name: &str) -> bool {
    let refers = |of: &Value| of.get("$ref").and_then(Value::as_str).is_some_and(|path| path.ends_with(name));
    refers(wanted) || wanted.get("anyOf").and_then(Value::as_array).is_some_and(|any| any.iter().any(refers))
}

/// The texts that a choice stands for, if it is such a one.
fn constants(choice: &'static Value) -> Vec<&'static str> {
    let one = choice.get("const").and_then(Value::as_str);
    let several = choice.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several).collect()
}

/// The type of a choice, but for null.
fn type_name(choice: &'static Value) -> Option<&'static str> {
    match choice.get("type")? {
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        name => name.as_str(),
    }
}

fn fits(value: &DeValue<'_>, choice: &'static Value) -> bool {
    match type_name(choice) {
        Some("object") => value.is_table(),
        Some("array") => value.is_array(),
        Some("string") => value.is_str(),
        Some("boolean") => value.is_bool(),
        Some("integer") => value.is_integer(),
        Some("number") => value.is_integer() || value.is_float(),
        _ => true,
    }
}

fn in_words(types: &[&str]) -> String {
    let word = |name: &&str| match *name {
        "object" => "a table",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "true or false",
        "integer" => "a whole number",
        _ => "a number",
    };
    types.iter().map(word).collect::<Vec<_>>().join(" or ")
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

fn joined(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}
