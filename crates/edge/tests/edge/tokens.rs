//! Who may.

use playhead_ports::Scope;
use tonic::{Code, Request};

use playhead_contracts::watch::{ForgetRequest, GetPositionRequest, RecordEventsRequest};

use crate::support::{Running, Server};

const POSITION: &str = "/v1/users/u/positions/v";

async fn guarded() -> Running {
    Server { open: false, ..Server::default() }.start().await
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let server = guarded().await;
    let none = (r#"Bearer realm="playhead""#, "no token");
    let invalid = (
        r#"Bearer realm="playhead", error="invalid_token", error_description="not known here, or revoked""#,
        "not known here, or was revoked",
    );
    for (header, (challenge, words)) in
        [("", none), ("Bearer", none), ("Bearer nonsense", invalid), ("Basic dTpw", none)]
    {
        let answer = server.ask("GET", POSITION).header("authorization", header).send().await;
        assert_eq!(answer.problem(), "401 unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some(challenge));
        assert!(answer.text().contains(words), "{header}: {}", answer.text());
    }
    let read = format!("Bearer {}", server.token("r", &[Scope::Read]).await);
    let lacks = server.ask("DELETE", "/v1/users/u/positions").header("authorization", &read).send().await;
    let challenge = r#"Bearer realm="playhead", error="insufficient_scope", scope="admin""#;
    assert_eq!(lacks.header("www-authenticate"), Some(challenge));
    assert_eq!(server.get("/livez").await.status, 200);
}

#[tokio::test]
async fn a_token_may_what_its_scopes_say() {
    let server = guarded().await;
    let write = format!("Bearer {}", server.token("w", &[Scope::Write]).await);
    let read = format!("bearer {}", server.token("r", &[Scope::Read]).await);
    let ask = async |token: &str, method: &str, path: &str, body: &str| {
        let answer = server.ask(method, path).header("authorization", token).json(body).send().await;
        if answer.status < 300 { answer.status.to_string() } else { answer.problem() }
    };
    let body = r#"{"event_time":1700000000001,"position_ms":1}"#;
    assert_eq!(ask(&write, "PUT", POSITION, body).await, "200");
    assert_eq!(ask(&read, "PUT", POSITION, body).await, "403 forbidden");
    assert_eq!(ask(&read, "GET", POSITION, "").await, "200");
    assert_eq!(ask(&write, "GET", POSITION, "").await, "403 forbidden");
    assert_eq!(ask(&write, "PUT", &format!("{POSITION}?backfill=true"), body).await, "403 forbidden");
    assert_eq!(ask(&write, "POST", "/v1/sql", r#"{"query":"SELECT 1"}"#).await, "403 forbidden");
    assert_eq!(ask(&write, "DELETE", "/v1/users/u/positions", "").await, "403 forbidden");
    assert_eq!(ask(&write, "DELETE", POSITION, "").await, "204");
    assert_eq!(ask(&write, "POST", "/v1/admin/compact", "").await, "403 forbidden");
}

#[tokio::test]
async fn a_server_that_runs_open_closes_with_its_first_token() {
    let server = Running::open().await;
    assert_eq!(server.get(POSITION).await.status, 404);
    let token = server.token("r", &[Scope::Read]).await;
    assert_eq!(server.get(POSITION).await.status, 401);
    let known = server.ask("GET", POSITION).header("authorization", &format!("Bearer {token}")).send().await;
    assert_eq!(known.status, 404);
}

#[tokio::test]
async fn grpc_asks_the_same() {
    let server = guarded().await;
    let token = server.token("w", &[Scope::Write]).await;
    let mut client = server.watch_client().await;
    let read = client.get_position(GetPositionRequest::default()).await.expect_err("no token");
    assert_eq!(read.code(), Code::Unauthenticated);
    let with_token = |message| {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {token}").parse().expect("metadata");
        request.metadata_mut().insert("authorization", bearer);
        request
    };
    let mut request = Request::new(GetPositionRequest::default());
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("metadata"));
    assert_eq!(client.get_position(request).await.expect_err("no scope").code(), Code::PermissionDenied);
    let backfill = with_token(RecordEventsRequest { backfill: true, ..Default::default() });
    assert_eq!(client.record_events(backfill).await.expect_err("no scope").code(), Code::PermissionDenied);
    let mut forget = Request::new(ForgetRequest { user_id: "u".into(), ..Default::default() });
    forget.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("metadata"));
    assert_eq!(client.forget(forget).await.expect_err("no scope").code(), Code::PermissionDenied);
}
