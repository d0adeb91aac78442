//! The addresses to listen on: free, answered by Playhead already, or taken by something else.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::Finding;
use crate::config::Config;

const WAIT: Duration = Duration::from_secs(2);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// What is at the HTTP address.
pub(super) struct Served {
    pub(super) finding: Finding,
    /// Playhead answers there.
    pub(super) is_playhead: bool,
}

/// How an address is.
enum Place {
    Free,
    /// Playhead answers; with its readiness where it is HTTP.
    Playhead(String),
    /// Somebody else has it.
    Taken,
    /// It cannot be listened on.
    Refused(io::Error),
}

pub(super) fn http(config: &Config) -> Served {
    let place = look(config.http, "/readyz");
    Served { is_playhead: matches!(place, Place::Playhead(_)), finding: judge("http", config.http, place) }
}

pub(super) fn grpc(config: &Config) -> Finding {
    judge("grpc", config.grpc, look(config.grpc, "/"))
}

fn look(address: SocketAddr, path: &str) -> Place {
    match TcpListener::bind(address) {
        Ok(_) => Place::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match ask(address, path) {
            Ok(answer) => told(&answer),
            Err(_) => Place::Taken,
        },
        Err(error) => Place::Refused(error),
    }
}

/// One request of HTTP/1.1, which both listeners answer.
fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut to = address;
    if to.ip().is_unspecified() {
        to.set_ip(if to.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect_timeout(&to, WAIT)?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn told(answer: &str) -> Place {
    let is_ours = answer.contains("x-request-id: ");
    if is_ours && answer.contains("\"ready\":true") {
        Place::Playhead("ready".into())
    } else if is_ours && answer.contains("\"ready\":false") {
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Place::Playhead(format!("not ready: {}", body.trim()))
    } else if is_ours && answer.contains("grpc-status: ") {
        Place::Playhead("answering".into())
    } else {
        Place::Taken
    }
}

fn judge(check: &'static str, address: SocketAddr, place: Place) -> Finding {
    match place {
        Place::Free => Finding::ok(check, format!("{address} is free")),
        Place::Playhead(how) if how.starts_with("not ready") => {
            Finding::warn(check, format!("{address} is served by Playhead, {how}"), "see what is not `ok` there")
        }
        Place::Playhead(how) => Finding::ok(check, format!("{address} is served by Playhead, {how}")),
        Place::Taken => Finding::fail(
            check,
            format!("{address} is taken by another program"),
            format!("end that (`ss -ltnp` names it), or choose another address with --{check}"),
        ),
        Place::Refused(error) => {
            let advice = match error.kind() {
                io::ErrorKind::PermissionDenied => "ports below 1024 need a right: choose one from 1024 on",
                io::ErrorKind::AddrNotAvailable => "this machine has no such address: 0.0.0.0 stands for all it has",
                _ => "choose another address",
            };
            Finding::fail(check, format!("{address}: {error}"), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::super::Verdict;
    use super::*;

    /// Answers one request with this, whatever it asks.
    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a caller");
            let mut lines = io::BufReader::new(&stream).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            (&stream).write_all(answer.as_bytes()).expect("the caller reads");
        });
        address
    }

    fn verdict(answer: &'static str) -> Verdict {
        let address = answering(answer);
        judge("http", address, look(address, "/readyz")).verdict
    }

    #[test]
    fn who_has_a_port_is_told_by_the_answer() {
        let ready = "HTTP/1.1 200 OK\r\nx-request-id: a-1\r\n\r\n{\"ready\":true,\"reasons\":[]}";
        let draining = "HTTP/1.1 503 X\r\nx-request-id: a-1\r\n\r\n{\"ready\":false,\"reasons\":[]}";
        let grpc = "HTTP/1.1 200 OK\r\ngrpc-status: 12\r\nx-request-id: a-1\r\n\r\n";
        let other = "HTTP/1.1 200 OK\r\n\r\nhello";
        assert_eq!(
            [ready, draining, grpc, other].map(verdict),
            [Verdict::Ok, Verdict::Warn, Verdict::Ok, Verdict::Fail]
        );
    }

    #[test]
    fn a_free_port_is_well_and_an_address_of_another_machine_is_not() {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        assert_eq!(judge("http", free, look(free, "/")).verdict, Verdict::Ok);
        let foreign = SocketAddr::from(([192, 0, 2, 1], 8080));
        assert_eq!(judge("http", foreign, look(foreign, "/")).verdict, Verdict::Fail);
    }
}
