//! Free TCP ports of loopback.
//!
//! They lie below the range that the kernel takes for outgoing connections, so that none of those can sit on the port of a
//! program while it is down between two starts.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

const RANGE: std::ops::Range<u16> = 15_000..32_000;
const TRIES_MAX: usize = 1_000;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// An address that nobody listens on, and that this process gives but once.
pub(crate) fn free_address() -> SocketAddr {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    for _ in 0..TRIES_MAX {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, fastrand::u16(RANGE)));
        if !given.contains(&address.port()) && TcpListener::bind(address).is_ok() {
            given.insert(address.port());
            return address;
        }
    }
    panic!("no free port in {RANGE:?} after {TRIES_MAX} tries");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_free_and_never_alike() {
        let addresses: HashSet<SocketAddr> = (0..50).map(|_| free_address()).collect();
        assert_eq!(addresses.len(), 50);
    }
}
