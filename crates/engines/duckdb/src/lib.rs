//! The warehouse of one machine: the ports `Warehouse` and `Target` on an embedded DuckDB.
//!
//! One writer loads batches with their checkpoints; analysts read on connections of their own behind a guard, and a fold now
//! and then keeps both quick. It does not know what the tables mean, nor where rows come from.

mod amplify;
mod append;
mod ask;
mod askable;
mod cell;
mod checkpoint;
mod config;
mod database;
mod declare;
mod delete;
mod export;
mod failure;
mod found;
mod functions;
mod gate;
mod guard;
mod insist;
mod library;
mod load;
mod maintain;
mod open;
mod parquet;
mod pipeline;
mod query;
mod said;
mod scan;
mod schema;
mod staged;
mod target;
mod upkeep;
mod walk;
mod warehouse;
mod watch;
mod weigh;

pub use config::Config;
pub use library::{LIBRARY_VERSION, library_version};
pub use parquet::{ParquetError, parquet_to_lines};
pub use target::DuckTarget;
pub use warehouse::DuckWarehouse;
