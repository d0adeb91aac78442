//! Restoring a backup into a data folder, and rebuilding views: both while no server runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::{fmt, fs};

use anyhow::{Context, Result, bail};
use playhead_domain::Fact;
use playhead_ports::{Advance, EventLog, Load, Most, Record, TopicPartition, Warehouse};
use playhead_watch::{
    Forgotten, MARTS_CONSUMER, Rebuilt, WATCH, decode_fact, forget_again, forgetting_of, read_forgotten, rebuild_marts,
    rebuild_positions,
};

use crate::backup;
use crate::compact::keep_letters;
use crate::config::Config;
use crate::engines::Engines;
use crate::gaps::Gap;
use crate::{data_folder, gaps, lost, swap};

const CHUNK: Most = Most { records: 10_000, bytes: 8 << 20 };

/// A view that can be rebuilt from the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The base of positions.
    Positions,
    /// `user_video`, `video_daily`, `video_retention` and their working state.
    Marts,
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Positions => "positions",
            Self::Marts => "marts",
        })
    }
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was begun, ms since 1970.
    pub begun_time: i64,
    /// What was read to rebuild the views.
    pub rebuilt: Rebuilt,
    /// Pairs of user and video that were forgotten after the backup, and are forgotten again.
    pub forgotten_again: u64,
    /// How large the backup is.
    pub size_bytes: u64,
}

/// Rebuilds a view. The server must not run: the engines' locks refuse it.
pub async fn rebuild(config: &Config, view: View) -> Result<Rebuilt> {
    let engines = Engines::open(config).await.map_err(|error| lost::with_advice(error, &config.data))?;
    let rebuilt = rebuild_in(&engines, view).await;
    engines.close();
    rebuilt
}

async fn rebuild_in(engines: &Engines, view: View) -> Result<Rebuilt> {
    let rebuilt = match view {
        View::Positions => {
            rebuild_positions(&*engines.warehouse, &*engines.base, &engines.partitions_of(WATCH)).await?
        }
        View::Marts => rebuild_marts(&*engines.warehouse, &*engines.working, &engines.warehouse_partitions()).await?,
    };
    Ok(rebuilt)
}

/// Restores a backup into the data folder, which must be empty unless `replace`: then what it knows of the forgotten holds
/// for the backup too, and it is removed once the restored one is whole and verified.
pub async fn restore(config: &Config, backup: &Path, replace: bool) -> Result<Restored> {
    let data = &config.data;
    swap::settle(data)?;
    let manifest = backup::verify(backup)?;
    swap::check_place(data)?;
    let is_there = fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if is_there && !replace {
        bail!("{} is not empty; say --replace to put the backup in its place", data.display());
    }
    if is_there {
        data_folder::refuse_strangers(data)?;
    }
    let known = if is_there { Known::of(config).await? } else { Known::default() };
    let fresh = swap::restoring(data);
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    data_folder::make(&fresh)?;
    backup::lay_out(backup, &manifest, &fresh)?;
    let config = Config { data: fresh.clone(), ..config.clone() };
    backup::unpack_dictionaries(&config).await?;
    let engines = Engines::open(&config).await.context("the restored data")?;
    let done = finish(&engines, &manifest, &known).await;
    engines.close();
    let (rebuilt, forgotten_again, gaps) = done?;
    gaps::write(&fresh, &gaps)?;
    swap::swap(&fresh, data)?;
    Ok(Restored { begun_time: manifest.begun_time, rebuilt, forgotten_again, size_bytes: manifest.size_bytes() })
}

/// What the data folder that is replaced knows, and the backup may not.
#[derive(Default)]
struct Known {
    forgotten: Vec<Forgotten>,
    ends: Vec<backup::End>,
}

impl Known {
    async fn of(config: &Config) -> Result<Self> {
        let engines = Engines::open(config).await.map_err(|error| lost::with_advice(error, &config.data));
        let engines = engines.context("the data that is replaced")?;
        let known = Self::of_engines(&engines).await;
        engines.close();
        known
    }

    async fn of_engines(engines: &Engines) -> Result<Self> {
        let mut forgotten = read_forgotten(&*engines.warehouse).await?;
        let mut ends = Vec::new();
        for at in engines.warehouse_partitions() {
            let bounds = engines.log.bounds(&at).await?;
            ends.push(backup::End { at: at.clone(), end: bounds.end });
            let mut reader = engines.log.reader(&at, bounds.start).await?;
            // The warehouse may not have heard yet of the forgettings at the log's end.
            let mut at_end = bounds.start >= bounds.end;
            while !at_end {
                let chunk = reader.next(CHUNK, Duration::from_secs(1)).await?;
                at_end = chunk.last().is_none_or(|last| last.offset.next() >= bounds.end);
                for stored in chunk {
                    if let Ok(Fact::Forgotten(forget)) = decode_fact(&stored.record.value)
                        && forget.below.is_none()
                    {
                        forgotten.push(Forgotten::of(&forget, at.partition, stored.offset));
                    }
                }
            }
        }
        let own = engines.warehouse_partitions();
        let others = engines.partitions().into_iter().filter(|at| !own.contains(at));
        for at in others.chain(engines.letters()) {
            let end = engines.log.bounds(&at).await?.end;
            ends.push(backup::End { at, end });
        }
        forgotten.sort();
        forgotten.dedup();
        Ok(Self { forgotten, ends })
    }
}

