//! A sentence of a contract that is being checked.

/// Prints its sentence if the case that holds it fails, so that a failure names what was promised.
pub(crate) struct Sentence(pub(crate) &'static str);

impl Drop for Sentence {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the contract is not kept: \"{}\"", self.0);
        }
    }
}
