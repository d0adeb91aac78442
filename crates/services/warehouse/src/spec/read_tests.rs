//! Files that are right, and all that is told of those that are not.

use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expected: Expect) {
    let complaints = match parse("p.toml", text) {
        Ok(_) => "fine".to_owned(),
        Err(complaints) => complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&complaints);
}

fn shipped(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines").join(name);
    if let Err(complaints) = read(&path) {
        panic!("{}", complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn the_shipped_pipeline_of_orders_is_fine() {
    shipped("orders.toml");
}

#[test]
fn a_spec_survives_being_written_and_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines/orders.toml");
    let spec = read(&path).unwrap();
    let text = toml::to_string(&spec).unwrap();
    assert_eq!(parse("again.toml", &text), Ok(spec));
}

#[test]
fn what_is_no_toml_is_told_with_its_lines() {
    check(
        "[pipeline]\nname = \n[source\n",
        expect![[r#"
            p.toml:3: unclosed table, expected `]`
            p.toml:2: string values must be quoted, expected literal string"#]],
    );
}

#[test]
fn a_file_that_is_not_there_is_a_complaint() {
    let complaints = read(Path::new("/nowhere/p.toml")).unwrap_err();
    assert!(complaints[0].to_string().starts_with("/nowhere/p.toml: cannot be read: "), "{complaints:?}");
}

#[test]
fn unknown_keys_wrong_types_and_missing_fields_are_told_at_once() {
    check(
        r#"
[pipeline]
nme = "p"
[vault]
mode = "automate"
[source.s]
topic = 3
columns.a = { type = "decimal(99,2)", requred = true, derive = { uper = "b" } }
columns.b = { bytes_max = -1 }
[hub.h]
from = "s"
[links.l]
"#,
        expect![[r#"
            p.toml:2: pipeline: "name" is missing
            p.toml:3: pipeline.nme: there is no such key; did you mean "name"?
            p.toml:5: vault.mode: must be one of "safe", "automate_dv"; did you mean "automate_dv"?
            p.toml:7: source.s.topic: must be a text
            p.toml:8: source.s.columns.a.derive: must have one of "column", "literal", "coalesce", "concat", "lower", "upper", "trim", "day", "sum", "less", "product", "uuid", "hash_key", "hashdiff"; did you mean "upper"?
            p.toml:8: source.s.columns.a.requred: there is no such key; did you mean "required"?
            p.toml:8: source.s.columns.a.type: "decimal(99,2)" is no type: text, int, float, decimal(P,S), bool, date, time, bytes or json
            p.toml:9: source.s.columns.b.bytes_max: is beyond what it may be
            p.toml:10: hub.h: "key" is missing
            p.toml:11: hub.h.from: must be a list
            p.toml:12: links: there is no such key; did you mean "link"?"#]],
    );
}
