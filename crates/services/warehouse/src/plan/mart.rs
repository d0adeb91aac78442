//! Marts and their tags.

use playhead_ports::{Field, FieldType};

use super::planner::{Columns, Planner};
use super::system;
use super::{ColumnPlan, FeedPlan, Kind, Layer, TablePlan};
use crate::spec::{Mart, Measure, Tag};

/// What a mart that is made of another one begins its `from` with.
pub(crate) const OF_MART: &str = "mart:";

/// Plans all marts, those that others are made of first.
pub(super) fn plan_all(planner: &mut Planner<'_>) {
    let marts = &planner.spec.mart;
    let mut left: Vec<&String> = marts.keys().collect();
    while !left.is_empty() {
        let waits = |name: &&String| {
            marts[*name].from.strip_prefix(OF_MART).is_some_and(|of| left.iter().any(|left| *left == of))
        };
        let (waiting, ready): (Vec<_>, Vec<_>) = left.iter().copied().partition(waits);
        // A circle is no plan; the check has refused it.
        if ready.is_empty() {
            return;
        }
        for name in ready {
            plan(planner, name, &marts[name]);
        }
        left = waiting;
    }
}

fn plan<'a>(planner: &mut Planner<'a>, name: &str, mart: &'a Mart) {
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
    if let (Some(of), false) = (source, mart.adds_up()) {
        planner.index_mart(of, &mart.key);
    }
    if source.is_some() && mart.adds_up() {
        columns.add(system::ROWS, FieldType::Int, false, "How many rows it is over");
    }
    let as_fields = |columns: &[ColumnPlan]| -> Vec<Field> {
        columns.iter().map(|column| Field { name: column.name.clone(), of: column.of }).collect()
    };
    planner.push_work(format!("work_{name}"), as_fields(&columns.0[..mart.key.len()]));
    planner.push_work(format!("after_{name}"), as_fields(&columns.0));
    if planner.spec.mart.values().any(|other| other.from.strip_prefix(OF_MART) == Some(name)) {
        planner.push_work(format!("before_{name}"), as_fields(&columns.0));
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
    let fields = columns.0.iter().map(|column| Field { name: column.name.clone(), of: column.of }).collect();
    planner.push_work(format!("after_{name}"), fields);
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

impl Mart {
    /// Whether differences can be added to its measures.
    pub(crate) fn adds_up(&self) -> bool {
        self.measures.values().all(|measure| matches!(measure, Measure::Count | Measure::Sum(_)))
    }
}
