//! What the tables must be, computed slowly and plainly from all messages at once.

use std::collections::{BTreeMap, BTreeSet};

use playhead_warehouse::spec::Spec;

use crate::shop::{Item, Order, Text, diff, key, set};

/// Tables by name: rows of texts, in order.
pub(crate) type Tables = BTreeMap<&'static str, Vec<Vec<Text>>>;

type Line<'a> = (&'a Order, usize, Option<&'a Item>);

/// What orders the rows of one key, and a row.
type Ranked = (Vec<(bool, Text)>, Vec<Text>);

/// Event time, revision, load time and hash: where a version of a key stands among the others.
type Position = (i64, i64, i64, Text);

type Counted<'a> = Vec<(&'a Order, usize, &'a Item)>;

/// The tables after these messages, whatever the order they came in.
pub(crate) fn tables(spec: &Spec, orders: &[Order]) -> Tables {
    let all: BTreeSet<&Order> = orders.iter().collect();
    let newest = newest(spec, &all);
    let rows: Vec<Line<'_>> = all.iter().map(|order| (*order, 0, None)).collect();
    let items: Vec<Line<'_>> = all.iter().flat_map(|order| lines(order)).collect();
    let counted: Vec<Line<'_>> = newest.iter().flat_map(|order| lines(order)).collect();
    let marts = Marts::of(spec, &counted);
    let mut tables = Tables::from([
        ("stg.orders", newest.iter().map(|order| message(spec, order)).collect()),
        ("stg.orders_history", all.iter().map(|order| message(spec, order)).collect()),
        ("stg.shop_orders", kept(spec, &rows, &newest)),
        ("stg.shop_items", kept(spec, &items, &newest)),
        ("dds.h_guest", firsts(&rows, |line| hub(spec, line, "guest"), &["guest"], &["name"])),
        ("dds.h_order", firsts(&rows, |line| hub(spec, line, "id"), &["id"], &[])),
        ("dds.h_product", firsts(&items, |line| hub(spec, line, "product"), &["product"], &[])),
        ("dds.l_guest_product", firsts(&items, |line| link(spec, line, ["guest", "product"]), &[], &[])),
        ("dds.t_order_product", firsts(&items, |line| link(spec, line, ["id", "product"]), &[], &["quantity"])),
        ("dds.s_guest_name", satellite(spec, &rows)),
        ("dds.m_order_items", multi_active(spec, &all)),
        ("cdm.guest_product", marts.guest_product),
        ("cdm.fans", marts.fans),
        ("cdm.product_totals", marts.product_totals),
        ("cdm.product_greatest", marts.product_greatest),
    ]);
    tables.values_mut().for_each(|rows| rows.sort());
    tables
}

fn some(value: impl ToString) -> Text {
    Some(value.to_string())
}

fn lines(order: &Order) -> Vec<Line<'_>> {
    order.items.iter().enumerate().map(|(place, item)| (order, place, Some(item))).collect()
}

fn newest<'a>(spec: &Spec, all: &BTreeSet<&'a Order>) -> Vec<&'a Order> {
    let mut newest: BTreeMap<i64, &Order> = BTreeMap::new();
    let rank = |order: &Order| (order.revision, order.content(spec));
    for order in all {
        let held = newest.entry(order.id).or_insert(order);
        if rank(order) > rank(held) {
            *held = order;
        }
    }
    newest.into_values().collect()
}

fn message(spec: &Spec, order: &Order) -> Vec<Text> {
    vec![some(order.id), some(order.message(spec)), some(order.revision), some(order.content(spec)), some(order.at)]
}

fn kept(spec: &Spec, lines: &[Line<'_>], newest: &[&Order]) -> Vec<Vec<Text>> {
    let row = |(order, place, _): &Line<'_>| {
        let is_newest = newest.contains(order);
        vec![some(order.message(spec)), some(order.revision), some(order.content(spec)), some(place), some(is_newest)]
    };
    lines.iter().map(row).collect()
}

