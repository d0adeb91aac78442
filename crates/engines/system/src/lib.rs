//! What the machine itself serves: the time of day, new ids, and a file of service tokens.
//!
//! This is the one place that may ask the operating system for the time. It knows nothing of what the rest of the program
//! does with any of it.

mod clock;
mod ids;
mod secret;
mod token_file;
mod token_store;

pub use clock::SystemClock;
pub use ids::SystemIds;
pub use token_file::TokenFile;
