//! The log of one process: its lock, its topics, and the port over them.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{AppendError, Bounds, Clock, EventLog, LogError, LogReader, Record, Topic, TopicPartition};

use crate::committer;
use crate::config::Config;
use crate::disk::Disk;
use crate::files;
use crate::partition::{Partition, Surroundings};
use crate::reader::Reader;
use crate::snapshot::SnapshotFile;
use crate::space::Space;
use crate::topics;

/// The log in a folder of segment files. Dropping it writes what waits and ends its threads.
///
/// A recorder of metrics must be installed before it is opened. The functions that are not `async` may wait for the disk.
pub struct SegmentLog {
    folder: PathBuf,
    around: Surroundings,
    /// Held for a look-up; written while a topic is made.
    topics: RwLock<HashMap<Topic, Vec<Arc<Partition>>>>,
    /// Held from finding a topic missing to having opened it: two who make it at once would open its files twice.
    making: Mutex<()>,
    /// Taken when the log is shut down.
    running: Mutex<Option<Running>>,
}

/// What ends with the log.
struct Running {
    committers: Vec<JoinHandle<()>>,
    /// Locked for as long as the log is open.
    _lock: File,
}

impl SegmentLog {
    /// Opens the log below a folder, which is made if it is not there.
    ///
    /// [`LogError::Unavailable`] if another process has it open, [`LogError::Broken`] if bytes are broken before good ones.
    pub fn open(folder: &Path, config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, LogError> {
        Self::open_on(folder, config, clock, Disk::default())
    }

    pub(crate) fn open_on(
        folder: &Path,
        config: Config,
        clock: Arc<dyn Clock>,
        disk: Disk,
    ) -> Result<Arc<Self>, LogError> {
        if let Some(problem) = config.problem() {
            return Err(LogError::Unavailable(format!("the log's settings: {problem}")));
        }
        fs::create_dir_all(folder).map_err(|error| files::unavailable(folder, &error))?;
        let running = Running { committers: Vec::new(), _lock: lock(folder)? };
        let space = Arc::new(Space::new(folder.to_owned(), config.min_free_bytes));
        let log = Self {
            folder: folder.to_owned(),
            around: Surroundings { config, clock, disk, space },
            topics: RwLock::default(),
            making: Mutex::default(),
            running: Mutex::new(Some(running)),
        };
        for (topic, partitions) in topics::list(folder)? {
            log.open_topic(&topic, partitions)?;
        }
        Ok(Arc::new(log))
    }

    /// The first offset that a consumer still needs; a partition of which no consumer has said anything keeps everything.
    /// `Offset(u64::MAX)` says that the consumer needs nothing. Not kept over an opening.
    pub fn hold(&self, at: &TopicPartition, consumer: &str, offset: Offset) -> Result<(), LogError> {
        self.partition(at)?.hold(consumer, offset);
        Ok(())
    }

    /// Closes segments that are old enough, and deletes what retention and the holds allow. To be called now and then.
    pub fn sweep(&self, now: Timestamp) {
        for partition in self.all() {
            partition.sweep(now);
        }
    }

    /// The next record gets at least this offset, for good: a checkpoint lies there, so offsets before it were given once,
    /// though this copy of the log does not know.
    pub fn skip_to(&self, at: &TopicPartition, offset: Offset) -> Result<(), LogError> {
        self.partition(at)?.skip_to(offset)
    }

    /// Closes the active segment and deletes every segment whose records all lie below `below` and below every hold. The
    /// start of the log afterwards.
    pub fn seal_and_trim(&self, at: &TopicPartition, below: Offset) -> Result<Offset, LogError> {
        self.partition(at)?.seal_and_trim(below)
    }

    /// The files that hold the records from `from` on, and how much of each is durable now. Copied below another folder they
    /// are a log that opens. Take a hold at `from` while copying, so that none is deleted meanwhile.
    pub fn snapshot_files(&self, at: &TopicPartition, from: Offset) -> Result<Vec<SnapshotFile>, LogError> {
        self.partition(at)?.snapshot_files(&self.folder, from)
    }

    /// How large the partition's segments are.
    pub fn size_bytes(&self, at: &TopicPartition) -> Result<u64, LogError> {
        Ok(self.partition(at)?.segments.bytes())
    }

    /// The topics, with their partitions.
    pub fn topics(&self) -> Vec<(Topic, u32)> {
        let topics = self.topics.read();
        let mut list: Vec<_> =
            topics.iter().map(|(topic, partitions)| (topic.clone(), partitions.len() as u32)).collect();
        list.sort();
        list
    }

    /// Takes no more appends, writes and syncs what waits, answers it, and gives the folder free. Waits for all of it.
    pub fn shutdown(&self) {
        let Some(running) = self.running.lock().take() else { return };
        for partition in self.all() {
            partition.queue.close();
        }
        for committer in running.committers {
            if committer.join().is_err() {
                tracing::error!("a committer has panicked; what waited was answered as unknown");
            }
        }
    }

    fn all(&self) -> Vec<Arc<Partition>> {
        self.topics.read().values().flatten().cloned().collect()
    }

    fn partition(&self, at: &TopicPartition) -> Result<Arc<Partition>, LogError> {
        let topics = self.topics.read();
        let found = topics.get(&at.topic).and_then(|partitions| partitions.get(at.partition as usize));
        found.cloned().ok_or_else(|| LogError::Missing(at.clone()))
    }

    fn open_topic(&self, topic: &Topic, partitions: u32) -> Result<(), LogError> {
        let mut opened = Vec::new();
        let mut running = self.running.lock();
        let Some(running) = running.as_mut() else { return Err(LogError::Unavailable("the log is closed".into())) };
        for number in 0..partitions {
            let folder = topics::partition_folder(&self.folder, topic, number);
            let at = TopicPartition::new(topic, number);
            let partition = Arc::new(Partition::open(&folder, at, topics::log_id(&folder)?, self.around.clone())?);
            let committer =
                committer::start(Arc::clone(&partition)).map_err(|error| files::unavailable(&folder, &error))?;
            running.committers.push(committer);
            opened.push(partition);
        }
        self.topics.write().insert(topic.clone(), opened);
        Ok(())
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Takes the folder for this process.
pub(crate) fn lock(folder: &Path) -> Result<File, LogError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| files::unavailable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::Unavailable(format!(
            "{} is open in another process, and a log belongs to one at a time",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(files::unavailable(&path, &error)),
    }
}

#[async_trait]
impl EventLog for SegmentLog {
    async fn create(&self, topic: &Topic, partitions: u32) -> Result<(), LogError> {
        let there = || self.topics.read().get(topic).map(|partitions| partitions.len() as u32);
        // Topics are made at the start, a few of them, so waiting here for the disk delays nobody.
        let _one = self.making.lock();
        match there() {
            None => {
                topics::create(&self.folder, topic, partitions, self.around.clock.now().0)?;
                self.open_topic(topic, partitions)
            }
            Some(count) if count == partitions => Ok(()),
            Some(count) => {
                Err(LogError::Unavailable(format!("topic {topic} has {count} partitions, not {partitions}")))
            }
        }
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, LogError> {
        let topics = self.topics.read();
        let found = topics.get(topic).map(|partitions| partitions.len() as u32);
        found.ok_or_else(|| LogError::Missing(TopicPartition::new(topic, 0)))
    }

    async fn append(&self, at: &TopicPartition, batch: Vec<Record>) -> Vec<Result<Offset, AppendError>> {
        match self.partition(at) {
            Ok(partition) => partition.append(batch).await,
            Err(error) => vec![Err(AppendError::Unavailable(error.to_string())); batch.len()],
        }
    }

    async fn bounds(&self, at: &TopicPartition) -> Result<Bounds, LogError> {
        Ok(self.partition(at)?.bounds())
    }

    async fn reader(&self, at: &TopicPartition, from: Offset) -> Result<Box<dyn LogReader>, LogError> {
        let partition = self.partition(at)?;
        let start = partition.bounds().start;
        if from < start {
            return Err(LogError::Trimmed { start });
        }
        Ok(Box::new(Reader::new(partition, from)))
    }
}
