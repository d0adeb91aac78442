//! A connection of either protocol.

use fastrand::Rng;

use crate::audience::{Audience, Event, Key};
use crate::grpc_line::GrpcLine;
use crate::http_line::HttpLine;
use crate::outcome::{Answer, Failure};
use crate::random;

/// One request at a time over it.
pub(crate) enum Line {
    Http(HttpLine),
    Grpc(GrpcLine),
}

impl Line {
    /// Saves one event.
    pub(crate) async fn write(&mut self, audience: &Audience, event: &Event) -> Result<(), Failure> {
        match self {
            Self::Http(line) => line.write(audience, event).await,
            Self::Grpc(line) => line.write(audience, event).await,
        }
    }

    /// Reads one position.
    pub(crate) async fn read(&mut self, audience: &Audience, key: Key) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Http(line) => line.read(audience, key).await,
            Self::Grpc(line) => line.read(audience, key).await,
        }
    }

    /// Sends a packet that must be refused.
    pub(crate) async fn send_random(&mut self, rng: &mut Rng) -> Result<(), Failure> {
        match self {
            Self::Http(line) => random::over_http(line, rng).await,
            Self::Grpc(line) => random::over_grpc(line, rng).await,
        }
    }
}
