//! Dead letters: records that a sink cannot take, kept with the reason, the stage and their coordinates.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use playhead_domain::Offset;
use playhead_ports::{AppendError, Clock, EventLog, Header, Record, Stored, TopicPartition};

/// Sends records to `<topic>.dlq`.
///
/// A crash after the append and before the commit sends a record again; its coordinates tell that it is the same.
pub(crate) struct DeadLetters {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    sink: &'static str,
    /// What was sent of the batch under way, which may be tried again in halves.
    sent: HashSet<(TopicPartition, Offset)>,
    /// Topics that are known to be there.
    made: HashSet<String>,
}

impl DeadLetters {
    pub(crate) fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, sink: &'static str) -> Self {
        Self { log, clock, sink, sent: HashSet::new(), made: HashSet::new() }
    }

    /// The batch under way is over.
    pub(crate) fn settle(&mut self) {
        self.sent.clear();
    }

    /// Sends a record, unless it was sent already. Gives whether it was sent now.
    pub(crate) async fn send(
        &mut self,
        at: &TopicPartition,
        stored: &Stored,
        stage: &'static str,
        reason: &str,
    ) -> Result<bool, String> {
        let coordinates = (at.clone(), stored.offset);
        if self.sent.contains(&coordinates) {
            return Ok(false);
        }
        let topic = at.topic.dead_letters();
        if !self.made.contains(topic.as_str()) {
            self.log.create(&topic, 1).await.map_err(|error| error.to_string())?;
            self.made.insert(topic.to_string());
        }
        let letter = self.letter(at, stored, stage, reason);
        let answer = self.log.append(&TopicPartition::new(&topic, 0), vec![letter]).await.pop();
        match answer {
            Some(Ok(_)) => {}
            // A letter that is larger than the log takes loses its body, never its coordinates.
            Some(Err(AppendError::TooLarge { .. })) => {
                let cut = Record { value: Bytes::new(), ..self.letter(at, stored, stage, reason) };
                let answer = self.log.append(&TopicPartition::new(&topic, 0), vec![cut]).await.pop();
                answer.ok_or("no answer")?.map_err(|error| error.to_string())?;
            }
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("no answer".into()),
        }
        self.sent.insert(coordinates);
        Ok(true)
    }

    fn letter(&self, at: &TopicPartition, stored: &Stored, stage: &'static str, reason: &str) -> Record {
        let own = [
            ("dlq-reason", reason.to_owned()),
            ("dlq-stage", stage.to_owned()),
            ("dlq-sink", self.sink.to_owned()),
            ("dlq-topic", at.topic.to_string()),
            ("dlq-partition", at.partition.to_string()),
            ("dlq-offset", stored.offset.to_string()),
        ];
        let own = own.into_iter().map(|(name, value)| Header { name: name.into(), value: value.into() });
        Record {
            key: stored.record.key.clone(),
            value: stored.record.value.clone(),
            time: self.clock.now(),
            headers: own.chain(stored.record.headers.iter().cloned()).collect(),
        }
    }
}
