//! Satellites and multi-active satellites of mode `automate_dv`: load by load, as AutomateDV's macros `sat` and `ma_sat` have them.
//!
//! A satellite takes, of the load's rows of a key, those of the least load time where they differ from the newest ones in the
//! table, and each later one that differs from the one before it in the load. Rows of one load time are in order of when they
//! hold from, where that is told; else that which repeats what was said before comes first, and that which is repeated afterwards
//! comes last. A multi-active satellite takes all rows of a key
//! where their number or any of them differs from the set that is the newest in the table. Neither takes a row that is there.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::writer::{all, columns, equal, list, names, of, ordered, quoted, staged, table as name_of};
use crate::plan::{FeedPlan, Kind, TablePlan};
use crate::spec::{Loads, Spec};

pub(crate) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    if feeds.is_empty() {
        return;
    }
    if loader.dialect != Dialect::DuckDb {
        let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", name_of(table));
        loader.push(table, "one load at a time", sql);
    }
    let child_key = match table.kind {
        Kind::MultiActiveSatellite => {
            loader.spec.multi_active_satellite.get(&table.name).map_or(&[][..], |of| of.child_key.as_slice())
        }
        _ => &[],
    };
    let shape = Shape {
        dialect: loader.dialect,
        table,
        pk: &table.columns[0].name,
        hashdiff: &table.columns[1].name,
        load_time: &loader.spec.pipeline.names.load_time,
        effective: effective(loader.spec, table),
        child_key,
    };
    let loads = |feed: &FeedPlan| loader.source_of(&feed.rows).map_or(Loads::One, |(_, source)| source.loads);
    let rows = shape.rows(&feeds, loads);
    let sql = if child_key.is_empty() { shape.versions(&rows) } else { shape.sets(&rows) };
    loader.push(table, "what is new in this load", sql);
}

/// The column that tells from when a row holds, if there is one.
fn effective<'a>(spec: &'a Spec, table: &TablePlan) -> Option<&'a str> {
    let own = spec.satellite.get(&table.name).and_then(|of| of.effective.as_deref());
    let event_time = spec.pipeline.names.event_time.as_str();
    own.or_else(|| table.columns.iter().any(|column| column.name == event_time).then_some(event_time))
}

struct Shape<'a> {
    dialect: Dialect,
    table: &'a TablePlan,
    pk: &'a str,
    hashdiff: &'a str,
    load_time: &'a str,
    effective: Option<&'a str>,
    child_key: &'a [String],
}

