//! A tablespace that fills up and gets room again.

use playhead_ports::{CommitError, Target};
use playhead_testkit::{Postgres, Tmpfs};

mod support;

use support::{assert_whole, load, standing, target_of};

#[tokio::test(flavor = "multi_thread")]
async fn no_space_in_the_tablespace_loses_and_doubles_nothing() {
    let tmpfs = match Tmpfs::mount(24 << 20) {
        Ok(tmpfs) => tmpfs,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return println!("not run: only root may mount a small disk");
        }
        Err(error) => panic!("{error}"),
    };
    let postgres = Postgres::start_new();
    postgres.own(tmpfs.path());
    let folder = tmpfs.path().display();
    postgres.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{folder}'"));
    let url = postgres.create_database("full");
    let target = target_of(&url).await;
    target.migrate(&["ALTER TABLE stg.numbers SET TABLESPACE small".to_owned()]).await.expect("moves");
    for round in 0..3 {
        let ballast = tmpfs.fill(400 << 10).expect("fills");
        let mut refused = None;
        while refused.is_none() {
            let next = standing(&target).await;
            refused = load(&target, next, next + 500).await.err();
        }
        assert!(matches!(refused, Some(CommitError::Transient(_))), "round {round}: {refused:?}");
        assert_whole(&target).await;
        drop(ballast);
        let next = standing(&target).await;
        load(&target, next, next + 500).await.expect("there is room again");
        assert_whole(&target).await;
    }
    drop(postgres);
}
