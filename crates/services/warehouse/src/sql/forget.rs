//! Forgetting: what messages of a forgotten user have left is taken out of every table.
//!
//! Their versions are noted, so that marts count them no more; keys of the vault that nothing else is known of go, and at the end
//! what was kept of the messages. A key that others are known of too stays as it was first seen.

use playhead_ports::Dialect;

use super::loader::{LoadStatement, Loader};
use super::mart;
use super::stg::known;
use super::writer::{all, columns, equal, names, of, quoted, table as name_of};
use crate::plan::system::{CONTENT, EVENT_TIME, IS_NEWEST, LOAD_TIME, MESSAGE, OFFSET, PARTITION, TOPIC, VERSION};
use crate::plan::{FeedPlan, Kind, Plan, TablePlan};
use crate::spec::{Source, Spec};

/// The temporary table of what is forgotten: topic, partition, offset below which, user, and video or none.
pub(crate) const FORGOTTEN: &str = "forgotten";
const VERSIONS: [&str; 3] = [MESSAGE, VERSION, CONTENT];

/// The sources that know users, by their names.
pub(crate) fn knowing<'a>(spec: &'a Spec, plan: &'a Plan) -> Vec<(&'a str, &'a Source)> {
    let knows = |(name, source): &(&'a String, &'a Source)| {
        source.user_column().is_some() && plan.keeper(Kind::Rows, name).is_some()
    };
    spec.source.iter().filter(knows).map(|(name, source)| (name.as_str(), source)).collect()
}

/// The statements that forget what [`FORGOTTEN`] says. The messages' temporary tables and the work tables must be there, empty.
pub(crate) fn forgets(dialect: Dialect, spec: &Spec, plan: &Plan) -> Vec<LoadStatement> {
    let sources = knowing(spec, plan);
    let stages: Vec<String> = sources.iter().map(|(name, _)| format!("message_{name}")).collect();
    let stages: Vec<&str> = stages.iter().map(String::as_str).collect();
    let mut loader = Loader::new(dialect, spec, plan, &stages);
    for (name, source) in &sources {
        note(&mut loader, name, source);
    }
    let kept = |kind: Kind| plan.tables.iter().filter(move |table| table.kind == kind);
    for table in kept(Kind::Rows) {
        if let Some(source) = loader.messages_of(&table.feeds[0].rows) {
            let (flag, known) = (quoted(IS_NEWEST), known(source));
            let sql = format!(
                "UPDATE {} AS t SET {flag} = FALSE FROM {known} AS k WHERE t.{flag} AND {}",
                name_of(table),
                equal("t", "k", VERSIONS)
            );
            loader.push(table, "rows that count no more", sql);
        }
    }
    kept(Kind::Mart).for_each(|table| mart::load(&mut loader, table));
    plan.tables.iter().for_each(|table| keys(&mut loader, table));
    for table in &plan.tables {
        let sources: Vec<&str> = match table.kind {
            Kind::Rows | Kind::Messages | Kind::History => {
                loader.messages_of(&table.feeds[0].rows).into_iter().collect()
            }
            Kind::Pins | Kind::Waiting => sources.iter().map(|(name, _)| *name).collect(),
            _ => Vec::new(),
        };
        for source in sources {
            let sql = format!(
                "DELETE FROM {} AS t WHERE EXISTS (SELECT 1 FROM {} AS k WHERE {})",
                name_of(table),
                known(source),
                equal("k", "t", VERSIONS)
            );
            loader.push(table, "what is forgotten", sql);
        }
    }
    loader.done()
}

