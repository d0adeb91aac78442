//! Benchmarks of the whole program, each beside a ceiling that is measured in the same run.
//!
//! `bench/run` builds the program and this in release and starts it. All of them in full length write `bench/RESULTS.md`;
//! a few by name, or `--quick`, only print. Nothing is asserted here but that requests succeed.

mod bare;
mod fill;
mod ground;
mod grpc;
mod http;
mod lag;
mod load;
mod machine;
mod positions;
mod processor;
mod raw_codec;
mod raw_http;
mod reads;
mod report;
mod server;
mod stream;
mod warehouse;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::ground::Ground;
use crate::report::Section;

/// The program's, so that the rooms that are measured alone have what they have there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What misses its goal and why, as profiles told; it ends the results.
const MISSED: &str = include_str!("../MISSED.md");

/// Measure Playhead beside its ceilings
#[derive(Debug, Parser)]
#[command(name = "bench/run")]
struct Args {
    /// A few seconds each: whether they work, rather than how fast
    #[arg(long)]
    quick: bool,

    /// Where the table is written
    #[arg(long, default_value = "bench/RESULTS.md")]
    results: PathBuf,

    /// Serve an empty handler there (the ceiling of `http` in a process of its own)
    #[arg(long, hide = true)]
    bare: Option<SocketAddr>,

    /// Which [default: all, and the results are written]
    names: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Unary durable writes over HTTP beside empty handlers
    Http,
    /// Unary durable writes over gRPC beside a health check
    Grpc,
    /// Streamed and batched events beside a raw append
    Stream,
    /// Reads while 8,000 writes a second run
    Reads,
    /// From the acknowledgement to the marts
    Lag,
    /// The loader of the warehouse beside the engine's appender
    Load,
    /// Reads and writes over many stored positions
    Positions,
    /// Pipelines into PostgreSQL beside a raw insert
    Postgres,
    /// Pipelines into DuckDB beside a raw insert
    Duckdb,
}

impl Name {
    fn run(self, ground: &Ground) -> anyhow::Result<Section> {
        match self {
            Self::Http => http::run(ground),
            Self::Grpc => grpc::run(ground),
            Self::Stream => stream::run(ground),
            Self::Reads => reads::run(ground),
            Self::Lag => lag::run(ground),
            Self::Load => load::run(ground),
            Self::Positions => positions::run(ground),
            Self::Postgres => warehouse::run(ground, warehouse::Into::Postgres),
            Self::Duckdb => warehouse::run(ground, warehouse::Into::Duckdb),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(at) = args.bare {
        return bare::serve(at);
    }
    let ground = Ground::find(args.quick)?;
    let are_all = args.names.is_empty();
    let names = if are_all { Name::value_variants() } else { &args.names };
    let mut text = machine::describe(&ground)?;
    println!("{text}");
    for name in names {
        let section = name.run(&ground)?.to_string();
        println!("{section}");
        text.push_str(&section);
    }
    if are_all && !args.quick {
        text.push_str(MISSED);
        std::fs::write(&args.results, text)?;
        println!("written to {}", args.results.display());
    }
    Ok(())
}
