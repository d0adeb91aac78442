//! Lets the program find the DuckDB library wherever it is started: beside itself, in `../lib`, or where it was built with.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN:$ORIGIN/../lib");
    // Without it a library of the system is used, which the loader finds by itself.
    if let Some(dir) = env::var_os("DUCKDB_LIB_DIR").and_then(|dir| Path::new(&dir).canonicalize().ok()) {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", dir.display());
    }
}
