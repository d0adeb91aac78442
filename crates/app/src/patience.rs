//! Threads with less of a claim to the processor than requests have. It does not know what they do.

use std::io;

/// How much more patient they are, as nice(2) has it: while requests want all of the processor, batches grow larger and
/// cheaper instead of making requests wait.
const NICENESS: i32 = 5;

/// Lowers the claim of this thread and of those that it starts; where the system does not allow it, nothing changes.
pub(crate) fn be_patient() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

/// Does the work on a patient thread of that name and waits for it: threads that an engine starts in it inherit both.
pub(crate) fn patiently<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, || {
            be_patient();
            work()
        })?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
