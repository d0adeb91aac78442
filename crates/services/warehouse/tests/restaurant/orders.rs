//! Orders as the service sends them, and entries of its dictionaries.

use serde_json::{Value, json};

/// An order; a test sets what it is about.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) user: &'static str,
    pub(crate) status: &'static str,
    /// Seconds after noon.
    pub(crate) sent: u32,
    pub(crate) products: Vec<&'static str>,
}

pub(crate) fn order(id: u64) -> Order {
    Order { id, user: "u1", status: "CLOSED", sent: u32::try_from(id).unwrap_or(0), products: vec!["margherita"] }
}

impl Order {
    pub(crate) fn user(self, user: &'static str) -> Self {
        Self { user, ..self }
    }

    pub(crate) fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn sent(self, sent: u32) -> Self {
        Self { sent, ..self }
    }

    pub(crate) fn products(self, products: &[&'static str]) -> Self {
        Self { products: products.to_vec(), ..self }
    }

    pub(crate) fn json(&self) -> Value {
        let item = |id: &&str| json!({"id": id, "name": format!("The {id}"), "price": 100, "quantity": 1});
        let time = format!("2026-03-01 12:{:02}:{:02}", self.sent / 60, self.sent % 60);
        json!({
            "object_id": self.id, "object_type": "order", "sent_dttm": time,
            "payload": {
                "user": {"id": self.user}, "restaurant": {"id": "r1"},
                "order_items": self.products.iter().map(item).collect::<Vec<_>>(),
                "date": "2026-03-01 12:00:00", "cost": 100, "payment": 100, "final_status": self.status,
                "statuses": [{"status": self.status, "dttm": time}],
            }
        })
    }

    pub(crate) fn line(&self) -> String {
        self.json().to_string()
    }
}

/// A guest as the dictionary has them.
pub(crate) fn user(id: &str, name: &str) -> String {
    json!({"_id": id, "name": name, "login": format!("{id}-login"), "update_ts_utc": "2026-03-01 00:00:00"}).to_string()
}

/// The restaurant as the dictionary has it.
pub(crate) fn restaurant(name: &str) -> String {
    let dish =
        |id: &str, category: &str| json!({"_id": id, "name": format!("The {id}"), "price": 100, "category": category});
    json!({
        "_id": "r1", "name": name, "update_ts_utc": "2026-03-01 00:00:00",
        "menu": [dish("margherita", "pizza"), dish("funghi", "pizza"), dish("tea", "drinks")],
    })
    .to_string()
}
