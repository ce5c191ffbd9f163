//! A TCP proxy that hands everything on, and loses one answer when it is told to.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// A running proxy; ends when it is dropped.
pub struct Losing {
    port: u16,
    armed: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Losing {
    /// Starts a proxy on a free port in front of `to`.
    pub fn start(to: u16) -> Losing {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (lose, over) = (armed.clone(), ended.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let lose = lose.clone();
                thread::spawn(move || pass(client, server, &lose));
            }
        });
        Losing { port, armed, ended }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Hands the next `POST` on, and breaks the connection when its answer comes.
    pub fn lose_an_answer(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }
}

impl Drop for Losing {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, armed: &AtomicBool) {
    let lost = Arc::new(AtomicBool::new(false));
    let (Ok(mut answers), Ok(mut to)) = (server.try_clone(), client.try_clone()) else { return };
    let losing = lost.clone();
    let back = thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            if losing.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = (to.shutdown(Shutdown::Both), answers.shutdown(Shutdown::Both));
    });
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        if buffer.starts_with(b"POST ") && armed.swap(false, Ordering::SeqCst) {
            lost.store(true, Ordering::SeqCst);
        }
        if server.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}
