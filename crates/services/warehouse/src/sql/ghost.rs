//! Ghost records: a row of nothing in a satellite, with a key of zeros and the time 1900-01-01, so that joins that ask for what is not
//! known find one. It is there from the first load on, and once.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::snapshot::{GHOST_TIME, cast, column_names, hash_bytes, hash_literal, one_at_a_time};
use super::writer::{list, names, quoted, table as name_of, text};
use crate::plan::system::{SET, VERSION};
use crate::plan::{ColumnPlan, TablePlan};

/// Where a ghost record comes from: in mode `automate_dv` as AutomateDV calls it.
const SOURCES: [&str; 2] = ["SYSTEM", "AUTOMATE_DV_SYSTEM"];

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let spec = loader.spec;
    let plain = spec.satellite.get(&table.name);
    let satellite = plain.or_else(|| spec.multi_active_satellite.get(&table.name).map(|of| &of.satellite));
    if !satellite.is_some_and(|of| of.ghost) || loader.feeds(table).is_empty() {
        return;
    }
    let all_names = &spec.pipeline.names;
    let effective = satellite.and_then(|of| of.effective.as_deref());
    let [pk, hashdiff] = [&table.columns[0], &table.columns[1]];
    let zeros = |column: &ColumnPlan| hash_literal(loader.dialect, column.of, &vec![0; hash_bytes(loader)]);
    let value = |column: &ColumnPlan| match column.name.as_str() {
        name if name == pk.name || name == hashdiff.name || name == SET => zeros(column),
        name if name == all_names.event_time || name == all_names.load_time => GHOST_TIME.to_owned(),
        name if Some(name) == effective => cast(loader.dialect, column.of, GHOST_TIME),
        name if name == all_names.record_source => text(SOURCES[usize::from(!loader.is_safe())]),
        VERSION => "0".to_owned(),
        _ => format!("CAST(NULL AS {})", loader.dialect.type_name(column.of)),
    };
    let name = name_of(table);
    // Tables of the mode `safe` have a key, and loads of them may meet.
    let may_meet = loader.dialect == Dialect::Postgres && loader.is_safe();
    let sql = format!(
        "INSERT INTO {name} ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE t.{} = {}){}",
        names(column_names(table)),
        list(table.columns.iter().map(value)),
        quoted(&hashdiff.name),
        zeros(hashdiff),
        if may_meet { " ON CONFLICT DO NOTHING" } else { "" },
    );
    if !may_meet {
        one_at_a_time(loader, table);
    }
    loader.push(table, "a record of nothing", sql);
}
