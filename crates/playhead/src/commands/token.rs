//! `playhead token`: makes, revokes and lists service tokens.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Subcommand;
use playhead_app::open_tokens;
use playhead_ports::{Grant, Scope, Tokens};
use serde_json::json;

use crate::client::ClientArgs;
use crate::settings::SettingsArgs;

/// Make, revoke and list service tokens
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scopes: write (record events, marks, videos), read (positions), analyst (SQL), backfill (events of any
age), admin (forget users, back up, compact).

Examples:
  playhead token create player --scopes write,read
  playhead token revoke player

A token is shown once; only a hash of it is stored. A running server takes changes up within two seconds."
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
pub(crate) fn run(args: Args, _: &ClientArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        match args.what {
            What::Create { name, scopes, settings } => {
                println!("{}", tokens(&settings)?.create(&name, &scopes).await?);
                eprintln!("This is the only time that the token of `{name}` is shown.");
            }
            What::Revoke { name, settings } => {
                tokens(&settings)?.revoke(&name).await?;
                eprintln!("The token of `{name}` is revoked.");
            }
            What::List { json, settings } => list(&tokens(&settings)?.list().await?, json)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn tokens(settings: &SettingsArgs) -> Result<Arc<dyn Tokens>> {
    open_tokens(&settings.config()?)
}

fn list(grants: &[Grant], json: bool) -> Result<()> {
    let scopes = |grant: &Grant| {
        Scope::ALL.into_iter().filter(|scope| grant.scopes.has(*scope)).map(Scope::name).collect::<Vec<_>>()
    };
    if json {
        let grants: Vec<_> =
            grants.iter().map(|grant| json!({ "name": grant.name, "scopes": scopes(grant) })).collect();
        println!("{}", serde_json::to_string_pretty(&grants)?);
    } else if grants.is_empty() {
        eprintln!("There are no tokens: on loopback everybody may everything.");
    } else {
        for grant in grants {
            println!("{:<24} {}", grant.name, scopes(grant).join(","));
        }
    }
    Ok(())
}
