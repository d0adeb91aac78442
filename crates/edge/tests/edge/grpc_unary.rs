//! The gRPC methods of one message each.

use playhead_contracts::watch as pb;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use crate::support::{Fault, Running, SOON, Server};

fn event(video: &str, position_ms: u64) -> pb::Event {
    pb::Event {
        user_id: "u".into(),
        video_id: video.into(),
        event_time: 1_700_000_000_001,
        position_ms,
        ..Default::default()
    }
}

fn set(event: pb::Event) -> pb::SetPositionRequest {
    pb::SetPositionRequest { event: Some(event), sent_time: None }
}

/// The code, the problem's name and the text of a status.
fn shown(status: &Status) -> String {
    let name = status.metadata().get("playhead-problem").map_or("-", |name| name.to_str().expect("text"));
    format!("{:?} {name} {}", status.code(), status.message())
}

#[tokio::test]
async fn what_was_set_is_read_at_once() {
    let server = Running::open().await;
    let mut client = server.watch_client().await;
    let set = client.set_position(set(event("v", 61_000))).await.expect("durable");
    assert!(set.metadata().get("x-request-id").is_some());
    assert_eq!(set.into_inner().event_time, 1_700_000_000_001);
    let got = client.get_position(pb::GetPositionRequest { user_id: "u".into(), video_id: "v".into() }).await;
    let got = got.expect("found").into_inner();
    assert!(!got.stale);
    assert_eq!(got.position.map(|position| position.position_ms), Some(61_000));
}

#[tokio::test]
async fn a_user_is_listed_marked_hidden_and_forgotten() {
    let server = Running::open().await;
    let mut client = server.watch_client().await;
    let events = ["a", "b", "c"].map(|video| event(video, 5)).to_vec();
    let recorded = client.record_events(pb::RecordEventsRequest { events, ..Default::default() }).await;
    assert!(recorded.expect("recorded").into_inner().results.iter().all(|result| result.error.is_none()));
    let (user_id, video_id) = ("u".to_owned(), "a".to_owned());
    client.hide(pb::HideRequest { user_id: user_id.clone(), video_id: video_id.clone() }).await.expect("hidden");
    client
        .mark_watched(pb::MarkWatchedRequest { user_id: user_id.clone(), video_id: "b".into() })
        .await
        .expect("marked");
    let list = pb::ListPositionsRequest { user_id: user_id.clone(), limit: Some(1), ..Default::default() };
    let page = client.list_positions(list.clone()).await.expect("a page").into_inner();
    assert_eq!(page.positions.iter().map(|p| p.video_id.as_str()).collect::<Vec<_>>(), ["b"]);
    let list = pb::ListPositionsRequest { cursor: page.next_cursor, ..list };
    let page = client.list_positions(list).await.expect("a page").into_inner();
    assert_eq!(page.positions.iter().map(|p| p.video_id.as_str()).collect::<Vec<_>>(), ["c"]);
    client
        .mark_unwatched(pb::MarkUnwatchedRequest { user_id: user_id.clone(), video_id: "b".into() })
        .await
        .expect("m");
    let forget = pb::ForgetRequest { user_id: user_id.clone(), video_id: String::new() };
    client.forget(forget).await.expect("forgotten");
    let video_ids = ["a", "b", "c"].map(str::to_owned).to_vec();
    let left = client.get_positions(pb::GetPositionsRequest { user_id, video_ids }).await.expect("an answer");
    assert!(left.into_inner().positions.is_empty());
}

