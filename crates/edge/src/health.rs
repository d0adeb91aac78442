//! Whether the program can serve: asked by `/readyz` and the gRPC health service, answered by whoever wires the engines.

use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that must be well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// Its name, such as `log`.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// In words.
    pub detail: String,
    /// Of a view: how far it has got in each partition of the log that it is made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Progress>,
}

/// How far a view has got in a partition of the log. Whoever waits for what they wrote waits until `next_offset` has reached
/// the `end_offset` of a moment after the write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// The partition, as `topic/number`.
    pub partition: String,
    /// The next offset that the view takes.
    pub next_offset: u64,
    /// The log's end now.
    pub end_offset: u64,
}

/// Whether the program can serve.
#[async_trait]
pub trait Health: Send + Sync {
    /// Everything that must be well, each with its state now. It is asked often: it answers from what is known, or fast.
    async fn check(&self) -> Vec<Reason>;
}
