//! The contract of [`Warehouse`], sentence by sentence. Durability is each engine's own test: it knows how to be reopened.

use std::sync::Arc;
use std::time::Duration;

use playhead_ports::{
    Cell, Checkpoint, Columns, CommitError, Load, Query, QueryError, Step, Values, Warehouse, WarehouseError,
};

use crate::rows::{
    DAYS, EVENTS, EVENTS_NARROWER, EVENTS_RENAMED, EVENTS_RETYPED, EVENTS_WIDER, OTHER_KEY, POSITIONS, TABLES, WIDER,
    day, event, int, ints, matching, position, text, texts, uint,
};
use crate::samples::{advance, advance_of, partition};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty warehouse each time.
pub async fn warehouse(make: impl AsyncFn() -> Arc<dyn Warehouse>) {
    declaring_again_changes_nothing(&*declared(&make).await).await;
    new_columns_are_added_at_the_end(&*declared(&make).await).await;
    other_changes_of_a_table_are_refused(&*declared(&make).await).await;
    checkpoints_tell_how_far_each_consumer_is(&*declared(&make).await).await;
    a_moved_checkpoint_refuses_the_whole_load(&*declared(&make).await).await;
    a_partition_without_a_checkpoint_stands_at_0_of_any_log(&*declared(&make).await).await;
    of_two_loads_from_one_checkpoint_one_goes_in(declared(&make).await).await;
    poison_leaves_nothing(&*declared(&make).await).await;
    a_query_sees_all_of_a_load_or_none(declared(&make).await).await;
    facts_stay(&*declared(&make).await).await;
    every_value_comes_back(&*declared(&make).await).await;
    the_row_that_was_loaded_last_holds(&*declared(&make).await).await;
    differences_add_up(&*declared(&make).await).await;
    facts_are_deleted_by_what_they_equal(&*declared(&make).await).await;
    newest_rows_are_deleted_for_good(&*declared(&make).await).await;
    steps_are_made_in_order(&*declared(&make).await).await;
    a_scan_reads_in_order_and_in_chunks(&*declared(&make).await).await;
    a_scan_is_of_facts(&*declared(&make).await).await;
    clear_empties_all_or_none(&*declared(&make).await).await;
    queries_have_names_and_values(&*declared(&make).await).await;
    a_query_changes_and_reaches_nothing(&*declared(&make).await).await;
    a_query_that_fails_says_why(&*declared(&make).await).await;
    an_answer_is_cut_after_its_rows(&*declared(&make).await).await;
    a_dropped_answer_does_no_harm(&*declared(&make).await).await;
    an_export_is_a_parquet_file(&*declared(&make).await).await;
}

async fn declared(make: &impl AsyncFn() -> Arc<dyn Warehouse>) -> Arc<dyn Warehouse> {
    let warehouse = make().await;
    warehouse.declare(&TABLES).await.expect("declares");
    warehouse
}

fn question(sql: &str) -> Query {
    Query { sql: sql.to_owned(), rows_max: 100_000, time_max: Duration::from_secs(60) }
}

