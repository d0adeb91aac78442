//! `playhead warehouse`: pipelines, from the spec to the rows. One file a command.

mod check;
mod load;
mod place;
mod plan;
mod produce;
mod redrive;
mod run;
mod show;
mod tell;

pub(super) use place::{block, read as read_spec};

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// Run streams that a file declares: from messages through the vault to marts, exactly once
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse check --spec pipelines/orders.toml
  playhead warehouse plan --spec pipelines/orders.toml --dialect postgres
  playhead warehouse apply --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse produce order-service_orders orders.ndjson
  playhead warehouse run --once --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse load orders.ndjson --spec pipelines/orders.toml --into postgres://me@localhost/dwh")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Check(check::Args),
    Plan(plan::Args),
    Apply(plan::ApplyArgs),
    Run(run::Args),
    Load(load::Args),
    Produce(produce::Args),
    Status(tell::StatusArgs),
    Rejects(tell::RejectsArgs),
    Show(show::Args),
    Lineage(tell::LineageArgs),
    Docs(tell::DocsArgs),
    Replay(redrive::ReplayArgs),
    Redrive(redrive::Args),
}

/// Does it.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    match args.what {
        What::Check(args) => check::run(&args),
        What::Plan(args) => plan::run(&args),
        What::Apply(args) => plan::apply(&args),
        What::Run(args) => run::run(&args),
        What::Load(args) => load::run(&args),
        What::Produce(args) => produce::run(&args),
        What::Status(args) => tell::status(&args),
        What::Rejects(args) => tell::rejects(&args),
        What::Show(args) => show::run(&args),
        What::Lineage(args) => tell::lineage(&args),
        What::Docs(args) => tell::docs(&args),
        What::Replay(args) => redrive::replay(&args),
        What::Redrive(args) => redrive::run(&args),
    }
}
