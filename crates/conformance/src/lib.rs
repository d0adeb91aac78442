//! One suite per port. A case is a sentence of the port's contract; a failure prints it, and the test that runs the suite
//! names the engine.
//!
//! A suite takes what makes an empty engine, and knows nothing else of it. Nothing here is for production.

mod base;
mod clock;
mod dictionaries;
mod group;
mod log;
mod recent;
mod rows;
mod samples;
mod sentence;
mod sink;
mod target;
mod warehouse;
mod working;

pub use base::base;
pub use clock::{clock, ids};
pub use dictionaries::dictionaries;
pub use group::group;
pub use log::log;
pub use recent::recent;
pub use sink::{SinkSite, sink};
pub use target::target;
pub use warehouse::warehouse;
pub use working::working;
