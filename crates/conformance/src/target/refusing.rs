//! Loads that are refused, and whether that is for ever.

use std::sync::Arc;

use playhead_ports::{CommitError, FieldType, FieldValues, Staged, Target, TargetError};

use super::{TAKE, field, name, next_of, seen, sql, with_table, words};
use crate::samples::advance;
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    {
        let _s = Sentence("`CommitError::Permanent` if `Staged::problem` finds one.");
        let target = with_table(make).await;
        for (what, staged) in unstageable() {
            let refused = target.load("loader", &staged, &sql(&[TAKE]), &[advance(0, 0, 5)]).await;
            assert!(matches!(refused, Err(CommitError::Permanent(_))), "{what}: {refused:?}");
            let refused = target.select(&staged, "SELECT 1", 1).await;
            assert!(matches!(refused, Err(TargetError::Refused(_))), "{what}: {refused:?}");
        }
        assert_eq!((seen(&*target).await, next_of(&*target, "loader", 0).await), (vec![], None));
    }
    {
        let _s = Sentence("A statement that its rows fail gives `CommitError::Permanent`.");
        let target = with_table(make).await;
        let int = name(&*target, FieldType::Int);
        target.migrate(&[format!("CREATE TABLE stg.some (a {int} NOT NULL CHECK (a < 10))")]).await.expect("changes");
        let converts = format!("INSERT INTO stg.some SELECT CAST(word AS {int}) FROM stage_words");
        for (what, statement) in [
            ("a key twice", "INSERT INTO stg.seen SELECT 1, word FROM stage_words"),
            ("nothing where something must be", "INSERT INTO stg.some SELECT NULL FROM stage_words"),
            ("a check", "INSERT INTO stg.some SELECT number + 100 FROM stage_words"),
            ("a value that does not convert", &converts),
            ("a number that is too large", "INSERT INTO stg.some SELECT 9223372036854775807 + number FROM stage_words"),
        ] {
            let staged = [words(&[(1, "one"), (2, "two")])];
            let refused = target.load("loader", &staged, &sql(&[statement]), &[advance(0, 0, 5)]).await;
            assert!(matches!(refused, Err(CommitError::Permanent(_))), "{what}: {refused:?}");
        }
        assert_eq!((seen(&*target).await, next_of(&*target, "loader", 0).await), (vec![], None));
    }
    {
        let _s = Sentence("A statement that is wrong whatever the rows gives `CommitError::Transient`.");
        let target = with_table(make).await;
        for wrong in [
            "INSERT INTO stg.missing SELECT * FROM stage_words",
            "INSERT INTO stg.seen SELECT missing FROM stage_words",
            "INSERT INTO stg.seen SELEKT",
        ] {
            let staged = [words(&[(1, "one")])];
            let refused = target.load("loader", &staged, &sql(&[TAKE, wrong]), &[advance(0, 0, 5)]).await;
            assert!(matches!(refused, Err(CommitError::Transient(_))), "{wrong}: {refused:?}");
        }
        assert_eq!((seen(&*target).await, next_of(&*target, "loader", 0).await), (vec![], None));
    }
}

fn unstageable() -> Vec<(&'static str, Vec<Staged>)> {
    let with = |of: FieldType, values: FieldValues| {
        let mut staged = words(&[(1, "one")]);
        staged.fields.push(field("more", of));
        staged.values.push(values);
        vec![staged]
    };
    vec![
        ("NUL in a text", vec![words(&[(1, "a\0b")])]),
        ("NUL in JSON", with(FieldType::Json, FieldValues::Text(vec![Some("\"a\0b\"".into())]))),
        ("too few values", with(FieldType::Int, FieldValues::Int(vec![]))),
        ("values of another type", with(FieldType::Int, FieldValues::Bool(vec![Some(true)]))),
        ("the year 0", with(FieldType::Date, FieldValues::Int(vec![Some(-719_163)]))),
        ("the year 10000", with(FieldType::Time, FieldValues::Int(vec![Some(2_932_897 * 86_400_000_000)]))),
        ("no number", with(FieldType::Decimal { precision: 9, scale: 2 }, FieldValues::Text(vec![Some("1e5".into())]))),
        (
            "too precise",
            with(FieldType::Decimal { precision: 9, scale: 2 }, FieldValues::Text(vec![Some("0.001".into())])),
        ),
        ("one name twice", vec![words(&[(1, "one")]), words(&[(2, "two")])]),
    ]
}
