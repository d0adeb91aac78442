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

/// Contents that differ in every field, for few identities.
fn contents(rng: &mut fastrand::Rng, count: usize) -> Vec<Sent> {
    let one = |rng: &mut fastrand::Rng| {
        let (user, play, seq) = (rng.u8(..60), rng.u8(..4), rng.u64(..6));
        let video = format!("v{}", user % 3);
        Sent {
            user: format!("u{user}"),
            video,
            play: Some(format!("p{play}")),
            seq: Some(seq),
            time: 20_513 * 86_400_000 + i64::from(play) * 300_000 + i64::try_from(seq).expect("small") * 9_000,
            position: 1_000 * rng.u64(..60),
            duration: (rng.u8(..) < 200).then(|| 1_000 * rng.u64(1..60)),
            kind: ["progress", "seek", "pause", "ended"][rng.usize(..4)],
        }
    };
    (0..count).map(|_| one(rng)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_contents_of_one_event_the_same_holds_everywhere_and_after_a_rebuild() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let events = contents(&mut rng, 4_000);
    let reference = Reference::of(&events);
    let site = Site::open().await;
    // Part of it is in the views when the rest comes.
    for part in events.chunks(1_500) {
        site.record(part).await;
        site.consume().await;
    }
    site.compare_reads(&reference).await;
    site.compare_marts(&reference).await;
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

/// One of a few events: what it says follows from its identity, so it may be sent again.
fn one_of_few(rng: &mut fastrand::Rng) -> Sent {
    let (user, video, play, seq) = (rng.u8(..2), rng.u8(..2), rng.u8(..3), rng.u64(..8));
    let place = seq * 7 + u64::from(play);
    Sent {
        user: format!("u{user}"),
        video: format!("v{video}"),
        play: (play > 0).then(|| format!("p{play}")),
        seq: (play > 0).then_some(seq),
        // Over midnight, a few seconds apart.
        time: 20_513 * 86_400_000 - 30_000 + i64::try_from(place).expect("small") * 1_000 + i64::from(play) * 100,
        position: place * 900 % 41_000,
        duration: Some(40_000),
        kind: if place % 5 == 3 { "seek" } else { "progress" },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forgotten_and_sent_again_counts_from_then_on() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..6 {
        let site = Site::open().await;
        let mut alive: Vec<Sent> = Vec::new();
        for _ in 0..40 {
            match rng.u8(..10) {
                0 => {
                    let user = format!("u{}", rng.u8(..2));
                    site.forget(&user).await;
                    alive.retain(|sent| sent.user != user);
                }
                1 | 2 => {
                    let (user, video) = (format!("u{}", rng.u8(..2)), format!("v{}", rng.u8(..2)));
                    site.forget_video(&user, &video).await;
                    alive.retain(|sent| sent.user != user || sent.video != video);
                }
                3 => site.consume().await,
                _ => {
                    let sent: Vec<Sent> = (0..rng.usize(1..12)).map(|_| one_of_few(&mut rng)).collect();
                    site.record(&sent).await;
                    for one in sent {
                        if !alive.contains(&one) {
                            alive.push(one);
                        }
                    }
                }
            }
            if rng.u8(..4) == 0 {
                site.compare_reads(&Reference::of(&alive)).await;
            }
        }
        site.consume().await;
        let reference = Reference::of(&alive);
        site.compare_reads(&reference).await;
        site.compare_marts(&reference).await;
        site.rebuild().await;
        site.compare_reads(&reference).await;
        site.compare_marts(&reference).await;
    }
}
