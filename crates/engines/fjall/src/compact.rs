//! Compaction by hand: what was removed goes from the files' bytes.

use std::fs::{self, OpenOptions};
use std::path::Path;

use crate::error::Trouble;
use crate::opened::is_journal;
use crate::shelf::Shelf;

impl Shelf {
    /// Rewrites all tables without what was removed before this call, and empties the journals. Writers wait only for the
    /// last part, readers hardly at all. It needs as much free space as the database has bytes.
    pub(crate) fn compact(&self) -> Result<(), Trouble> {
        self.check_space_to_compact()?;
        {
            let opened = {
                let _one = self.hold();
                self.writer()?
            };
            opened.flush()?;
            opened.data.major_compact()?;
        }
        self.empty_journals()
    }

    fn check_space_to_compact(&self) -> Result<(), Trouble> {
        let needed_bytes = self.size_bytes()?;
        let free_bytes = self.free_bytes()?;
        if free_bytes < needed_bytes {
            return Err(Trouble::Away(format!("compacting needs {needed_bytes} bytes free, there are {free_bytes}")));
        }
        Ok(())
    }

    /// fjall begins a new journal only once one has 64 MB, so the bytes of the removed would stay in it. With everything in
    /// tables the journals have nothing to tell, and are cut to nothing while the database is closed. They are not removed:
    /// from a folder without a journal fjall would count its sequence from 0 again.
    fn empty_journals(&self) -> Result<(), Trouble> {
        let _one = self.hold();
        let opened = self.writer()?;
        opened.flush()?;
        if !opened.is_flushed() {
            return Err(Trouble::Away("the store was written to while writers were held off".into()));
        }
        drop(opened);
        self.close()?;
        let emptied = empty_journals_in(self.dir());
        self.reopen()?;
        emptied.map_err(|error| Trouble::Away(error.to_string()))
    }
}

fn empty_journals_in(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if is_journal(&path) {
            let journal = OpenOptions::new().write(true).open(path)?;
            journal.set_len(0)?;
            journal.sync_all()?;
        }
    }
    Ok(())
}
