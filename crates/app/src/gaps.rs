//! Where a restore has let the log's offsets go on further: between `from` and `to` no record of this log was ever given one.
//! A consumer whose checkpoint lies there lacks nothing before `to`.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context, Result};
use playhead_domain::{Offset, Timestamp};
use playhead_ports::TopicPartition;
use serde::{Deserialize, Serialize};

const FILE: &str = "gaps.json";
/// After a restore the log goes on at least this far past every offset that is known.
const OFFSETS_SKIPPED: u64 = 1 << 32;
/// And at least at the time of the restore times this: so a later restore of the same backup, which knows nothing of an
/// earlier one, still goes on after every offset that was given then. A database outside that has seen those takes none of the
/// new messages for them.
const OFFSETS_A_MS: u64 = 1 << 12;

/// A gap in a partition's offsets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gap {
    /// The partition.
    pub(crate) at: TopicPartition,
    /// The end of what was restored.
    pub(crate) from: Offset,
    /// Where the log goes on.
    pub(crate) to: Offset,
}

/// Where the log goes on after a restore at that time, past every offset up to `known`.
pub(crate) fn goes_on_at(known: Offset, now: Timestamp) -> Offset {
    let of_time = u64::try_from(now.0).unwrap_or(0).saturating_mul(OFFSETS_A_MS);
    Offset(known.0.saturating_add(OFFSETS_SKIPPED).max(of_time))
}

/// The gaps that a data folder knows of.
pub(crate) fn read(data: &Path) -> Result<Vec<Gap>> {
    let path = data.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{}", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("{}", path.display())),
    }
}

/// Writes the gaps into a data folder that nobody uses yet.
pub(crate) fn write(data: &Path, gaps: &[Gap]) -> Result<()> {
    let path = data.join(FILE);
    let written = || -> std::io::Result<()> {
        let mut file = File::create(&path)?;
        file.write_all(&serde_json::to_vec_pretty(gaps)?)?;
        file.sync_all()
    };
    written().with_context(|| format!("{}", path.display()))
}

/// Whether a consumer at `next` lacks nothing of a log that begins at `start`.
pub(crate) fn bridges(gaps: &[Gap], at: &TopicPartition, next: Offset, start: Offset) -> bool {
    next < start && gaps.iter().any(|gap| gap.at == *at && gap.from <= next && start <= gap.to)
}

#[cfg(test)]
mod tests {
    use playhead_ports::Topic;

    use super::*;

    #[test]
    fn offsets_go_on_past_what_is_known_and_past_any_earlier_restore() {
        let early = goes_on_at(Offset(100), Timestamp(1_790_000_000_000));
        let later = goes_on_at(Offset(100), Timestamp(1_790_000_001_000));
        assert!(early.0 > 100 + OFFSETS_SKIPPED - 1 && later.0 >= early.0 + 4_000_000);
        assert_eq!(goes_on_at(Offset(1 << 60), Timestamp(0)), Offset((1 << 60) + OFFSETS_SKIPPED));
    }

    #[test]
    fn only_a_checkpoint_within_a_gap_lacks_nothing() {
        let own = tempfile::tempdir().expect("a folder");
        assert_eq!(read(own.path()).expect("read"), []);
        let at = TopicPartition::new(&Topic::new("t"), 1);
        write(own.path(), &[Gap { at: at.clone(), from: Offset(10), to: Offset(50) }]).expect("written");
        let gaps = read(own.path()).expect("read");
        let over = |next, start| bridges(&gaps, &at, Offset(next), Offset(start));
        assert!(over(10, 50) && over(30, 50) && over(10, 20));
        assert!(!over(9, 50) && !over(10, 51) && !over(60, 50));
        assert!(!bridges(&gaps, &TopicPartition::new(&Topic::new("t"), 0), Offset(10), Offset(50)));
    }
}
