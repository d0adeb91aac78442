//! The pure heart of the loader: facts in, rows and differences out.

use std::collections::{BTreeMap, HashMap};

use playhead_domain::{
    Fact, Forget, Mark, Moment, Offset, PairWork, PlayId, PlayWork, Stable, State, UserId, Video, VideoId, WatchEvent,
};
use playhead_ports::{WorkingKey, WorkingWrite};

use super::content::Content;
use super::context::{Context, Placed};
use super::keys::{self, Pair};
use super::rows::{MartRows, Totals, rows_of};

/// An event that goes into `watch_events`.
pub(crate) struct NewRow {
    pub(crate) event: WatchEvent,
    pub(crate) partition: u32,
    pub(crate) offset: Offset,
}

/// One pair on the desk.
struct Bench {
    before: PairWork,
    now: PairWork,
    plays: HashMap<PlayId, PlayWork>,
    /// The events taken in this batch, with their places among the new rows.
    fresh: BTreeMap<WorkingKey, (Content, usize)>,
    /// All events stored before, where one came late.
    history: BTreeMap<WorkingKey, Content>,
    /// An event came late: the pair is built anew at the end.
    late: bool,
    forgotten: bool,
}

/// Works through a batch.
#[derive(Default)]
pub(crate) struct Desk {
    benches: HashMap<Pair, Bench>,
    stored_plays: HashMap<WorkingKey, PlayWork>,
    known: HashMap<WorkingKey, Content>,
    pub(super) rows: Vec<Option<NewRow>>,
    /// Stored events whose place another content takes.
    pub(super) replaced: Vec<WatchEvent>,
    pub(super) marks: Vec<(Mark, u32, Offset)>,
    pub(super) videos: BTreeMap<VideoId, Video>,
    pub(super) forgets: Vec<(Forget, u32, Offset)>,
    writes: Vec<WorkingWrite>,
}

impl Desk {
    /// The rows of the facts of a context.
    pub(crate) fn work(context: &Context) -> MartRows {
        let mut desk = Self::laid(context);
        for (place, placed) in context.facts.iter().enumerate() {
            let forgotten = context.forgotten.get(&place).map(Vec::as_slice).unwrap_or_default();
            desk.take(placed, forgotten);
        }
        desk.finish()
    }

    fn laid(context: &Context) -> Self {
        let benches = context
            .pairs
            .iter()
            .map(|(pair, work)| {
                let history = context.histories.get(pair).map(|events| events.iter().cloned().collect());
                let bench = Bench {
                    before: work.clone(),
                    now: work.clone(),
                    plays: HashMap::new(),
                    fresh: BTreeMap::new(),
                    history: history.unwrap_or_default(),
                    late: false,
                    forgotten: false,
                };
                (pair.clone(), bench)
            })
            .collect();
        Self { benches, stored_plays: context.plays.clone(), known: context.known.clone(), ..Self::default() }
    }

    fn take(&mut self, placed: &Placed, forgotten: &[WorkingKey]) {
        match &placed.fact {
            Fact::Watched(event) => self.take_event(event, placed),
            Fact::Marked(mark) => {
                let state = State::of_mark(mark.kind, mark.time, placed.offset);
                self.bench(&mark.user_id, &mark.video_id).now.state.join(&state);
                self.marks.push((mark.clone(), placed.partition, placed.offset));
            }
            Fact::Forgotten(forget) => self.forget(forget, placed, forgotten),
            Fact::Described(video) => {
                self.videos.insert(video.video_id.clone(), video.clone());
            }
        }
    }

    fn bench(&mut self, user: &UserId, video: &VideoId) -> &mut Bench {
        self.benches.get_mut(&(user.clone(), video.clone())).expect("a context has every pair of its facts")
    }

