//! Satellites: the versions of what describes a key. In mode `safe` they are re-derived from kept rows where rows come late.

use playhead_ports::{Field, FieldType};

use super::planner::{Columns, Filling, Planner, vault_table};
use super::system;
use super::{FeedPlan, Kind, TablePlan};
use crate::spec::{MultiActiveSatellite, Satellite};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, satellite: &'a Satellite) {
    let mut table = draft(planner, Kind::Satellite, name, satellite, &[]);
    table.comment = format!("Satellite: the versions of what describes {}", satellite.parent);
    planner.push(table);
}

pub(super) fn plan_multi_active<'a>(planner: &mut Planner<'a>, name: &str, of: &'a MultiActiveSatellite) {
    let mut table = draft(planner, Kind::MultiActiveSatellite, name, &of.satellite, &of.child_key);
    table.comment = format!("Multi-active satellite: the versions of sets that describe {}", of.satellite.parent);
    planner.push(table);
}

fn draft<'a>(planner: &mut Planner<'a>, kind: Kind, name: &str, of: &'a Satellite, child_key: &[String]) -> TablePlan {
    let parent = planner.parent(&of.parent);
    let groups = key_groups(&parent.groups, &of.key);
    let pk = parent.hash_key;
    let is_safe = planner.is_safe();
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&pk, planner.hash_type(), false, &format!("Hash key of {}", of.parent));
    columns.add(&of.hashdiff, planner.hash_type(), !is_safe, "Hash of what describes it");
    let (mut has_event_time, mut has_versions) = (is_safe, false);
    for feed in &of.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        let key = filling.key(planner, &pk, &groups);
        columns.retype(&pk, planner.type_in(filling.rows(), &key));
        let described: Vec<String> = child_key.iter().chain(&of.payload).cloned().collect();
        let diff = filling.diff(planner, &of.hashdiff, &described);
        columns.retype(&of.hashdiff, planner.type_in(filling.rows(), &diff));
        for (list, comment) in [
            (child_key, "Tells the rows of a set apart"),
            (&of.payload, ""),
            (of.effective.as_slice(), "From when it holds"),
            (&of.extra, "Makes no version"),
        ] {
            for column in list {
                let type_of = filling.column(planner, column);
                columns.add(column, type_of, true, comment);
            }
        }
        filling.times(planner);
        if is_safe {
            if kind == Kind::MultiActiveSatellite {
                filling.set(planner, system::SET, &key, &diff);
            }
            filling.system(system::VERSION, system::VERSION);
        }
        has_event_time |= planner.tells_event_time(filling.rows());
        has_versions |= is_safe && planner.rowset(filling.rows()).is_some_and(|rowset| rowset.has_versions());
        feeds.push(keep(planner, filling, &key));
    }
    columns.times(planner, has_event_time, "From when it holds");
    if has_versions {
        columns.add(system::VERSION, FieldType::Int, false, "Which version of the message told it");
    }
    if is_safe && kind == Kind::MultiActiveSatellite {
        columns.add(system::SET, planner.hash_type(), false, "Hash of the set");
    }
    finish(planner, kind, name, columns, feeds, [&pk, &of.hashdiff], has_versions)
}

/// Keeps the rows of the feed where the satellite is re-derived from them.
fn keep<'a>(planner: &mut Planner<'a>, filling: Filling<'a>, key: &str) -> FeedPlan {
    if planner.is_safe()
        && let Some(rowset) = planner.rowset(filling.rows())
    {
        rowset.index(vec![key.to_owned(), system::EVENT_TIME.to_owned()]);
    }
    filling.done()
}

fn finish(
    planner: &mut Planner<'_>,
    kind: Kind,
    name: &str,
    columns: Columns,
    feeds: Vec<FeedPlan>,
    [pk, hashdiff]: [&str; 2],
    has_versions: bool,
) -> TablePlan {
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, kind, name, columns);
    if planner.is_safe() {
        let is_multi = kind == Kind::MultiActiveSatellite;
        let set = is_multi.then_some(system::SET);
        let version = has_versions.then_some(system::VERSION);
        let position = [names.event_time.as_str()].into_iter().chain(version).chain([names.load_time.as_str()]);
        let unique = [pk].into_iter().chain(position).chain(set).chain([hashdiff]);
        table.unique = unique.map(str::to_owned).collect();
        let field = |name: &str, of: FieldType| Field { name: name.to_owned(), of };
        let mut late: Vec<Field> = Vec::new();
        for column in table.unique.iter().filter(|column| !is_multi || *column != hashdiff) {
            late.extend(table.columns.iter().find(|found| found.name == *column).map(|found| field(column, found.of)));
        }
        let diff_type = late.last().map_or(FieldType::Bytes, |diff| diff.of);
        late.push(field("is_wanted", FieldType::Bool));
        let noted = vec![
            field("key", table.columns[0].of),
            field("diff", diff_type),
            field("first", FieldType::Time),
            field("is_late", FieldType::Bool),
        ];
        planner.push_work(format!("work_{name}"), noted);
        planner.push_work(format!("late_{name}"), late);
    } else {
        table.indexes = vec![vec![pk.to_owned(), names.load_time.clone()]];
    }
    table.feeds = feeds;
    table
}

/// The parent's groups with the satellite's own names of the columns, if it has some.
pub(super) fn key_groups(groups: &[Vec<String>], own: &[String]) -> Vec<Vec<String>> {
    if own.is_empty() {
        return groups.to_vec();
    }
    if groups.iter().map(Vec::len).sum::<usize>() != own.len() {
        return vec![own.to_vec()];
    }
    let mut own = own.iter().cloned();
    groups.iter().map(|group| own.by_ref().take(group.len()).collect()).collect()
}
