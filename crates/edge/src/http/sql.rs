//! Analysts' questions: `/v1/sql`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use playhead_ports::{Answer, Cell, Export, Query, QueryError, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;
use tracing::Instrument;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::json::{self, Parsed, Text, Whole};
use super::sql_answer::{self, RowJson};
use crate::Edge;
use crate::auth::{Standing, Viewer};
use crate::limits::{Queries, Room};
use crate::problem::{Problem, ProblemType};

/// How many rows an answer that streams, or is a file, may have at most.
const ROWS_MAX: HeaderName = HeaderName::from_static("x-rows-max");
/// Whether there are more rows than an answer that is a file has.
const TRUNCATED: HeaderName = HeaderName::from_static("x-truncated");

/// How the answer is written.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SqlFormat)]
enum Format {
    #[default]
    Json,
    Csv,
    Ndjson,
    Parquet,
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostSql<'a> {
    /// One SELECT statement over the tables that the operation names.
    #[serde(borrow)]
    #[schema(value_type = String)]
    query: Text<'a>,
    /// `json` if it is left out.
    #[schema(inline = false)]
    format: Option<Format>,
    /// The most rows; never more than the server gives.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000_000_i64)]
    rows_max: Option<Whole<u32>>,
    /// The longest that it may run, ms; never longer than the server lets it.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000_000_i64)]
    time_ms_max: Option<Whole<u32>>,
}

impl Parsed for PostSql<'static> {
    type Of<'a> = PostSql<'a>;
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SqlAnswer)]
pub(crate) struct SqlAnswer {
    /// The names of the columns.
    columns: Vec<String>,
    /// The rows, each with a value a column. Whole numbers beyond 64 bits are text.
    rows: Vec<Vec<Value>>,
    /// There are more rows than were given.
    truncated: bool,
}

/// The limits of a request, which may lower those of the server.
const WISH_MAX: u32 = 1_000_000_000;

impl PostSql<'_> {
    fn query(&self, edge: &Edge) -> Result<Query, Problem> {
        let rows = wish("rows_max", self.rows_max)?.map_or(usize::MAX, |rows| rows as usize);
        let time = wish("time_ms_max", self.time_ms_max)?.map_or(Duration::MAX, |ms| Duration::from_millis(ms.into()));
        Ok(Query {
            sql: self.query.as_str().to_owned(),
            rows_max: rows.min(edge.config.sql_rows_max),
            time_max: time.min(edge.config.sql_time_max()),
        })
    }
}

fn wish(field: &'static str, given: Option<Whole<u32>>) -> Result<Option<u32>, Problem> {
    match given {
        Some(Whole(number)) if !(1..=WISH_MAX).contains(&number) => {
            Err(Problem::invalid_field(field, format!("must be 1 to {WISH_MAX}")))
        }
        given => Ok(given.map(|number| number.0)),
    }
}

/// Answers one SELECT over the warehouse: read-only, within limits of time, rows and memory.
///
/// CSV and NDJSON are streamed; an answer that fails on the way breaks off. The header `x-rows-max` says after how many rows
/// they and Parquet are cut, `x-truncated` whether a Parquet file was.
#[utoipa::path(
    post, path = "/v1/sql", tag = "warehouse",
    request_body(content = inline(PostSql), content_type = "application/json"),
    responses((status = 200, description = "The answer.", content(
        (SqlAnswer = "application/json"),
        (String = "text/csv"),
        (String = "application/x-ndjson"),
        (String = "application/vnd.apache.parquet"),
    ))),
)]
pub(crate) async fn post_sql(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    headers: HeaderMap,
    room: Room<Queries>,
    JsonBody(bytes): JsonBody,
) -> Result<Response, Problem> {
    viewer.may(Scope::Analyst)?;
    let held = Held { room, standing: Standing::of(&edge, &headers, Scope::Analyst) };
    let body = json::parse::<PostSql<'static>>(&bytes)?;
    let query = body.query(&edge)?;
    let rows_max = query.rows_max;
    match body.format.unwrap_or_default() {
        Format::Json => {
            let answer = whole_json(edge.warehouse.query(query).await?, edge.config.sql_answer_bytes_max).await?;
            Ok(([(CONTENT_TYPE, "application/json")], answer).into_response())
        }
        Format::Csv => {
            let answer = edge.warehouse.query(query).await?;
            streamed(&edge, answer, "text/csv; charset=utf-8", rows_max, held, csv).await
        }
        Format::Ndjson => {
            let answer = edge.warehouse.query(query).await?;
            streamed(&edge, answer, "application/x-ndjson", rows_max, held, sql_answer::ndjson).await
        }
        Format::Parquet => {
            let Export { bytes, truncated } = edge.warehouse.export_parquet(query).await?;
            let content_type = [(CONTENT_TYPE, "application/vnd.apache.parquet")];
            let cut = [(ROWS_MAX, rows_max.to_string()), (TRUNCATED, truncated.to_string())];
            Ok((content_type, cut, bytes).into_response())
        }
    }
}

