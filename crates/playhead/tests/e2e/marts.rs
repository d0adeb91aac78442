//! The marts again, by SQL over `watch_events`: a second program that follows the same rules.

use std::time::{Duration, Instant};

use playhead_testkit::Program;

/// Every event with the neighbour before it in its play, and whether the stretch between them was watched.
const STRETCHES: &str = "
    neighbours AS (
        SELECT *, epoch_ms(event_time) AS time_ms,
            lag(position_ms) OVER play AS position_before, lag(epoch_ms(event_time)) OVER play AS time_before_ms
        FROM watch_events WINDOW play AS (PARTITION BY user_id, video_id, play_id ORDER BY seq, event_time)
    ),
    stretches AS (
        SELECT *,
            coalesce(kind <> 'seek' AND position_ms >= position_before
                AND position_ms::BIGINT - position_before::BIGINT <= 4 * (time_ms - time_before_ms) + 1000, false) AS watched,
            kind = 'ended' OR (kind <> 'seek' AND coalesce(position_ms * 100 >= duration_ms * 95, false)) AS completes
        FROM neighbours
    )";

/// Compares `user_video` and `video_daily` with what follows from the events, row by row.
#[track_caller]
pub(crate) fn assert_follow(program: &Program) {
    let pairs = format!(
        "WITH {STRETCHES}, again AS (
            SELECT user_id, video_id,
                coalesce(sum(position_ms::BIGINT - position_before::BIGINT) FILTER (watched), 0) AS watched_ms,
                count(DISTINCT play_id) AS plays, min(time_ms) AS first_ms, max(time_ms) AS last_ms,
                arg_max(position_ms, row(time_ms, play_id, seq)) AS position_ms
            FROM stretches GROUP BY ALL
        ), held AS (
            SELECT user_id, video_id, watched_ms::BIGINT AS watched_ms, plays::BIGINT AS plays,
                epoch_ms(first_time) AS first_ms, epoch_ms(last_time) AS last_ms, position_ms
            -- What was only marked has a row as well.
            FROM user_video WHERE plays > 0
        )"
    );
    assert_alike(program, "user_video", &pairs);
    let days = format!(
        "WITH {STRETCHES}, firsts AS (
            SELECT user_id, video_id, play_id, arg_min(event_time, row(seq, time_ms))::DATE AS day FROM stretches GROUP BY ALL
        ), ends AS (
            SELECT user_id, video_id, play_id, arg_min(event_time, row(seq, time_ms))::DATE AS day
            FROM stretches WHERE completes GROUP BY ALL
        ), shares AS (
            SELECT video_id, day, 1 AS plays, NULL AS viewer, 0 AS watched_ms, 0 AS completions FROM firsts
            UNION ALL SELECT video_id, day, 0, NULL, 0, 1 FROM ends
            UNION ALL SELECT video_id, event_time::DATE, 0, user_id,
                CASE WHEN watched THEN position_ms::BIGINT - position_before::BIGINT ELSE 0 END, 0 FROM stretches
        ), again AS (
            SELECT video_id, day, sum(plays)::BIGINT AS plays, count(DISTINCT viewer) AS viewers,
                sum(watched_ms)::BIGINT AS watched_ms, sum(completions)::BIGINT AS completions
            FROM shares GROUP BY ALL
        ), held AS (
            SELECT video_id, day, plays::BIGINT AS plays, viewers::BIGINT AS viewers, watched_ms::BIGINT AS watched_ms,
                completions::BIGINT AS completions FROM video_daily
        )"
    );
    assert_alike(program, "video_daily", &days);
}

#[track_caller]
fn assert_alike(program: &Program, mart: &str, with: &str) {
    for (one, other, what) in [("again", "held", "it lacks"), ("held", "again", "it should not have")] {
        let rows = program.sql(&format!("{with} SELECT * FROM {one} EXCEPT SELECT * FROM {other} LIMIT 5"));
        assert!(rows.is_empty(), "{mart}: {what} {rows:#?}");
    }
    let rows = program.sql(&format!("{with} SELECT count(*) FROM held"));
    assert_ne!(rows[0][0], 0, "{mart} is empty");
}

/// Waits until every sink has taken all that the log has, for as long as a small test may.
#[track_caller]
pub(crate) fn wait_loaded(program: &Program) {
    wait_caught_up(program, Duration::from_secs(60));
}

/// Waits until every sink has taken all that the log has.
#[track_caller]
pub(crate) fn wait_caught_up(program: &Program, within: Duration) {
    let deadline = Instant::now() + within;
    loop {
        let status = program.http().get("/v1/admin/status").expect("the server answers").expect_status(200);
        let consumers = status.json["consumers"].as_array().expect("consumers are there").clone();
        let is_behind = |consumer: &serde_json::Value| consumer["next_offset"] != consumer["end_offset"];
        // A consumer that has just been started is not there yet: of the topic of events each has a part, marts of videos too.
        let parts = |name: &str| consumers.iter().filter(|consumer| consumer["name"] == name).count();
        let are_there = parts("positions") > 0 && parts("marts") == 2 * parts("positions");
        if are_there && !consumers.iter().any(is_behind) && !ends_moved(program, &consumers) {
            return;
        }
        assert!(Instant::now() < deadline, "the sinks are behind after {within:?}: {}", status.text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the log has more than the status knew: it looks at the end once a second.
fn ends_moved(program: &Program, consumers: &[serde_json::Value]) -> bool {
    let metrics = program.http().get("/metrics").expect("the server answers").text;
    let end_of = |partition: &str| {
        let (topic, number) = partition.split_once('/').expect("topic/number");
        let labels = [format!("topic=\"{topic}\""), format!("partition=\"{number}\"")];
        let line = metrics.lines().find(|line| {
            line.starts_with("playhead_log_end_offset{") && labels.iter().all(|label| line.contains(label.as_str()))
        })?;
        line.rsplit_once(' ')?.1.parse::<f64>().ok()
    };
    consumers.iter().any(|consumer| {
        let end = end_of(consumer["partition"].as_str().expect("a partition"));
        #[expect(clippy::cast_precision_loss, reason = "offsets of a test are small")]
        let known = consumer["end_offset"].as_u64().expect("an offset") as f64;
        end.is_none_or(|end| end > known)
    })
}
