//! The engines of one machine: opened together, each in its folder below the data folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use playhead_domain::Offset;
use playhead_duckdb::DuckWarehouse;
use playhead_fjall::{FjallBase, FjallStore, FjallWorking};
use playhead_memory::MemoryRecent;
use playhead_ports::{
    Base, Checkpoint, Clock, Epoch, EventLog, Ids, Recent, Tokens, TopicPartition, Warehouse, Working,
};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_system::{SystemClock, SystemIds, TokenFile};
use playhead_watch::{MARTS_CONSUMER, TABLES, VIDEOS, WATCH, topic};

use crate::config::Config;
use crate::patience::patiently;
use crate::{data_folder, held, swap};

/// The engines.
#[derive(Clone)]
pub struct Engines {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Who may.
    pub tokens: Arc<dyn Tokens>,
    pub(crate) log: Arc<SegmentLog>,
    pub(crate) store: Arc<FjallStore>,
    pub(crate) base: Arc<FjallBase>,
    pub(crate) working: Arc<FjallWorking>,
    pub(crate) recent: Arc<MemoryRecent>,
    pub(crate) warehouse: Arc<DuckWarehouse>,
    partitions: u32,
}

/// A consumer of a partition.
pub(crate) struct Consumer {
    pub(crate) name: &'static str,
    pub(crate) at: TopicPartition,
    pub(crate) checkpoint: Option<Checkpoint>,
}

impl Engines {
    /// Opens every engine below the data folder, makes what is not there yet, and checks that they belong together.
    pub async fn open(config: &Config) -> Result<Self> {
        let data = &config.data;
        held::refuse_if_held(data)?;
        swap::settle(data)?;
        data_folder::make(data)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let log = held::take(data, || SegmentLog::open(&data.join("log"), config.log.clone(), clock.clone()))?;
        // Their threads flush, compact and fold behind the log; nobody waits for that.
        let store = patiently("base", || FjallStore::open(&data.join("positions"), &config.base));
        let store = Arc::new(store?.context("the positions")?);
        let warehouse = || DuckWarehouse::open(&data.join("warehouse"), config.warehouse.clone());
        let warehouse = patiently("warehouse", warehouse)?.context("the warehouse")?;
        let engines = Self {
            tokens: Arc::new(TokenFile::open(data, clock.clone()).context("the tokens")?),
            recent: Arc::new(MemoryRecent::new(&config.recent, Epoch(ids.new_id().into()))),
            base: Arc::new(store.base()),
            working: Arc::new(store.working()),
            partitions: config.watch.partitions,
            clock,
            ids,
            log,
            store,
            warehouse,
        };
        for name in [WATCH, VIDEOS] {
            engines.log.create(&topic(name), engines.partitions).await.context("the log")?;
        }
        engines.warehouse.declare(TABLES).await.context("the warehouse")?;
        engines.agree().await?;
        Ok(engines)
    }

    /// The log as a port.
    pub fn event_log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    /// The warehouse as a port.
    pub fn warehouse(&self) -> Arc<dyn Warehouse> {
        self.warehouse.clone()
    }

    /// The base as a port.
    pub fn base(&self) -> Arc<dyn Base> {
        self.base.clone()
    }

    /// The working state of the marts as a port.
    pub fn working(&self) -> Arc<dyn Working> {
        self.working.clone()
    }

    pub(crate) fn recent(&self) -> Arc<dyn Recent> {
        self.recent.clone()
    }

