//! Shared access signatures: signed with the account's key, and put on every request.
//!
//! Formats: <https://learn.microsoft.com/rest/api/storageservices/create-account-sas> and `create-service-sas`.

use super::account::{Auth, Place};
use async_trait::async_trait;
use azure_core::http::{
    Context, Request,
    policies::{Policy, PolicyResult},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use sha2::Sha256;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

const VERSION: &str = "2021-12-02";
/// How long a signature of our own is valid.
const VALID: SignedDuration = SignedDuration::from_hours(4);
/// What is left when a new one is made: more than the longest request takes.
const RENEW: SignedDuration = SignedDuration::from_hours(1);
/// How far this clock may be ahead of the service's.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Query parameters of a signature for everything in the account's blob service, valid from a little before `now`.
pub fn account_sas(account: &str, key: &[u8], https_only: bool, now: Timestamp) -> String {
    let (start, end) = (time(now - SKEW), time(now + VALID));
    let (services, types, permissions, protocol) = ("b", "sco", "rwdlac", protocol(https_only));
    let text = format!("{account}\n{permissions}\n{services}\n{types}\n{start}\n{end}\n\n{protocol}\n{VERSION}\n\n");
    query(&[
        ("sv", VERSION),
        ("ss", services),
        ("srt", types),
        ("sp", permissions),
        ("st", &start),
        ("se", &end),
        ("spr", protocol),
        ("sig", &sign(key, &text)),
    ])
}

/// Query parameters that let anyone read one blob from now until `end`.
pub fn read_sas(place: &Place, key: &[u8], blob: &str, end: Timestamp) -> String {
    let (end, protocol) = (time(end), protocol(place.endpoint.scheme() == "https"));
    let resource = format!("/blob/{}/{}/{blob}", place.account, place.container);
    // Start, identifier, address; then snapshot, encryption scope and five response headers stay empty.
    let text = format!("r\n\n{end}\n{resource}\n\n\n{protocol}\n{VERSION}\nb\n\n\n\n\n\n\n");
    query(&[("sv", VERSION), ("sr", "b"), ("sp", "r"), ("se", &end), ("spr", protocol), ("sig", &sign(key, &text))])
}

fn protocol(https_only: bool) -> &'static str {
    if https_only { "https" } else { "https,http" }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn sign(key: &[u8], text: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        let value: String = value
            .bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect();
        let joint = if query.is_empty() { "" } else { "&" };
        query.push_str(&format!("{joint}{name}={value}"));
    }
    query
}

/// Puts a signature on every request, so that no client holds a URL with a secret.
pub struct SasPolicy {
    source: Source,
}

enum Source {
    Given(String),
    Signed { account: String, key: Vec<u8>, https_only: bool, last: Mutex<Option<(Timestamp, String)>> },
}

impl SasPolicy {
    /// The policy for a place; `None` where tokens authorise.
    pub fn new(place: &Place) -> Option<SasPolicy> {
        let source = match &place.auth {
            Auth::Sas(sas) => Source::Given(sas.clone()),
            Auth::Key(key) => Source::Signed {
                account: place.account.clone(),
                key: key.clone(),
                https_only: place.endpoint.scheme() == "https",
                last: Mutex::default(),
            },
            Auth::Entra => return None,
        };
        Some(SasPolicy { source })
    }

    fn query(&self, now: Timestamp) -> String {
        match &self.source {
            Source::Given(sas) => sas.clone(),
            Source::Signed { account, key, https_only, last } => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                match &*last {
                    Some((made, sas)) if now.duration_since(*made).abs() < VALID - RENEW => sas.clone(),
                    _ => {
                        let sas = account_sas(account, key, *https_only, now);
                        *last = Some((now, sas.clone()));
                        sas
                    }
                }
            }
        }
    }
}

impl fmt::Debug for SasPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SasPolicy")
    }
}

#[async_trait]
impl Policy for SasPolicy {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        add_query(request.url_mut(), &self.query(Timestamp::now()));
        match next {
            [first, rest @ ..] => first.send(ctx, request, rest).await,
            [] => Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "no transport")),
        }
    }
}

/// Adds encoded parameters to a URL's query.
pub fn add_query(url: &mut Url, query: &str) {
    let joined = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{query}"),
        _ => query.to_owned(),
    };
    url.set_query(Some(&joined));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed independently: `printf TEXT | openssl dgst -sha256 -mac HMAC -macopt key:key -binary | base64`.
    #[test]
    fn signatures_are_those_of_an_independent_program() {
        assert_eq!(sign(b"key", "text"), "avqQRqlXnK0UOjhMG1ZLmiUNJ9b2pj+fIL86dZTJ4sY=");
    }

    #[test]
    fn a_signature_is_kept_for_hours_and_renewed_before_it_ends() {
        let policy = SasPolicy {
            source: Source::Signed {
                account: "a".into(),
                key: b"k".to_vec(),
                https_only: true,
                last: Mutex::default(),
            },
        };
        let start: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        let first = policy.query(start);
        assert!(first.contains("st=2023-12-31T23%3A45%3A00Z&se=2024-01-01T04%3A00%3A00Z&spr=https&sig="), "{first}");
        assert_eq!(policy.query(start + SignedDuration::from_mins(179)), first);
        assert_ne!(policy.query(start + SignedDuration::from_mins(181)), first);
    }
}
