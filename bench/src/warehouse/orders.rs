//! Orders of a restaurant service as they stand on the topic, and the dictionaries that `pipelines/orders.toml` asks.
//!
//! Guests come and go: each order is of one of those who are about, and an eighth of the guests is new every 20,000 orders. One
//! order in twenty is told twice, closed the second time; the others are closed at once. It has one to three different dishes.

use playhead_ports::{DictionaryChange, DictionaryKey, Record};

pub(crate) const TOPIC: &str = "order-service_orders";
const RESTAURANTS: u64 = 100;
const DISHES: u64 = 30;
const CATEGORIES: u64 = 6;
const GUESTS_ABOUT: u64 = 16_000;
const GUESTS_PER_ORDERS: (u64, u64) = (2_000, 20_000);
/// One order in so many is told twice, so many orders later.
const TWICE: u64 = 20;
const LATER: u64 = 1_000;
const BEGAN_S: i64 = 1_767_225_600;

/// The message at that place of the topic.
pub(crate) fn record(place: u64) -> Record {
    let again = place.is_multiple_of(TWICE) && place >= LATER;
    let number = if again { place - LATER + 1 } else { place };
    let is_open = number % TWICE == 1 && !again;
    let value = order(number, place, if is_open { "OPEN" } else { "CLOSED" });
    Record { key: number.to_string().into(), value: value.into(), ..Record::default() }
}

fn order(number: u64, told: u64, status: &str) -> String {
    let random = mixed(number);
    let guest = number * GUESTS_PER_ORDERS.0 / GUESTS_PER_ORDERS.1 + random % GUESTS_ABOUT;
    let restaurant = (random >> 20) % RESTAURANTS;
    let dishes = 1 + (random >> 30) % 3;
    let item = |at: u64| {
        let dish = dish_of(restaurant, (random >> 40) + at * 7);
        format!(r#"{{"id":"{dish}","name":"Dish {dish}","price":{},"quantity":{}}}"#, 100 + at, at + 1)
    };
    let items: Vec<String> = (0..dishes).map(item).collect();
    let (sent, ordered) = (time(told), time(number));
    format!(
        r#"{{"object_id":{number},"object_type":"order","sent_dttm":"{sent}","payload":{{"user":{{"id":"u{guest:07}"}},"restaurant":{{"id":"r{restaurant:03}"}},"order_items":[{}],"date":"{ordered}","cost":{cost},"payment":{cost},"final_status":"{status}","statuses":[{{"status":"{status}","dttm":"{sent}"}}]}}}}"#,
        items.join(","),
        cost = 100 * dishes,
    )
}

/// A second has a hundred orders.
fn time(place: u64) -> String {
    let at = jiff::Timestamp::from_second(BEGAN_S + i64::try_from(place / 100).unwrap_or(0)).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What the dictionaries know once so many orders are told.
pub(crate) fn entries(orders: u64) -> Vec<DictionaryChange> {
    let key = |dictionary: &str, id: String| DictionaryKey { dictionary: dictionary.into(), id: id.into() };
    let guests = orders * GUESTS_PER_ORDERS.0 / GUESTS_PER_ORDERS.1 + GUESTS_ABOUT;
    let guest = |number: u64| {
        let id = format!("u{number:07}");
        let entry = format!(r#"{{"_id":"{id}","name":"Guest {number}","login":"guest{number}"}}"#);
        (key("user", id), Some(entry.into()))
    };
    let restaurant = |number: u64| {
        let dish = |at: u64| {
            let id = dish_of(number, at);
            format!(r#"{{"_id":"{id}","name":"Dish {id}","price":100,"category":"Category {}"}}"#, at % CATEGORIES)
        };
        let menu: Vec<String> = (0..DISHES).map(dish).collect();
        let id = format!("r{number:03}");
        let entry = format!(r#"{{"_id":"{id}","name":"Inn {number}","menu":[{}]}}"#, menu.join(","));
        (key("restaurant", id), Some(entry.into()))
    };
    (0..guests).map(guest).chain((0..RESTAURANTS).map(restaurant)).collect()
}

fn dish_of(restaurant: u64, at: u64) -> String {
    format!("626a81cfefa4{:04}fe9a{:04}", restaurant, at % DISHES)
}

/// A number that looks like chance and is the same in every run (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
