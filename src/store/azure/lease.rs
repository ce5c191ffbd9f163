//! Leases of a remote store: an object that is rewritten as long as its holder lives.

use super::Azure;
use crate::{
    error::{Error, Kind, Result},
    store::{Body, Key, Lease, Precondition},
};
use azure_core::http::headers::HeaderName;
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use std::time::Duration;
use tokio::task::AbortHandle;

/// Where leases lie; no object is listed there.
pub const LEASES: &str = "leases/";
const RENEWED_EVERY: Duration = Duration::from_secs(20);
const LAPSES_AFTER: SignedDuration = SignedDuration::from_secs(120);

/// A held lease: renewal ends with it.
struct Held(AbortHandle);

impl Lease for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes a lease and renews it in the background.
///
/// # Errors
/// As a write; a renewal that fails is logged and repeated at the next turn.
pub async fn hold(azure: Azure, name: &str) -> Result<Box<dyn Lease>> {
    let key = key(name)?;
    renew(&azure, &key).await?;
    let task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(e) = renew(&azure, &key).await {
                tracing::info!("renewing the lease {key}: {e}: {}", e.causes().join(": "));
            }
        }
    });
    Ok(Box::new(Held(task.abort_handle())))
}

/// Whether a lease is missing or too old by the service's clock, which the answer itself tells.
///
/// # Errors
/// As a read.
pub async fn lapsed(azure: &Azure, name: &str) -> Result<bool> {
    let key = key(name)?;
    let action = format!("testing the lease {name} in {}", azure.place.url());
    let answer = match azure.call(&action, azure.blob(&key).get_properties(None)).await {
        Ok(answer) => answer,
        Err(e) if e.kind() == Kind::NotFound => return Ok(true),
        Err(e) => return Err(e),
    };
    let time = |header: &'static str| {
        let text = answer.headers().get_optional_str(&HeaderName::from_static(header));
        text.and_then(http_time)
            .ok_or_else(|| Error::new(Kind::Internal, format!("{action}: the answer has no usable {header} header")))
    };
    Ok(is_over(time("last-modified")?, time("date")?))
}

/// Removes a lease. A holder that lives after all writes it again at its next turn.
///
/// # Errors
/// As a deletion.
pub async fn forget(azure: &Azure, name: &str) -> Result<()> {
    azure.delete_blob(&key(name)?).await
}

/// Removes the leases that lapsed.
///
/// # Errors
/// As a listing, a read, a deletion.
pub async fn sweep(azure: &Azure) -> Result<()> {
    let held: Vec<Key> = azure.list_all(LEASES).map_ok(|meta| meta.key).try_collect().await?;
    for key in held {
        let name = key.as_str().trim_start_matches(LEASES);
        if lapsed(azure, name).await? {
            forget(azure, name).await?;
        }
    }
    Ok(())
}

async fn renew(azure: &Azure, key: &Key) -> Result<()> {
    azure.put_object(key, &Body::from(""), &Precondition::None).await.map(drop)
}

fn key(name: &str) -> Result<Key> {
    Key::new(format!("{LEASES}{name}"))
}

fn is_over(renewed: Timestamp, now: Timestamp) -> bool {
    now.duration_since(renewed) > LAPSES_AFTER
}

/// Parses a date of HTTP, whose zone `GMT` RFC 2822 knows.
fn http_time(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_two_minutes_after_its_last_renewal() {
        let at = |text| http_time(text).unwrap();
        let renewed = at("Mon, 01 Jan 2024 00:00:00 GMT");
        assert!(!is_over(renewed, at("Mon, 01 Jan 2024 00:02:00 GMT")));
        assert!(is_over(renewed, at("Mon, 01 Jan 2024 00:02:01 GMT")));
        assert!(!is_over(renewed, at("Sun, 31 Dec 2023 23:59:00 GMT")));
    }
}
