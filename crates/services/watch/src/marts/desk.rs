//! The pure heart of the loader: facts in, rows and differences out.

use std::collections::{BTreeMap, HashMap, HashSet};

use playhead_domain::{
    Fact, Forget, Mark, Moment, Offset, PairWork, PlayId, PlayWork, State, UserId, Video, VideoId, WatchEvent,
};
use playhead_ports::WorkingKey;

use super::content::Content;
use super::context::{Context, Placed};
use super::keys::{self, EventKeys, Pair};
use super::rows::{MartRows, Totals, rows_of};
use super::writes::Writes;

/// An event that goes into `watch_events`.
pub(crate) struct NewRow<'a> {
    pub(crate) event: &'a WatchEvent,
    pub(crate) partition: u32,
    pub(crate) offset: Offset,
}

/// An event taken in this batch, with its place among the new rows.
struct Fresh<'a> {
    key: &'a WorkingKey,
    content: Content,
    place: usize,
}

/// One pair on the desk.
struct Bench<'a> {
    before: &'a PairWork,
    now: PairWork,
    plays: Vec<(PlayId, PlayWork)>,
    fresh: Vec<Fresh<'a>>,
    /// All events stored before, where one came late; ascending by key.
    history: &'a [(WorkingKey, Content)],
    /// An event came late: the pair is built anew at the end.
    late: bool,
    forgotten: bool,
}

/// Where something lies: the number of its bench, and its place there.
type Place = (usize, usize);

