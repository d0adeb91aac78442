//! What the original of this stream gets wrong, and this one must get right.

use playhead_domain::Offset;
use playhead_ports::{Advance, CommitError, Sink, Topic, TopicPartition};
use playhead_warehouse::pipeline::{Loaded, PipelineSink};

use crate::orders::{Order, order, restaurant, user};
use crate::site::on_every_target;

const CATEGORIES: &str = "SELECT user_id, category_name, order_cnt FROM cdm.user_category_counters ORDER BY 1, 2";

fn five() -> Vec<Order> {
    (1..=5).map(order).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_the_same_at_a_replay_so_that_it_changes_nothing() {
    on_every_target(async |site| {
        let mut orders = five();
        orders.push(order(6).user("u2").status("COOKING").products(&["tea", "funghi"]));
        site.load(&orders).await;
        let before = site.all(&["stg", "dds", "cdm"]).await;
        site.clock.advance_ms(86_400_000);
        for order in &orders {
            site.load(std::slice::from_ref(order)).await;
        }
        orders.reverse();
        site.load(&orders).await;
        assert_eq!(
            site.all(&["dds", "cdm"]).await,
            before.iter().filter(|(name, _)| !name.starts_with("stg.")).cloned().collect::<Vec<_>>()
        );
        assert_eq!(
            site.all(&["stg"]).await,
            before.iter().filter(|(name, _)| name.starts_with("stg.")).cloned().collect::<Vec<_>>()
        );
        assert_eq!(site.count("dds.h_order").await, 6);
        assert_eq!(site.count("dds.h_user").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_closed_orders_of_one_guest_count_five() {
    on_every_target(async |site| {
        for order in &five() {
            site.load(std::slice::from_ref(order)).await;
        }
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "5"]]);
        let products = "SELECT user_id, product_id, product_name, order_cnt FROM cdm.user_product_counters";
        assert_eq!(site.rows(products).await, [["u1", "margherita", "The margherita", "5"]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_has_one_id_whatever_batch_it_comes_in() {
    on_every_target(async |site| {
        site.load(&five()).await;
        site.load(&[order(6).user("u2").products(&["funghi"])]).await;
        let ids = "SELECT DISTINCT category_id FROM cdm.user_category_counters WHERE category_name = 'pizza'";
        assert_eq!(site.rows(ids).await.len(), 1);
        assert_eq!(site.count("cdm.user_category_counters").await, 2);
        assert_eq!(site.count("dds.h_category").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_renamed_gives_a_second_satellite_row_and_no_second_hub_row() {
    on_every_target(async |site| {
        site.load(&[order(1)]).await;
        site.learn("user", &[user("u1", "Anna Maria")]).await;
        site.load(&[order(2)]).await;
        site.load(&[order(3)]).await;
        assert_eq!(site.count("dds.h_user").await, 1);
        let names = "SELECT username FROM dds.s_user_names ORDER BY event_time";
        assert_eq!(site.rows(names).await, [["Anna"], ["Anna Maria"]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_miss_waits_and_is_finished_once_the_dictionary_has_learned() {
    on_every_target(async |site| {
        let loaded = site.load(&[order(1), order(2).user("u3")]).await;
        assert_eq!(loaded, Loaded { loaded: 1, waiting: 1, rejected: 0 });
        assert_eq!(site.count("stg.orders_waiting").await, 1);
        let redriven = site.pipeline.redrive(false).await.expect("redrives");
        assert_eq!(redriven, Loaded { loaded: 0, waiting: 1, rejected: 0 });
        site.learn("user", &[user("u3", "Clara")]).await;
        let redriven = site.pipeline.redrive(false).await.expect("redrives");
        assert_eq!(redriven, Loaded { loaded: 1, waiting: 0, rejected: 0 });
        assert_eq!(site.count("stg.orders_waiting").await, 0);
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "1"], ["u3", "pizza", "1"]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_that_is_not_mended_in_time_is_rejected_with_what_is_missing() {
    on_every_target(async |site| {
        site.load(&[order(1).user("u3")]).await;
        site.clock.advance_ms(2 * 86_400_000);
        let redriven = site.pipeline.redrive(false).await.expect("redrives");
        assert_eq!(redriven, Loaded { loaded: 0, waiting: 0, rejected: 1 });
        assert_eq!(site.count("stg.orders_waiting").await, 0);
        let rejects = site.pipeline.rejects(10).await.expect("reads");
        assert_eq!(rejects.len(), 1);
        assert!(rejects[0].reason.contains("user u3") && rejects[0].stage == "enrich", "{rejects:?}");
        site.learn("user", &[user("u3", "Clara")]).await;
        site.pipeline.redrive(true).await.expect("redrives");
        assert_eq!((site.count("stg.orders_rejects").await, site.count("dds.h_user").await), (0, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dictionary_said_first_is_said_again_at_a_replay() {
    on_every_target(async |site| {
        site.load(&five()).await;
        let before = site.all(&["dds", "cdm"]).await;
        site.learn("user", &[user("u1", "Nobody")]).await;
        site.learn("restaurant", &[restaurant("Napoli")]).await;
        site.clock.advance_ms(1_000);
        site.load(&five()).await;
        site.pipeline.replay_kept().await.expect("replays");
        assert_eq!(site.all(&["dds", "cdm"]).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_closed_orders_count_and_a_threshold_tags_the_guest_at_the_order_that_reached_it() {
    on_every_target(async |site| {
        let mut orders = five();
        orders.push(order(9).status("CANCELLED"));
        site.load(&orders[..4]).await;
        assert_eq!(site.count("cdm.user_tags").await, 0);
        site.load(&orders[4..]).await;
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "5"]]);
        let tags = "SELECT user_id, threshold, event_time FROM cdm.user_tags";
        assert_eq!(site.rows(tags).await, [["u1", "5", "2026-03-01 12:00:05.000000"]]);
        // The order is no longer closed: neither the count nor the tag holds.
        site.load(&[order(5).sent(59).status("CANCELLED")]).await;
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "4"]]);
        assert_eq!(site.count("cdm.user_tags").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_closed_later_counts_once() {
    on_every_target(async |site| {
        site.load(&[order(1).status("OPEN"), order(1).sent(2).status("COOKING")]).await;
        assert_eq!(site.rows(CATEGORIES).await, Vec::<Vec<String>>::new());
        site.load(&[order(1).sent(3)]).await;
        site.load(&[order(1).sent(3), order(1).sent(2).status("COOKING")]).await;
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "1"]]);
        let statuses = "SELECT status FROM dds.s_order_status ORDER BY event_time";
        assert_eq!(site.rows(statuses).await, [["OPEN"], ["COOKING"], ["CLOSED"]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_never_replaces_a_newer_one_and_history_is_kept() {
    on_every_target(async |site| {
        site.load(&[order(1).sent(30)]).await;
        site.load(&[order(1).sent(10).status("OPEN")]).await;
        let newest = "SELECT sent_dttm FROM stg.order_events";
        assert_eq!(site.rows(newest).await, [["2026-03-01 12:00:30.000000"]]);
        assert_eq!(site.count("stg.order_events_history").await, 2);
        assert_eq!(site.rows(CATEGORIES).await, [["u1", "pizza", "1"]]);
        let statuses = "SELECT status FROM dds.s_order_status ORDER BY event_time";
        assert_eq!(site.rows(statuses).await, [["OPEN"], ["CLOSED"]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_checkpoint_go_together_and_who_lost_the_partition_commits_nothing() {
    on_every_target(async |site| {
        let sink = PipelineSink::new(site.pipeline.clone());
        let at = TopicPartition::new(&Topic::new("order-service_orders"), 0);
        let batch = |offset: u64, order: &Order| {
            let record = playhead_ports::Record { value: order.line().into(), ..Default::default() };
            playhead_ports::Batch {
                parts: vec![(at.clone(), vec![playhead_ports::Stored { offset: Offset(offset), record }])],
            }
        };
        let advance = |from: u64, to: u64| Advance {
            at: at.clone(),
            log_id: "log-1".parse().expect("any text is a log's id"),
            from: Offset(from),
            to: Offset(to),
        };
        let commit = async |batch: playhead_ports::Batch, advance: Advance| {
            let context = sink.gather(&batch).await.expect("gathers");
            sink.commit(sink.prepare(&context, &batch).rows, &[advance]).await
        };
        commit(batch(0, &order(1)), advance(0, 1)).await.expect("commits");
        let fenced = commit(batch(0, &order(2)), advance(0, 1)).await;
        assert_eq!(fenced, Err(CommitError::Moved));
        assert_eq!(site.count("dds.h_order").await, 1);
        assert_eq!(site.count("stg.order_events_history").await, 1);
        let standing = sink.checkpoints(std::slice::from_ref(&at)).await.expect("reads");
        assert_eq!(standing[0].as_ref().map(|checkpoint| checkpoint.next), Some(Offset(1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lineage_tells_the_messages_behind_a_row_of_a_mart() {
    on_every_target(async |site| {
        site.load(&five()).await;
        let key = ["u1".to_owned(), "margherita".to_owned()];
        let found = site.pipeline.lineage("cdm.user_product_counters", &key, 100).await.expect("reads");
        assert_eq!(found.len(), 5);
        assert!(found.iter().all(|message| message.is_newest && message.payload.contains("margherita")), "{found:?}");
        let none = site.pipeline.lineage("user_product_counters", &["u1".into(), "x' OR 1=1".into()], 100).await;
        assert_eq!(none.expect("reads"), []);
    })
    .await;
}
