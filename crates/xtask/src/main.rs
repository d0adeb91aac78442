//! Tasks of the project's own development, run by `cargo xtask`. Nothing of the program depends on it.

mod duckdb;

use anyhow::Result;
use clap::Parser;

/// Tasks of the project's own development.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Fetches the prebuilt DuckDB library, unless it is there.
    Duckdb,
}

fn main() -> Result<()> {
    match Task::parse() {
        Task::Duckdb => duckdb::fetch(),
    }
}
