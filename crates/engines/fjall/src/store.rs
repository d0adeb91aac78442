//! Both databases of a folder.

use std::path::Path;
use std::sync::Arc;

use crate::error::{OpenError, Trouble};
use crate::shelf::{Shelf, blocking};
use crate::{Config, FjallBase, FjallWorking};

/// Why the files could not be compacted. Nothing is lost; try again.
#[derive(Debug, thiserror::Error)]
#[error("the store was not compacted: {0}")]
pub struct CompactError(String);

/// Positions and working state in a folder, which belongs to this process while this lives.
#[derive(Clone)]
pub struct FjallStore {
    positions: Arc<Shelf>,
    working: Arc<Shelf>,
}

impl FjallStore {
    /// Opens the folder, or makes it. It reads the journals, so it may take a second after a kill.
    pub fn open(dir: &Path, config: &Config) -> Result<Self, OpenError> {
        let positions = Shelf::open(&dir.join("positions"), config.positions())?;
        let working = Shelf::open(&dir.join("working"), config.working())?;
        Ok(Self { positions: Arc::new(positions), working: Arc::new(working) })
    }

    /// The base of positions.
    pub fn base(&self) -> FjallBase {
        FjallBase::new(Arc::clone(&self.positions))
    }

    /// The working state.
    pub fn working(&self) -> FjallWorking {
        FjallWorking::new(Arc::clone(&self.working))
    }

    /// The bytes of all files.
    pub async fn size_bytes(&self) -> Result<u64, playhead_ports::BaseError> {
        let (positions, working) = (Arc::clone(&self.positions), Arc::clone(&self.working));
        Ok(blocking(move || Ok(positions.size_bytes()? + working.size_bytes()?)).await?)
    }

    /// Rewrites the files so that no byte is left of what was removed before the call. It goes on beside reads and writes,
    /// which wait only for its last moment, and needs as much free space as the files have.
    pub async fn compact(&self) -> Result<(), CompactError> {
        let (positions, working) = (Arc::clone(&self.positions), Arc::clone(&self.working));
        let work = move || {
            positions.compact()?;
            working.compact()
        };
        blocking(work).await.map_err(|trouble: Trouble| CompactError(trouble.to_string()))
    }
}
