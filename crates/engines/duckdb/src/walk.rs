//! The walk over a parsed statement: which functions and tables it names, and whether all of it is understood.

use serde_json::{Map, Value};

use crate::askable::Askable;
use crate::functions;

type Object = Map<String, Value>;

/// The kinds of expressions. Parameters are not among them: nothing would bind them.
const EXPRESSIONS: &[&str] = &[
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "DEFAULT",
    "FUNCTION",
    "LAMBDA",
    "LAMBDA_REF",
    "OPERATOR",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
    "WINDOW",
];

/// The kinds of queries.
const NODES: &[&str] = &["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"];

/// Why a statement is not asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// It would do what may not be done, or what nobody here understands.
    Forbidden(String),
    /// It names a table that is not there for analysts.
    Unknown(String),
}

impl From<String> for Unasked {
    fn from(why: String) -> Self {
        Self::Forbidden(why)
    }
}

/// Whether the statement is `SHOW TABLES` and nothing else.
pub(crate) fn is_show_tables(statement: &Value) -> bool {
    statement.pointer("/node/from_table").and_then(Value::as_object).is_some_and(shows_tables)
}

fn shows_tables(reference: &Object) -> bool {
    let part = |field: &str| reference.get(field).map_or("", text);
    (part("type"), part("show_type"), part("table_name")) == ("SHOW_REF", "SHOW_UNQUALIFIED", "\"tables\"")
}

/// The walk, with what may be named at this place.
pub(crate) struct Walk<'a> {
    tables: &'a Askable,
    /// The names of WITH that hold here. A name may be used only where it holds: elsewhere it means something else.
    named: Vec<String>,
}

impl<'a> Walk<'a> {
    /// A walk over a statement that may name these tables.
    pub(crate) fn over(tables: &'a Askable) -> Self {
        Self { tables, named: Vec::new() }
    }

    /// Says what may not be asked.
    pub(crate) fn statement(&mut self, statement: &Value) -> Result<(), Unasked> {
        self.value(statement)
    }

    fn value(&mut self, value: &Value) -> Result<(), Unasked> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.value(item)),
            Value::Object(object) => self.object(object),
            _ => Ok(()),
        }
    }

    fn fields(&mut self, object: &Object) -> Result<(), Unasked> {
        object.values().try_for_each(|value| self.value(value))
    }

    fn object(&mut self, object: &Object) -> Result<(), Unasked> {
        if let Some(class) = object.get("class") {
            return self.expression(text(class), object);
        }
        if object.contains_key("cte_map") {
            return self.node(object);
        }
        // Every reference to a table has these two, and nothing else has both.
        if object.contains_key("alias") && object.contains_key("sample") {
            return self.reference(object);
        }
        if object.contains_key("function_name") || object.contains_key("table_name") {
            return Err("a part of the statement is not understood".to_owned().into());
        }
        self.fields(object)
    }

    fn expression(&mut self, class: &str, object: &Object) -> Result<(), Unasked> {
        if !EXPRESSIONS.contains(&class) {
            return Err(match class {
                "PARAMETER" => "parameters cannot be given: write the values into the statement".to_owned(),
                other => format!("expressions of the kind {other} may not be used"),
            }
            .into());
        }
        if let Some(name) = object.get("function_name") {
            let name = text(name).to_ascii_lowercase();
            if !functions::callable(&name) {
                return Err(format!(
                    "the function {name} may not be called: the usual functions of text, numbers, times, lists and structs, \
                     aggregates and window functions may"
                )
                .into());
            }
        }
        self.fields(object)
    }

    /// A query: names of WITH hold within it, each from the one after it on, a recursive one within itself too.
    fn node(&mut self, object: &Object) -> Result<(), Unasked> {
        let kind = object.get("type").map_or("", text);
        if !NODES.contains(&kind) {
            return Err(format!("queries of the kind {kind} may not be asked").into());
        }
        let before = self.named.len();
        let entries = object.get("cte_map").and_then(|map| map.get("map")).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let name = entry.get("key").map_or("", text).to_ascii_lowercase();
            let recursive = entry.pointer("/value/query/node/type").map_or("", text) == "RECURSIVE_CTE_NODE";
            if recursive {
                self.named.push(name.clone());
            }
            entry.get("value").map_or(Ok(()), |value| self.value(value))?;
            if !recursive {
                self.named.push(name);
            }
        }
        object.iter().filter(|(field, _)| *field != "cte_map").try_for_each(|(_, value)| self.value(value))?;
        self.named.truncate(before);
        Ok(())
    }

    fn reference(&mut self, object: &Object) -> Result<(), Unasked> {
        match object.get("type").map_or("", text) {
            "BASE_TABLE" => self.table(object),
            "TABLE_FUNCTION" => self.table_function(object),
            "SHOW_REF" => self.show(object),
            "EMPTY" | "EXPRESSION_LIST" | "JOIN" | "PIVOT" | "SUBQUERY" => self.fields(object),
            other => Err(format!("rows cannot come from {other}").into()),
        }
    }

    fn table(&mut self, object: &Object) -> Result<(), Unasked> {
        let part = |field: &str| object.get(field).map_or("", text);
        let name = part("table_name");
        let lower = name.to_ascii_lowercase();
        let (catalog, schema) = (part("catalog_name"), part("schema_name").to_ascii_lowercase());
        let is_named = schema.is_empty() && self.named.contains(&lower);
        if catalog.is_empty() && (is_named || self.tables.has(&schema, &lower)) {
            return self.fields(object);
        }
        let path: Vec<_> =
            [part("catalog_name"), part("schema_name"), name].into_iter().filter(|part| !part.is_empty()).collect();
        Err(Unasked::Unknown(self.tables.unknown(&path.join("."))))
    }

    fn table_function(&mut self, object: &Object) -> Result<(), Unasked> {
        let function = object
            .get("function")
            .and_then(Value::as_object)
            .ok_or_else(|| "a table function is not understood".to_owned())?;
        let name = function.get("function_name").map_or("", text).to_ascii_lowercase();
        if !functions::TABLES.contains(&name.as_str()) {
            return Err(format!(
                "rows cannot come from the function {name}: they may come from {}",
                functions::TABLES.join(", ")
            )
            .into());
        }
        self.fields(function)
    }

    /// `DESCRIBE` and `SUMMARIZE` of what may be asked. `SHOW TABLES` stands alone: within a query the engine would answer it,
    /// which knows not what may be asked.
    fn show(&mut self, object: &Object) -> Result<(), Unasked> {
        let part = |field: &str| object.get(field).map_or("", text);
        let shown = object.get("query").filter(|query| query.is_object());
        match (part("show_type"), shown) {
            ("DESCRIBE" | "SUMMARY", Some(query)) => self.value(query),
            _ if shows_tables(object) => Err("SHOW TABLES must stand alone".to_owned().into()),
            _ => Err("only SHOW TABLES, DESCRIBE a_table and SUMMARIZE a_table show what there is".to_owned().into()),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}