/// Moves the log past every offset that is known, forgets again, rebuilds the views.
async fn finish(engines: &Engines, manifest: &backup::Manifest, known: &Known) -> Result<(Rebuilt, u64, Vec<Gap>)> {
    let (now, mut gaps) = (engines.clock.now(), Vec::new());
    check_fit(engines).await?;
    let mut missed = known.forgotten.clone();
    let heard = read_forgotten(&*engines.warehouse).await?;
    missed.retain(|entry| !heard.contains(entry));
    for end in &manifest.ends {
        let ends = known.ends.iter().chain(&manifest.ends).filter(|known| known.at == end.at);
        let greatest = ends.map(|end| end.end).max().unwrap_or_default();
        let said_again = in_log(engines, &end.at, &mut missed).await?;
        let to = gaps::goes_on_at(greatest, now);
        let from = engines.log.bounds(&end.at).await?.end;
        // Before anything is appended, else that would get offsets which were given after the backup.
        engines.log.skip_to(&end.at, to)?;
        gaps.push(Gap { at: end.at.clone(), from, to });
        for answer in engines.log.append(&end.at, said_again).await {
            answer.context("a forgetting")?;
        }
        if !known.forgotten.is_empty() && engines.letters().contains(&end.at) {
            keep_letters(engines, &end.at, &known.forgotten).await?;
        }
    }
    let again = forget_again(&*engines.warehouse, &missed).await?;
    begin_after_gap(engines).await?;
    let marts = rebuild_in(engines, View::Marts).await.context("the marts")?;
    let positions = rebuild_in(engines, View::Positions).await.context("the positions")?;
    if marts != positions {
        bail!("the restored records are not the same twice: {marts:?} and {positions:?}");
    }
    Ok((marts, again, gaps))
}

/// The warehouse's copy and the log's must fit: no record may be missing between them.
async fn check_fit(engines: &Engines) -> Result<()> {
    for consumer in engines.consumers().await? {
        let bounds = engines.log.bounds(&consumer.at).await?;
        let next = consumer.checkpoint.map(|checkpoint| checkpoint.next).unwrap_or_default();
        if consumer.name == MARTS_CONSUMER && next < bounds.start && bounds.start < bounds.end {
            bail!("the backup lacks records of {}: those from {next} to {}", consumer.at, bounds.start);
        }
    }
    Ok(())
}

/// A log without any record past the checkpoint begins after the gap now: the checkpoint goes there.
async fn begin_after_gap(engines: &Engines) -> Result<()> {
    for consumer in engines.consumers().await? {
        let bounds = engines.log.bounds(&consumer.at).await?;
        let from = consumer.checkpoint.map(|checkpoint| checkpoint.next).unwrap_or_default();
        if consumer.name == MARTS_CONSUMER && from < bounds.start {
            let advance = Advance { at: consumer.at, log_id: bounds.log_id, from, to: bounds.start };
            engines.warehouse.load(MARTS_CONSUMER, Load::default(), &[advance]).await?;
        }
    }
    Ok(())
}

/// What the restored log has of what was forgotten: a forgetting that it tells itself was not missed, every consumer comes upon
/// it. One that was given after all of it covers whatever it has of that user or video, and is to be said again at its end;
/// gives these.
async fn in_log(engines: &Engines, at: &TopicPartition, missed: &mut Vec<Forgotten>) -> Result<Vec<Record>> {
    let bounds = engines.log.bounds(at).await?;
    if at.topic.as_str() != WATCH || missed.is_empty() || bounds.start >= bounds.end {
        return Ok(Vec::new());
    }
    let is_later = |entry: &&Forgotten| entry.partition == at.partition && entry.below >= bounds.end;
    let later: Vec<Forgotten> = missed.iter().filter(is_later).cloned().collect();
    let mut reader = engines.log.reader(at, bounds.start).await?;
    let (now, mut again) = (engines.clock.now(), BTreeMap::new());
    loop {
        let chunk = reader.next(CHUNK, Duration::from_secs(1)).await?;
        let ended = chunk.last().is_none_or(|last| last.offset.next() >= bounds.end);
        for stored in &chunk {
            match decode_fact(&stored.record.value) {
                Ok(Fact::Forgotten(forget)) => {
                    let told = Forgotten::of(&forget, at.partition, stored.offset);
                    missed.retain(|entry| *entry != told);
                }
                Ok(fact) => {
                    if let Some(record) = forgetting_of(&fact, stored.offset, &later, now) {
                        again.insert(record.value.clone(), record);
                    }
                }
                // What is no fact is rejected by whoever takes it.
                Err(_) => {}
            }
        }
        if ended {
            break;
        }
    }
    Ok(again.into_values().collect())
}
