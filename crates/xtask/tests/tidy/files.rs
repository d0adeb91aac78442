//! How files are named, how they begin, and how long they may become.

use crate::{Source, assert_tidy, sources};

const LINES_MAX: usize = 500;

/// A name that says nothing gathers everything.
const NAMES_THAT_SAY_NOTHING: [&str; 4] = ["utils", "util", "helpers", "common"];

#[test]
fn each_file_says_what_it_is() {
    let mute = |source: &Source| {
        let is_ours = source.is_rust() && source.path.starts_with("crates/");
        (is_ours && !source.text.starts_with("//! ")).then(|| format!("{}: must begin with `//! `", source.path))
    };
    assert_tidy(&sources().iter().filter_map(mute).collect::<Vec<_>>());
}

#[test]
fn no_file_is_named_for_nothing() {
    let nameless = |source: &Source| {
        let says_nothing = |part: &str| NAMES_THAT_SAY_NOTHING.contains(&part.split('.').next().unwrap_or(part));
        let is_wrong = source.is_rust() && source.path.split('/').any(says_nothing);
        is_wrong.then(|| format!("{}: name it by what is in it", source.path))
    };
    assert_tidy(&sources().iter().filter_map(nameless).collect::<Vec<_>>());
}

#[test]
fn no_file_outgrows_one_idea() {
    let too_long = |source: &Source| {
        let lines = source.text.lines().count();
        let is_wrong = source.is_rust() && !is_test(&source.path) && lines > LINES_MAX;
        is_wrong.then(|| format!("{}: has {lines} lines, more than {LINES_MAX}", source.path))
    };
    assert_tidy(&sources().iter().filter_map(too_long).collect::<Vec<_>>());
}

/// The suites of the ports are tests, too.
fn is_test(path: &str) -> bool {
    path.starts_with("crates/conformance/")
        || path.ends_with("_tests.rs")
        || path.ends_with("/tests.rs")
        || path.contains("/tests/")
}
