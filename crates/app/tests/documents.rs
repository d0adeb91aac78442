//! What docs/operations.md says of settings and metrics is what the program has.

use std::fs;
use std::path::{Path, PathBuf};

use playhead_app::{Layers, METRICS, Setting};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn operations() -> String {
    fs::read_to_string(root().join("docs/operations.md")).expect("the document")
}

/// The names of the metrics that the sources below a folder make.
fn metrics_below(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            metrics_below(&path, found);
        } else if path.extension().is_some_and(|of| of == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let calls = ["counter!(\"p", "gauge!(\"p", "histogram!(\"p"];
            let named =
                calls.iter().flat_map(|call| text.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
            found.extend(named.map(|name| format!("p{name}")));
        }
    }
}

/// How the row of a setting begins.
fn row(setting: &Setting) -> String {
    let start = format!("| `{}` | `{}` |", setting.key, setting.value);
    setting.bounds.map_or(start.clone(), |(least, greatest)| format!("{start} {least} to {greatest} |"))
}

#[test]
fn every_number_has_bounds_and_its_default_is_within() {
    for setting in Layers::new().expect("the defaults").settings() {
        let Some(value) = setting.value.as_integer() else { continue };
        let (least, greatest) = setting.bounds.unwrap_or_else(|| panic!("{} has no bounds", setting.key));
        assert!((least..=greatest).contains(&value), "{}: {value}", setting.key);
    }
}

#[test]
fn every_setting_stands_in_the_document_with_its_default_and_its_bounds() {
    let (document, layers) = (operations(), Layers::new().expect("the defaults"));
    let settings = layers.settings();
    let rows = settings.iter().map(row);
    let missing: Vec<String> = rows.filter(|row| !document.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "docs/operations.md lacks rows that begin so:\n{}", missing.join("\n"));
}

#[test]
fn every_metric_is_described_and_stands_in_the_document_with_the_same_words() {
    let mut made = Vec::new();
    for room in ["app", "edge", "stream", "engines"] {
        metrics_below(&root().join("crates").join(room), &mut made);
    }
    made.sort();
    made.dedup();
    let mut described: Vec<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    described.sort();
    assert_eq!(made, described, "what the sources count, and what metric_table.rs describes");
    let document = operations();
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `p")).collect();
    for metric in METRICS {
        let kind = format!("{:?}", metric.of).to_lowercase();
        let start = format!("| `{}` | {kind} |", metric.name);
        let is_row = |row: &&&str| row.starts_with(&start) && row.contains(&format!("| {} |", metric.help));
        assert_eq!(rows.iter().filter(is_row).count(), 1, "docs/operations.md lacks {metric:?}");
    }
}
