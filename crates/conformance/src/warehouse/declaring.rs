//! What a declaration makes, adds and refuses, and what clearing empties.

use std::sync::Arc;

use playhead_ports::{Cell, Warehouse, WarehouseError};

use super::{add, append, ask, counts, declared, load, next_of, replace, some_of_each};
use crate::rows::{
    EVENTS_NARROWER, EVENTS_RENAMED, EVENTS_RETYPED, EVENTS_WIDER, OTHER_KEY, TABLES, WIDER, day, event, ints,
    position, text, texts,
};
use crate::samples::advance;
use crate::sentence::Sentence;

/// Checks these sentences.
pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Warehouse>) {
    declaring_again_changes_nothing(&*declared(make).await).await;
    new_columns_are_added_at_the_end(&*declared(make).await).await;
    other_changes_of_a_table_are_refused(&*declared(make).await).await;
    clear_empties_all_or_none(&*declared(make).await).await;
}

async fn declaring_again_changes_nothing(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Makes the tables that are not there. Doing it again changes nothing.");
    assert_eq!(counts(warehouse).await, (0, 0, 0));
    warehouse.load("loader", some_of_each(), &[advance(0, 0, 1)]).await.expect("loads");
    warehouse.declare(&TABLES).await.expect("declares again");
    assert_eq!(counts(warehouse).await, (1, 1, 1));
    assert_eq!(next_of(warehouse, "loader", 0).await, Some(1));
}

async fn new_columns_are_added_at_the_end(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Adds columns that are new at the end.");
    load(warehouse, some_of_each().steps).await;
    warehouse.declare(&WIDER).await.expect("declares wider");
    assert_eq!(ask(warehouse, "SELECT user_id, device FROM events").await, [[text("u"), Cell::Null]]);
    assert_eq!(ask(warehouse, "SELECT user_id, device FROM positions").await, [[text("u"), Cell::Null]]);
    assert_eq!(ask(warehouse, "SELECT plays, views FROM days").await, [[Cell::Int(1), Cell::Int(0)]]);
    let mut rows = event("v", 2);
    rows.0.push(texts(&["tv"]));
    let mut days = day("a", 19_000, 0, 0);
    days.0.push(ints(&[5]));
    load(warehouse, vec![append(rows), add(days)]).await;
    let found = ask(warehouse, "SELECT user_id, device FROM events ORDER BY user_id").await;
    assert_eq!(found, [[text("u"), Cell::Null], [text("v"), text("tv")]]);
    assert_eq!(ask(warehouse, "SELECT plays, views FROM days").await, [[Cell::Int(1), Cell::Int(5)]]);
}

async fn other_changes_of_a_table_are_refused(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("A table is there with other columns, and the change is more than columns at the end.");
    warehouse.declare(&EVENTS_WIDER).await.expect("a column at the end");
    for tables in [&EVENTS_RENAMED, &EVENTS_RETYPED, &EVENTS_NARROWER, &OTHER_KEY] {
        let refused = warehouse.declare(tables).await;
        assert!(matches!(refused, Err(WarehouseError::Mismatch(_))), "{:?}: {refused:?}", tables[0]);
    }
    load(warehouse, vec![replace(position("u", "a", 10, 1))]).await;
    assert_eq!(counts(warehouse).await, (0, 1, 0));
}

async fn clear_empties_all_or_none(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Empties tables of newest rows and totals before a rebuild, all or none.");
    warehouse.load("loader", some_of_each(), &[advance(0, 0, 1)]).await.expect("loads");
    for tables in [["positions", "events"], ["positions", "nowhere"]] {
        assert!(warehouse.clear(&tables).await.is_err());
        assert_eq!(counts(warehouse).await, (1, 1, 1));
    }
    warehouse.clear(&["positions", "days"]).await.expect("clears");
    assert_eq!(counts(warehouse).await, (1, 0, 0));
    assert_eq!(next_of(warehouse, "loader", 0).await, Some(1));
    load(warehouse, some_of_each().steps).await;
    assert_eq!(ask(warehouse, "SELECT plays FROM days").await, [[Cell::Int(1)]]);
}
