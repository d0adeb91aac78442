//! Links: each relation once; transactional ones with the values of the transaction.

use super::Kind;
use super::planner::{Columns, Planner, hash_key_name, vault_table};
use crate::spec::{Link, Mode};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, kind: Kind, name: &str, link: &'a Link, payload: &[String]) {
    let pk = hash_key_name(name, link.hash_key.as_ref());
    let groups = planner.link_groups(link);
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&pk, planner.hash_type(), false, "Hash of the related business keys");
    let mut has_event_time = planner.is_safe();
    for feed in &link.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        let field = filling.key(planner, &pk, &groups);
        columns.retype(&pk, planner.type_in(filling.rows(), &field));
        for (column, linked) in &link.keys {
            let key = planner.linked_key(linked);
            let field = filling.key(planner, column, std::slice::from_ref(&key));
            columns.add(column, planner.hash_type(), false, &format!("Hash key of {}", linked.hub));
            columns.retype(column, planner.type_in(filling.rows(), &field));
        }
        for (list, comment) in [
            (link.dependent.as_slice(), "Part of the relation"),
            (payload, "Value of the transaction"),
            (&link.extra, "As it was first seen"),
        ] {
            for column in list {
                let of = filling.column(planner, column);
                columns.add(column, of, true, comment);
            }
        }
        filling.times(planner);
        has_event_time |= planner.tells_event_time(filling.rows());
        feeds.push(filling.done());
    }
    columns.times(planner, has_event_time, "When it was first seen to happen");
    let mut table = vault_table(planner, kind, name, columns);
    // AutomateDV's transactional link takes every different row of a load, so its keys may repeat.
    let may_repeat = kind == Kind::TransactionalLink && planner.spec.vault.mode == Mode::AutomateDv;
    table.unique = if may_repeat { Vec::new() } else { vec![pk.clone()] };
    table.indexes = if may_repeat { vec![vec![pk]] } else { Vec::new() };
    table.feeds = feeds;
    let hubs: Vec<&str> = link.keys.values().map(|linked| linked.hub.as_str()).collect();
    table.comment = format!("Link: each relation of {} once", hubs.join(", "));
    planner.push(table);
}
