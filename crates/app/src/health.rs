//! Whether the program can serve.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_edge::{Health, Progress, Reason};
use playhead_ports::{EventLog, Recent};

use crate::engines::Engines;
use crate::roles::Running;

/// Asks the engines and the consumers.
pub(crate) struct Checks {
    pub(crate) engines: Engines,
    pub(crate) running: Arc<Vec<Running>>,
}

#[async_trait]
impl Health for Checks {
    async fn check(&self) -> Vec<Reason> {
        let mut reasons = vec![self.log().await, self.recent()];
        for running in &*self.running {
            reasons.push(self.consumer(running).await);
        }
        reasons
    }
}

impl Checks {
    async fn log(&self) -> Reason {
        for at in self.engines.warehouse_partitions() {
            if let Err(error) = self.engines.log.bounds(&at).await {
                return reason("log", false, error.to_string());
            }
        }
        reason("log", true, "open".into())
    }

    fn recent(&self) -> Reason {
        let room = self.engines.recent.room();
        reason("recent", !room.is_full(), format!("{} of {} entries", room.held, room.most))
    }

    /// A consumer that is waiting something out is behind, but what is acknowledged waits on the log: the program still
    /// serves. One that has ended does not come back by itself.
    async fn consumer(&self, running: &Running) -> Reason {
        let view = running.status.view();
        let mut parts = Vec::new();
        for (at, part) in &view.parts {
            // The log's own end: the consumer's word on it is as old as its last look.
            let end = self.engines.log.bounds(at).await.map_or(part.end, |bounds| bounds.end);
            parts.push(Progress { partition: at.to_string(), next_offset: part.next.0, end_offset: end.0 });
        }
        let behind: u64 = parts.iter().map(|part| part.end_offset.saturating_sub(part.next_offset)).sum();
        let detail = match view.trouble {
            Some(trouble) => format!("{behind} records behind; {trouble}"),
            None => format!("{behind} records behind"),
        };
        Reason { parts, ..reason(running.name, running.is_alive(), detail) }
    }
}

fn reason(name: &str, ok: bool, detail: String) -> Reason {
    Reason { name: name.to_owned(), ok, detail, parts: Vec::new() }
}
