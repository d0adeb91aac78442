//! The write-ahead log while a backup is made, which a test holds for as long as it likes.

use playhead_ports::{Column, ColumnType, Columns, Load, Shape, Step, Table, Values, Warehouse};

use super::*;
use crate::{Config, DuckWarehouse};

const COLUMNS: [Column; 1] = [Column { name: "n", of: ColumnType::Int, comment: "" }];
static TABLES: [Table; 1] = [Table { name: "numbers", columns: &COLUMNS, shape: Shape::Facts, comment: "" }];
const LIMIT: u64 = 32 << 10;
const ROWS: i64 = 1_000;

async fn load(warehouse: &DuckWarehouse, round: i64) {
    // What does not repeat is not packed to nothing.
    let numbers = (0..ROWS).map(|n| Some((round * ROWS + n).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64)));
    let rows = Columns(vec![Values::Int(numbers.collect())]);
    let load = Load { steps: vec![Step::Append { table: "numbers", rows }] };
    warehouse.load("loader", load, &[]).await.expect("loads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_lets_the_write_ahead_log_grow_but_not_without_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { wal_max_bytes: LIMIT, checkpoint_wait_ms: 0, fold_every_ms: 3_600_000, ..Config::default() };
    let warehouse = DuckWarehouse::open(folder.path(), config).expect("opens");
    warehouse.declare(&TABLES).await.expect("declares");
    let mut greatest = [0, 0];
    for (held, greatest) in [false, true].into_iter().zip(&mut greatest) {
        let _backup = held.then(|| warehouse.database.backup.lock());
        for round in 0..120 {
            load(&warehouse, round).await;
            *greatest = warehouse.wal_bytes().max(*greatest);
        }
    }
    let [without, with] = greatest;
    assert!(without < 2 * LIMIT, "{without}");
    assert!(with > 4 * LIMIT && with < (BACKUP_WAL_FACTOR + 1) * LIMIT, "{with}");
}
