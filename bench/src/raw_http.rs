//! A client of HTTP/1.1 that costs as little as can be: requests are bytes that a caller makes, answers are read to their end.
//!
//! One thread, one task a connection. It knows no more of HTTP than what the servers here answer: a status and a length.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, TryStreamExt as _};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How hard to drive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drive {
    pub(crate) connections: usize,
    pub(crate) time: Duration,
    /// Each connection asks once in this time; as soon as it was answered if there is none.
    pub(crate) every: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Driven {
    pub(crate) per_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Requests that were not answered with 2xx.
    pub(crate) failed: u64,
}

impl Driven {
    pub(crate) fn new(times_us: &Histogram<u64>, failed: u64, took: Duration) -> Self {
        let at_ms = |share| times_us.value_at_quantile(share) as f64 / 1e3;
        let per_s = times_us.len() as f64 / took.as_secs_f64();
        Self { per_s, p50_ms: at_ms(0.5), p99_ms: at_ms(0.99), failed }
    }
}

/// An empty histogram of microseconds, up to a minute.
pub(crate) fn times_us() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).expect("three digits are allowed")
}

struct Tally {
    times_us: Histogram<u64>,
    failed: u64,
}

/// Drives the server there. `make` appends the next request, whole, to what it is given; once it appends nothing, no more is
/// sent.
pub(crate) fn drive(at: SocketAddr, drive: Drive, make: impl FnMut(&mut Vec<u8>)) -> anyhow::Result<Driven> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tally = RefCell::new(Tally { times_us: times_us(), failed: 0 });
    let make = RefCell::new(make);
    let began = Instant::now();
    runtime.block_on(async {
        let converse = |number| converse(at, drive, began, number, &make, &tally);
        let mut all: FuturesUnordered<_> = (0..drive.connections).map(converse).collect();
        while all.try_next().await?.is_some() {}
        io::Result::Ok(())
    })?;
    let took = began.elapsed();
    let tally = tally.borrow();
    Ok(Driven::new(&tally.times_us, tally.failed, took))
}

async fn converse(
    at: SocketAddr,
    drive: Drive,
    began: Instant,
    number: usize,
    make: &RefCell<impl FnMut(&mut Vec<u8>)>,
    tally: &RefCell<Tally>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(at).await?;
    stream.set_nodelay(true)?;
    let end = began + drive.time;
    let (mut request, mut answer) = (Vec::with_capacity(512), vec![0u8; 16 << 10]);
    // Connections do not ask all at the same moment.
    let mut due = began + drive.every.unwrap_or_default().mul_f64(number as f64 / drive.connections as f64);
    loop {
        let asked = match drive.every {
            None => Instant::now(),
            Some(every) => {
                let intended = due;
                due += every;
                if Instant::now() < intended {
                    tokio::time::sleep_until(intended.into()).await;
                    Instant::now()
                } else {
                    intended
                }
            }
        };
        if asked >= end {
            return Ok(());
        }
        request.clear();
        make.borrow_mut()(&mut request);
        if request.is_empty() {
            return Ok(());
        }
        stream.write_all(&request).await?;
        let is_good = read_answer(&mut stream, &mut answer).await?;
        let mut tally = tally.borrow_mut();
        if is_good {
            let took_us = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
            tally.times_us.saturating_record(took_us);
        } else {
            tally.failed += 1;
        }
    }
}

/// Reads one answer to its end: whether its status is 2xx.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    let (head, length) = loop {
        filled += read_some(stream, &mut buffer[filled..]).await?;
        if let Some(head) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break (head + 4, length_of(&buffer[..head + 2]));
        }
        if filled == buffer.len() {
            return Err(io::Error::other("the head of an answer is too long"));
        }
    };
    let is_good = buffer.get(9) == Some(&b'2');
    let mut missing = (head + length).saturating_sub(filled);
    while missing > 0 {
        missing -= read_some(stream, &mut buffer[..]).await?.min(missing);
    }
    Ok(is_good)
}

async fn read_some(stream: &mut TcpStream, into: &mut [u8]) -> io::Result<usize> {
    match stream.read(into).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => Ok(read),
    }
}

/// The length that the head says; 0 if it says none.
fn length_of(head: &[u8]) -> usize {
    const NAME: &[u8] = b"\ncontent-length: ";
    let Some(place) = head.windows(NAME.len()).position(|part| part.eq_ignore_ascii_case(NAME)) else { return 0 };
    let digits = head[place + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_found_in_any_case() {
        assert_eq!(length_of(b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\ndate: x\r\n"), 123);
        assert_eq!(length_of(b"HTTP/1.1 204 No Content\r\n"), 0);
    }
}
