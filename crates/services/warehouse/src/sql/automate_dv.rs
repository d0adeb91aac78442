//! Satellites and multi-active satellites of mode `automate_dv`: load by load, as AutomateDV's macros `sat` and `ma_sat` have them.
//!
//! A satellite takes, of the load's rows of a key, those of the least load time where they differ from the newest ones in the
//! table, and each later one that differs from the one before it in the load. A multi-active satellite takes all rows of a key
//! where their number or any of them differs from the set that is the newest in the table. Neither takes a row that is there.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::writer::{all, columns, equal, list, names, of, ordered, quoted, staged, table as name_of};
use crate::plan::{FeedPlan, Kind, TablePlan};

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
        child_key,
    };
    let rows = shape.rows(&feeds);
    let sql = if child_key.is_empty() { shape.versions(&rows) } else { shape.sets(&rows) };
    loader.push(table, "what is new in this load", sql);
}

struct Shape<'a> {
    dialect: Dialect,
    table: &'a TablePlan,
    pk: &'a str,
    hashdiff: &'a str,
    load_time: &'a str,
    child_key: &'a [String],
}

impl Shape<'_> {
    fn all(&self) -> Vec<&str> {
        self.table.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The load's different rows whose keys are there.
    fn rows(&self, feeds: &[&FeedPlan]) -> String {
        let is_loaded = |feed: &FeedPlan| {
            let keys = [self.pk].into_iter().chain(self.child_key.iter().map(String::as_str));
            all(keys.map(|key| format!("{} IS NOT NULL", quoted(feed.field(key)))))
        };
        format!("SELECT DISTINCT * FROM ({}) AS d", staged(feeds, &self.all(), is_loaded))
    }

    /// The newest rows of the table of the keys of the load.
    fn newest(&self) -> String {
        format!(
            "newest AS (SELECT * FROM (SELECT h.*, RANK() OVER (PARTITION BY {} ORDER BY {} DESC) AS newest_rank FROM {} AS h \
             WHERE {} IN (SELECT {} FROM loaded)) AS r WHERE r.newest_rank = 1)",
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
        let (pk, load_time) = (of("s", self.pk), of("s", self.load_time));
        let hashdiff = of("s", self.hashdiff);
        let rest = self.table.columns.iter().filter(|column| column.name != self.pk && column.name != self.load_time);
        let rest = list(rest.map(|column| ordered(self.dialect, column.of, &of("s", &column.name))));
        format!(
            "WITH loaded AS ({rows}), {}, ranked AS (SELECT s.*, RANK() OVER (PARTITION BY {pk} ORDER BY {load_time}) AS load_rank, \
             LAG({hashdiff}) OVER (PARTITION BY {pk} ORDER BY {load_time}, {rest}) AS was FROM loaded AS s) \
             INSERT INTO {} ({}) SELECT {} FROM ranked AS r WHERE (({} AND NOT EXISTS (SELECT 1 FROM newest AS n WHERE {} AND {})) \
             OR {} <> r.was) AND NOT {}",
            self.newest(),
            name_of(self.table),
            names(self.all()),
            columns("r", self.all()),
            "r.load_rank = 1",
            equal("n", "r", [self.pk]),
            equal("n", "r", [self.hashdiff]),
            of("r", self.hashdiff),
            self.is_there("r"),
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
