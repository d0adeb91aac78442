//! A look before a run: whether the plan says anything to do, whether the server is there, and whether the token may do what the
//! run shall. What would only be found out at the run's end is said at once.

use anyhow::{bail, ensure};
use bytes::Bytes;
use http::{Method, StatusCode};
use playhead_contracts::watch::GetPositionRequest;
use tonic::Code;

use crate::grpc_line::{GrpcLine, Service};
use crate::http_line::{HttpLine, Target};
use crate::outcome::{Class, Failure};
use crate::plan::{Pacing, Plan, Protocol};

/// How the server took a request that any server takes.
enum Reception {
    Fine,
    NoToken,
    NotAllowed,
}

/// Refuses a plan that cannot be run as it is meant.
pub(crate) async fn check(plan: &Plan, http: &Target, grpc: &Service) -> anyhow::Result<()> {
    let (writes, reads) = (plan.writes(), plan.reads_per_s > 0.0);
    ensure!(writes || reads, "nothing to do: neither writes (--rate) nor reads (--read-rate) are asked for");
    ensure!(
        writes || !plan.check_warehouse,
        "--check-warehouse compares what was written, and --rate 0 writes nothing"
    );
    let url = if plan.protocol == Protocol::Http { &plan.url } else { &plan.grpc_url };
    let reception = match plan.protocol {
        Protocol::Http => over_http(plan, http).await?,
        Protocol::Grpc | Protocol::Stream => over_grpc(plan, grpc).await?,
    };
    match reception {
        Reception::NoToken => bail!("{url} takes a token that it knows only: --token or PLAYHEAD_TOKEN"),
        Reception::NotAllowed if reads || plan.verify_keys_max > 0 => bail!(
            "the token lacks the scope `read`: take one that has it, or neither read nor check (--read-rate 0 \
             --verify-keys 0)"
        ),
        Reception::NotAllowed | Reception::Fine => {}
    }
    if plan.check_warehouse { analyst(plan, http).await } else { Ok(()) }
}

async fn over_http(plan: &Plan, http: &Target) -> anyhow::Result<Reception> {
    let path = format!("/v1/users/{}/positions/none", plan.session());
    let reply = HttpLine::new(http.clone()).send(Method::GET, &path, "application/json", Bytes::new()).await;
    let reply = reply.map_err(|failure| unreachable(&plan.url, "--url", &failure))?;
    Ok(received(reply.status))
}

async fn over_grpc(plan: &Plan, grpc: &Service) -> anyhow::Result<Reception> {
    let request = GetPositionRequest { user_id: plan.session(), video_id: "none".to_owned() };
    let Err(status) = GrpcLine::new(grpc.clone(), plan.session()).get_position(request).await else {
        return Ok(Reception::Fine);
    };
    match (status.code(), Failure::of_grpc(&status)) {
        (_, failure) if matches!(failure.class, Class::Broken | Class::Unreachable) => {
            Err(unreachable(&plan.grpc_url, "--grpc-url", &failure))
        }
        (Code::Unauthenticated, _) => Ok(Reception::NoToken),
        (Code::PermissionDenied, _) => Ok(Reception::NotAllowed),
        _ => Ok(Reception::Fine),
    }
}

fn received(status: StatusCode) -> Reception {
    match status {
        StatusCode::UNAUTHORIZED => Reception::NoToken,
        StatusCode::FORBIDDEN => Reception::NotAllowed,
        // What else is wrong is counted by the run.
        _ => Reception::Fine,
    }
}

fn unreachable(url: &str, flag: &str, failure: &Failure) -> anyhow::Error {
    anyhow::anyhow!("cannot reach {url} ({failure}): is `playhead serve` running there? ({flag})")
}

/// Whether the warehouse may be asked at the end.
async fn analyst(plan: &Plan, http: &Target) -> anyhow::Result<()> {
    let body = Bytes::from_static(br#"{"query":"SELECT 1"}"#);
    let reply = HttpLine::new(http.clone()).send(Method::POST, "/v1/sql", "application/json", body).await;
    match received(reply.map_err(|failure| unreachable(&plan.url, "--url", &failure))?.status) {
        Reception::Fine => Ok(()),
        Reception::NoToken => bail!("--check-warehouse: {} takes a token that it knows only (--token)", plan.url),
        Reception::NotAllowed => bail!(
            "--check-warehouse asks the warehouse, and the token lacks the scope `analyst`: take one that has it, or leave \
             --check-warehouse away"
        ),
    }
}

impl Plan {
    /// Whether anything is to be written.
    pub(crate) fn writes(&self) -> bool {
        match self.pacing {
            Pacing::Open { writes_per_s } => writes_per_s > 0.0,
            Pacing::Closed => true,
        }
    }
}
