//! What each step does to a table of each shape, and what is read of it.

use std::sync::Arc;

use playhead_ports::{Cell, Columns, Values, Warehouse, WarehouseError};

use super::{add, append, ask, counts, declared, load, replace};
use crate::rows::{EVENTS, POSITIONS, day, event, matching, position, text, texts, uint};
use crate::sentence::Sentence;

/// Checks these sentences.
pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Warehouse>) {
    facts_stay(&*declared(make).await).await;
    every_value_comes_back(&*declared(make).await).await;
    the_row_that_was_loaded_last_holds(&*declared(make).await).await;
    differences_add_up(&*declared(make).await).await;
    facts_are_deleted_by_what_they_equal(&*declared(make).await).await;
    newest_rows_are_deleted_for_good(&*declared(make).await).await;
    steps_are_made_in_order(&*declared(make).await).await;
    a_scan_reads_in_order_and_in_chunks(&*declared(make).await).await;
    a_scan_is_of_facts(&*declared(make).await).await;
}

async fn facts_stay(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Rows are appended and stay.");
    load(warehouse, vec![append(event("u", 1)), append(event("u", 1))]).await;
    load(warehouse, vec![append(event("u", 1)), append(Columns::none_of(EVENTS.columns))]).await;
    assert_eq!(counts(warehouse).await, (3, 0, 0));
}

async fn every_value_comes_back(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Reads a table whole: what was loaded, of every type.");
    let rows = Columns(vec![
        texts(&["", "a'b\"c\\", "день 🎬"]),
        Values::UInt(vec![Some(u64::MAX), Some(1), Some(0)]),
        Values::Int(vec![Some(1_700_000_000_123), Some(-1), None]),
        Values::Int(vec![Some(19_000), Some(-1), None]),
        Values::Bool(vec![Some(true), Some(false), None]),
        Values::Int(vec![Some(i64::MAX), Some(i64::MIN), None]),
        Values::Texts(vec![vec!["x".into(), "y".into()], Vec::new(), vec!["".into()]]),
    ]);
    load(warehouse, vec![append(rows.clone())]).await;
    let mut scan = warehouse.scan(EVENTS.name, "number", 10).await.expect("scans");
    let found = scan.recv().await.expect("a chunk").expect("reads");
    let reversed = Columns(rows.0.iter().map(crate::rows::reversed).collect());
    assert_eq!(found, reversed);
    let sql = "SELECT number, at_time, on_day, ok, amount, genres FROM events ORDER BY number DESC";
    let first = vec![
        Cell::BigInt(u64::MAX.into()),
        text("2023-11-14 22:13:20.123"),
        text("2022-01-08"),
        Cell::Bool(true),
        Cell::Int(i64::MAX),
        Cell::List(vec![text("x"), text("y")]),
    ];
    let second = vec![
        Cell::Int(1),
        text("1969-12-31 23:59:59.999"),
        text("1969-12-31"),
        Cell::Bool(false),
        Cell::Int(i64::MIN),
        Cell::List(Vec::new()),
    ];
    let third = vec![Cell::Int(0), Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::List(vec![text("")])];
    assert_eq!(ask(warehouse, sql).await, [first, second, third]);
}

async fn the_row_that_was_loaded_last_holds(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The newest row of a key holds: the one that was loaded last.");
    load(warehouse, vec![replace(position("u", "a", 10, 1)), replace(position("u", "b", 20, 2))]).await;
    load(warehouse, vec![replace(position("u", "a", 5, 3)), replace(position("v", "a", 30, 4))]).await;
    load(warehouse, vec![replace(position("u", "b", 21, 5)), replace(position("u", "b", 22, 6))]).await;
    let found = ask(warehouse, "SELECT user_id, video_id, position_ms FROM positions ORDER BY user_id, video_id").await;
    let row = |user, video, position| vec![text(user), text(video), Cell::Int(position)];
    assert_eq!(found, [row("u", "a", 5), row("u", "b", 22), row("v", "a", 30)]);
}

async fn differences_add_up(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Differences of a key are added up; a row whose sums are all 0 is not there.");
    load(warehouse, vec![add(day("a", 1, 1, 60)), add(day("a", 1, 1, 30)), add(day("b", 1, 1, 10))]).await;
    load(warehouse, vec![add(day("b", 1, -1, -10)), add(day("c", 1, 0, 0)), add(day("a", 2, 0, -5))]).await;
    let sql = "SELECT video_id, on_day, plays, watched_ms FROM days ORDER BY video_id, on_day";
    let row = |video, date, plays, watched| vec![text(video), text(date), Cell::Int(plays), Cell::Int(watched)];
    assert_eq!(ask(warehouse, sql).await, [row("a", "1970-01-02", 2, 90), row("a", "1970-01-03", 0, -5)]);
    load(warehouse, vec![add(day("b", 1, 3, 0)), add(day("a", 1, -2, -90))]).await;
    assert_eq!(ask(warehouse, sql).await, [row("a", "1970-01-03", 0, -5), row("b", "1970-01-02", 3, 0)]);
}

