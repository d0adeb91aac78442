//! `playhead completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::output::print;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead completions bash > ~/.local/share/bash-completion/completions/playhead
  playhead completions zsh > ~/.zfunc/_playhead
  playhead completions fish > ~/.config/fish/completions/playhead.fish")]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "playhead", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
