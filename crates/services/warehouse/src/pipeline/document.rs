//! The document of a pipeline: one Markdown file with its picture, its tables, their columns, and where their rows come from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use playhead_ports::Dialect;

use super::picture::{picture, source_of};
use crate::plan::{Kind, Layer, Plan, TablePlan};
use crate::spec::Spec;

/// Writes the document. `counts` has the rows of tables, by schema and name, where they are known.
pub fn document(spec: &Spec, plan: &Plan, dialect: Dialect, counts: &BTreeMap<(String, String), u64>) -> String {
    let mut text = format!("# Pipeline `{}`\n\n", plan.pipeline);
    if !spec.pipeline.description.is_empty() {
        let _ = writeln!(text, "{}\n", spec.pipeline.description);
    }
    let _ = writeln!(text, "Written by `playhead warehouse docs`; types are those of {}.\n", dialect.name());
    sources(&mut text, spec);
    let _ = writeln!(text, "```mermaid\n{}```\n", picture(spec, plan));
    for (layer, title) in
        [(Layer::Stg, "STG: messages as they came"), (Layer::Dds, "DDS: the vault"), (Layer::Cdm, "CDM: marts")]
    {
        let _ = writeln!(text, "## {title}\n");
        for of_layer in plan.tables.iter().filter(|table| table.layer == layer) {
            let key = (of_layer.schema.clone(), of_layer.name.clone());
            table(&mut text, spec, of_layer, dialect, counts.get(&key).copied());
        }
    }
    text
}

fn sources(text: &mut String, spec: &Spec) {
    let _ = writeln!(text, "| source | from | identity | version | event time |\n|---|---|---|---|---|");
    for (name, source) in &spec.source {
        let from = match (&source.topic, source.staged) {
            (Some(topic), _) => format!("topic `{topic}`"),
            (None, true) => "staged rows".to_owned(),
            (None, false) => "files".to_owned(),
        };
        let of = |column: &Option<String>, otherwise: &str| column.clone().unwrap_or_else(|| otherwise.to_owned());
        let version = of(&source.version, "order of arrival");
        let event_time = of(&source.event_time, "when it was received");
        let _ = writeln!(text, "| {name} | {from} | {} | {version} | {event_time} |", source.identity.join(", "));
    }
    text.push('\n');
}

fn table(text: &mut String, spec: &Spec, table: &TablePlan, dialect: Dialect, rows: Option<u64>) {
    let _ = writeln!(text, "### {}.{}\n", table.schema, table.name);
    let _ = write!(text, "{}.", kind_name(table.kind));
    if !table.comment.is_empty() {
        let _ = write!(text, " {}.", table.comment.trim_end_matches('.'));
    }
    let mut from: Vec<String> =
        table.feeds.iter().filter(|feed| !feed.rows.is_empty()).map(|feed| origin(spec, &feed.rows)).collect();
    from.dedup();
    if !from.is_empty() {
        let _ = write!(text, " From {}.", from.join(", "));
    }
    if let Some(rows) = rows {
        let _ = write!(text, " {rows} rows.");
    }
    let _ = writeln!(text, "\n\n| column | type | meaning |\n|---|---|---|");
    for column in &table.columns {
        let key = if table.unique.contains(&column.name) { "Key. " } else { "" };
        let fed: Vec<&str> = table
            .feeds
            .iter()
            .map(|feed| feed.field(&column.name))
            .filter(|field| *field != column.name && !field.starts_with('_'))
            .collect();
        let renamed = fed.first().map_or(String::new(), |field| format!(" From `{field}`."));
        let of = dialect.type_name(column.of);
        let _ = writeln!(text, "| {} | {of} | {key}{}{renamed} |", column.name, column.comment);
    }
    text.push('\n');
}

fn origin(spec: &Spec, rows: &str) -> String {
    match source_of(spec, rows) {
        Some(source) if source != rows => format!("`{rows}` of `{source}`"),
        _ => format!("`{rows}`"),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Messages => "The newest version of each message",
        Kind::History => "Every version of each message",
        Kind::Rows => "Rows made of messages",
        Kind::Pins => "What dictionaries said",
        Kind::Waiting => "Waiting messages",
        Kind::Rejects => "Rejected messages",
        Kind::Hub => "Hub",
        Kind::Link => "Link",
        Kind::TransactionalLink => "Transactional link",
        Kind::Satellite => "Satellite",
        Kind::MultiActiveSatellite => "Multi-active satellite",
        Kind::EffectivitySatellite => "Effectivity satellite",
        Kind::RecordTrackingSatellite => "Record tracking satellite",
        Kind::StatusTrackingSatellite => "Status tracking satellite",
        Kind::ExtendedTrackingSatellite => "Extended tracking satellite",
        Kind::SameAsLink => "Same-as link",
        Kind::HierarchicalLink => "Hierarchical link",
        Kind::Reference => "Reference table",
        Kind::Pit => "Point-in-time table",
        Kind::Bridge => "Bridge",
        Kind::Mart => "Mart",
        Kind::Tags => "Tags",
    }
}
