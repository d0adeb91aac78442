//! Fetches the prebuilt DuckDB library, because building it takes most of an hour.
//!
//! It comes from the npm package of DuckDB's own bindings for Node: the same build, at the same version as the crate.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

const LIBRARY: &str = "libduckdb.so";
const VERSION: &str = "1.5.6-r.1";
const X64_SHA256: &str = "3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633";

/// Puts the library into `.cache/duckdb`. Does nothing if it is there, or if `DUCKDB_LIB_DIR` says where another one is.
pub(crate) fn fetch() -> Result<()> {
    let own_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/duckdb");
    fs::create_dir_all(&own_dir).with_context(|| format!("cannot make {}", own_dir.display()))?;
    let own_dir = own_dir.canonicalize()?;
    if let Some(dir) = env::var_os("DUCKDB_LIB_DIR").map(PathBuf::from)
        && dir.canonicalize().ok().as_ref() != Some(&own_dir)
    {
        ensure!(dir.join(LIBRARY).exists(), "DUCKDB_LIB_DIR is {}, and there is no {LIBRARY} in it", dir.display());
        return Ok(());
    }
    if own_dir.join(LIBRARY).exists() {
        return Ok(());
    }
    let (package, sha256) = package()?;
    // Beside its place, so that it can be put there by a rename, whole or not at all.
    let temporary = own_dir.join(format!("fetch-{}", std::process::id()));
    fs::create_dir(&temporary).with_context(|| format!("cannot make {}", temporary.display()))?;
    let result = fetch_into(&temporary, &package, sha256)
        .and_then(|library| fs::rename(library, own_dir.join(LIBRARY)).context("cannot put the library in its place"));
    fs::remove_dir_all(&temporary).with_context(|| format!("cannot remove {}", temporary.display()))?;
    result.with_context(|| format!("cannot fetch {package}"))?;
    println!("DuckDB {VERSION} is in {}", own_dir.display());
    Ok(())
}

/// The package for this machine, and the hash that its library must have, where it is known.
fn package() -> Result<(String, Option<&'static str>)> {
    let (suffix, sha256) = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => ("x64", Some(X64_SHA256)),
        // npm checks the package against its registry; the library's own hash was never seen by us.
        ("linux", "aarch64") => ("arm64", None),
        (os, arch) => bail!("there is no prebuilt library for {os} on {arch}: build DuckDB and set DUCKDB_LIB_DIR"),
    };
    Ok((format!("@duckdb/node-bindings-linux-{suffix}@{VERSION}"), sha256))
}

fn fetch_into(temporary: &Path, package: &str, sha256: Option<&str>) -> Result<PathBuf> {
    run("npm", ["pack", "--silent", "--pack-destination", ".", package], temporary)?;
    let archive = fs::read_dir(temporary)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension() == Some(OsStr::new("tgz")))
        .context("npm left no archive")?;
    let member = format!("package/{LIBRARY}");
    run("tar", [OsStr::new("-xzf"), archive.as_os_str(), OsStr::new(&member)], temporary)?;
    let library = temporary.join(member);
    if let Some(sha256) = sha256 {
        let mut hasher = Sha256::new();
        io::copy(&mut fs::File::open(&library)?, &mut hasher)?;
        let found: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        ensure!(found == sha256, "its {LIBRARY} has the SHA-256 {found}, and {sha256} is expected");
    }
    Ok(library)
}

fn run<A: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = A>, dir: &Path) -> Result<()> {
    let status = Command::new(program)
        .args(args)
        .current_dir(dir)
        // npm says there what it made, which is looked for anyway.
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot run `{program}`: is it installed?"))?;
    ensure!(status.success(), "`{program}` failed: {status}");
    Ok(())
}
