//! What gathers a plan, table by table: row sets with the fields that are wanted of them, and the tables themselves.

use std::collections::BTreeMap;

use playhead_ports::{Field, FieldType};

use super::rowset::Rowset;
use super::stg;
use super::system;
use super::{ColumnPlan, FeedPlan, Kind, Layer, Origin, Plan, StageField, StageOf, StagePlan, TablePlan};
use crate::spec::{Feed, HashStore, Link, Mode, Spec};

/// A plan in the making.
pub(super) struct Planner<'a> {
    pub(super) spec: &'a Spec,
    rowsets: BTreeMap<String, Rowset<'a>>,
    tables: Vec<TablePlan>,
    work: Vec<StagePlan>,
}

/// The table that another one describes.
pub(super) struct Parent {
    /// The name of its hash key.
    pub(super) hash_key: String,
    /// The columns that are hashed, by hub.
    pub(super) groups: Vec<Vec<String>>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        Self { spec, rowsets: BTreeMap::new(), tables: Vec::new(), work: Vec::new() }
    }

    pub(super) fn is_safe(&self) -> bool {
        self.spec.vault.mode == Mode::Safe
    }

    /// The row set of that name.
    pub(super) fn rowset(&mut self, name: &str) -> Option<&mut Rowset<'a>> {
        if !self.rowsets.contains_key(name) {
            self.rowsets.insert(name.to_owned(), Rowset::find(self.spec, name)?);
        }
        self.rowsets.get_mut(name)
    }

    /// A feed of a table, to be filled field by field. A row set that is not there gives none: the check has said so.
    pub(super) fn open(&mut self, feed: &'a Feed) -> Option<Filling<'a>> {
        let (rows, renames) = match feed {
            Feed::Rows(rows) => (rows, None),
            Feed::Renamed { rows, columns } => (rows, Some(columns)),
        };
        self.rowset(rows)?;
        let plan = FeedPlan { rows: rows.clone(), stage: format!("stage_{rows}"), fields: BTreeMap::new() };
        Some(Filling { plan, renames })
    }

    /// How hashes are stored.
    pub(super) fn hash_type(&self) -> FieldType {
        match self.spec.vault.store {
            HashStore::Binary => FieldType::Bytes,
            HashStore::Text => FieldType::Text,
        }
    }

    /// The table that `name` is, for one that describes it: a hub or a link.
    pub(super) fn parent(&self, name: &str) -> Parent {
        let spec = self.spec;
        if let Some(hub) = spec.hub.get(name) {
            return Parent { hash_key: hash_key_name(name, hub.hash_key.as_ref()), groups: vec![hub.key.clone()] };
        }
        let transactional = || spec.transactional_link.get(name).map(|link| &link.link);
        let between_same = || spec.same_as_link.get(name).or_else(|| spec.hierarchical_link.get(name));
        match spec.link.get(name).or_else(transactional).or_else(between_same) {
            Some(link) => {
                Parent { hash_key: hash_key_name(name, link.hash_key.as_ref()), groups: self.link_groups(link) }
            }
            None => Parent { hash_key: hash_key_name(name, None), groups: Vec::new() },
        }
    }

    /// The columns that a link's hash key is made of, by hub; what depends on no hub goes with the one before it.
    pub(super) fn link_groups(&self, link: &Link) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<String>> = Vec::with_capacity(link.keys.len());
        let mut first = Vec::new();
        for name in link.hashed() {
            match (link.keys.get(name), groups.last_mut()) {
                (Some(linked), _) => {
                    groups.push(first.drain(..).chain(self.linked_key(linked)).collect());
                }
                (None, Some(last)) => last.push(name.clone()),
                (None, None) => first.push(name.clone()),
            }
        }
        groups
    }

    /// The columns of a linked hub's business key in the rows.
    pub(super) fn linked_key(&self, linked: &crate::spec::LinkedHub) -> Vec<String> {
        if linked.key.is_empty() {
            self.spec.hub.get(&linked.hub).map(|hub| hub.key.clone()).unwrap_or_default()
        } else {
            linked.key.clone()
        }
    }

    /// The type of a staged field or column of the row set.
    pub(super) fn type_in(&self, rows: &str, field: &str) -> FieldType {
        self.rowsets.get(rows).map_or(FieldType::Text, |rowset| rowset.of(field))
    }

    /// Whether the row set's source says when things happened.
    pub(super) fn tells_event_time(&self, rows: &str) -> bool {
        self.rowsets.get(rows).is_some_and(|rowset| rowset.source.event_time.is_some())
    }

    /// The schema of a layer.
    pub(super) fn schema(&self, layer: Layer) -> String {
        let schemas = &self.spec.pipeline.schemas;
        match layer {
            Layer::Stg => schemas.stg.clone(),
            Layer::Dds => schemas.dds.clone(),
            Layer::Cdm => schemas.cdm.clone(),
        }
    }

    /// The type of a column of a table that is planned already.
    pub(super) fn column_type(&self, table: &str, column: &str) -> Option<FieldType> {
        let table = self.tables.iter().find(|planned| planned.layer == Layer::Dds && planned.name == table)?;
        table.columns.iter().find(|planned| planned.name == column).map(|planned| planned.of)
    }

    pub(super) fn push(&mut self, table: TablePlan) {
        self.tables.push(table);
    }

    /// Finds rows of a mart by these columns, too.
    pub(super) fn index_mart(&mut self, name: &str, columns: &[String]) {
        let mart = self.tables.iter_mut().find(|table| table.kind == Kind::Mart && table.name == name);
        if let Some(mart) = mart.filter(|mart| !mart.unique.starts_with(columns)) {
            mart.indexes.push(columns.to_vec());
        }
    }

    /// An empty temporary table for what statements find.
    pub(super) fn push_work(&mut self, name: String, fields: Vec<Field>) {
        let fields = fields.into_iter().map(|field| StageField { field, origin: Origin::Named }).collect();
        self.work.push(StagePlan { of: StageOf::Work, rows: String::new(), name, fields });
    }

    pub(super) fn finish(mut self) -> Plan {
        let (mut tables, mut stages) = (Vec::new(), Vec::new());
        for (name, source) in self.spec.source.iter().filter(|(_, source)| !source.staged) {
            stages.push(stg::message_stage(name, source));
            self.work.extend(stg::version_work(name));
            tables.extend(stg::message_tables(self.spec, name, source));
        }
        for (rows, rowset) in &mut self.rowsets {
            // Who is forgotten is found by these in what is kept.
            if let Some(user) = rowset.source.user_column() {
                rowset.want_column(user);
                rowset.source.video_column().map(|video| rowset.want_column(video));
                rowset.index(vec![user.to_owned()]);
            }
            if rowset.is_kept {
                tables.push(stg::rows_table(self.spec, rows, rowset));
            }
            let fields = std::mem::take(&mut rowset.fields);
            stages.push(StagePlan { of: StageOf::Rows, rows: rows.clone(), name: format!("stage_{rows}"), fields });
        }
        if self.spec.source.values().any(|source| !source.staged) {
            stages.extend(stg::shared_stages());
            tables.extend(stg::shared_tables(self.spec));
        }
        tables.append(&mut self.tables);
        let Self { work, spec, .. } = self;
        Plan { pipeline: spec.pipeline.name.clone(), mode: spec.vault.mode, tables, stages, work }
    }
}

