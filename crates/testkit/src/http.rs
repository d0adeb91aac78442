//! A small blocking HTTP client: any status is an answer, only a lost connection is an error.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

const TIMEOUT: Duration = Duration::from_secs(240);
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A client of one server. Cheap to clone; keeps connections.
#[derive(Debug, Clone)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub json: Value,
}

/// There was no answer: nobody listens, the connection broke, or time ran out. What was sent may have been done.
#[derive(Debug)]
pub struct Lost(pub String);

impl Http {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT));
        Self { agent: config.build().new_agent(), base: format!("http://{address}"), token: None }
    }

    /// The same client with a token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Asks for `path`, which starts with a slash.
    pub fn get(&self, path: &str) -> Result<Answer, Lost> {
        self.send("GET", path, &[], None)
    }

    /// Deletes.
    pub fn delete(&self, path: &str) -> Result<Answer, Lost> {
        self.send("DELETE", path, &[], None)
    }

    /// Puts JSON.
    pub fn put(&self, path: &str, body: &Value) -> Result<Answer, Lost> {
        self.send("PUT", path, &[("content-type", "application/json")], Some(body.to_string().as_bytes()))
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer, Lost> {
        self.send("POST", path, &[("content-type", "application/json")], Some(body.to_string().as_bytes()))
    }

    /// Sends anything.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Lost> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answered = match body {
            Some(body) => self.agent.run(request.body(body).map_err(lost)?),
            None => self.agent.run(request.body(()).map_err(lost)?),
        };
        let (head, mut body) = answered.map_err(lost)?.into_parts();
        let bytes = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(lost)?;
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, text, json })
    }
}

impl Answer {
    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// This answer, if it has that status. Panics with what it says otherwise.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the answer was: {}", self.text);
        self
    }
}

fn lost(error: impl std::fmt::Display) -> Lost {
    Lost(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with `answer` and gives back what was asked.
    fn serve_once(answer: &'static str) -> (SocketAddr, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let size = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..size]).into_owned()
        });
        (address, served)
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let (address, served) = serve_once("HTTP/1.1 429 Slow\r\nretry-after: 2\r\ncontent-length: 7\r\n\r\n{\"a\":1}");
        let answer = Http::new(address).with_token("ph_x").get("/v1/x?y=1").unwrap().expect_status(429);
        assert_eq!((answer.header("retry-after"), &answer.json["a"]), ("2", &Value::from(1)));
        let request = served.join().unwrap();
        assert!(request.starts_with("GET /v1/x?y=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("authorization: Bearer ph_x\r\n"), "{request}");
    }

    #[test]
    fn nobody_there_is_lost() {
        assert!(Http::new(crate::ports::free_address()).get("/").is_err());
    }
}
