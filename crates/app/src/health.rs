//! Whether the program can serve.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_edge::{Health, Reason};
use playhead_ports::{EventLog, Recent};
use playhead_stream::PartStatus;

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
        reasons.extend(self.running.iter().map(consumer));
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
}

/// A consumer that is waiting something out is behind, but what is acknowledged waits on the log: the program still serves.
/// One that has ended does not come back by itself.
fn consumer(running: &Running) -> Reason {
    let view = running.status.view();
    let behind: u64 = view.parts.values().map(PartStatus::lag_records).sum();
    let detail = match view.trouble {
        Some(trouble) => format!("{behind} records behind; {trouble}"),
        None => format!("{behind} records behind"),
    };
    reason(running.name, running.is_alive(), detail)
}

fn reason(name: &str, ok: bool, detail: String) -> Reason {
    Reason { name: name.to_owned(), ok, detail }
}
