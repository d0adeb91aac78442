//! Streams of events: acknowledged in order, held back when too fast, told what was refused.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use playhead_contracts::watch::{Event, StreamEventsRequest, StreamEventsResponse};
use playhead_ports::{Scope, Tokens as _};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};

use crate::support::{Fault, Running, SOON, Server};

fn events(first: u64, count: u64) -> Vec<Event> {
    let event = |n: u64| Event {
        user_id: format!("u{n}"),
        video_id: "v".into(),
        event_time: 1_700_000_000_001,
        position_ms: n,
        ..Default::default()
    };
    (first..first + count).map(event).collect()
}

fn message(events: Vec<Event>) -> StreamEventsRequest {
    StreamEventsRequest { events, ..Default::default() }
}

struct Open {
    send: mpsc::Sender<StreamEventsRequest>,
    answers: Streaming<StreamEventsResponse>,
}

impl Open {
    async fn on(server: &Running) -> Self {
        Self::with(server, |_| {}).await
    }

    async fn with(server: &Running, shape: impl FnOnce(&mut Request<ReceiverStream<StreamEventsRequest>>)) -> Self {
        let (send, messages) = mpsc::channel(1_000);
        let mut request = Request::new(ReceiverStream::new(messages));
        shape(&mut request);
        let answers = server.watch_client().await.stream_events(request).await.expect("a stream").into_inner();
        Self { send, answers }
    }

    async fn send(&self, events: Vec<Event>) {
        self.send.send(message(events)).await.expect("sent");
    }

    async fn next(&mut self) -> Result<Option<StreamEventsResponse>, Status> {
        tokio::time::timeout(SOON, self.answers.message()).await.expect("an answer in time")
    }
}

#[tokio::test]
async fn acks_come_in_order_and_count_over_the_whole_stream() {
    let server = Running::open().await;
    let mut stream = Open::on(&server).await;
    let mut first = 0;
    let mut expected = Vec::new();
    for count in [1, 0, 3, 100, 1_000, 7] {
        stream.send(events(first, count)).await;
        first += count;
        expected.push(first - 1);
    }
    drop(std::mem::replace(&mut stream.send, mpsc::channel(1).0));
    let mut acks = Vec::new();
    while let Some(ack) = stream.next().await.expect("an answer") {
        assert!(ack.refused.is_empty());
        acks.push(ack.durable_index);
    }
    assert_eq!(acks, expected);
    assert_eq!(server.get("/v1/users/u1110/positions/v").await.json()["position_ms"], 1_110);
}

#[tokio::test]
async fn refused_events_are_named_by_their_index() {
    let server = Running::open().await;
    let mut stream = Open::on(&server).await;
    stream.send(events(0, 5)).await;
    let mut second = events(5, 3);
    second[1].video_id = "a b".into();
    stream.send(second).await;
    assert_eq!(stream.next().await.expect("an answer").map(|ack| ack.durable_index), Some(4));
    let ack = stream.next().await.expect("an answer").expect("an ack");
    let refused: Vec<_> =
        ack.refused.into_iter().map(|refused| (refused.index, refused.error.unwrap().field)).collect();
    assert_eq!((ack.durable_index, refused), (7, vec![(6, "video_id".to_owned())]));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_stream_after_what_came_before() {
    let server = Running::open().await;
    let mut stream = Open::on(&server).await;
    stream.send(events(0, 2)).await;
    stream.send(vec![Event::default(); 10_001]).await;
    assert_eq!(stream.next().await.expect("an answer").map(|ack| ack.durable_index), Some(1));
    let end = stream.next().await.expect_err("the end");
    assert_eq!(end.code(), Code::InvalidArgument);
    assert_eq!(end.message(), "batch-events: a batch may have 10000 entries");
}

#[tokio::test]
async fn a_stream_that_is_too_fast_is_not_read_on() {
    let mut server = Server::default();
    server.config.stream_messages_in_flight_max = 2;
    let server = server.start().await;
    server.log.fail(Fault::Slow(SOON));
    let mut stream = Open::on(&server).await;
    for n in 0..20 {
        stream.send(events(n, 1)).await;
    }
    while server.log.appends.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.log.appends.load(Ordering::SeqCst), 2);
    server.log.fail(Fault::None);
    let mut last = None;
    while last != Some(19) {
        last = stream.next().await.expect("an answer").map(|ack| ack.durable_index);
    }
}

#[tokio::test]
async fn a_busy_log_is_waited_for() {
    let server = Running::open().await;
    server.log.fail(Fault::Busy);
    let mut stream = Open::on(&server).await;
    stream.send(events(0, 3)).await;
    while server.log.appends.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.log.fail(Fault::None);
    let ack = stream.next().await.expect("an answer").expect("an ack");
    assert_eq!((ack.durable_index, ack.refused.len()), (2, 0));
}

#[tokio::test]
async fn a_full_log_refuses_at_once_what_may_be_sent_again() {
    let server = Running::open().await;
    server.log.fail(Fault::Full);
    let mut stream = Open::on(&server).await;
    stream.send(events(0, 1)).await;
    let ack = stream.next().await.expect("an answer").expect("an ack");
    let error = ack.refused.into_iter().next().and_then(|refused| refused.error).expect("refused");
    assert_eq!((error.r#type.as_str(), error.retryable), ("storage-full", true));
}

#[tokio::test]
async fn streams_have_their_budget_and_their_time() {
    let mut server = Server::default();
    server.config.stream_concurrency = 1;
    let server = server.start().await;
    let mut first = Open::with(&server, |request| {
        request.metadata_mut().insert("grpc-timeout", "5S".parse().expect("metadata"));
    })
    .await;
    let (_send, messages) = mpsc::channel::<StreamEventsRequest>(1);
    let second = server.watch_client().await.stream_events(ReceiverStream::new(messages)).await;
    assert_eq!(second.expect_err("no room").code(), Code::ResourceExhausted);
    assert_eq!(first.next().await.expect_err("its time is over").code(), Code::DeadlineExceeded);
    // The place is free again as soon as the stream has ended.
    let until = Instant::now() + SOON;
    while Instant::now() < until {
        let (_send, messages) = mpsc::channel::<StreamEventsRequest>(1);
        if server.watch_client().await.stream_events(ReceiverStream::new(messages)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place is never free again");
}

#[tokio::test]
async fn a_stream_ends_once_its_token_is_revoked() {
    let server = Server { open: false, ..Server::default() }.start().await;
    let token = server.token("player", &[Scope::Write]).await;
    server.token("other", &[Scope::Read]).await;
    let bearer = format!("Bearer {token}").parse().expect("metadata");
    let mut stream = Open::with(&server, |request| drop(request.metadata_mut().insert("authorization", bearer))).await;
    stream.send(events(0, 3)).await;
    assert_eq!(stream.next().await.expect("taken").expect("an answer").durable_index, 2);
    server.tokens.revoke("player").await.expect("revoked");
    let ended = stream.next().await.expect_err("it goes on");
    assert_eq!((ended.code(), ended.message()), (Code::Unauthenticated, "the token is not known here, or was revoked"));
}
