//! Rows of a case as the temporary tables that a load brings along: on the program's own way, as the rows of a file are.

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Staged, Topic, TopicPartition};
use playhead_warehouse::intake::{Enrichment, Intake, Mark, Message};

use crate::table::{Table, time};

/// The temporary tables of each load that a source's rows are, or which rows intake does not take, and why.
pub(crate) fn stage(intake: &Intake, source: &str, rows: &Table, load_time: &str) -> Result<Vec<Vec<Staged>>, String> {
    let since = time(load_time).duration_since(time("1970-01-01"));
    let load_time = Timestamp(i64::try_from(since.as_millis()).expect("a time within some thousand years"));
    let messages: Vec<Message> = (0..rows.rows.len()).map(|row| message(source, rows, row, load_time)).collect();
    let mark = Mark { load_time, record_source: None };
    let take = |load: Vec<Message>| {
        let taken = intake.take(source, &load, &Enrichment::default(), &mark);
        let reject = |(place, why): &(usize, String)| format!("    {source}, row {}: {why}", load[*place].offset.0);
        let rejects: Vec<String> = taken.rejects.iter().map(reject).collect();
        if rejects.is_empty() { Ok(taken.staged) } else { Err(rejects.join("\n")) }
    };
    intake.loads(source, messages, &mark).into_values().map(take).collect()
}

/// A row as a message: an object with a text for each cell that is not null, as a CSV file's rows are. Lists are lists.
fn message(source: &str, table: &Table, row: usize, received_time: Timestamp) -> Message {
    let cells = table.columns.iter().zip(&table.rows[row]);
    let list = |cell: &String| serde_json::from_str(cell).ok().filter(serde_json::Value::is_array);
    let value = |cell: &String| list(cell).unwrap_or_else(|| cell.as_str().into());
    let given = cells.filter_map(|(name, cell)| Some((name.clone(), value(cell.as_ref()?))));
    let object = serde_json::Value::Object(given.collect());
    Message {
        at: TopicPartition::new(&Topic::new(source), 0),
        offset: Offset(row as u64 + 1),
        key: Bytes::new(),
        bytes: Bytes::from(object.to_string()),
        headers: Vec::new(),
        received_time,
    }
}
