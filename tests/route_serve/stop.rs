//! Being asked to stop.

use super::{
    client::Client,
    service::{JOB, LIMIT, Place, until},
};
use rustix::process::Signal;
use std::net::TcpStream;

#[test]
fn a_service_that_has_nothing_to_do_stops_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let service = Place::new().serve(&[]);
        let mut idle = service.client();
        idle.ask("GET", "/readyz", "").expect(200);
        service.signal(signal);
        assert!(idle.is_closed());
        assert_eq!(service.wait(), Some(0));
    }
}

#[test]
fn what_is_under_way_is_finished_and_nobody_is_told_that_it_is_ready() {
    let place = Place::new();
    let service = place.serve(&["--log", "log.jsonl"]);
    let address = service.address;
    let (start, rest) = JOB.split_at(5);
    let mut client = service.client();
    client.send(format!("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{start}", JOB.len()));
    // The head has to be there first: a connection on which nothing was sent is closed.
    service.ask("GET", "/readyz", "").expect(200);
    let mut deaf = service.client();
    deaf.send("POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(deaf.head().0, 100);
    service.signal(Signal::TERM);
    // A connection that had asked nothing yet when the service was told is closed without an answer.
    until("it stops to be ready", || service.client().status("/readyz") == Some(503));
    service.ask("GET", "/healthz", "").expect(200);
    client.send(rest);
    assert_eq!(client.answer().expect(200).json()["queue"], "q.svc");
    deaf.send("\n\n\n\n\n");
    assert_eq!(deaf.answer().expect(200).text(), "\n\n\n\n\n");
    assert_eq!(service.wait(), Some(0));
    assert!(TcpStream::connect_timeout(&address, LIMIT).is_err());
    assert_eq!(place.read("log.jsonl").lines().count(), 1);
}

#[test]
fn a_client_that_never_finishes_is_cut_off() {
    let service = Place::new().serve(&["--timeout", "60s"]);
    let mut client: Client = service.client();
    client.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().0, 100);
    service.signal(Signal::TERM);
    assert_eq!(service.wait(), Some(3));
}
