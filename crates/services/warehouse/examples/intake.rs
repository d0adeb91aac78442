//! How many orders a second intake makes rows of, on one core: `cargo run --release --example intake`.
#![expect(clippy::unwrap_used, reason = "an example stops where it fails")]

use std::time::Instant;

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{DictionaryKey, Topic, TopicPartition};
use playhead_warehouse::intake::{Enrichment, Intake, Mark, Message};
use playhead_warehouse::{plan, spec};

const ORDERS: u64 = 20_000;
const GUESTS: u64 = 1_000;
const DISHES: u64 = 30;

fn order(at: u64) -> Message {
    let item = |n: u64| {
        let dish = (at * 7 + n * 11) % DISHES;
        format!(
            r#"{{"id": "626a81cfefa404208fe9a{dish:03}", "name": "Dish {dish}", "price": 120, "quantity": {}}}"#,
            n + 1
        )
    };
    let items = [item(0), item(1), item(2)].join(", ");
    let bytes = format!(
        r#"{{"object_id": {at}, "object_type": "order", "sent_dttm": "2022-11-18 14:53:02", "payload": {{"user": {{"id": "u{}"}}, "restaurant": {{"id": "r1"}}, "order_items": [{items}], "date": "2022-11-18 14:00:00", "cost": 360, "payment": 360, "final_status": "CLOSED", "statuses": [{{"status": "CLOSED", "dttm": "2022-11-18 14:53:02"}}]}}}}"#,
        at % GUESTS
    );
    Message {
        at: TopicPartition::new(&Topic::new("order-service_orders"), 0),
        offset: Offset(at),
        key: Bytes::new(),
        bytes: Bytes::from(bytes),
        headers: Vec::new(),
        received_time: Timestamp(1_700_000_000_000),
    }
}

fn main() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../pipelines/orders.toml");
    let spec = spec::read(path.as_ref()).unwrap();
    let intake = Intake::new(&spec, &plan::plan(&spec));
    let key = |dictionary: &str, id: String| DictionaryKey { dictionary: dictionary.into(), id: id.into() };
    let dish = |n: u64| {
        format!(
            r#"{{"_id": "626a81cfefa404208fe9a{n:03}", "name": "Dish {n}", "price": 120, "category": "Category {}"}}"#,
            n % 6
        )
    };
    let menu = (0..DISHES).map(dish).collect::<Vec<_>>().join(", ");
    let mut enrichment = Enrichment::default();
    let inn = format!(r#"{{"_id": "r1", "name": "Inn", "menu": [{menu}]}}"#);
    enrichment.entries.insert(key("restaurant", "r1".into()), inn.into());
    for guest in 0..GUESTS {
        let entry = format!(r#"{{"_id": "u{guest}", "name": "Guest {guest}", "login": "guest{guest}"}}"#);
        enrichment.entries.insert(key("user", format!("u{guest}")), entry.into());
    }
    let orders: Vec<Message> = (0..ORDERS).map(order).collect();
    let mark = Mark { load_time: Timestamp(1_700_000_000_000), record_source: None };
    for _ in 0..3 {
        let start = Instant::now();
        let wanted = intake.wanted("order_events", &orders);
        let gathered = start.elapsed();
        let taken = intake.take("order_events", &orders, &enrichment, &mark);
        let took = start.elapsed() - gathered;
        let rows: usize = taken.staged.iter().map(playhead_ports::Staged::rows).sum();
        assert!(taken.rejects.is_empty() && taken.misses.is_empty() && wanted.entries.len() as u64 == GUESTS + 1);
        let per_s = |of: u64, s: f64| of as f64 / s;
        println!(
            "{:.0} orders/s in all: wanted {:.0} orders/s, take {:.0} orders/s, {:.0} rows/s",
            per_s(ORDERS, (gathered + took).as_secs_f64()),
            per_s(ORDERS, gathered.as_secs_f64()),
            per_s(ORDERS, took.as_secs_f64()),
            per_s(rows as u64, took.as_secs_f64()),
        );
    }
}
