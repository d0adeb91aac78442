//! `playhead serve`: engines, then roles, until the program is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use playhead_edge::{Addresses, Edge, Metrics, Parts};
use playhead_watch::{MartsSink, PositionsSink, ReplayError, VIDEOS, WATCH, Watch};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Role};
use crate::engines::Engines;
use crate::health::Checks;
use crate::operations::Upkeep;
use crate::pipelines::{Desk, Pipelines, read_specs};
use crate::roles::{Running, start};
use crate::telemetry;
use crate::{held, lost, metric_table};

const UPKEEP_EVERY: Duration = Duration::from_secs(1);

/// What a server that has started tells.
#[derive(Debug, Clone)]
pub struct Serve {
    /// Where HTTP is answered.
    pub http: SocketAddr,
    /// Where gRPC is answered.
    pub grpc: SocketAddr,
    /// Whether everybody may everything.
    pub open: bool,
}

/// Runs the roles of the configuration until `stop` is cancelled; `started` hears once requests are answered. What is under
/// way is finished within the shutdown time.
pub async fn serve(config: Config, stop: CancellationToken, started: impl FnOnce(&Serve)) -> Result<()> {
    telemetry::begin(&config.telemetry)?;
    let metrics = Metrics::install()?;
    metric_table::describe();
    check_roles(&config)?;
    let named = read_specs(&config)?;
    // Before the engines, which may take a while: who made a slip of the keyboard hears of it at once, and who starts a second
    // server by mistake hears of the folder rather than of an address.
    check_addresses(&config)?;
    held::refuse_if_held(&config.data)?;
    let addresses = Addresses::take(config.http, config.grpc)?;
    let engines = Engines::open(&config).await.map_err(|error| lost::with_advice(error, &config.data))?;
    let open = check_access(&config, &engines)?;
    let watch =
        Watch::open(engines.event_log(), engines.recent(), engines.base(), engines.clock.clone(), config.watch.clone());
    let watch = Arc::new(watch.await?);
    let marts = Arc::new(MartsSink::new(engines.warehouse(), engines.working()));
    let recovered = recover(&marts, &engines, &config).await?;
    let replayed = watch.catch_up().await.context("recent positions")?;
    tracing::info!(recovered = recovered.unwrap_or_default(), replayed, "views are caught up with the log");

    // Consumers go on until requests have ended, so that what was acknowledged last is in the views when they stop.
    let drain = CancellationToken::new();
    let late = recover_late(recovered.is_none().then(|| marts.clone()), engines.clone(), stop.clone());
    let positions = Arc::new(PositionsSink::new(engines.base(), engines.recent()));
    let running = Arc::new(vec![
        start(&engines, positions, Box::new(engines.group(&[WATCH]).await?), config.stream.clone(), drain.clone())?,
        start(&engines, marts, Box::new(engines.group(&[WATCH, VIDEOS]).await?), config.stream.clone(), drain.clone())?,
    ]);
    let pipelines = Arc::new(Pipelines::open(&config, &engines, named, &drain).await?);
    let supervising = pipelines.supervise(&config, &engines, &drain);
    let upkeep = Arc::new(Upkeep::new(&config, engines.clone(), running.clone(), pipelines.clone()));
    let keeping = tokio::spawn(keep(upkeep.clone(), drain.clone()));

    let listeners = addresses.listen()?;
    let edge = Edge::new(Parts {
        watch,
        log: engines.event_log(),
        pipelines: Arc::new(Desk { pipelines: pipelines.clone(), log: engines.event_log() }),
        warehouse: engines.warehouse(),
        tokens: engines.tokens.clone(),
        operations: upkeep.clone(),
        health: Arc::new(Checks { engines: engines.clone(), running: running.clone() }),
        ids: engines.ids.clone(),
        metrics,
        open,
        config: config.edge.clone(),
    });
    started(&Serve { http: listeners.http_addr()?, grpc: listeners.grpc_addr()?, open: open && !engines.tokens.any() });
    let deadline = Duration::from_millis(config.shutdown_ms_max);
    let (drained, ()) = tokio::join!(playhead_edge::serve(edge, listeners, stop, deadline), late);
    if drained.connections_cut > 0 {
        tracing::warn!(drained.connections_cut, "requests were still under way at the shutdown's deadline");
    }
    drain.cancel();
    keeping.await.context("the upkeep")?;
    drop(upkeep);
    for task in supervising {
        task.await.context("a pipeline")?;
    }
    finish(running, pipelines, engines).await
}

