//! The list of the forgotten: what a restored backup must forget again. Ids stand in it only as hashes.

use std::collections::HashMap;

use playhead_domain::{Fact, Forget, Id, Offset, Timestamp, UserId, VideoId};
use playhead_ports::{Columns, Load, Record, Step, Values, Warehouse};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::marts::{FORGOTTEN, MARTS_CONSUMER, WATCH_EVENTS, WATCH_MARKS, event_of_row, mark_of_row};
use crate::rebuild::RebuildError;
use crate::topics::record_of;

const CHUNK_ROWS: usize = 20_000;

/// A forgetting, without an id in clear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forgotten {
    /// SHA-256 of the user's id, hexadecimal.
    pub user_hash: String,
    /// SHA-256 of the video's id; none if all of the user was forgotten.
    pub video_hash: Option<String>,
    /// When it was asked for, ms since 1970.
    pub forgotten_time: i64,
    /// The partition of the log that the user is in.
    pub partition: u32,
    /// Records below this offset are forgotten.
    pub below: Offset,
}

/// SHA-256 of an id, hexadecimal.
pub(crate) fn hash_of<K>(id: &Id<K>) -> String {
    Sha256::digest(id.as_str().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Forgotten {
    /// The entry of a forgetting that lies at `below`.
    pub fn of(forget: &Forget, partition: u32, below: Offset) -> Self {
        Self {
            user_hash: hash_of(&forget.user_id),
            video_hash: forget.video_id.as_ref().map(hash_of),
            forgotten_time: forget.time.0,
            partition,
            below,
        }
    }

    /// Whether anything of this user at this place is forgotten.
    pub fn covers_user(&self, user: &UserId, offset: Offset) -> bool {
        offset < self.below && self.user_hash == hash_of(user)
    }

    /// Whether a record of this user and video at this place is forgotten.
    pub fn covers(&self, user: &UserId, video: &VideoId, offset: Offset) -> bool {
        self.covers_user(user, offset) && self.video_hash.as_ref().is_none_or(|hash| *hash == hash_of(video))
    }
}

/// The list as the warehouse has it.
pub async fn read_forgotten(warehouse: &dyn Warehouse) -> Result<Vec<Forgotten>, RebuildError> {
    let mut list = Vec::new();
    let mut chunks = warehouse.scan(FORGOTTEN, "log_offset", CHUNK_ROWS).await?;
    while let Some(chunk) = chunks.recv().await {
        let chunk = chunk?;
        let [Values::Text(users), Values::Text(videos), Values::Int(times), Values::UInt(parts), Values::UInt(offsets)] =
            &chunk.0[..]
        else {
            return Err(RebuildError::View("the table forgotten is not as it was declared".into()));
        };
        for row in 0..chunk.rows() {
            let (Some(user), Some(partition), Some(below)) = (&users[row], parts[row], offsets[row]) else { continue };
            list.push(Forgotten {
                user_hash: user.to_string(),
                video_hash: videos[row].as_ref().map(ToString::to_string),
                forgotten_time: times[row].unwrap_or_default(),
                partition: u32::try_from(partition).unwrap_or_default(),
                below: Offset(below),
            });
        }
    }
    Ok(list)
}

/// Deletes from the records what was `missed`: forgettings that neither the warehouse has heard of nor the log beside it will
/// tell it. Adds them to its list. The marts are rebuilt after it. Gives how many pairs of user and video were found.
pub async fn forget_again(warehouse: &dyn Warehouse, missed: &[Forgotten]) -> Result<u64, RebuildError> {
    let mut found: HashMap<(UserId, VideoId), Offset> = HashMap::new();
    for table in [WATCH_EVENTS, WATCH_MARKS] {
        let mut chunks = warehouse.scan(table, "log_offset", CHUNK_ROWS).await?;
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            for row in 0..chunk.rows() {
                let (user, video, offset) = place_of(table, &chunk, row).map_err(RebuildError::View)?;
                let covering = missed.iter().filter(|entry| entry.covers(&user, &video, offset));
                if let Some(below) = covering.map(|entry| entry.below).max() {
                    let held = found.entry((user, video)).or_insert(below);
                    *held = below.max(*held);
                }
            }
        }
    }
    let mut steps: Vec<Step> = found.iter().flat_map(|((user, video), below)| deletions(user, video, *below)).collect();
    if !missed.is_empty() {
        steps.push(Step::Append { table: FORGOTTEN, rows: rows_of(missed) });
    }
    warehouse.load(MARTS_CONSUMER, Load { steps }, &[]).await?;
    Ok(found.len() as u64)
}

/// The record that says a forgetting of the list again which covers this fact, if one does. It means no more than it meant where
/// it was said first, so that nothing written after that is lost by it, here or in a copy that went on.
pub fn forgetting_of(fact: &Fact, offset: Offset, list: &[Forgotten], now: Timestamp) -> Option<Record> {
    let (user_id, video_id) = match fact {
        Fact::Watched(event) => (&event.user_id, &event.video_id),
        Fact::Marked(mark) => (&mark.user_id, &mark.video_id),
        Fact::Forgotten(_) | Fact::Described(_) => return None,
    };
    let last = list.iter().filter(|entry| entry.covers(user_id, video_id, offset)).max_by_key(|entry| entry.below)?;
    let forget = Forget {
        user_id: user_id.clone(),
        video_id: Some(video_id.clone()),
        time: Timestamp(last.forgotten_time),
        below: Some(last.below),
    };
    Some(record_of(&Fact::Forgotten(forget), now))
}

fn place_of(table: &str, chunk: &Columns, row: usize) -> Result<(UserId, VideoId, Offset), String> {
    if table == WATCH_EVENTS {
        let (event, _, offset) = event_of_row(chunk, row)?;
        Ok((event.user_id, event.video_id, offset))
    } else {
        let (mark, _, offset) = mark_of_row(chunk, row)?;
        Ok((mark.user_id, mark.video_id, offset))
    }
}

fn deletions(user: &UserId, video: &VideoId, below: Offset) -> [Step; 2] {
    let text = |text: &str| Values::Text(vec![Some(SmolStr::new(text))]);
    let matching = Columns(vec![text(user.as_str()), text(video.as_str())]);
    [WATCH_EVENTS, WATCH_MARKS].map(|table| Step::Delete {
        table,
        by: &["user_id", "video_id"],
        matching: matching.clone(),
        below: Some(("log_offset", below.0)),
    })
}

fn rows_of(list: &[Forgotten]) -> Columns {
    Columns(vec![
        Values::Text(list.iter().map(|entry| Some(SmolStr::new(&entry.user_hash))).collect()),
        Values::Text(list.iter().map(|entry| entry.video_hash.as_ref().map(SmolStr::new)).collect()),
        Values::Int(list.iter().map(|entry| Some(entry.forgotten_time)).collect()),
        Values::UInt(list.iter().map(|entry| Some(u64::from(entry.partition))).collect()),
        Values::UInt(list.iter().map(|entry| Some(entry.below.0)).collect()),
    ])
}
