//! The one thread that writes a partition: it takes all that has gathered while the last sync was under way, makes it durable,
//! makes it visible, and answers everybody. There is no timer: at low load a record waits for one sync, at high load hundreds
//! share one.

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::partition::Partition;
use crate::queue::{Gathered, Part, Queue};

/// Starts the thread. It ends once the partition's queue is closed and empty.
pub(crate) fn start(partition: Arc<Partition>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("log {}", partition.at)).spawn(move || {
        // Should this thread ever panic, nobody waits for it in vain.
        let _ends = Ends(&partition.queue);
        let mut spare = Gathered::default();
        let mut answered = 0;
        while let Some(gathered) = partition.queue.take(spare, answered) {
            answered = gathered.parts.len();
            spare = commit(&partition, gathered);
        }
        partition.writer.lock().tidy();
    })
}

struct Ends<'a>(&'a Queue);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Writes what has gathered, as one frame or a few, and gives the empty buffers back.
fn commit(partition: &Partition, mut gathered: Gathered) -> Gathered {
    let frame_bytes_max = partition.config.frame_bytes_max;
    let mut parts = std::mem::take(&mut gathered.parts);
    let mut payload = gathered.payload.as_slice();
    let mut left = parts.drain(..).peekable();
    let mut group: Vec<Part> = Vec::new();
    while let Some(part) = left.next() {
        let (mut bytes, mut count) = (part.bytes, part.count);
        group.push(part);
        while let Some(part) = left.next_if(|part| bytes + part.bytes <= frame_bytes_max) {
            bytes += part.bytes;
            count += part.count;
            group.push(part);
        }
        let (frame, rest) = payload.split_at(bytes);
        payload = rest;
        commit_frame(partition, frame, count, &mut group);
    }
    drop(left);
    gathered.parts = parts;
    gathered.recycle(2 * frame_bytes_max)
}

fn commit_frame(partition: &Partition, frame: &[u8], count: u32, group: &mut Vec<Part>) {
    let written = partition.write(frame, count);
    let mut before = 0;
    for part in group.drain(..) {
        let answer = written.clone().map(|first| first + before);
        before += u64::from(part.count);
        // Who asked may have gone away; the records are in the log all the same.
        let _ = part.answer.send(answer);
    }
}