/// Brings the working state of the marts up to the warehouse. None if there is no space for it: what is stored is read and
/// served all the same.
async fn recover(marts: &MartsSink, engines: &Engines, config: &Config) -> Result<Option<u64>> {
    match marts.recover(&*engines.event_log(), &engines.warehouse_partitions()).await {
        Err(ReplayError::Away(why)) => {
            tracing::warn!(
                why,
                "the working state of the marts is behind the warehouse: nothing is loaded until it is not"
            );
            Ok(None)
        }
        recovered => Ok(Some(recovered.map_err(|error| lost::with_advice(error.into(), &config.data))?)),
    }
}

/// Does so once there is space, if there are marts that wait for it.
async fn recover_late(marts: Option<Arc<MartsSink>>, engines: Engines, stop: CancellationToken) {
    let Some(marts) = marts else { return };
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP_EVERY) => {}
            () = stop.cancelled() => return,
        }
        match marts.recover(&*engines.event_log(), &engines.warehouse_partitions()).await {
            Ok(recovered) => {
                return tracing::info!(recovered, "the working state of the marts is up with the warehouse");
            }
            Err(ReplayError::Away(why)) => tracing::debug!(why, "the working state of the marts is still behind"),
            Err(error) => return tracing::error!(%error, "the working state of the marts stays behind the warehouse"),
        }
    }
}

/// Ends the consumers, then the engines.
async fn finish(running: Arc<Vec<Running>>, pipelines: Arc<Pipelines>, engines: Engines) -> Result<()> {
    tokio::task::spawn_blocking(move || {
        if let Ok(pipelines) = Arc::try_unwrap(pipelines) {
            pipelines.join();
        }
        if let Ok(running) = Arc::try_unwrap(running) {
            running.into_iter().for_each(Running::join);
        }
        engines.close();
    })
    .await
    .context("the end")
}

async fn keep(upkeep: Arc<Upkeep>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(UPKEEP_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => upkeep.keep().await,
            () = stop.cancelled() => return,
        }
    }
}

/// Embedded engines belong to one process, so all roles that they serve are in it.
fn check_roles(config: &Config) -> Result<()> {
    for role in Role::ALL {
        if !config.roles.contains(&role) {
            bail!(
                "roles: `{}` is missing. Embedded engines belong to one process, so it must run every role: {}",
                role.name(),
                Role::ALL.map(Role::name).join(",")
            );
        }
    }
    Ok(())
}

/// The system would say of the second of two equal ones that another program has it, and only once it listens.
fn check_addresses(config: &Config) -> Result<()> {
    if config.http == config.grpc && config.http.port() != 0 {
        bail!("--http and --grpc are both {}: HTTP and gRPC need an address each", config.http);
    }
    Ok(())
}

/// Whether everybody may everything: without any token, on loopback or by wish.
fn check_access(config: &Config, engines: &Engines) -> Result<bool> {
    let outside = [("http", config.http), ("grpc", config.grpc)].into_iter().find(|(_, addr)| !addr.ip().is_loopback());
    if let Some((name, addr)) = outside
        && !engines.tokens.any()
        && !config.insecure
    {
        bail!(
            "{name} = {addr} is not loopback and there are no tokens, so anybody who reaches it could do anything. \
             Make one with `playhead token create NAME --scopes write,read --data {}`, or say --insecure",
            config.data.display()
        );
    }
    Ok(outside.is_none() || config.insecure)
}
