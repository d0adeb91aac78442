//! Satellites and multi-active satellites of mode `safe`: a function of the kept rows, whatever the order of arrival.
//!
//! A version stands at a position: (event time, [version of the message,] load time, hash of what it says). It is in the satellite if
//! the version at the position before it says something else, so equal neighbours collapse. For each key a load notes what was
//! said last. Keys whose staged rows are all later than that are compared with it alone; of the others, which are late, the
//! positions that may have changed are judged again from the kept rows.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::lock::lock_keys;
use super::writer::{all, columns, equal, list, names, of, ordered, quoted, table as name_of};
use crate::plan::system::{SET, VERSION};
use crate::plan::{FeedPlan, Kind, TablePlan};

/// A satellite, as its statements see it.
struct Shape<'a> {
    dialect: Dialect,
    table: &'a TablePlan,
    pk: &'a str,
    hashdiff: &'a str,
    /// What tells versions apart: the hashdiff, or the hash of the set.
    diff: &'a str,
    event_time: &'a str,
    /// The columns of a position before `diff`, in order.
    times: Vec<&'a str>,
    work: String,
    late: String,
}

impl<'a> Shape<'a> {
    fn of<'l: 'a>(loader: &Loader<'l>, table: &'a TablePlan) -> Self {
        let planned = &loader.spec.pipeline.names;
        let (pk, hashdiff) = (table.columns[0].name.as_str(), table.columns[1].name.as_str());
        let version = table.columns.iter().any(|column| column.name == VERSION).then_some(VERSION);
        let event_time = planned.event_time.as_str();
        let times = [event_time].into_iter().chain(version).chain([planned.load_time.as_str()]).collect();
        let diff = if table.kind == Kind::MultiActiveSatellite { SET } else { hashdiff };
        let work = quoted(&format!("work_{}", table.name));
        let late = quoted(&format!("late_{}", table.name));
        Self { dialect: loader.dialect, table, pk, hashdiff, diff, event_time, times, work, late }
    }

    fn all(&self) -> Vec<&'a str> {
        self.table.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The columns of a position with its key.
    fn position(&self) -> Vec<&'a str> {
        [self.pk].into_iter().chain(self.times.iter().copied()).chain([self.diff]).collect()
    }

    /// The columns of a position without its key: they order the positions of a key.
    fn moment(&self) -> Vec<&'a str> {
        self.times.iter().copied().chain([self.diff]).collect()
    }

    /// Rows of the feeds with the satellite's own names: staged or kept ones.
    fn rows(&self, feeds: &[(String, &FeedPlan)], wanted: &[&str], more: impl Fn(&FeedPlan, &str) -> String) -> String {
        let select = |(from, feed): &(String, &FeedPlan)| {
            let column = |name: &&str| format!("{} AS {}", of("r", feed.field(name)), quoted(name));
            let is_loaded =
                [self.pk, self.diff, self.hashdiff].map(|key| format!("{} IS NOT NULL", of("r", feed.field(key))));
            format!(
                "SELECT {} FROM {from} AS r{} AND {}",
                list(wanted.iter().map(column)),
                more(feed, "r"),
                all(is_loaded)
            )
        };
        feeds.iter().map(select).collect::<Vec<_>>().join(" UNION ALL ")
    }

    /// One row of each version, or of each of a set's: which, where several say the same, is decided by what they differ in.
    fn members(&self, rows: &str) -> String {
        let key = columns("s", &self.table.unique);
        let rest = self.table.columns.iter().filter(|column| !self.table.unique.contains(&column.name));
        let rest = list(rest.map(|column| ordered(self.dialect, column.of, &of("s", &column.name))));
        let comma = if rest.is_empty() { "" } else { ", " };
        format!(
            "SELECT DISTINCT ON ({key}) {} FROM ({rows}) AS s ORDER BY {key}{comma}{rest}",
            columns("s", self.all())
        )
    }
}

/// The staged feeds, and the tables that keep rows of all feeds.
fn sources<'a>(loader: &Loader<'_>, table: &'a TablePlan) -> [Vec<(String, &'a FeedPlan)>; 2] {
    let staged = loader.feeds(table).into_iter().map(|feed| (quoted(&feed.stage), feed)).collect();
    let kept = table.feeds.iter().filter_map(|feed| Some((name_of(loader.plan.keeper(Kind::Rows, &feed.rows)?), feed)));
    [staged, kept.collect()]
}

