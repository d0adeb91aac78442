//! The command line: reads the arguments and calls one command.

mod ask;
mod client;
mod commands;
mod leading;
mod output;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    backup, compact, completions, config, dict, doctor, import, load, log, rebuild, restore, serve, sql, token, top,
    warehouse,
};

/// A request and a row of a batch are many small pieces of memory, made by one thread and often freed by another: with the
/// system's allocator they took a fifth of the processor.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The back end of a video site: watch positions, their log, and a warehouse of everything watched
#[derive(Debug, Parser)]
#[command(name = "playhead", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Import(import::Args),
    Load(load::Args),
    Sql(sql::Args),
    Top(top::Args),
    Rebuild(rebuild::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Compact(compact::Args),
    Log(log::Args),
    Warehouse(warehouse::Args),
    Dict(dict::Args),
    Token(token::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(leading::moved(std::env::args_os()));
    let done = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Import(args) => import::run(args),
        Command::Load(args) => load::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Top(args) => top::run(args),
        Command::Rebuild(args) => rebuild::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Compact(args) => compact::run(args),
        Command::Log(args) => log::run(args),
        Command::Warehouse(args) => warehouse::run(args),
        Command::Dict(args) => dict::run(args),
        Command::Token(args) => token::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Config(args) => config::run(args),
        Command::Completions(args) => completions::run(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("playhead: {error:#}");
        ExitCode::FAILURE
    })
}
