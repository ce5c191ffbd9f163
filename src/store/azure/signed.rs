//! Links that let anyone read one object for a while.

use super::{Azure, account::Auth, failure, sas};
use crate::{
    error::{Error, Kind, Result},
    store::Key,
};
use azure_core::time::OffsetDateTime;
use azure_storage_blob::{BlobServiceClient, BlobServiceClientOptions, models::KeyInfo};
use azure_storage_sas::SasBuilder;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long the service lets a user delegation key live.
const LONGEST_DELEGATION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A link to `key` that ends `valid` after `now`: signed with the account's key, or with a key that the service lends to
/// an identity of Entra ID (at most seven days).
///
/// # Errors
/// `Denied` with a shared access signature, which cannot sign and is not given away; `Usage` for a time too long.
pub async fn url(azure: &Azure, key: &Key, now: Timestamp, valid: Duration) -> Result<String> {
    let place = &azure.place;
    let name = format!("{}{key}", place.prefix);
    let end = SignedDuration::try_from(valid).ok().and_then(|valid| now.checked_add(valid).ok());
    let end = end.ok_or_else(|| Error::new(Kind::Usage, format!("a link to {key} cannot be valid that long")))?;
    let query = match &place.auth {
        Auth::Key(secret) => sas::read_sas(place, secret, &name, end),
        Auth::Entra => delegated(azure, &name, now, end).await?,
        Auth::Sas(_) => {
            return Err(Error::new(Kind::Denied, format!("a shared access signature cannot sign a link to {key}"))
                .hint("use an account key or an Entra ID login, which can"));
        }
    };
    let mut url = place.container_url();
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(name.split('/'));
    }
    sas::add_query(&mut url, &query);
    Ok(url.into())
}

async fn delegated(azure: &Azure, name: &str, now: Timestamp, end: Timestamp) -> Result<String> {
    let place = &azure.place;
    let action = format!("asking {} for a key to sign a link to {name}", place.account);
    if end.duration_since(now) > LONGEST_DELEGATION {
        return Err(Error::new(Kind::Usage, format!("a link to {name} may be valid for at most 7 days"))
            .hint("ask for a shorter time, or use an account key"));
    }
    let wrong = |e: &azure_core::Error| failure(&action, e);
    let options = BlobServiceClientOptions { client_options: azure.options.clone(), ..Default::default() };
    let client =
        BlobServiceClient::new(place.endpoint.clone(), azure.token.clone(), Some(options)).map_err(|e| wrong(&e))?;
    let (start, end) = (time(now, &action)?, time(end, &action)?);
    let info = KeyInfo { start: Some(start), expiry: Some(end), ..Default::default() };
    let info = info.try_into().map_err(|e: azure_core::Error| wrong(&e))?;
    let answer = azure.call(&action, client.get_user_delegation_key(info, None)).await?;
    let lent = answer.into_model().map_err(|e| wrong(&e))?;
    let builder = SasBuilder::new(&place.account, &lent, end).map_err(|e| wrong(&e))?;
    Ok(builder.blob(&place.container, name).read().build())
}

fn time(at: Timestamp, action: &str) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at.as_second())
        .map_err(|e| Error::new(Kind::Usage, format!("{action}: the time is out of range")).with_source(e))
}
