//! A table of numbers, and loads that append to it, each with its checkpoint.

use playhead_domain::Offset;
use playhead_ports::{
    Advance, Cell, CommitError, Field, FieldType, FieldValues, Staged, Target, Topic, TopicPartition,
};
use playhead_postgres::{Config, PostgresTarget};

/// The only partition.
pub(crate) fn partition() -> TopicPartition {
    TopicPartition::new(&Topic::new("numbers"), 0)
}

/// A target of the database, with the table if it is not there yet.
pub(crate) async fn target_of(url: &str) -> PostgresTarget {
    let target = PostgresTarget::new(url, Config::default()).expect("an address");
    let create = [
        "CREATE SCHEMA IF NOT EXISTS stg".to_owned(),
        "CREATE TABLE IF NOT EXISTS stg.numbers (number bigint PRIMARY KEY, filling text)".to_owned(),
    ];
    target.migrate(&create).await.expect("makes a table");
    target
}

/// The numbers `from..to`, staged.
pub(crate) fn numbers(from: u64, to: u64) -> Staged {
    let field = |name: &str, of| Field { name: name.to_owned(), of };
    let numbers = (from..to).map(|number| i64::try_from(number).ok());
    let filling = (from..to).map(|number| Some(format!("{number:0>120}").into()));
    Staged {
        name: "stage_numbers".to_owned(),
        fields: vec![field("number", FieldType::Int), field("filling", FieldType::Text)],
        values: vec![FieldValues::Int(numbers.collect()), FieldValues::Text(filling.collect())],
    }
}

/// Loads the numbers `from..to` and moves the checkpoint along.
pub(crate) async fn load(target: &PostgresTarget, from: u64, to: u64) -> Result<Vec<u64>, CommitError> {
    let log_id = "log".parse().expect("any text is a log's id");
    let advance = Advance { at: partition(), log_id, from: Offset(from), to: Offset(to) };
    let take = "INSERT INTO stg.numbers SELECT number, filling FROM stage_numbers".to_owned();
    target.load("loader", &[numbers(from, to)], &[take], &[advance]).await
}

/// Where the checkpoint stands, asked until there is an answer.
pub(crate) async fn standing(target: &PostgresTarget) -> u64 {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(240);
    loop {
        match target.checkpoints("loader", &[partition()]).await {
            Ok(found) => return found[0].as_ref().map_or(0, |checkpoint| checkpoint.next.0),
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Checks that the table holds every number below the checkpoint, once, and gives the checkpoint. Both are read at one moment,
/// because the server may still be committing what a loader asked before its end.
pub(crate) async fn assert_whole(target: &PostgresTarget) -> u64 {
    let sql = "SELECT coalesce((SELECT next FROM playhead.checkpoints), 0), count(*), coalesce(max(number), -1) + 1 \
               FROM stg.numbers";
    let rows = target.select(&[], sql, 1).await.expect("reads");
    let [Cell::Int(next), Cell::Int(count), Cell::Int(end)] = rows[0][..] else { panic!("{rows:?}") };
    assert_eq!((count, end), (next, next));
    u64::try_from(next).expect("a checkpoint is no negative number")
}
