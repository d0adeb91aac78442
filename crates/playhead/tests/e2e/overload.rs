//! Past a limit: refused at once with the limit's name and when to come again, while reads are answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use playhead_contracts::watch;
use playhead_testkit::{Code, Grpc, Program, event};
use serde_json::{Value, json};

use crate::setup;

const CALLERS: usize = 12;
const PATIENCE: Duration = Duration::from_secs(240);

/// Many callers at once until one of them was refused; every other answer must be good.
fn refused(program: &Program, ask: impl Fn(usize, u64) -> playhead_testkit::Answer + Sync) -> playhead_testkit::Answer {
    let (over, found) = (AtomicBool::new(false), std::sync::Mutex::new(None));
    let until = Instant::now() + PATIENCE;
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (over, found, ask) = (&over, &found, &ask);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) || Instant::now() > until {
                        return;
                    }
                    let answer = ask(caller, number);
                    match answer.status {
                        200 | 204 => {}
                        429 => {
                            over.store(true, Ordering::SeqCst);
                            *found.lock().expect("no panic") = Some(answer);
                        }
                        status => panic!("{status}: {}", answer.text),
                    }
                }
            });
        }
        // Reads have a budget of their own.
        while !over.load(Ordering::SeqCst) && Instant::now() < until {
            program.http().get("/v1/users/u0/positions").expect("an answer").expect_status(200);
        }
    });
    let answer = found.into_inner().expect("no panic").expect("nobody was refused");
    program.http().get("/v1/users/u0/positions").expect("an answer").expect_status(200);
    answer
}

#[track_caller]
fn assert_limit(answer: &playhead_testkit::Answer, limit: &str) {
    let named = (&answer.json["type"], &answer.json["limit"], answer.header("retry-after"));
    assert_eq!(named, (&json!("urn:playhead:problem:too-busy"), &json!(limit), "1"), "{}", answer.text);
}

fn batch(user: usize, from: u64, count: u64) -> Value {
    let one = |seq: u64| event().user(format!("u{user}")).play("p").seq(seq).after_ms(seq as i64).position(seq).json();
    json!((from..from + count).map(one).collect::<Vec<_>>())
}

#[test]
fn writes_past_their_concurrency_are_refused_by_name() {
    let program = setup()
        .env("PLAYHEAD_EDGE__WRITE_CONCURRENCY", "1")
        .env("PLAYHEAD_EDGE__BATCH_CONCURRENCY", "1")
        .env("PLAYHEAD_EDGE__SQL_CONCURRENCY", "1")
        .start();
    let put = |caller: usize, number: u64| {
        let at = event().user(format!("u{caller}")).play("p").seq(number).after_ms(number as i64);
        program.http().put(&at.path(), &at.put_json()).expect("an answer")
    };
    assert_limit(&refused(&program, put), "write-concurrency");
    let post =
        |caller, number| program.http().post("/v1/events", &batch(caller, number * 100, 100)).expect("an answer");
    assert_limit(&refused(&program, post), "batch-concurrency");
    let sql = |_, _| {
        let query = "SELECT count(*) FROM range(3000000) WHERE range % 7 = 3";
        program.http().post("/v1/sql", &json!({ "query": query })).expect("an answer")
    };
    assert_limit(&refused(&program, sql), "sql-concurrency");
}

#[test]
fn a_client_past_its_rate_is_refused_alone() {
    let mut program = setup().env("PLAYHEAD_EDGE__CLIENT_RATE_PER_S", "5").prepare();
    let data = program.data_dir().display().to_string();
    let token = |name: &str| {
        program.command(&["token", "create", name, "--scopes", "read", "--data", &data]).expect_success().stdout
    };
    let [greedy, modest] = [token("greedy"), token("modest")];
    program.start();
    let [greedy, modest] = [greedy, modest].map(|token| program.http().with_token(token.trim()));
    let until = Instant::now() + PATIENCE;
    let refused = loop {
        assert!(Instant::now() < until, "the greedy one was never refused");
        let answer = greedy.get("/v1/users/u/positions").expect("an answer");
        if answer.status != 200 {
            break answer.expect_status(429);
        }
    };
    assert_limit(&refused, "client-rate");
    modest.get("/v1/users/u/positions").expect("an answer").expect_status(200);
    // What asks whether the program lives is nobody's rate.
    for _ in 0..20 {
        program.http().get("/readyz").expect("an answer").expect_status(200);
    }
}

#[test]
fn a_full_queue_of_the_log_and_full_recent_positions_push_back() {
    let program =
        setup().env("PLAYHEAD_RECENT__ENTRIES_MAX", "200").env("PLAYHEAD_STREAM__BATCH_AGE_MS", "1500").start();
    let wide = |caller: usize, number: u64| {
        let one = |n: u64| event().user(format!("u{caller}")).video(format!("v{number}-{n}")).json();
        program.http().post("/v1/events", &json!((0..100).map(one).collect::<Vec<_>>())).expect("an answer")
    };
    assert_limit(&refused(&program, wide), "recent-positions");
    let mut grpc = Grpc::new(program.grpc_address());
    let until = Instant::now() + PATIENCE;
    let status = loop {
        assert!(Instant::now() < until, "gRPC was never refused");
        let events = (0..300).map(|n| event().user("g").video(format!("v{n}-{}", until.elapsed().as_nanos())).proto());
        let request = watch::RecordEventsRequest { events: events.collect(), sent_time: None, backfill: false };
        if let Err(status) = grpc.call(async |client| client.record_events(request).await) {
            break status;
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    let metadata = |name: &str| status.metadata().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    assert_eq!(metadata("playhead-problem").as_deref(), Some("too-busy"));
    assert_eq!(metadata("retry-after").as_deref(), Some("1"));
    assert!(status.message().contains("recent-positions"), "{status}");
    // Once the fold has caught up, writes are taken again.
    playhead_testkit::wait_until(PATIENCE, "writes are taken again", || {
        let at = event().user("again");
        program.http().put(&at.path(), &at.put_json()).is_ok_and(|answer| answer.status == 200)
    });

    let narrow = setup().env("PLAYHEAD_LOG__QUEUE_RECORDS_MAX", "50").start();
    let post = |caller, number| narrow.http().post("/v1/events", &batch(caller, number * 40, 40)).expect("an answer");
    let answer = refused_entries(&narrow, post);
    assert!(answer.contains("log-queue"), "{answer}");
}

/// As [`refused`], where a batch may be refused in part: the text of the first answer that speaks of a refusal.
fn refused_entries(program: &Program, ask: impl Fn(usize, u64) -> playhead_testkit::Answer + Sync) -> String {
    let answer = refused(program, |caller, number| {
        let mut answer = ask(caller, number);
        if answer.json["rejected"].as_u64().is_some_and(|rejected| rejected > 0) {
            answer.status = 429;
        }
        answer
    });
    answer.text
}
