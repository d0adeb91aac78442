//! Random viewers: late seeks, plays over midnight, derived plays, completions, several devices, accidents.

use fastrand::Rng;

const DAY_MS: i64 = 86_400_000;
/// 2026-03-01T00:00:00Z.
const BEGIN_MS: i64 = 20_513 * DAY_MS;

/// An event as a player sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) user: String,
    pub(crate) video: String,
    pub(crate) play: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) time: i64,
    pub(crate) position: u64,
    pub(crate) duration: Option<u64>,
    pub(crate) kind: &'static str,
}

/// Makes events from a seed.
pub(crate) struct Feed {
    rng: Rng,
}

impl Feed {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed) }
    }

    /// At least one play after another until there are so many events, in the order of time.
    pub(crate) fn events(&mut self, count: usize) -> Vec<Sent> {
        let mut events = Vec::with_capacity(count);
        let mut play = 0;
        while events.len() < count {
            play += 1;
            self.play(play, &mut events);
        }
        events.truncate(count);
        events.sort_by_key(|sent| (sent.time, sent.seq));
        events
    }

    fn play(&mut self, number: u32, into: &mut Vec<Sent>) {
        let rng = &mut self.rng;
        let user = format!("u{}", rng.u32(0..400));
        let video = format!("v{}", rng.u32(0..30));
        let derived = rng.u8(..) < 30;
        let duration = (rng.u8(..) < 230).then(|| 1_000 * rng.u64(20..2_000));
        // Plays often begin shortly before midnight.
        let late = if rng.bool() { DAY_MS - rng.i64(0..120_000) } else { rng.i64(0..DAY_MS) };
        let mut time = BEGIN_MS + DAY_MS * rng.i64(0..10) + late;
        let mut position = if rng.bool() { 0 } else { 1_000 * rng.u64(0..1_500) };
        for n in 0..rng.u64(1..40) {
            let kind = match rng.u8(..) {
                0..=25 => "seek",
                26..=35 => "pause",
                36..=40 => "ended",
                _ => "progress",
            };
            if kind == "seek" {
                position = 1_000 * rng.u64(0..2_000);
            }
            into.push(Sent {
                user: user.clone(),
                video: video.clone(),
                play: (!derived).then(|| format!("p{number}")),
                seq: (!derived).then_some(n),
                time,
                position,
                duration,
                kind,
            });
            let step = rng.i64(1..15_000);
            // A player's clock may step back within a play.
            time += if rng.u8(..) < 5 { -step } else { step };
            position += u64::try_from(step * rng.i64(0..6)).unwrap_or(0);
        }
    }

    /// Every event once or more, in any order.
    pub(crate) fn shuffled_with_repetitions(&mut self, events: &[Sent]) -> Vec<Sent> {
        let mut order: Vec<Sent> = events.to_vec();
        for _ in 0..events.len() / 3 {
            let again = self.rng.usize(0..events.len());
            order.push(events[again].clone());
        }
        self.rng.shuffle(&mut order);
        order
    }

    /// Mostly in order; one in ten comes up to 20,000 places late.
    pub(crate) fn delayed(&mut self, events: &[Sent]) -> Vec<Sent> {
        let mut order: Vec<(usize, Sent)> = Vec::with_capacity(events.len());
        for (place, sent) in events.iter().enumerate() {
            let late = if self.rng.u8(..) < 25 { self.rng.usize(0..20_000) } else { 0 };
            order.push((place + late, sent.clone()));
        }
        order.sort_by_key(|(place, _)| *place);
        order.into_iter().map(|(_, sent)| sent).collect()
    }
}
