//! Names: of the pipeline, of schemas, tables and columns.

use std::collections::BTreeMap;

use super::Desk;

/// The longest name of a table or column, bytes: PostgreSQL's.
const NAME_MAX: usize = 63;
/// What tables of a pipeline's own are called behind its name.
const OWN: [&str; 3] = ["pins", "waiting", "rejects"];

pub(super) fn check(desk: &mut Desk<'_>) {
    let pipeline = &desk.spec.pipeline;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins_well = pipeline.name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins_well || pipeline.name.len() > 40 || !pipeline.name.chars().all(is_plain) {
        desk.say(&["pipeline", "name"], "must be 1 to 40 characters of a-z, 0-9 and _, a letter first".into());
    }
    let schemas = &pipeline.schemas;
    for (key, name) in [("stg", &schemas.stg), ("dds", &schemas.dds), ("cdm", &schemas.cdm)] {
        named(desk, &["pipeline", "schemas", key], name);
    }
    let names = &pipeline.names;
    let all =
        [("load_time", &names.load_time), ("record_source", &names.record_source), ("event_time", &names.event_time)];
    for (at, (key, name)) in all.iter().enumerate() {
        named(desk, &["pipeline", "names", key], name);
        if all[..at].iter().any(|(_, other)| other == name) {
            desk.say(&["pipeline", "names", key], format!("{name:?} is there twice"));
        }
    }
    tables(desk);
}

/// Complains of a name that a database does not take, or that the plan needs for itself.
pub(super) fn named(desk: &mut Desk<'_>, path: &[&str], name: &str) {
    if name.is_empty() || name.len() > NAME_MAX {
        desk.say(path, format!("a name has 1 to {NAME_MAX} bytes"));
    }
    if name.chars().any(char::is_control) {
        desk.say(path, "a name has no control characters".into());
    }
    if name.starts_with('_') {
        desk.say(path, "names that begin with _ are the plan's own".into());
    }
}

/// All tables of a schema have names of their own.
fn tables(desk: &mut Desk<'_>) {
    let spec = desk.spec;
    let layers = &spec.pipeline.schemas;
    let mut found: BTreeMap<(&str, String), String> = BTreeMap::new();
    let mut all: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for (name, source) in &spec.source {
        if !source.staged {
            all.push((&layers.stg, name.clone(), vec!["source", name]));
            all.push((&layers.stg, format!("{name}_history"), vec!["source", name]));
        }
    }
    for name in spec.source.keys().chain(spec.rows.keys()) {
        let kind = if spec.rows.contains_key(name) { "rows" } else { "source" };
        all.push((&layers.stg, format!("{}_{name}", spec.pipeline.name), vec![kind, name]));
        if spec.rows.contains_key(name) && spec.source.contains_key(name) {
            desk.say(&["rows", name], "there is a source of that name".into());
        }
    }
    all.extend(OWN.map(|own| (layers.stg.as_str(), format!("{}_{own}", spec.pipeline.name), vec!["pipeline", "name"])));
    for (kind, names) in vault_tables(desk) {
        all.extend(names.into_iter().map(|name| (layers.dds.as_str(), name.to_owned(), vec![kind, name])));
    }
    for (name, mart) in &spec.mart {
        all.push((&layers.cdm, name.clone(), vec!["mart", name]));
        all.extend(mart.tag.keys().map(|tag| (layers.cdm.as_str(), tag.clone(), vec!["mart", name, "tag", tag])));
    }
    for (schema, name, path) in all {
        named(desk, &path, &name);
        let key = path.join(".");
        if let Some(other) = found.insert((schema, name.clone()), key.clone()).filter(|other| *other != key) {
            desk.say(&path, format!("{other} makes a table {name:?} in the schema {schema:?}, too"));
        }
    }
}

pub(super) fn vault_tables<'a>(desk: &Desk<'a>) -> Vec<(&'static str, Vec<&'a str>)> {
    fn keys<T>(of: &std::collections::BTreeMap<String, T>) -> Vec<&str> {
        of.keys().map(String::as_str).collect()
    }
    let spec = desk.spec;
    vec![
        ("hub", keys(&spec.hub)),
        ("link", keys(&spec.link)),
        ("transactional_link", keys(&spec.transactional_link)),
        ("same_as_link", keys(&spec.same_as_link)),
        ("hierarchical_link", keys(&spec.hierarchical_link)),
        ("satellite", keys(&spec.satellite)),
        ("multi_active_satellite", keys(&spec.multi_active_satellite)),
        ("effectivity_satellite", keys(&spec.effectivity_satellite)),
        ("record_tracking_satellite", keys(&spec.record_tracking_satellite)),
        ("status_tracking_satellite", keys(&spec.status_tracking_satellite)),
        ("extended_tracking_satellite", keys(&spec.extended_tracking_satellite)),
        ("reference", keys(&spec.reference)),
        ("pit", keys(&spec.pit)),
        ("bridge", keys(&spec.bridge)),
    ]
}
