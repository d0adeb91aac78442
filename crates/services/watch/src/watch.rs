//! The use cases of watch positions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use playhead_domain::{
    Fact, FieldError, Forget, Mark, MarkKind, Offset, Position, State, Timestamp, UserId, Video, VideoId, WatchEvent,
    partition_of,
};
use playhead_ports::{AppendError, Base, Clock, Delta, EventLog, LogError, Recent, TopicPartition};

use crate::clock_rule;
use crate::config::Config;
use crate::forget_gate::ForgetGate;
use crate::intake::NewEvent;
use crate::listing::{ListQuery, Page};
use crate::read::{ReadError, Reading, all_positions, states};
use crate::topics::{VIDEOS, WATCH, record_of, topic};

/// What is known of a request beside its events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Receipt {
    /// The caller's clock at sending.
    pub sent_time: Option<Timestamp>,
    /// Times of any age stay as they are.
    pub backfill: bool,
}

/// The answer for an event that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// When it happened, as corrected.
    pub event_time: Timestamp,
    /// When it was taken.
    pub received_time: Timestamp,
}

/// Why something was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A field is not as it must be.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Recent positions are full: the fold into the base is behind.
    #[error("{held} recent positions wait to be folded, at most {most} may")]
    Behind {
        /// How many wait.
        held: usize,
        /// The limit.
        most: usize,
    },
    /// The log did not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// The watch service.
pub struct Watch {
    log: Arc<dyn EventLog>,
    recent: Arc<dyn Recent>,
    base: Arc<dyn Base>,
    clock: Arc<dyn Clock>,
    config: Config,
    gate: ForgetGate,
    /// Recent may lack what was acknowledged: set until it was caught up, and when it failed.
    stale: AtomicBool,
}

