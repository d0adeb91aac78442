//! Messages of the shipped pipelines, good and broken.

use std::collections::HashMap;
use std::path::Path;

use playhead_domain::{Fact, Label, Offset, Timestamp, Video};
use playhead_ports::{DictionaryKey, FieldValues, Topic, TopicPartition};

use super::*;
use crate::intake::Pin;
use crate::spec::{parse, read};

fn spec(name: &str) -> Spec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines").join(name);
    read(&path).unwrap_or_else(|complaints| panic!("{complaints:?}"))
}

fn intake(spec: &Spec) -> Intake {
    Intake::new(spec, &crate::plan::plan(spec))
}

fn message(offset: u64, bytes: impl Into<Bytes>) -> Message {
    Message {
        at: TopicPartition::new(&Topic::new("order-service_orders"), 0),
        offset: Offset(offset),
        key: Bytes::new(),
        bytes: bytes.into(),
        headers: Vec::new(),
        received_time: Timestamp(1_700_000_000_000),
    }
}

const ORDER: &str = r#"{"object_id": 7, "object_type": "order", "sent_dttm": "2022-11-18 14:53:02", "payload": {
    "user": {"id": "u1"}, "restaurant": {"id": "r1"}, "date": "2022-11-18 14:00:00", "cost": 300.5, "payment": 300.50,
    "final_status": "CLOSED", "statuses": [{"status": "OPEN", "dttm": "2022-11-18 14:01:00"}],
    "order_items": [
        {"id": "p1", "name": "Tea", "price": 100, "quantity": 2},
        {"id": "p2", "name": "Pie", "price": 100.5, "quantity": 1}]}}"#;

fn entry(dictionary: &str, id: &str, text: &str) -> (DictionaryKey, Bytes) {
    (DictionaryKey { dictionary: dictionary.into(), id: id.into() }, Bytes::from(text.to_owned()))
}