#[tokio::test]
async fn a_refusal_has_its_code_its_name_and_its_field() {
    let server = Running::open().await;
    let mut client = server.watch_client().await;
    let mut set = async |event: Option<pb::Event>| {
        let request = pb::SetPositionRequest { event, sent_time: None };
        shown(&client.set_position(request).await.expect_err("refused"))
    };
    assert_eq!(set(None).await, "InvalidArgument invalid-field event: must be given");
    let wrong = pb::Event { kind: 9, ..event("v", 1) };
    assert_eq!(set(Some(wrong)).await, "InvalidArgument invalid-field kind: must be a number of the enum, is 9");
    let wrong = pb::Event { user_id: String::new(), ..event("v", 1) };
    assert_eq!(set(Some(wrong)).await, "InvalidArgument invalid-field user_id: must have 1 to 64 bytes, has none");
    let list = pb::ListPositionsRequest { user_id: "u".into(), limit: Some(201), ..Default::default() };
    let refused = server.watch_client().await.list_positions(list).await.expect_err("refused");
    assert_eq!(shown(&refused), "InvalidArgument invalid-field limit: must be 1 to 200");
}

#[tokio::test]
async fn what_the_log_refuses_has_its_code() {
    let server = Running::open().await;
    let mut client = server.watch_client().await;
    for (fault, code, name, retry_after) in [
        (Fault::Full, Code::ResourceExhausted, "storage-full", Some("10")),
        (Fault::Busy, Code::ResourceExhausted, "too-busy", Some("1")),
        (Fault::Unavailable, Code::Unavailable, "unavailable", Some("1")),
        (Fault::Unknown, Code::Unavailable, "unknown-outcome", Some("1")),
        (Fault::Panics, Code::Internal, "internal", None),
    ] {
        server.log.fail(fault);
        let status = client.set_position(set(event("v", 1))).await.expect_err("refused");
        assert_eq!(
            (status.code(), status.metadata().get("playhead-problem").map(|n| n.to_str().unwrap())),
            (code, Some(name))
        );
        assert_eq!(status.metadata().get("retry-after").map(|after| after.to_str().unwrap()), retry_after);
    }
}

#[tokio::test]
async fn a_call_has_its_time() {
    let mut server = Server::default();
    server.config.request_timeout_ms = 50;
    let server = server.start().await;
    server.log.fail(Fault::Slow(SOON));
    let status = server.watch_client().await.set_position(set(event("v", 1))).await.expect_err("too late");
    assert!(shown(&status).starts_with("DeadlineExceeded timeout request-timeout: "), "{status:?}");
}

#[tokio::test]
async fn messages_may_be_packed_both_ways() {
    let server = Running::open().await;
    for packing in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let client = server.watch_client().await;
        let mut client = client.send_compressed(packing).accept_compressed(packing);
        let events = (0..1_000).map(|n| event(&format!("video-{n}"), n)).collect();
        let recorded = client.record_events(pb::RecordEventsRequest { events, ..Default::default() }).await;
        let recorded = recorded.expect("recorded");
        let encoding = recorded.metadata().get("grpc-encoding").map(|name| name.to_str().expect("text").to_owned());
        assert_eq!(encoding.as_deref(), Some(if packing == CompressionEncoding::Gzip { "gzip" } else { "zstd" }));
        assert_eq!(recorded.into_inner().results.len(), 1_000);
    }
}

#[tokio::test]
async fn a_batch_has_ten_thousand_events_at_most() {
    let server = Running::open().await;
    let events = vec![pb::Event::default(); 10_001];
    let request = pb::RecordEventsRequest { events, ..Default::default() };
    let status = server.watch_client().await.record_events(request).await.expect_err("too many");
    assert_eq!(shown(&status), "InvalidArgument too-many-events batch-events: a batch may have 10000 entries");
}

#[tokio::test]
async fn each_event_of_a_batch_has_its_answer() {
    let server = Running::open().await;
    let events = vec![event("a", 1), event("b c", 1), event("d", 1)];
    let request = pb::RecordEventsRequest { events, ..Default::default() };
    let answer = server.watch_client().await.record_events(request).await.expect("an answer").into_inner();
    let errors: Vec<_> = answer.results.into_iter().map(|result| result.error.map(|error| error.field)).collect();
    assert_eq!(errors, [None, Some("video_id".to_owned()), None]);
}