/// Notes what was said last of the staged keys, before their rows are kept.
pub(crate) fn note(loader: &mut Loader<'_>, table: &TablePlan) {
    let [staged, kept] = sources(loader, table);
    if staged.is_empty() {
        return;
    }
    let shape = Shape::of(loader, table);
    let rows = shape.rows(&staged, &[shape.pk, shape.event_time], |_, _| " WHERE TRUE".into());
    let touched = format!(
        "touched AS (SELECT s.{0} AS key, MIN(s.{1}) AS first FROM ({rows}) AS s GROUP BY s.{0})",
        quoted(shape.pk),
        quoted(shape.event_time)
    );
    let found =
        if loader.dialect == Dialect::Postgres { last_kept(&shape, &kept) } else { last_in_force(&shape, &kept) };
    if loader.dialect == Dialect::Postgres {
        let sql = lock_keys(table, &rows, std::iter::once(shape.pk));
        loader.push(table, "one load of a key at a time", sql);
    }
    let sql = format!("WITH {touched} INSERT INTO {} (key, first, diff, is_late) {found}", shape.work);
    loader.push(table, "what was said last", sql);
}

/// By the index on key and time: the last kept row of each key.
fn last_kept(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let wanted = shape.moment();
    let order = descending("l", &wanted);
    let each = nearest(shape, kept, "t.key", "DESC", |_, _| None);
    format!(
        "SELECT t.key, t.first, {}, COALESCE({} >= t.first, FALSE) FROM touched AS t \
         LEFT JOIN LATERAL (SELECT * FROM ({each}) AS l ORDER BY {order} LIMIT 1) AS l ON TRUE",
        of("l", shape.diff),
        of("l", shape.event_time),
    )
}

/// By a look at the satellite, and at kept rows of the batch's times and later alone.
fn last_in_force(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let since = |feed: &FeedPlan, alias: &str| {
        format!(" WHERE {} >= (SELECT MIN(first) FROM touched)", of(alias, feed.field(shape.event_time)))
    };
    let later = shape.rows(kept, &[shape.pk, shape.event_time], since);
    let (pk, event_time, diff) = (quoted(shape.pk), quoted(shape.event_time), quoted(shape.diff));
    format!(
        "SELECT t.key, t.first, b.diff, l.key IS NOT NULL FROM touched AS t LEFT JOIN \
         (SELECT DISTINCT ON (h.{pk}) h.{pk} AS key, h.{diff} AS diff FROM {} AS h JOIN touched AS t ON h.{pk} = t.key \
         WHERE h.{event_time} < t.first ORDER BY h.{pk}, {}) AS b ON b.key = t.key LEFT JOIN \
         (SELECT DISTINCT t.key AS key FROM ({later}) AS r JOIN touched AS t ON r.{pk} = t.key \
         WHERE r.{event_time} >= t.first) AS l ON l.key = t.key",
        name_of(shape.table),
        descending("h", &shape.moment()),
    )
}

fn descending(alias: &str, names: &[&str]) -> String {
    list(names.iter().map(|name| format!("{} DESC", of(alias, name))))
}

/// Of each table of kept rows the row of the key that is nearest, past a bound if there is one.
fn nearest(
    shape: &Shape<'_>,
    kept: &[(String, &FeedPlan)],
    key: &str,
    direction: &str,
    bound: impl Fn(&FeedPlan, &str) -> Option<String>,
) -> String {
    let wanted = shape.moment();
    let each = kept.iter().map(|(from, feed)| {
        let column = |name: &&str| format!("{} AS {}", of("r", feed.field(name)), quoted(name));
        let order = wanted.iter().map(|name| format!("{} {direction}", of("r", feed.field(name))));
        let is_loaded = [shape.diff, shape.hashdiff].map(|name| format!("{} IS NOT NULL", of("r", feed.field(name))));
        let conditions = [format!("{} = {key}", of("r", feed.field(shape.pk)))].into_iter().chain(bound(feed, "r"));
        format!(
            "(SELECT {} FROM {from} AS r WHERE {} ORDER BY {} LIMIT 1)",
            list(wanted.iter().map(column)),
            all(conditions.chain(is_loaded)),
            list(order),
        )
    });
    each.collect::<Vec<_>>().join(" UNION ALL ")
}

