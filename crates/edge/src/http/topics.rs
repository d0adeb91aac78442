//! Messages onto topics that pipelines read: `/v1/topics/{topic}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::Uri;
use http::header::{HeaderMap, HeaderName};
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Record, Scope, Topic, TopicPartition};
use playhead_warehouse::topics::{key_of, partition_of};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::BatchBody;
use super::entries::entries;
use super::event_body::EntryError;
use super::json::Parsed;
use super::path::Name;
use super::query::Params;
use crate::Edge;
use crate::auth::Viewer;
use crate::batch;
use crate::limits::{Batches, Room};
use crate::problem::{Problem, ProblemType};

/// Names the field that is the key, as `?key` does.
const KEY_FIELD: HeaderName = HeaderName::from_static("x-key-field");
const FIELD_BYTES_MAX: usize = 256;

/// A message: any JSON value, kept byte by byte.
pub(crate) struct Message;

impl Parsed for Message {
    type Of<'a> = &'a RawValue;
}

/// The answer for one message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
enum MessageResult<'a> {
    /// The message is durable.
    Ok {
        /// The partition that it lies in.
        partition: u32,
        /// Its offset there.
        offset: u64,
    },
    /// It is not.
    Error(EntryError<'a>),
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesAnswer<'a> {
    /// One a message, in order.
    results: Vec<MessageResult<'a>>,
    /// How many are durable.
    accepted: usize,
    /// How many are not.
    rejected: usize,
}

/// A message and where it goes.
struct Placed {
    partition: u32,
    record: Record,
}

/// Appends up to 10,000 messages to a topic that a pipeline reads; each has its answer in its place.
///
/// An array of messages, or one message a line; a message is any JSON value, and is kept byte by byte. Messages of one key
/// are in one partition, in order; without a key all are in partition 0. One that is refused loses no other. Only if nothing
/// could be taken for one reason that may pass (no space, too busy) is the whole answer that problem. A topic that no
/// pipeline and no `topics.names` names is not there.
#[utoipa::path(
    post, path = "/v1/topics/{topic}", tag = "topics",
    params(
        ("topic" = String, Path, description = "The topic."),
        ("key" = Option<String>, Query, description = "The field that is the key of each message, names joined by dots. \
            Also as the header `x-key-field`."),
    ),
    request_body(content(
        (Vec<Object> = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, description = "Every message was dealt with.", body = MessagesAnswer)),
)]
pub(crate) async fn post_messages(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    Name(name): Name,
    uri: Uri,
    headers: HeaderMap,
    _room: Room<Batches>,
    body: BatchBody,
) -> Result<Response, Problem> {
    viewer.may(Scope::Write)?;
    let field = key_field(&uri, &headers)?;
    let topic = Topic::new(&name);
    let unknown =
        || Problem::new(ProblemType::NotFound, "no pipeline reads a topic of that name, nor is it in `topics.names`");
    let partitions = edge.pipelines.partitions_of(&topic).ok_or_else(unknown)?;
    let now = edge.watch.now();
    let bytes = body.bytes.len();
    let checked = edge.budgets.aside.run(bytes, move || {
        let placed = |message: &RawValue| place(message, field.as_deref(), partitions, now);
        Ok::<Vec<_>, Problem>(entries::<Message>(&body)?.into_iter().map(|message| placed(message?)).collect())
    });
    let (messages, places) = batch::part(checked.await?);
    let answers = batch::join(places, append(&edge, &topic, partitions, messages).await);
    if let Some(problem) = batch::shared_reason(&answers) {
        return Err(problem.clone());
    }
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    let results = answers.iter().map(|answer| match answer {
        Ok((partition, offset)) => MessageResult::Ok { partition: *partition, offset: offset.0 },
        Err(problem) => MessageResult::Error(EntryError::of(problem)),
    });
    let rejected = answers.len() - accepted;
    Ok(Json(MessagesAnswer { results: results.collect(), accepted, rejected }).into_response())
}

/// The field that is the key, if one is named.
fn key_field(uri: &Uri, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut params = Params::of(uri)?;
    let in_query = params.take("key")?;
    params.finish()?;
    let in_header = || headers.get(&KEY_FIELD).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let field = in_query.or_else(in_header);
    if field.as_ref().is_some_and(|field| field.is_empty() || field.len() > FIELD_BYTES_MAX) {
        return Err(Problem::invalid_field("key", format!("must be a field's name of 1 to {FIELD_BYTES_MAX} bytes")));
    }
    Ok(field)
}

fn place(message: &RawValue, field: Option<&str>, partitions: u32, now: Timestamp) -> Result<Placed, Problem> {
    let bytes = Bytes::copy_from_slice(message.get().as_bytes());
    let key = match field {
        None => Bytes::new(),
        Some(field) => key_of(&bytes, field)
            .ok_or_else(|| Problem::invalid_field("key", format!("the message has no text or number in `{field}`")))?,
    };
    let partition = partition_of(&key, partitions);
    Ok(Placed { partition, record: Record { key, value: bytes, time: now, headers: Vec::new() } })
}

/// Appends the messages of each partition in their order; the answers are in the order of the messages.
async fn append(
    edge: &Edge,
    topic: &Topic,
    partitions: u32,
    messages: Vec<Placed>,
) -> Vec<Result<(u32, Offset), Problem>> {
    let mut of_each: Vec<(Vec<usize>, Vec<Record>)> = vec![Default::default(); partitions as usize];
    let mut answers: Vec<Option<Result<(u32, Offset), Problem>>> = Vec::new();
    for (place, Placed { partition, record }) in messages.into_iter().enumerate() {
        let (places, records) = &mut of_each[partition as usize];
        places.push(place);
        records.push(record);
        answers.push(None);
    }
    let appended = (0..).zip(of_each).filter(|(_, (places, _))| !places.is_empty());
    let appended = appended.map(|(number, (places, records))| async move {
        let done = edge.log.append(&TopicPartition::new(topic, number), records).await;
        (number, places, done)
    });
    for (number, places, done) in futures::future::join_all(appended).await {
        for (place, answer) in places.into_iter().zip(done) {
            answers[place] = Some(answer.map(|offset| (number, offset)).map_err(Problem::from));
        }
    }
    let lost = || Err(Problem::internal("the log has not answered for a message"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
}
