//! Bridges: for each key of the hub and each date the ways along links whose relations were open then.

use super::as_of::{dates, is_touched, refresh, time_of};
use super::loader::Loader;
use super::snapshot::{is_open, one_at_a_time, type_of};
use super::writer::{list, of, quoted, table as name_of};
use crate::plan::{Layer, TablePlan, effective_name, step_name};
use crate::spec::{Bridge, Mode, Timeline, Walk};

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let plan = loader.plan;
    let Some(of_spec) = loader.spec.bridge.get(&table.name) else { return };
    let Some(hub) = plan.table(Layer::Dds, &of_spec.hub) else { return };
    let names = of_spec.walk.iter().flat_map(|step| [Some(&step.link), step.effectivity.as_ref()]);
    let tables = names.flatten().filter_map(|name| plan.table(Layer::Dds, name));
    let made_of: Vec<&TablePlan> = tables.chain([hub]).collect();
    if !is_touched(loader, table, &made_of) {
        return;
    }
    let wanted = wanted(loader, table, of_spec, hub);
    one_at_a_time(loader, table);
    refresh(loader, table, &wanted);
}

fn wanted(loader: &Loader<'_>, table: &TablePlan, of_spec: &Bridge, hub: &TablePlan) -> String {
    let pk = hub.columns[0].name.as_str();
    let mut selected = vec![of("h", pk), format!("d.\"_date\" AS {}", quoted(&of_spec.date))];
    let (mut joins, mut from) = (String::new(), of("h", pk));
    for (number, step) in of_spec.walk.iter().enumerate() {
        let Some(link) = loader.plan.table(Layer::Dds, &step.link) else { continue };
        let alias = format!("l{number}");
        let link_key = of(&alias, &link.columns[0].name);
        let name = name_of(link);
        joins.push_str(&format!(" JOIN {name} AS {alias} ON {} = {from}", of(&alias, &step.enters)));
        joins.push_str(&match effectivity(loader, of_spec, step) {
            Some(open) => {
                let e = format!("e{number}");
                format!(" JOIN ({open}) AS {e} ON {e}.\"_key\" = {link_key} AND {e}.\"_date\" = d.\"_date\"")
            }
            None => format!(" AND {} <= d.\"_date\"", of(&alias, time_of(loader, of_spec.by, link))),
        });
        selected.push(format!("{link_key} AS {}", quoted(&step_name(step))));
        from = of(&alias, &step.leaves);
    }
    format!(
        "WITH d AS ({}) SELECT DISTINCT {} FROM {} AS h CROSS JOIN d{joins}",
        dates(loader, table, &of_spec.as_of, &of_spec.date),
        list(selected),
        name_of(hub),
    )
}

/// The relations whose newest row at each date says that they are open.
fn effectivity(loader: &Loader<'_>, of_spec: &Bridge, step: &Walk) -> Option<String> {
    let spec = loader.spec;
    let name = step.effectivity.as_ref()?;
    let (table, of_step) = (loader.plan.table(Layer::Dds, name)?, spec.effectivity_satellite.get(name)?);
    let (effective, load) = (effective_name(spec, of_step), spec.pipeline.names.load_time.as_str());
    let default = if spec.vault.mode == Mode::Safe { Timeline::Event } else { Timeline::Load };
    let times = match of_spec.by.unwrap_or(default) {
        Timeline::Event => [effective, load],
        Timeline::Load => [load, effective],
    };
    let (key, end) = (of("v", &table.columns[0].name), of("v", &of_step.end));
    let newest_first = times.map(|time| format!("{} DESC", of("v", time))).join(", ");
    Some(format!(
        "SELECT \"_key\", \"_date\" FROM (SELECT {key} AS \"_key\", d.\"_date\", {end} AS \"_end\", ROW_NUMBER() OVER \
         (PARTITION BY {key}, d.\"_date\" ORDER BY {newest_first}, {end}) AS \"_n\" FROM {name} AS v \
         JOIN d ON {time} <= d.\"_date\") AS x WHERE \"_n\" = 1 AND {is_open}",
        name = name_of(table),
        time = of("v", times[0]),
        is_open = is_open(type_of(table, &of_step.end), "\"_end\""),
    ))
}
