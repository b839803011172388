//! A proxy on loopback in front of the registry that answers as broken networks and registries do.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Nobody waits longer for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// What happens to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset (RST) after so many percent of the answer.
    Reset(usize),
    /// Nothing follows after so many percent of the answer; the connection stays open.
    Stall(usize),
    /// Another status with a short JSON body.
    Status(u16),
    /// 429 that asks to come back after so many seconds.
    TooMany(u64),
    /// Half of the body behind the full `content-length`.
    Cut,
    /// Half of the body behind a `content-length` that says so.
    Short,
    /// One byte of the body is another.
    Changed,
    /// Everything, a little at a time.
    Drip,
    /// 200 with the HTML of a sign-in page.
    SignIn,
}

/// One fault and the requests that meet it.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What the path ends with.
    ending: String,
    /// How many more requests meet it; all of them without a number.
    left: Option<usize>,
    fault: Fault,
}

impl Rule {
    /// Every request for a package's tarball.
    pub fn tarball(package: &str, fault: Fault) -> Self {
        let base = package.rsplit('/').next().unwrap();
        Self { ending: format!("/-/{base}-1.0.0.tgz"), left: None, fault }
    }

    /// Every request for a package's document.
    pub fn packument(package: &str, fault: Fault) -> Self {
        Self { ending: format!("/{}", package.replace('/', "%2f")), left: None, fault }
    }

    /// Only so many requests.
    pub fn first(mut self, requests: usize) -> Self {
        self.left = Some(requests);
        self
    }
}

struct State {
    registry: u16,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<String>>,
    ended: AtomicBool,
}

/// Listens until it goes out of scope.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Listens on a port of its own, in front of a registry on loopback; of several rules for a request the first counts.
    pub fn start(registry: u16, rules: &[Rule]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            registry,
            rules: Mutex::new(rules.to_vec()),
            requests: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&accepting);
                // A client that goes away is nobody's fault.
                std::thread::spawn(move || stream.and_then(|stream| serve(stream, &state)));
            }
        });
        Self { port, state }
    }

    /// Its address over HTTP, with the slash at the end that npm writes.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The same port over HTTPS, which it does not speak.
    pub fn https_url(&self) -> String {
        self.url().replace("http:", "https:")
    }

    /// The paths asked for, in order.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = read_request(&mut client)? else {
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    };
    state.requests.lock().unwrap().push(request.path.clone());
    let fault = fault(&mut state.rules.lock().unwrap(), &request.path);
    let answer = match fault {
        Some(Fault::Status(status)) => Answer::status(status, ""),
        Some(Fault::TooMany(seconds)) => {
            Answer::status(429, &format!("retry-after: {seconds}\r\n"))
        }
        Some(Fault::SignIn) => Answer {
            head: "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n".into(),
            body: b"<!doctype html>\n<title>Sign in</title>\n".to_vec(),
        },
        _ => ask(state.registry, &request)?,
    };
    let whole = answer.bytes(answer.body.len());
    let percent = |share: usize| &whole[..whole.len() * share / 100];
    match fault {
        Some(Fault::Reset(share)) => {
            client.write_all(percent(share))?;
            // What was sent is read before the reset overtakes it.
            std::thread::sleep(Duration::from_millis(if share > 0 { 100 } else { 0 }));
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
            return Ok(());
        }
        Some(Fault::Stall(share)) => {
            client.write_all(percent(share))?;
            client.set_read_timeout(Some(Duration::from_millis(100)))?;
            while !state.ended.load(Ordering::Relaxed) {
                if matches!(client.read(&mut [0]), Ok(0)) {
                    break;
                }
            }
            return Ok(());
        }
        Some(Fault::Cut) => client.write_all(&whole[..whole.len() - answer.body.len() / 2])?,
        Some(Fault::Short) => {
            let half = Answer { body: answer.body[..answer.body.len() / 2].to_vec(), ..answer };
            client.write_all(&half.bytes(half.body.len()))?;
        }
        Some(Fault::Changed) => {
            let mut changed = whole.clone();
            let middle = whole.len() - answer.body.len() / 2;
            changed[middle] ^= 1;
            client.write_all(&changed)?;
        }
        Some(Fault::Drip) => {
            for part in whole.chunks(whole.len() / 20 + 1) {
                client.write_all(part)?;
                std::thread::sleep(Duration::from_millis(40));
            }
        }
        _ => client.write_all(&whole)?,
    }
    client.shutdown(Shutdown::Write)
}

/// The fault of the first rule that fits and is not used up.
fn fault(rules: &mut [Rule], path: &str) -> Option<Fault> {
    let rule = rules.iter_mut().find(|rule| {
        path.to_lowercase().ends_with(&rule.ending.to_lowercase()) && rule.left != Some(0)
    })?;
    rule.left = rule.left.map(|left| left - 1);
    Some(rule.fault)
}

struct Request {
    method: String,
    path: String,
    host: String,
    authorization: Option<String>,
    body: Vec<u8>,
}

/// Nothing where the client speaks something else, as one does that wants TLS.
fn read_request(client: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        let read = client.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..read]);
        if read == 0 || !bytes[0].is_ascii_uppercase() {
            return Ok(None);
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = bytes[end..].to_vec();
    while body.len() < length {
        let read = client.read(&mut chunk)?;
        if read == 0 {
            return Ok(None);
        }
        body.extend_from_slice(&chunk[..read]);
    }
    Ok(Some(Request {
        method: method.into(),
        path: path.into(),
        host: header(&head, "host").unwrap_or("127.0.0.1").into(),
        authorization: header(&head, "authorization").map(ToOwned::to_owned),
        body,
    }))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

struct Answer {
    /// Status line and headers, but for those of length and connection.
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(status: u16, headers: &str) -> Self {
        let (reason, error) = match status {
            401 => ("Unauthorized", "authentication required"),
            403 => ("Forbidden", "not allowed to access package"),
            404 => ("Not Found", "no such package available"),
            429 => ("Too Many Requests", "slow down"),
            500 => ("Internal Server Error", "internal error"),
            502 => ("Bad Gateway", "bad gateway"),
            _ => ("Service Unavailable", "unavailable"),
        };
        Self {
            head: format!(
                "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\n{headers}"
            ),
            body: format!("{{\"error\":\"{error}\"}}").into_bytes(),
        }
    }

    fn bytes(&self, length: usize) -> Vec<u8> {
        let head = format!("{}content-length: {length}\r\nconnection: close\r\n\r\n", self.head);
        [head.as_bytes(), &self.body].concat()
    }
}

/// Asks the registry as version 1.0 does, so that the body comes in one piece.
fn ask(registry: u16, request: &Request) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", registry))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let Request { method, path, host, body, .. } = request;
    // verdaccio writes this host into the addresses of tarballs, so that they lead here as well.
    let mut head =
        format!("{method} {path} HTTP/1.0\r\nhost: {host}\r\ncontent-length: {}\r\n", body.len());
    if let Some(authorization) = &request.authorization {
        head += &format!("authorization: {authorization}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes)
        .lines()
        .filter(|line| {
            let name = line.split(':').next().unwrap_or("").to_ascii_lowercase();
            !line.is_empty()
                && !["connection", "content-length", "transfer-encoding", "keep-alive"]
                    .contains(&name.as_str())
        })
        .fold(String::new(), |head, line| head + line + "\r\n");
    Ok(Answer { head, body })
}
