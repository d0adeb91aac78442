//! Who may do what: tokens, scopes, revoking, and the refusal to stand open on a network.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use playhead_contracts::watch;
use playhead_testkit::{Code, Grpc, Http, Program, Status, WatchClient, event, wait_until, with_token};
use serde_json::json;

use crate::setup;

const SCOPES: [&str; 5] = ["write", "read", "analyst", "backfill", "admin"];
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn a_server_on_a_network_without_tokens_does_not_start() {
    let mut program = setup().listen_everywhere().prepare();
    program.spawn();
    assert_eq!(program.wait_for_end(PATIENCE).code(), Some(1));
    let log = program.log();
    assert!(log.contains("playhead token create") && log.contains("--insecure"), "{log}");

    let mut insecure = setup().listen_everywhere().arg("--insecure").prepare();
    insecure.start();
    insecure.http().get("/v1/users/u/positions").expect("an answer").expect_status(200);

    let mut guarded = setup().listen_everywhere().prepare();
    let token = create(&guarded, "reader", "read");
    guarded.start();
    guarded.http().get("/v1/users/u/positions").expect("an answer").expect_status(401);
    guarded.http().with_token(&token).get("/v1/users/u/positions").expect("an answer").expect_status(200);
}

fn create(program: &Program, name: &str, scopes: &str) -> String {
    let data = program.data_dir().display().to_string();
    let done = program.command(&["token", "create", name, "--scopes", scopes, "--data", &data]).expect_success();
    done.stdout.trim().to_owned()
}

