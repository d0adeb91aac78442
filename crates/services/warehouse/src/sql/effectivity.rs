//! Effectivity satellites.
//!
//! Rows are only added. A relation begins with a row whose end is the greatest time, and ends with a second row. With ends that come
//! by themselves, in mode `safe` the rows of a load are put in order of when they hold from: what a driving key is related to at one
//! time ends what it was related to before, and a row older than what is known of its driving key changes nothing. Else a load is
//! taken as a whole: what it says of a driving key ends what it does not repeat.

use playhead_ports::{Dialect, FieldType};

use super::loader::Loader;
use super::snapshot::{cast, column_names, is_open, one_at_a_time, rows, type_of, without_end};
use super::writer::{columns, equal, names, of, quoted, table as name_of};
use crate::plan::{TablePlan, effective_name, effectivity_link};
use crate::spec::EffectivitySatellite;

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    let Some(view) = View::new(loader, table) else { return };
    if feeds.is_empty() {
        return;
    }
    let otherwise = |feed: &crate::plan::FeedPlan, column: &str| {
        let effective = quoted(feed.field(view.effective));
        if column == view.end { without_end(view.end_type).to_owned() } else { view.as_type(column, &effective) }
    };
    let keys: Vec<&str> = [view.pk].into_iter().chain(view.keys.iter().copied()).collect();
    let rows = rows(&feeds, &view.all, &keys, otherwise);
    let sql = if loader.is_safe() && view.ends_by_itself { view.in_sequence(&rows) } else { view.as_a_whole(&rows) };
    one_at_a_time(loader, table);
    loader.push(table, "relations that begin and end", sql);
}

/// The columns of the satellite by what they are for.
struct View<'a> {
    dialect: Dialect,
    name: String,
    table: &'a TablePlan,
    all: Vec<&'a str>,
    pk: &'a str,
    keys: Vec<&'a str>,
    driving: &'a [String],
    start: &'a str,
    end: &'a str,
    effective: &'a str,
    load: &'a str,
    source: &'a str,
    end_type: FieldType,
    ends_by_itself: bool,
}

impl<'a> View<'a> {
    fn new(loader: &Loader<'a>, table: &'a TablePlan) -> Option<Self> {
        let spec = loader.spec;
        let of: &EffectivitySatellite = spec.effectivity_satellite.get(&table.name)?;
        let link = effectivity_link(spec, &of.parent)?;
        Some(Self {
            dialect: loader.dialect,
            name: name_of(table),
            table,
            all: column_names(table),
            pk: &table.columns[0].name,
            keys: link.keys.keys().map(String::as_str).collect(),
            driving: &of.driving,
            start: &of.start,
            end: &of.end,
            effective: effective_name(spec, of),
            load: &spec.pipeline.names.load_time,
            source: &spec.pipeline.names.record_source,
            end_type: type_of(table, &of.end),
            ends_by_itself: of.ends_by_itself,
        })
    }

    /// The value as the type of that column.
    fn as_type(&self, column: &str, value: &str) -> String {
        cast(self.dialect, type_of(self.table, column), value)
    }

    fn is_open(&self, alias: &str) -> String {
        is_open(self.end_type, &of(alias, self.end))
    }

    /// The newest row of each relation of the driving keys that the load has, from `s`.
    fn newest(&self) -> String {
        let Self { name, pk, load, effective, end, .. } = self;
        format!(
            "r AS (SELECT * FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {} DESC, {} DESC, {}) AS \"_n\" \
             FROM {name} AS t WHERE EXISTS (SELECT 1 FROM s WHERE {})) AS x WHERE \"_n\" = 1)",
            of("t", pk),
            of("t", load),
            of("t", effective),
            of("t", end),
            equal("s", "t", self.driving),
        )
    }

