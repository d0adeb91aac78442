//! Files of staged rows into a vault: a hub of customers, one of nations, the link between them, and a satellite.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhead_ports::{Clock, Target};
use playhead_system::SystemClock;
use playhead_warehouse::pipeline::{NoDictionaries, Parts, Pipeline};
use playhead_warehouse::spec::{Mode, Spec};
use tempfile::TempDir;

const SPEC: &str = include_str!("customers.toml");
const SOURCE: &str = "customers";
const NATIONS: u64 = 25;

/// A vault of customers.
pub(crate) struct Vault {
    pipeline: Arc<Pipeline>,
    folder: TempDir,
    files: u64,
}

impl Vault {
    pub(crate) async fn open(folder: TempDir, target: Arc<dyn Target>, mode: Mode) -> anyhow::Result<Self> {
        let mut spec: Spec = toml::from_str(SPEC)?;
        spec.vault.mode = mode;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (dictionaries, load_time) = (Arc::new(NoDictionaries), None);
        let record_source = Some("bench".to_owned());
        let pipeline = Pipeline::new(Parts { spec, target, dictionaries, clock, load_time, record_source });
        pipeline.apply().await?;
        Ok(Self { pipeline, folder, files: 0 })
    }

    /// Loads a file of so many customers from that one on: half of them as they always were, the others new in each file.
    /// Gives how long it took from opening the file to the commit.
    pub(crate) async fn load(&mut self, from: u64, customers: u64) -> anyhow::Result<Duration> {
        let file = self.write(from, customers)?;
        let began = Instant::now();
        let loaded = self.pipeline.load_file(SOURCE, &file, |_, _| {}).await?;
        anyhow::ensure!(loaded.loaded == customers, "{loaded:?}");
        Ok(began.elapsed())
    }

    fn write(&mut self, from: u64, customers: u64) -> anyhow::Result<PathBuf> {
        self.files += 1;
        let mut csv = String::from("customer_id,nation,name,segment,balance\n");
        for customer in from..from + customers {
            let segment = if customer.is_multiple_of(2) { 0 } else { self.files };
            let nation = customer % NATIONS;
            writeln!(
                csv,
                "C{customer:09},nation {nation},Customer {customer},segment {segment},{}.50",
                customer % 10_000
            )?;
        }
        let file = self.folder.path().join(format!("{}.csv", self.files));
        std::fs::write(&file, csv)?;
        Ok(file)
    }
}