/// The answer as [`SqlAnswer`], written as the rows come, so that no second form of them is held.
async fn whole_json(mut answer: Answer, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let columns = serde_json::to_string(&answer.columns).expect("names are JSON");
    let mut bytes = format!("{{\"columns\":{columns},\"rows\":[").into_bytes();
    let (mut truncated, mut is_first) = (false, true);
    while let Some(chunk) = answer.rows.recv().await {
        let rows = match chunk {
            Ok(rows) => rows,
            Err(QueryError::TooMany(_)) => {
                truncated = true;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for row in &rows {
            if !std::mem::take(&mut is_first) {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, &RowJson(row)).expect("a row has nothing that JSON has not");
        }
        if bytes.len() > bytes_max {
            let detail =
                format!("the answer has more than {bytes_max} bytes; ask for csv or ndjson, which are streamed");
            return Err(Problem::at_limit(ProblemType::QueryTooLarge, "sql-answer-bytes", detail));
        }
    }
    bytes.extend_from_slice(format!("],\"truncated\":{truncated}}}").as_bytes());
    Ok(bytes)
}

fn csv(_: &[String], rows: &[Vec<Cell>], to: &mut Vec<u8>) {
    sql_answer::csv(rows, to);
}

/// What an answer that is streamed has until its last row is out.
struct Held {
    room: Room<Queries>,
    standing: Standing,
}

type Write = fn(&[String], &[Vec<Cell>], &mut Vec<u8>);

/// An answer that goes out as it comes. The first chunk is awaited, so that what fails at once is a problem in words.
async fn streamed(
    edge: &Edge,
    mut answer: Answer,
    content_type: &'static str,
    rows_max: usize,
    held: Held,
    write: Write,
) -> Result<Response, Problem> {
    let first = match answer.rows.recv().await {
        Some(Err(error)) if !matches!(error, QueryError::TooMany(_)) => return Err(error.into()),
        first => first,
    };
    let mut head = Vec::new();
    if content_type.starts_with("text/csv") {
        sql_answer::csv_head(&answer.columns, &mut head);
    }
    let (send, chunks) = mpsc::channel(1);
    let within = edge.config.sql_time_max() + edge.config.sql_read_max();
    let sending = async move {
        // The place in the budget is held until the last row is out, and no longer for a caller who does not read on.
        let Held { room: _room, standing } = held;
        let sent = tokio::time::timeout(within, send_rows(first, answer, write, &send));
        tokio::select! {
            _ = sent => {}
            problem = standing.lost() => tracing::info!(why = %problem.detail, "an answer to SQL breaks off"),
        }
    };
    tokio::spawn(sending.instrument(tracing::Span::current()));
    let body = stream::iter([Ok(Bytes::from(head))]).chain(until_the_end(chunks));
    Ok(([(CONTENT_TYPE, content_type)], [(ROWS_MAX, rows_max)], Body::from_stream(body)).into_response())
}

/// What the rows of a streamed answer become.
enum Chunk {
    Bytes(Vec<u8>),
    End,
}

/// Writes and sends the rows; the end is sent only if nothing is missing.
async fn send_rows(
    first: Option<Result<Vec<Vec<Cell>>, QueryError>>,
    mut answer: Answer,
    write: Write,
    send: &mpsc::Sender<Chunk>,
) {
    let mut chunk = first;
    while let Some(Ok(rows)) = chunk {
        let mut bytes = Vec::new();
        write(&answer.columns, &rows, &mut bytes);
        if send.send(Chunk::Bytes(bytes)).await.is_err() {
            return;
        }
        chunk = answer.rows.recv().await;
    }
    match chunk {
        None | Some(Err(QueryError::TooMany(_))) => drop(send.send(Chunk::End).await),
        Some(Err(error)) => tracing::warn!(%error, "a query failed while its answer was sent"),
        Some(Ok(_)) => unreachable!("the loop takes rows"),
    }
}

/// The chunks; without an end they break off, so that the caller does not take a part for the whole.
fn until_the_end(chunks: mpsc::Receiver<Chunk>) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    stream::unfold(Some(chunks), |chunks| async move {
        let mut chunks = chunks?;
        match chunks.recv().await {
            Some(Chunk::Bytes(bytes)) => Some((Ok(Bytes::from(bytes)), Some(chunks))),
            Some(Chunk::End) => None,
            None => Some((Err(io::ErrorKind::BrokenPipe.into()), None)),
        }
    })
}
