//! A running edge, and how tests talk to it.

mod client;
mod faulty_log;
mod stand_ins;

pub(crate) use client::{Answer, Ask};
pub(crate) use faulty_log::{Fault, FaultyLog};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use playhead_contracts::watch::watch_client::WatchClient;
use playhead_domain::Offset;
use playhead_edge::{Config, Drained, Edge, Listeners, Metrics, Parts};
use playhead_fjall::FjallStore;
use playhead_memory::MemoryRecent;
use playhead_ports::{Epoch, EventLog as _, Most, Record, Scope, Tokens, Topic, TopicPartition};
use playhead_segments::SegmentLog;
use playhead_system::{SystemClock, SystemIds, TokenFile};
use playhead_watch::Watch;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

pub(crate) use stand_ins::{StubHealth, StubOperations, StubPipelines, StubWarehouse};

/// Everything that a test waits for has this deadline.
pub(crate) const SOON: Duration = Duration::from_secs(240);

/// What a test may set.
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) open: bool,
    pub(crate) recent_max: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self { config: Config::default(), open: true, recent_max: 1_000_000 }
    }
}

/// A running edge.
pub(crate) struct Running {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) log: Arc<FaultyLog>,
    pub(crate) tokens: Arc<TokenFile>,
    pub(crate) health: Arc<StubHealth>,
    pub(crate) warehouse: Arc<StubWarehouse>,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<Drained>,
    _dir: TempDir,
}

impl Server {
    pub(crate) async fn start(self) -> Running {
        let dir = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(SystemClock);
        let log = SegmentLog::open(&dir.path().join("log"), Default::default(), clock.clone()).expect("a log");
        let log = Arc::new(FaultyLog::new(log));
        log.create(&Topic::new("orders"), 4).await.expect("a topic");
        let store = FjallStore::open(&dir.path().join("base"), &Default::default()).expect("a base");
        let recent = playhead_memory::Config { entries_max: self.recent_max };
        let recent = Arc::new(MemoryRecent::new(&recent, Epoch("1".into())));
        let watch = Watch::open(log.clone(), recent, Arc::new(store.base()), clock.clone(), Default::default());
        let watch = watch.await.expect("the topics");
        watch.caught_up();
        let tokens = Arc::new(TokenFile::open(dir.path(), clock).expect("tokens"));
        let (health, warehouse) = (Arc::new(StubHealth::default()), Arc::new(StubWarehouse::default()));
        let edge = Edge::new(Parts {
            watch: Arc::new(watch),
            log: log.clone(),
            pipelines: Arc::new(StubPipelines),
            warehouse: warehouse.clone(),
            tokens: tokens.clone(),
            operations: Arc::new(StubOperations),
            health: health.clone(),
            ids: Arc::new(SystemIds),
            metrics: Metrics::install().expect("metrics"),
            open: self.open,
            config: self.config,
        });
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        let listeners = Listeners::bind(any, any).expect("free ports");
        let (http, grpc) = (listeners.http_addr().expect("bound"), listeners.grpc_addr().expect("bound"));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(playhead_edge::serve(edge, listeners, stop.clone(), SOON));
        Running { http, grpc, log, tokens, health, warehouse, stop, serving, _dir: dir }
    }
}

impl Running {
    pub(crate) async fn open() -> Self {
        Server::default().start().await
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.http, method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        self.ask("PUT", path).json(body).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path).json(body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path).send().await
    }

    /// The records of a partition.
    pub(crate) async fn records(&self, topic: &str, partition: u64) -> Vec<Record> {
        let at = TopicPartition::new(&Topic::new(topic), u32::try_from(partition).expect("small"));
        let mut reader = self.log.reader(&at, Offset(0)).await.expect("a reader");
        let most = Most { records: 1_000, bytes: 1 << 20 };
        let records = reader.next(most, SOON).await.expect("records");
        records.into_iter().map(|stored| stored.record).collect()
    }

    /// A new connection to the gRPC listener.
    pub(crate) async fn watch_client(&self) -> WatchClient<Channel> {
        WatchClient::connect(format!("http://{}", self.grpc)).await.expect("a connection")
    }

    pub(crate) async fn token(&self, name: &str, scopes: &[Scope]) -> String {
        self.tokens.create(name, scopes).await.expect("a token")
    }

    /// Stops it and says how that ended.
    pub(crate) async fn stopped(self) -> Drained {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.serving).await.expect("it ends in time").expect("it ends well")
    }
}
