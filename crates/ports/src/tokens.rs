//! Who may: service tokens with scopes.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Record events, marks and videos.
    Write,
    /// Read positions.
    Read,
    /// Ask the warehouse.
    Analyst,
    /// Record events with times of any age as they are.
    Backfill,
    /// Forget users, back up, compact.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [Self::Write, Self::Read, Self::Analyst, Self::Backfill, Self::Admin];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Analyst => "analyst",
            Self::Backfill => "backfill",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| format!("`{text}` is no scope; scopes are write, read, analyst, backfill, admin"))
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope: what a server without tokens grants on loopback.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether the scope is among them.
    pub fn has(self, scope: Scope) -> bool {
        self.0 >> (scope as u8) & 1 == 1
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << (scope as u8)))
    }
}

/// What is known of a token; never the token itself, of which only a hash is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The name that it was made under.
    pub name: String,
    /// What it may.
    pub scopes: Scopes,
}

/// Why tokens cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is a token of that name already.
    #[error("there is a token named `{0}` already")]
    Taken(String),
    /// The name cannot be one.
    #[error("`{0}` cannot name a token: a name has 1 to 64 bytes and no control characters")]
    Name(String),
    /// There is no token of that name.
    #[error("there is no token named `{0}`")]
    Missing(String),
    /// The store cannot be read or written.
    #[error("tokens are not available: {0}")]
    Unavailable(String),
}

/// The service tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Whether there is any token. Without one, a server on loopback runs open.
    fn any(&self) -> bool;

    /// What the token grants; none if it is not known or was revoked. Compares in constant time.
    fn grant(&self, token: &str) -> Option<Grant>;

    /// Makes a token and gives it, this once.
    async fn create(&self, name: &str, scopes: &[Scope]) -> Result<String, TokenError>;

    /// Revokes a token; a running server refuses it within two seconds.
    async fn revoke(&self, name: &str) -> Result<(), TokenError>;

    /// All tokens, by name.
    async fn list(&self) -> Result<Vec<Grant>, TokenError>;
}
