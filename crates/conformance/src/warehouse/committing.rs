//! Loads and their checkpoints: all of both or nothing.

use std::sync::Arc;

use playhead_ports::{Cell, Checkpoint, Columns, CommitError, Load, Step, Values, Warehouse};

use super::{add, append, ask, counts, declared, load, next_of, replace, some_of_each};
use crate::rows::{DAYS, EVENTS, POSITIONS, day, event, ints, matching, position, texts};
use crate::samples::{advance, advance_of, partition};
use crate::sentence::Sentence;

/// Checks these sentences.
pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Warehouse>) {
    checkpoints_tell_how_far_each_consumer_is(&*declared(make).await).await;
    a_moved_checkpoint_refuses_the_whole_load(&*declared(make).await).await;
    a_partition_without_a_checkpoint_stands_at_0_of_any_log(&*declared(make).await).await;
    of_two_loads_from_one_checkpoint_one_goes_in(declared(make).await).await;
    poison_leaves_nothing(&*declared(make).await).await;
    a_query_sees_all_of_a_load_or_none(declared(make).await).await;
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
