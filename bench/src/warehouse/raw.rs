//! The ceiling: the same staged rows into plain tables, each with one set insert by its key, a transaction a batch. Nothing is
//! kept of versions, no vault, no marts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhead_domain::Timestamp;
use playhead_ports::{Dialect, Record, Staged, Target, Topic, TopicPartition};
use playhead_warehouse::intake::{Enrichment, Intake, Mark, Message};
use playhead_warehouse::plan::plan;

use super::flow::spec;
use super::orders::{self, TOPIC};

/// The columns that the key is made of; a table has those of them that its rows have.
const KEY: [&str; 4] = ["_message", "_version", "_content", "_place"];

/// Tables without meaning.
pub(crate) struct Raw {
    target: Arc<dyn Target>,
    intake: Intake,
    enrichment: Enrichment,
    told: u64,
    /// The statements of a load.
    takes: Vec<String>,
}

impl Raw {
    pub(crate) fn of_orders(target: Arc<dyn Target>, known: u64) -> anyhow::Result<Self> {
        let spec = spec()?;
        let intake = Intake::new(&spec, &plan(&spec));
        let entries = orders::entries(known).into_iter().filter_map(|(key, entry)| Some((key, entry?)));
        let enrichment = Enrichment { entries: entries.collect::<HashMap<_, _>>(), ..Enrichment::default() };
        Ok(Self { target, intake, enrichment, told: 0, takes: Vec::new() })
    }

    /// Loads the rows of so many orders, which are made before the clock starts.
    pub(crate) async fn batch(&mut self, orders: u64) -> anyhow::Result<Duration> {
        let messages: Vec<Message> =
            (self.told..self.told + orders).map(|place| message(place, orders::record(place))).collect();
        self.told += orders;
        let mark = Mark { load_time: Timestamp(1_767_225_600_000), record_source: None };
        let taken = self.intake.take("order_events", &messages, &self.enrichment, &mark);
        anyhow::ensure!(taken.rejects.is_empty() && taken.misses.is_empty(), "the orders are right");
        self.load(&taken.staged).await
    }

    async fn load(&mut self, staged: &[Staged]) -> anyhow::Result<Duration> {
        if self.takes.is_empty() {
            let dialect = self.target.dialect();
            let mut create = vec!["CREATE SCHEMA raw".to_owned()];
            create.extend(staged.iter().map(|staged| create_table(dialect, staged)));
            self.target.migrate(&create).await?;
            self.takes = staged.iter().map(|staged| take(dialect, staged)).collect();
        }
        let began = Instant::now();
        self.target.load("raw", staged, &self.takes, &[]).await?;
        Ok(began.elapsed())
    }
}

fn message(place: u64, record: Record) -> Message {
    Message {
        at: TopicPartition::new(&Topic::new(TOPIC), 0),
        offset: playhead_domain::Offset(place),
        key: record.key,
        bytes: record.value,
        headers: record.headers,
        received_time: record.time,
    }
}

fn key_of(staged: &Staged) -> Vec<&'static str> {
    KEY.into_iter().filter(|name| staged.fields.iter().any(|field| field.name == *name)).collect()
}

/// DuckDB has no key, as its tables of the pipeline have none.
fn create_table(dialect: Dialect, staged: &Staged) -> String {
    let columns = staged.fields.iter().map(|field| format!("\"{}\" {}", field.name, dialect.type_name(field.of)));
    let mut parts: Vec<String> = columns.collect();
    if dialect != Dialect::DuckDb {
        parts.push(format!("PRIMARY KEY ({})", key_of(staged).join(", ")));
    }
    format!("CREATE TABLE raw.{} ({})", staged.name, parts.join(", "))
}

fn take(dialect: Dialect, staged: &Staged) -> String {
    let insert = format!("INSERT INTO raw.{0} SELECT * FROM {0} AS s", staged.name);
    if dialect != Dialect::DuckDb {
        return format!("{insert} ON CONFLICT DO NOTHING");
    }
    let same: Vec<String> = key_of(staged).into_iter().map(|name| format!("t.{name} = s.{name}")).collect();
    format!("{insert} WHERE NOT EXISTS (SELECT 1 FROM raw.{} AS t WHERE {})", staged.name, same.join(" AND "))
}
