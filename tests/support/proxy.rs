//! A TCP proxy that treats its connections badly, each in its own way.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Broken after this many bytes of answers.
    Broken(u64),
    /// Told to come back later.
    TurnedAway,
    /// Taken, and never answered.
    Stalled,
}

/// One after the other, then again from the start.
const FATES: [Fate; 6] = [
    Fate::Broken(9_000_000),
    Fate::TurnedAway,
    Fate::Broken(200),
    Fate::Stalled,
    Fate::Broken(5_000_000),
    Fate::Broken(17_000_000),
];

const LATER: &str = "HTTP/1.1 503 Server Busy\r\nx-ms-error-code: ServerBusy\r\nRetry-After: 0\r\n\
                     Content-Length: 0\r\nConnection: close\r\n\r\n";

/// A running proxy; ends when it is dropped.
pub struct Proxy {
    port: u16,
    ended: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy on a free port in front of `to`.
    pub fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Arc::new(AtomicBool::new(false));
        let over = ended.clone();
        thread::spawn(move || {
            for (client, fate) in listener.incoming().flatten().zip(FATES.into_iter().cycle()) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                thread::spawn(move || suffer(client, to, fate));
            }
        });
        Proxy { port, ended }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn suffer(mut client: TcpStream, to: u16, fate: Fate) {
    match fate {
        Fate::Broken(after) => {
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (up_from, up_to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(up_from, up_to, u64::MAX));
            copy(server, client, after);
        }
        Fate::TurnedAway => {
            let _ = client.read(&mut [0; 65536]);
            let _ = client.write_all(LATER.as_bytes());
        }
        Fate::Stalled => {
            // Until the client gives up.
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        }
    }
}

fn copy(from: TcpStream, mut to: TcpStream, limit: u64) {
    let _ = std::io::copy(&mut (&from).take(limit), &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
