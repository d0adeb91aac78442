//! Point-in-time tables: for each key of the hub and each date the newest version of each satellite.

use super::as_of::{dates, is_touched, refresh, time_of};
use super::loader::Loader;
use super::snapshot::{GHOST_TIME, hash_bytes, hash_literal, one_at_a_time};
use super::writer::{list, of, quoted, table as name_of};
use crate::plan::{Layer, TablePlan, pit_key_name, pit_time_name};
use crate::spec::Pit;

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let plan = loader.plan;
    let Some(of_spec) = loader.spec.pit.get(&table.name) else { return };
    let Some(hub) = plan.table(Layer::Dds, &of_spec.hub) else { return };
    let satellites = of_spec.satellites.iter().filter_map(|name| plan.table(Layer::Dds, name));
    let satellites: Vec<&TablePlan> = satellites.collect();
    let made_of: Vec<&TablePlan> = satellites.iter().copied().chain([hub]).collect();
    if !is_touched(loader, table, &made_of) {
        return;
    }
    let wanted = wanted(loader, table, of_spec, hub, &satellites);
    one_at_a_time(loader, table);
    refresh(loader, table, &wanted);
}

fn wanted(loader: &Loader<'_>, table: &TablePlan, of_spec: &Pit, hub: &TablePlan, satellites: &[&TablePlan]) -> String {
    let pk = hub.columns[0].name.as_str();
    let mut selected = vec![of("h", pk), format!("d.\"_date\" AS {}", quoted(&of_spec.date))];
    let mut joins = String::new();
    for (number, satellite) in satellites.iter().enumerate() {
        let (alias, name) = (format!("s{number}"), name_of(satellite));
        let (key, time) = (satellite.columns[0].name.as_str(), time_of(loader, of_spec.by, satellite));
        let (key_column, time_column) =
            (pit_key_name(of_spec, &satellite.name), pit_time_name(of_spec, &satellite.name));
        let (mut key_value, mut time_value) = (format!("{alias}.\"_key\""), format!("{alias}.\"_time\""));
        if of_spec.ghost {
            let of_type = table.columns[0].of;
            let zeros = hash_literal(loader.dialect, of_type, &vec![0; hash_bytes(loader)]);
            key_value = format!("COALESCE({key_value}, {zeros})");
            time_value = format!("COALESCE({time_value}, {GHOST_TIME})");
        }
        selected.push(format!("{key_value} AS {}", quoted(&key_column)));
        selected.push(format!("{time_value} AS {}", quoted(&time_column)));
        joins.push_str(&format!(
            " LEFT JOIN (SELECT {v_key} AS \"_key\", d.\"_date\", MAX({v_time}) AS \"_time\" FROM {name} AS v \
             JOIN d ON {v_time} <= d.\"_date\" GROUP BY {v_key}, d.\"_date\") AS {alias} \
             ON {alias}.\"_key\" = {h_key} AND {alias}.\"_date\" = d.\"_date\"",
            v_key = of("v", key),
            v_time = of("v", time),
            h_key = of("h", pk),
        ));
    }
    format!(
        "WITH d AS ({}) SELECT {} FROM {} AS h CROSS JOIN d{joins}",
        dates(loader, table, &of_spec.as_of, &of_spec.date),
        list(selected),
        name_of(hub),
    )
}
