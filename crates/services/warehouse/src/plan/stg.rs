//! Tables of STG: messages as they came, the rows made of them, and what is kept beside them.

use playhead_ports::{Field, FieldType};

use super::planner::Columns;
use super::rowset::Rowset;
use super::system;
use super::{FeedPlan, Kind, Layer, Origin, StageField, StageOf, StagePlan, TablePlan};
use crate::spec::{Source, Spec};

/// The fields that a message has besides its identity, as they are staged and kept.
const MESSAGE: [(&str, FieldType, Origin, &str); 12] = [
    (system::MESSAGE, FieldType::Bytes, Origin::Message, "Hash of the message's identity"),
    (system::VERSION, FieldType::Int, Origin::Version, "Orders the versions of a message"),
    (system::CONTENT, FieldType::Bytes, Origin::Content, "Hash of the message's bytes"),
    (system::EVENT_TIME, FieldType::Time, Origin::EventTime, "When it happened"),
    (system::LOAD_TIME, FieldType::Time, Origin::LoadTime, "When it was loaded"),
    (system::RECORD_SOURCE, FieldType::Text, Origin::RecordSource, "Where it came from"),
    (system::TOPIC, FieldType::Text, Origin::Topic, "The topic or file"),
    (system::PARTITION, FieldType::Int, Origin::Partition, "The partition"),
    (system::OFFSET, FieldType::Int, Origin::Offset, "The offset or line"),
    (system::PAYLOAD, FieldType::Bytes, Origin::Payload, "The message's bytes"),
    (system::HEADERS, FieldType::Text, Origin::Headers, "The message's headers"),
    ("_source", FieldType::Text, Origin::Named, "The source in the spec"),
];

/// What identifies a version of a message.
const VERSION: [&str; 3] = [system::MESSAGE, system::VERSION, system::CONTENT];

/// Where a message lies.
const COORDINATES: [&str; 3] = [system::TOPIC, system::PARTITION, system::OFFSET];

/// What is kept of a message that waits or is rejected, besides what its table has of its own.
const OF_BROKEN: [&str; 7] =
    ["_source", system::TOPIC, system::PARTITION, system::OFFSET, system::LOAD_TIME, system::PAYLOAD, system::HEADERS];

pub(super) fn message_stage(name: &str, source: &Source) -> StagePlan {
    let own = own_columns(source).map(|column| StageField {
        field: Field { name: column.clone(), of: identity_type(source, column) },
        origin: Origin::Column(column.clone()),
    });
    let system = message_fields().map(|(name, of, origin, _)| StageField {
        field: Field { name: (*name).to_owned(), of: *of },
        origin: origin.clone(),
    });
    let fields = own.chain(system).collect();
    StagePlan { of: StageOf::Messages, rows: name.to_owned(), name: format!("message_{name}"), fields }
}

pub(super) fn message_tables(spec: &Spec, name: &str, source: &Source) -> [TablePlan; 2] {
    let mut columns = Columns::default();
    for column in own_columns(source) {
        columns.add(column, identity_type(source, column), true, own_comment(source, column));
    }
    for (name, of, _, comment) in message_fields() {
        columns.add(name, *of, *name == system::HEADERS, comment);
    }
    let table = |kind, table_name: String, unique: &[&str], comment: String| TablePlan {
        layer: Layer::Stg,
        kind,
        schema: spec.pipeline.schemas.stg.clone(),
        name: table_name,
        columns: columns.0.clone(),
        unique: owned(unique),
        indexes: Vec::new(),
        feeds: vec![feed(name, &format!("message_{name}"))],
        comment,
    };
    [
        table(Kind::History, format!("{name}_history"), &VERSION, format!("Every version of each message of {name}")),
        table(Kind::Messages, name.to_owned(), &VERSION[..1], format!("The newest version of each message of {name}")),
    ]
}

/// Where a load notes which versions of its messages were the newest before, and are the newest now.
pub(super) fn version_work(name: &str) -> [StagePlan; 2] {
    ["known", "newest"].map(|prefix| {
        let fields = VERSION.iter().filter_map(|name| MESSAGE.iter().find(|field| field.0 == *name));
        let fields = fields.map(|(name, of, origin, _)| StageField {
            field: Field { name: (*name).to_owned(), of: *of },
            origin: origin.clone(),
        });
        let name_of = format!("{prefix}_{name}");
        StagePlan { of: StageOf::Work, rows: name.to_owned(), name: name_of, fields: fields.collect() }
    })
}