/// A request, and the scopes that it takes.
type Request = (&'static str, String, Option<serde_json::Value>, &'static [&'static str]);

fn requests() -> Vec<Request> {
    let at = event();
    let (put, post) = (Some(at.put_json()), Some(json!([at.json()])));
    let mark = Some(json!({"mark": "watched"}));
    let video = Some(json!({"title": "t"}));
    let videos = Some(json!([{"video_id": "v", "title": "t"}]));
    vec![
        ("PUT", at.path(), put.clone(), &["write"]),
        ("PUT", format!("{}?backfill=true", at.path()), put, &["write", "backfill"]),
        ("GET", at.path(), None, &["read"]),
        ("GET", "/v1/users/u/positions".into(), None, &["read"]),
        ("DELETE", "/v1/users/u/positions/other".into(), None, &["write"]),
        ("DELETE", "/v1/users/other/positions".into(), None, &["admin"]),
        ("PUT", "/v1/users/u/marks/v".into(), mark, &["write"]),
        ("POST", "/v1/events".into(), post.clone(), &["write"]),
        ("POST", "/v1/events?backfill=true".into(), post, &["write", "backfill"]),
        ("PUT", "/v1/videos/v".into(), video, &["write"]),
        ("POST", "/v1/videos".into(), videos, &["write"]),
        ("POST", "/v1/sql".into(), Some(json!({"query": "SELECT 1"})), &["analyst"]),
        ("GET", "/v1/admin/status".into(), None, &["admin"]),
        ("POST", "/v1/admin/backup".into(), Some(json!({"to": "x/y"})), &["admin"]),
        ("POST", "/v1/admin/compact".into(), None, &["admin"]),
    ]
}

fn ask(http: &Http, request: &Request) -> u16 {
    let (method, path, body, _) = request;
    let bytes = body.as_ref().map(ToString::to_string);
    let headers: &[_] = if body.is_some() { &[("content-type", "application/json")] } else { &[] };
    let answer = http.send(method, path, headers, bytes.as_deref().map(str::as_bytes)).expect("an answer");
    if answer.status >= 400 {
        assert!(
            answer.json["type"].as_str().is_some_and(|name| name.starts_with("urn:playhead:problem:")),
            "{}",
            answer.text
        );
    }
    answer.status
}

#[test]
fn every_route_takes_its_scopes_and_no_others() {
    let program = setup().start();
    // Before there is any token everybody on this machine may; from the first one on nobody may without.
    program.http().get("/v1/users/u/positions").expect("an answer").expect_status(200);
    let tokens = SCOPES.map(|scope| create(&program, scope, scope));
    let both = create(&program, "importer", "write,backfill");
    let by = |token: &str| program.http().with_token(token);
    wait_until(PATIENCE, "tokens are taken up", || {
        program.http().get("/v1/users/u/positions").is_ok_and(|answer| answer.status == 401)
            && by(&both).get("/v1/admin/status").is_ok_and(|answer| answer.status == 403)
    });
    for request in &requests() {
        let name = format!("{} {}", request.0, request.1);
        assert_eq!(ask(program.http(), request), 401, "{name} without a token");
        assert_eq!(ask(&by("ph_wrong"), request), 401, "{name} with a wrong token");
        for (scope, token) in SCOPES.iter().zip(&tokens) {
            let status = ask(&by(token), request);
            let is_enough = request.3 == [*scope];
            assert_eq!(status == 403, !is_enough, "{name} with {scope}: {status}");
            assert!(status != 401 && status < 500, "{name} with {scope}: {status}");
        }
        let is_enough = request.3.iter().all(|scope| ["write", "backfill"].contains(scope));
        assert_eq!(ask(&by(&both), request) == 403, !is_enough, "{name} with write and backfill");
    }
    let scheme = program.http().send("GET", "/v1/users/u/positions", &[("authorization", &tokens[1])], None);
    let scheme = scheme.expect("an answer").expect_status(401);
    assert!(scheme.header("www-authenticate").starts_with("Bearer"), "{:?}", scheme.headers);
    for probe in ["/livez", "/readyz", "/metrics", "/openapi.json"] {
        program.http().get(probe).expect("an answer").expect_status(200);
    }
    assert_hashed(&program, &tokens);
}

/// No token stands in any file.
fn assert_hashed(program: &Program, tokens: &[String]) {
    for token in tokens {
        let secret = token.rsplit_once('_').map_or(token.as_str(), |(_, secret)| secret);
        assert_eq!(
            crate::bytes::found_in(program.data_dir(), secret.as_bytes(), &[]),
            Vec::<std::path::PathBuf>::new()
        );
    }
}

#[test]
fn a_revoked_token_stops_at_once() {
    let program = setup().start();
    let data = program.data_dir().display().to_string();
    let token = create(&program, "player", "write,read");
    create(&program, "admin", "admin");
    let http = program.http().with_token(&token);
    let mut grpc = Grpc::new(program.grpc_address());
    let get = watch::GetPositionRequest { user_id: "u".into(), video_id: "v".into() };
    let mut by_grpc = || {
        let request = with_token(&token, get.clone());
        grpc.call(async |client| client.get_position(request).await).map_or_else(|status| status.code(), |_| Code::Ok)
    };
    wait_until(PATIENCE, "the token is taken up", || {
        program.http().get("/v1/users/u/positions").is_ok_and(|answer| answer.status == 401)
            && http.get("/v1/users/u/positions").is_ok_and(|answer| answer.status == 200)
    });
    assert_eq!(by_grpc(), Code::NotFound);
    let listed = program.command(&["token", "list", "--json", "--data", &data]).expect_success();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(
        listed,
        json!([{"name": "admin", "scopes": ["admin"]}, {"name": "player", "scopes": ["write", "read"]}])
    );

    program.command(&["token", "revoke", "player", "--data", &data]).expect_success();
    // The server looks every second; the wait is longer because the machine may be slow.
    wait_until(PATIENCE, "the token is refused", || {
        http.get("/v1/users/u/positions").is_ok_and(|answer| answer.status == 401)
    });
    assert_eq!(by_grpc(), Code::Unauthenticated);
    let again = program.command(&["token", "revoke", "player", "--data", &data]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
}

/// An answer that is streamed breaks off, so that nobody takes a part of it for the whole.
#[test]
fn an_answer_to_sql_breaks_off_once_its_token_is_revoked() {
    let mut program = setup().prepare();
    let token = create(&program, "analyst", "analyst");
    create(&program, "other", "read");
    program.start();
    // More than the system keeps for a caller who does not read on.
    let wide = "x".repeat(2_000);
    let body = json!({"query": format!("SELECT range, '{wide}' FROM range(100000)"), "format": "csv"}).to_string();
    let head = format!("host: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json");
    let request = format!("POST /v1/sql HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut stream = std::net::TcpStream::connect(program.http_address()).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    stream.write_all(request.as_bytes()).expect("taken");
    let mut first = [0; 1_000];
    stream.read_exact(&mut first).expect("it answers");
    assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
    let data = program.data_dir().display().to_string();
    program.command(&["token", "revoke", "analyst", "--data", &data]).expect_success();
    program.wait_logged("an answer to SQL breaks off", PATIENCE);
    let mut rest = Vec::new();
    // It may end by a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it was sent to its end");
}

#[test]
fn a_load_says_before_it_begins_that_its_token_may_not_do_what_it_shall() {
    let mut program = setup().prepare();
    let [player, writer] = [("player", "write,read"), ("writer", "write")].map(|(name, of)| create(&program, name, of));
    program.start();
    for protocol in ["http", "grpc", "stream"] {
        let load = |args: &[&str]| {
            let all = [&["load", "--protocol", protocol, "--duration", "1h"], args].concat();
            let refused = program.client_command(&all);
            assert_eq!(refused.code, Some(1), "{args:?}: {refused:?}");
            refused.stderr
        };
        assert!(load(&[]).contains("--token"));
        assert!(load(&["--token", &writer]).contains("`read`"));
        assert!(load(&["--token", &player, "--check-warehouse"]).contains("`analyst`"));
        assert!(load(&["--token", &player, "--rate=0", "--read-rate", "0"]).contains("nothing to do"));
    }
}

/// Calls every method with the token; the codes by its name.
fn call_all(grpc: &mut Grpc, token: Option<&str>) -> Vec<(&'static str, &'static str, Code)> {
    async fn code<T>(answer: impl Future<Output = Result<T, Status>>) -> Code {
        answer.await.map_or_else(|status| status.code(), |_| Code::Ok)
    }
    fn of<T>(token: Option<&str>, message: T) -> playhead_testkit::Request<T> {
        match token {
            Some(token) => with_token(token, message),
            None => playhead_testkit::Request::new(message),
        }
    }
    let (user_id, video_id) = ("u".to_owned(), "v".to_owned());
    let ids = || (user_id.clone(), video_id.clone());
    grpc.run(async |client: &mut WatchClient| {
        let (user, video) = ids();
        let get = of(token, watch::GetPositionRequest { user_id: user.clone(), video_id: video.clone() });
        let many = of(token, watch::GetPositionsRequest { user_id: user.clone(), video_ids: vec![video.clone()] });
        let list = of(token, watch::ListPositionsRequest { user_id: user.clone(), ..Default::default() });
        let set = of(token, watch::SetPositionRequest { event: Some(event().proto()), sent_time: None });
        let events = vec![event().proto()];
        let record = watch::RecordEventsRequest { events: events.clone(), sent_time: None, backfill: false };
        let backfill = of(token, watch::RecordEventsRequest { backfill: true, ..record.clone() });
        let message = watch::StreamEventsRequest { events: events.clone(), sent_time: None, backfill: false };
        let watched = of(token, watch::MarkWatchedRequest { user_id: user.clone(), video_id: video.clone() });
        let unwatched = of(token, watch::MarkUnwatchedRequest { user_id: user.clone(), video_id: video.clone() });
        let hide = of(token, watch::HideRequest { user_id: user.clone(), video_id: video.clone() });
        let one = of(token, watch::ForgetRequest { user_id: user.clone(), video_id: "other".into() });
        let whole = of(token, watch::ForgetRequest { user_id: "other".into(), video_id: String::new() });
        vec![
            ("SetPosition", "write", code(client.set_position(set)).await),
            ("GetPosition", "read", code(client.get_position(get)).await),
            ("GetPositions", "read", code(client.get_positions(many)).await),
            ("ListPositions", "read", code(client.list_positions(list)).await),
            ("RecordEvents", "write", code(client.record_events(of(token, record))).await),
            ("RecordEvents with backfill", "write,backfill", code(client.record_events(backfill)).await),
            ("StreamEvents", "write", code(client.stream_events(of(token, tokio_stream::once(message)))).await),
            ("MarkWatched", "write", code(client.mark_watched(watched)).await),
            ("MarkUnwatched", "write", code(client.mark_unwatched(unwatched)).await),
            ("Hide", "write", code(client.hide(hide)).await),
            ("Forget one", "write", code(client.forget(one)).await),
            ("Forget all", "admin", code(client.forget(whole)).await),
        ]
    })
}

#[test]
fn every_grpc_method_takes_its_scopes_and_no_others() {
    let mut program = setup().prepare();
    let tokens = SCOPES.map(|scope| create(&program, scope, scope));
    let both = create(&program, "importer", "write,backfill");
    program.start();
    let mut grpc = Grpc::new(program.grpc_address());
    for token in [None, Some("ph_wrong")] {
        for (method, _, code) in call_all(&mut grpc, token) {
            assert_eq!(code, Code::Unauthenticated, "{method} with {token:?}");
        }
    }
    // There is something to read first.
    for (scope, token) in SCOPES.iter().zip(&tokens) {
        for (method, needed, code) in call_all(&mut grpc, Some(token)) {
            let expected = if needed == *scope { Code::Ok } else { Code::PermissionDenied };
            assert_eq!(code, expected, "{method} with {scope}");
        }
    }
    for (method, needed, code) in call_all(&mut grpc, Some(&both)) {
        let is_enough = needed.split(',').all(|scope| ["write", "backfill"].contains(&scope));
        assert_eq!(code, if is_enough { Code::Ok } else { Code::PermissionDenied }, "{method} with write and backfill");
    }
}
