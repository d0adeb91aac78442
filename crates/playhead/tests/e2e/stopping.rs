//! SIGTERM: what is under way is finished, streams are told, the program ends with 0, and nothing is lost.

use std::time::Duration;

use playhead_contracts::watch;
use playhead_testkit::{Code, Grpc, Program, Signal, event, seeded, wait_until};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{marts, setup, turn};

const ROUNDS: usize = 5;
/// The deadline to stop is 25 s, then consumers commit.
const END_WITHIN: Duration = Duration::from_secs(240);

#[test]
fn a_server_that_is_told_to_stop_under_load_loses_nothing() {
    let turn = turn::take("stopping");
    let mut rng = seeded();
    println!("stops with seed {}", rng.seed());
    let mut program = setup().start();
    let shape = Shape {
        audience: Audience { users: 6, videos: 6 },
        writers: Way::ALL.to_vec(),
        readers: 1,
        pause: Duration::from_millis(1),
    };
    let load = Load::start(&program, &shape);
    // A process that is stopped for a while, as a machine that is out of memory does, goes on where it was.
    std::thread::sleep(Duration::from_millis(300));
    program.signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(1_500));
    program.signal(Signal::CONT);
    for round in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(rng.u64(200..1_000)));
        if round % 2 == 1 {
            // Somebody is impatient.
            program.signal(Signal::TERM);
            std::thread::sleep(Duration::from_millis(rng.u64(..20)));
        }
        let status = program.terminate(END_WITHIN);
        assert_eq!(status.code(), Some(0), "{status}");
        program.start();
        load.ledger.read_all(program.http());
    }
    let ledger = load.ledger.clone();
    let refusals = load.stop();
    assert!(refusals.keys().all(|why| why.contains("unavailable")), "{refusals:?}");
    marts::wait_caught_up(&program, Duration::from_secs(240));
    ledger.audit(&program);
    marts::assert_follow(&program);
    println!("{ROUNDS} stops; {}; refused: {refusals:?}", ledger.counts());
    ledger.assert_kept();
    turn.bound(Duration::from_secs(1_800));
}

#[test]
fn an_open_stream_ends_with_its_acknowledgements_and_a_reason() {
    let mut program = setup().start();
    let mut grpc = Grpc::new(program.grpc_address());
    let events: Vec<_> = (0..5).map(|seq| event().play("p").seq(seq).after_ms(seq as i64).proto()).collect();
    let (acknowledged, end) = grpc.run(async |client| {
        let (messages, received) = mpsc::channel(4);
        let message = watch::StreamEventsRequest { events, sent_time: None, backfill: false };
        messages.send(message).await.expect("there is room");
        let mut answers = client.stream_events(ReceiverStream::new(received)).await.expect("a stream").into_inner();
        let acknowledged = answers.message().await.expect("an answer").expect("not the end");
        program.signal(Signal::TERM);
        // The caller keeps its side open: it is the server that ends the stream.
        let end = answers.message().await;
        drop(messages);
        (acknowledged.durable_index, end)
    });
    assert_eq!(acknowledged, 4);
    let end = end.expect_err("the stream ends with a reason");
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    assert_eq!(end.metadata().get("playhead-problem").map(|name| name.as_bytes()), Some(&b"unavailable"[..]));
    drop(grpc);
    assert_eq!(program.wait_for_end(END_WITHIN).code(), Some(0));
    program.start();
    let answer = program.http().get("/v1/users/u/positions/v").expect("the server answers").expect_status(200);
    assert_eq!(answer.json["play_id"], "p");
}