    fn take_event(&mut self, event: &WatchEvent, placed: &Placed) {
        let (key, content) = (keys::event(event), Content::of(event));
        let moment = event.moment();
        let pair = (event.user_id.clone(), event.video_id.clone());
        let bench = self.benches.get_mut(&pair).expect("a context has every pair of its facts");
        bench.now.state.join(&State::of_event(event.play_id.clone(), moment, placed.offset));
        let row = NewRow { event: event.clone(), partition: placed.partition, offset: placed.offset };
        let play = bench.plays.get(&event.play_id).copied().or_else(|| {
            let stored = self.stored_plays.get(&keys::play(&event.user_id, &event.video_id, &event.play_id));
            stored.copied()
        });
        if !bench.late && play.is_none_or(|play| event.seq > play.newest.seq) {
            let play = bench.now.advance(play.as_ref(), &moment);
            bench.plays.insert(event.play_id.clone(), play);
            bench.fresh.insert(key, (content, self.rows.len()));
            self.rows.push(Some(row));
        } else if let Some((held, place)) = bench.fresh.get_mut(&key) {
            if content.beats(held) {
                *held = content;
                bench.late = true;
                self.rows[*place] = Some(row);
            }
        } else {
            match bench.history.get(&key).or_else(|| self.known.get(&key)) {
                Some(held) if !content.beats(held) => return,
                Some(_) => self.replaced.push(event.clone()),
                None => {}
            }
            bench.late = true;
            bench.fresh.insert(key, (content, self.rows.len()));
            self.rows.push(Some(row));
        }
    }

    /// Everything of the user, or of the user and video, is as if it had never been.
    fn forget(&mut self, forget: &Forget, placed: &Placed, stored: &[WorkingKey]) {
        let is_meant = |user: &UserId, video: &VideoId| {
            *user == forget.user_id && forget.video_id.as_ref().is_none_or(|meant| meant == video)
        };
        for ((user, video), bench) in &mut self.benches {
            if is_meant(user, video) {
                for (_, place) in bench.fresh.values() {
                    self.rows[*place] = None;
                }
                let before = std::mem::take(&mut bench.before);
                *bench = Bench {
                    before,
                    now: PairWork::default(),
                    plays: HashMap::new(),
                    fresh: BTreeMap::new(),
                    history: BTreeMap::new(),
                    late: false,
                    forgotten: true,
                };
            }
        }
        for key in stored {
            self.stored_plays.remove(key);
            self.known.remove(key);
        }
        self.marks.retain(|(mark, _, _)| !is_meant(&mark.user_id, &mark.video_id));
        self.replaced.retain(|event| !is_meant(&event.user_id, &event.video_id));
        self.forgets.push((forget.clone(), placed.partition, placed.offset));
        self.writes.extend(stored.iter().map(|key| (key.clone(), None)));
    }

    fn finish(mut self) -> MartRows {
        let mut totals = Totals::default();
        let mut pairs = Vec::with_capacity(self.benches.len());
        for (pair, mut bench) in std::mem::take(&mut self.benches) {
            if bench.late {
                bench.build_anew();
            }
            bench.write(&pair, &mut self.writes);
            totals.add_difference(&pair.1, &bench.before, &bench.now);
            if bench.now != bench.before || bench.forgotten {
                pairs.push((pair, bench.now));
            }
        }
        // Rows go in by key, so that the same batch always makes the same rows in the same order.
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        let writes = std::mem::take(&mut self.writes);
        rows_of(&self, &pairs, &totals, writes)
    }
}

impl Bench {
    fn build_anew(&mut self) {
        let mut events: BTreeMap<&WorkingKey, &Content> = self.history.iter().collect();
        events.extend(self.fresh.iter().map(|(key, (content, _))| (key, content)));
        let events: Vec<(PlayId, Moment)> = events
            .into_iter()
            .filter_map(|(key, content)| {
                let (play_id, seq) = keys::play_of_event(key)?;
                Some((play_id, content.moment(seq)))
            })
            .collect();
        let state = std::mem::take(&mut self.now.state);
        let (now, plays) = PairWork::rebuild(state, events.iter().map(|(play_id, moment)| (play_id, *moment)));
        self.now = now;
        self.plays = plays.into_iter().collect();
    }

    fn write(&self, (user, video): &Pair, writes: &mut Vec<WorkingWrite>) {
        for (key, (content, _)) in &self.fresh {
            writes.push((key.clone(), Some(Stable::encode(content).into())));
        }
        for (play_id, play) in &self.plays {
            let value = Stable::encode(play).into();
            writes.push((keys::play(user, video, play_id), Some(value)));
        }
        if self.now != self.before {
            let value = (self.now != PairWork::default()).then(|| Stable::encode(&self.now).into());
            writes.push((keys::pair(user, video), value));
        }
    }
}
