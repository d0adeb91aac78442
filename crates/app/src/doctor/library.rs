//! The DuckDB library that the program was started with.

use std::fs;

use playhead_duckdb::{LIBRARY_VERSION, library_version};

use super::Finding;

const CHECK: &str = "library";
const FETCH: &str = "run `make setup`, which fetches the right one, or point DUCKDB_LIB_DIR at it when building; at run time \
                     the program looks beside itself, in ../lib, then where it was built with";

pub(super) fn check() -> Finding {
    judge(library_version(), loaded_from(&fs::read_to_string("/proc/self/maps").unwrap_or_default()))
}

fn judge(found: Result<String, String>, path: Option<String>) -> Finding {
    let place = path.map(|path| format!(" from {path}")).unwrap_or_default();
    match found {
        Ok(version) if version == LIBRARY_VERSION => Finding::ok(CHECK, format!("DuckDB {version}{place}")),
        Ok(version) => {
            let found = format!("DuckDB {version}{place}, built and tested with {LIBRARY_VERSION}");
            if series(&version) == series(LIBRARY_VERSION) {
                Finding::warn(CHECK, found, FETCH)
            } else {
                Finding::fail(CHECK, found, FETCH)
            }
        }
        Err(error) => Finding::fail(CHECK, format!("DuckDB does not start: {error}"), FETCH),
    }
}

/// `v1.5` of `v1.5.6`.
fn series(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(series, _)| series)
}

/// The path of the library among the files that the process has mapped.
fn loaded_from(maps: &str) -> Option<String> {
    let path = maps.lines().find(|line| line.contains("libduckdb"))?.split_whitespace().last()?;
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn the_library_that_is_loaded_is_the_one_that_is_expected() {
        let finding = check();
        assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
        assert!(finding.found.contains("libduckdb.so"), "{}", finding.found);
    }

    #[test]
    fn another_library_is_told() {
        let of = |version: &str| judge(Ok(version.to_owned()), None).verdict;
        assert_eq!([of(LIBRARY_VERSION), of("v1.5.9"), of("v2.0.0")], [Verdict::Ok, Verdict::Warn, Verdict::Fail]);
        assert_eq!(judge(Err("no".into()), None).verdict, Verdict::Fail);
        assert_eq!(loaded_from("7f-8f r-xp 0 fe:00 12  /opt/lib/libduckdb.so"), Some("/opt/lib/libduckdb.so".into()));
    }
}
