//! The contracts with the outside: generated code of the .proto files, and how facts stand on the log.
//!
//! It knows nothing of transports but what the generated code needs.

#[allow(missing_docs, clippy::all, reason = "generated code")]
mod generated {
    /// Records of the log.
    pub mod log {
        tonic::include_proto!("playhead.log.v1");
    }
    /// The gRPC interface.
    pub mod watch {
        tonic::include_proto!("playhead.watch.v1");
    }
}

pub use generated::{log, watch};

mod fact;

pub use fact::{FactError, RECORD_SCHEMA, decode_fact, encode_fact};

/// The descriptors of all .proto files, for reflection and for the check against breaking changes.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
