//! What was sent, what was acknowledged, and whether what is read and loaded agrees with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use playhead_contracts::watch;
use playhead_domain::{Offset, PlayId, Position, State};
use playhead_testkit::{Http, Program};
use serde_json::Value;

use crate::plan::Planned;

/// What makes one event newer than another, between the plays of a pair.
type Newness = (i64, String);
type Pair = (String, String);

/// All that was sent, shared by those who send and those who read.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Books>);

#[derive(Default)]
struct Books {
    /// By play and number.
    events: HashMap<(String, u64), Sent>,
    /// By play and time, the number.
    numbers: HashMap<(String, i64), u64>,
    pairs: BTreeMap<Pair, Account>,
    counts: Counts,
    complaints: Vec<String>,
}

struct Sent {
    planned: Planned,
    acknowledged: bool,
}

/// What is known of a pair.
#[derive(Default)]
struct Account {
    /// Of the acknowledged events alone.
    acknowledged: State,
    /// The newest that anybody has read.
    read: Option<Newness>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Events that were sent at least once.
    pub(crate) sent: u64,
    /// Of these, how many were acknowledged.
    pub(crate) acknowledged: u64,
    /// Reads that were compared.
    pub(crate) reads: u64,
    /// Reads that gave less than what was acknowledged before they were asked.
    pub(crate) lost: u64,
    /// Reads that gave less than an earlier read.
    pub(crate) gone_back: u64,
    /// Reads that gave what nobody had sent.
    pub(crate) invented: u64,
    /// Rows of the warehouse.
    pub(crate) loaded: u64,
    /// Acknowledged events that the warehouse lacks.
    pub(crate) missing: u64,
    /// Events that the warehouse has more than once.
    pub(crate) doubled: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "events sent {}, acknowledged {}; reads {}: lost {}, gone back {}, invented {}; loaded {}: missing {}, doubled {}",
            self.sent,
            self.acknowledged,
            self.reads,
            self.lost,
            self.gone_back,
            self.invented,
            self.loaded,
            self.missing,
            self.doubled
        )
    }
}

/// What a read must at least give, as known before it was asked.
pub(crate) struct Expected {
    pair: Pair,
    acknowledged: Option<Newness>,
    read: Option<Newness>,
}

/// A position, as an interface tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) event_time: i64,
    pub(crate) play: String,
    pub(crate) position_ms: u64,
    pub(crate) resume_ms: u64,
    pub(crate) completed: bool,
}

impl Told {
    pub(crate) fn of_json(position: &Value) -> Self {
        let number = |name: &str| position[name].as_u64().unwrap_or_else(|| panic!("no {name} in {position}"));
        Self {
            event_time: i64::try_from(number("event_time")).expect("a time"),
            play: position["play_id"].as_str().unwrap_or_default().to_owned(),
            position_ms: number("position_ms"),
            resume_ms: number("resume_ms"),
            completed: position["completed"].as_bool().expect("completed is there"),
        }
    }

    pub(crate) fn of_proto(position: &watch::Position) -> Self {
        Self {
            event_time: position.event_time,
            play: position.play_id.clone(),
            position_ms: position.position_ms,
            resume_ms: position.resume_ms,
            completed: position.completed,
        }
    }

    pub(crate) fn of(position: &Position) -> Self {
        Self {
            event_time: position.event_time.0,
            play: position.play_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            position_ms: position.position_ms,
            resume_ms: position.resume_ms,
            completed: position.completed,
        }
    }
}

impl Ledger {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These are about to be sent.
    pub(crate) fn sending(&self, batch: &[Planned]) {
        let mut books = self.books();
        for planned in batch {
            let number = (planned.play.clone(), planned.moment.seq);
            if books.events.contains_key(&number) {
                continue;
            }
            books.numbers.insert((planned.play.clone(), planned.moment.event_time.0), planned.moment.seq);
            books.events.insert(number, Sent { planned: planned.clone(), acknowledged: false });
            books.counts.sent += 1;
        }
    }

