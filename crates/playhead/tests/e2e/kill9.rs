//! Guarantee 1 to 4 under `kill -9`: nothing acknowledged is lost, no position goes back, every event is in the warehouse once.

use std::time::Duration;

use playhead_testkit::seeded;

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{marts, setup, turn};

const ROUNDS: usize = 45;

#[test]
fn nothing_acknowledged_is_lost_by_kills_at_random_moments() {
    let turn = turn::take("kill9");
    let mut rng = seeded();
    println!("kills with seed {}", rng.seed());
    let mut program = setup().start();
    let writers = [&Way::ALL[..], &[Way::Put, Way::Stream]].concat();
    let shape =
        Shape { audience: Audience { users: 12, videos: 6 }, writers, readers: 2, pause: Duration::from_millis(1) };
    let load = Load::start(&program, &shape);
    let mut kills = 0;
    for round in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(rng.u64(20..700)));
        program.kill9();
        kills += 1;
        if round % 5 == 4 {
            // While it opens what the kill before has left.
            program.spawn();
            std::thread::sleep(Duration::from_millis(rng.u64(..400)));
            program.kill9();
            kills += 1;
        }
        program.start();
        load.ledger.read_all(program.http());
        turn.bound(Duration::from_secs(1_800));
    }
    let ledger = load.ledger.clone();
    let refusals = load.stop();
    marts::wait_caught_up(&program, Duration::from_secs(240));
    ledger.read_all(program.http());
    ledger.audit(&program);
    marts::assert_follow(&program);
    println!("{kills} kills; {}; refused: {refusals:?}", ledger.counts());
    ledger.assert_kept();
}
