//! Waiting until the server's views have what was sent: `/readyz` says how far each of them has got in the log.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::client::Client;

/// Given up when no view has moved for so long.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Which views are waited for, and what topics they are made from. One that has just begun says nothing of them yet.
const AWAITED: [(&str, &str); 3] = [("positions", "watch/"), ("marts", "watch/"), ("marts", "videos/")];

/// What is known of the views at the end of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "are", rename_all = "snake_case")]
pub(super) enum Views {
    /// They have everything that was sent.
    Complete,
    /// They do not have everything yet, though they were waited for.
    Behind { why: String },
    /// The server does not say how far they are.
    Unknown { why: String },
    /// They were not waited for.
    NotWaitedFor,
}

#[derive(Deserialize)]
struct Readiness {
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    name: String,
    ok: bool,
    detail: String,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    partition: String,
    next_offset: u64,
    end_offset: u64,
}

/// The offsets that views must reach, by view and partition.
type Goals = BTreeMap<(String, String), u64>;

/// Waits until every view has what the log has now. Everything is durable before; so nothing here is an error.
pub(super) fn wait(client: &Client) -> Views {
    let goals = match goals(client) {
        Ok(goals) => goals,
        Err(known) => return known,
    };
    let (mut bar, mut least, mut moved) = (None, u64::MAX, Instant::now());
    loop {
        let why = match look(client) {
            Ok(reasons) => {
                let left = left_of(&goals, &reasons);
                if left == 0 {
                    return Views::Complete;
                }
                if let Some(why) = stopped(&reasons) {
                    return Views::Behind { why };
                }
                if left < least {
                    (least, moved) = (left, Instant::now());
                }
                let bar: &mut ProgressBar = bar.get_or_insert_with(|| begin(left));
                bar.set_position(bar.length().unwrap_or(left).saturating_sub(left));
                format!("{left} records are not taken yet")
            }
            Err(why) => why,
        };
        if moved.elapsed() > PATIENCE {
            return Views::Behind { why: format!("{why}, and nothing has moved for {} s", PATIENCE.as_secs()) };
        }
        sleep(LOOK_EVERY);
    }
}

/// What the log has now of all that the views are made from, once each of them says how far it is.
fn goals(client: &Client) -> Result<Goals, Views> {
    let began = Instant::now();
    loop {
        let reasons = look(client).map_err(|why| Views::Unknown { why })?;
        let is_told = |(view, topic): &(&str, &str)| {
            each(&reasons).any(|(name, part)| name == *view && part.partition.starts_with(topic))
        };
        let Some((view, topic)) = AWAITED.iter().find(|awaited| !is_told(awaited)) else {
            return Ok(each(&reasons).map(|(view, part)| (key(view, part), part.end_offset)).collect());
        };
        if !reasons.iter().any(|reason| reason.name == *view) {
            return Err(Views::Unknown { why: "/readyz does not say how far they are".to_owned() });
        }
        if let Some(why) = stopped(&reasons) {
            return Err(Views::Behind { why });
        }
        if began.elapsed() > PATIENCE {
            let topic = topic.trim_end_matches('/');
            return Err(Views::Behind { why: format!("{view} does not say how far it is in {topic}") });
        }
        sleep(LOOK_EVERY);
    }
}

/// Which view has stopped, and why.
fn stopped(reasons: &[Reason]) -> Option<String> {
    let ended = reasons.iter().find(|reason| !reason.ok && AWAITED.iter().any(|(view, _)| *view == reason.name))?;
    Some(format!("{} has stopped: {}", ended.name, ended.detail))
}

/// Shown on a terminal; elsewhere a line, so that nobody wonders.
fn begin(left: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("views     {bar:40} {percent:>3} %  {eta} left");
    let bar = ProgressBar::new(left).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if bar.is_hidden() {
        eprintln!("Everything sent is durable; waiting until the warehouse has it too (--no-wait leaves at once).");
    }
    bar
}

fn look(client: &Client) -> Result<Vec<Reason>, String> {
    // A server that is not ready still says how far its views are.
    let answer = client.get("/readyz").map_err(|error| format!("{error:#}"))?;
    let told: Readiness =
        serde_json::from_slice(&answer.body).map_err(|_| format!("/readyz cannot be read [HTTP {}]", answer.status))?;
    Ok(told.reasons)
}

