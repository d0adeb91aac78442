//! The contract of [`Target`], sentence by sentence. What survives kills and full disks is each engine's own test: it knows how
//! to be killed.

mod asking;
mod changing;
mod fencing;
mod loading;
mod refusing;
mod values;

use std::sync::Arc;

use bytes::Bytes;
use playhead_ports::{Cell, Field, FieldType, FieldValues, Staged, Target};
use smol_str::SmolStr;

use crate::samples::partition;

/// Checks every sentence; `make` gives a new, empty database each time.
pub async fn target(make: impl AsyncFn() -> Arc<dyn Target>) {
    changing::check(&make).await;
    loading::check(&make).await;
    fencing::check(&make).await;
    refusing::check(&make).await;
    values::check(&make).await;
    asking::check(&make).await;
}

/// A database with the table `stg.seen` of a number that is there once, and a text.
async fn with_table(make: &impl AsyncFn() -> Arc<dyn Target>) -> Arc<dyn Target> {
    let target = make().await;
    let (int, text) = (name(&*target, FieldType::Int), name(&*target, FieldType::Text));
    let create = format!("CREATE TABLE stg.seen (number {int} PRIMARY KEY, word {text})");
    target.migrate(&["CREATE SCHEMA stg".to_owned(), create]).await.expect("makes a table");
    target
}

/// Takes what is staged as `stage_words` into it.
const TAKE: &str = "INSERT INTO stg.seen SELECT number, word FROM stage_words";

fn name(target: &dyn Target, of: FieldType) -> String {
    target.dialect().type_name(of)
}

fn sql(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn field(name: &str, of: FieldType) -> Field {
    Field { name: name.to_owned(), of }
}

/// Rows of `stage_words`, a word each.
fn words(rows: &[(i64, &str)]) -> Staged {
    Staged {
        name: "stage_words".to_owned(),
        fields: vec![field("number", FieldType::Int), field("word", FieldType::Text)],
        values: vec![
            FieldValues::Int(rows.iter().map(|(number, _)| Some(*number)).collect()),
            FieldValues::Text(rows.iter().map(|(_, word)| Some(SmolStr::new(word))).collect()),
        ],
    }
}

/// A field of each type with its values: an ordinary one, nothing, and those at the edges.
fn of_every_type() -> Vec<(Field, FieldValues)> {
    let texts = |values: [&str; 3]| {
        FieldValues::Text(vec![Some(values[0].into()), None, Some(values[1].into()), Some(values[2].into())])
    };
    let ints = |values: [i64; 3]| FieldValues::Int(vec![Some(values[0]), None, Some(values[1]), Some(values[2])]);
    let bytes = |bytes: &'static [u8]| Some(Bytes::from_static(bytes));
    vec![
        (field("text", FieldType::Text), texts(["a 'b' \"c\" \\ \t\r\n \u{1f600}", "", "NULL"])),
        (field("int", FieldType::Int), ints([7, i64::MIN, i64::MAX])),
        (
            field("float", FieldType::Float),
            FieldValues::Float(vec![Some(0.1), None, Some(-1e300), Some(f64::MIN_POSITIVE)]),
        ),
        (field("decimal", FieldType::Decimal { precision: 9, scale: 2 }), texts(["-12.5", "9999999.99", "0"])),
        (
            field("wide", FieldType::Decimal { precision: 38, scale: 10 }),
            texts([
                "1234567890123456789012345678.0123456789",
                "-9999999999999999999999999999.9999999999",
                "0.0000000001",
            ]),
        ),
        (
            field("whole", FieldType::Decimal { precision: 38, scale: 0 }),
            texts(["12", "170141183460469231731687303715884105", "-1"]),
        ),
        (field("bool", FieldType::Bool), FieldValues::Bool(vec![Some(true), None, Some(false), Some(true)])),
        (field("day", FieldType::Date), ints([19_675, -719_162, 2_932_896])),
        (field("time", FieldType::Time), ints([-1, -719_162 * 86_400_000_000, 2_932_897 * 86_400_000_000 - 1])),
        (
            field("bytes", FieldType::Bytes),
            FieldValues::Bytes(vec![bytes(b"\0\xff\\x"), None, bytes(b""), bytes(b"plain")]),
        ),
        (field("json", FieldType::Json), texts(["{\"a\": [1, null, \"b\"]}", "null", "\"text\""])),
    ]
}

/// The cells that those values come back as, column by column.
fn cells_of_every_type() -> Vec<[Cell; 4]> {
    let texts = |values: [&str; 3]| {
        let text = |at: usize| Cell::Text(values[at].to_owned());
        [text(0), Cell::Null, text(1), text(2)]
    };
    let ints = |values: [i64; 3]| [Cell::Int(values[0]), Cell::Null, Cell::Int(values[1]), Cell::Int(values[2])];
    let wide = Cell::BigInt(170_141_183_460_469_231_731_687_303_715_884_105);
    vec![
        texts(["a 'b' \"c\" \\ \t\r\n \u{1f600}", "", "NULL"]),
        ints([7, i64::MIN, i64::MAX]),
        [Cell::Float(0.1), Cell::Null, Cell::Float(-1e300), Cell::Float(f64::MIN_POSITIVE)],
        texts(["-12.50", "9999999.99", "0.00"]),
        texts(["1234567890123456789012345678.0123456789", "-9999999999999999999999999999.9999999999", "0.0000000001"]),
        [Cell::Int(12), Cell::Null, wide, Cell::Int(-1)],
        [Cell::Bool(true), Cell::Null, Cell::Bool(false), Cell::Bool(true)],
        texts(["2023-11-14", "0001-01-01", "9999-12-31"]),
        texts(["1969-12-31 23:59:59.999999", "0001-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999"]),
        texts(["00ff5c78", "", "706c61696e"]),
        texts(["{\"a\": [1, null, \"b\"]}", "null", "\"text\""]),
    ]
}

/// The numbers and words that are in the table, by number.
async fn seen(target: &dyn Target) -> Vec<(i64, String)> {
    let rows = target.select(&[], "SELECT number, word FROM stg.seen ORDER BY number", 1_000).await.expect("reads");
    rows.into_iter()
        .map(|row| match &row[..] {
            [Cell::Int(number), Cell::Text(word)] => (*number, word.clone()),
            other => panic!("{other:?}"),
        })
        .collect()
}

async fn next_of(target: &dyn Target, consumer: &str, number: u32) -> Option<u64> {
    let found = target.checkpoints(consumer, &[partition(number)]).await.expect("reads");
    found.into_iter().next().expect("an answer for each").map(|checkpoint| checkpoint.next.0)
}
