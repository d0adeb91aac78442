//! What a viewer reads after their events came late, twice and shuffled: last writer wins (by arrival, by time) and the join
//! of slices, against the same events in order; and what joining and replaying cost.
//!
//! cargo run --release --manifest-path bench/decisions/Cargo.toml --bin merge [-- SEED]

use std::time::Instant;

use playhead_domain::{Kind, Moment, Offset, PlayId, Position, Stable, State, Timestamp};

const PAIRS: usize = 20_000;
const HEARTBEAT_MS: i64 = 10_000;
/// Nearer than this nobody complains.
const NEAR_MS: u64 = 30_000;
const DURATION_MS: u64 = 5_400_000;
const BEGIN: Timestamp = Timestamp(1_790_000_000_000);

#[derive(Clone)]
struct Event {
    play: PlayId,
    moment: Moment,
}

/// A play of so many heartbeats from a position on.
fn play(name: &str, from: Timestamp, position_ms: u64, beats: u64) -> Vec<Event> {
    let event = |n: u64| Event {
        play: PlayId::from_stored(name),
        moment: Moment {
            seq: n,
            event_time: from.plus_ms(n as i64 * HEARTBEAT_MS),
            position_ms: position_ms + n * HEARTBEAT_MS as u64,
            kind: Kind::Progress,
            duration_ms: Some(DURATION_MS),
        },
    };
    (0..beats).map(event).collect()
}

/// Two sittings, then in a third of the cases a glance at the beginning of a few seconds, by accident.
fn history(random: &mut fastrand::Rng) -> Vec<Event> {
    let first = random.u64(10..60);
    let mut events = play("a", BEGIN, 0, first);
    let second_at = BEGIN.plus_ms(86_400_000);
    events.extend(play("b", second_at, first * HEARTBEAT_MS as u64, random.u64(10..60)));
    if random.u8(0..3) == 0 {
        events.extend(play("c", second_at.plus_ms(7_200_000), 0, random.u64(1..3)));
    }
    events
}

/// As a network gives them: one in fifty twice (the second up to 100 s later), neighbours out of order, and in a fifth of the cases a device that was offline hands in
/// the first sitting at the end.
fn delivered(events: &[Event], random: &mut fastrand::Rng) -> Vec<Event> {
    let mut arrived: Vec<(u64, Event)> = Vec::new();
    let offline = random.u8(0..5) == 0;
    for (place, event) in events.iter().enumerate() {
        let is_late = offline && event.play.as_str() == "a";
        let at = if is_late { 1_000_000 } else { 0 } + place as u64 * 10 + random.u64(0..30);
        arrived.push((at, event.clone()));
        if random.u8(0..50) == 0 {
            arrived.push((at + random.u64(1..100), event.clone()));
        }
    }
    arrived.sort_by_key(|(at, _)| *at);
    arrived.into_iter().map(|(_, event)| event).collect()
}

fn joined(events: &[Event]) -> State {
    let mut state = State::default();
    for (offset, event) in events.iter().enumerate() {
        state.join(&State::of_event(event.play.clone(), event.moment, Offset(offset as u64)));
    }
    state
}

fn read(state: &State) -> Position {
    Position::of(state).expect("there are events")
}

fn main() {
    let seed = std::env::args().nth(1).map_or(7, |text| text.parse().expect("a number"));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut wrong = [[0usize; 2]; 3];
    for _ in 0..PAIRS {
        let events = history(&mut random);
        let truth = read(&joined(&events));
        let arrived = delivered(&events, &mut random);
        let last = arrived.last().expect("there are events").moment.position_ms;
        let newest = arrived.iter().max_by_key(|event| event.moment.event_time).expect("there are events");
        let slices = read(&joined(&arrived));
        let newest = newest.moment.position_ms;
        let found = [(last, last), (newest, newest), (slices.position_ms, slices.resume_ms)];
        for (row, (position_ms, resume_ms)) in found.into_iter().enumerate() {
            wrong[row][0] += usize::from(position_ms.abs_diff(truth.position_ms) > NEAR_MS);
            wrong[row][1] += usize::from(resume_ms.abs_diff(truth.resume_ms) > NEAR_MS);
        }
    }
    let share = |count: usize| count as f64 * 100.0 / PAIRS as f64;
    println!("seed {seed}, {PAIRS} pairs of viewer and film{:>16} {:>16}", "position wrong", "resume wrong");
    for (name, [position, resume]) in ["last arrival wins", "greatest event_time wins", "join of slices"].iter().zip(wrong) {
        println!("{name:44} {:14.1} % {:14.1} %", share(position), share(resume));
    }
    cost(&mut random);
}

/// One pair with 540 events (90 minutes, a heartbeat each 10 s) in 1, 8 and 32 plays.
fn cost(random: &mut fastrand::Rng) {
    println!("\n{:>6} {:>8} {:>14} {:>14} {:>14} {:>16}", "plays", "events", "state bytes", "join ns", "read ns", "replay+read ns");
    for plays in [1u64, 8, 32] {
        let beats = 540 / plays;
        let begin = |n: u64| BEGIN.plus_ms(n as i64 * 20_000_000);
        let mut events: Vec<Event> =
            (0..plays).flat_map(|n| play(&format!("play-{n}"), begin(n), n * 100_000, beats)).collect();
        let state = joined(&events);
        random.shuffle(&mut events);
        let one = State::of_event(events[0].play.clone(), events[0].moment, Offset(9));
        let join_ns = timed(20_000, || {
            let mut held = state.clone();
            held.join(&one);
            std::hint::black_box(held);
        });
        let read_ns = timed(20_000, || drop(std::hint::black_box(Position::of(&state))));
        let replay_ns = timed(200, || drop(std::hint::black_box(Position::of(&joined(&events)))));
        let bytes = Stable::encode(&state).len();
        println!("{plays:6} {:8} {bytes:14} {join_ns:14.0} {read_ns:14.0} {replay_ns:16.0}", events.len());
    }
}

fn timed(times: u32, mut act: impl FnMut()) -> f64 {
    let begun = Instant::now();
    (0..times).for_each(|_| act());
    begun.elapsed().as_nanos() as f64 / f64::from(times)
}
