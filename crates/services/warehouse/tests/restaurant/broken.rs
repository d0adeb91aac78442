//! Broken messages of many kinds among good ones: each is rejected with its reason, and the good ones are loaded.

use playhead_warehouse::pipeline::Loaded;
use serde_json::{Value, json};

use crate::orders::order;
use crate::site::on_every_target;

/// An order with one thing changed.
fn with(path: &str, value: Value) -> Vec<u8> {
    let mut message = order(1_000).json();
    *message.pointer_mut(path).expect("the field is there") = value;
    message.to_string().into_bytes()
}

fn without(parent: &str, field: &str) -> Vec<u8> {
    let mut message = order(1_000).json();
    message.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(field);
    message.to_string().into_bytes()
}

/// Messages with a word that the reason must have.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let item = "/payload/order_items/0";
    let twice = json!([
        {"id": "tea", "name": "Tea", "price": 1, "quantity": 1}, {"id": "tea", "name": "Tea", "price": 1, "quantity": 1},
    ]);
    vec![
        ("JSON", b"{\"object_id\": 1".to_vec()),
        ("", b"[1, 2]".to_vec()),
        ("", b"nonsense".to_vec()),
        ("UTF-8", [b"{\"object_id\": \"\xff\xfe".as_slice(), b"\"}"].concat()),
        ("object_id", without("", "object_id")),
        ("object_type", with("/object_type", json!("bill"))),
        ("sent_dttm", with("/sent_dttm", json!("yesterday"))),
        ("sent_dttm", with("/sent_dttm", json!("0001-01-01 00:00:00"))),
        ("sent_dttm", with("/sent_dttm", json!("9999-12-31 23:59:59"))),
        ("user", without("/payload/user", "id")),
        ("user", with("/payload/user/id", json!({"deep": 1}))),
        ("NUL", with("/payload/user/id", json!("u\u{0}1"))),
        ("user", with("/payload/user/id", json!("x".repeat(200)))),
        ("status", with("/payload/final_status", json!("EATEN"))),
        ("cost", with("/payload/cost", json!("much"))),
        ("cost", with("/payload/cost", json!(-1))),
        ("payment", with("/payload/payment", json!(1e300))),
        ("payload", with("/payload", Value::Null)),
        ("order_items", with("/payload/order_items", json!("none"))),
        ("quantity", with(&format!("{item}/quantity"), json!(0))),
        ("quantity", with(&format!("{item}/quantity"), json!(1.5))),
        ("price", with(&format!("{item}/price"), Value::Null)),
        ("twice", with("/payload/order_items", twice)),
        ("bytes", with(&format!("{item}/name"), json!("y".repeat(10 << 20)))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_message_is_rejected_with_its_reason_and_loses_no_good_one() {
    on_every_target(async |site| {
        let mut lines = Vec::new();
        for (number, (_, bytes)) in (0..).zip(kinds()) {
            lines.push(order(number).line().into_bytes());
            lines.push(bytes);
        }
        let (good, bad) = (kinds().len() as u64, kinds().len() as u64);
        let loaded = site.load_lines("mixed.ndjson", &lines).await;
        let mut rejects = site.pipeline.rejects(1_000).await.expect("reads");
        rejects.sort_by_key(|reject| reject.offset);
        assert_eq!(
            loaded,
            Loaded { loaded: good, waiting: 0, rejected: bad },
            "{:#?}",
            rejects.iter().map(|r| &r.reason).collect::<Vec<_>>()
        );
        let pairs = kinds().into_iter().zip(&rejects).map(|((word, _), reject)| (word, reject.reason.as_str()));
        let wrong: Vec<_> = pairs.filter(|(word, reason)| reason.is_empty() || !reason.contains(word)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(site.count("dds.h_order").await as u64, good);
        assert_eq!(site.count("stg.order_events").await as u64, good);
        // A second time changes nothing, and neither does trying what is still broken.
        site.load_lines("mixed.ndjson", &lines).await;
        site.pipeline.redrive(true).await.expect("redrives");
        assert_eq!(site.count("stg.orders_rejects").await as u64, bad);
        // The mended file has good messages where the broken ones stood.
        let mended: Vec<Vec<u8>> = (0..2 * good).map(|number| order(number).line().into_bytes()).collect();
        assert_eq!(site.load_lines("mixed.ndjson", &mended).await.rejected, 0);
        assert_eq!(site.count("stg.orders_rejects").await, 0);
        assert_eq!(site.count("dds.h_order").await as u64, 2 * good);
    })
    .await;
}
