//! Extended tracking satellites: each version of each satellite once for each load that it came with.

use super::loader::Loader;
use super::record_tracking::insert_new;
use super::snapshot::{column_names, one_at_a_time, rows};
use super::writer::text;
use crate::plan::{TablePlan, tracked_satellite};

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let spec = loader.spec;
    let Some(of) = spec.extended_tracking_satellite.get(&table.name) else { return };
    let pk = table.columns[0].name.as_str();
    let all = column_names(table);
    // The plan has one feed for each of a satellite's, in this order.
    let tracked = of.satellites.iter().filter_map(|name| Some((name, tracked_satellite(spec, name)?.0)));
    let names = tracked.flat_map(|(name, satellite)| satellite.from.iter().map(move |_| name));
    let of_feeds = table.feeds.iter().zip(names).filter(|(feed, _)| loader.is_staged(&feed.stage));
    let selects = of_feeds.map(|(feed, name)| rows(&[feed], &all, &[pk], |_, _| text(name)));
    let selects = selects.collect::<Vec<_>>();
    if selects.is_empty() {
        return;
    }
    let names = &spec.pipeline.names;
    let told_apart_by = [pk, of.satellite_name.as_str(), &names.load_time, &of.hashdiff];
    let sql = insert_new(table, &told_apart_by, &selects.join(" UNION ALL "));
    one_at_a_time(loader, table);
    loader.push(table, "versions of satellites", sql);
}
