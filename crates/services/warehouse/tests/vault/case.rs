//! The form of a case, as `docs/warehouse-cases.md` has it. It does not know what runs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The cases of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cases {
    /// The kind of table that they are about.
    pub(crate) kind: String,
    /// Pipelines, by name.
    pub(crate) spec: BTreeMap<String, String>,
    /// The cases.
    pub(crate) case: Vec<Case>,
}

/// A case: what is there, what is loaded, and what is there then.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows, as a sentence.
    pub(crate) name: String,
    /// The pipeline, by its name in the file; the file's only one by default.
    #[serde(default)]
    pub(crate) spec: Option<String>,
    /// Rows that are in tables before, by table.
    #[serde(default)]
    pub(crate) given: BTreeMap<String, String>,
    /// Loads, one after the other.
    #[serde(default)]
    pub(crate) load: Vec<Load>,
    /// What tables have in the end, by table.
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, String>,
}

/// One load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    /// When it is; rows may have load times of their own.
    #[serde(default = "midnight")]
    pub(crate) time: String,
    /// Staged rows, by source.
    pub(crate) rows: BTreeMap<String, String>,
    /// What tables have after it, by table.
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, String>,
}

fn midnight() -> String {
    "2024-01-01".into()
}

impl Cases {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The text of the case's pipeline.
    pub(crate) fn spec_of(&self, case: &Case) -> &str {
        let only = || (self.spec.len() == 1).then(|| self.spec.values().next()).flatten();
        let named = case.spec.as_ref().map_or_else(only, |name| self.spec.get(name));
        named.unwrap_or_else(|| panic!("case {:?}: which spec?", case.name))
    }
}

/// The files of cases, in order: of the repository, or of the folder that `CASES` names.
pub(crate) fn files() -> Vec<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vault");
    let folder = std::env::var_os("CASES").map_or_else(own, PathBuf::from);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be read").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}
