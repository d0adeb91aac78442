//! A TCP proxy that stops answering: connections stay open, and nothing comes through.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A proxy before one address. Its threads end with it.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    mute: AtomicBool,
    over: AtomicBool,
}

impl Proxy {
    /// A proxy before that address, which lets everything through.
    pub(crate) fn before(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it need not block");
        let proxy = Self { address: listener.local_addr().expect("it listens"), state: Arc::default() };
        let state = proxy.state.clone();
        std::thread::spawn(move || {
            while !state.over.load(Ordering::Relaxed) {
                match listener.accept() {
                    // Where nobody listens behind it, the connection ends at once.
                    Ok((client, _)) => drop(TcpStream::connect(address).map(|server| join(&client, &server, &state))),
                    Err(_) => std::thread::sleep(LOOK_EVERY),
                }
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing comes through, in neither direction, or everything again, what was held back as well.
    pub(crate) fn set_mute(&self, mute: bool) {
        self.state.mute.store(mute, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
    }
}

fn join(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    for (from, to) in [(client, server), (server, client)] {
        let (from, to) = (from.try_clone().expect("twice"), to.try_clone().expect("twice"));
        let state = state.clone();
        from.set_nonblocking(false).expect("it may block");
        from.set_read_timeout(Some(LOOK_EVERY)).expect("it need not block for ever");
        std::thread::spawn(move || pass(from, to, &state));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut bytes = [0; 16 << 10];
    while !state.over.load(Ordering::Relaxed) {
        let read = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        while state.mute.load(Ordering::Relaxed) && !state.over.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
        }
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // Either end may be gone already.
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
