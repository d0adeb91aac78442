//! Hubs, links, and satellites that describe them.

use std::collections::BTreeMap;

use playhead_ports::FieldType;

use super::names::named;
use super::{Columns, Desk};
use crate::spec::{Feed, Link, Satellite};

pub(super) fn check(desk: &mut Desk<'_>) {
    let spec = desk.spec;
    for (name, hub) in &spec.hub {
        let feeds = desk.feeds("hub", name, &hub.from);
        desk.list(&["hub", name, "key"], &hub.key, false);
        desk.fed(&["hub", name, "key"], &hub.key, &feeds);
        desk.fed(&["hub", name, "extra"], &hub.extra, &feeds);
        hash_key(desk, "hub", name, hub.hash_key.as_ref());
    }
    for (kind, links) in
        [("link", &spec.link), ("same_as_link", &spec.same_as_link), ("hierarchical_link", &spec.hierarchical_link)]
    {
        for (name, link) in links {
            check_link(desk, kind, name, link, &[]);
        }
    }
    for (name, link) in &spec.transactional_link {
        check_link(desk, "transactional_link", name, &link.link, &link.payload);
    }
    for (kind, links) in [("same_as_link", &spec.same_as_link), ("hierarchical_link", &spec.hierarchical_link)] {
        for (name, link) in links {
            let hubs: Vec<&String> = link.keys.values().map(|key| &key.hub).collect();
            if hubs.len() != 2 || hubs[0] != hubs[1] {
                desk.say(&[kind, name, "keys"], "must be two keys of one hub".into());
            }
        }
    }
    for (name, satellite) in &spec.satellite {
        check_satellite(desk, "satellite", name, satellite, &[]);
    }
    for (name, of) in &spec.multi_active_satellite {
        desk.list(&["multi_active_satellite", name, "child_key"], &of.child_key, false);
        check_satellite(desk, "multi_active_satellite", name, &of.satellite, &of.child_key);
    }
}

fn hash_key(desk: &mut Desk<'_>, kind: &str, table: &str, given: Option<&String>) {
    let path = [kind, table, "hash_key"];
    match given {
        Some(name) => named(desk, &path, name),
        None => named(desk, &path[..2], &format!("{table}_pk")),
    }
}

fn check_link<'a>(desk: &mut Desk<'a>, kind: &str, name: &str, link: &'a Link, payload: &[String]) {
    let feeds = desk.feeds(kind, name, &link.from);
    hash_key(desk, kind, name, link.hash_key.as_ref());
    if link.keys.is_empty() {
        desk.say(&[kind, name, "keys"], "must not be empty".into());
    }
    let hash = link.hash_key.clone().unwrap_or_else(|| format!("{name}_pk"));
    for (key, of) in &link.keys {
        let path = [kind, name, "keys", key];
        named(desk, &path, key);
        let Some(hub) = desk.spec.hub.get(&of.hub) else {
            let known: Vec<&str> = desk.spec.hub.keys().map(String::as_str).collect();
            desk.unknown(&path, "hub", &of.hub, &known);
            continue;
        };
        if !of.key.is_empty() && of.key.len() != hub.key.len() {
            desk.say(&path, format!("{} has {} columns in its key, not {}", of.hub, hub.key.len(), of.key.len()));
            continue;
        }
        let columns = if of.key.is_empty() { &hub.key } else { &of.key };
        let hashed: Vec<Columns<'_>> = feeds.iter().filter(|feed| !feed.contains_key(key.as_str())).cloned().collect();
        desk.fed(&path, columns, &hashed);
        if !hashed.is_empty()
            && of.key.is_empty()
            && link.keys.iter().any(|(other, of_other)| other < key && of_other == of)
        {
            desk.say(&path, format!("another key is of the same columns of {}: give `key`", of.hub));
        }
    }
    desk.list(&[kind, name, "order"], &link.order, true);
    let hashed: Vec<&str> = link.keys.keys().chain(&link.dependent).map(String::as_str).collect();
    for other in link.order.iter().filter(|other| !hashed.contains(&other.as_str())) {
        desk.unknown(&[kind, name, "order"], "key or dependent column", other, &hashed);
    }
    for key in link.keys.keys().filter(|key| !link.order.is_empty() && !link.order.contains(key)) {
        desk.say(&[kind, name, "order"], format!("{key:?} is missing"));
    }
    let taken: Vec<&String> = link.keys.keys().chain([&hash]).collect();
    for (list, columns) in
        [("dependent", link.dependent.as_slice()), ("extra", link.extra.as_slice()), ("payload", payload)]
    {
        desk.list(&[kind, name, list], columns, true);
        desk.fed(&[kind, name, list], columns, &feeds);
        for column in columns.iter().filter(|column| taken.contains(column)) {
            desk.say(&[kind, name, list], format!("{column:?} is the name of a hash key"));
        }
    }
}