    /// The columns in their order: what is not said is taken from `rest`.
    fn row(&self, said: &[(&str, String)], rest: &str) -> String {
        let value = |column: &&str| {
            let said = said.iter().find(|(name, _)| name == column);
            said.map_or_else(|| of(rest, column), |(_, value)| value.clone())
        };
        self.all.iter().map(value).collect::<Vec<_>>().join(", ")
    }

    /// What a load says of a driving key ends what it does not repeat; or ends come with the rows.
    fn as_a_whole(&self, rows: &str) -> String {
        let Self { name, pk, load, .. } = self;
        let s = |column: &str| of("s", column);
        let begins = if self.ends_by_itself {
            let (given, effective) = (s(self.start), self.as_type(self.start, &s(self.effective)));
            format!("CASE WHEN EXISTS (SELECT 1 FROM {name}) THEN {effective} ELSE {given} END")
        } else {
            s(self.start)
        };
        let again = if self.ends_by_itself { self.as_type(self.start, &s(self.effective)) } else { s(self.start) };
        let same_key = equal("r", "s", [pk]);
        let (new, reopened) = (self.row(&[(self.start, begins)], "s"), self.row(&[(self.start, again)], "s"));
        format!(
            "INSERT INTO {name} ({all}) WITH s AS (SELECT DISTINCT {all} FROM ({rows}) AS x), {newest} \
             SELECT {new} FROM s WHERE NOT EXISTS (SELECT 1 FROM r WHERE {same_key}) \
             UNION SELECT {reopened} FROM s JOIN r ON {same_key} \
             WHERE NOT {was_open} AND {is_open} AND {later} \
             UNION {ended}",
            all = names(&self.all),
            newest = self.newest(),
            was_open = self.is_open("r"),
            is_open = self.is_open("s"),
            later = format_args!("{} > {}", s(load), of("r", load)),
            ended = self.ended(),
        )
    }

    /// Relations that were open and are no more. A load that was taken before ends nothing: one of its relations is there.
    fn ended(&self) -> String {
        let Self { name, pk, load, .. } = self;
        let s = |column: &str| of("s", column);
        let r = |column: &str| of("r", column);
        let not_older = format!("{} >= {}", s(load), r(load));
        let was_open = self.is_open("r");
        let key_and_source = |more: Vec<(&'a str, String)>| {
            let keys = [self.pk].into_iter().chain(self.keys.iter().copied()).chain([self.source]);
            keys.map(|key| (key, r(key))).chain(more).collect::<Vec<_>>()
        };
        if !self.ends_by_itself {
            let row = self.row(&key_and_source(Vec::new()), "s");
            let ends = format!("NOT {}", self.is_open("s"));
            let same_key = equal("r", "s", [pk]);
            return format!("SELECT {row} FROM s JOIN r ON {same_key} WHERE {was_open} AND {ends} AND {not_older}");
        }
        let said =
            key_and_source(vec![(self.start, r(self.start)), (self.end, self.as_type(self.end, &s(self.effective)))]);
        format!(
            "SELECT {row} FROM s JOIN r ON {driving} WHERE {was_open} AND {not_older} \
             AND NOT EXISTS (SELECT 1 FROM s AS o WHERE {repeats} AND {is_open}) \
             AND NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {taken})",
            row = self.row(&said, "s"),
            driving = equal("r", "s", self.driving),
            repeats = equal("o", "r", [pk]),
            is_open = self.is_open("o"),
            taken = equal("t", "s", [pk, load]),
        )
    }

