//! The generator against servers that tell the truth, and against servers that do not.

mod fake;

use std::time::Duration;

use fake::grpc::StreamManner;
use fake::http::Manner;
use playhead_loadgen::{Pacing, Plan, Protocol, Report, run};

async fn plan_against(manner: Manner) -> Plan {
    fake::plan(Protocol::Http, fake::http::serve(manner).await)
}

async fn report_on_grpc(protocol: Protocol, manner: StreamManner) -> Report {
    run(fake::plan(protocol, fake::grpc::serve(manner).await)).await.expect("it runs")
}

async fn report_on(manner: Manner) -> Report {
    run(plan_against(manner).await).await.expect("it runs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_server_is_found_good() {
    let report = report_on(Manner::Honest).await;
    assert!(report.good, "{report}");
    assert_eq!(report.writes.sent + report.writes.unsent, 1_000);
    assert_eq!(report.reads.sent + report.reads.unsent, 500);
    assert!(report.verification.keys > 50, "{report}");
    assert_eq!(report.verification.verified, report.verification.keys);
    assert!(report.verification.during_checked > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_write_is_found() {
    let report = report_on(Manner::Forgets).await;
    let found = &report.verification;
    assert!(!report.good);
    assert!(found.lost + found.older + found.wrong > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_position_is_found() {
    let report = report_on(Manner::StaysBehind).await;
    assert!(!report.good);
    assert!(report.verification.older > 10, "{report}");
    assert!(!report.verification.examples.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_answer_excuses_a_read_during_the_run_but_not_at_its_end() {
    let report = report_on(Manner::StaysBehindOpenly).await;
    assert!(!report.good);
    assert!(report.verification.during_stale > 0, "{report}");
    assert_eq!(report.verification.older, 0, "{report}");
    assert!(report.verification.unreadable > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_resume_point_is_found() {
    let report = report_on(Manner::MiscountsResume).await;
    assert!(!report.good);
    assert_eq!(report.verification.wrong, report.verification.keys, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_packets_are_refused_by_a_good_server() {
    let plan = Plan { random_share: 0.5, ..plan_against(Manner::Honest).await };
    let report = run(plan).await.expect("it runs");
    assert!(report.good, "{report}");
    assert!(report.random.sent > 300, "{report}");
    assert_eq!(report.random.refused, report.random.sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_error_upon_a_random_packet_is_found() {
    let plan = Plan { random_share: 0.5, ..plan_against(Manner::Chokes).await };
    let report = run(plan).await.expect("it runs");
    assert!(!report.good);
    assert!(report.random.server_errors > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn being_busy_is_counted_and_no_fault() {
    let report = report_on(Manner::IsBusy).await;
    assert!(report.good, "{report}");
    assert!(report.writes.busy > 0, "{report}");
    assert_eq!(report.writes.errors.get("429"), Some(&report.writes.busy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_loop_is_verified_too() {
    let plan = Plan { pacing: Pacing::Closed, reads_per_s: 0.0, ..plan_against(Manner::Honest).await };
    let report = run(plan).await.expect("it runs");
    assert!(report.good, "{report}");
    assert!(report.writes.ok > 0);
    assert_eq!(report.verification.verified, report.verification.keys);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_json_with_the_stated_names() {
    let plan = Plan { duration: Duration::from_millis(200), ..plan_against(Manner::Honest).await };
    let report = serde_json::to_value(run(plan).await.expect("it runs")).expect("JSON");
    for name in ["p50", "p90", "p99", "p99.9", "max"] {
        assert!(report["writes"]["latency_ms"][name].is_f64(), "{name}");
    }
    for name in ["verified", "lost", "older"] {
        assert!(report["verification"][name].is_u64(), "{name}");
    }
    assert!(report["writes"]["late"].is_u64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_streams_are_verified_too() {
    for protocol in [Protocol::Grpc, Protocol::Stream] {
        let report = report_on_grpc(protocol, StreamManner::Honest).await;
        assert!(report.good, "{report}");
        assert_eq!(report.writes.ok + report.writes.unsent, 1_000, "{report}");
        assert!(report.verification.keys > 50, "{report}");
        assert_eq!(report.verification.verified, report.verification.keys, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_messages_are_refused_by_a_good_server() {
    let address = fake::grpc::serve(StreamManner::Honest).await;
    let plan = Plan { random_share: 0.5, ..fake::plan(Protocol::Grpc, address) };
    let report = run(plan).await.expect("it runs");
    assert!(report.good, "{report}");
    assert!(report.random.refused > 300, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_event_of_a_stream_is_not_expected_to_be_there() {
    let report = report_on_grpc(Protocol::Stream, StreamManner::RefusesSome).await;
    assert!(report.good, "{report}");
    assert!(report.writes.busy > 0, "{report}");
    assert_eq!(report.writes.busy + report.writes.ok + report.writes.unsent, 1_000, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_event_rejected_together_with_a_bad_one_is_found() {
    let report = report_on_grpc(Protocol::Stream, StreamManner::DropsMessages).await;
    assert!(!report.good);
    assert!(report.verification.lost > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_on_a_stream_that_broke_is_of_unknown_fate() {
    let address = fake::grpc::serve(StreamManner::Breaks).await;
    let plan = Plan { connections: 1, allow_breaks: true, ..fake::plan(Protocol::Stream, address) };
    let report = run(plan).await.expect("it runs");
    assert!(report.writes.broken > 0, "{report}");
    assert!(report.writes.ok > 0, "{report}");
    assert!(report.good, "a break is no loss: {report}");
}

/// Why a plan was not run.
async fn refusal(plan: Plan) -> String {
    run(plan).await.expect_err("it must not run").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_told_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    for (protocol, flag) in
        [(Protocol::Http, "--url"), (Protocol::Grpc, "--grpc-url"), (Protocol::Stream, "--grpc-url")]
    {
        // It would run for longer than any test may.
        let plan = Plan { duration: Duration::from_secs(86_400), ..fake::plan(protocol, free) };
        let why = refusal(plan).await;
        assert!(why.contains("cannot reach http://127.0.0.1") && why.contains(flag), "{why}");
        assert!(why.contains("(cannot connect)"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_without_writes_reads_and_says_so_and_one_without_both_is_refused() {
    let nothing = Pacing::Open { writes_per_s: 0.0 };
    let plan = Plan { pacing: nothing, ..plan_against(Manner::Honest).await };
    let why = refusal(Plan { reads_per_s: 0.0, ..plan.clone() }).await;
    assert!(why.contains("nothing to do"), "{why}");
    let why = refusal(Plan { check_warehouse: true, ..plan.clone() }).await;
    assert!(why.contains("--check-warehouse"), "{why}");
    let report = run(plan).await.expect("it runs");
    assert!(report.good && report.writes.sent == 0 && report.reads.ok > 0, "{report}");
    assert!(report.to_string().contains("reads only"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_which_nothing_was_done_is_not_good() {
    // Less than one write and one read fit into its time.
    let slow = Pacing::Open { writes_per_s: 0.1 };
    let report =
        run(Plan { pacing: slow, reads_per_s: 0.1, ..plan_against(Manner::Honest).await }).await.expect("it runs");
    assert!(!report.good, "{report}");
    assert_eq!(report.problems, ["nothing was done: neither a write nor a read was due in so short a time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_so_low_that_nothing_of_it_was_due_is_no_failure() {
    let report = run(Plan { reads_per_s: 0.1, ..plan_against(Manner::Honest).await }).await.expect("it runs");
    assert!(report.good && report.reads.sent == 0, "{report}");
    assert!(report.to_string().contains("reads: none was due"), "{report}");
}
