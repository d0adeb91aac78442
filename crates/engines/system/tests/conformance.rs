//! The contracts of `Clock` and `Ids`, kept by the machine's own.

use playhead_system::{SystemClock, SystemIds};

#[test]
fn the_clock_of_the_machine_keeps_the_contract() {
    playhead_conformance::clock(&SystemClock);
}

#[test]
fn ids_of_the_machine_keep_the_contract() {
    playhead_conformance::ids(&SystemIds);
}
