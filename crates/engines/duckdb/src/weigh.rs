//! The weight of a statement: how long its values may become and how large it is once the engine has put in what its names
//! stand for. It is refused above stated limits, because while the engine plans, and within one call of a function, it heeds
//! neither the interrupt nor the memory limit.
//!
//! Names are not resolved as the engine does: a name weighs the most that anything of that name does, here or around.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::amplify::{self, COLUMN_BYTES, GATHERED_BYTES, VALUE_BYTES_MAX};

type Object = Map<String, Value>;
/// What names weigh.
type Names = HashMap<String, Weight>;

/// The heaviest of all columns, those without a name included, and of those whose names are not written: no name in itself.
const ANY: &str = "*";
const UNWRITTEN: &str = "";
/// Before the name of a table whose row is a value.
const ROW: &str = "row ";

/// Tables that a statement may read, those of a WITH counted each time it is named.
const TABLES_MAX: u64 = 256;
/// Tables that one join may have, those within its subqueries included: the engine looks for the best order of them all.
const JOINED_MAX: u64 = 48;
/// Parts of an expression, with those of the names in it.
const PARTS_MAX: u64 = 100_000;
/// Columns of a query, with those that its stars stand for.
const COLUMNS_MAX: u64 = 10_000;
/// What a table counts where a star stands for its columns.
const TABLE_COLUMNS: u64 = 16;
/// Sets of GROUPING SETS, ROLLUP and CUBE.
const SETS_MAX: usize = 256;

/// What an expression weighs.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    bytes: u64,
    parts: u64,
}

impl Weight {
    const COLUMN: Self = Self { bytes: COLUMN_BYTES, parts: 1 };
    const GATHERED: Self = Self { bytes: GATHERED_BYTES, parts: 1 };

    fn max(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), parts: self.parts.max(other.parts) }
    }
}

/// What a query gives to whoever reads from it.
#[derive(Clone)]
struct Given {
    names: Names,
    columns: u64,
    /// Tables that it joins.
    joined: u64,
    /// The heaviest of its columns.
    greatest: Weight,
}

impl Given {
    fn table(columns: u64) -> Self {
        Self { names: Names::new(), columns, joined: 1, greatest: Weight::COLUMN }
    }

    fn join(&mut self, other: Self) {
        merge(&mut self.names, other.names);
        self.greatest = self.greatest.max(other.greatest);
    }
}

struct With {
    name: String,
    tables: u64,
    given: Given,
}

/// Refuses a statement that is too heavy.
pub(crate) fn check(statement: &Value) -> Result<(), String> {
    let mut weigh = Weigh { withs: Vec::new(), tables: 0, least: Weight::COLUMN, in_lambda: false };
    weigh.rest(statement, &mut Names::new()).map(drop)
}

struct Weigh {
    withs: Vec<With>,
    /// Tables read so far.
    tables: u64,
    /// What a column weighs of which nothing is known.
    least: Weight,
    in_lambda: bool,
}

