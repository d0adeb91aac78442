//! A picture of a pipeline, in Mermaid's language: sources, hubs, links, what describes them, and marts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::plan::{Kind, Layer, Plan, TablePlan};
use crate::spec::Spec;

/// The flowchart of a pipeline.
pub fn picture(spec: &Spec, plan: &Plan) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut edges = BTreeSet::new();
    for (layer, title) in [(Layer::Stg, "stg"), (Layer::Dds, "dds"), (Layer::Cdm, "cdm")] {
        line(&mut text, format_args!("  subgraph {title}"));
        if layer == Layer::Stg {
            for (name, source) in &spec.source {
                let from = source.topic.as_deref().unwrap_or("files");
                line(&mut text, format_args!("    {}[[\"{name}<br/>{from}\"]]", id("source", name)));
            }
        }
        for table in plan.tables.iter().filter(|table| table.layer == layer && is_drawn(table.kind)) {
            line(&mut text, format_args!("    {}{}", id("table", &table.name), shape(table)));
            edges.extend(into(spec, table));
        }
        line(&mut text, format_args!("  end"));
    }
    for edge in edges {
        line(&mut text, format_args!("  {edge}"));
    }
    text
}

/// What kinds of tables a picture shows; those that every pipeline has would only hide the others.
fn is_drawn(kind: Kind) -> bool {
    !matches!(kind, Kind::Messages | Kind::History | Kind::Rows | Kind::Pins | Kind::Waiting | Kind::Rejects)
}

fn shape(table: &TablePlan) -> String {
    let name = &table.name;
    match table.kind {
        Kind::Hub => format!("((\"{name}\"))"),
        Kind::Link | Kind::TransactionalLink | Kind::SameAsLink | Kind::HierarchicalLink => format!("{{\"{name}\"}}"),
        Kind::Mart => format!("[(\"{name}\")]"),
        Kind::Tags => format!(">\"{name}\"]"),
        _ => format!("[\"{name}\"]"),
    }
}

/// The arrows that belong to a table.
fn into(spec: &Spec, table: &TablePlan) -> Vec<String> {
    let to = id("table", &table.name);
    let name = table.name.as_str();
    let links = [&spec.link, &spec.same_as_link, &spec.hierarchical_link];
    let link = links.iter().find_map(|links| links.get(name));
    let link = link.or_else(|| spec.transactional_link.get(name).map(|link| &link.link));
    let parent = spec.satellite.get(name).map(|of| &of.parent);
    let parent = parent.or_else(|| spec.multi_active_satellite.get(name).map(|of| &of.satellite.parent));
    let parent = parent.or_else(|| spec.effectivity_satellite.get(name).map(|of| &of.parent));
    let mut edges = Vec::new();
    if let Some(link) = link {
        edges.extend(link.keys.values().map(|key| format!("{to} --- {}", id("table", &key.hub))));
    } else if let Some(parent) = parent {
        edges.push(format!("{to} -.- {}", id("table", parent)));
    } else {
        edges.extend(
            table
                .feeds
                .iter()
                .filter_map(|feed| source_of(spec, &feed.rows))
                .map(|source| format!("{} --> {to}", id("source", source))),
        );
    }
    edges
}

/// The source that a set of rows is made of.
pub(super) fn source_of<'a>(spec: &'a Spec, rows: &'a str) -> Option<&'a str> {
    let mut at = rows;
    // A chain longer than the row sets there are runs in a circle.
    for _ in 0..=spec.rows.len() {
        match spec.rows.get(at) {
            Some(rows) => at = &rows.from,
            None => return spec.source.get_key_value(at).map(|(name, _)| name.as_str()),
        }
    }
    None
}

fn id(kind: &str, name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{kind}_{plain}")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
