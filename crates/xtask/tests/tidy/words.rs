//! What no file may say: where it was written, where packages came from, and that something is not done yet.

use crate::{Source, assert_tidy, sources};

/// Folders of one machine.
const MACHINE_PATHS: [&str; 4] = ["/work/", "/root/", "/home/", "/tmp/bash"];

/// Where packages come from is for each machine's own settings to say.
const REGISTRIES: [&str; 9] = [
    "index.crates.io",
    "static.crates.io",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "files.pythonhosted.org",
    "pypi.org/simple",
    "deb.debian.org",
    "repo1.maven.org",
    "repo.maven.apache.org",
];

/// Not done, or not run.
const UNFINISHED: [&str; 6] = ["todo!", "unimplemented!", "#[ignore", "TODO", "FIXME", "XXX"];

/// How a test says that it is the body of a process which another test starts, and is run after all.
const RUN_BY_ANOTHER: &str = "the test beside it starts it";

/// This file has to name what it forbids.
const THIS_FILE: &str = "crates/xtask/tests/tidy/words.rs";

#[test]
fn no_file_tells_of_a_machine() {
    assert_tidy(&found_anywhere(&MACHINE_PATHS));
}

#[test]
fn no_file_names_a_registry() {
    assert_tidy(&found_anywhere(&REGISTRIES));
}

#[test]
fn nothing_is_left_unfinished() {
    assert_tidy(&found_anywhere(&UNFINISHED));
}

#[test]
fn a_word_within_a_word_is_another_word() {
    assert!(stands_in("// TODO: more", "TODO") && stands_in("see \"/work/x\"", "/work/"));
    assert!(!stands_in("MASTODON", "TODO") && !stands_in("src/work/x", "/work/") && !stands_in("TODOS", "TODO"));
}

fn found_anywhere(words: &[&str]) -> Vec<String> {
    let of_source = |source: &Source| {
        let lines = source.text.lines().enumerate().filter(|(_, line)| !line.contains(RUN_BY_ANOTHER));
        let found = lines.flat_map(|(at, line)| {
            let path = &source.path;
            let found = words.iter().filter(move |word| stands_in(line, word));
            found.map(move |word| format!("{path}:{}: must not say `{word}`", at + 1))
        });
        found.collect::<Vec<_>>()
    };
    sources().iter().filter(|source| source.path != THIS_FILE).flat_map(of_source).collect()
}

/// Whether the word is in the line and is no part of a longer one.
fn stands_in(line: &str, word: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let begins_alone = !before.is_some_and(|c| is_of_word(c) || (c == '.' && word.starts_with('/')));
        let ends_alone = !(word.ends_with(char::is_alphanumeric) && after.is_some_and(is_of_word));
        begins_alone && ends_alone
    })
}