fn each(reasons: &[Reason]) -> impl Iterator<Item = (&str, &Part)> {
    reasons.iter().flat_map(|reason| reason.parts.iter().map(|part| (reason.name.as_str(), part)))
}

fn key(view: &str, part: &Part) -> (String, String) {
    (view.to_owned(), part.partition.clone())
}

/// How much is missing to the goals. A view that says nothing of a goal now, after a restart for instance, has not reached it.
fn left_of(goals: &Goals, reasons: &[Reason]) -> u64 {
    let reached: BTreeMap<_, _> = each(reasons).map(|(view, part)| (key(view, part), part.next_offset)).collect();
    let left = |(of, goal): (_, &u64)| match reached.get(of) {
        Some(next) => goal.saturating_sub(*next),
        None => (*goal).max(1),
    };
    goals.iter().map(left).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::super::session::tests::Server;
    use super::*;
    use crate::client::ClientArgs;

    /// What is known after `/readyz` has answered so, again and again with the last one.
    fn check(answers: Vec<serde_json::Value>) -> Views {
        let server = Server::start(move |number, _| (200, "", answers[number.min(answers.len() - 1)].to_string()));
        let client = ClientArgs { url: server.url.clone(), token: None };
        wait(&Client::new(&client, Duration::from_secs(30)).expect("a URL"))
    }

    fn part(topic: &str, next: u64, end: u64) -> serde_json::Value {
        json!({ "partition": format!("{topic}/0"), "next_offset": next, "end_offset": end })
    }

    fn answer(ok: bool, positions: &[serde_json::Value], marts: &[serde_json::Value]) -> serde_json::Value {
        json!({ "ready": ok, "reasons": [
            { "name": "log", "ok": true, "detail": "open" },
            { "name": "positions", "ok": true, "detail": "", "parts": positions },
            { "name": "marts", "ok": ok, "detail": "", "parts": marts },
        ]})
    }

    fn marts(ok: bool, next: u64, end: u64) -> serde_json::Value {
        answer(ok, &[part("watch", end, end)], &[part("watch", next, end), part("videos", 0, 0)])
    }

    #[test]
    fn a_view_that_has_not_begun_to_tell_is_waited_for_too() {
        let positions = [part("watch", 10, 10)];
        let some = [part("watch", 10, 10)];
        let all = [part("watch", 10, 10), part("videos", 4, 4)];
        let answers = [answer(true, &positions, &[]), answer(true, &positions, &some), answer(true, &positions, &all)];
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let server = Server::start(move |number, _| {
            counted.store(number + 1, Ordering::Relaxed);
            (200, "", answers[number.min(2)].to_string())
        });
        let client = ClientArgs { url: server.url.clone(), token: None };
        let client = Client::new(&client, Duration::from_secs(30)).expect("a URL");
        assert_eq!(wait(&client), Views::Complete);
        assert!(asked.load(Ordering::Relaxed) >= 3);
    }

    #[test]
    fn it_ends_once_the_views_have_what_the_log_had_though_others_write_on() {
        assert_eq!(check(vec![marts(true, 3, 10), marts(true, 5, 15), marts(true, 10, 20)]), Views::Complete);
    }

    #[test]
    fn a_view_that_says_nothing_for_a_while_is_waited_for() {
        let silent = json!({ "ready": false, "reasons": [{ "name": "marts", "ok": true, "detail": "" }] });
        let server = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&server);
        let told = [marts(true, 3, 10), silent, marts(true, 10, 10)];
        let answering = Server::start(move |number, _| {
            asked.store(number + 1, Ordering::Relaxed);
            (200, "", told[number.min(2)].to_string())
        });
        let client = ClientArgs { url: answering.url.clone(), token: None };
        let client = Client::new(&client, Duration::from_secs(30)).expect("a URL");
        assert_eq!((wait(&client), server.load(Ordering::Relaxed)), (Views::Complete, 3));
    }

    #[test]
    fn a_view_that_has_stopped_is_not_waited_for() {
        assert!(matches!(check(vec![marts(false, 3, 10)]), Views::Behind { why } if why.contains("marts has stopped")));
    }

    #[test]
    fn a_server_that_does_not_tell_is_not_asked_for_ever() {
        assert!(matches!(check(vec![json!({ "reasons": [] })]), Views::Unknown { .. }));
        assert!(matches!(check(vec![json!("a proxy's page")]), Views::Unknown { .. }));
    }
}