async fn facts_are_deleted_by_what_they_equal(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Deletes every row that equals one of `matching` in these columns, below a number.");
    let all = [("u", 1), ("u", 2), ("v", 1), ("v", 2), ("w", 1), ("w", 1)];
    load(warehouse, all.iter().map(|(user, number)| append(event(user, *number))).collect()).await;
    let pairs = vec![texts(&["v", "x", "v"]), Values::UInt(vec![Some(2), Some(1), Some(2)])];
    load(warehouse, vec![matching(&EVENTS, &["user_id", "number"], pairs, None)]).await;
    load(warehouse, vec![matching(&EVENTS, &["user_id"], vec![texts(&["u", "v"])], Some(("number", 2)))]).await;
    let found = ask(warehouse, "SELECT user_id, number FROM events ORDER BY user_id, number").await;
    assert_eq!(found, [[text("u"), Cell::Int(2)], [text("w"), Cell::Int(1)], [text("w"), Cell::Int(1)]]);
    load(warehouse, vec![matching(&EVENTS, &["user_id"], vec![texts(&["w", "w"])], None)]).await;
    load(warehouse, vec![matching(&EVENTS, &["user_id"], vec![texts(&[])], None)]).await;
    assert_eq!(counts(warehouse).await, (1, 0, 0));
}

async fn newest_rows_are_deleted_for_good(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Deletes every row that equals: an older one of its key does not come back.");
    load(warehouse, vec![replace(position("u", "a", 10, 1)), replace(position("v", "a", 10, 2))]).await;
    load(warehouse, vec![replace(position("u", "a", 20, 3)), replace(position("v", "a", 20, 9))]).await;
    let of_20 = || vec![Values::Int(vec![Some(20)])];
    load(warehouse, vec![matching(&POSITIONS, &["position_ms"], of_20(), Some(("number", 9)))]).await;
    let sql = "SELECT user_id, position_ms FROM positions";
    assert_eq!(ask(warehouse, sql).await, [[text("v"), Cell::Int(20)]]);
    load(warehouse, vec![matching(&POSITIONS, &["user_id"], vec![texts(&["v"])], None)]).await;
    assert_eq!(counts(warehouse).await, (0, 0, 0));
    load(warehouse, vec![replace(position("u", "a", 1, 10))]).await;
    assert_eq!(ask(warehouse, sql).await, [[text("u"), Cell::Int(1)]]);
}

async fn steps_are_made_in_order(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The changes of one batch, made in order.");
    let gone = || matching(&EVENTS, &["user_id"], vec![texts(&["u"])], None);
    load(
        warehouse,
        vec![
            append(event("u", 1)),
            gone(),
            append(event("u", 2)),
            append(event("v", 3)),
            gone(),
            append(event("u", 4)),
        ],
    )
    .await;
    let found = ask(warehouse, "SELECT number FROM events ORDER BY number").await;
    assert_eq!(found, [[Cell::Int(3)], [Cell::Int(4)]]);
    let gone = matching(&POSITIONS, &["user_id"], vec![texts(&["u"])], None);
    load(warehouse, vec![replace(position("u", "a", 1, 1)), gone, replace(position("u", "b", 2, 2))]).await;
    assert_eq!(ask(warehouse, "SELECT video_id FROM positions").await, [[text("b")]]);
}

async fn a_scan_reads_in_order_and_in_chunks(warehouse: &dyn Warehouse) {
    let _sentence =
        Sentence("Reads a table whole, in chunks of at most `chunk` rows, ordered by its column `order_by`.");
    let numbers: Vec<u64> = (0..5_000).map(|number| (number * 7_919) % 5_000).collect();
    let rows = crate::rows::events(&numbers);
    load(warehouse, vec![append(rows)]).await;
    let mut scan = warehouse.scan(EVENTS.name, "number", 999).await.expect("scans");
    let mut found = Vec::new();
    while let Some(chunk) = scan.recv().await {
        let chunk = chunk.expect("reads");
        assert!((1..=999).contains(&chunk.rows()), "{} rows", chunk.rows());
        assert_eq!(chunk.0.len(), EVENTS.columns.len());
        found.extend(uint(&chunk.0[1]));
    }
    assert_eq!(found, (0..5_000).collect::<Vec<_>>());
    let mut dropped = warehouse.scan(EVENTS.name, "number", 1).await.expect("scans");
    assert_eq!(dropped.recv().await.expect("a chunk").expect("reads").rows(), 1);
    drop(dropped);
    load(warehouse, vec![append(event("u", 9_999))]).await;
}

async fn a_scan_is_of_facts(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Reads a table of facts.");
    for (table, by) in [("positions", "user_id"), ("nowhere", "number"), ("events", "nothing")] {
        assert!(matches!(warehouse.scan(table, by, 10).await, Err(WarehouseError::Mismatch(_))), "{table}");
    }
    assert!(warehouse.scan("events", "number", 10).await.expect("scans").recv().await.is_none());
}
