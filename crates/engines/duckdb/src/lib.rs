//! playhead-duckdb
