//! What a batch becomes in the warehouse: steps of a load, and writes of the working state.

use std::collections::BTreeMap;

use playhead_domain::{Day, DayShare, PairWork, VideoId};
use playhead_ports::{Columns, Load, Step, Table, Values, WorkingWrite};
use smol_str::SmolStr;

use super::desk::{Desk, NewRow};
use super::keys::Pair;
use crate::forgotten::hash_of;

use super::tables::{
    FORGOTTEN, TABLES, USER_VIDEO, VIDEO_DAILY, VIDEO_RETENTION, VIDEOS_TABLE, WATCH_EVENTS, WATCH_MARKS,
};

/// The rows of a batch.
#[derive(Debug, Clone, Default)]
pub struct MartRows {
    /// Changes of the records themselves.
    pub(crate) records: Vec<Step>,
    /// Changes of the marts that follow from them.
    pub(crate) marts: Vec<Step>,
    /// Changes of the working state.
    pub(crate) writes: Vec<WorkingWrite>,
}

impl MartRows {
    /// Everything, as one load.
    pub(crate) fn into_load(self) -> (Load, Vec<WorkingWrite>) {
        let steps = self.records.into_iter().chain(self.marts).collect();
        (Load { steps }, self.writes)
    }
}

/// Differences of totals, gathered over a batch.
#[derive(Default)]
pub(super) struct Totals {
    daily: BTreeMap<(VideoId, Day), DayShare>,
    retention: BTreeMap<(VideoId, u8), i64>,
}

impl Totals {
    /// Adds what changed in a pair's share.
    pub(super) fn add_difference(&mut self, video: &VideoId, before: &PairWork, now: &PairWork) {
        let days = before.days.keys().chain(now.days.keys().filter(|day| !before.days.contains_key(day)));
        for day in days {
            let share = |work: &PairWork| work.days.get(day).copied().unwrap_or_default();
            let difference = share(now).minus(share(before));
            if difference != DayShare::default() {
                let total = self.daily.entry((video.clone(), *day)).or_default();
                *total = total.minus(DayShare::default().minus(difference));
            }
        }
        for percent in now.percents.without(before.percents).iter() {
            *self.retention.entry((video.clone(), percent)).or_default() += 1;
        }
        for percent in before.percents.without(now.percents).iter() {
            *self.retention.entry((video.clone(), percent)).or_default() -= 1;
        }
    }
}

/// The steps of what lies on the desk.
pub(super) fn rows_of(
    desk: &Desk<'_>,
    pairs: &[(&Pair, &PairWork)],
    totals: &Totals,
    writes: Vec<WorkingWrite>,
) -> MartRows {
    let mut rows = MartRows { writes, ..MartRows::default() };
    for (forget, _, offset) in &desk.forgets {
        let below = Some(("log_offset", offset.0));
        for table in [WATCH_EVENTS, WATCH_MARKS] {
            rows.records.push(forgetting(table, forget, below));
        }
        rows.marts.push(forgetting(USER_VIDEO, forget, None));
    }
    if !desk.replaced.is_empty() {
        rows.records.push(replaced(desk));
    }
    push(&mut rows.records, append(WATCH_EVENTS, events(desk.rows.iter().flatten())));
    push(&mut rows.records, append(WATCH_MARKS, marks(desk)));
    push(&mut rows.records, append(FORGOTTEN, forgotten(desk)));
    push(&mut rows.records, Step::Replace { table: VIDEOS_TABLE, rows: videos(desk) });
    push(&mut rows.marts, Step::Replace { table: USER_VIDEO, rows: user_video(pairs) });
    push(&mut rows.marts, Step::Add { table: VIDEO_DAILY, rows: daily(totals) });
    push(&mut rows.marts, Step::Add { table: VIDEO_RETENTION, rows: retention(totals) });
    rows
}

fn append(table: &'static str, rows: Columns) -> Step {
    Step::Append { table, rows }
}

/// Adds a step that has rows.
fn push(steps: &mut Vec<Step>, step: Step) {
    let (Step::Append { rows, .. } | Step::Replace { rows, .. } | Step::Add { rows, .. }) = &step else { return };
    if rows.rows() > 0 {
        steps.push(step);
    }
}

fn forgetting(table: &'static str, forget: &playhead_domain::Forget, below: Option<(&'static str, u64)>) -> Step {
    let text = |text: &str| Values::Text(vec![Some(SmolStr::new(text))]);
    let user = text(forget.user_id.as_str());
    match &forget.video_id {
        None => Step::Delete { table, by: &["user_id"], matching: Columns(vec![user]), below },
        Some(video) => {
            let matching = Columns(vec![user, text(video.as_str())]);
            Step::Delete { table, by: &["user_id", "video_id"], matching, below }
        }
    }
}

fn replaced(desk: &Desk<'_>) -> Step {
    let mut rows = Sheet::of(&["user_id", "video_id", "play_id", "seq", "event_time_sent"], WATCH_EVENTS);
    for event in &desk.replaced {
        rows.text(event.user_id.as_str());
        rows.text(event.video_id.as_str());
        rows.text(event.play_id.as_str());
        rows.uint(event.seq);
        rows.int(event.event_time_sent.0);
    }
    let by = &["user_id", "video_id", "play_id", "seq", "event_time_sent"];
    Step::Delete { table: WATCH_EVENTS, by, matching: rows.done(), below: None }
}