/// Works through a batch. What is looked up stays in the context; a desk holds what becomes of it.
pub(crate) struct Desk<'a> {
    context: &'a Context,
    benches: Vec<(&'a Pair, Bench<'a>)>,
    bench_of: HashMap<&'a Pair, usize>,
    play_at: HashMap<&'a WorkingKey, Place>,
    fresh_at: HashMap<&'a WorkingKey, Place>,
    /// Stored keys that a forgetting of this batch has taken away.
    gone: HashSet<&'a WorkingKey>,
    pub(super) rows: Vec<Option<NewRow<'a>>>,
    /// Stored events whose place another content takes.
    pub(super) replaced: Vec<&'a WatchEvent>,
    pub(super) marks: Vec<(&'a Mark, u32, Offset)>,
    pub(super) videos: BTreeMap<&'a VideoId, &'a Video>,
    pub(super) forgets: Vec<(&'a Forget, u32, Offset)>,
    writes: Writes,
}

impl<'a> Desk<'a> {
    /// The rows of the facts of a context.
    pub(crate) fn work(context: &'a Context) -> MartRows {
        let mut desk = Self::laid(context);
        let mut keys = context.keys.iter();
        for (number, placed) in context.facts.iter().enumerate() {
            match &placed.fact {
                Fact::Watched(event) => {
                    let keys = keys.next().expect("a context has the keys of every event");
                    desk.take_event(event, keys, placed);
                }
                Fact::Marked(mark) => {
                    let state = State::of_mark(mark.kind, mark.time, placed.offset);
                    let number = desk.number_of(&mark.user_id, &mark.video_id);
                    desk.benches[number].1.now.state.join(&state);
                    desk.marks.push((mark, placed.partition, placed.offset));
                }
                Fact::Forgotten(forget) => {
                    let stored = context.forgotten.get(&number).map(Vec::as_slice).unwrap_or_default();
                    desk.forget(forget, placed, stored);
                }
                Fact::Described(video) => {
                    desk.videos.insert(&video.video_id, video);
                }
            }
        }
        desk.finish()
    }

    fn laid(context: &'a Context) -> Self {
        let bench = |(pair, work): (&'a Pair, &'a PairWork)| {
            let history = context.histories.get(pair).map(Vec::as_slice).unwrap_or_default();
            let bench = Bench {
                before: work,
                now: work.clone(),
                plays: Vec::new(),
                fresh: Vec::new(),
                history,
                late: false,
                forgotten: false,
            };
            (pair, bench)
        };
        let benches: Vec<_> = context.pairs.iter().map(bench).collect();
        Self {
            context,
            bench_of: benches.iter().enumerate().map(|(number, (pair, _))| (*pair, number)).collect(),
            benches,
            play_at: HashMap::with_capacity(context.keys.len()),
            fresh_at: HashMap::with_capacity(context.keys.len()),
            gone: HashSet::new(),
            rows: Vec::with_capacity(context.keys.len()),
            replaced: Vec::new(),
            marks: Vec::new(),
            videos: BTreeMap::new(),
            forgets: Vec::new(),
            writes: Writes::default(),
        }
    }

    fn number_of(&self, user: &UserId, video: &VideoId) -> usize {
        *self.bench_of.get(&(user.clone(), video.clone())).expect("a context has every pair of its facts")
    }

    fn take_event(&mut self, event: &'a WatchEvent, keys: &'a EventKeys, placed: &Placed) {
        let number = self.number_of(&event.user_id, &event.video_id);
        let context = self.context;
        let (content, moment) = (Content::of(event), event.moment());
        let row = NewRow { event, partition: placed.partition, offset: placed.offset };
        let is_stored = |key: &&WorkingKey| !self.gone.contains(*key);
        let bench = &mut self.benches[number].1;
        bench.now.state.join(&State::of_event(event.play_id.clone(), moment, placed.offset));
        let play_at = self.play_at.get(&keys.play).map(|&(_, at)| at);
        let play = match play_at {
            Some(at) => Some(bench.plays[at].1),
            None => Some(&keys.play).filter(is_stored).and_then(|key| context.plays.get(key).copied()),
        };
        if !bench.late && play.is_none_or(|play| event.seq > play.newest.seq) {
            let play = bench.now.advance(play.as_ref(), &moment);
            match play_at {
                Some(at) => bench.plays[at].1 = play,
                None => {
                    self.play_at.insert(&keys.play, (number, bench.plays.len()));
                    bench.plays.push((event.play_id.clone(), play));
                }
            }
        } else if let Some(&(_, at)) = self.fresh_at.get(&keys.event) {
            let held = &mut bench.fresh[at];
            if content.beats(&held.content) {
                held.content = content;
                bench.late = true;
                self.rows[held.place] = Some(row);
            }
            return;
        } else {
            let known = || Some(&keys.event).filter(is_stored).and_then(|key| context.known.get(key));
            match bench.stored(&keys.event).or_else(known) {
                Some(held) if !content.beats(held) => return,
                Some(_) => self.replaced.push(event),
                None => {}
            }
            bench.late = true;
        }
        self.fresh_at.insert(&keys.event, (number, bench.fresh.len()));
        bench.fresh.push(Fresh { key: &keys.event, content, place: self.rows.len() });
        self.rows.push(Some(row));
    }

    /// Everything of the user, or of the user and video, is as if it had never been.
    fn forget(&mut self, forget: &'a Forget, placed: &Placed, stored: &'a [WorkingKey]) {
        let is_meant = |user: &UserId, video: &VideoId| {
            *user == forget.user_id && forget.video_id.as_ref().is_none_or(|meant| meant == video)
        };
        let meant = self.benches.iter_mut().enumerate().filter(|(_, ((user, video), _))| is_meant(user, video));
        for (number, (_, bench)) in meant {
            for fresh in &bench.fresh {
                self.rows[fresh.place] = None;
            }
            self.play_at.retain(|_, (of, _)| *of != number);
            self.fresh_at.retain(|_, (of, _)| *of != number);
            *bench = Bench {
                before: bench.before,
                now: PairWork::default(),
                plays: Vec::new(),
                fresh: Vec::new(),
                history: &[],
                late: false,
                forgotten: true,
            };
        }
        self.marks.retain(|(mark, _, _)| !is_meant(&mark.user_id, &mark.video_id));
        self.replaced.retain(|event| !is_meant(&event.user_id, &event.video_id));
        self.forgets.push((forget, placed.partition, placed.offset));
        for key in stored {
            self.gone.insert(key);
            self.writes.remove(|bytes| bytes.extend_from_slice(key));
        }
    }

    fn finish(mut self) -> MartRows {
        let mut totals = Totals::default();
        // By key, so that the same batch always makes the same rows in the same order.
        let mut benches = std::mem::take(&mut self.benches);
        benches.sort_unstable_by_key(|(pair, _)| *pair);
        for (pair, bench) in &mut benches {
            if bench.late {
                bench.build_anew();
            }
            totals.add_difference(&pair.1, bench.before, &bench.now);
        }
        let mut writes = std::mem::take(&mut self.writes);
        // One kind of key after the other, which is nearly their order in the store.
        benches.iter().for_each(|(_, bench)| bench.write_events(&mut writes));
        benches.iter().for_each(|(pair, bench)| bench.write_plays(pair, &mut writes));
        benches.iter().for_each(|(pair, bench)| bench.write_pair(pair, &mut writes));
        let changed = benches.iter().filter(|(_, bench)| bench.now != *bench.before || bench.forgotten);
        let pairs: Vec<(&Pair, &PairWork)> = changed.map(|(pair, bench)| (*pair, &bench.now)).collect();
        rows_of(&self, &pairs, &totals, writes.done())
    }
}

impl Bench<'_> {
    fn stored(&self, key: &WorkingKey) -> Option<&Content> {
        let at = self.history.binary_search_by(|(stored, _)| stored.cmp(key)).ok()?;
        Some(&self.history[at].1)
    }

    fn build_anew(&mut self) {
        let mut events: BTreeMap<&WorkingKey, &Content> =
            self.history.iter().map(|(key, content)| (key, content)).collect();
        events.extend(self.fresh.iter().map(|fresh| (fresh.key, &fresh.content)));
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

    fn write_events(&self, writes: &mut Writes) {
        for fresh in &self.fresh {
            writes.put(|bytes| bytes.extend_from_slice(fresh.key), &fresh.content);
        }
    }

    fn write_plays(&self, (user, video): &Pair, writes: &mut Writes) {
        for (play_id, play) in &self.plays {
            writes.put(|bytes| keys::put_play(bytes, user, video, play_id), play);
        }
    }

    fn write_pair(&self, (user, video): &Pair, writes: &mut Writes) {
        let put_key = |bytes: &mut Vec<u8>| keys::put_pair(bytes, user, video);
        if self.now != *self.before {
            if self.now == PairWork::default() {
                writes.remove(put_key);
            } else {
                writes.put(put_key, &self.now);
            }
        }
    }
}
