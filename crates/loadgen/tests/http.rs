//! The generator against a server that tells the truth, and against servers that do not.

mod fake;

use std::time::Duration;

use fake::{Manner, serve};
use playhead_domain::Timestamp;
use playhead_loadgen::{Pacing, Plan, Protocol, Report, run};

async fn plan_against(manner: Manner) -> Plan {
    let address = serve(manner).await;
    Plan {
        url: format!("http://{address}"),
        grpc_url: format!("http://{address}"),
        token: None,
        protocol: Protocol::Http,
        pacing: Pacing::Open { writes_per_s: 1_000.0 },
        reads_per_s: 500.0,
        duration: Duration::from_secs(1),
        users: 50,
        videos: 20,
        connections: 8,
        batch: 1,
        random_share: 0.0,
        seed: 42,
        verify_keys_max: 1_000_000,
        check_warehouse: false,
        allow_breaks: false,
        run: "test".to_owned(),
        now: Timestamp(1_790_000_000_000),
    }
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
async fn a_server_that_is_not_there_is_no_success() {
    let plan = Plan {
        url: "http://127.0.0.1:9".to_owned(),
        duration: Duration::from_millis(200),
        ..plan_against(Manner::Honest).await
    };
    let report = run(plan).await.expect("it runs");
    assert!(!report.good);
    assert!(report.writes.broken > 0, "{report}");
    assert!(report.problems.iter().any(|problem| problem == "no write succeeded"), "{report}");
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
