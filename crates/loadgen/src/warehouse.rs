//! Whether the warehouse holds each acknowledged event of the run exactly once.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::http_line::HttpLine;

/// How long nothing may arrive in the warehouse before it is given up. At its limit a stream may be ahead of it by minutes.
const CATCH_UP: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);

/// What the warehouse holds of the run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WarehouseCheck {
    /// Events that were acknowledged.
    pub acknowledged: u64,
    /// Events whose fate is not known: each may be there once.
    pub unknown: u64,
    /// Rows of the run.
    pub rows: u64,
    /// Different events among them.
    pub events: u64,
    /// Acknowledged and not there.
    pub missing: u64,
    /// There more than once.
    pub duplicates: u64,
    /// There though neither acknowledged nor of unknown fate.
    pub unexpected: u64,
    /// How long it took until all were there.
    pub waited_ms: u64,
    /// Why it could not be asked.
    pub error: Option<String>,
}

impl WarehouseCheck {
    /// Whether all is as it must be.
    pub fn is_good(&self) -> bool {
        self.error.is_none() && self.missing == 0 && self.duplicates == 0 && self.unexpected == 0
    }
}

#[derive(Deserialize)]
struct SqlAnswer {
    rows: Vec<(u64, u64)>,
}

/// Asks until all are there, or it has taken too long.
pub(crate) async fn check(mut line: HttpLine, session: &str, acknowledged: u64, unknown: u64) -> WarehouseCheck {
    let start = Instant::now();
    let (mut most, mut moved) = (0, start);
    loop {
        let mut check = WarehouseCheck { acknowledged, unknown, ..WarehouseCheck::default() };
        match counts(&mut line, session).await {
            Ok((rows, events)) => {
                check.rows = rows;
                check.events = events;
                check.missing = acknowledged.saturating_sub(events);
                check.duplicates = rows - events;
                check.unexpected = events.saturating_sub(acknowledged + unknown);
            }
            Err(why) => check.error = Some(why),
        }
        check.waited_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if check.events > most {
            (most, moved) = (check.events, Instant::now());
        }
        if check.is_good() || moved.elapsed() > CATCH_UP {
            return check;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn counts(line: &mut HttpLine, session: &str) -> Result<(u64, u64), String> {
    let query = format!(
        "SELECT coalesce(sum(n), 0), count(*) FROM (SELECT count(*) AS n FROM watch_events WHERE session = '{session}' \
         GROUP BY user_id, video_id, play_id, seq)"
    );
    let body = serde_json::json!({ "query": query, "format": "json" }).to_string();
    let reply = line
        .send(Method::POST, "/v1/sql", "application/json", Bytes::from(body))
        .await
        .map_err(|failure| failure.to_string())?;
    if !reply.status.is_success() {
        return Err(format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)));
    }
    let answer: SqlAnswer = serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
    answer.rows.first().copied().ok_or_else(|| "the answer has no row".to_owned())
}