impl Shape<'_> {
    fn all(&self) -> Vec<&str> {
        self.table.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The load's different rows whose keys are there. Where a file is a load for each period, periods before the newest one that
    /// is in the table are over.
    fn rows(&self, feeds: &[&FeedPlan], loads: impl Fn(&FeedPlan) -> Loads) -> String {
        let is_loaded = |feed: &FeedPlan| {
            let keys = [self.pk].into_iter().chain(self.child_key.iter().map(String::as_str));
            let keys = keys.map(|key| format!("{} IS NOT NULL", quoted(feed.field(key))));
            let newest = format!("(SELECT MAX(t.{}) FROM {} AS t)", quoted(self.load_time), name_of(self.table));
            let start = match loads(feed) {
                Loads::One => None,
                Loads::Time => Some(newest),
                Loads::Hour => Some(format!("DATE_TRUNC('hour', {newest})")),
                Loads::Day => Some(format!("DATE_TRUNC('day', {newest})")),
                Loads::Month => Some(format!("DATE_TRUNC('month', {newest})")),
                Loads::Year => Some(format!("DATE_TRUNC('year', {newest})")),
            };
            let field = quoted(feed.field(self.load_time));
            all(keys.chain(start.map(|start| format!("COALESCE({field} >= {start}, TRUE)"))))
        };
        format!("SELECT DISTINCT * FROM ({}) AS d", staged(feeds, &self.all(), is_loaded))
    }

    /// The newest rows of the table of the keys of the load. A satellite's do not count where they are the load's own, so that
    /// a load that is taken again says the same.
    fn newest(&self) -> String {
        let same = [self.pk, self.load_time].map(|name| format!("{} = {}", of("l", name), of("h", name)));
        let diff = format!("{} IS NOT DISTINCT FROM {}", of("l", self.hashdiff), of("h", self.hashdiff));
        let others = match self.child_key {
            [] => format!(" AND NOT EXISTS (SELECT 1 FROM loaded AS l WHERE {})", all(same.into_iter().chain([diff]))),
            _ => String::new(),
        };
        format!(
            "newest AS (SELECT * FROM (SELECT h.*, RANK() OVER (PARTITION BY {} ORDER BY {} DESC) AS newest_rank FROM {} AS h \
             WHERE {} IN (SELECT {} FROM loaded){others}) AS r WHERE r.newest_rank = 1)",
            of("h", self.pk),
            of("h", self.load_time),
            name_of(self.table),
            of("h", self.pk),
            quoted(self.pk),
        )
    }

    /// Rows that are in the table already, the same in all that tells versions apart.
    fn is_there(&self, row: &str) -> String {
        let same = [self.pk, self.load_time].into_iter().map(|name| format!("{} = {}", of("t", name), of(row, name)));
        let child = self.child_key.iter().map(|name| format!("{} = {}", of("t", name), of(row, name)));
        let diff = format!("{} IS NOT DISTINCT FROM {}", of("t", self.hashdiff), of(row, self.hashdiff));
        let same = all(same.chain(child).chain([diff]));
        format!("EXISTS (SELECT 1 FROM {} AS t WHERE {same})", name_of(self.table))
    }

    fn versions(&self, rows: &str) -> String {
        let pk = of("s", self.pk);
        let times: Vec<&str> = [self.load_time].into_iter().chain(self.effective).collect();
        let when = columns("s", &times);
        let hashdiff = of("s", self.hashdiff);
        let rest =
            self.table.columns.iter().filter(|column| column.name != self.pk && !times.contains(&column.name.as_str()));
        let rest = list(rest.map(|column| ordered(self.dialect, column.of, &of("s", &column.name))));
        let is_new =
            format!("NOT EXISTS (SELECT 1 FROM newest AS n WHERE {})", equal("n", "s", [self.pk, self.hashdiff]));
        let said = |when: &str| {
            format!(
                "MAX(s.load_rank) OVER (PARTITION BY {pk}, {hashdiff} ORDER BY s.load_rank RANGE BETWEEN 1 {when} AND 1 {when}) \
                 IS NOT NULL"
            )
        };
        format!(
            "WITH loaded AS ({rows}), {newest}, ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY {pk} ORDER BY {when}) \
             AS load_rank FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND {is_new}) AS is_new, {before} AS is_before, \
             {after} AS is_after FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) \
             THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place FROM judged AS s), said AS (SELECT s.*, LAG({hashdiff}) \
             OVER (PARTITION BY {pk} ORDER BY {when}, s.load_place, {rest}) AS was FROM placed AS s) \
             INSERT INTO {name} ({names}) SELECT {columns} FROM said AS r WHERE (r.is_new OR {differs}) AND NOT {is_there}",
            newest = self.newest(),
            before = said("PRECEDING"),
            after = said("FOLLOWING"),
            name = name_of(self.table),
            names = names(self.all()),
            columns = columns("r", self.all()),
            differs = format_args!("{} <> r.was", of("r", self.hashdiff)),
            is_there = self.is_there("r"),
        )
    }

    fn sets(&self, rows: &str) -> String {
        let member = || self.child_key.iter().map(String::as_str).chain([self.hashdiff]);
        let count = |alias: &str, from: &str, name: &str| {
            format!(
                "{name} AS (SELECT {0}, COUNT(*) AS members FROM (SELECT DISTINCT {0}, {1} FROM {from} AS {alias}) AS c GROUP BY {0})",
                quoted(self.pk),
                names(member()),
            )
        };
        let stays = format!(
            "SELECT 1 FROM newest AS n JOIN newest_count AS nc ON {} WHERE {} AND {} AND nc.members = lc.members",
            equal("nc", "n", [self.pk]),
            equal("n", "m", [self.pk]),
            equal("n", "m", member()),
        );
        let changed = format!(
            "SELECT {} FROM loaded AS m JOIN load_count AS lc ON {} WHERE NOT EXISTS ({stays})",
            of("m", self.pk),
            equal("lc", "m", [self.pk]),
        );
        format!(
            "WITH loaded AS ({rows}), {}, {}, {} INSERT INTO {} ({}) SELECT {} FROM loaded AS r WHERE {} IN ({changed}) AND NOT {}",
            self.newest(),
            count("l", "loaded", "load_count"),
            count("n", "newest", "newest_count"),
            name_of(self.table),
            names(self.all()),
            columns("r", self.all()),
            of("r", self.pk),
            self.is_there("r"),
        )
    }
}
