//! What docs/operations.md says of settings and metrics is what the program has.

use std::fs;
use std::path::{Path, PathBuf};

use playhead_app::Layers;

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
            let calls = ["counter!(\"", "gauge!(\"", "histogram!(\""];
            let named =
                calls.iter().flat_map(|call| text.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
            found.extend(named.map(str::to_owned));
        }
    }
}

#[test]
fn every_setting_stands_in_the_document_with_its_default() {
    let (document, layers) = (operations(), Layers::new().expect("the defaults"));
    let settings = layers.settings();
    let rows = settings.iter().map(|setting| format!("| `{}` | `{}` |", setting.key, setting.value));
    let missing: Vec<String> = rows.filter(|row| !document.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "docs/operations.md lacks rows that begin so:\n{}", missing.join("\n"));
}

#[test]
fn every_metric_stands_in_the_document() {
    let mut names = Vec::new();
    for room in ["app", "edge", "stream", "engines"] {
        metrics_below(&root().join("crates").join(room), &mut names);
    }
    assert!(names.len() > 20, "only {names:?} were found");
    let document = operations();
    let missing: Vec<_> = names.iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/operations.md does not speak of {missing:?}");
}
