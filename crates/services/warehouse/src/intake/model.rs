//! What goes into intake, and what comes out of it. It holds no rules: those are beside it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{DictionaryKey, Header, Staged, TopicPartition};

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it lies: of a file, its name and partition 0.
    pub at: TopicPartition,
    /// Its offset, or line.
    pub offset: Offset,
    /// What orders it among others.
    pub key: Bytes,
    /// The bytes.
    pub bytes: Bytes,
    /// Named values beside them.
    pub headers: Vec<Header>,
    /// When it was taken in.
    pub received_time: Timestamp,
}

/// A version of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageVersion {
    /// The hash of its identity.
    pub message: Bytes,
    /// Orders the versions.
    pub version: i64,
    /// The hash of its bytes.
    pub content: Bytes,
}

/// What must be looked up before messages are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The versions that ask dictionaries, each once: what they were told before is pinned with them.
    pub versions: HashSet<MessageVersion>,
    /// What they ask, each once.
    pub entries: HashSet<DictionaryKey>,
}

/// What was looked up.
#[derive(Debug, Clone, Default)]
pub struct Enrichment {
    /// What dictionaries said when a version was first taken; it goes before what they say now. None: they knew no such id.
    pub pinned: HashMap<MessageVersion, HashMap<DictionaryKey, Option<Bytes>>>,
    /// What dictionaries say now. An id that is not here is not known.
    pub entries: HashMap<DictionaryKey, Bytes>,
}

/// What every row of a batch is marked with.
#[derive(Debug, Clone)]
pub struct Mark {
    /// When it is loaded, unless a column says so.
    pub load_time: Timestamp,
    /// Where it comes from, unless a column says so; else the topic or file.
    pub record_source: Option<Arc<str>>,
}

/// What messages become.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// The temporary tables of messages and row sets; none without rows.
    pub staged: Vec<Staged>,
    /// Messages that cannot be taken, by their place in the batch, and why, in words that name the column.
    pub rejects: Vec<(usize, String)>,
    /// Messages that wait for a dictionary. They are in no staged table.
    pub misses: Vec<Missed>,
    /// What dictionaries said of versions that were not pinned yet.
    pub pins: Vec<Pin>,
}

/// A message that waits for a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its place in the batch.
    pub place: usize,
    /// Which version it is.
    pub version: MessageVersion,
    /// The ids that are not known.
    pub missing: Vec<DictionaryKey>,
}

/// What a dictionary said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Of which version.
    pub version: MessageVersion,
    /// What was asked.
    pub key: DictionaryKey,
    /// What it said: as much of the entry as is looked at, so that it gives the same values again. None: it knew no such id.
    pub entry: Option<Bytes>,
}
