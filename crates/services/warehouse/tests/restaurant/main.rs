//! Orders of a restaurant service, by `pipelines/orders.toml`, on every target: what the original of this stream gets wrong,
//! each a test by its name, and what is done to break it.
//!
//! It knows the pipeline by its use cases and its tables, and nothing of the statements in between.

mod broken;
mod faults;
mod orders;
mod site;
