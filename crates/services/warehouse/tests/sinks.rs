//! The contract of `Sink`, kept by pipelines and dictionaries on their engines.

use std::sync::Arc;

use bytes::Bytes;
use playhead_conformance::{SinkSite, sink};
use playhead_domain::Timestamp;
use playhead_duckdb::DuckTarget;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Dictionaries, DictionaryKey, Target, Topic, TopicPartition};
use playhead_postgres::PostgresTarget;
use playhead_testkit::{ManualClock, Postgres};
use playhead_warehouse::dictionary::DictionarySink;
use playhead_warehouse::pipeline::{Parts, Pipeline, PipelineSink};
use playhead_warehouse::spec::parse;
use tempfile::TempDir;

const NOON_MS: i64 = 1_772_366_400_000;
const SPEC: &str = r#"
[pipeline]
name = "orders"
[source.orders]
topic = "orders"
identity = ["id"]
version = "n"
columns = { id = {}, n = { type = "int" }, cost = { type = "int" } }
[hub.h_order]
from = ["orders"]
key = ["id"]
[satellite.s_order]
from = ["orders"]
parent = "h_order"
payload = ["cost"]
"#;

fn parts() -> [TopicPartition; 2] {
    [0, 1].map(|partition| TopicPartition::new(&Topic::new("orders"), partition))
}

fn order(id: &str, n: u32, cost: u32) -> Bytes {
    Bytes::from(format!(r#"{{"id":"{id}","n":{n},"cost":{cost}}}"#))
}

fn dictionaries(folder: &TempDir) -> Arc<dyn Dictionaries> {
    let path = folder.path().join("dictionaries");
    Arc::new(FjallDictionaries::open(&path, &playhead_fjall::Config::default()).expect("new ones can be opened"))
}

/// A pipeline on that target, whose tables are made.
async fn pipeline_site(target: Arc<dyn Target>, folder: TempDir) -> SinkSite<PipelineSink> {
    let pipeline = Pipeline::new(Parts {
        spec: parse("the spec", SPEC).unwrap_or_else(|complaints| panic!("{complaints:#?}")),
        target: target.clone(),
        dictionaries: dictionaries(&folder),
        clock: Arc::new(ManualClock::at(NOON_MS)),
        load_time: Some(Timestamp(NOON_MS)),
        record_source: None,
    });
    pipeline.apply().await.expect("the tables can be made");
    let kept = Arc::new(folder);
    let shown = Box::new(move || {
        let (target, kept) = (target.clone(), kept.clone());
        Box::pin(async move {
            let mut text = String::new();
            for sql in [
                "SELECT id, _version FROM stg.orders ORDER BY 1",
                "SELECT id, _version FROM stg.orders_history ORDER BY 1, 2",
                "SELECT id FROM dds.h_order ORDER BY 1",
                "SELECT cost, CAST(event_time AS text) FROM dds.s_order ORDER BY 1, 2",
            ] {
                text += &format!("{:?}", target.select(&[], sql, 1_000).await.expect("an answer"));
            }
            drop(kept);
            text
        }) as _
    });
    let good = [order("a", 1, 10), order("b", 1, 20), order("a", 2, 30), order("c", 1, 40)];
    let broken = Bytes::from_static(b"{\"id\":\"d\",\"n\":\"one\"}");
    SinkSite { sink: Arc::new(PipelineSink::new(pipeline)), parts: parts(), good, broken, shown }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_into_duckdb_keeps_the_contract() {
    sink(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let target = DuckTarget::open(&folder.path().join("orders.duckdb"), playhead_duckdb::Config::default());
        pipeline_site(Arc::new(target.expect("a new file can be opened")), folder).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_into_postgresql_keeps_the_contract() {
    let postgres = Postgres::start_new();
    let number = std::sync::atomic::AtomicUsize::new(0);
    sink(async || {
        let name = format!("orders_{}", number.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let url = postgres.create_database(&name);
        let target = PostgresTarget::new(&url, playhead_postgres::Config::default()).expect("an address");
        pipeline_site(Arc::new(target), tempfile::tempdir().expect("a folder")).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_keeps_the_contract() {
    sink(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let store = dictionaries(&folder);
        let sink = Arc::new(DictionarySink::new("guests", "id", store.clone()));
        let kept = Arc::new(folder);
        let shown = Box::new(move || {
            let (store, kept) = (store.clone(), kept.clone());
            Box::pin(async move {
                let key = |id: &str| DictionaryKey { dictionary: "guests".into(), id: id.into() };
                let found = store.get(&["anna", "boris", "clara"].map(key)).await.expect("reads");
                drop(kept);
                format!("{found:?}")
            }) as _
        });
        let entry = |id: &str, name: &str| Bytes::from(format!(r#"{{"id":"{id}","name":"{name}"}}"#));
        let good = [entry("anna", "Anna"), entry("boris", "Boris"), entry("anna", "Anne"), entry("clara", "Clara")];
        SinkSite { sink, parts: parts(), good, broken: Bytes::from_static(b"{\"name\":\"nobody\"}"), shown }
    })
    .await;
}
