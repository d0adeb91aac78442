//! Loads that go in.

use std::sync::Arc;

use playhead_ports::{CommitError, FieldType, FieldValues, Staged, Target};

use super::{TAKE, field, next_of, seen, sql, with_table, words};
use crate::rows::int;
use crate::samples::{advance, partition};
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    what_goes_in(make).await;
    what_is_staged(make).await;
    {
        let _s = Sentence("All of it becomes visible together, or nothing of it.");
        let target = with_table(make).await;
        let fails = sql(&[TAKE, TAKE]);
        let failed = target.load("loader", &[words(&[(1, "one")])], &fails, &[advance(0, 0, 5)]).await;
        assert!(matches!(failed, Err(CommitError::Permanent(_))), "{failed:?}");
        assert_eq!((seen(&*target).await, next_of(&*target, "loader", 0).await), (vec![], None));
        let loaded = target.load("loader", &[words(&[(1, "one")])], &sql(&[TAKE]), &[advance(0, 0, 5)]).await;
        assert_eq!(loaded, Ok(vec![1]), "the target goes on after a failure");
    }
    {
        let _s = Sentence("A caller that leaves loads all or nothing, too.");
        let target = with_table(make).await;
        for number in 0..40 {
            let next = next_of(&*target, "loader", 0).await.unwrap_or(0);
            let rows = words(&[(i64::try_from(next).expect("small"), "w")]);
            let (taken, step) = (sql(&[TAKE]), [advance(0, next, next + 1)]);
            let load = target.load("loader", std::slice::from_ref(&rows), &taken, &step);
            let patience = std::time::Duration::from_micros(number * 100);
            let _ = tokio::time::timeout(patience, load).await;
        }
        // A load that is still on its way holds the checkpoint until it ends.
        let rows = words(&[(-1, "last")]);
        let taken = sql(&[TAKE]);
        loop {
            let next = next_of(&*target, "loader", 0).await.unwrap_or(0);
            match target.load("loader", std::slice::from_ref(&rows), &taken, &[advance(0, next, next + 1)]).await {
                Err(CommitError::Moved | CommitError::Transient(_)) => {}
                done => break done.map(drop).expect("goes in"),
            }
        }
        let rows = i64::try_from(seen(&*target).await.len()).expect("few");
        assert_eq!(next_of(&*target, "loader", 0).await, u64::try_from(rows).ok());
    }
}

async fn what_goes_in(make: &impl AsyncFn() -> Arc<dyn Target>) {
    {
        let _s = Sentence("Takes the steps of the consumer's checkpoints and runs the statements in order.");
        let target = with_table(make).await;
        let found = target.checkpoints("loader", &[partition(0), partition(1)]).await;
        assert_eq!(found, Ok(vec![None, None]), "none for one that it has never seen");
        let statements = sql(&[TAKE, "UPDATE stg.seen SET word = word || '!' WHERE number = 2"]);
        let steps = [advance(1, 0, 9), advance(0, 0, 7)];
        target.load("loader", &[words(&[(1, "one"), (2, "two")])], &statements, &steps).await.expect("loads");
        assert_eq!(seen(&*target).await, [(1, "one".to_owned()), (2, "two!".to_owned())]);
        assert_eq!(next_of(&*target, "loader", 0).await, Some(7));
        assert_eq!(next_of(&*target, "loader", 1).await, Some(9));
        assert_eq!(next_of(&*target, "another", 0).await, None);
    }
    {
        let _s = Sentence("Gives how many rows each statement changed.");
        let target = with_table(make).await;
        let statements = sql(&[
            TAKE,
            "UPDATE stg.seen SET word = 'x' WHERE number > 1",
            "DELETE FROM stg.seen WHERE number = 1",
            "DELETE FROM stg.seen WHERE number = 1",
        ]);
        let staged = [words(&[(1, "one"), (2, "two"), (3, "three")])];
        assert_eq!(target.load("loader", &staged, &statements, &[]).await, Ok(vec![3, 2, 1, 0]));
    }
    {
        let _s = Sentence("A load may bring no rows, no statements or no advances.");
        let target = with_table(make).await;
        assert_eq!(target.load("loader", &[], &[], &[]).await, Ok(vec![]));
        assert_eq!(target.load("loader", &[], &[], &[advance(0, 0, 3)]).await, Ok(vec![]));
        assert_eq!(next_of(&*target, "loader", 0).await, Some(3));
        assert_eq!(target.load("loader", &[words(&[])], &sql(&[TAKE]), &[]).await, Ok(vec![0]));
    }
}

async fn what_is_staged(make: &impl AsyncFn() -> Arc<dyn Target>) {
    {
        let _s = Sentence("The staged tables hold nothing of earlier batches.");
        let target = with_table(make).await;
        for number in 0..5 {
            let loaded = target.load("loader", &[words(&[(number, "w")])], &sql(&[TAKE]), &[]).await;
            assert_eq!(loaded, Ok(vec![1]));
        }
        let failed = target.load("loader", &[words(&[(0, "again"), (9, "w")])], &sql(&[TAKE]), &[]).await;
        assert!(failed.is_err());
        let count = target.select(&[words(&[])], "SELECT count(*) FROM stage_words", 10).await.expect("reads");
        assert_eq!(int(&count), 0);
        assert_eq!(target.load("loader", &[words(&[])], &sql(&[TAKE]), &[]).await, Ok(vec![0]));
    }
    {
        let _s = Sentence("Those of one name may have other fields the next time.");
        let target = with_table(make).await;
        target.load("loader", &[words(&[(1, "one")])], &sql(&[TAKE]), &[]).await.expect("loads");
        let other = Staged {
            name: "stage_words".to_owned(),
            fields: vec![field("word", FieldType::Text), field("number", FieldType::Int), field("x", FieldType::Bool)],
            values: vec![
                FieldValues::Text(vec![Some("two".into())]),
                FieldValues::Int(vec![Some(2)]),
                FieldValues::Bool(vec![None]),
            ],
        };
        assert_eq!(target.load("loader", &[other], &sql(&[TAKE]), &[]).await, Ok(vec![1]));
        target.load("loader", &[words(&[(3, "three")])], &sql(&[TAKE]), &[]).await.expect("loads");
        assert_eq!(seen(&*target).await.len(), 3);
    }
    {
        let _s = Sentence("Several tables may be staged, of few rows and of many.");
        let target = with_table(make).await;
        for rows in [0_i64, 1, 10, 40_000, 3] {
            let staged = Staged {
                name: "stage_many".to_owned(),
                fields: vec![field("a \"number\"", FieldType::Int), field("word", FieldType::Text)],
                values: vec![
                    FieldValues::Int((0..rows).map(Some).collect()),
                    FieldValues::Text((0..rows).map(|row| Some(format!("word {row}").into())).collect()),
                ],
            };
            let take = "INSERT INTO stg.seen SELECT 100 + \"a \"\"number\"\"\", m.word FROM stage_many m \
                        WHERE NOT EXISTS (SELECT 1 FROM stage_words w WHERE w.number = m.\"a \"\"number\"\"\")";
            let staged = [staged, words(&[(2, "left out")])];
            let loaded = target.load("loader", &staged, &sql(&["DELETE FROM stg.seen", take]), &[]).await;
            let wanted = if rows > 2 { rows - 1 } else { rows };
            assert_eq!(loaded.map(|counts| counts[1]), Ok(u64::try_from(wanted).expect("small")));
        }
    }
}
