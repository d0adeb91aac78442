//! Large bodies are dealt with aside: on threads that may block, a few at a time, so that whoever asks for little is not kept
//! waiting by whoever sends much. It knows sizes alone, and nothing of what is done.

use std::sync::Arc;
use std::thread;

use tokio::sync::Semaphore;

/// What is smaller is done where it came in: it takes less time than another thread takes to begin.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// The threads for it, as many as may work at once; who finds none waits within the time of the request.
pub(crate) struct Aside {
    threads: Arc<Semaphore>,
}

impl Aside {
    /// Half of the processors, so that the other half answers.
    pub(crate) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { threads: Arc::new(Semaphore::new((processors / 2).max(1))) }
    }

    /// Does the work upon so many bytes, aside if they are many. A thread that has begun goes on to the end though nobody may
    /// wait for it any more, and is counted until then.
    pub(crate) async fn run<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
        if bytes <= INLINE_BYTES_MAX {
            return work();
        }
        let held = Arc::clone(&self.threads).acquire_owned().await.expect("it is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let _held = held;
            work()
        });
        match done.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime ends before the work began, so nobody will hear of it.
            Err(Err(_)) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn little_is_done_here_and_much_on_another_thread() {
        let aside = Aside::new();
        let here = thread::current().id();
        assert_eq!(aside.run(INLINE_BYTES_MAX, || thread::current().id()).await, here);
        assert_ne!(aside.run(INLINE_BYTES_MAX + 1, || thread::current().id()).await, here);
    }

    #[tokio::test]
    async fn no_more_work_at_once_than_there_are_threads_for() {
        let aside = Arc::new(Aside { threads: Arc::new(Semaphore::new(2)) });
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (aside, now, most) = (aside.clone(), now.clone(), most.clone());
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(std::time::Duration::from_millis(10));
                        now.fetch_sub(1, Ordering::SeqCst);
                    };
                    aside.run(usize::MAX, work).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it ends");
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
    }
}
