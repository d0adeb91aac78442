//! What a spec and its plan ask of messages, with places instead of names: made once, run for every message.

use std::collections::BTreeMap;

use playhead_ports::{DictionaryKey, FieldType, Staged};
use smol_str::SmolStr;

use super::fields::FieldProgram;
use super::time;
use super::value::{Limit, Wanted};
use crate::hash::in_order as in_order_of_names;
use crate::plan::{Plan, StageOf, StagePlan};
use crate::spec::{
    Bound, Column, Condition, Derive, Dictionary, Format, Loads, Lookup, Miss, Mode, Source, Spec, VaultRules,
};

/// The longest message where nothing else is said, bytes.
const MESSAGE_BYTES_MAX: usize = 8 << 20;
/// Event times and versions of messages are of the years 1970 to 2199 where nothing else is said.
const EVENT_TIME_MAX: (f64, &str) = (7_258_118_399_999_999.0, "2199-12-31 23:59:59.999999");

/// What is asked of the messages of a source.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) is_staged: bool,
    pub(super) loads: Loads,
    pub(super) bytes_max: usize,
    pub(super) rules: VaultRules,
    /// The source itself, and the row sets made of it, each after the one that it is made of.
    pub(super) sets: Vec<SetProgram>,
    pub(super) identity: Vec<usize>,
    pub(super) version: Option<usize>,
    pub(super) event_time: Option<usize>,
    pub(super) load_time: Option<usize>,
    pub(super) record_source: Option<usize>,
    pub(super) messages: Option<StageProgram>,
    pub(super) asks_dictionaries: bool,
}

/// A row set.
#[derive(Debug)]
pub(super) struct SetProgram {
    pub(super) parent: usize,
    pub(super) each: Option<Path>,
    /// Whether no element makes a row of nothing.
    pub(super) or_nothing: bool,
    pub(super) filter: Vec<Test>,
    /// How many of its columns the filter waits for.
    pub(super) before_filter: usize,
    pub(super) unique: Vec<usize>,
    /// Its own columns, each after those that it is made of. Inherited ones stand before them in a row.
    pub(super) columns: Vec<ColumnProgram>,
    /// The names and types of all columns.
    pub(super) names: Vec<String>,
    pub(super) types: Vec<FieldType>,
    pub(super) stage: Option<StageProgram>,
}

/// A temporary table.
#[derive(Debug)]
pub(super) struct StageProgram {
    pub(super) empty: Staged,
    pub(super) fields: Vec<FieldProgram>,
}

/// Names of fields, one in the other; `.` is the value itself.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) shown: String,
    pub(super) names: Vec<String>,
}

impl Path {
    fn of(text: &str) -> Self {
        let names = if text == "." { Vec::new() } else { text.split('.').map(str::to_owned).collect() };
        Self { shown: text.to_owned(), names }
    }
}

#[derive(Debug)]
pub(super) struct ColumnProgram {
    pub(super) name: String,
    pub(super) wanted: Wanted,
    pub(super) how: How,
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum How {
    Path(Path),
    Lookup(LookupProgram),
    Derive(DeriveProgram),
}

#[derive(Debug)]
pub(super) struct LookupProgram {
    pub(super) dictionary: SmolStr,
    pub(super) by: usize,
    pub(super) path: Path,
    pub(super) within: Option<Path>,
    pub(super) matching: Vec<(String, usize)>,
    pub(super) on_miss: Miss,
}

impl LookupProgram {
    pub(super) fn key(&self, id: &str) -> DictionaryKey {
        DictionaryKey { dictionary: self.dictionary.clone(), id: SmolStr::new(id) }
    }
}

#[derive(Debug)]
pub(super) enum DeriveProgram {
    Column(usize),
    Literal(String),
    Coalesce(Vec<usize>),
    Concat(Vec<usize>, String),
    Lower(usize),
    Upper(usize),
    Trim(usize),
    Day(usize),
    Sum(Vec<usize>),
    Less(usize, usize),
    Product(Vec<usize>),
    Uuid(Vec<usize>),
    Hash(HashProgram),
}

#[derive(Debug)]
pub(super) struct HashProgram {
    pub(super) rules: VaultRules,
    pub(super) of: Vec<usize>,
    /// Whether it is there even of nothing.
    pub(super) is_diff: bool,
    /// Whether it is text.
    pub(super) is_text: bool,
}

/// A condition.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) column: usize,
    pub(super) is: Is,
}

#[derive(Debug)]
pub(super) enum Is {
    Equal(String),
    Not(String),
    OneOf(Vec<String>),
    Null(bool),
    AtLeast(f64),
    AtMost(f64),
}