    /// The rows of a load in order of when they hold from, a step a time, each step ending what it does not repeat.
    fn in_sequence(&self, rows: &str) -> String {
        let Self { name, pk, load, effective, .. } = self;
        let (all, key, from) = (names(&self.all), quoted(pk), quoted(effective));
        let driving = names(self.driving);
        let same_driving = |left, right| equal(left, right, self.driving);
        let same_key = |left, right| equal(left, right, [pk]);
        let times = format!("{}, {}", quoted(load), quoted(self.source));
        format!(
            "INSERT INTO {name} ({all}) WITH s AS (SELECT {all} FROM (SELECT x.*, ROW_NUMBER() OVER \
             (PARTITION BY {key}, {from} ORDER BY {times}) AS \"_n\" FROM ({rows}) AS x) AS y WHERE \"_n\" = 1), \
             {newest}, \
             k AS (SELECT {driving}, MAX({from}) AS \"_top\" FROM r GROUP BY {driving}), \
             g AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY {s_driving} ORDER BY s.{from}) AS \"_step\" \
             FROM s LEFT JOIN k ON {s_is_k} WHERE k.\"_top\" IS NULL OR s.{from} > k.\"_top\"), \
             i AS (SELECT g.*, \"_step\" - ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY \"_step\") AS \"_run\" FROM g), \
             m AS (SELECT {driving}, \"_step\", MIN({from}) AS \"_at\", MAX({load_q}) AS \"_load\" FROM g GROUP BY {driving}, \"_step\"), \
             h AS (SELECT {key}, \"_run\", MIN(\"_step\") AS \"_first\", MAX(\"_step\") AS \"_last\" FROM i GROUP BY {key}, \"_run\") \
             SELECT {begun} FROM h JOIN g ON {h_is_g} AND g.\"_step\" = h.\"_first\" \
             WHERE h.\"_first\" > 1 OR NOT EXISTS (SELECT 1 FROM r WHERE {r_is_h} AND {r_open}) \
             UNION ALL SELECT {over} FROM h JOIN g ON {h_is_g} AND g.\"_step\" = h.\"_first\" \
             JOIN m ON {m_is_g} AND m.\"_step\" = h.\"_last\" + 1 \
             LEFT JOIN r ON {r_is_h} AND {r_open} AND h.\"_first\" = 1 \
             UNION ALL SELECT {gone} FROM r JOIN m ON {m_is_r} AND m.\"_step\" = 1 \
             WHERE {r_open} AND NOT EXISTS (SELECT 1 FROM h WHERE {r_is_h} AND h.\"_first\" = 1) \
             UNION ALL SELECT {besides} FROM s JOIN k ON {s_is_k} AND s.{from} = k.\"_top\" \
             WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {t_is_s}) \
             AND NOT EXISTS (SELECT 1 FROM r WHERE {r_is_s} AND {r_open})",
            newest = self.newest(),
            s_driving = columns("s", self.driving),
            s_is_k = same_driving("s", "k"),
            load_q = quoted(load),
            h_is_g = same_key("h", "g"),
            r_is_h = same_key("r", "h"),
            r_is_s = same_key("r", "s"),
            m_is_g = same_driving("m", "g"),
            m_is_r = same_driving("m", "r"),
            r_open = self.is_open("r"),
            t_is_s = equal("t", "s", [pk, effective]),
            begun = self.begun("g"),
            besides = self.begun("s"),
            over = self.over(
                "g",
                &format!(
                    "CASE WHEN r.{key} IS NULL THEN {} ELSE {} END",
                    self.as_type(self.start, &of("g", effective)),
                    of("r", self.start),
                )
            ),
            gone = self.over("r", &of("r", self.start)),
        )
    }

    /// The row that a relation begins with.
    fn begun(&self, rest: &str) -> String {
        let begins = self.as_type(self.start, &of(rest, self.effective));
        self.row(&[(self.start, begins), (self.end, without_end(self.end_type).to_owned())], rest)
    }

    /// The row that a relation ends with, at the step `m`.
    fn over(&self, rest: &str, begins: &str) -> String {
        let said = [
            (self.start, begins.to_owned()),
            (self.end, self.as_type(self.end, "m.\"_at\"")),
            (self.effective, "m.\"_at\"".to_owned()),
            (self.load, "m.\"_load\"".to_owned()),
        ];
        self.row(&said, rest)
    }
}