pub(super) fn rows_table(spec: &Spec, name: &str, rowset: &Rowset<'_>) -> TablePlan {
    let mut columns = Columns::default();
    for field in &rowset.fields {
        let is_system = field.field.name.starts_with('_') && !matches!(field.origin, Origin::Column(_));
        let is_hash = matches!(field.origin, Origin::HashKey(_) | Origin::Hashdiff(_) | Origin::SetHash { .. });
        let nullable = !is_system || is_hash || field.field.name == system::RECORD_SOURCE;
        columns.add(&field.field.name, field.field.of, nullable, "");
    }
    columns.add(system::IS_NEWEST, FieldType::Bool, false, "Whether it is of the newest version of its message");
    let unique = [system::MESSAGE, system::VERSION, system::CONTENT, system::PLACE];
    TablePlan {
        layer: Layer::Stg,
        kind: Kind::Rows,
        schema: spec.pipeline.schemas.stg.clone(),
        name: format!("{}_{name}", spec.pipeline.name),
        columns: columns.0,
        unique: owned(&unique),
        indexes: rowset.indexes.clone(),
        feeds: vec![feed(name, &format!("stage_{name}"))],
        comment: format!("The rows of {name}, of every version of every message of {}", rowset.source_name),
    }
}

/// Pins, waiting messages or rejects: what is staged is what is kept.
struct Shared {
    of: StageOf,
    kind: Kind,
    name: &'static str,
    fields: Vec<(&'static str, FieldType)>,
    unique: &'static [&'static str],
    comment: &'static str,
}

fn shared() -> [Shared; 3] {
    let version = [(VERSION[0], FieldType::Bytes), (VERSION[1], FieldType::Int), (VERSION[2], FieldType::Bytes)];
    let broken = || MESSAGE.iter().filter(|(name, ..)| OF_BROKEN.contains(name)).map(|(name, of, ..)| (*name, *of));
    let pins = [
        ("dictionary", FieldType::Text),
        ("id", FieldType::Text),
        ("entry", FieldType::Text),
        (system::LOAD_TIME, FieldType::Time),
    ];
    let waiting = [("missing", FieldType::Text), ("deadline", FieldType::Time)];
    let rejects = [("stage", FieldType::Text), ("reason", FieldType::Text)];
    [
        Shared {
            of: StageOf::Pins,
            kind: Kind::Pins,
            name: "pins",
            fields: version.into_iter().chain(pins).collect(),
            unique: &[VERSION[0], VERSION[1], VERSION[2], "dictionary", "id"],
            comment: "What dictionaries said when a message was first processed",
        },
        Shared {
            of: StageOf::Waiting,
            kind: Kind::Waiting,
            name: "waiting",
            fields: version.into_iter().chain(broken()).chain(waiting).collect(),
            unique: &COORDINATES,
            comment: "Messages that wait for an id that a dictionary does not know yet",
        },
        Shared {
            of: StageOf::Rejects,
            kind: Kind::Rejects,
            name: "rejects",
            fields: broken().chain(rejects).collect(),
            unique: &COORDINATES,
            comment: "Messages that are not loaded, and why",
        },
    ]
}

pub(super) fn shared_stages() -> Vec<StagePlan> {
    let stage = |shared: Shared| {
        let field = |(name, of): (&str, FieldType)| StageField {
            field: Field { name: name.to_owned(), of },
            origin: Origin::Named,
        };
        let fields = shared.fields.into_iter().map(field).collect();
        StagePlan { of: shared.of, rows: String::new(), name: shared.name.to_owned(), fields }
    };
    shared().map(stage).into()
}

pub(super) fn shared_tables(spec: &Spec) -> Vec<TablePlan> {
    let table = |shared: Shared| {
        let mut columns = Columns::default();
        for (name, of) in shared.fields {
            columns.add(name, of, !shared.unique.contains(&name), "");
        }
        TablePlan {
            layer: Layer::Stg,
            kind: shared.kind,
            schema: spec.pipeline.schemas.stg.clone(),
            name: format!("{}_{}", spec.pipeline.name, shared.name),
            columns: columns.0,
            unique: owned(shared.unique),
            indexes: Vec::new(),
            feeds: vec![feed("", shared.name)],
            comment: shared.comment.to_owned(),
        }
    };
    shared().map(table).into()
}

fn message_fields() -> impl Iterator<Item = &'static (&'static str, FieldType, Origin, &'static str)> {
    MESSAGE.iter().filter(|(_, _, origin, _)| *origin != Origin::Named)
}

/// The identity, and what the source keeps besides.
fn own_columns(source: &Source) -> impl Iterator<Item = &String> {
    let kept = source.keep.iter().filter(|column| !source.identity.contains(column));
    source.identity.iter().chain(kept)
}

fn own_comment<'a>(source: &'a Source, column: &str) -> &'a str {
    let comment = source.columns.get(column).map_or("", |column| column.comment.as_str());
    if comment.is_empty() && source.identity.iter().any(|of| of == column) { "Identity" } else { comment }
}

fn identity_type(source: &Source, column: &str) -> FieldType {
    source.columns.get(column).map_or(FieldType::Text, |column| column.of.0)
}

fn feed(rows: &str, stage: &str) -> FeedPlan {
    FeedPlan { rows: rows.to_owned(), stage: stage.to_owned(), fields: [].into() }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
