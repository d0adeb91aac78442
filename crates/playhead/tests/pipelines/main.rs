//! Pipelines of the real program as processes, and what is done to break them: kills, a database that goes away, full disks,
//! two consumers of one partition, tables that change meanwhile. What they keep is compared with a run that nobody disturbed.
//!
//! It knows the program by its command line and its interfaces, and tables by SQL.

mod fences;
mod folder;
mod kills;
mod loaders;
mod migrations;
mod orders;
mod outages;
mod proxy;
mod roles;
mod tables;
mod watching;

use playhead_testkit::seeded;

/// How often a disturbance is repeated: the environment variable `PLAYHEAD_TEST_ROUNDS`, or what the test says.
fn rounds(usual: usize) -> usize {
    let given = std::env::var("PLAYHEAD_TEST_ROUNDS").ok();
    given.map_or(usual, |text| text.parse().unwrap_or_else(|e| panic!("PLAYHEAD_TEST_ROUNDS={text}: {e}")))
}

/// Randomness whose seed is told at once: a test that hangs is seen again as well as one that fails.
fn random(test: &str) -> playhead_testkit::Seeded {
    let random = seeded();
    println!("{test}: seed {}", random.seed());
    random
}
