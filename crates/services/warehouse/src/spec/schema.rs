//! The JSON Schema of a spec, for editors and for the check of its shape.

use std::sync::LazyLock;

use serde_json::Value;

use super::Spec;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Spec).to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".into(), "A pipeline of Playhead's warehouse".into());
    }
    schema
});

/// The JSON Schema of a spec.
pub fn json_schema() -> Value {
    SCHEMA.clone()
}

/// The same, without a copy.
pub(super) fn schema() -> &'static Value {
    &SCHEMA
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_docs_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/pipeline.schema.json");
        let current = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
        expect_test::expect_file![path].assert_eq(&current);
    }
}
