//! The marts and the reads, held against a slow reference, whatever the order of arrival: real engines, no server.

mod feed;
mod reference;
mod site;
mod unheard;

use feed::{Feed, Sent};
use reference::Reference;
use site::Site;

const EVENTS: usize = 100_000;

/// Feeds the events to a site in chunks and compares every read and every mart with the reference.
async fn check(order: &[Sent], reference: &Reference, chunk: usize) {
    let site = Site::open().await;
    for sent in order.chunks(chunk) {
        site.record(sent).await;
    }
    site.consume().await;
    site.compare_reads(reference).await;
    site.compare_marts(reference).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_and_repetition_gives_the_reads_and_marts_of_the_reference() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut feed = Feed::new(seed);
    let events = feed.events(EVENTS);
    let reference = Reference::of(&events);
    check(&events, &reference, 5_000).await;
    check(&feed.shuffled_with_repetitions(&events), &reference, 3_000).await;
    check(&feed.delayed(&events), &reference, 7_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_answer_was_lost_counts_once_and_the_next_one_goes_in() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut feed = Feed::new(seed);
    let events = feed.events(20_000);
    let mut site = Site::open().await;
    site.lose_answers();
    site.record(&feed.shuffled_with_repetitions(&events)).await;
    site.consume().await;
    let reference = Reference::of(&events);
    site.compare_reads(&reference).await;
    site.compare_marts(&reference).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_gives_what_was_there() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut feed = Feed::new(seed);
    let events = feed.events(5_000);
    let reference = Reference::of(&events);
    let site = Site::open().await;
    site.record(&feed.shuffled_with_repetitions(&events)).await;
    site.consume().await;
    site.rebuild().await;
    site.compare_reads(&reference).await;
    site.compare_marts(&reference).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_user_is_gone_from_reads_and_marts() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut feed = Feed::new(seed);
    let mut events = feed.events(5_000);
    let site = Site::open().await;
    let (before, after) = events.split_at(2_500);
    site.record(before).await;
    let gone = before[0].user.clone();
    // Part of the user's events may be in the views by now, part only on the log.
    site.consume().await;
    site.record(&after[..1_000]).await;
    site.forget(&gone).await;
    site.record(&after[1_000..]).await;
    site.consume().await;
    let kept = |n: usize, sent: &Sent| sent.user != gone || n >= 3_500;
    let mut n = 0;
    events.retain(|sent| {
        n += 1;
        kept(n - 1, sent)
    });
    let reference = Reference::of(&events);
    site.compare_reads(&reference).await;
    site.compare_marts(&reference).await;
    site.rebuild().await;
    site.compare_reads(&reference).await;
    site.compare_marts(&reference).await;
}