fn hub(spec: &Spec, (order, _, item): &Line<'_>, column: &str) -> Option<Vec<Text>> {
    let value = order.columns(*item)[column].clone();
    key(spec, &[vec![value]]).map(|key| vec![Some(key)])
}

fn link(spec: &Spec, (order, _, item): &Line<'_>, related: [&str; 2]) -> Option<Vec<Text>> {
    let columns = order.columns(*item);
    let groups = related.map(|column| vec![columns[column].clone()]);
    let whole = key(spec, &groups)?;
    let each = groups.map(|group| key(spec, &[group]));
    Some(std::iter::once(Some(whole)).chain(each).collect())
}

/// Nothing comes last, as it does in the tables.
fn last_if_none(value: Text) -> (bool, Text) {
    (value.is_none(), value)
}

/// The first line of each key: the key, its columns, further ones, and the times.
fn firsts(
    lines: &[Line<'_>],
    key_of: impl Fn(&Line<'_>) -> Option<Vec<Text>>,
    business: &[&str],
    further: &[&str],
) -> Vec<Vec<Text>> {
    let mut firsts: BTreeMap<Vec<Text>, Ranked> = BTreeMap::new();
    for line in lines {
        let Some(key) = key_of(line) else { continue };
        let (order, _, item) = line;
        let columns = order.columns(*item);
        let of = |names: &[&str]| -> Vec<Text> { names.iter().map(|name| columns[*name].clone()).collect() };
        let times = [some(order.at), some(order.loaded), some(order.source)];
        let rank = times.iter().cloned().chain(of(further)).map(last_if_none).collect();
        let row = key.iter().cloned().chain(of(business)).chain(of(further)).chain(times).collect();
        let held = firsts.entry(key).or_insert_with(|| (Vec::clone(&rank), Vec::clone(&row)));
        if rank < held.0 {
            *held = (rank, row);
        }
    }
    firsts.into_values().map(|(_, row)| row).collect()
}

/// Versions by position, of each key: neighbours that say the same collapse.
fn satellite(spec: &Spec, lines: &[Line<'_>]) -> Vec<Vec<Text>> {
    let mut keys: BTreeMap<String, BTreeMap<Position, Vec<&Order>>> = BTreeMap::new();
    for (order, ..) in lines {
        let Some(key) = key(spec, &[vec![order.guest.map(str::to_owned)]]) else { continue };
        let says = diff(spec, &[order.name.map(str::to_owned)]);
        let position = (order.at, order.revision, order.loaded, says);
        keys.entry(key).or_default().entry(position).or_default().push(order);
    }
    let mut rows = Vec::new();
    for (key, versions) in keys {
        let mut was = None;
        for ((at, revision, loaded, says), orders) in versions {
            if was.as_ref() == Some(&says) {
                continue;
            }
            let first =
                orders.iter().min_by_key(|order| (order.status, order.source)).expect("a position has an order");
            let name = first.name.map(str::to_owned);
            rows.push(vec![
                some(&key),
                says.clone(),
                name,
                some(first.status),
                some(at),
                some(loaded),
                some(first.source),
                some(revision),
            ]);
            was = Some(says);
        }
    }
    rows
}

fn multi_active(spec: &Spec, all: &BTreeSet<&Order>) -> Vec<Vec<Text>> {
    type Members = BTreeMap<(Text, Text, i64), &'static str>;
    let mut keys: BTreeMap<i64, BTreeMap<Position, Members>> = BTreeMap::new();
    for order in all.iter().filter(|order| !order.items.is_empty()) {
        let says = |item: &Item| diff(spec, &[some(item.product), some(item.quantity)]);
        let position = (order.at, order.revision, order.loaded, set(spec, order.items.iter().map(says).collect()));
        let members = keys.entry(order.id).or_default().entry(position).or_default();
        for item in &order.items {
            let member = (says(item), some(item.product), item.quantity);
            let source = members.entry(member).or_insert(order.source);
            *source = (*source).min(order.source);
        }
    }
    let mut rows = Vec::new();
    for (id, versions) in keys {
        let mut was = None;
        for ((at, revision, loaded, set), members) in versions {
            if was.as_ref() != Some(&set) {
                let key = key(spec, &[vec![some(id)]]);
                rows.extend(members.into_iter().map(|((says, product, quantity), source)| {
                    let times = [some(at), some(loaded), some(source), some(revision), set.clone()];
                    [key.clone(), says, product, some(quantity)].into_iter().chain(times).collect()
                }));
            }
            was = Some(set);
        }
    }
    rows
}

struct Marts {
    guest_product: Vec<Vec<Text>>,
    fans: Vec<Vec<Text>>,
    product_totals: Vec<Vec<Text>>,
    product_greatest: Vec<Vec<Text>>,
}

impl Marts {
    fn of(spec: &Spec, lines: &[Line<'_>]) -> Self {
        let mut groups: BTreeMap<(&str, &str), Counted<'_>> = BTreeMap::new();
        for (order, place, item) in lines {
            let (Some(guest), Some(item)) = (order.guest, item) else { continue };
            if order.status == "CLOSED" {
                groups.entry((guest, item.product)).or_default().push((order, *place, item));
            }
        }
        let (mut guest_product, mut fans) = (Vec::new(), Vec::new());
        let mut totals: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        let mut greatest: BTreeMap<&str, usize> = BTreeMap::new();
        for ((guest, product), rows) in groups {
            let orders: BTreeMap<i64, i64> = rows.iter().map(|(order, ..)| (order.id, order.at)).collect();
            guest_product.push(Self::row(spec, guest, product, orders.len(), &rows));
            let threshold = if product == "p1" { 2 } else { 3 };
            let mut times: Vec<i64> = orders.values().copied().collect();
            times.sort_unstable();
            if let Some(at) = times.get(threshold - 1) {
                fans.push(vec![some(guest), some(product), some(product), some(threshold), some(at)]);
            }
            if rows.len() >= 2 {
                let total = totals.entry(product).or_default();
                *total = (total.0 + 1, total.1 + i64::try_from(orders.len()).expect("few orders"));
            }
            let most = greatest.entry(product).or_default();
            *most = orders.len().max(*most);
        }
        let total = |(product, (guests, orders)): (&str, (i64, i64))| {
            vec![some(product), some(guests), some(orders), some(guests)]
        };
        let most = |(product, most): (&str, usize)| vec![some(product), some(most)];
        Self {
            guest_product,
            fans,
            product_totals: totals.into_iter().map(total).collect(),
            product_greatest: greatest.into_iter().map(most).collect(),
        }
    }

    fn row(spec: &Spec, guest: &str, product: &str, orders: usize, rows: &[(&Order, usize, &Item)]) -> Vec<Text> {
        let quantities = || rows.iter().map(|(_, _, item)| item.quantity);
        let cents: i64 = rows.iter().map(|(_, _, item)| if item.price == "1.50" { 150 } else { 200 }).sum();
        let rank = |order: &Order, place: usize| {
            (order.at, order.loaded, order.revision, order.message(spec), order.content(spec), place)
        };
        let last = rows.iter().max_by_key(|(order, place, _)| rank(order, *place)).and_then(|(order, ..)| order.name);
        let greatest = rows.iter().filter_map(|(order, ..)| order.name).max();
        vec![
            some(guest),
            some(product),
            greatest.map(str::to_owned),
            some(rows.len()),
            last.map(str::to_owned),
            quantities().min().map(|least| least.to_string()),
            some(orders),
            some(quantities().sum::<i64>()),
            some(format!("{}.{:02}", cents / 100, cents % 100)),
        ]
    }
}
