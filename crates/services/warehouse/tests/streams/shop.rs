//! A small shop's messages, made at random, and staged as intake would stage them.

use std::collections::BTreeMap;

use fastrand::Rng;
use playhead_ports::{FieldType, FieldValues, Staged};
use playhead_warehouse::hash;
use playhead_warehouse::plan::{Origin, Plan, StageOf, StagePlan};
use playhead_warehouse::spec::Spec;

/// One version of an order. Two that are alike are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) revision: i64,
    /// Seconds.
    pub(crate) at: i64,
    pub(crate) loaded: i64,
    pub(crate) source: &'static str,
    pub(crate) guest: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
    pub(crate) status: &'static str,
    pub(crate) items: Vec<Item>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Item {
    pub(crate) product: &'static str,
    pub(crate) quantity: i64,
    pub(crate) price: &'static str,
}

/// A value as it is hashed and shown.
pub(crate) type Text = Option<String>;

impl Order {
    /// Few different values, so that all meet all.
    pub(crate) fn random(random: &mut Rng) -> Self {
        let item = |random: &mut Rng| Item {
            product: one_of(random, &["p1", "p2", "p3"]),
            quantity: random.i64(1..3),
            price: one_of(random, &["1.50", "2.00"]),
        };
        Self {
            id: random.i64(1..7),
            revision: random.i64(1..4),
            at: random.i64(0..8),
            loaded: random.i64(0..3),
            source: one_of(random, &["a", "B"]),
            guest: (random.u8(0..10) > 0).then(|| one_of(random, &["g1", "g2", "G1"])),
            name: (random.u8(0..6) > 0).then(|| one_of(random, &["Ann", "ann", "Bo"])),
            status: one_of(random, &["OPEN", "CLOSED"]),
            items: (0..random.usize(0..4)).map(|_| item(random)).collect(),
        }
    }

    pub(crate) fn message(&self, spec: &Spec) -> String {
        hex(hash::key(&spec.vault, &[Some(self.id.to_string())]))
    }

    pub(crate) fn content(&self, spec: &Spec) -> String {
        hex(Some(hash::diff(&spec.vault, &[Some(format!("{self:?}"))])))
    }

    /// The order's columns by name, with those of an item if there is one.
    pub(crate) fn columns(&self, item: Option<&Item>) -> BTreeMap<&'static str, Text> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut columns = BTreeMap::from([
            ("id", Some(self.id.to_string())),
            ("revision", Some(self.revision.to_string())),
            ("at", Some(self.at.to_string())),
            ("guest", owned(self.guest)),
            ("name", owned(self.name)),
            ("status", owned(Some(self.status))),
        ]);
        if let Some(item) = item {
            columns.insert("product", owned(Some(item.product)));
            columns.insert("quantity", Some(item.quantity.to_string()));
            columns.insert("price", owned(Some(item.price)));
        }
        columns
    }
}

fn one_of(random: &mut Rng, of: &[&'static str]) -> &'static str {
    of[random.usize(0..of.len())]
}

pub(crate) fn hex(digest: Option<hash::Digest>) -> String {
    digest.map(|digest| digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default()
}

/// The hash key of the values, in the groups that the plan has them in.
pub(crate) fn key(spec: &Spec, groups: &[Vec<Text>]) -> Text {
    let mut hasher = hash::Hasher::new(spec.vault);
    for group in groups {
        group.iter().for_each(|value| hasher.add(value.as_deref()));
        hasher.end_group();
    }
    hasher.key().map(|digest| hex(Some(digest)))
}

pub(crate) fn diff(spec: &Spec, values: &[Text]) -> Text {
    Some(hex(Some(hash::diff(&spec.vault, values))))
}

/// The batch, staged.
pub(crate) fn stage(spec: &Spec, plan: &Plan, orders: &[Order]) -> Vec<Staged> {
    let filled = plan.stages.iter().filter_map(|stage| {
        let lines: Vec<(usize, &Order, usize, Option<&Item>)> = match (stage.of, stage.rows.as_str()) {
            (StageOf::Messages, _) | (StageOf::Rows, "orders") => {
                orders.iter().enumerate().map(|(offset, order)| (offset, order, 0, None)).collect()
            }
            (StageOf::Rows, _) => {
                let items = |(offset, order)| {
                    let of = |(place, item)| (offset, order, place, Some(item));
                    let order: &Order = order;
                    order.items.iter().enumerate().map(of).collect::<Vec<_>>()
                };
                orders.iter().enumerate().flat_map(items).collect()
            }
            _ => return None,
        };
        Some(fill(spec, stage, &lines))
    });
    filled.chain(plan.work_tables()).collect()
}

fn fill(spec: &Spec, stage: &StagePlan, lines: &[(usize, &Order, usize, Option<&Item>)]) -> Staged {
    let mut staged = stage.empty();
    for (field, values) in stage.fields.iter().zip(&mut staged.values) {
        for (offset, order, place, item) in lines {
            let value = value(spec, stage, &field.origin, *offset, order, *place, *item);
            push(values, field.field.of, value);
        }
    }
    staged
}

fn value(
    spec: &Spec,
    stage: &StagePlan,
    origin: &Origin,
    offset: usize,
    order: &Order,
    place: usize,
    item: Option<&Item>,
) -> Text {
    let columns = order.columns(item);
    let of = |names: &Vec<String>| -> Vec<Text> { names.iter().map(|name| columns[name.as_str()].clone()).collect() };
    Some(match origin {
        Origin::Column(name) => return columns[name.as_str()].clone(),
        Origin::HashKey(groups) => return key(spec, &groups.iter().map(of).collect::<Vec<_>>()),
        Origin::Hashdiff(names) => {
            let mut names = names.clone();
            names.sort();
            return diff(spec, &of(&names));
        }
        Origin::SetHash { diff: of_diff, .. } => {
            let field =
                stage.fields.iter().find(|field| field.field.name == *of_diff).expect("the set's hashdiff is staged");
            let each = |item| value(spec, stage, &field.origin, offset, order, place, Some(item));
            return set(spec, order.items.iter().map(each).collect());
        }
        Origin::EventTime => order.at.to_string(),
        Origin::LoadTime => order.loaded.to_string(),
        Origin::RecordSource => order.source.to_owned(),
        Origin::Message => order.message(spec),
        Origin::Content => order.content(spec),
        Origin::Place => place.to_string(),
        Origin::Version => order.revision.to_string(),
        Origin::Payload => "00".to_owned(),
        Origin::Headers => "{}".to_owned(),
        Origin::Topic => "orders".to_owned(),
        Origin::Partition => "0".to_owned(),
        Origin::Offset => offset.to_string(),
        Origin::Named => unreachable!("messages and rows have no such field"),
    })
}

/// The hash of a set of hashdiffs.
pub(crate) fn set(spec: &Spec, mut diffs: Vec<Text>) -> Text {
    diffs.sort();
    diffs.dedup();
    diff(spec, &diffs)
}

fn push(values: &mut FieldValues, of: FieldType, value: Text) {
    match values {
        FieldValues::Text(values) => values.push(value.map(Into::into)),
        FieldValues::Int(values) => {
            let scale = if of == FieldType::Time { 1_000_000 } else { 1 };
            values.push(value.map(|value| value.parse::<i64>().expect("a number") * scale));
        }
        FieldValues::Bytes(values) => values.push(value.map(|value| unhex(&value).into())),
        other => unreachable!("no column of the shop is of {other:?}"),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}