/// Notes the versions of a source that are forgotten.
fn note(loader: &mut Loader<'_>, name: &str, source: &Source) {
    let plan = loader.plan;
    let (Some(kept), Some(history)) = (plan.keeper(Kind::Rows, name), plan.keeper(Kind::History, name)) else { return };
    let Some(user) = source.user_column() else { return };
    let video = match source.video_column() {
        Some(video) => format!("(f.\"video\" IS NULL OR {} = f.\"video\")", of("r", video)),
        None => "f.\"video\" IS NULL".to_owned(),
    };
    let place =
        [(TOPIC, "topic"), (PARTITION, "partition")].map(|(own, told)| format!("{} = f.\"{told}\"", of("h", own)));
    let sql = format!(
        "INSERT INTO {} ({}) SELECT DISTINCT {} FROM {FORGOTTEN} AS f JOIN {} AS r ON {} = f.\"user\" AND {video} \
         JOIN {} AS h ON {} WHERE {} AND {} < f.\"below\"",
        known(name),
        names(VERSIONS),
        columns("r", VERSIONS),
        name_of(kept),
        of("r", user),
        name_of(history),
        equal("h", "r", VERSIONS),
        all(place),
        of("h", OFFSET),
    );
    loader.push(kept, "which versions are forgotten", sql);
}

/// Takes out the keys of a table of the vault that only forgotten messages told of.
fn keys(loader: &mut Loader<'_>, table: &TablePlan) {
    use Kind as K;
    let is_keyed = matches!(
        table.kind,
        K::Hub
            | K::Link
            | K::TransactionalLink
            | K::SameAsLink
            | K::HierarchicalLink
            | K::Satellite
            | K::MultiActiveSatellite
    );
    let plan = loader.plan;
    let kept_of = |feed: &FeedPlan| plan.keeper(Kind::Rows, &feed.rows);
    let told: Vec<(&FeedPlan, &TablePlan, &str)> =
        table.feeds.iter().filter_map(|feed| Some((feed, kept_of(feed)?, loader.messages_of(&feed.rows)?))).collect();
    // What came another way cannot be told from what is forgotten.
    if !is_keyed || told.is_empty() || table.feeds.iter().any(|feed| kept_of(feed).is_none()) {
        return;
    }
    let pk = table.columns[0].name.as_str();
    let gone = told.iter().map(|(feed, kept, source)| {
        let (kept, known, same) = (name_of(kept), known(source), equal("r", "k", VERSIONS));
        format!("SELECT {} FROM {kept} AS r JOIN {known} AS k ON {same}", of("r", feed.field(pk)))
    });
    let gone = gone.collect::<Vec<_>>().join(" UNION ");
    let stays = table.feeds.iter().filter_map(|feed| {
        let kept = name_of(kept_of(feed)?);
        let is_forgotten = loader.messages_of(&feed.rows).map_or(String::new(), |source| {
            format!(" AND NOT EXISTS (SELECT 1 FROM {} AS k WHERE {})", known(source), equal("k", "r", VERSIONS))
        });
        let same = format!("{} = {}", of("r", feed.field(pk)), of("t", pk));
        Some(format!("NOT EXISTS (SELECT 1 FROM {kept} AS r WHERE {same}{is_forgotten})"))
    });
    let stays = all(stays.collect::<Vec<_>>());
    let sql = format!("DELETE FROM {} AS t WHERE {} IN ({gone}) AND {stays}", name_of(table), of("t", pk));
    loader.push(table, "keys that nothing else is known of", sql);
    if matches!(table.kind, K::Satellite | K::MultiActiveSatellite) {
        versions(loader, table, pk, &told);
    }
}

/// Takes out the versions of a satellite that forgotten messages told, of keys that others are known of too.
fn versions(loader: &mut Loader<'_>, table: &TablePlan, pk: &str, told: &[(&FeedPlan, &TablePlan, &str)]) {
    let names = &loader.spec.pipeline.names;
    let times = [(&names.event_time, EVENT_TIME), (&names.load_time, LOAD_TIME)];
    let times: Vec<String> = times
        .into_iter()
        .filter(|(name, _)| table.columns.iter().any(|column| column.name == **name))
        .map(|(name, field)| format!("{} = {}", of("r", field), of("t", name)))
        .collect();
    for (feed, kept, source) in told {
        let same = all(times.iter().cloned().chain([format!("{} = {}", of("r", feed.field(pk)), of("t", pk))]));
        let sql = format!(
            "DELETE FROM {} AS t WHERE EXISTS (SELECT 1 FROM {} AS r JOIN {} AS k ON {} WHERE {same})",
            name_of(table),
            name_of(kept),
            known(source),
            equal("r", "k", VERSIONS),
        );
        loader.push(table, "versions that are forgotten", sql);
    }
}
