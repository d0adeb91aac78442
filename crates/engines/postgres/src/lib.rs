//! The port `Target` on PostgreSQL 15 and later.
//!
//! A batch goes in by binary COPY into temporary tables of a session, and from there by the statements that it brings, together
//! with its checkpoint. It does not know what the tables mean, nor where rows come from.

mod cell;
mod checkpoint;
mod config;
mod encode;
mod failure;
mod load;
mod numeric;
mod plans;
mod pool;
mod select;
mod session;
mod stage;
mod tables;
mod target;

pub use config::Config;
pub use target::PostgresTarget;