    /// This was answered well.
    pub(crate) fn acknowledged(&self, planned: &Planned) {
        let mut books = self.books();
        let sent = books.events.get_mut(&(planned.play.clone(), planned.moment.seq)).expect("it was sent");
        if std::mem::replace(&mut sent.acknowledged, true) {
            return;
        }
        books.counts.acknowledged += 1;
        let account = books.pairs.entry((planned.user.clone(), planned.video.clone())).or_default();
        account.acknowledged.join(&state_of(planned));
    }

    /// What a read that is asked from now on must give.
    pub(crate) fn expected(&self, user: &str, video: &str) -> Expected {
        let pair = (user.to_owned(), video.to_owned());
        let books = self.books();
        let account = books.pairs.get(&pair);
        let acknowledged = account.and_then(|account| Position::of(&account.acknowledged)).map(|position| {
            let told = Told::of(&position);
            (told.event_time, told.play)
        });
        Expected { acknowledged, read: account.and_then(|account| account.read.clone()), pair }
    }

    /// Compares what was read with what was expected; none is "nothing is known".
    pub(crate) fn compare(&self, expected: Expected, told: Option<&Told>) {
        let mut books = self.books();
        books.counts.reads += 1;
        let newness = told.map(|told| (told.event_time, told.play.clone()));
        if newness < expected.acknowledged {
            books.counts.lost += 1;
            books.complain(format!(
                "{:?}: {newness:?} is less than what was acknowledged: {:?}",
                expected.pair, expected.acknowledged
            ));
        } else if newness < expected.read {
            books.counts.gone_back += 1;
            books.complain(format!(
                "{:?}: {newness:?} is less than what was read before: {:?}",
                expected.pair, expected.read
            ));
        }
        let Some(told) = told else { return };
        let number = books.numbers.get(&(told.play.clone(), told.event_time)).copied();
        let sent = number.and_then(|number| books.events.get(&(told.play.clone(), number)));
        let is_known = sent.is_some_and(|sent| {
            sent.planned.moment.position_ms == told.position_ms
                && (&sent.planned.user, &sent.planned.video) == (&expected.pair.0, &expected.pair.1)
        });
        if !is_known {
            books.counts.invented += 1;
            books.complain(format!("{:?}: nobody sent {told:?}", expected.pair));
        }
        let account = books.pairs.entry(expected.pair).or_default();
        account.read = account.read.take().max(newness);
    }

    /// Reads every pair that anything was acknowledged of, and compares.
    pub(crate) fn read_all(&self, http: &Http) {
        let pairs: Vec<Pair> = self.books().pairs.keys().cloned().collect();
        let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (user, video) in pairs {
            by_user.entry(user).or_default().push(video);
        }
        for (user, videos) in by_user {
            let expected: Vec<Expected> = videos.iter().map(|video| self.expected(&user, video)).collect();
            let query: Vec<String> = videos.iter().map(|video| format!("video={video}")).collect();
            let answer = http.get(&format!("/v1/users/{user}/positions?{}", query.join("&")));
            let answer = answer.expect("the server answers").expect_status(200);
            assert_eq!(answer.json["stale"], false, "{}", answer.text);
            let told: HashMap<&str, Told> = answer.json["positions"]
                .as_array()
                .expect("positions are there")
                .iter()
                .map(|position| (position["video_id"].as_str().expect("a video"), Told::of_json(position)))
                .collect();
            for (expected, video) in expected.into_iter().zip(&videos) {
                self.compare(expected, told.get(video.as_str()));
            }
        }
    }

    /// Compares what the warehouse has with what was sent, and every position with what follows from the warehouse's events.
    /// Nothing may be under way.
    pub(crate) fn audit(&self, program: &Program) {
        let users: BTreeSet<String> = self.books().pairs.keys().map(|(user, _)| user.clone()).collect();
        let total = program.sql("SELECT count(*) FROM watch_events")[0][0].as_u64().expect("a count");
        let mut found = 0;
        for user in &users {
            let states = self.audit_user(program, user, &mut found);
            for ((_, video), state) in states {
                let path = format!("/v1/users/{user}/positions/{video}");
                let answer = program.http().get(&path).expect("the server answers").expect_status(200);
                let follows = Position::of(&state).expect("there are events");
                assert_eq!(Told::of_json(&answer.json), Told::of(&follows), "{path} against the warehouse's events");
            }
        }
        let mut books = self.books();
        assert_eq!(books.counts.loaded, total, "the warehouse has events of users that nobody sent");
        books.counts.missing = books.counts.acknowledged - found;
    }

