//! Marts and their tags.

use playhead_ports::{Field, FieldType};

use super::planner::{Columns, Planner};
use super::{FeedPlan, Kind, Layer, TablePlan};
use crate::spec::{Mart, Measure, Tag};

/// What a mart that is made of another one begins its `from` with.
pub(crate) const OF_MART: &str = "mart:";

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, mart: &'a Mart) {
    let mut columns = Columns::default();
    let source = mart.from.strip_prefix(OF_MART);
    let feed = match source {
        Some(_) => None,
        None => Some(feed(planner, mart)),
    };
    let type_of = |planner: &mut Planner<'a>, column: &str| match source {
        Some(of) => type_in_mart(planner, of, column),
        None => planner.rowset(&mart.from).map_or(FieldType::Text, |rowset| rowset.of(column)),
    };
    for column in &mart.key {
        let of = type_of(planner, column);
        columns.add(column, of, false, "Key");
    }
    for (column, measure) in &mart.measures {
        let of = measure_type(measure, |column| type_of(planner, column));
        columns.add(column, of, true, &measure_comment(measure));
    }
    let key_fields: Vec<Field> = mart.key.iter().map(|key| field(&columns, key, key)).collect();
    planner.push_work(format!("work_{name}"), &mart.from, key_fields);
    // What a touched row was before: its key is null where it is noted only for the marts above it.
    let before = columns.0.iter().map(|column| Field { name: column.name.clone(), of: column.of }).collect();
    if planner.spec.mart.values().any(|other| other.from.strip_prefix(OF_MART) == Some(name)) {
        planner.push_work(format!("before_{name}"), &mart.from, before);
    }
    let key_columns: Vec<_> = columns.0.iter().take(mart.key.len()).cloned().collect();
    push(planner, Kind::Mart, name, columns, mart.key.clone(), feed.clone(), &mart.comment);
    for (table, tag) in &mart.tag {
        plan_tag(planner, table, tag, mart, Columns(key_columns.clone()), feed.clone());
    }
}

fn feed<'a>(planner: &mut Planner<'a>, mart: &'a Mart) -> FeedPlan {
    let measured = mart.measures.values().filter_map(measured);
    let filtered = mart.filter.iter().map(|condition| &condition.column);
    let columns: Vec<&String> = mart.key.iter().chain(measured).chain(filtered).collect();
    if let Some(rowset) = planner.rowset(&mart.from) {
        for column in columns {
            rowset.want_column(column);
        }
        rowset.index(mart.key.clone());
    }
    FeedPlan { rows: mart.from.clone(), stage: format!("stage_{}", mart.from), fields: [].into() }
}

fn plan_tag(
    planner: &mut Planner<'_>,
    name: &str,
    tag: &Tag,
    mart: &Mart,
    mut columns: Columns,
    feed: Option<FeedPlan>,
) {
    columns.add("tag", FieldType::Text, true, &format!("The {} that reached its threshold", tag.by));
    columns.add("threshold", FieldType::Int, false, "What it had to reach");
    let event_time = planner.spec.pipeline.names.event_time.clone();
    columns.add(&event_time, FieldType::Time, false, "When the row happened that reached it");
    let comment = format!("Tags: where {} has reached its threshold", tag.measure);
    push(planner, Kind::Tags, name, columns, mart.key.clone(), feed, &comment);
}

fn push(
    planner: &mut Planner<'_>,
    kind: Kind,
    name: &str,
    columns: Columns,
    unique: Vec<String>,
    feed: Option<FeedPlan>,
    comment: &str,
) {
    let table = TablePlan {
        layer: Layer::Cdm,
        kind,
        schema: planner.schema(Layer::Cdm),
        name: name.to_owned(),
        columns: columns.0,
        unique,
        indexes: Vec::new(),
        feeds: feed.into_iter().collect(),
        comment: comment.to_owned(),
    };
    planner.push(table);
}

fn field(columns: &Columns, column: &str, name: &str) -> Field {
    let of = columns.0.iter().find(|found| found.name == column).map_or(FieldType::Text, |found| found.of);
    Field { name: name.to_owned(), of }
}

/// The column that a measure is of.
pub(crate) fn measured(measure: &Measure) -> Option<&String> {
    match measure {
        Measure::Count => None,
        Measure::CountDistinct(column)
        | Measure::Sum(column)
        | Measure::Last(column)
        | Measure::Min(column)
        | Measure::Max(column) => Some(column),
    }
}

fn measure_type(measure: &Measure, mut type_of: impl FnMut(&str) -> FieldType) -> FieldType {
    match measure {
        Measure::Count | Measure::CountDistinct(_) => FieldType::Int,
        Measure::Sum(column) => match type_of(column) {
            FieldType::Decimal { scale, .. } => FieldType::Decimal { precision: 38, scale },
            other => other,
        },
        Measure::Last(column) | Measure::Min(column) | Measure::Max(column) => type_of(column),
    }
}

fn measure_comment(measure: &Measure) -> String {
    match measure {
        Measure::Count => "How many rows".into(),
        Measure::CountDistinct(column) => format!("How many different {column}"),
        Measure::Sum(column) => format!("Sum of {column}"),
        Measure::Last(column) => format!("{column} of the newest event"),
        Measure::Min(column) => format!("Least {column}"),
        Measure::Max(column) => format!("Greatest {column}"),
    }
}

/// The type of a column of another mart: of its key, or of a measure.
fn type_in_mart(planner: &mut Planner<'_>, name: &str, column: &str) -> FieldType {
    let Some(mart) = planner.spec.mart.get(name) else { return FieldType::Text };
    let mut type_of = |column: &str| match mart.from.strip_prefix(OF_MART) {
        // A chain of marts ends at a row set; the check has refused circles.
        Some(of) => type_in_mart(planner, of, column),
        None => planner.rowset(&mart.from).map_or(FieldType::Text, |rowset| rowset.of(column)),
    };
    match mart.measures.get(column) {
        Some(measure) => measure_type(measure, type_of),
        None => type_of(column),
    }
}
