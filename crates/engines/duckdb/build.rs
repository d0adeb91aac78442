//! Lets what cargo runs find the DuckDB library.
//!
//! Cargo gives tests and examples a library path, but only of folders below its target folder; so the library of
//! `DUCKDB_LIB_DIR` gets a link there. The installed program finds it by its rpath (`crates/playhead/build.rs`).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    // Without it the linker and the loader find a library of the system by themselves.
    let Some(dir) = env::var_os("DUCKDB_LIB_DIR") else { return };
    let library = Path::new(&dir).join("libduckdb.so");
    println!("cargo::rerun-if-changed={}", library.display());
    let Ok(library) = library.canonicalize() else {
        println!("cargo::error={} is not there: `make setup` fetches it", library.display());
        return;
    };
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let link = out_dir.join("libduckdb.so");
    let made = fs::remove_file(&link)
        .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
        .and_then(|()| std::os::unix::fs::symlink(&library, &link));
    match made {
        Ok(()) => println!("cargo::rustc-link-search=native={}", out_dir.display()),
        Err(e) => println!("cargo::error=cannot link {} to {}: {e}", link.display(), library.display()),
    }
}
