//! An HTTP server on 127.0.0.1 that answers as it is told, well or badly, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, further header lines, and a body.
    Answer(u16, String, Vec<u8>),
    /// Nothing at all.
    Silence,
    /// The head, half of the body, and then nothing.
    Half(Vec<u8>),
    /// The head, and then a byte a second.
    Drip(Vec<u8>),
    /// The connection is reset before the answer.
    Reset,
    /// The connection is closed in the middle of the body.
    Truncated(Vec<u8>),
    /// A body of a gigabyte, announced.
    Gigabyte,
    /// A body of a gigabyte, in chunks.
    GigabyteInChunks,
    /// Another reply, after a while.
    Late(Duration, Box<Reply>),
}

impl Reply {
    /// Success with JSON.
    pub fn json(value: &serde_json::Value) -> Reply {
        Reply::Answer(200, String::new(), value.to_string().into_bytes())
    }

    /// A status with text.
    pub fn status(status: u16, text: &str) -> Reply {
        Reply::Answer(status, String::new(), text.into())
    }
}

/// A running server; ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Request>>>,
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server that closes a connection after each answer. `handle` gets each request and its number, from 0.
    pub fn start(handle: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
        Server::serve(handle, false)
    }

    /// Starts one whose connections stay open for further requests, as those of real servers do.
    pub fn keeping_alive(handle: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
        Server::serve(handle, true)
    }

    fn serve(handle: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static, keeps_alive: bool) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (handle, remembered) = (Arc::new(handle), asked.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (handle, asked) = (handle.clone(), remembered.clone());
                tokio::spawn(async move {
                    let mut stream = stream;
                    let _ = stream.set_nodelay(true);
                    while let Some(request) = receive(&mut stream).await {
                        let number = {
                            let mut asked = asked.lock().unwrap();
                            asked.push(request.clone());
                            asked.len() - 1
                        };
                        // A caller that gave up is no failure of the server's.
                        let open = reply(&mut stream, handle(&request, number), keeps_alive).await;
                        if !matches!(open, Ok(true)) {
                            return;
                        }
                    }
                });
            }
        });
        Server { address, asked, runtime: Some(runtime) }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The last test to hold it may itself run on a runtime, which must not wait for another.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: BTreeMap<_, _> = lines.filter_map(header).collect();
    let length: usize = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { method, target, headers, body })
}

/// Whether the connection is still open.
async fn reply(stream: &mut TcpStream, mut reply: Reply, keeps_alive: bool) -> std::io::Result<bool> {
    while let Reply::Late(after, then) = reply {
        tokio::time::sleep(after).await;
        reply = *then;
    }
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    match reply {
        Reply::Answer(status, more, body) => {
            let length = body.len();
            let connection = if keeps_alive { "keep-alive" } else { "close" };
            let head =
                format!("HTTP/1.1 {status} X\r\n{more}content-length: {length}\r\nconnection: {connection}\r\n\r\n");
            stream.write_all(&[head.as_bytes(), &body].concat()).await?;
            if keeps_alive {
                return Ok(true);
            }
        }
        Reply::Silence => std::future::pending::<()>().await,
        Reply::Half(body) => {
            stream.write_all(head(body.len()).as_bytes()).await?;
            stream.write_all(&body[..body.len() / 2]).await?;
            std::future::pending::<()>().await;
        }
        Reply::Drip(body) => {
            stream.write_all(head(body.len()).as_bytes()).await?;
            for byte in body {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Reply::Reset => stream.set_zero_linger()?,
        Reply::Truncated(body) => {
            stream.write_all(head(body.len()).as_bytes()).await?;
            stream.write_all(&body[..body.len() / 2]).await?;
        }
        Reply::Gigabyte => {
            stream.write_all(head(1 << 30).as_bytes()).await?;
            for _ in 0..1 << 14 {
                stream.write_all(&[b' '; 1 << 16]).await?;
            }
        }
        Reply::GigabyteInChunks => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            for _ in 0..1 << 14 {
                stream.write_all(b"10000\r\n").await?;
                stream.write_all(&[b' '; 1 << 16]).await?;
                stream.write_all(b"\r\n").await?;
            }
        }
        Reply::Late(..) => unreachable!("it was unwrapped above"),
    }
    stream.shutdown().await?;
    Ok(false)
}