    /// A member of the group that reads these topics: with the embedded log the only one.
    pub(crate) async fn group(&self, names: &[&'static str]) -> Result<SegmentGroup> {
        let topics: Vec<_> = names.iter().map(|name| topic(name)).collect();
        Ok(SegmentGroup::join(&*self.log, &topics).await?)
    }

    /// The partitions of a topic.
    pub fn partitions_of(&self, name: &'static str) -> Vec<TopicPartition> {
        (0..self.partitions).map(|partition| TopicPartition::new(&topic(name), partition)).collect()
    }

    /// The partitions that the warehouse is loaded from.
    pub fn warehouse_partitions(&self) -> Vec<TopicPartition> {
        [WATCH, VIDEOS].into_iter().flat_map(|name| self.partitions_of(name)).collect()
    }

    /// Every partition of the log but those of dead letters.
    pub(crate) fn partitions(&self) -> Vec<TopicPartition> {
        let topics = self.log.topics().into_iter().filter(|(topic, _)| !topic.as_str().ends_with(".dlq"));
        topics.flat_map(|(topic, count)| (0..count).map(move |number| TopicPartition::new(&topic, number))).collect()
    }

    /// Where dead letters are. A topic of them has one partition.
    pub(crate) fn letters(&self) -> Vec<TopicPartition> {
        let topics = self.log.topics().into_iter().map(|(topic, _)| topic);
        topics.filter(|topic| topic.as_str().ends_with(".dlq")).map(|topic| TopicPartition::new(&topic, 0)).collect()
    }

    /// What every consumer reads, and how far it has got there: none if it has not begun.
    pub(crate) async fn consumers(&self) -> Result<Vec<Consumer>> {
        let of_positions = self.partitions_of(WATCH);
        let of_warehouse = self.warehouse_partitions();
        let positions = self.base.checkpoints(&of_positions).await?;
        let marts = self.warehouse.checkpoints(MARTS_CONSUMER, &of_warehouse).await?;
        let working = self.working.checkpoints(&of_warehouse).await?;
        let all = [
            ("positions", of_positions, positions),
            ("marts", of_warehouse.clone(), marts),
            ("working", of_warehouse, working),
        ];
        let consumers = all.into_iter().flat_map(|(name, of, checkpoints)| {
            of.into_iter().zip(checkpoints).map(move |(at, checkpoint)| Consumer { name, at, checkpoint })
        });
        Ok(consumers.collect())
    }

    /// Every checkpoint must be of the log that is there, and the log must not give an offset again that a view has seen.
    async fn agree(&self) -> Result<()> {
        for Consumer { name, at, checkpoint } in self.consumers().await? {
            let Some(Checkpoint { log_id, next, .. }) = checkpoint else { continue };
            let bounds = self.log.bounds(&at).await?;
            if log_id != bounds.log_id {
                bail!(
                    "{name} has a checkpoint of log {log_id} in {at}, but the log there is {}: it was recreated or is \
                     another one. Put the log back that belongs to the data folder, or restore a backup",
                    bounds.log_id
                );
            }
            if next > bounds.end {
                tracing::warn!(
                    consumer = name, partition = %at, checkpoint = %next, end = %bounds.end,
                    "the log ends before what a view has seen: it is an older copy; it goes on after the checkpoint"
                );
                self.log.skip_to(&at, next).with_context(|| format!("the log of {at}"))?;
            }
        }
        self.hold().await
    }

    /// Tells the log what every consumer still needs. The embedded log keeps what was never told to be free.
    pub(crate) async fn hold(&self) -> Result<()> {
        for Consumer { name, at, checkpoint } in self.consumers().await? {
            let next = checkpoint.map(|checkpoint| checkpoint.next).unwrap_or_default();
            self.log.hold(&at, name, next)?;
        }
        for letters in self.letters() {
            // Dead letters wait for people, who read them within the retention.
            self.log.hold(&letters, "people", Offset(u64::MAX))?;
        }
        Ok(())
    }

    /// Ends what writes, in order. Nothing is lost without it: it only saves work at the next start.
    pub(crate) fn close(self) {
        self.log.shutdown();
    }

    /// How large a folder's files are, bytes.
    pub(crate) fn size_bytes(folder: &Path) -> u64 {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries
            .flatten()
            .map(|entry| match entry.metadata() {
                Ok(meta) if meta.is_dir() => Self::size_bytes(&entry.path()),
                Ok(meta) => meta.len(),
                Err(_) => 0,
            })
            .sum()
    }
}

/// The tokens of a data folder, which need no other engine: the server may run.
pub fn open_tokens(config: &Config) -> Result<Arc<dyn Tokens>> {
    swap::settle(&config.data)?;
    data_folder::refuse_other(&config.data)?;
    data_folder::make(&config.data)?;
    Ok(Arc::new(TokenFile::open(&config.data, Arc::new(SystemClock)).context("the tokens")?))
}