fn events<'a>(new: impl Iterator<Item = &'a NewRow<'a>>) -> Columns {
    let mut rows = Sheet::whole(WATCH_EVENTS);
    let mut new: Vec<&NewRow<'_>> = new.collect();
    // In the order of time, so that the engine's zone maps stay tight.
    new.sort_by_key(|row| (row.event.event_time, row.partition, row.offset));
    for NewRow { event, partition, offset } in new {
        rows.text(event.user_id.as_str());
        rows.text(event.video_id.as_str());
        rows.text(event.play_id.as_str());
        rows.uint(event.seq);
        rows.int(event.event_time.0);
        rows.int(event.event_time_sent.0);
        rows.int(event.received_time.0);
        rows.uint(event.position_ms);
        rows.uint(event.duration_ms);
        rows.text(event.kind.name());
        rows.text(event.device.as_ref().map(|label| label.as_str()));
        rows.text(event.session.as_ref().map(|label| label.as_str()));
        rows.uint(u64::from(*partition));
        rows.uint(offset.0);
    }
    rows.done()
}

fn marks(desk: &Desk<'_>) -> Columns {
    let mut rows = Sheet::whole(WATCH_MARKS);
    for (mark, partition, offset) in &desk.marks {
        rows.text(mark.user_id.as_str());
        rows.text(mark.video_id.as_str());
        rows.text(mark.kind.name());
        rows.int(mark.time.0);
        rows.uint(u64::from(*partition));
        rows.uint(offset.0);
    }
    rows.done()
}

fn forgotten(desk: &Desk<'_>) -> Columns {
    let mut rows = Sheet::whole(FORGOTTEN);
    // What a restore says again is on the list: as it was said first, and so it stays.
    for (forget, partition, offset) in desk.forgets.iter().filter(|(forget, _, _)| forget.below.is_none()) {
        rows.text(hash_of(&forget.user_id).as_str());
        rows.text(forget.video_id.as_ref().map(hash_of).as_deref());
        rows.int(forget.time.0);
        rows.uint(u64::from(*partition));
        rows.uint(offset.0);
    }
    rows.done()
}

fn videos(desk: &Desk<'_>) -> Columns {
    let mut rows = Sheet::whole(VIDEOS_TABLE);
    for video in desk.videos.values() {
        rows.text(video.video_id.as_str());
        rows.text(video.title.as_str());
        rows.uint(video.duration_ms);
        rows.texts(video.genres.iter().map(|genre| SmolStr::new(genre.as_str())).collect());
        rows.int(video.time.0);
    }
    rows.done()
}

fn user_video(pairs: &[(&Pair, &PairWork)]) -> Columns {
    let mut rows = Sheet::whole(USER_VIDEO);
    for ((user, video), work) in pairs {
        let Some(position) = work.position() else { continue };
        rows.text(user.as_str());
        rows.text(video.as_str());
        rows.uint(position.position_ms);
        rows.uint(position.resume_ms);
        rows.uint(work.watched_ms);
        rows.uint(work.spans.length_ms());
        rows.uint(work.plays);
        rows.bool(position.completed);
        rows.int(work.times.map(|(first, _)| first.0));
        rows.int(work.times.map(|(_, last)| last.0));
    }
    rows.done()
}

fn daily(totals: &Totals) -> Columns {
    let mut rows = Sheet::whole(VIDEO_DAILY);
    for ((video, day), share) in totals.daily.iter().filter(|(_, share)| **share != DayShare::default()) {
        rows.text(video.as_str());
        rows.int(i64::from(day.0));
        rows.int(share.plays);
        rows.int(share.viewers);
        rows.int(share.watched_ms);
        rows.int(share.completions);
    }
    rows.done()
}

fn retention(totals: &Totals) -> Columns {
    let mut rows = Sheet::whole(VIDEO_RETENTION);
    for ((video, percent), viewers) in totals.retention.iter().filter(|(_, viewers)| **viewers != 0) {
        rows.text(video.as_str());
        rows.int(i64::from(*percent));
        rows.int(*viewers);
    }
    rows.done()
}

/// Rows under way: values are given row by row in the order of the columns.
struct Sheet {
    columns: Vec<Values>,
    at: usize,
}

impl Sheet {
    fn whole(table: &'static str) -> Self {
        Self { columns: Columns::none_of(declared(table).columns).0, at: 0 }
    }

    fn of(names: &[&str], table: &'static str) -> Self {
        let columns = declared(table).columns.iter().filter(|column| names.contains(&column.name));
        Self { columns: columns.map(|column| Values::none_of(column.of)).collect(), at: 0 }
    }

    fn next(&mut self) -> &mut Values {
        let at = self.at;
        self.at = (at + 1) % self.columns.len();
        &mut self.columns[at]
    }

    fn text<'a>(&mut self, value: impl Into<Option<&'a str>>) {
        match self.next() {
            Values::Text(values) => values.push(value.into().map(SmolStr::new)),
            other => unreachable!("a text in a column of {other:?}"),
        }
    }

    fn int(&mut self, value: impl Into<Option<i64>>) {
        match self.next() {
            Values::Int(values) => values.push(value.into()),
            other => unreachable!("a number in a column of {other:?}"),
        }
    }

    fn uint(&mut self, value: impl Into<Option<u64>>) {
        match self.next() {
            Values::UInt(values) => values.push(value.into()),
            other => unreachable!("an unsigned number in a column of {other:?}"),
        }
    }

    fn bool(&mut self, value: bool) {
        match self.next() {
            Values::Bool(values) => values.push(Some(value)),
            other => unreachable!("a yes or no in a column of {other:?}"),
        }
    }

    fn texts(&mut self, value: Vec<SmolStr>) {
        match self.next() {
            Values::Texts(values) => values.push(value),
            other => unreachable!("texts in a column of {other:?}"),
        }
    }

    fn done(self) -> Columns {
        Columns(self.columns)
    }
}

fn declared(name: &'static str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).expect("a table of this service")
}