fn known() -> Enrichment {
    let menu = r#"{"_id":"r1","name":"Inn","menu":[{"_id":"p1","name":"Tea","price":100,"category":"Drinks"},{"_id":"p2","category":"Food"}]}"#;
    let entries = [entry("user", "u1", r#"{"_id":"u1","name":"Ann","login":"ann"}"#), entry("restaurant", "r1", menu)];
    Enrichment { entries: entries.into(), ..Enrichment::default() }
}

fn mark() -> Mark {
    Mark { load_time: Timestamp(1_700_000_001_000), record_source: None }
}

fn take(messages: &[Message], enrichment: &Enrichment) -> Taken {
    intake(&spec("orders.toml")).take("order_events", messages, enrichment, &mark())
}

/// The texts of a field of a temporary table.
fn texts(taken: &Taken, table: &str, field: &str) -> Vec<String> {
    let staged = taken.staged.iter().find(|staged| staged.name == table).expect("the table is staged");
    let at = staged.fields.iter().position(|there| there.name == field).expect("the field is there");
    match &staged.values[at] {
        FieldValues::Text(values) => {
            values.iter().map(|v| v.as_ref().map_or("-".into(), ToString::to_string)).collect()
        }
        FieldValues::Int(values) => values.iter().map(|v| v.map_or("-".into(), |v| v.to_string())).collect(),
        FieldValues::Bytes(values) => {
            values.iter().map(|v| v.as_ref().map_or("-".into(), |v| format!("{v:?}"))).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_becomes_rows_with_what_dictionaries_say() {
    let taken = take(&[message(1, ORDER)], &known());
    assert_eq!((&taken.rejects, &taken.misses), (&vec![], &vec![]));
    assert_eq!(texts(&taken, "stage_order_items", "product_id"), ["p1", "p2"]);
    assert_eq!(texts(&taken, "stage_order_items", "category_name"), ["Drinks", "Food"]);
    assert_eq!(texts(&taken, "stage_order_items", "_place"), ["0", "1"]);
    assert_eq!(texts(&taken, "stage_order_rows", "username"), ["Ann"]);
    assert_eq!(texts(&taken, "stage_order_rows", "cost"), ["300.50"]);
    assert_eq!(texts(&taken, "stage_order_rows", "_event_time"), ["1668783182000000"]);
    assert_eq!(texts(&taken, "message_order_events", "object_id"), ["7"]);
    assert_eq!(texts(&taken, "message_order_events", "object_type"), ["order"]);
    assert!(texts(&taken, "message_order_events", "payload")[0].starts_with("{\n    \"user\""));
    for staged in &taken.staged {
        assert!(staged.values.iter().all(|values| values.len() == staged.rows()), "{}", staged.name);
    }
}

#[test]
fn the_same_bytes_are_the_same_version_and_a_repetition_is_taken_once() {
    let twice = take(&[message(1, ORDER), message(9, ORDER)], &known());
    assert_eq!(texts(&twice, "stage_order_items", "product_id"), ["p1", "p2"]);
    assert_eq!(take(&[message(1, ORDER)], &known()).staged[0].values[0], twice.staged[0].values[0]);
    let changed = take(&[message(1, ORDER), message(2, ORDER.replace("300.50", "1"))], &known());
    let messages = texts(&changed, "message_order_events", "_message");
    let contents = texts(&changed, "message_order_events", "_content");
    assert!(messages[0] == messages[1] && contents[0] != contents[1]);
}

#[test]
fn what_must_be_looked_up_is_told_before() {
    let wanted = intake(&spec("orders.toml")).wanted("order_events", &[message(1, ORDER), message(2, "{")]);
    let mut keys: Vec<String> = wanted.entries.iter().map(|key| format!("{} {}", key.dictionary, key.id)).collect();
    keys.sort();
    assert_eq!(keys, ["restaurant r1", "user u1"]);
    assert_eq!(wanted.versions.len(), 1);
}

#[test]
fn a_message_waits_whole_for_an_id_or_a_dish_that_is_not_known() {
    let taken = take(&[message(1, ORDER)], &Enrichment::default());
    assert_eq!((taken.staged.len(), taken.rejects.len(), taken.pins.len()), (0, 0, 0));
    let missing: Vec<&str> = taken.misses[0].missing.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(missing, ["r1", "u1"]);
    let other_dish = take(&[message(1, ORDER.replace("\"p2\"", "\"p3\""))], &known());
    assert_eq!(other_dish.misses[0].missing[0].id, "r1");
    assert!(other_dish.staged.is_empty());
}

#[test]
fn what_was_pinned_goes_before_what_dictionaries_say_now() {
    let first = take(&[message(1, ORDER)], &known());
    let mut pinned: HashMap<MessageVersion, HashMap<DictionaryKey, Option<Bytes>>> = HashMap::new();
    for Pin { version, key, entry } in first.pins.clone() {
        pinned.entry(version).or_default().insert(key, entry);
    }
    let mut later = Enrichment { pinned, ..Enrichment::default() };
    let again = take(&[message(1, ORDER)], &later);
    assert_eq!((again.staged == first.staged, again.misses.len(), again.pins.len()), (true, 0, 0));
    later.entries.extend([entry("user", "u1", r#"{"name":"Zoe","login":"zoe"}"#)]);
    assert_eq!(texts(&take(&[message(1, ORDER)], &later), "stage_order_rows", "username"), ["Ann"]);
    later.pinned.clear();
    later.entries.extend(known().entries.into_iter().filter(|(key, _)| key.dictionary == "restaurant"));
    assert_eq!(texts(&take(&[message(1, ORDER)], &later), "stage_order_rows", "username"), ["Zoe"]);
}

/// Broken orders: what of a good one is replaced by what, and the reason.
const BROKEN: &[(&str, &str, &str)] = &[
    ("\"object_id\": 7,", "\"object_id\": 7", "is no JSON: expected ',' or '}', found '\"' at line 1 column 17"),
    ("300.5,", "NaN,", "is no JSON: expected a value, found 'N' at line 2 column 94"),
    ("\"Tea\"", "\"T\u{0}a\"", "is no JSON: byte 0x00 in a text at line 5 column 32"),
    ("\"Tea\"", "\"T\\u0000a\"", "payload: has a NUL, which no text may have"),
    ("\"Tea\"", "\"\\ud800\"", "is no JSON: a lone surrogate in a text at line 5 column 31"),
    ("\"object_id\": 7", "\"object_id\": {\"a\": 1}", "object_id: must be a text, came {\"a\": 1}"),
    ("\"object_id\": 7", "\"object_id\": 7.5", "object_id: must be a text, came 7.5"),
    ("\"object_id\": 7,", "", "object_id: is required, and missing"),
    ("\"object_id\": 7", "\"object_id\": null", "object_id: is required, and missing"),
    ("{\"id\": \"u1\"}", "{}", "payload.user.id: is required, and missing"),
    ("{\"id\": \"u1\"}", "\"u1\"", "payload.user: must be an object"),
    ("{\"id\": \"u1\"}", "{\"id\": \"u1\", \"id\": \"u2\"}", "payload.user.id: is given twice"),
    ("\"object_type\": \"order\"", "\"object_type\": \"user\"", "object_type: must be one of order, came \"user\""),
    (
        "\"CLOSED\"",
        "\"EATEN\"",
        "payload.final_status: must be one of OPEN, COOKING, DELIVERING, CLOSED, CANCELLED, came \"EATEN\"",
    ),
    ("300.5,", "\"300.5\",", "payload.cost: must be a number of at most 19 digits, 2 after the point, came \"300.5\""),
    (
        "300.5,",
        "300.555,",
        "payload.cost: must be a number of at most 19 digits, 2 after the point, beyond that is 300.555",
    ),
    ("300.5,", "1e18,", "payload.cost: must be a number of at most 19 digits, 2 after the point, beyond that is 1e18"),
    ("300.5,", "-1,", "payload.cost: must be at least 0, came -1"),
    ("300.5,", "1e9999,", "is no JSON: a number of more than 1000 digits at line 2 column 100"),
    ("\"quantity\": 2", "\"quantity\": 0", "payload.order_items[0].quantity: must be at least 1, came 0"),
    (
        "\"quantity\": 2",
        "\"quantity\": 1.5",
        "payload.order_items[0].quantity: must be a whole number of 64 bits, beyond that is 1.5",
    ),
    (
        "\"quantity\": 2",
        "\"quantity\": 9223372036854775808",
        "payload.order_items[0].quantity: must be a whole number of 64 bits, beyond that is 9223372036854775808",
    ),
    ("\"p2\"", "\"p1\"", "payload.order_items[1]: product_id \"p1\" is given twice"),
    ("\"order_items\": [", "\"order_items\": {}, \"x\": [", "payload.order_items: must be a list"),
    (
        "\"2022-11-18 14:53:02\"",
        "\"0001-01-01 00:00:00\"",
        "sent_dttm: must be at least 1970-01-01 00:00:00, came \"0001-01-01 00:00:00\"",
    ),
    (
        "\"2022-11-18 14:53:02\"",
        "\"9999-12-31 00:00:00\"",
        "sent_dttm: must be at most 2199-12-31 23:59:59.999999, came \"9999-12-31 00:00:00\"",
    ),
    (
        "\"2022-11-18 14:53:02\"",
        "\"yesterday\"",
        "sent_dttm: must be a time (RFC 3339, YYYY-MM-DD HH:MM:SS, or ms since 1970) of the years 0001 to 9999, came \"yesterday\"",
    ),
];

#[test]
fn each_broken_message_is_rejected_alone_and_says_why() {
    let mut messages = Vec::new();
    for (offset, (good, broken, _)) in (0..).zip(BROKEN) {
        assert!(ORDER.contains(good), "{good}");
        messages.push(message(offset, ORDER.replacen(good, broken, 1)));
        messages.push(message(
            100 + offset,
            ORDER.replacen("\"object_id\": 7", &format!("\"object_id\": {}", 1000 + offset), 1),
        ));
    }
    let taken = take(&messages, &known());
    let reasons: Vec<&str> = taken.rejects.iter().map(|(_, why)| why.as_str()).collect();
    let expected: Vec<&str> = BROKEN.iter().map(|(.., why)| *why).collect();
    assert_eq!(reasons, expected);
    assert!(taken.rejects.iter().all(|(place, _)| place % 2 == 0));
    assert_eq!(texts(&taken, "stage_order_rows", "order_id").len(), BROKEN.len());
}

#[test]
fn bytes_that_are_no_text_too_long_too_deep_or_no_object_are_rejected() {
    let long = ORDER.replace("\"Tea\"", &format!("\"{}\"", "x".repeat(10 << 20)));
    let deep = ORDER.replace("\"Tea\"", &format!("{}{}", "[".repeat(70), "]".repeat(70)));
    let long_name = ORDER.replace("\"Tea\"", &format!("\"{}\"", "x".repeat(1025)));
    let cases = [
        (Bytes::from_static(b"{\"a\": \"\xff\"}"), "is no UTF-8 from byte 7 on"),
        (Bytes::from(long), "is longer than 8388608 bytes: "),
        (Bytes::from(deep), "is no JSON: nested deeper than 64"),
        (Bytes::from(long_name), "payload.order_items[0].name: is longer than 1024 bytes: 1025"),
        (Bytes::from_static(b"[1]"), "must be an object"),
        (Bytes::new(), "is no JSON: expected a value, found the end"),
        (Bytes::from_static(b"null"), "must be an object"),
    ];
    let messages: Vec<Message> = cases.iter().map(|(bytes, _)| message(0, bytes.clone())).collect();
    let taken = take(&messages, &known());
    for ((_, expected), (_, why)) in cases.iter().zip(&taken.rejects) {
        assert!(why.starts_with(expected), "{why}");
    }
    assert_eq!(taken.rejects.len(), cases.len());
}

#[test]
fn facts_of_watching_become_rows_of_the_sources_that_they_are_for() {
    let video = Video {
        video_id: "v1".parse().unwrap(),
        title: Label::new("title", "A \"film\"").unwrap(),
        duration_ms: Some(60_000),
        genres: vec![Label::new("genres", "drama").unwrap()],
        time: Timestamp(1_700_000_000_000),
    };
    let described = message(1, playhead_contracts::encode_fact(&Fact::Described(video)));
    let spec = spec("watch.toml");
    let intake = intake(&spec);
    let taken = intake.take("described", std::slice::from_ref(&described), &Enrichment::default(), &mark());
    assert_eq!((texts(&taken, "stage_described", "title"), taken.rejects), (vec!["A \"film\"".to_owned()], vec![]));
    let other = intake.take("watched", &[described, message(2, "x")], &Enrichment::default(), &mark());
    assert_eq!((other.staged.len(), other.rejects.len()), (0, 1));
}

#[test]
fn staged_rows_are_taken_as_they_are_and_those_of_a_load_are_one_message() {
    let text = r#"
pipeline.name = "p"
vault = { mode = "automate_dv", algorithm = "md5" }
[source.s]
staged = true
load_time = "ldts"
columns = { id = {}, n = { type = "int" }, ldts = { type = "time" } }
[hub.h]
from = ["s"]
key = ["id"]
"#;
    let spec = parse("p.toml", text).unwrap();
    let csv = "id,n,ldts\n1001,5,2020-01-01\n,,2020-01-02\nx,y,2020-01-02\n";
    let rows = crate::intake::csv_messages("s.csv", csv, Timestamp(0), &Default::default()).unwrap();
    let taken = intake(&spec).take("s", &rows, &Enrichment::default(), &mark());
    assert_eq!(taken.rejects, [(2, "n: must be a whole number of 64 bits, came \"y\"".to_owned())]);
    assert_eq!(texts(&taken, "stage_s", "id"), ["1001", "-"]);
    assert_eq!(texts(&taken, "stage_s", "_load_time"), ["1577836800000000", "1577923200000000"]);
    let hash = texts(&taken, "stage_s", "_key_id");
    assert!(hash[0].starts_with("b\"\\xb8\\xc3~3"), "{}", hash[0]);
    assert_eq!(hash[1], "-");
}