/// Takes in the staged rows, after they are kept.
pub(crate) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let [staged, kept] = sources(loader, table);
    if staged.is_empty() {
        return;
    }
    let shape = Shape::of(loader, table);
    let in_order = in_order(&shape, &staged);
    let judged = if loader.dialect == Dialect::Postgres {
        judged_neighbours(&shape, &staged, &kept)
    } else {
        judged_since(&shape, &kept)
    };
    let (mended, landed) = (mended(&shape, &kept), landed(&shape, &kept));
    loader.push(table, "versions in order", in_order);
    loader.push(table, "which versions late rows change", judged);
    loader.push(table, "versions that late rows end", mended);
    loader.push(table, "versions that late rows begin", landed);
}

/// What each position's predecessor says; the first one's is what was said last. Windows alone, because a join of what is
/// derived with what is derived is planned badly.
fn in_order(shape: &Shape<'_>, staged: &[(String, &FeedPlan)]) -> String {
    let (position, pk, diff) = (shape.position(), of("m", shape.pk), of("m", shape.diff));
    let rows = shape.rows(staged, &shape.all(), |_, _| " WHERE TRUE".into());
    let order = columns("m", shape.moment().into_iter().chain([shape.hashdiff]));
    let mut said = format!(
        "SELECT m.*, LAG({diff}) OVER (PARTITION BY {pk} ORDER BY {order}) AS was FROM ({}) AS m",
        shape.members(&rows)
    );
    if shape.diff != shape.hashdiff {
        // All of a set hear what its first row heard.
        said = format!(
            "SELECT {}, FIRST_VALUE(m.was) OVER (PARTITION BY {} ORDER BY {}) AS was FROM ({said}) AS m",
            columns("m", shape.all()),
            columns("m", &position),
            of("m", shape.hashdiff),
        );
    }
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM ({said}) AS m JOIN {} AS w ON w.key = {pk} \
         WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT FROM {diff} ORDER BY {}",
        name_of(shape.table),
        names(shape.all()),
        columns("m", shape.all()),
        shape.work,
        columns("m", &position),
    )
}

/// Staged positions of late keys and the ones after them, each held against the one before it, found by index. Those that are
/// right already are left out, but where several rows have a position: which of them tells it may have changed.
fn judged_neighbours(shape: &Shape<'_>, staged: &[(String, &FeedPlan)], kept: &[(String, &FeedPlan)]) -> String {
    let (position, moment) = (shape.position(), shape.moment());
    let rows = shape.rows(staged, &position, |_, _| " WHERE TRUE".into());
    let bound = |sign: &'static str, alias: &'static str| {
        let moment = moment.clone();
        move |feed: &FeedPlan, row: &str| {
            let row_columns = list(moment.iter().map(|name| of(row, feed.field(name))));
            Some(format!("({row_columns}) {sign} ({})", columns(alias, &moment)))
        }
    };
    let after = nearest(shape, kept, &of("n", shape.pk), "ASC", bound(">", "n"));
    let before = nearest(shape, kept, &of("a", shape.pk), "DESC", bound("<", "a"));
    let ascending = columns("x", &moment);
    format!(
        "WITH late AS (SELECT DISTINCT {0} FROM ({rows}) AS s JOIN {1} AS w ON w.key = {2} WHERE w.is_late), \
         affected AS (SELECT {3} FROM late AS n UNION SELECT {4}, {5} FROM late AS n CROSS JOIN LATERAL \
         (SELECT * FROM ({after}) AS x ORDER BY {ascending} LIMIT 1) AS x) \
         INSERT INTO {6} ({7}, is_wanted) SELECT {8}, j.is_wanted FROM affected AS a LEFT JOIN LATERAL \
         (SELECT * FROM ({before}) AS x ORDER BY {11} LIMIT 1) AS b ON TRUE CROSS JOIN LATERAL \
         (SELECT {9} IS DISTINCT FROM {10} AS is_wanted) AS j WHERE j.is_wanted IS DISTINCT FROM \
         EXISTS (SELECT 1 FROM {12} AS t WHERE {13} OFFSET 0) OR (j.is_wanted AND {14})",
        columns("s", &position),
        shape.work,
        of("s", shape.pk),
        columns("n", &position),
        of("n", shape.pk),
        ascending,
        shape.late,
        names(&position),
        columns("a", &position),
        of("b", shape.diff),
        of("a", shape.diff),
        descending("x", &moment),
        name_of(shape.table),
        equal("t", "a", &position),
        is_shared(shape, kept),
    )
}

