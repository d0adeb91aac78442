//! The real program as a process, over real HTTP and gRPC: what it promises, and what is done to break it.
//!
//! One test binary, so that it is linked once. It knows the program by its command line, its interfaces and its tables; the
//! rules of positions come from `playhead-domain`, the bytes of a spoiled log from `playhead-segments`.

mod access;
mod admin_kills;
mod administration;
mod backups;
mod bytes;
mod clocks;
mod commands;
mod devices;
mod disk_full;
mod doctor;
mod forgetting;
mod import_set;
mod kill9;
mod ledger;
mod letters;
mod load;
mod log_files;
mod malformed;
mod marts;
mod overload;
mod plan;
mod restores;
mod slow;
mod small_log;
mod sql_limits;
mod stopping;
mod telemetry;
mod turn;
mod views;
mod warehouse;

use playhead_testkit::Setup;

/// The program that was built with this test, on a folder of its own.
fn setup() -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_playhead"))
}