/// A feed that is being filled.
pub(super) struct Filling<'a> {
    plan: FeedPlan,
    renames: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Filling<'a> {
    pub(super) fn rows(&self) -> &str {
        &self.plan.rows
    }

    /// The row set's name of the table's column.
    pub(super) fn renamed<'b>(&'b self, column: &'b str) -> &'b str {
        self.renames.and_then(|renames| renames.get(column)).map_or(column, String::as_str)
    }

    fn rowset<'b>(&self, planner: &'b mut Planner<'a>) -> &'b mut Rowset<'a> {
        planner.rowset(&self.plan.rows).expect("a feed is opened on a row set that is there")
    }

    /// Fills the column with the row set's own. Tells its type.
    pub(super) fn column(&mut self, planner: &mut Planner<'a>, column: &str) -> FieldType {
        let name = self.renamed(column).to_owned();
        let rowset = self.rowset(planner);
        let of = rowset.of(&name);
        let field = rowset.want_column(&name);
        self.plan.fields.insert(column.to_owned(), field);
        of
    }

    /// Fills the column with a hash key: what the row set has under that name, else the hash of the business key. Tells its
    /// field.
    pub(super) fn key(&mut self, planner: &mut Planner<'a>, column: &str, groups: &[Vec<String>]) -> String {
        let renamed = |column: &String| self.renamed(column).to_owned();
        let groups: Vec<Vec<String>> = groups.iter().map(|group| group.iter().map(renamed).collect()).collect();
        let of = planner.hash_type();
        let given = self.renamed(column).to_owned();
        let rowset = self.rowset(planner);
        let field = if rowset.has(&given) {
            rowset.want_column(&given)
        } else {
            rowset.want(&key_field(&groups), of, Origin::HashKey(groups))
        };
        self.plan.fields.insert(column.to_owned(), field.clone());
        field
    }

    /// Fills the column with a hashdiff: what the row set has under that name, else the hash of these columns. Tells its field.
    pub(super) fn diff(&mut self, planner: &mut Planner<'a>, column: &str, columns: &[String]) -> String {
        let columns: Vec<String> = columns.iter().map(|column| self.renamed(column).to_owned()).collect();
        let of = planner.hash_type();
        let given = self.renamed(column).to_owned();
        let rowset = self.rowset(planner);
        let field = if rowset.has(&given) {
            rowset.want_column(&given)
        } else {
            rowset.want(&named("_diff", &columns.join("_"), columns.len() > 1), of, Origin::Hashdiff(columns))
        };
        self.plan.fields.insert(column.to_owned(), field.clone());
        field
    }

    /// Fills the column with the hash of the set that the row is of.
    pub(super) fn set(&mut self, planner: &mut Planner<'a>, column: &str, key: &str, diff: &str) {
        let of = planner.hash_type();
        let name = named("_set", &format!("{key} {diff}"), true);
        let origin = Origin::SetHash { key: key.to_owned(), diff: diff.to_owned() };
        let field = self.rowset(planner).want(&name, of, origin);
        self.plan.fields.insert(column.to_owned(), field);
    }

    /// Fills the column with a system field.
    pub(super) fn system(&mut self, column: &str, field: &str) {
        self.plan.fields.insert(column.to_owned(), field.to_owned());
    }

    /// Fills the columns that every table of the vault has.
    pub(super) fn times(&mut self, planner: &Planner<'a>) {
        let names = &planner.spec.pipeline.names;
        for (column, field) in [
            (&names.event_time, system::EVENT_TIME),
            (&names.load_time, system::LOAD_TIME),
            (&names.record_source, system::RECORD_SOURCE),
        ] {
            if !self.plan.fields.contains_key(column) {
                self.system(column, field);
            }
        }
    }

    pub(super) fn done(self) -> FeedPlan {
        self.plan
    }
}

