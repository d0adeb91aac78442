//! Reading by a SELECT.

use std::sync::Arc;

use playhead_ports::{Cell, Target, TargetError};

use super::{TAKE, seen, sql, with_table, words};
use crate::rows::text;
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    let target = with_table(make).await;
    let filled = [words(&[(1, "one"), (2, "two"), (3, "three")])];
    target.load("loader", &filled, &sql(&[TAKE]), &[]).await.expect("loads");
    {
        let _s = Sentence("The rows of one SELECT, which may read the staged tables too.");
        let joined = "SELECT s.word, w.word FROM stage_words w LEFT JOIN stg.seen s USING (number) ORDER BY w.number";
        let rows = target.select(&[words(&[(2, "zwei"), (9, "neun")])], joined, 10).await;
        assert_eq!(rows, Ok(vec![vec![text("two"), text("zwei")], vec![Cell::Null, text("neun")]]));
    }
    {
        let _s = Sentence("`TargetError::Refused` if there are more than `rows_max`.");
        let all = "SELECT number FROM stg.seen ORDER BY number";
        assert_eq!(target.select(&[], all, 3).await.map(|rows| rows.len()), Ok(3));
        for rows_max in [0, 2] {
            let refused = target.select(&[], all, rows_max).await;
            assert!(matches!(refused, Err(TargetError::Refused(_))), "{refused:?}");
        }
        assert_eq!(target.select(&[], "SELECT 1 WHERE false", 0).await, Ok(vec![]));
    }
    {
        let _s = Sentence("It changes nothing: a statement that would is refused.");
        for change in [
            "DELETE FROM stg.seen",
            "INSERT INTO stg.seen VALUES (9, 'nine')",
            "INSERT INTO stg.seen VALUES (9, 'nine') RETURNING number",
            "CREATE TABLE stg.more (a int)",
            "DROP TABLE stg.seen",
            "SELECT nothing FROM stg.seen",
            "SELECT 1; DELETE FROM stg.seen",
            "COMMIT",
        ] {
            let refused = target.select(&[], change, 10).await;
            assert!(matches!(refused, Err(TargetError::Refused(_))), "{change}: {refused:?}");
        }
        assert_eq!(seen(&*target).await.len(), 3);
    }
    {
        let _s = Sentence("Sums and counts of whole numbers are whole numbers.");
        let rows = target.select(&[], "SELECT count(*), sum(number), max(number) FROM stg.seen", 1).await;
        assert_eq!(rows, Ok(vec![vec![Cell::Int(3), Cell::Int(6), Cell::Int(3)]]));
    }
}