#[test]
fn a_second_program_on_the_same_data_is_refused() {
    let program = setup().start();
    let mut second = setup().data_dir(program.data_dir()).prepare();
    second.spawn();
    assert_eq!(second.wait_for_end(END_WITHIN).code(), Some(1));
    let told = format!("playhead: another playhead has {} open: stop that one first", program.data_dir().display());
    assert!(second.log().contains(&told), "{}", second.log());
    for command in [&["rebuild", "all"][..], &["log", "repair"]] {
        let data = program.data_dir().display().to_string();
        let refused = second.command(&[command, &["--data", &data]].concat());
        assert!(refused.code == Some(1) && refused.stderr.starts_with(&told), "{refused:?}");
    }
    program.http().get("/livez").expect("the first one lives").expect_status(200);
}

/// Whoever made a slip of the keyboard hears of it before anything is opened, or made.
#[test]
fn a_taken_address_is_told_at_once_with_its_flag() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    for flag in ["--http", "--grpc"] {
        let program = setup().prepare();
        let (data, free) = (program.data_dir().display().to_string(), "127.0.0.1:0");
        let other = if flag == "--http" { "--grpc" } else { "--http" };
        let refused = program.command(&["serve", "--data", &data, flag, &address, other, free]);
        let told = format!("playhead: {flag} {address}: cannot listen there");
        assert!(refused.code == Some(1) && refused.stderr.starts_with(&told), "{refused:?}");
        assert!(refused.stderr.contains(&format!("choose another address with {flag} ADDR")), "{refused:?}");
        assert!(!program.data_dir().exists(), "something was opened first: {refused:?}");
    }
}

#[test]
fn one_address_for_both_is_told_with_both_flags() {
    let program = setup().prepare();
    let data = program.data_dir().display().to_string();
    let both = "127.0.0.1:65123";
    let refused = program.command(&["serve", "--data", &data, "--http", both, "--grpc", both]);
    let told = format!("playhead: --http and --grpc are both {both}");
    assert!(refused.code == Some(1) && refused.stderr.starts_with(&told), "{refused:?}");
    assert!(!program.data_dir().exists(), "something was opened first: {refused:?}");
}

#[test]
fn of_two_programs_that_start_together_on_one_folder_one_is_told_of_the_other() {
    let own = tempfile::tempdir().expect("a folder");
    let mut both = [(); 2].map(|()| setup().data_dir(own.path()).prepare());
    both.iter_mut().for_each(Program::spawn);
    let told = format!("playhead: another playhead has {} open: stop that one first", own.path().display());
    wait_until(END_WITHIN, "one gives up", || both.iter().any(|program| program.log().contains(&told)));
    wait_until(END_WITHIN, "the other one is ready", || {
        both.iter().any(|program| program.log().contains("playhead is ready"))
    });
}

/// What would go on for long is cut at the deadline: a query without an end, a caller that sends half of a request.
#[test]
fn the_deadline_to_stop_holds_whatever_is_under_way() {
    let mut program =
        setup().env("PLAYHEAD_SHUTDOWN_MS_MAX", "1500").env("PLAYHEAD_EDGE__SQL_TIME_MS_MAX", "3600000").start();
    let endless =
        r#"{"query": "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range = 7"}"#;
    let size = endless.len();
    let head = "host: x\r\ncontent-type: application/json";
    let query = format!("POST /v1/sql HTTP/1.1\r\n{head}\r\ncontent-length: {size}\r\n\r\n{endless}");
    let half = format!("POST /v1/events HTTP/1.1\r\n{head}\r\ncontent-length: 9999\r\n\r\n[");
    let mut held = Vec::new();
    for request in [query, half, "GET /livez HTTP/1.1\r\n".to_owned()] {
        let mut stream = std::net::TcpStream::connect(program.http_address()).expect("it listens");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("taken");
        held.push(stream);
    }
    let is_running = || {
        let metrics = program.http().get("/metrics").expect("an answer").text;
        metrics.lines().any(|line| line == "playhead_warehouse_queries_running 1")
    };
    playhead_testkit::wait_until(END_WITHIN, "the query runs", is_running);
    // The query itself may run for an hour.
    let status = program.terminate(Duration::from_secs(240));
    assert_eq!(status.code(), Some(0), "{status}");
    drop(held);
}