async fn ask(warehouse: &dyn Warehouse, sql: &str) -> Vec<Vec<Cell>> {
    rows_of(warehouse.query(question(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"))).await.expect(sql)
}

async fn rows_of(mut answer: playhead_ports::Answer) -> Result<Vec<Vec<Cell>>, QueryError> {
    let mut rows = Vec::new();
    while let Some(chunk) = answer.rows.recv().await {
        rows.extend(chunk?);
    }
    Ok(rows)
}

/// Why there is no answer, whether it shows at once or later.
async fn refusal(warehouse: &dyn Warehouse, sql: &str) -> QueryError {
    match warehouse.query(question(sql)).await {
        Ok(answer) => rows_of(answer).await.expect_err(sql),
        Err(error) => error,
    }
}

/// How many rows the three tables have.
async fn counts(warehouse: &dyn Warehouse) -> (i64, i64, i64) {
    let count = async |table: &str| int(&ask(warehouse, &format!("SELECT count(*) FROM {table}")).await);
    (count("events").await, count("positions").await, count("days").await)
}

fn append(rows: Columns) -> Step {
    Step::Append { table: EVENTS.name, rows }
}

fn replace(rows: Columns) -> Step {
    Step::Replace { table: POSITIONS.name, rows }
}

fn add(rows: Columns) -> Step {
    Step::Add { table: DAYS.name, rows }
}

/// Loads steps without a checkpoint.
async fn load(warehouse: &dyn Warehouse, steps: Vec<Step>) {
    warehouse.load("loader", Load { steps }, &[]).await.expect("loads");
}

fn some_of_each() -> Load {
    Load { steps: vec![append(event("u", 1)), replace(position("u", "a", 10, 1)), add(day("a", 19_000, 1, 60))] }
}

async fn next_of(warehouse: &dyn Warehouse, consumer: &str, number: u32) -> Option<u64> {
    let found = warehouse.checkpoints(consumer, &[partition(number)]).await.expect("reads");
    found.into_iter().next().expect("an answer for each").map(|checkpoint| checkpoint.next.0)
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

async fn checkpoints_tell_how_far_each_consumer_is(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("How far the consumer of that name has got in each partition.");
    warehouse.load("loader", Load::default(), &[advance(2, 0, 7), advance(0, 0, 3)]).await.expect("loads");
    warehouse.load("other", Load::default(), &[advance(0, 0, 5)]).await.expect("loads");
    let found = warehouse.checkpoints("loader", &[partition(0), partition(1), partition(2)]).await.expect("reads");
    let at = |number, next| {
        let log_id = "log-1".parse().expect("any text is a log's id");
        Checkpoint { at: partition(number), log_id, next: playhead_domain::Offset(next) }
    };
    assert_eq!(found, [Some(at(0, 3)), None, Some(at(2, 7))]);
    assert_eq!(next_of(warehouse, "other", 0).await, Some(5));
    assert_eq!(next_of(warehouse, "nobody", 0).await, None);
}

async fn a_moved_checkpoint_refuses_the_whole_load(warehouse: &dyn Warehouse) {
    let _sentence =
        Sentence("Visible together, or nothing. Moved if a checkpoint does not stand where the advance begins.");
    let first = [advance(0, 0, 5), advance(1, 0, 5)];
    warehouse.load("loader", some_of_each(), &first).await.expect("loads");
    let refused = [
        vec![advance(0, 0, 5)],
        vec![advance(0, 4, 6)],
        vec![advance(0, 6, 7)],
        vec![advance_of("log-2", 0, 5, 6)],
        vec![advance(0, 5, 6), advance(1, 4, 6)],
        vec![advance(0, 5, 6), advance(2, 1, 2)],
    ];
    for advances in refused {
        let mut changes = some_of_each();
        changes.steps.push(matching(&EVENTS, &["user_id"], vec![texts(&["u"])], None));
        assert_eq!(warehouse.load("loader", changes, &advances).await, Err(CommitError::Moved), "{advances:?}");
        assert_eq!(counts(warehouse).await, (1, 1, 1));
        assert_eq!(ask(warehouse, "SELECT plays FROM days").await, [[Cell::Int(1)]]);
        let stand = [next_of(warehouse, "loader", 0).await, next_of(warehouse, "loader", 1).await];
        assert_eq!((stand, next_of(warehouse, "loader", 2).await), ([Some(5), Some(5)], None));
    }
    warehouse.load("loader", some_of_each(), &[advance(0, 5, 6)]).await.expect("goes on");
    assert_eq!(ask(warehouse, "SELECT plays FROM days").await, [[Cell::Int(2)]]);
}

async fn a_partition_without_a_checkpoint_stands_at_0_of_any_log(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("A partition without a checkpoint stands at 0 of any log.");
    let early = warehouse.load("loader", Load::default(), &[advance(0, 1, 2)]).await;
    assert_eq!(early, Err(CommitError::Moved));
    let advances = [advance_of("log-1", 0, 0, 2), advance_of("log-9", 1, 0, 4), advance_of("log-9", 2, 0, 0)];
    warehouse.load("loader", Load::default(), &advances).await.expect("loads");
    assert_eq!((next_of(warehouse, "loader", 0).await, next_of(warehouse, "loader", 1).await), (Some(2), Some(4)));
    warehouse.load("loader", Load::default(), &[advance_of("log-9", 2, 0, 1)]).await.expect("loads");
}

async fn of_two_loads_from_one_checkpoint_one_goes_in(warehouse: Arc<dyn Warehouse>) {
    let _sentence = Sentence("Moved if a checkpoint does not stand where the advance begins, of two at once too.");
    for round in 0..10 {
        let contest = (0..4).map(|_| {
            let warehouse = Arc::clone(&warehouse);
            tokio::spawn(async move { warehouse.load("loader", some_of_each(), &[advance(0, round, round + 1)]).await })
        });
        let mut won = 0;
        for contestant in contest.collect::<Vec<_>>() {
            match contestant.await.expect("no panic") {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(error, CommitError::Moved),
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
    assert_eq!(counts(&*warehouse).await, (10, 1, 1));
}

async fn poison_leaves_nothing(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The same batch will never go in. In every case nothing of it is visible.");
    let short = Columns(position("u", "a", 1, 1).0[..2].to_vec());
    let mut uneven = position("u", "a", 1, 1);
    uneven.0[2] = ints(&[1, 2]);
    let mut mistyped = position("u", "a", 1, 1);
    mistyped.0[2] = texts(&["10"]);
    let mut keyless = position("u", "a", 1, 1);
    keyless.0[1] = Values::Text(vec![None]);
    let poison = [
        Step::Append { table: "nowhere", rows: event("u", 1) },
        Step::Append { table: POSITIONS.name, rows: position("u", "a", 1, 1) },
        Step::Replace { table: DAYS.name, rows: day("a", 1, 1, 1) },
        Step::Add { table: EVENTS.name, rows: event("u", 1) },
        replace(short),
        replace(uneven),
        replace(mistyped),
        replace(keyless),
        matching(&DAYS, &["video_id"], vec![texts(&["a"])], None),
        matching(&EVENTS, &["nothing"], vec![texts(&["a"])], None),
    ];
    for step in poison {
        let mut changes = some_of_each();
        changes.steps.push(step.clone());
        let refused = warehouse.load("loader", changes, &[advance(0, 0, 1)]).await;
        assert!(matches!(refused, Err(CommitError::Permanent(_))), "{step:?}: {refused:?}");
        assert_eq!(counts(warehouse).await, (0, 0, 0), "{step:?}");
        assert_eq!(next_of(warehouse, "loader", 0).await, None);
    }
    warehouse.load("loader", some_of_each(), &[advance(0, 0, 1)]).await.expect("goes on");
}

async fn a_query_sees_all_of_a_load_or_none(warehouse: Arc<dyn Warehouse>) {
    let _sentence = Sentence("A query sees all of a load or none of it.");
    let reader = Arc::clone(&warehouse);
    let reading = tokio::spawn(async move {
        let sql = "SELECT (SELECT count(*) FROM events), (SELECT coalesce(max(position_ms), 0) FROM positions), \
                   (SELECT coalesce(sum(plays), 0) FROM days)";
        for _ in 0..60 {
            let rows = ask(&*reader, sql).await;
            assert_eq!(rows.len(), 1);
            assert!(rows[0].iter().all(|cell| *cell == rows[0][0]), "{rows:?}");
        }
    });
    for number in 1..=40 {
        let position_ms = i64::try_from(number).expect("small");
        let steps =
            vec![append(event("u", number)), replace(position("u", "a", position_ms, number)), add(day("a", 1, 1, 0))];
        load(&*warehouse, steps).await;
    }
    reading.await.expect("the reader saw whole loads only");
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

async fn queries_have_names_and_values(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Answers an analyst's question: the names of the columns, and the rows in order.");
    load(warehouse, vec![add(day("a", 1, i64::MAX, 1)), add(day("b", 1, i64::MAX, 2))]).await;
    let sql = "SELECT video_id AS video, sum(watched_ms) AS watched FROM days GROUP BY video_id ORDER BY video_id DESC";
    let answer = warehouse.query(question(sql)).await.expect("answers");
    assert_eq!(answer.columns, ["video", "watched"]);
    assert_eq!(rows_of(answer).await.expect("rows"), [[text("b"), Cell::Int(2)], [text("a"), Cell::Int(1)]]);
    let answer = warehouse.query(question("SELECT user_id FROM events WHERE number = 77")).await.expect("answers");
    assert_eq!(answer.columns, ["user_id"]);
    assert_eq!(rows_of(answer).await.expect("none"), Vec::<Vec<Cell>>::new());
    let found = ask(warehouse, "SELECT 1 = 1, 0.5, NULL, 'x'").await;
    assert_eq!(int(&ask(warehouse, "SELECT count(*) FROM days").await), 2);
    assert_eq!(found[0][0], Cell::Bool(true));
    assert_eq!(found[0][2..], [Cell::Null, text("x")]);
}

async fn a_query_changes_and_reaches_nothing(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("One SELECT over the declared tables, which changes nothing and reaches nothing else.");
    load(warehouse, some_of_each().steps).await;
    let refused = [
        "DELETE FROM events",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE positions SET position_ms = 0",
        "DROP TABLE events",
        "CREATE TABLE mine AS SELECT 1 AS x",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nowhere",
        "SELECT * FROM information_schema.tables",
        "SET x = 1",
        "",
    ];
    for sql in refused {
        let error = refusal(warehouse, sql).await;
        assert!(matches!(error, QueryError::Refused(_) | QueryError::Invalid(_)), "{sql}: {error:?}");
        assert!(warehouse.export_parquet(question(sql)).await.is_err(), "{sql}");
    }
    assert_eq!(counts(warehouse).await, (1, 1, 1));
}

async fn a_query_that_fails_says_why(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The engine does not understand it, or it fails on the data.");
    for sql in ["SELECT nothing FROM events", "SELEC 1", "SELECT CAST('x' AS INTEGER)"] {
        let error = refusal(warehouse, sql).await;
        assert!(matches!(&error, QueryError::Invalid(why) if !why.is_empty()), "{sql}: {error:?}");
    }
}

async fn an_answer_is_cut_after_its_rows(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The answer is cut after so many rows; the rows up to the limit were given.");
    let numbers: Vec<u64> = (0..5_000).collect();
    load(warehouse, vec![append(crate::rows::events(&numbers))]).await;
    for rows_max in [0, 1, 2_048, 4_999] {
        let query = Query { rows_max, ..question("SELECT number FROM events") };
        let mut answer = warehouse.query(query).await.expect("answers");
        let mut given = 0;
        let end = loop {
            match answer.rows.recv().await.expect("an error at the end") {
                Ok(rows) => given += rows.len(),
                Err(error) => break error,
            }
        };
        assert_eq!((given, end), (rows_max, QueryError::TooMany(rows_max)));
    }
    let query = Query { rows_max: 5_000, ..question("SELECT number FROM events") };
    assert_eq!(rows_of(warehouse.query(query).await.expect("answers")).await.expect("all").len(), 5_000);
}

async fn a_dropped_answer_does_no_harm(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Dropping the answer cancels the query.");
    let numbers: Vec<u64> = (0..5_000).collect();
    load(warehouse, vec![append(crate::rows::events(&numbers))]).await;
    for _ in 0..20 {
        let sql = "SELECT a.number FROM events a CROSS JOIN events b";
        // As many as may run at once; those that were dropped must make room.
        let answer = loop {
            match warehouse.query(question(sql)).await {
                Err(QueryError::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
                other => break other.expect("answers"),
            }
        };
        drop(answer);
    }
    load(warehouse, vec![append(event("u", 1))]).await;
}

async fn an_export_is_a_parquet_file(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The answer as a Parquet file's bytes.");
    load(warehouse, some_of_each().steps).await;
    let bytes = warehouse.export_parquet(question("SELECT * FROM events -- all of them")).await.expect("exports");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{} bytes", bytes.len());
    let query = Query { rows_max: 0, ..question("SELECT * FROM events") };
    assert_eq!(warehouse.export_parquet(query).await, Err(QueryError::TooMany(0)));
}
