//! A batch that is gathered and prepared while the one before it is committed, and how a batch is cut into such.

use std::sync::Arc;

use playhead_ports::{Batch, Prepared, Sink};
use tokio::task::JoinHandle;

/// A batch that is being prepared; that ends when this is dropped.
pub(crate) struct Ahead<R> {
    /// None, once the answer was taken.
    task: Option<JoinHandle<Option<Prepared<R>>>>,
}

impl<R: Send + 'static> Ahead<R> {
    /// Begins with a batch that follows upon rows which are about to be committed.
    pub(crate) fn begin<S: Sink<Rows = R>>(sink: &Arc<S>, batch: Arc<Batch>, before: R) -> Self {
        let sink = sink.clone();
        let task = tokio::spawn(async move {
            let gathered = sink.gather_ahead(&batch, &before).await;
            // They may be large, and are no longer needed.
            drop(before);
            // A sink that cannot be read says so again when it is asked in turn.
            gathered.ok().map(|context| sink.prepare(&context, &batch))
        });
        Self { task: Some(task) }
    }

    /// What was prepared; none if it did not go well.
    pub(crate) async fn done(mut self) -> Option<Prepared<R>> {
        self.task.take()?.await.ok().flatten()
    }
}

impl<R> Drop for Ahead<R> {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The batch in pieces of at most so many records, in order.
pub(crate) fn pieces(mut batch: Batch, rows: usize) -> Vec<Batch> {
    let mut pieces = Vec::new();
    while batch.len() > rows.max(1) {
        let (first, rest) = split(batch, rows.max(1));
        pieces.push(first);
        batch = rest;
    }
    pieces.push(batch);
    pieces
}

/// The first so many records of a batch, and the others, in order.
pub(crate) fn split(batch: Batch, at: usize) -> (Batch, Batch) {
    let mut left = at;
    let (mut first, mut second) = (Batch::default(), Batch::default());
    for (at, mut records) in batch.parts {
        let rest = records.split_off(left.min(records.len()));
        left -= records.len();
        if !records.is_empty() {
            first.parts.push((at.clone(), records));
        }
        if !rest.is_empty() {
            second.parts.push((at, rest));
        }
    }
    (first, second)
}
