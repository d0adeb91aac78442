//! Recent positions in memory: the port [`playhead_ports::Recent`] for one process.
//!
//! It holds what the log has and the base has not, and nothing more: it knows neither the log nor the base. What it held is
//! lost with the process; the caller replays the log's tail, which is why the epoch is new at each start.

mod config;
mod forgotten;
mod recent;
mod released;
mod shard;

pub use config::Config;
pub use recent::MemoryRecent;
