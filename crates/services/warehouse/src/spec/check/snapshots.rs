//! Kinds that are defined load by load: effectivity, tracking, reference tables, PIT and bridge.

use super::Desk;
use super::vault::{key_of_parent, link, parent};
use crate::spec::{AsOf, Bridge, EffectivitySatellite};

pub(super) fn check(desk: &mut Desk<'_>) {
    let spec = desk.spec;
    for (name, of) in &spec.effectivity_satellite {
        check_effectivity(desk, name, of);
    }
    for (kind, all) in [
        ("record_tracking_satellite", &spec.record_tracking_satellite),
        ("status_tracking_satellite", &spec.status_tracking_satellite),
    ] {
        for (name, of) in all {
            let feeds = key_of_parent(desk, (kind, name), &of.parent, &of.key, &of.from);
            desk.fed(&[kind, name, "extra"], &of.extra, &feeds);
        }
    }
    for (name, of) in &spec.extended_tracking_satellite {
        let kind = "extended_tracking_satellite";
        parent(desk, &[kind, name, "parent"], &of.parent);
        desk.list(&[kind, name, "satellites"], &of.satellites, false);
        satellites_of(desk, &[kind, name, "satellites"], &of.satellites, &of.parent);
    }
    for (name, of) in &spec.reference {
        let feeds = desk.feeds("reference", name, &of.from);
        desk.list(&["reference", name, "key"], &of.key, false);
        desk.fed(&["reference", name, "key"], &of.key, &feeds);
        desk.fed(&["reference", name, "payload"], &of.payload, &feeds);
    }
    for (name, of) in &spec.pit {
        parent(desk, &["pit", name, "hub"], &of.hub);
        desk.list(&["pit", name, "satellites"], &of.satellites, false);
        satellites_of(desk, &["pit", name, "satellites"], &of.satellites, &of.hub);
        as_of(desk, &["pit", name, "as_of"], &of.as_of);
        for (key, text) in [("key_name", &of.key_name), ("time_name", &of.time_name)] {
            if of.satellites.len() > 1 && !text.contains("{satellite}") {
                desk.say(&["pit", name, key], "must contain {satellite}, or all have one name".into());
            }
        }
    }
    for (name, of) in &spec.bridge {
        check_bridge(desk, name, of);
    }
}

fn check_effectivity<'a>(desk: &mut Desk<'a>, name: &str, of: &'a EffectivitySatellite) {
    let kind = "effectivity_satellite";
    let feeds = desk.feeds(kind, name, &of.from);
    let Some(link) = link(desk, &of.parent) else {
        parent(desk, &[kind, name, "parent"], &of.parent);
        if desk.spec.hub.contains_key(&of.parent) {
            desk.say(&[kind, name, "parent"], "must be a link".into());
        }
        return;
    };
    desk.list(&[kind, name, "driving"], &of.driving, false);
    let keys: Vec<&str> = link.keys.keys().map(String::as_str).collect();
    for key in of.driving.iter().filter(|key| !keys.contains(&key.as_str())) {
        desk.unknown(&[kind, name, "driving"], &format!("key of {}", of.parent), key, &keys);
    }
    if of.driving.len() >= keys.len() {
        desk.say(&[kind, name, "driving"], "must leave a key that changes".into());
    }
    if of.start == of.end {
        desk.say(&[kind, name, "end"], "must not be the column that it begins with".into());
    }
    desk.fed(&[kind, name, "extra"], &of.extra, &feeds);
}

/// Complains of satellites that are not there, or are of another parent.
fn satellites_of(desk: &mut Desk<'_>, path: &[&str], names: &[String], of: &str) {
    let spec = desk.spec;
    let parents = |name: &String| {
        let plain = spec.satellite.get(name).map(|satellite| &satellite.parent);
        let multi = || spec.multi_active_satellite.get(name).map(|multi| &multi.satellite.parent);
        let effective = || spec.effectivity_satellite.get(name).map(|effective| &effective.parent);
        plain.or_else(multi).or_else(effective)
    };
    for name in names {
        match parents(name) {
            Some(parent) if parent != of => desk.say(path, format!("{name:?} describes {parent}, not {of}")),
            Some(_) => {}
            None => {
                let all = spec.satellite.keys().chain(spec.multi_active_satellite.keys());
                let known: Vec<&str> = all.map(String::as_str).collect();
                desk.unknown(path, "satellite", name, &known);
            }
        }
    }
}

fn as_of(desk: &mut Desk<'_>, path: &[&str], of: &AsOf) {
    if of.rows.starts_with("table:") {
        return;
    }
    match desk.columns(&of.rows) {
        None => {
            let known = desk.row_sets();
            desk.unknown(path, "source or row set", &of.rows, &known);
        }
        Some(columns) if !columns.contains_key(of.column.as_str()) => {
            let known: Vec<&str> = columns.keys().copied().collect();
            desk.unknown(path, "column", &of.column, &known);
        }
        Some(_) => {}
    }
}

fn check_bridge(desk: &mut Desk<'_>, name: &str, of: &Bridge) {
    if !desk.spec.hub.contains_key(&of.hub) {
        let known: Vec<&str> = desk.spec.hub.keys().map(String::as_str).collect();
        desk.unknown(&["bridge", name, "hub"], "hub", &of.hub, &known);
    }
    if of.walk.is_empty() {
        desk.say(&["bridge", name, "walk"], "must not be empty".into());
    }
    as_of(desk, &["bridge", name, "as_of"], &of.as_of);
    let mut at = of.hub.as_str();
    for (step, walk) in of.walk.iter().enumerate() {
        let place = step.to_string();
        let path = ["bridge", name, "walk", &place];
        let Some(link) = link(desk, &walk.link) else {
            parent(desk, &path, &walk.link);
            return;
        };
        let keys: Vec<&str> = link.keys.keys().map(String::as_str).collect();
        for key in [&walk.enters, &walk.leaves].into_iter().filter(|key| !keys.contains(&key.as_str())) {
            desk.unknown(&path, &format!("key of {}", walk.link), key, &keys);
        }
        if link.keys.get(&walk.enters).is_some_and(|of| of.hub != at) {
            desk.say(&path, format!("{:?} does not come from {at}", walk.enters));
        }
        if let Some(effectivity) = &walk.effectivity {
            let all = &desk.spec.effectivity_satellite;
            match all.get(effectivity) {
                Some(of) if of.parent == walk.link => {}
                Some(of) => desk.say(&path, format!("{effectivity:?} is of {}", of.parent)),
                None => {
                    let known: Vec<&str> = all.keys().map(String::as_str).collect();
                    desk.unknown(&path, "effectivity satellite", effectivity, &known);
                }
            }
        }
        let Some(next) = link.keys.get(&walk.leaves) else { return };
        at = &next.hub;
    }
}