impl Program {
    pub(super) fn of(spec: &Spec, plan: &Plan, name: &str, source: &Source) -> Self {
        let bounded: &[&Option<String>] = if source.staged { &[] } else { &[&source.event_time, &source.version] };
        let bounded: Vec<&str> = bounded.iter().filter_map(|column| column.as_deref()).collect();
        let maker = Maker { spec, is_staged: source.staged, bounded };
        let root = maker.set(
            0,
            &[],
            &[],
            &source.columns,
            (None, false),
            &source.filter,
            &[],
            plan.stage(StageOf::Rows, name),
        );
        let mut sets = vec![root];
        let mut made = vec![name.to_owned()];
        // Each row set after the one that it is made of.
        while let Some((of, rows)) = spec.rows.iter().find(|(of, rows)| !made.contains(of) && made.contains(&rows.from))
        {
            let parent = made.iter().position(|made| *made == rows.from).unwrap_or(0);
            let stage = plan.stage(StageOf::Rows, of);
            let (names, types) = (sets[parent].names.clone(), sets[parent].types.clone());
            let each = (rows.each.as_deref(), rows.or_nothing);
            sets.push(maker.set(parent, &names, &types, &rows.columns, each, &rows.filter, &rows.unique, stage));
            made.push(of.clone());
        }
        let place = |column: &Option<String>| column.as_ref().and_then(|column| sets[0].place(column));
        let asks = |column: &ColumnProgram| matches!(column.how, How::Lookup(_));
        Self {
            name: name.to_owned(),
            format: source.format,
            is_staged: source.staged,
            loads: source.loads,
            bytes_max: source.bytes_max.unwrap_or(MESSAGE_BYTES_MAX),
            rules: spec.vault,
            identity: source.identity.iter().filter_map(|column| sets[0].place(column)).collect(),
            version: place(&source.version),
            event_time: place(&source.event_time),
            load_time: place(&source.load_time),
            record_source: place(&source.record_source),
            messages: plan
                .stage(StageOf::Messages, name)
                .map(|stage| StageProgram::of(stage, &sets[0].names, spec.vault.mode)),
            asks_dictionaries: sets.iter().flat_map(|set| &set.columns).any(asks),
            sets,
        }
    }
}

impl SetProgram {
    pub(super) fn place(&self, column: &str) -> Option<usize> {
        place(&self.names, column)
    }
}

impl StageProgram {
    fn of(stage: &StagePlan, names: &[String], mode: Mode) -> Self {
        let fields = stage.fields.iter().map(|field| FieldProgram::of(field, stage, names, mode)).collect();
        Self { empty: stage.empty(), fields }
    }
}

/// Where a column stands in a row; its own goes before an inherited one.
pub(super) fn place(names: &[String], column: &str) -> Option<usize> {
    names.iter().rposition(|name| name == column)
}

struct Maker<'a> {
    spec: &'a Spec,
    is_staged: bool,
    /// Columns whose times are bounded where nothing else is said.
    bounded: Vec<&'a str>,
}

impl Maker<'_> {
    #[expect(clippy::too_many_arguments, reason = "a source and a row set are the same but for these")]
    fn set(
        &self,
        parent: usize,
        names: &[String],
        types: &[FieldType],
        columns: &BTreeMap<String, Column>,
        (each, or_nothing): (Option<&str>, bool),
        filter: &[Condition],
        unique: &[String],
        stage: Option<&StagePlan>,
    ) -> SetProgram {
        let first: Vec<&str> = filter.iter().map(|test| test.column.as_str()).collect();
        let order = in_order(columns, &first);
        let mut all = names.to_vec();
        all.extend(order.iter().map(|name| (*name).to_owned()));
        let types: Vec<FieldType> = types.iter().copied().chain(order.iter().map(|name| columns[*name].of.0)).collect();
        let places = |of: &[String]| of.iter().filter_map(|column| place(&all, column)).collect();
        let before_filter = order.iter().rposition(|column| first.contains(column)).map_or(0, |at| at + 1);
        SetProgram {
            parent,
            each: each.map(Path::of),
            or_nothing,
            filter: filter.iter().flat_map(|test| tests(test, &all)).collect(),
            before_filter,
            unique: places(unique),
            columns: order.iter().map(|name| self.column(name, &columns[*name], &all)).collect(),
            stage: stage.map(|stage| StageProgram::of(stage, &all, self.spec.vault.mode)),
            names: all,
            types,
        }
    }

    fn column(&self, name: &str, column: &Column, names: &[String]) -> ColumnProgram {
        let how = match (&column.lookup, &column.derive) {
            (Some(lookup), _) => How::Lookup(self.lookup(lookup, names)),
            (None, Some(derive)) => How::Derive(self.derived(derive, names, column.of.0)),
            (None, None) => How::Path(match &column.path {
                Some(path) => Path::of(path),
                None => Path { shown: name.to_owned(), names: vec![name.to_owned()] },
            }),
        };
        let is_bounded = self.bounded.contains(&name) && column.of.0 == FieldType::Time;
        let limit = |bound: &Option<Bound>, default: (f64, &str)| match bound {
            Some(bound) => Some(limit(bound)),
            None => is_bounded.then(|| Limit { at: default.0, shown: default.1.to_owned() }),
        };
        let wanted = Wanted {
            of: column.of.0,
            is_required: column.required,
            bytes_max: column.bytes_max.unwrap_or(usize::MAX),
            numbers: column.numbers,
            reads_texts: self.is_staged,
            one_of: column.one_of.clone(),
            min: limit(&column.min, (0.0, "1970-01-01 00:00:00")),
            max: limit(&column.max, EVENT_TIME_MAX),
        };
        ColumnProgram { name: name.to_owned(), wanted, how }
    }

    fn derived(&self, derive: &Derive, names: &[String], of: FieldType) -> DeriveProgram {
        let one = |column: &String| place(names, column).unwrap_or(0);
        let several = |columns: &[String]| columns.iter().map(one).collect();
        let rules = self.spec.vault;
        let hash = |of_columns: Vec<usize>, is_diff: bool| {
            DeriveProgram::Hash(HashProgram { rules, of: of_columns, is_diff, is_text: of != FieldType::Bytes })
        };
        match derive {
            Derive::Column(column) => DeriveProgram::Column(one(column)),
            Derive::Literal(text) => DeriveProgram::Literal(text.clone()),
            Derive::Coalesce(columns) => DeriveProgram::Coalesce(several(columns)),
            Derive::Concat { columns, separator } => DeriveProgram::Concat(several(columns), separator.clone()),
            Derive::Lower(column) => DeriveProgram::Lower(one(column)),
            Derive::Upper(column) => DeriveProgram::Upper(one(column)),
            Derive::Trim(column) => DeriveProgram::Trim(one(column)),
            Derive::Day(column) => DeriveProgram::Day(one(column)),
            Derive::Sum(columns) => DeriveProgram::Sum(several(columns)),
            Derive::Less(first, second) => DeriveProgram::Less(one(first), one(second)),
            Derive::Product(columns) => DeriveProgram::Product(several(columns)),
            Derive::Uuid(columns) => DeriveProgram::Uuid(several(columns)),
            Derive::HashKey(columns) => hash(several(columns), false),
            Derive::Hashdiff(columns) => {
                hash(in_order_of_names(rules.mode, columns).into_iter().map(one).collect(), true)
            }
        }
    }

    fn lookup(&self, lookup: &Lookup, names: &[String]) -> LookupProgram {
        let on_miss = self.spec.dictionary.get(&lookup.dictionary).map(|Dictionary { on_miss, .. }| *on_miss);
        LookupProgram {
            dictionary: SmolStr::new(&lookup.dictionary),
            by: place(names, &lookup.by).unwrap_or(0),
            path: Path::of(&lookup.path),
            within: lookup.within.as_deref().map(Path::of),
            matching: lookup
                .matching
                .iter()
                .filter_map(|(field, column)| Some((field.clone(), place(names, column)?)))
                .collect(),
            on_miss: on_miss.unwrap_or_default(),
        }
    }
}

