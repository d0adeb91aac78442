//! Which engine library the program was started with: it is found at run time, so it may be another one than it was built with.

use duckdb::Connection;

/// The version that this crate is built and tested with.
pub const LIBRARY_VERSION: &str = "v1.5.6";

/// The version of the library that is loaded, or why it does not start.
pub fn library_version() -> Result<String, String> {
    let opened = Connection::open_in_memory();
    opened.and_then(|connection| connection.version()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_the_one_that_the_crate_is_made_for() {
        assert_eq!(library_version().as_deref(), Ok(LIBRARY_VERSION));
    }
}
