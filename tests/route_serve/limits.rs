//! Clients that send too much, too slowly, too often.

use super::{
    client::request,
    service::{JOB, Place, until},
};

/// A batch whose answer does not fit into the buffers of a connection.
fn endless() -> String {
    request("POST", "/v1/batch", "", &"{\"queue\":\"q\"}\n".repeat(400_000))
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let service = Place::new().serve(&[]);
    let head = |path: &str, length: usize| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n")
    };
    for (path, length, status) in [
        ("/v1/decide", (1 << 20) + 1, 413),
        ("/v1/decide", usize::MAX >> 1, 413),
        ("/v1/batch", (64 << 20) + 1, 413),
        ("/v1/decide", 1 << 20, 100),
        ("/v1/batch", 64 << 20, 100),
    ] {
        let mut client = service.client();
        client.send(head(path, length));
        assert_eq!(client.head().0, status, "{path} {length}");
    }
    let mut client = service.client();
    client.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let piece = format!("{:x}\r\n{}\r\n", 1 << 19, " ".repeat(1 << 19));
    client.send(&piece);
    client.send(&piece);
    client.send("1\r\n \r\n");
    client.answer().expect(413);
    assert!(client.is_closed());
}

#[test]
fn slow_clients_starve_nobody_and_are_given_up() {
    let service = Place::new().serve(&["--timeout", "2s"]);
    let starts = ["", "POST /v1/dec", "POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"];
    let mut slow: Vec<_> = (0..150).map(|_| service.client()).collect();
    slow.iter_mut().enumerate().for_each(|(n, client)| client.send(starts[n % starts.len()]));
    let mut client = service.client();
    for _ in 0..200 {
        client.ask("POST", "/v1/decide", JOB).expect(200);
    }
    assert!(slow.iter_mut().all(|client| client.is_closed()));
}

#[test]
fn a_body_that_trickles_is_given_up_as_well() {
    let service = Place::new().serve(&["--timeout", "1s"]);
    let mut client = service.client();
    client.send("POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{");
    let answer = client.answer().expect(408);
    assert_eq!(answer.json()["error"]["kind"], "transient");
    assert!(client.is_closed());
}

#[test]
fn batches_beyond_those_under_way_are_told_to_come_again() {
    let service = Place::new().serve(&["--concurrency", "1"]);
    let mut first = service.client();
    first.send(endless());
    let (status, head) = first.head();
    assert_eq!(status, 200);
    let refused = service.ask("POST", "/v1/batch", JOB).expect(503);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    // Single decisions wait for no batch.
    assert_eq!(service.decide()["queue"], "q.svc");
    assert_eq!(first.body(&head).iter().filter(|b| **b == b'\n').count(), 400_000);
    until("the batch makes room", || service.ask("POST", "/v1/batch", JOB).status == 200);
}

#[test]
fn who_does_not_read_the_answer_is_given_up() {
    let service = Place::new().serve(&["--concurrency", "1", "--timeout", "1s"]);
    let mut deaf = service.client();
    deaf.send(endless());
    deaf.head();
    service.ask("POST", "/v1/batch", JOB).expect(503);
    until("the batch makes room", || service.ask("POST", "/v1/batch", JOB).status == 200);
}

#[test]
fn connections_beyond_the_limit_are_told_to_come_again() {
    let service = Place::new().serve(&["--connections", "2"]);
    let mut held = [service.client(), service.client()];
    held.iter_mut().for_each(|client| drop(client.ask("GET", "/healthz", "").expect(200)));
    let mut third = service.client();
    let refused = third.ask("POST", "/v1/decide", JOB).expect(503);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    assert!(third.is_closed());
    let refused = service.client().acquire("", "{}").expect(503);
    assert_eq!(refused.json()["accepted"], false, "a pool provider's call is answered as one");
    drop(held);
    until("the connections are free", || service.ask("POST", "/v1/decide", JOB).status == 200);
}
