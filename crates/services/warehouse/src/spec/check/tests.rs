//! What is wrong with specs whose shape is right.

use expect_test::{Expect, expect};

use crate::spec::parse;

const GOOD: &str = r#"
pipeline.name = "p"
[source.s]
topic = "t"
identity = ["id"]
columns = { id = {}, n = { type = "int" }, at = { type = "time" }, other = {} }
[hub.h]
from = ["s"]
key = ["id"]
"#;

fn check(text: &str, expected: Expect) {
    let complaints = match parse("p.toml", &format!("{GOOD}{text}")) {
        Ok(_) => "fine".to_owned(),
        Err(complaints) => complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&complaints);
}

#[test]
fn a_spec_with_nothing_wrong_is_fine() {
    check("", expect!["fine"]);
}

#[test]
fn names_and_tables() {
    check(
        r#"
[link.h]
from = ["s"]
keys = { a_pk = { hub = "h" }, b_pk = { hub = "h", key = ["other"] } }
[mart._m]
from = "s"
key = ["id"]
measures = { id = "count" }
"#,
        expect![[r#"
            p.toml:11: link.h: hub.h makes a table "h" in the schema "dds", too
            p.toml:14: mart._m: names that begin with _ are the plan's own
            p.toml:17: mart._m.measures.id: is in the key"#]],
    );
}

#[test]
fn sources() {
    check(
        r#"
[source.both]
topic = "T"
staged = true
version = "a"
event_time = "x"
columns = { a = {}, b = { lookup = { dictionary = "d", by = "a", path = "p" } }, c = { numbers = true, type = "int" } }
[source.facts]
format = "watch"
identity = []
columns = { usr_id = {}, m = { path = "mark", type = "int", min = "x", max = 3 } }
where = [{ column = "m", equals = "1", not = "2" }]
"#,
        expect![[r#"
            p.toml:12: source.both.topic: must be 1 to 200 characters of a-z, 0-9, '.', '_' and '-'
            p.toml:13: source.both.staged: rows of a topic are not staged already: give one of the two
            p.toml:14: source.both.version: "a" must be an int, a time or a date
            p.toml:15: source.both.event_time: there is no column "x"
            p.toml:16: source.both.columns.b.lookup: a message is kept whatever dictionaries know: look up in rows made of it
            p.toml:16: source.both.columns.b.lookup.dictionary: there is no dictionary "d"
            p.toml:16: source.both.columns.c.numbers: is of texts alone
            p.toml:19: source.facts.identity: must not be empty
            p.toml:20: source.facts.columns.m.min: a text is a limit of days and times alone
            p.toml:20: source.facts.columns.usr_id: there is no field of a fact "usr_id"; did you mean "user_id"?
            p.toml:21: source.facts.where.0: give one of equals, not, in, null, at_least and at_most"#]],
    );
}

#[test]
fn rows_and_columns() {
    check(
        r#"
[dictionary.d]
id = "id"
[rows.a]
from = "b"
[rows.b]
from = "a"
[rows.c]
from = "s"
unique = ["id"]
columns.n = { path = "a..b" }
columns.x = { derive = { column = "y" }, path = "x" }
columns.y = { derive = { lower = "x" } }
columns.z = { type = "int", derive = { sum = ["id", "n"] } }
columns.l = { lookup = { dictionary = "e", by = "id", path = "p" } }
columns.k = { lookup = { dictionary = "d", by = "l", path = "p", within = "w" } }
columns.d = { derive = { day = "n" } }
"#,
        expect![[r#"
            p.toml:14: rows.a.from: rows are made of themselves in a circle, or of none
            p.toml:16: rows.b.from: rows are made of themselves in a circle, or of none
            p.toml:19: rows.c.unique: tells elements of an array apart: give `each`
            p.toml:20: rows.c.columns.n: s has a column of that name
            p.toml:20: rows.c.columns.n.path: must be names joined by dots
            p.toml:21: rows.c.columns.x: give one of path, lookup and derive
            p.toml:21: rows.c.columns.x: is made of itself in a circle
            p.toml:22: rows.c.columns.y: is made of itself in a circle
            p.toml:23: rows.c.columns.z.derive: "id" is no number
            p.toml:24: rows.c.columns.l.lookup.dictionary: there is no dictionary "e"
            p.toml:25: rows.c.columns.k.lookup: give both within and matching, or neither
            p.toml:25: rows.c.columns.k.lookup.by: an id does not come from a dictionary itself
            p.toml:26: rows.c.columns.d.derive: "n" must be a time, and the column a date"#]],
    );
}

#[test]
fn vaults() {
    check(
        r#"
[link.l]
from = ["s", "sx"]
keys = { a_pk = { hub = "h" }, b_pk = { hub = "hh" }, c_pk = { hub = "h", key = ["id", "n"] } }
dependent = ["nn"]
[satellite.sat]
from = [{ rows = "s", columns = { name = "othr" } }]
parent = "hub"
payload = []
[multi_active_satellite.ma]
from = ["s"]
parent = "h"
child_key = ["n"]
payload = ["n", "other"]
[effectivity_satellite.e]
from = ["s"]
parent = "l"
driving = ["a_pk", "b_pk", "c_pk"]
start = "x"
end = "x"
[pit.pt]
hub = "h"
satellites = ["sat", "no"]
as_of = { rows = "s", column = "nope" }
[bridge.b]
hub = "h"
walk = [{ link = "l", enters = "b_pk", leaves = "no" }]
as_of = { rows = "table:dates", column = "d" }
"#,
        expect![[r#"
            p.toml:12: link.l.from.1: there is no source or row set "sx"; did you mean "s"?
            p.toml:13: link.l.keys.b_pk: there is no hub "hh"; did you mean "h"?
            p.toml:13: link.l.keys.c_pk: h has 1 columns in its key, not 2
            p.toml:14: link.l.dependent: there is no column "nn"; did you mean "n"?
            p.toml:16: satellite.sat.from.0: there is no column of s "othr"; did you mean "other"?
            p.toml:17: satellite.sat.parent: there is no hub or link "hub"; did you mean "h"?
            p.toml:18: satellite.sat.payload: must not be empty
            p.toml:23: multi_active_satellite.ma.payload: "n" is in the child key
            p.toml:27: effectivity_satellite.e.driving: must leave a key that changes
            p.toml:29: effectivity_satellite.e.end: must not be the column that it begins with
            p.toml:32: pit.pt.satellites: "sat" describes hub, not h
            p.toml:32: pit.pt.satellites: there is no satellite "no"
            p.toml:33: pit.pt.as_of: there is no column "nope"; did you mean "n"?
            p.toml:36: bridge.b.walk.0: "b_pk" does not come from h
            p.toml:36: bridge.b.walk.0: there is no key of l "no""#]],
    );
}

#[test]
fn marts() {
    check(
        r#"
[mart.m]
from = "s"
where = [{ column = "other", at_least = 3 }]
key = ["id", "id"]
measures = { total = { sum = "other" }, last = { last = "n" }, c = { count_distinct = "idd" } }
[mart.m.tag.t]
measure = "last"
at_least = 0
by = "n"
[mart.of]
from = "mart:of"
key = ["id"]
measures = { c = "count" }
"#,
        expect![[r#"
            p.toml:13: mart.m.where.0: "other" is no number
            p.toml:14: mart.m.key: "id" is there twice
            p.toml:15: mart.m.measures.c: there is no column "idd"; did you mean "id"?
            p.toml:15: mart.m.measures.total: "other" is no number
            p.toml:16: mart.m.tag.t: a threshold is at least 1
            p.toml:17: mart.m.tag.t.measure: must be a count or a count_distinct
            p.toml:19: mart.m.tag.t.by: there is no column of the key "n"
            p.toml:21: mart.of.from: there is no source, row set or other mart "mart:of"; did you mean "mart:of"?"#]],
    );
}

#[test]
fn the_specs_of_the_vault_cases_are_fine() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vault");
    let mut specs = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let cases: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        for (name, text) in cases["spec"].as_table().unwrap() {
            if let Err(complaints) = parse(&format!("{}:{name}", path.display()), text.as_str().unwrap()) {
                panic!("{}", complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
            specs += 1;
        }
    }
    assert!(specs > 10, "{specs}");
}

#[test]
fn hashes_their_order_and_loads() {
    check(
        r#"
[source.staged]
staged = true
loads = "day"
columns = { id = {}, k = { type = "int", derive = { hash_key = ["id"] } }, d = { derive = { hashdiff = [] } } }
[rows.r]
from = "s"
or_nothing = true
[link.l]
from = ["s"]
keys = { a_pk = { hub = "h" }, b_pk = { hub = "h", key = ["other"] } }
dependent = ["n"]
order = ["n", "b_pk", "a_kp"]
"#,
        expect![[r#"
            p.toml:13: source.staged.loads: is of staged rows with a load_time alone
            p.toml:14: source.staged.columns.d.derive: must be made of a column
            p.toml:14: source.staged.columns.k.derive: a hash is bytes or text
            p.toml:17: rows.r.or_nothing: is of the elements of an array: give `each`
            p.toml:22: link.l.order: "a_pk" is missing
            p.toml:22: link.l.order: there is no key or dependent column "a_kp"; did you mean "a_pk"?"#]],
    );
}
