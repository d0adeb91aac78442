//! `playhead token`: makes, revokes and lists service tokens.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Subcommand;
use playhead_app::open_tokens;
use playhead_ports::{Grant, Scope, Tokens};
use serde_json::json;

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Make, revoke and list service tokens
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes: write (record events, marks, videos), read (positions), analyst (SQL), backfill (import
history), admin (forget users, back up, compact).

Examples:
  playhead token create player --scopes write,read
  playhead token revoke player

A token is shown once; only a hash of it is stored. A running server takes changes up within two
seconds. Without any token, or when the last one is revoked, anybody who reaches a server on
loopback may do everything: also through a proxy on the same machine."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, this once
    Create {
        /// What it is for
        name: String,
        /// What it may, with commas
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Revoke a token
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// List tokens with their scopes
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: SettingsArgs,
    },
}

/// Does it.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        match args.what {
            What::Create { name, scopes, settings } => {
                let data = settings.config()?.data;
                let is_new = !data.exists();
                print_line(tokens(&settings)?.create(&name, &scopes).await?)?;
                if is_new {
                    let whole = std::path::absolute(&data).unwrap_or(data);
                    eprintln!(
                        "The data folder {} was not there and was made: the token is good where a server uses that folder.",
                        whole.display()
                    );
                }
                eprintln!("This is the only time that the token of `{name}` is shown.");
            }
            What::Revoke { name, settings } => {
                let tokens = tokens_there(&settings)?;
                tokens.revoke(&name).await?;
                eprintln!("The token of `{name}` is revoked.");
                if tokens.list().await?.is_empty() {
                    eprintln!("It was the last one: within two seconds a server on loopback is open to everybody.");
                }
            }
            What::List { json, settings } => list(&tokens_there(&settings)?.list().await?, json)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn tokens(settings: &SettingsArgs) -> Result<Arc<dyn Tokens>> {
    open_tokens(&settings.config()?)
}

/// The tokens of a data folder that is there: a wrong name shall not make one.
fn tokens_there(settings: &SettingsArgs) -> Result<Arc<dyn Tokens>> {
    settings.config_of_data()?;
    tokens(settings)
}

fn list(grants: &[Grant], json: bool) -> Result<()> {
    let scopes = |grant: &Grant| {
        Scope::ALL.into_iter().filter(|scope| grant.scopes.has(*scope)).map(Scope::name).collect::<Vec<_>>()
    };
    if json {
        let grants: Vec<_> =
            grants.iter().map(|grant| json!({ "name": grant.name, "scopes": scopes(grant) })).collect();
        print_line(serde_json::to_string_pretty(&grants)?)?;
    } else if grants.is_empty() {
        eprintln!("There are no tokens: on loopback everybody may do everything.");
    } else {
        for grant in grants {
            print_line(format_args!("{:<24} {}", grant.name, scopes(grant).join(",")))?;
        }
    }
    Ok(())
}
