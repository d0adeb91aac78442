//! `playhead serve`: runs the program.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use playhead_app::{Config, Layers, Serve, serve};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::SettingsArgs;

/// Run the program: every role in this process, on embedded engines
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead serve
  playhead serve --data /var/lib/playhead --http 0.0.0.0:8080 --config /etc/playhead.toml
  PLAYHEAD_TELEMETRY__FORMAT=json playhead serve

It stops on SIGTERM or Ctrl-C: it finishes what is under way, commits, and ends with exit code 0.")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Where HTTP is answered [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Where gRPC is answered [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    grpc: Option<String>,
    /// Which roles run here, with commas: edge, positions, warehouse [default: all]
    #[arg(long, value_name = "LIST")]
    roles: Option<String>,
    /// Answer on other addresses than loopback without any token too
    #[arg(long)]
    insecure: bool,
}

/// Runs until a signal comes.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let mut layers = args.settings.layers()?;
    let flags = [("--http", "http", &args.http), ("--grpc", "grpc", &args.grpc), ("--roles", "roles", &args.roles)];
    for (flag, key, value) in flags {
        if let Some(text) = value {
            layers = layers.flag(flag, key, text)?;
        }
    }
    if args.insecure {
        layers = layers.flag("--insecure", "insecure", "true")?;
    }
    let config = layers.config()?;
    check_specs(&layers, &config)?;
    let data = config.data.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone())?);
        serve(config, stop, |server: &Serve| {
            let access = if server.open { "open to everybody on this machine" } else { "by token" };
            eprintln!(
                "playhead is ready: http://{}  grpc {}  data {}  ({access})",
                server.http,
                server.grpc,
                data.display()
            );
        })
        .await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a pipeline's file that is not there, by the place that names it.
fn check_specs(layers: &Layers, config: &Config) -> Result<()> {
    let Some(missing) = config.pipelines.specs.iter().find(|path| !path.exists()) else { return Ok(()) };
    let named = layers.settings().into_iter().find(|setting| setting.key == "pipelines.specs");
    let place = named.map_or_else(String::new, |setting| format!("{}: ", setting.origin));
    bail!("{place}`pipelines.specs`: there is no file {}", missing.display())
}

/// Hears SIGTERM and SIGINT.
fn stop_on_signal(stop: CancellationToken) -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot hear SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot hear SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    })
}
