//! Leaving in good order.

use std::time::Duration;

use playhead_contracts::watch::{Event, StreamEventsRequest};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::support::{Fault, Running, SOON, Server};

const POSITION: &str = "/v1/users/u/positions/v";
const BODY: &str = r#"{"event_time":1700000000001,"position_ms":1}"#;

#[tokio::test]
async fn what_is_under_way_is_answered() {
    let server = Running::open().await;
    server.log.fail(Fault::Slow(Duration::from_millis(500)));
    let slow = tokio::spawn(server.ask("PUT", POSITION).json(BODY).send());
    while server.log.appends.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let drained = server.stopped().await;
    assert_eq!(drained.connections_cut, 0);
    assert_eq!(slow.await.expect("it ends").status, 200);
}

#[tokio::test]
async fn while_leaving_it_is_not_ready_and_serves_on() {
    let mut server = Server::default();
    // Long enough for four requests on a busy machine.
    server.config.drain_grace_ms = 5_000;
    let server = server.start().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    server.stop.cancel();
    while server.get("/readyz").await.status == 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let readiness = server.get("/readyz").await.json();
    assert_eq!(readiness["reasons"][1]["name"], "draining");
    assert_eq!(server.put(POSITION, BODY).await.status, 200);
    assert_eq!(server.stopped().await.connections_cut, 0);
}

#[tokio::test]
async fn a_stream_ends_with_unavailable_after_what_is_durable_was_acknowledged() {
    let server = Running::open().await;
    let mut client = server.watch_client().await;
    let (send, messages) = tokio::sync::mpsc::channel(1);
    let mut answers = client.stream_events(ReceiverStream::new(messages)).await.expect("a stream").into_inner();
    let event = Event {
        user_id: "u".into(),
        video_id: "v".into(),
        event_time: 1_700_000_000_001,
        position_ms: 1,
        ..Default::default()
    };
    server.log.fail(Fault::Slow(Duration::from_millis(300)));
    send.send(StreamEventsRequest { events: vec![event], ..Default::default() }).await.expect("sent");
    while server.log.appends.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.stop.cancel();
    let ack = tokio::time::timeout(SOON, answers.message()).await.expect("in time").expect("an answer");
    assert_eq!(ack.map(|ack| ack.durable_index), Some(0));
    let end = tokio::time::timeout(SOON, answers.message()).await.expect("in time").expect_err("the end");
    assert_eq!(end.code(), Code::Unavailable);
    drop((send, answers, client));
    assert_eq!(server.stopped().await.connections_cut, 0);
}
