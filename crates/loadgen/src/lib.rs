//! Load that tells the truth: open-loop at a set rate, latency counted from when each request was meant to be sent, and every
//! acknowledged position read back and compared with what the rules say.
//!
//! It speaks to a server over its public interfaces alone and knows nothing of how it is built.

mod audience;
mod grpc_line;
mod http_line;
mod line;
mod outcome;
mod pace;
mod plan;
mod preflight;
mod random;
mod raw_codec;
mod report;
mod run;
mod stream;
mod tally;
mod verify;
mod warehouse;
mod zipf;

pub use plan::{Pacing, Plan, Protocol};
pub use report::{Latency, Operation, RandomPackets, Report};
pub use run::run;
pub use verify::Verification;
pub use warehouse::WarehouseCheck;
