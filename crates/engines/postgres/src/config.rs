//! The settings of connections. Where the database is, is not among them: an address may hold a password.

use std::time::Duration;

use playhead_ports::TargetError;
use serde::{Deserialize, Serialize};
use tokio_postgres::config::SslMode;

/// How a target uses its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Connections that are open at once; who comes later waits for one. Default 4.
    pub connections_max: usize,
    /// How long making a connection may take, ms. Default 10 s.
    pub connect_time_max_ms: u64,
    /// How long one statement may run, ms. Default 10 min.
    pub statement_time_max_ms: u64,
    /// How long a statement waits for what another transaction has locked, ms. Default 30 s.
    pub lock_time_max_ms: u64,
    /// How long a load, a migration or a question may take as a whole, ms. Default 15 min.
    pub work_time_max_ms: u64,
    /// How long the server keeps a transaction of somebody who says nothing, ms. Default 1 min.
    pub silence_max_ms: u64,
    /// Memory for one sort or hash of a statement, bytes. Default 64 MiB.
    pub work_memory_bytes: u64,
    /// Memory of a connection for staged rows before they go to the server's temporary files, bytes. Default 32 MiB.
    pub staged_memory_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connections_max: 4,
            connect_time_max_ms: 10_000,
            statement_time_max_ms: 600_000,
            lock_time_max_ms: 30_000,
            work_time_max_ms: 900_000,
            silence_max_ms: 60_000,
            work_memory_bytes: 64 << 20,
            staged_memory_bytes: 32 << 20,
        }
    }
}

/// How often a server that works for somebody looks whether they are still there.
const SERVER_LOOKS_EVERY: &str = "5s";
/// A loader reads what it has lately written, so that pages are in memory wherever they lie. With the server's own cost, which is
/// of a disk that turns, it would rather read a whole table than look some thousand keys up.
const PAGE_COST: f64 = 0.05;
/// A dead connection is noticed after this long without a sign of life, three more signs missed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(20);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_TRIES: u32 = 3;

impl Config {
    /// Where the database is, and how it is connected to.
    pub(crate) fn address(&self, url: &str) -> Result<tokio_postgres::Config, TargetError> {
        // What is wrong with it may be its password, so it is not repeated.
        let wrong = |why: &str| TargetError::Refused(format!("the address of the database cannot be used: {why}"));
        if ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"].iter().any(|mode| url.contains(mode)) {
            return Err(wrong("TLS is not spoken here; use a tunnel, or sslmode=disable on a network that you trust"));
        }
        let mut address: tokio_postgres::Config = url.parse().map_err(|error: tokio_postgres::Error| {
            wrong(&std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
        })?;
        if address.get_hosts().is_empty() {
            return Err(wrong("it names no host: postgres://user@host:port/database"));
        }
        address
            .ssl_mode(SslMode::Disable)
            .connect_timeout(Duration::from_millis(self.connect_time_max_ms))
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_EVERY)
            .keepalives_retries(KEEPALIVE_TRIES)
            .tcp_user_timeout(KEEPALIVE_IDLE + KEEPALIVE_EVERY * KEEPALIVE_TRIES);
        if address.get_application_name().is_none() {
            address.application_name("playhead");
        }
        Ok(address)
    }

    /// What a new session says first.
    pub(crate) fn session_settings(&self) -> String {
        let kilobytes = |bytes: u64| bytes.div_ceil(1 << 10).clamp(1 << 10, 1 << 31);
        format!(
            "SET TimeZone = 'UTC'; SET client_min_messages = 'warning'; SET default_transaction_isolation = 'read committed'; \
             SET statement_timeout = '{statement}ms'; SET lock_timeout = '{lock}ms'; \
             SET idle_in_transaction_session_timeout = '{silence}ms'; \
             SET client_connection_check_interval = '{SERVER_LOOKS_EVERY}'; \
             SET work_mem = '{work}kB'; SET temp_buffers = '{staged}kB'; SET jit = off; \
             SET seq_page_cost = {PAGE_COST}; SET random_page_cost = {PAGE_COST}",
            statement = self.statement_time_max_ms,
            lock = self.lock_time_max_ms,
            silence = self.silence_max_ms,
            work = kilobytes(self.work_memory_bytes),
            staged = kilobytes(self.staged_memory_bytes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Config::default().address(url).unwrap_err().to_string()
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_its_password() {
        assert!(refusal("postgres://u:secret@h/db?sslmode=require").contains("TLS is not spoken"));
        assert!(refusal("postgres://u:secret@h/db?colour=red").contains("colour"));
        assert!(refusal("postgres:///db").contains("no host"));
        for url in ["postgres://u:secret@h/db?sslmode=require", "postgres://u:secret@h/db?colour=red"] {
            assert!(!refusal(url).contains("secret"));
        }
    }

    #[test]
    fn an_address_has_deadlines_and_signs_of_life() {
        let address = Config::default().address("postgres://u@h:5433/db").unwrap();
        assert_eq!(address.get_connect_timeout(), Some(&Duration::from_secs(10)));
        assert!(address.get_keepalives());
        assert_eq!(address.get_ports(), [5433]);
    }
}