    /// The states that follow from a user's events in the warehouse; counts those that were acknowledged.
    fn audit_user(&self, program: &Program, user: &str, acknowledged: &mut u64) -> BTreeMap<Pair, State> {
        let rows = program.sql(&format!(
            "SELECT video_id, play_id, seq, epoch_ms(event_time), position_ms, kind, duration_ms, count(*) \
             FROM watch_events WHERE user_id = '{user}' GROUP BY ALL"
        ));
        let mut books = self.books();
        let mut states: BTreeMap<Pair, State> = BTreeMap::new();
        for row in rows {
            let [video, play] = [&row[0], &row[1]].map(|cell| cell.as_str().expect("text").to_owned());
            let [seq, time, position, times] =
                [&row[2], &row[3], &row[4], &row[7]].map(|cell| cell.as_u64().expect("a number"));
            books.counts.loaded += times;
            books.counts.doubled += times - 1;
            let sent = books.events.get(&(play.clone(), seq)).unwrap_or_else(|| panic!("nobody sent {row:?}"));
            let (planned, is_acknowledged) = (sent.planned.clone(), sent.acknowledged);
            let stored =
                (video.as_str(), i64::try_from(time).expect("a time"), position, row[5].as_str(), row[6].as_u64());
            let moment = planned.moment;
            let meant = (
                planned.video.as_str(),
                moment.event_time.0,
                moment.position_ms,
                Some(moment.kind.name()),
                moment.duration_ms,
            );
            assert_eq!(stored, meant, "{play} {seq}");
            *acknowledged += u64::from(is_acknowledged);
            states.entry((user.to_owned(), video)).or_default().join(&state_of(&planned));
        }
        states
    }

    /// What was acknowledged so far, by play and number.
    pub(crate) fn acknowledged_events(&self) -> Vec<(String, u64)> {
        let books = self.books();
        let acknowledged = books.events.iter().filter(|(_, sent)| sent.acknowledged);
        acknowledged.map(|(number, _)| number.clone()).collect()
    }

    /// The warehouse has these, and nothing that was never sent, each once. Gives how many it has.
    pub(crate) fn assert_loaded(&self, program: &Program, these: &[(String, u64)]) -> u64 {
        let users: BTreeSet<String> = self.books().pairs.keys().map(|(user, _)| user.clone()).collect();
        let mut loaded = BTreeSet::new();
        for user in users {
            let query = format!("SELECT play_id, seq FROM watch_events WHERE user_id = '{user}'");
            for row in program.sql(&query) {
                let number = (row[0].as_str().expect("text").to_owned(), row[1].as_u64().expect("a number"));
                assert!(self.books().events.contains_key(&number), "nobody sent {number:?}");
                assert!(loaded.insert(number), "{row:?} is there twice");
            }
        }
        let missing: Vec<_> = these.iter().filter(|number| !loaded.contains(number)).take(5).collect();
        assert!(missing.is_empty(), "missing: {missing:?}");
        loaded.len() as u64
    }

    /// The counts so far.
    pub(crate) fn counts(&self) -> Counts {
        self.books().counts
    }

    /// Fails if any read or any row was not as it must be.
    #[track_caller]
    pub(crate) fn assert_kept(&self) {
        let books = self.books();
        let counts = books.counts;
        let wrong = [counts.lost, counts.gone_back, counts.invented, counts.missing, counts.doubled];
        assert_eq!(wrong, [0; 5], "{counts}\n{}", books.complaints.join("\n"));
        assert!(counts.acknowledged > 0 && counts.reads > 0, "nothing was tried: {counts}");
    }
}

fn state_of(planned: &Planned) -> State {
    State::of_event(PlayId::from_stored(&planned.play), planned.moment, Offset(0))
}

impl Books {
    const COMPLAINTS_MAX: usize = 20;

    fn complain(&mut self, complaint: String) {
        if self.complaints.len() < Self::COMPLAINTS_MAX {
            self.complaints.push(complaint);
        }
    }
}
