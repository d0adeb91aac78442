//! The pipelines of a running server, for who keeps the program in order: what each is doing, and how far it has got. They
//! run beside the program's own consumers; whatever becomes of them, players write and read.

use std::sync::Arc;

use anyhow::{Context, Result};
use playhead_domain::Offset;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Dictionaries, Topic, TopicPartition};
use playhead_segments::SegmentGroup;
use playhead_warehouse::dictionary::DictionarySink;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::configured::{Named, written_topics};
use super::produce::make_topic;
use super::run::begin;
use super::supervise::{Supervised, supervise};
use super::targets::SharedTarget;
use crate::config::Config;
use crate::engines::Engines;
use crate::gaps;
use crate::roles::{Running, start};

/// The folder of dictionaries below the data folder.
pub(crate) const DICTIONARIES: &str = "dictionaries";
/// Of what a partition may have, the share that pipelines may hold of the program's own topics, by quarters.
const HELD_QUARTERS: u64 = 3;

/// The pipelines of a server.
#[derive(Default)]
pub(crate) struct Pipelines {
    pub(crate) all: Vec<Arc<Supervised>>,
    /// The dictionaries, where there are any.
    pub(crate) dictionaries: Option<FjallDictionaries>,
    /// The topics that callers may write to, with their partitions.
    pub(crate) written: Vec<(Topic, u32)>,
    /// Keep dictionaries as their topics say.
    filling: Vec<Running>,
}

impl Pipelines {
    /// Makes what is needed on this machine: topics, dictionaries. What may be away is for later.
    pub(crate) async fn open(
        config: &Config,
        engines: &Engines,
        named: Vec<Named>,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let mut pipelines = Self::default();
        let folder = config.data.join(DICTIONARIES);
        if !named.is_empty() || folder.exists() {
            let store = FjallDictionaries::open(&folder, &config.base).context("the dictionaries")?;
            pipelines.dictionaries = Some(store);
        }
        for topic in written_topics(config, &named)? {
            let partitions = make_topic(&engines.log, &topic, config.pipelines.partitions).await?;
            pipelines.written.push((topic, partitions));
        }
        let Some(store) = &pipelines.dictionaries else { return Ok(pipelines) };
        let dictionaries: Arc<dyn Dictionaries> = Arc::new(store.clone());
        let target = Arc::new(SharedTarget::new(config, engines));
        for named in named {
            let one = Supervised::new(named, target.clone(), dictionaries.clone(), engines.clock.clone());
            one.hold_all(engines, config.pipelines.partitions).await?;
            pipelines.all.push(Arc::new(one));
        }
        pipelines.fill(config, engines, &dictionaries, stop).await?;
        Ok(pipelines)
    }

    /// Starts what keeps dictionaries as their topics say.
    async fn fill(
        &mut self,
        config: &Config,
        engines: &Engines,
        dictionaries: &Arc<dyn Dictionaries>,
        stop: &CancellationToken,
    ) -> Result<()> {
        let (mut filled, gaps) = (Vec::new(), gaps::read(&config.data)?);
        for of in &self.all {
            for (name, dictionary) in &of.spec().dictionary {
                let Some(topic) = dictionary.topic.as_deref().map(Topic::new).filter(|_| !filled.contains(name)) else {
                    continue;
                };
                filled.push(name.clone());
                let sink = Arc::new(DictionarySink::new(name, &dictionary.id, dictionaries.clone()));
                let topics = vec![topic];
                for (at, next) in begin(&engines.log, &*sink, &topics, &gaps).await? {
                    engines.log.hold(&at, &format!("dictionary-{name}"), next)?;
                }
                let group = Box::new(SegmentGroup::join(&*engines.log, &topics).await?);
                self.filling.push(start(engines, sink, group, config.stream.clone(), stop.clone())?);
            }
        }
        Ok(())
    }

    /// Starts the pipelines and keeps them running until they are stopped; nothing waits for it.
    pub(crate) fn supervise(
        &self,
        config: &Config,
        engines: &Engines,
        stop: &CancellationToken,
    ) -> Vec<JoinHandle<()>> {
        let one =
            |of: &Arc<Supervised>| tokio::spawn(supervise(of.clone(), config.clone(), engines.clone(), stop.clone()));
        self.all.iter().map(one).collect()
    }

    /// The pipeline of that name.
    pub(crate) fn of_name(&self, name: &str) -> Option<&Arc<Supervised>> {
        self.all.iter().find(|of| of.name() == name)
    }

    /// Lets the log go of what everybody has. Of the program's own topics pipelines hold no more than a share of what may be
    /// kept: else one whose database is away for long would have players refused.
    pub(crate) fn hold(&self, engines: &Engines, retention_bytes: u64) {
        for (name, at, next) in self.standing() {
            let is_own = !self.written.iter().any(|(topic, _)| *topic == at.topic);
            let held_max = retention_bytes / 4 * HELD_QUARTERS;
            let is_much = is_own && engines.log.size_bytes(&at).is_ok_and(|bytes| bytes > held_max);
            let held = if is_much { Offset(u64::MAX) } else { next };
            if let Err(error) = engines.log.hold(&at, &name, held) {
                tracing::warn!(partition = %at, %error, "the log's retention waits");
            }
        }
    }

    /// How far each consumer is known to have got: 0 where that is not known yet.
    pub(crate) fn standing(&self) -> Vec<(String, TopicPartition, Offset)> {
        let filling = self.filling.iter().flat_map(|running| {
            let parts = running.status.view().parts;
            parts.into_iter().map(move |(at, part)| (running.name.to_owned(), at, part.next))
        });
        let of_pipelines =
            self.all.iter().flat_map(|of| of.standing().into_iter().map(|(at, next)| (of.name().to_owned(), at, next)));
        filling.chain(of_pipelines).collect()
    }

    /// What runs now, for who tells of it.
    pub(crate) fn each_status(&self, mut tell: impl FnMut(&str, playhead_stream::StatusView)) {
        self.filling.iter().for_each(|running| tell(running.name, running.status.view()));
        self.all.iter().for_each(|of| {
            if let Some(view) = of.view() {
                tell(of.name(), view);
            }
        });
    }

    /// Waits until every consumer has ended, which they do once they are told to stop.
    pub(crate) fn join(self) {
        self.filling.into_iter().for_each(Running::join);
    }
}