/// What a parent has: the name of its hash key and the number of columns of its key, where they are known.
pub(super) struct Parent {
    hash_key: String,
    keys: Option<Vec<String>>,
}

/// A hub or link of that name, complained of if there is none.
pub(super) fn parent(desk: &mut Desk<'_>, path: &[&str], name: &str) -> Option<Parent> {
    let spec = desk.spec;
    let hash_key = |given: &Option<String>| given.clone().unwrap_or_else(|| format!("{name}_pk"));
    if let Some(hub) = spec.hub.get(name) {
        return Some(Parent { hash_key: hash_key(&hub.hash_key), keys: Some(hub.key.clone()) });
    }
    if let Some(link) = link(desk, name) {
        let columns = |name: &String| match link.keys.get(name) {
            Some(of) if of.key.is_empty() => spec.hub.get(&of.hub).map(|hub| hub.key.clone()),
            Some(of) => Some(of.key.clone()),
            None => Some(vec![name.clone()]),
        };
        let keys: Option<Vec<Vec<String>>> = link.hashed().into_iter().map(columns).collect();
        let keys = keys.map(|keys| keys.into_iter().flatten().collect());
        return Some(Parent { hash_key: hash_key(&link.hash_key), keys });
    }
    let known: Vec<&str> = links(desk).into_keys().chain(spec.hub.keys().map(String::as_str)).collect();
    desk.unknown(path, "hub or link", name, &known);
    None
}

fn links<'a>(desk: &Desk<'a>) -> BTreeMap<&'a str, &'a Link> {
    let spec = desk.spec;
    let plain = [&spec.link, &spec.same_as_link, &spec.hierarchical_link];
    let plain = plain.into_iter().flatten().map(|(name, link)| (name.as_str(), link));
    plain.chain(spec.transactional_link.iter().map(|(name, link)| (name.as_str(), &link.link))).collect()
}

/// The link of that name.
pub(super) fn link<'a>(desk: &Desk<'a>, name: &str) -> Option<&'a Link> {
    links(desk).get(name).copied()
}

/// Complains of a key that is not there in the rows, or of another number of columns than the parent's.
pub(super) fn key_of_parent<'a>(
    desk: &mut Desk<'a>,
    (kind, table): (&str, &str),
    of: &str,
    key: &[String],
    from: &'a [Feed],
) -> Vec<Columns<'a>> {
    let feeds = desk.feeds(kind, table, from);
    let Some(parent) = parent(desk, &[kind, table, "parent"], of) else { return feeds };
    let Some(keys) = parent.keys else { return feeds };
    if !key.is_empty() && key.len() != keys.len() {
        let text = format!("{of} has {} columns in its key, not {}", keys.len(), key.len());
        desk.say(&[kind, table, "key"], text);
        return feeds;
    }
    let hashed: Vec<Columns<'_>> =
        feeds.iter().filter(|feed| !feed.contains_key(parent.hash_key.as_str())).cloned().collect();
    desk.fed(&[kind, table, "key"], if key.is_empty() { &keys } else { key }, &hashed);
    feeds
}

fn check_satellite<'a>(desk: &mut Desk<'a>, kind: &str, name: &str, of: &'a Satellite, child_key: &[String]) {
    let feeds = key_of_parent(desk, (kind, name), &of.parent, &of.key, &of.from);
    named(desk, &[kind, name, "hashdiff"], &of.hashdiff);
    desk.list(&[kind, name, "payload"], &of.payload, !child_key.is_empty());
    for (list, columns) in [
        ("child_key", child_key),
        ("payload", of.payload.as_slice()),
        ("effective", of.effective.as_slice()),
        ("extra", &of.extra),
    ] {
        desk.fed(&[kind, name, list], columns, &feeds);
    }
    if let Some(effective) = &of.effective {
        let is_moment = |of: &FieldType| matches!(of, FieldType::Date | FieldType::Time);
        if feeds.iter().filter_map(|feed| feed.get(effective.as_str())).any(|of| !is_moment(of)) {
            desk.say(&[kind, name, "effective"], format!("{effective:?} must be a time or a date"));
        }
    }
    for column in child_key.iter().filter(|column| of.payload.contains(column)) {
        desk.say(&[kind, name, "payload"], format!("{column:?} is in the child key"));
    }
}
