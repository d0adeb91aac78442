//! How long the hash of a key takes in the program: MD5 and SHA-256 of keys of 24 bytes, one core, best of five.

use std::{hint::black_box, time::Instant};

use md5::Md5;
use sha2::{Digest as _, Sha256};

const KEYS: usize = 1_000_000;

fn main() {
    let keys: Vec<String> = (0..KEYS).map(|number| format!("restaurant-{number:013}")).collect();
    report("md5", &keys, |key| {
        black_box(Md5::digest(key));
    });
    report("sha256", &keys, |key| {
        black_box(Sha256::digest(key));
    });
}

fn report(name: &str, keys: &[String], hash: impl Fn(&[u8])) {
    let best = (0..5)
        .map(|_| {
            let began = Instant::now();
            keys.iter().for_each(|key| hash(key.as_bytes()));
            began.elapsed()
        })
        .min()
        .expect("five rounds");
    println!("{name}: {:.0} ns a key", best.as_secs_f64() * 1e9 / keys.len() as f64);
}