/// The columns of a table in the making: each name once.
#[derive(Default)]
pub(super) struct Columns(pub(super) Vec<ColumnPlan>);

impl Columns {
    pub(super) fn add(&mut self, name: &str, of: FieldType, nullable: bool, comment: &str) {
        if !self.has(name) {
            self.0.push(ColumnPlan { name: name.to_owned(), of, nullable, comment: comment.to_owned() });
        }
    }

    /// Gives the column the type that its feed has.
    pub(super) fn retype(&mut self, name: &str, of: FieldType) {
        if let Some(column) = self.0.iter_mut().find(|column| column.name == name) {
            column.of = of;
        }
    }

    /// Adds the columns that every table of the vault has.
    pub(super) fn times(&mut self, planner: &Planner<'_>, has_event_time: bool, event_time: &str) {
        let names = &planner.spec.pipeline.names;
        if has_event_time {
            self.add(&names.event_time, FieldType::Time, !planner.is_safe(), event_time);
        }
        self.add(&names.load_time, FieldType::Time, false, "When it was loaded");
        self.add(&names.record_source, FieldType::Text, true, "Where it came from");
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|column| column.name == name)
    }
}

/// The name of a table's hash key.
pub(crate) fn hash_key_name(table: &str, given: Option<&String>) -> String {
    given.cloned().unwrap_or_else(|| format!("{table}_pk"))
}

fn key_field(groups: &[Vec<String>]) -> String {
    let columns: Vec<&str> = groups.iter().flatten().map(String::as_str).collect();
    let is_plain = columns.len() == 1;
    let shape: Vec<String> = groups.iter().map(|group| group.join(" ")).collect();
    if is_plain { named("_key", columns[0], false) } else { named("_key", &shape.join(", "), true) }
}

/// A name made of texts that may be too long, or not tell themselves apart, for a name: then with a hash of them at the end.
pub(crate) fn named(prefix: &str, text: &str, is_ambiguous: bool) -> String {
    const LONG: usize = 40;
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if !is_ambiguous && plain == text && text.len() <= LONG {
        return format!("{prefix}_{text}");
    }
    let short: String = plain.chars().filter(char::is_ascii).take(LONG).collect();
    format!("{prefix}_{short}_{:08x}", hash_of(text))
}

/// FNV-1a: the same in every build.
pub(crate) fn hash_of(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The parts of a table of the vault.
pub(super) fn vault_table(planner: &Planner<'_>, kind: Kind, name: &str, columns: Columns) -> TablePlan {
    TablePlan {
        layer: Layer::Dds,
        kind,
        schema: planner.schema(Layer::Dds),
        name: name.to_owned(),
        columns: columns.0,
        unique: Vec::new(),
        indexes: Vec::new(),
        feeds: Vec::new(),
        comment: String::new(),
    }
}
