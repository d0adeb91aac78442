//! A folder with orders, dictionaries and a configuration, and a server on it.

use std::path::Path;
use std::time::Duration;

use playhead_testkit::{Finished, Program, Setup, run_to_end, wait_until};
use serde_json::Value;

/// Everything that a test waits for has this deadline.
pub(crate) const WITHIN: Duration = Duration::from_secs(300);
pub(crate) const TOPIC: &str = "order-service_orders";

/// The folder.
pub(crate) struct Scene {
    dir: tempfile::TempDir,
}

/// A closed order of a guest.
pub(crate) fn order(number: u32) -> String {
    let item = r#"{"id":"p1","name":"Margherita","price":9,"quantity":1}"#;
    let payload = format!(
        r#"{{"user":{{"id":"u1"}},"restaurant":{{"id":"r1"}},"order_items":[{item}],"date":"2026-03-01 12:00:00","cost":9,"payment":9,"final_status":"CLOSED","statuses":[]}}"#
    );
    let minute = number % 60;
    format!(
        r#"{{"object_id":{number},"object_type":"order","sent_dttm":"2026-03-01 12:{minute:02}:00","payload":{payload}}}"#
    )
}

impl Scene {
    /// With dictionaries that are loaded already, and a configuration that names the pipeline of orders.
    pub(crate) fn new(into: Option<&str>) -> Self {
        let scene = Self { dir: tempfile::tempdir().expect("a folder") };
        scene.write("users.ndjson", r#"{"_id":"u1","name":"Anna","login":"anna"}"#);
        let menu = r#"[{"_id":"p1","name":"Margherita","price":9,"category":"pizza"}]"#;
        scene.write("restaurants.ndjson", &format!(r#"{{"_id":"r1","name":"Roma","menu":{menu}}}"#));
        scene.configure(&scene.spec(), into);
        for (name, file) in [("user", "users.ndjson"), ("restaurant", "restaurants.ndjson")] {
            scene.load_dictionary(name, file);
        }
        scene
    }

    pub(crate) fn configure(&self, spec: &str, into: Option<&str>) {
        let into = into.map_or_else(String::new, |into| format!("into = \"{into}\"\n"));
        self.write("playhead.toml", &format!("[pipelines]\nspecs = [\"{spec}\"]\nredrive_every_ms = 200\n{into}"));
    }

    pub(crate) fn load_dictionary(&self, name: &str, file: &str) {
        let (spec, data, file) = (self.spec(), self.path("data"), self.path(file));
        self.run(&["dict", "load", name, &file, "--spec", &spec, "--data", &data]).expect_success();
    }

    pub(crate) fn spec(&self) -> String {
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/orders.toml");
        spec.to_string_lossy().into_owned()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("written");
    }

    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        run_to_end(env!("CARGO_BIN_EXE_playhead"), args, WITHIN)
    }

    /// The server on a folder below this one, not started.
    pub(crate) fn server_on(&self, data: &str) -> Program {
        let setup = Setup::new(env!("CARGO_BIN_EXE_playhead")).data_dir(self.path(data));
        setup.arg("--config").arg(self.path("playhead.toml")).prepare()
    }

    /// The server, running.
    pub(crate) fn start(&self) -> Program {
        let mut program = self.server_on("data");
        program.start();
        program
    }

    /// Closed orders onto the topic, through the server.
    #[track_caller]
    pub(crate) fn produce(&self, program: &Program, numbers: std::ops::Range<u32>) {
        self.write("orders.ndjson", &numbers.map(order).collect::<Vec<_>>().join("\n"));
        let file = self.path("orders.ndjson");
        program.client_command(&["warehouse", "produce", TOPIC, &file, "--key", "object_id"]).expect_success();
    }

    /// A command that asks the server of the pipeline.
    #[track_caller]
    pub(crate) fn ask(&self, program: &Program, args: &[&str]) -> Finished {
        program.client_command(&[&["warehouse"], args, &["--spec", &self.spec()]].concat())
    }

    /// The status as the server tells it.
    #[track_caller]
    pub(crate) fn status(&self, program: &Program) -> Value {
        serde_json::from_str(&self.ask(program, &["status", "--json"]).expect_success().stdout).expect("JSON")
    }

    /// Waits until the pipeline has taken everything and has so many orders.
    #[track_caller]
    pub(crate) fn wait_orders(&self, program: &Program, orders: u64) {
        wait_until(WITHIN, &format!("{orders} orders are loaded"), || {
            let status = self.status(program);
            rows(&status, "h_order") == Some(orders) && behind(&status) == 0
        });
    }
}

/// The rows of a table, as a status tells them.
pub(crate) fn rows(status: &Value, table: &str) -> Option<u64> {
    status["tables"].as_array()?.iter().find(|of| of["table"] == table)?["rows"].as_u64()
}

fn behind(status: &Value) -> u64 {
    let parts = status["partitions"].as_array().expect("partitions").iter();
    let lag = |part: &Value| {
        part["end_offset"].as_u64().unwrap_or(0).saturating_sub(part["next_offset"].as_u64().unwrap_or(0))
    };
    parts.map(lag).sum()
}

/// What `/metrics` says of the pipeline's state.
pub(crate) fn is_in(program: &Program, state: &str) -> bool {
    let metrics = program.http().get("/metrics").expect("an answer").text;
    metrics.contains(&format!("playhead_pipeline_state{{pipeline=\"orders\",state=\"{state}\"}} 1"))
}

/// Whether players are served: a position is taken and read, and the program says that it is ready.
#[track_caller]
pub(crate) fn assert_served(program: &Program) {
    let at = playhead_testkit::event().position(7_000);
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    assert_eq!(program.http().get(&at.path()).expect("an answer").expect_status(200).json["position_ms"], 7_000);
    program.http().get("/readyz").expect("an answer").expect_status(200);
}