/// Whether several kept rows have the position.
fn is_shared(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let at = |feed: &FeedPlan, row: &str| {
        let same =
            shape.position().into_iter().map(|name| format!("{} = {}", of(row, feed.field(name)), of("a", name)));
        format!(" WHERE {}", all(same))
    };
    format!("EXISTS (SELECT 1 FROM ({}) AS s OFFSET 1)", shape.rows(kept, &[shape.pk], at))
}

/// All positions of late keys from their first staged one on, each held against the one before it.
fn judged_since(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let position = shape.position();
    let since = |feed: &FeedPlan, row: &str| {
        format!(
            " JOIN {} AS w ON w.key = {} WHERE w.is_late AND {} >= w.first AND {2} >= (SELECT MIN(first) FROM {0} WHERE is_late)",
            shape.work,
            of(row, feed.field(shape.pk)),
            of(row, feed.field(shape.event_time)),
        )
    };
    let rows = shape.rows(kept, &position, since);
    let (pk, diff) = (of("s", shape.pk), of("s", shape.diff));
    format!(
        "INSERT INTO {} ({}, is_wanted) SELECT {}, COALESCE(h.was, w.diff) IS DISTINCT FROM {} FROM \
         (SELECT {}, LAG({diff}) OVER (PARTITION BY {pk} ORDER BY {}) AS was FROM \
         (SELECT DISTINCT {} FROM ({rows}) AS r) AS s) AS h JOIN {} AS w ON w.key = {}",
        shape.late,
        names(&position),
        columns("h", &position),
        of("h", shape.diff),
        columns("s", &position),
        columns("s", shape.moment()),
        columns("r", &position),
        shape.work,
        of("h", shape.pk),
    )
}

/// What the kept rows say at the judged positions that are wanted.
fn wanted(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let at = |feed: &FeedPlan, row: &str| {
        let same =
            shape.position().into_iter().map(|name| format!("{} = {}", of(row, feed.field(name)), of("l", name)));
        format!(" JOIN {} AS l ON {} WHERE l.is_wanted", shape.late, all(same))
    };
    shape.members(&shape.rows(kept, &shape.all(), at))
}

/// Versions that are there and should not be, or should be in other words.
fn mended(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let same = |name: &&str| format!("{} IS NOT DISTINCT FROM {}", of("m", name), of("t", name));
    let key = &shape.table.unique;
    let rest: Vec<&str> = shape.all().into_iter().filter(|name| !key.iter().any(|key| key == name)).collect();
    let judged = format!(
        "DELETE FROM {} AS t USING {} AS l WHERE {}",
        name_of(shape.table),
        shape.late,
        equal("t", "l", shape.position()),
    );
    if shape.dialect == Dialect::Postgres {
        return judged;
    }
    format!(
        "{judged} AND NOT EXISTS (SELECT 1 FROM ({}) AS m WHERE {} AND {})",
        wanted(shape, kept),
        equal("m", "t", key),
        all(rest.iter().map(same)),
    )
}

/// Versions that should be there and are not.
fn landed(shape: &Shape<'_>, kept: &[(String, &FeedPlan)]) -> String {
    let name = name_of(shape.table);
    let missing = match shape.dialect {
        Dialect::Postgres => String::new(),
        _ => format!(" WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {})", equal("t", "m", &shape.table.unique)),
    };
    format!(
        "INSERT INTO {name} ({}) SELECT {} FROM ({}) AS m{missing} ORDER BY {}",
        names(shape.all()),
        columns("m", shape.all()),
        wanted(shape, kept),
        columns("m", shape.position()),
    )
}
