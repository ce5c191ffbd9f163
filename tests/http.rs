//! The HTTP client against a server that answers as it is told.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;

use bytes::Bytes;
use ci_tool::{
    error::{Kind, RetryAfter},
    http::{Auth, Call, Client, Failure, Method, Repeat, Token, address},
};
use http::{Reply, Server};
use std::time::Duration;
use tokio::time::Instant;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test]
async fn only_what_is_safe_is_sent_again_when_its_answer_was_lost() {
    for (repeat, lost, asked) in [
        (Repeat::Unsafe, Reply::Reset, 1),
        (Repeat::Unsafe, Reply::status(503, ""), 1),
        (Repeat::Safe, Reply::Reset, 2),
        (Repeat::Safe, Reply::status(503, ""), 2),
        (Repeat::Safe, Reply::Truncated(b"{\"a\": 1}".to_vec()), 2),
        (Repeat::Safe, Reply::status(400, ""), 1),
        (Repeat::Safe, Reply::status(403, ""), 1),
    ] {
        let what = format!("{repeat:?} {lost:?}");
        let server = Server::start(move |_, number| if number == 0 { lost.clone() } else { Reply::status(200, "{}") });
        let url = address(&server.url("/")).unwrap();
        let call = Call { repeat, ..Call::post(&url, Bytes::from_static(b"{}"), soon()) };
        let sent = Client::new().send(&call).await;
        assert_eq!((sent.is_ok(), server.asked().len()), (asked == 2, asked), "{what}: {sent:?}");
    }
}

#[tokio::test]
async fn tries_are_counted_and_the_last_failure_is_told() {
    let server = Server::start(|_, number| Reply::Answer(503, "retry-after: 0\r\n".into(), vec![b'0' + number as u8]));
    let url = address(&server.url("/a?b=c")).unwrap();
    let error = Client::new().send(&Call { tries: 4, ..Call::get(&url, soon()) }).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (Kind::Transient, 4));
    let retry_after = Some(RetryAfter(Duration::ZERO));
    assert_eq!(error.cause(), Some(&Failure::Status { status: 503, said: "3".into(), retry_after }));
    assert_eq!(error.to_string(), format!("GET {}", server.url("/a")));
}

#[tokio::test]
async fn a_service_that_asks_to_wait_beyond_the_deadline_is_not_waited_for() {
    let server = Server::start(|_, _| Reply::Answer(429, "retry-after: 60\r\n".into(), Vec::new()));
    let url = address(&server.url("/")).unwrap();
    let started = Instant::now();
    let error = Client::new().send(&Call::get(&url, soon())).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(error.cause(), Some(&RetryAfter(Duration::from_secs(60))));
}

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind) in [
        (302, Kind::Unsupported),
        (400, Kind::Usage),
        (401, Kind::Denied),
        (403, Kind::Denied),
        (404, Kind::NotFound),
        (409, Kind::Exists),
        (412, Kind::Precondition),
        (418, Kind::Unsupported),
        (422, Kind::Usage),
        (429, Kind::Transient),
        (500, Kind::Transient),
        (504, Kind::Transient),
    ] {
        let server = Server::start(move |_, _| Reply::status(status, ""));
        let url = address(&server.url("/")).unwrap();
        let error = Client::new().send(&Call { tries: 1, ..Call::get(&url, soon()) }).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
    }
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_allowed_and_no_longer() {
    let server = Server::start(|_, _| Reply::status(200, &"x".repeat(1000)));
    let url = address(&server.url("/")).unwrap();
    let call = |answer_max| Call { answer_max, ..Call::get(&url, soon()) };
    assert_eq!(Client::new().send(&call(1000)).await.unwrap().body.len(), 1000);
    let error = Client::new().send(&call(999)).await.unwrap_err();
    assert_eq!((error.kind(), error.cause()), (Kind::Corrupt, Some(&Failure::TooLarge(999))));
}

#[tokio::test]
async fn who_calls_and_what_is_said_in_which_headers() {
    let token = Token::new(&"k".repeat(12)).unwrap();
    let server = Server::start(|_, _| Reply::status(200, "{}"));
    let url = address(&server.url("/")).unwrap();
    let client = Client::new();
    for auth in [Auth::Bearer(&token), Auth::Token(&token)] {
        let call = Call { auth: Some(auth), headers: &[("x-more", "1")], ..Call::get(&url, soon()) };
        client.send(&Call { method: Method::DELETE, ..call }).await.unwrap();
    }
    let asked = server.asked();
    for (request, expected) in asked.iter().zip(["Bearer kkkkkkkkkkkk", "token kkkkkkkkkkkk"]) {
        assert_eq!((request.method.as_str(), request.header("authorization")), ("DELETE", expected));
        assert_eq!((request.header("accept"), request.header("x-more")), ("application/json", "1"));
        assert!(request.header("user-agent").starts_with("ci-tool/"));
    }
}

#[tokio::test]
async fn what_a_service_repeats_of_a_token_is_hidden() {
    let token = Token::new(&"k".repeat(12)).unwrap();
    let server =
        Server::start(|request, _| Reply::status(403, &format!("no:\r\n\x1b[1m {}", request.header("authorization"))));
    let url = address(&server.url("/?sig=hush")).unwrap();
    let call = Call { auth: Some(Auth::Bearer(&token)), ..Call::get(&url, soon()) };
    let error = Client::new().send(&call).await.unwrap_err();
    assert_eq!(error.causes(), ["it answered 403: no: [1m Bearer REDACTED"]);
    assert!(!format!("{error:?}").contains("kkkk") && !format!("{error:?}").contains("hush"), "{error:?}");
}
