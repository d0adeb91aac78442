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
}

/// Whether the program can serve.
#[async_trait]
pub trait Health: Send + Sync {
    /// Everything that must be well, each with its state now. It is asked often: it answers from what is known, or fast.
    async fn check(&self) -> Vec<Reason>;
}
