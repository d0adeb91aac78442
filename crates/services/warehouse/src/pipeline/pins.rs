//! What dictionaries said when a message was first processed: looked up before the message is taken in again.

use bytes::Bytes;
use playhead_ports::{Cell, DictionaryKey, SinkError, TargetError};

use super::Pipeline;
use super::batch::Pinned;
use super::naming::{name, quoted};
use super::staging::{Row, Value, bytes_of, filled, number_of, text_of};
use crate::intake::MessageVersion;
use crate::plan::{Kind, StageOf, system};

/// The pins of one batch are at most so many.
const PINS_MAX: usize = 1_000_000;
const VERSION: [&str; 3] = [system::MESSAGE, system::VERSION, system::CONTENT];

impl Pipeline {
    /// What was pinned with these versions, by version and place in the dictionaries; `null` where the entry was none.
    pub(super) async fn pins(&self, of: Vec<MessageVersion>) -> Result<Pinned, SinkError> {
        let (Some(table), Some(stage)) = (self.shared_table(Kind::Pins), self.shared_stage(StageOf::Pins)) else {
            return Ok(Pinned::new());
        };
        if of.is_empty() {
            return Ok(Pinned::new());
        }
        let fields = stage.fields.iter().map(|field| field.field.clone());
        let fields = fields.filter(|field| VERSION.contains(&field.name.as_str())).collect();
        let row = |of: MessageVersion| -> Row {
            [
                (system::MESSAGE, Value::Bytes(Some(of.message))),
                (system::VERSION, Value::Int(Some(of.version))),
                (system::CONTENT, Value::Bytes(Some(of.content))),
            ]
            .into()
        };
        let rows: Vec<Row> = of.into_iter().map(row).collect();
        let wanted = filled("wanted", fields, &rows);
        let on = VERSION.map(|column| format!("p.{0} = w.{0}", quoted(column))).join(" AND ");
        let columns = VERSION.map(|column| format!("p.{}", quoted(column))).join(", ");
        let sql = format!(
            "SELECT DISTINCT {columns}, p.\"dictionary\", p.\"id\", p.\"entry\" FROM wanted AS w JOIN {} AS p ON {on}",
            name(table)
        );
        let found = self.target().select(&[wanted], &sql, PINS_MAX).await.map_err(sink_error)?;
        let mut pins = Pinned::new();
        for (version, key, entry) in found.iter().filter_map(|row| pin(row)) {
            pins.entry(version).or_default().insert(key, entry);
        }
        Ok(pins)
    }
}

fn pin(row: &[Cell]) -> Option<(MessageVersion, DictionaryKey, Option<Bytes>)> {
    let [message, version, content, dictionary, id, entry] = row else { return None };
    let (message, content) = (bytes_of(message)?, bytes_of(content)?);
    let version = MessageVersion { message, version: number_of(version)?, content };
    let key = DictionaryKey { dictionary: text_of(dictionary)?.into(), id: text_of(id)?.into() };
    Some((version, key, text_of(entry).map(Bytes::from)))
}

/// A question that fails waits: it is of the view, never of a record.
pub(super) fn sink_error(error: TargetError) -> SinkError {
    match error {
        TargetError::Unavailable(why) => SinkError::Transient(why),
        TargetError::Refused(why) => SinkError::Permanent(why),
    }
}