impl Watch {
    /// Makes the topics if they are not there. Reads say that they may be stale until [`Watch::caught_up`].
    pub async fn open(
        log: Arc<dyn EventLog>,
        recent: Arc<dyn Recent>,
        base: Arc<dyn Base>,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Result<Self, LogError> {
        for name in [WATCH, VIDEOS] {
            log.create(&topic(name), config.partitions).await?;
        }
        Ok(Self { log, recent, base, clock, config, gate: ForgetGate::new(), stale: AtomicBool::new(true) })
    }

    /// Recent has all that the base has not.
    pub fn caught_up(&self) {
        self.stale.store(false, Ordering::Release);
    }

    /// Records events; each has its answer in its place, and one that is refused loses no other. What is answered well is
    /// durable, and every read sees it or a newer one. Dropping the future may leave events recorded that nobody
    /// acknowledged.
    pub async fn record(&self, events: Vec<NewEvent>, receipt: Receipt) -> Vec<Result<Recorded, RecordError>> {
        if let Err(behind) = self.room() {
            return events.iter().map(|_| Err(behind.clone())).collect();
        }
        let _passed = self.gate.write(events.iter().map(NewEvent::user_id)).await;
        let received = self.clock.now();
        let mut happened: Vec<WatchEvent> = Vec::with_capacity(events.len());
        for event in events {
            happened.push(self.happened(event, receipt, received).await);
        }
        let recorded: Vec<Recorded> =
            happened.iter().map(|event| Recorded { event_time: event.event_time, received_time: received }).collect();
        let facts = happened.into_iter().map(Fact::Watched).collect();
        let offsets = self.append_and_show(facts, received).await;
        offsets.into_iter().zip(recorded).map(|(offset, recorded)| Ok(offset.map(|_| recorded)?)).collect()
    }

    /// Records one event, with the same promises and without the pieces of memory that a batch needs.
    pub async fn record_one(&self, event: NewEvent, receipt: Receipt) -> Result<Recorded, RecordError> {
        self.room()?;
        let _passed = self.gate.write_one(event.user_id()).await;
        let received = self.clock.now();
        let event = self.happened(event, receipt, received).await;
        let recorded = Recorded { event_time: event.event_time, received_time: received };
        self.append_and_show_one(&Fact::Watched(event), received).await?;
        Ok(recorded)
    }

    /// The event with the time that it has by the clock rule. Only one whose time was corrected is looked up: whether it is
    /// known, or comes before what is known. What cannot be read is not waited for.
    async fn happened(&self, event: NewEvent, receipt: Receipt, received: Timestamp) -> WatchEvent {
        let time = clock_rule::corrected(event.event_time(), receipt, received, &self.config);
        let mut event = event.into_event(time, received);
        if clock_rule::is_corrected(&event) {
            let video = std::slice::from_ref(&event.video_id);
            let read = states(&*self.recent, &*self.base, &event.user_id, video).await;
            if let Some(known) = read.ok().and_then(|read| read.value.into_iter().next()) {
                clock_rule::settle(&mut event, &known);
            }
        }
        event
    }

    /// The positions of some videos of a user, in their order.
    pub async fn positions(
        &self,
        user: &UserId,
        videos: &[VideoId],
    ) -> Result<Reading<Vec<Option<Position>>>, ReadError> {
        let most = self.config.videos_per_read_max;
        if videos.len() > most {
            return Err(ReadError::TooManyVideos { named: videos.len(), most });
        }
        let read = states(&*self.recent, &*self.base, user, videos).await?;
        let value = read.value.iter().map(Position::of).collect();
        Ok(Reading { value, stale: read.stale || self.is_stale() })
    }

    /// A page of a user's positions, newest first.
    pub async fn list(&self, user: &UserId, query: &ListQuery) -> Result<Reading<Page>, ReadError> {
        let read = all_positions(&*self.recent, &*self.base, user).await?;
        Ok(Reading { value: Page::of(read.value, query), stale: read.stale || self.is_stale() })
    }

    /// The most positions on a page.
    pub fn page_max(&self) -> usize {
        self.config.page_max
    }

    /// Marks a video of a user.
    pub async fn mark(&self, user: UserId, video: VideoId, kind: MarkKind) -> Result<(), RecordError> {
        self.room()?;
        let _passed = self.gate.write_one(&user).await;
        let time = self.time_of_mark(&user, &video).await;
        let fact = Fact::Marked(Mark { user_id: user, video_id: video, kind, time });
        self.append_and_show_one(&fact, time).await?;
        Ok(())
    }

    /// The time of a mark: now, or later where a player's clock runs ahead or another mark has this very time, so that what is
    /// said by hand holds against all that was watched and said before it.
    async fn time_of_mark(&self, user: &UserId, video: &VideoId) -> Timestamp {
        let now = self.clock.now();
        let read = states(&*self.recent, &*self.base, user, std::slice::from_ref(video)).await;
        let Some(state) = read.ok().and_then(|read| read.value.into_iter().next()) else { return now };
        let watched = Position::of(&state).map(|position| position.event_time);
        let marked = MarkKind::ALL.into_iter().filter_map(|kind| state.marks().time(kind)).map(|time| time.plus_ms(1));
        marked.chain(watched).fold(now, Timestamp::max)
    }

    /// Forgets a user, or one video of theirs: gone from every read when this is answered, from the warehouse with the next
    /// batch, from the files' bytes with the log's retention.
    pub async fn forget(&self, user: UserId, video: Option<VideoId>) -> Result<(), RecordError> {
        let _alone = self.gate.forget(&user).await;
        let time = self.clock.now();
        let at = self.partition(WATCH, &user);
        let fact = Fact::Forgotten(Forget { user_id: user.clone(), video_id: video.clone(), time, below: None });
        let answer = self.log.append(&at, vec![record_of(&fact, time)]).await.pop();
        let below = answer.expect("one record has one answer")?;
        let forgotten = self.recent.forget(&at, &user, video.as_ref(), below).await;
        self.note(forgotten);
        Ok(())
    }

    /// Describes videos, so that analysts read names.
    pub async fn describe(&self, videos: Vec<Video>) -> Vec<Result<(), RecordError>> {
        let time = self.clock.now();
        let records = videos.into_iter().map(|video| record_of(&Fact::Described(video), time)).collect();
        let at = TopicPartition::new(&topic(VIDEOS), 0);
        let answers = self.log.append(&at, records).await;
        answers.into_iter().map(|answer| Ok(answer.map(|_| ())?)).collect()
    }

    /// The partitions that hold users' facts.
    pub fn user_partitions(&self) -> Vec<TopicPartition> {
        (0..self.config.partitions).map(|partition| TopicPartition::new(&topic(WATCH), partition)).collect()
    }

    pub(crate) fn stores(&self) -> (&dyn EventLog, &dyn Recent, &dyn Base) {
        (&*self.log, &*self.recent, &*self.base)
    }

    /// Now, by the service's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn room(&self) -> Result<(), RecordError> {
        let room = self.recent.room();
        if room.is_full() { Err(RecordError::Behind { held: room.held, most: room.most }) } else { Ok(()) }
    }

    fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    fn partition(&self, name: &'static str, user: &UserId) -> TopicPartition {
        TopicPartition::new(&topic(name), partition_of(user, self.config.partitions))
    }

    /// Appends facts of users, each to its partition, and shows what is durable to every reader.
    async fn append_and_show(&self, facts: Vec<Fact>, time: Timestamp) -> Vec<Result<Offset, AppendError>> {
        let mut answers: Vec<Option<Result<Offset, AppendError>>> = vec![None; facts.len()];
        for (at, places) in self.by_partition(&facts) {
            let records = places.iter().map(|&place| record_of(&facts[place], time)).collect();
            let appended = self.log.append(&at, records).await;
            let mut deltas = Vec::with_capacity(places.len());
            for (place, answer) in places.into_iter().zip(appended) {
                if let Ok(offset) = answer {
                    deltas.extend(delta_of(&facts[place], offset));
                }
                answers[place] = Some(answer);
            }
            let merged = self.recent.merge(&at, deltas).await;
            self.note(merged);
        }
        answers.into_iter().map(|answer| answer.expect("every fact is in one partition")).collect()
    }

    /// The same for one fact.
    async fn append_and_show_one(&self, fact: &Fact, time: Timestamp) -> Result<Offset, AppendError> {
        let at = self.partition_of(fact);
        let answer = self.log.append(&at, vec![record_of(fact, time)]).await.pop();
        let offset = answer.expect("one record has one answer")?;
        let merged = self.recent.merge(&at, delta_of(fact, offset).into_iter().collect()).await;
        self.note(merged);
        Ok(offset)
    }

    fn partition_of(&self, fact: &Fact) -> TopicPartition {
        match fact {
            Fact::Watched(event) => self.partition(WATCH, &event.user_id),
            Fact::Marked(mark) => self.partition(WATCH, &mark.user_id),
            Fact::Forgotten(forget) => self.partition(WATCH, &forget.user_id),
            Fact::Described(_) => TopicPartition::new(&topic(VIDEOS), 0),
        }
    }

    /// The places of the facts in each partition.
    fn by_partition(&self, facts: &[Fact]) -> Vec<(TopicPartition, Vec<usize>)> {
        let mut parts: Vec<(TopicPartition, Vec<usize>)> = Vec::with_capacity(1);
        for (place, fact) in facts.iter().enumerate() {
            let at = self.partition_of(fact);
            match parts.iter_mut().find(|(part, _)| *part == at) {
                Some((_, places)) => places.push(place),
                None => parts.push((at, vec![place])),
            }
        }
        parts
    }

    /// What was acknowledged may not be in recent any more.
    fn note<E: std::fmt::Display>(&self, done: Result<(), E>) {
        if let Err(error) = done {
            tracing::warn!(%error, "recent positions are away; reads say that they may be stale");
            self.stale.store(true, Ordering::Release);
        }
    }
}

/// What a fact adds to recent positions.
pub(crate) fn delta_of(fact: &Fact, offset: Offset) -> Option<Delta> {
    let (user_id, video_id, state) = match fact {
        Fact::Watched(event) => {
            let state = State::of_event(event.play_id.clone(), event.moment(), offset);
            (&event.user_id, &event.video_id, state)
        }
        Fact::Marked(mark) => (&mark.user_id, &mark.video_id, State::of_mark(mark.kind, mark.time, offset)),
        Fact::Forgotten(_) | Fact::Described(_) => return None,
    };
    Some(Delta { user_id: user_id.clone(), video_id: video_id.clone(), state })
}