fn limit(bound: &Bound) -> Limit {
    match bound {
        Bound::Number(at) => Limit { at: *at, shown: at.to_string() },
        Bound::Text(text) => {
            let at = if text.len() == 10 { time::day_of(text) } else { time::time_of(text) };
            Limit { at: at.unwrap_or(0) as f64, shown: text.clone() }
        }
    }
}

fn tests(condition: &Condition, names: &[String]) -> Vec<Test> {
    let Some(column) = place(names, &condition.column) else { return Vec::new() };
    let all = [
        condition.equals.clone().map(Is::Equal),
        condition.not.clone().map(Is::Not),
        condition.one_of.clone().map(Is::OneOf),
        condition.null.map(Is::Null),
        condition.at_least.map(Is::AtLeast),
        condition.at_most.map(Is::AtMost),
    ];
    all.into_iter().flatten().map(|is| Test { column, is }).collect()
}

/// The columns that a column is made of.
pub(crate) fn made_of(column: &Column) -> Vec<&str> {
    if let Some(lookup) = &column.lookup {
        return std::iter::once(&lookup.by).chain(lookup.matching.values()).map(String::as_str).collect();
    }
    match &column.derive {
        None | Some(Derive::Literal(_)) => Vec::new(),
        Some(Derive::Column(of) | Derive::Lower(of) | Derive::Upper(of) | Derive::Trim(of) | Derive::Day(of)) => {
            vec![of]
        }
        Some(Derive::Less(first, second)) => vec![first, second],
        Some(
            Derive::Coalesce(of)
            | Derive::Sum(of)
            | Derive::Product(of)
            | Derive::Uuid(of)
            | Derive::HashKey(of)
            | Derive::Hashdiff(of)
            | Derive::Concat { columns: of, .. },
        ) => of.iter().map(String::as_str).collect(),
    }
}

/// The columns, each after those that it is made of, and these ones as early as that allows.
fn in_order<'a>(columns: &'a BTreeMap<String, Column>, first: &[&str]) -> Vec<&'a str> {
    fn put<'a>(name: &str, columns: &'a BTreeMap<String, Column>, depth: usize, order: &mut Vec<&'a str>) {
        let Some((name, column)) = columns.get_key_value(name) else { return };
        // The check has refused circles; one would end here.
        if order.contains(&name.as_str()) || depth > columns.len() {
            return;
        }
        for of in made_of(column) {
            put(of, columns, depth + 1, order);
        }
        order.push(name);
    }
    let mut order = Vec::with_capacity(columns.len());
    for name in first.iter().copied().chain(columns.keys().map(String::as_str)) {
        put(name, columns, 0, &mut order);
    }
    order
}
