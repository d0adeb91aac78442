//! A stream of orders with all that streams do: orders change, come late, come twice, come broken, name guests whom nobody knows.

use playhead_testkit::Seeded;
use serde_json::{Value, json};

const GUESTS: u32 = 6;
const PRODUCTS: [(&str, &str); 6] =
    [("p1", "pizza"), ("p2", "pizza"), ("p3", "soup"), ("p4", "soup"), ("p5", "tea"), ("p6", "tea")];
/// Half of what is sent is closed, so that guests reach what tags them.
const STATUSES: [&str; 6] = ["OPEN", "COOKING", "CLOSED", "CLOSED", "CLOSED", "CANCELLED"];

/// Entries of the dictionary of guests; two of them are missing, so that their orders wait.
pub(crate) fn users() -> String {
    let entry = |n| json!({"_id": format!("u{n}"), "name": format!("Guest {n}"), "login": format!("guest{n}")});
    lines((0..GUESTS - 2).map(entry))
}

/// Entries of the dictionary of restaurants.
pub(crate) fn restaurants() -> String {
    let dish = |(id, category): &(&str, &str)| json!({"_id": id, "name": format!("The {id}"), "price": 9, "category": category});
    let menu: Vec<Value> = PRODUCTS.iter().map(dish).collect();
    lines((0..3).map(|n| json!({"_id": format!("r{n}"), "name": format!("Restaurant {n}"), "menu": menu})))
}

/// The next messages of a stream: of the orders up to that number, many of which have had messages before.
pub(crate) struct Stream {
    orders: u64,
    sent: Vec<String>,
}

impl Stream {
    /// A stream of no orders yet.
    pub(crate) fn new() -> Self {
        Self { orders: 0, sent: Vec::new() }
    }

    /// So many messages, a line each.
    pub(crate) fn messages(&mut self, rng: &mut Seeded, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let line = match rng.u8(0..20) {
                // What came before comes again, byte for byte.
                0..=2 if !self.sent.is_empty() => self.sent[rng.usize(..self.sent.len())].clone(),
                3 => self.broken(rng),
                _ => self.order(rng).to_string(),
            };
            self.sent.push(line.clone());
            text += &line;
            text.push('\n');
        }
        text
    }

    /// A new order, or another version of one that is known: newer or older than what was sent of it.
    fn order(&mut self, rng: &mut Seeded) -> Value {
        let id = if self.orders == 0 || rng.bool() {
            self.orders += 1;
            self.orders
        } else {
            rng.u64(1..=self.orders)
        };
        let mut products = PRODUCTS.to_vec();
        rng.shuffle(&mut products);
        let item = |(id, _): &(&str, &str)| json!({"id": id, "name": format!("The {id}"), "price": 9, "quantity": 1});
        let items: Vec<Value> = products.iter().take(rng.usize(0..4)).map(item).collect();
        let (hour, minute, second) = (rng.u32(0..24), rng.u32(0..60), rng.u32(0..60));
        let cost = items.len() * 9;
        json!({
            "object_id": id, "object_type": "order", "sent_dttm": format!("2026-03-01 {hour:02}:{minute:02}:{second:02}"),
            "payload": {
                "user": {"id": format!("u{}", id % u64::from(GUESTS))}, "restaurant": {"id": format!("r{}", id % 3)},
                "order_items": items, "date": "2026-03-01 00:00:00", "cost": cost, "payment": cost,
                "final_status": STATUSES[rng.usize(..STATUSES.len())], "statuses": [],
            },
        })
    }

    fn broken(&mut self, rng: &mut Seeded) -> String {
        let mut order = self.order(rng);
        match rng.u8(0..6) {
            0 => order["payload"]["cost"] = json!("much"),
            1 => order["payload"]["final_status"] = json!("EATEN"),
            2 => order["sent_dttm"] = json!("yesterday"),
            3 => order["payload"]["user"] = json!({}),
            4 => order["payload"]["order_items"] = json!([{"id": "p1", "name": "The p1", "price": 9, "quantity": 0}]),
            _ => return order.to_string()[..40].to_owned(),
        }
        order.to_string()
    }
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| format!("{value}\n")).collect()
}
