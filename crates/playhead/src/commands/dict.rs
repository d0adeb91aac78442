//! `playhead dict`: dictionaries that pipelines look ids up in.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use playhead_app::load_dictionary;

use super::warehouse::{block, read_spec};
use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Fill dictionaries that pipelines look ids up in
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead dict load users users.ndjson --spec pipelines/orders.toml")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put every entry of a file (NDJSON or a JSON array) into a dictionary; an entry that is there is replaced
    Load {
        /// The dictionary
        name: String,
        /// The file
        file: PathBuf,
        /// The pipeline's file, which says what field is the id
        #[arg(long, value_name = "FILE", required_unless_present = "id")]
        spec: Option<PathBuf>,
        /// The field that is the id, where no pipeline's file says it
        #[arg(long, value_name = "FIELD")]
        id: Option<String>,
        #[command(flatten)]
        settings: SettingsArgs,
    },
}

/// Does it.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let What::Load { name, file, spec, id, settings } = args.what;
    let id = match (id, spec) {
        (Some(id), _) => id,
        (None, Some(path)) => {
            let spec = read_spec(&path)?;
            let known: Vec<&str> = spec.dictionary.keys().map(String::as_str).collect();
            let Some(of) = spec.dictionary.get(&name) else {
                anyhow::bail!("{} has no dictionary {name}; it has {}", path.display(), known.join(", "));
            };
            of.id.clone()
        }
        (None, None) => anyhow::bail!("say with --spec or --id what field is the id"),
    };
    let entries = block(load_dictionary(&settings.config()?, &name, &id, &file))?;
    let entries = if entries == 1 { "1 entry is".to_owned() } else { format!("{entries} entries are") };
    print_line(format_args!("{entries} in {name}"))?;
    Ok(ExitCode::SUCCESS)
}