impl Weigh {
    fn node(&mut self, node: &Object, outer: &Names) -> Result<Given, String> {
        let withs = self.withs.len();
        let entries = node.get("cte_map").and_then(|map| map.get("map")).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            self.with(entry, outer)?;
        }
        let given = match node.get("type").map_or("", text) {
            "SELECT_NODE" => self.select(node, outer)?,
            _ => self.branches(node, outer)?,
        };
        self.withs.truncate(withs);
        Ok(given)
    }

    fn with(&mut self, entry: &Value, outer: &Names) -> Result<(), String> {
        let name = entry.get("key").map_or("", text).to_ascii_lowercase();
        let value = entry.get("value").unwrap_or(&Value::Null);
        let Some(node) = value.pointer("/query/node").and_then(Value::as_object) else { return Ok(()) };
        let is_recursive = node.get("type").map_or("", text) == "RECURSIVE_CTE_NODE";
        let (before, least) = (std::mem::take(&mut self.tables), self.least);
        if is_recursive {
            self.least = Weight::GATHERED;
            let given = Given { greatest: Weight::GATHERED, ..Given::table(TABLE_COLUMNS) };
            self.withs.push(With { name: name.clone(), tables: 0, given });
        }
        let mut given = self.node(node, outer)?;
        if is_recursive {
            self.withs.pop();
        }
        name_columns(value.get("aliases"), &mut given);
        self.least = least;
        let tables = std::mem::replace(&mut self.tables, before);
        self.withs.push(With { name, tables, given });
        Ok(())
    }

    /// The branches of a UNION and its like: neither sees the names of the other.
    fn branches(&mut self, node: &Object, outer: &Names) -> Result<Given, String> {
        let mut given = Given { names: outer.clone(), columns: 0, joined: 1, greatest: Weight::default() };
        let fields = node.iter().filter(|(field, _)| *field != "cte_map");
        for value in fields.flat_map(|(_, value)| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)) {
            match value.as_object().filter(|object| object.contains_key("cte_map")) {
                Some(branch) => {
                    let branch = self.node(branch, outer)?;
                    given.columns = given.columns.max(branch.columns);
                    given.join(branch);
                }
                None => drop(self.rest(value, &mut given.names)?),
            }
        }
        // The columns have the names of one branch and the values of all.
        let greatest = given.greatest;
        let named_here = given.names.iter_mut().filter(|(name, _)| !outer.contains_key(*name));
        named_here.for_each(|(_, weight)| *weight = weight.max(greatest));
        put(&mut given.names, UNWRITTEN, greatest);
        Ok(given)
    }

    fn select(&mut self, node: &Object, outer: &Names) -> Result<Given, String> {
        let mut given = Given { names: outer.clone(), columns: 0, joined: 1, greatest: Weight::default() };
        let source = node.get("from_table").map_or(Ok(Given::table(0)), |from| self.source(from, &mut given.names))?;
        for item in node.get("select_list").and_then(Value::as_array).into_iter().flatten() {
            let is_star = item.get("class").map_or("", text) == "STAR";
            given.columns = given.columns.saturating_add(if is_star { source.columns } else { 1 });
            let weight = self.rest(item, &mut given.names)?;
            given.greatest = given.greatest.max(weight).max(if is_star { source.greatest } else { weight });
            if !is_star && holds_star(item) {
                put(&mut given.names, UNWRITTEN, weight);
            }
        }
        put(&mut given.names, ANY, given.greatest);
        given.joined = source.joined;
        if given.columns > COLUMNS_MAX {
            return Err(format!("a query may have {COLUMNS_MAX} columns, with those that its stars stand for"));
        }
        let sets = node.get("group_sets").and_then(Value::as_array).map_or(0, Vec::len);
        if sets > SETS_MAX {
            return Err(format!(
                "CUBE, ROLLUP and GROUPING SETS may make {SETS_MAX} sets of groups, these make {sets}"
            ));
        }
        let known = ["from_table", "select_list", "cte_map"];
        for (_, value) in node.iter().filter(|(field, _)| !known.contains(&field.as_str())) {
            self.rest(value, &mut given.names)?;
        }
        Ok(given)
    }

    /// Where rows come from; its names become known.
    fn source(&mut self, from: &Value, names: &mut Names) -> Result<Given, String> {
        let Some(object) = from.as_object() else { return Ok(Given::table(0)) };
        let mut given = match object.get("type").map_or("", text) {
            "BASE_TABLE" => self.table(object)?,
            "TABLE_FUNCTION" => {
                self.read(1, "a function")?;
                let weight = self.rest(from, names)?;
                Given { greatest: weight.max(self.least), ..Given::table(1) }
            }
            "JOIN" => self.join(object, names)?,
            "EMPTY" => Given::table(0),
            _ => self.other_source(object, names)?,
        };
        name_columns(object.get("column_name_alias"), &mut given);
        if !["BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY"].contains(&object.get("type").map_or("", text)) {
            put(&mut given.names, UNWRITTEN, given.greatest);
        }
        merge(names, given.names.clone());
        let alias = ["alias", "table_name"].map(|field| object.get(field).map_or("", text));
        if let Some(alias) = alias.into_iter().find(|alias| !alias.is_empty()) {
            // A row as a value.
            let bytes = given.greatest.bytes.saturating_mul(given.columns.max(1));
            put(names, &row_of(alias), Weight { bytes, ..given.greatest });
        }
        Ok(given)
    }

    fn join(&mut self, object: &Object, names: &mut Names) -> Result<Given, String> {
        let (mut given, mut joined) = (Given::table(0), 0_u64);
        for side in ["left", "right"] {
            let side = object.get(side).map_or(Ok(Given::table(0)), |side| self.source(side, names))?;
            given.columns = given.columns.saturating_add(side.columns);
            joined = joined.saturating_add(side.joined);
            given.join(side);
        }
        if joined > JOINED_MAX {
            return Err(format!("a join may have {JOINED_MAX} tables, those within its subqueries included"));
        }
        given.joined = joined;
        for (_, value) in object.iter().filter(|(field, _)| !["left", "right"].contains(&field.as_str())) {
            self.rest(value, names)?;
        }
        Ok(given)
    }

    /// Subqueries, values, pivots: whatever is in them.
    fn other_source(&mut self, object: &Object, names: &mut Names) -> Result<Given, String> {
        let mut given = Given::table(0);
        for value in object.values() {
            let node = value.get("node").or(Some(value)).and_then(Value::as_object);
            if let Some(node) = node.filter(|node| node.contains_key("cte_map")) {
                let inner = self.node(node, names)?;
                given.columns = given.columns.saturating_add(inner.columns);
                given.joined = given.joined.max(inner.joined);
                given.join(inner);
            } else if value.get("type").is_some() && value.get("sample").is_some() {
                let inner = self.source(value, names)?;
                given.columns = given.columns.saturating_add(inner.columns.saturating_add(TABLE_COLUMNS));
                given.join(inner);
            } else {
                given.greatest = given.greatest.max(self.rest(value, names)?);
            }
        }
        given.columns = given.columns.max(1);
        Ok(given)
    }

    fn table(&mut self, object: &Object) -> Result<Given, String> {
        let name = object.get("table_name").map_or("", text).to_ascii_lowercase();
        let is_bare = object.get("schema_name").map_or("", text).is_empty();
        let found = self.withs.iter().rev().find(|with| is_bare && with.name == name);
        let (tables, given) = match found {
            Some(with) => (with.tables.saturating_add(1), with.given.clone()),
            None => (1, Given { greatest: self.least, ..Given::table(TABLE_COLUMNS) }),
        };
        self.read(tables, &name)?;
        Ok(given)
    }

    fn read(&mut self, tables: u64, name: &str) -> Result<(), String> {
        self.tables = self.tables.saturating_add(tables);
        if self.tables <= TABLES_MAX {
            return Ok(());
        }
        Err(format!(
            "a statement may read {TABLES_MAX} tables, those of a WITH counted each time that it is named: with {name} it reads more"
        ))
    }

    /// Whatever holds expressions and queries; the weight of the heaviest.
    fn rest(&mut self, value: &Value, names: &mut Names) -> Result<Weight, String> {
        match value {
            Value::Array(items) => {
                items.iter().try_fold(Weight::default(), |most, item| Ok(most.max(self.rest(item, names)?)))
            }
            Value::Object(object) if object.contains_key("class") => self.expression(object, names),
            Value::Object(object) if object.contains_key("cte_map") => {
                let inner = self.node(object, names)?;
                merge(names, inner.names);
                Ok(inner.greatest)
            }
            Value::Object(object) => {
                object.values().try_fold(Weight::default(), |most, item| Ok(most.max(self.rest(item, names)?)))
            }
            _ => Ok(Weight::default()),
        }
    }

    fn expression(&mut self, object: &Object, names: &mut Names) -> Result<Weight, String> {
        let class = object.get("class").map_or("", text);
        let weight = match class {
            "COLUMN_REF" => {
                let written = object.get("column_names").and_then(Value::as_array);
                let of = |name: &Value| self.named(text(name), written.map_or(0, Vec::len), names);
                written.into_iter().flatten().map(of).fold(self.least, Weight::max)
            }
            "CONSTANT" => {
                let value = object.get("value").and_then(|value| value.get("value")).and_then(Value::as_str);
                Weight { bytes: value.map_or(8, |value| value.len() as u64), parts: 1 }
            }
            "POSITIONAL_REFERENCE" => self.greatest_of(names),
            "STAR" => {
                let replaced = self.fields(object, names)?;
                put(names, UNWRITTEN, replaced);
                for (list, name) in [("replace_list", "key"), ("rename_list", "value")] {
                    for entry in object.get(list).and_then(Value::as_array).into_iter().flatten() {
                        let most = names.get(ANY).copied().unwrap_or_default();
                        put(names, &entry.get(name).map_or("", text).to_lowercase(), replaced.max(most));
                    }
                }
                self.greatest_of(names)
            }
            _ if object.contains_key("function_name") => self.call(object, names)?,
            "COMPARISON" | "CONJUNCTION" | "BETWEEN" => Weight { bytes: 8, ..self.fields(object, names)? },
            _ => self.fields(object, names)?,
        };
        self.bounded(weight, object)?;
        if let Some(alias) = object.get("alias").map(text).filter(|alias| !alias.is_empty()) {
            put(names, &alias.to_lowercase(), weight);
        }
        Ok(weight)
    }

    fn greatest_of(&self, names: &Names) -> Weight {
        let columns = names.iter().filter(|(name, _)| !name.starts_with(ROW));
        columns.map(|(_, weight)| *weight).fold(self.least, Weight::max)
    }

    /// What a name may stand for: a column, a whole row, or a column that has its name from its expression.
    fn named(&self, name: &str, parts: usize, names: &Names) -> Weight {
        let lower = name.to_lowercase();
        let of = |name: &str| names.get(name).copied().unwrap_or_default();
        let is_plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        let row = if parts == 1 { of(&row_of(name)) } else { Weight::default() };
        let column = names.get(&lower).copied().unwrap_or_else(|| of(UNWRITTEN));
        column.max(row).max(if is_plain { Weight::default() } else { of(ANY) })
    }

    fn bounded(&self, weight: Weight, object: &Object) -> Result<(), String> {
        let name = object.get("function_name").map_or("an expression", text);
        if weight.bytes > VALUE_BYTES_MAX {
            return Err(format!(
                "{name} may make values that are too long: {} bytes where {VALUE_BYTES_MAX} are allowed, a column counted as \
                 {COLUMN_BYTES}, what is gathered from many rows as {GATHERED_BYTES}",
                weight.bytes
            ));
        }
        if weight.parts > PARTS_MAX {
            return Err(format!("{name} has more than {PARTS_MAX} parts, with those that the names in it stand for"));
        }
        Ok(())
    }

    /// The parts of all that is in it, and the most bytes.
    fn fields(&mut self, object: &Object, names: &mut Names) -> Result<Weight, String> {
        let mut sum = Weight { bytes: 0, parts: 1 };
        for value in object.values() {
            for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                let weight = self.rest(value, names)?;
                sum = Weight { bytes: sum.bytes.max(weight.bytes), parts: sum.parts.saturating_add(weight.parts) };
            }
        }
        Ok(sum)
    }

    fn call(&mut self, object: &Object, names: &mut Names) -> Result<Weight, String> {
        let name = object.get("function_name").map_or("", text).to_ascii_lowercase();
        let arguments = object.get("children").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (mut bytes, mut parts) = (Vec::new(), 1_u64);
        for argument in arguments {
            let is_lambda = argument.get("class").map_or("", text) == "LAMBDA" && amplify::runs_lambdas(&name);
            let weight = if is_lambda { self.lambda(&name, argument, names)? } else { self.rest(argument, names)? };
            // Each column that is put in for it is an argument of its own.
            let unpacked = if argument.get("type").map_or("", text) == "OPERATOR_UNPACK" { TABLE_COLUMNS } else { 1 };
            bytes.push(weight.bytes.saturating_mul(unpacked));
            parts = parts.saturating_add(weight.parts);
        }
        for (_, value) in object.iter().filter(|(field, _)| *field != "children") {
            parts = parts.saturating_add(self.rest(value, names)?.parts);
        }
        amplify::check_arguments(&name, arguments, &bytes)?;
        Ok(Weight { bytes: amplify::made(&name, &bytes), parts })
    }

    /// What a lambda makes of one element. It sees nothing else, or the work would be the product of two lists.
    fn lambda(&mut self, function: &str, lambda: &Value, names: &Names) -> Result<Weight, String> {
        if self.in_lambda {
            return Err(format!("{function} may not be called with a lambda inside of a lambda"));
        }
        let (mut parameters, mut used) = (Vec::new(), Vec::new());
        lambda.get("lhs").into_iter().for_each(|side| columns(side, &mut parameters));
        let body = lambda.get("expr").unwrap_or(&Value::Null);
        columns(body, &mut used);
        let mut inner = names.clone();
        inner.extend(parameters.iter().map(|name| (name.clone(), Weight::COLUMN)));
        self.in_lambda = true;
        let least = std::mem::replace(&mut self.least, Weight::COLUMN);
        let weight = self.rest(body, &mut inner)?;
        (self.in_lambda, self.least) = (false, least);
        match used.iter().find(|name| !parameters.contains(name)) {
            Some(other) => Err(format!("a lambda of {function} may name its own parameters only, and not {other}")),
            None => Ok(weight),
        }
    }
}

/// The first name of each column that is written in it.
fn columns(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| columns(item, into)),
        Value::Object(object) => {
            let name = object.get("column_names").and_then(|names| names.get(0)).map(|name| text(name).to_lowercase());
            into.extend(name);
            object.values().for_each(|item| columns(item, into));
        }
        _ => {}
    }
}

/// The columns get other names.
fn name_columns(aliases: Option<&Value>, given: &mut Given) {
    for alias in aliases.and_then(Value::as_array).into_iter().flatten() {
        given.names.insert(text(alias).to_lowercase(), given.greatest);
    }
}

fn put(names: &mut Names, name: &str, weight: Weight) {
    let known = names.entry(name.to_owned()).or_default();
    *known = known.max(weight);
}

fn row_of(table: &str) -> String {
    format!("{ROW}{}", table.to_lowercase())
}

/// Whether a star stands within it, which takes its names from elsewhere.
fn holds_star(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_star),
        Value::Object(object) => object.get("class").map_or("", text) == "STAR" || object.values().any(holds_star),
        _ => false,
    }
}

fn merge(names: &mut Names, more: Names) {
    for (name, weight) in more {
        let known = names.entry(name).or_default();
        *known = known.max(weight);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}
