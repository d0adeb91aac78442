//! Where the configuration comes from: defaults, one TOML file over them, environment over it, flags over all.
//!
//! An environment variable is `PLAYHEAD_` and the key in capitals, with `__` between a section and its key:
//! `PLAYHEAD_WATCH__FUTURE_MS_MAX=1000`. Unknown keys are errors with the line and the nearest name.

mod bounds;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

use crate::config::Config;

const ENV_PREFIX: &str = "PLAYHEAD_";
/// Variables that begin alike but are not of the configuration: those of the clients and of tests.
const ENV_OTHERS: [&str; 5] =
    ["PLAYHEAD_URL", "PLAYHEAD_GRPC_URL", "PLAYHEAD_TOKEN", "PLAYHEAD_CONFIG", "PLAYHEAD_INTO"];

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the default.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A setting of the effective configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its key, with dots.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where it was given.
    pub origin: Origin,
    /// The least and the greatest that it may be, if it is a number.
    pub bounds: Option<(i64, i64)>,
}

/// The layers laid over one another so far.
pub struct Layers {
    table: Table,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// The defaults alone.
    pub fn new() -> Result<Self> {
        let table = Table::try_from(Config::default()).context("the defaults are a table")?;
        Ok(Self { table, origins: BTreeMap::new() })
    }

    /// Lays a file over what there is.
    pub fn file(mut self, path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let table: Table = text.parse().map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let lines = Lines::of(&text);
        for (key, value) in leaves(&table) {
            let line = lines.of_key(&key);
            self.set(&key, value, Origin::File(path.to_owned(), line))
                .with_context(|| format!("{}:{line}", path.display()))?;
        }
        Ok(self)
    }

    /// Lays environment variables over what there is.
    pub fn environment(mut self, variables: impl Iterator<Item = (String, String)>) -> Result<Self> {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(ENV_PREFIX).filter(|_| !ENV_OTHERS.contains(&name.as_str())) else {
                continue;
            };
            let key = rest.to_lowercase().replace("__", ".");
            let result = self.set_text(&key, &text, Origin::Environment(name.clone()));
            result.with_context(|| format!("environment variable {name}"))?;
        }
        Ok(self)
    }

    /// Lays a flag over what there is.
    pub fn flag(mut self, flag: &str, key: &str, text: &str) -> Result<Self> {
        self.set_text(key, text, Origin::Flag(flag.to_owned())).with_context(|| format!("flag {flag}"))?;
        Ok(self)
    }

    /// The configuration that holds.
    pub fn config(&self) -> Result<Config> {
        Config::deserialize_table(self.table.clone())
    }

    /// Every setting with its origin, by key.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings: Vec<Setting> = leaves(&self.table)
            .into_iter()
            .map(|(key, value)| {
                let origin = self.origins.get(&key).cloned().unwrap_or(Origin::Default);
                let bounds = bounds::bounds_of(&key);
                Setting { key, value, origin, bounds }
            })
            .collect();
        settings.sort_by(|a, b| (a.key.contains('.'), &a.key).cmp(&(b.key.contains('.'), &b.key)));
        settings
    }

    /// A text for a key: a list by commas, else TOML's own form, else the text itself.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<()> {
        let value = match self.held(key)? {
            Value::Array(_) => Value::Array(
                text.split(',')
                    .map(|part| Value::String(part.trim().to_owned()))
                    .filter(|part| part.as_str() != Some(""))
                    .collect(),
            ),
            Value::String(_) => Value::String(text.to_owned()),
            _ => {
                let parsed: Option<Table> = format!("value = {text}").parse().ok();
                parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
            }
        };
        self.set(key, value, origin)
    }

    /// Sets a key that is known to a value of its type.
    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<()> {
        let held = self.held(key)?;
        if std::mem::discriminant(held) != std::mem::discriminant(&value) {
            bail!("`{key}` must be {}, is {}", kind_of(held), kind_of(&value));
        }
        bounds::check(key, &value)?;
        *held = value;
        self.origins.insert(key.to_owned(), origin);
        // Whether the value itself is good is known once it has its type.
        self.config().map(|_| ()).with_context(|| format!("`{key}`"))
    }

    /// The value that a key has now.
    fn held(&mut self, key: &str) -> Result<&mut Value> {
        let known: Vec<String> = leaves(&self.table).into_iter().map(|(key, _)| key).collect();
        if !known.iter().any(|name| name == key) {
            let nearest = known.iter().min_by_key(|name| distance(name, key));
            // A key with less than half of it in common was not meant.
            let nearest = nearest.filter(|name| distance(name, key) <= key.len() / 2);
            let hint = nearest.map_or_else(
                || "; `playhead config` lists every key".to_owned(),
                |name| format!("; did you mean `{name}`?"),
            );
            bail!("unknown key `{key}`{hint}");
        }
        let mut parts = key.split('.');
        let first = parts.next().unwrap_or_default();
        let mut value = self.table.get_mut(first);
        for part in parts {
            value = value.and_then(Value::as_table_mut).and_then(|table| table.get_mut(part));
        }
        value.ok_or_else(|| anyhow!("unknown key `{key}`"))
    }
}

impl Config {
    fn deserialize_table(table: Table) -> Result<Self> {
        let config: Self = table.try_into().map_err(|error: toml::de::Error| anyhow!("{}", error.message()))?;
        Ok(config)
    }
}

/// How far apart two keys are, in letters to change.
fn distance(name: &str, key: &str) -> usize {
    strsim::damerau_levenshtein(name, key)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
        Value::Datetime(_) => "a date",
    }
}

/// All values that are no sections, with their dotted keys.
fn leaves(table: &Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(leaves(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => found.push((name.clone(), value.clone())),
        }
    }
    found
}

/// The lines of a file's keys.
struct Lines(BTreeMap<String, usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let mut lines = BTreeMap::new();
        let mut section = String::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
                section = format!("{}.", name.trim());
            } else if let Some((name, _)) = line.split_once('=') {
                lines.insert(format!("{section}{}", name.trim()), number + 1);
            }
        }
        Self(lines)
    }

    /// The line of a key; of its section if the key is written in another way.
    fn of_key(&self, key: &str) -> usize {
        self.0.get(key).copied().unwrap_or(1)
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
