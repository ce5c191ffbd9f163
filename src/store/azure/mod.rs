//! A store in a container of Azure Blob Storage.

mod account;
mod entra;
mod failure;
mod lease;
mod sas;
mod signed;
mod upload;

use super::{Body, Env, Etag, Key, Lease, Meta, Object, Precondition, Store, scratch, scratch::Scratch, window};
use crate::error::{Error, Kind, Result};
use account::{Auth, Place};
use async_trait::async_trait;
use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Etag as AzureEtag, RetryOptions, Transport, headers::HeaderName},
    time::OffsetDateTime,
};
use azure_storage_blob::{
    BlobClient, BlobContainerClient, BlobContainerClientOptions,
    models::{
        BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders, BlobContainerClientListBlobsOptions, BlobItem,
    },
};
use bytes::Bytes;
use failure::{failure, no_container, timed_out};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use jiff::Timestamp;
use std::{
    fmt,
    future::IntoFuture,
    num::NonZero,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long to wait for the service.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub silence: Duration,
    /// For one request and its answer, save the body of an object that is read.
    pub call: Duration,
}

impl Default for Limits {
    /// A block of 8 MiB may take as long as half a megabit a second needs.
    fn default() -> Self {
        Limits { connect: Duration::from_secs(15), silence: Duration::from_secs(30), call: Duration::from_secs(140) }
    }
}

/// A large object is read in windows of this many bytes, some at a time.
const WINDOW: NonZero<usize> = NonZero::new(4 << 20).unwrap();
const WINDOWS_AT_ONCE: NonZero<usize> = NonZero::new(4).unwrap();
/// Small objects read at a time.
const READS_AT_ONCE: usize = 32;

/// A store in a container.
#[derive(Clone)]
pub struct Azure {
    place: Arc<Place>,
    client: Arc<BlobContainerClient>,
    options: ClientOptions,
    token: Option<Arc<dyn TokenCredential>>,
    scratch: Arc<Mutex<Option<Scratch>>>,
    limits: Limits,
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Azure {
    /// Opens the container that `address` names, with credentials from `env`. Nothing is sent.
    /// The first write creates a missing container.
    ///
    /// # Errors
    /// `Usage` for an address or variables that cannot be read.
    pub fn open(address: &str, env: &Env<'_>) -> Result<Azure> {
        Azure::with_limits(address, env, Limits::default())
    }

    /// As [`Azure::open`], waiting no longer than `limits`.
    ///
    /// # Errors
    /// As [`Azure::open`].
    pub fn with_limits(address: &str, env: &Env<'_>, limits: Limits) -> Result<Azure> {
        let place = account::resolve(address, env)?;
        let wrong = |e: &azure_core::Error| failure(&format!("opening {}", place.url()), e);
        let http = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .read_timeout(limits.silence)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| Error::new(Kind::Internal, "making the HTTP client").with_source(e))?;
        let mut options = ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(Transport::new(Arc::new(http))),
            ..Default::default()
        };
        if let Some(policy) = sas::SasPolicy::new(&place) {
            options.per_try_policies.push(Arc::new(policy));
        }
        let token =
            matches!(place.auth, Auth::Entra).then(|| Arc::new(entra::Chain::new(env)) as Arc<dyn TokenCredential>);
        let container_options = BlobContainerClientOptions { client_options: options.clone(), ..Default::default() };
        let client = BlobContainerClient::new(place.container_url(), token.clone(), Some(container_options))
            .map_err(|e| wrong(&e))?;
        Ok(Azure { client: Arc::new(client), place: Arc::new(place), options, token, scratch: Arc::default(), limits })
    }

    fn blob(&self, key: &Key) -> BlobClient {
        self.client.blob_client(&format!("{}{key}", self.place.prefix))
    }

    /// Waits for an answer, but not for ever.
    async fn call<T>(&self, action: &str, request: impl IntoFuture<Output = azure_core::Result<T>>) -> Result<T> {
        match tokio::time::timeout(self.limits.call, request).await {
            Ok(answer) => answer.map_err(|e| failure(action, &e)),
            Err(_) => Err(timed_out(action, self.limits.call)),
        }
    }

    async fn put_object(&self, key: &Key, body: &Body, pre: &Precondition) -> Result<Etag> {
        upload::check_length(body).await?;
        match upload::put(self, key, body, pre).await {
            Err(e) if e.kind() == Kind::NotFound => {
                self.create_container().await?;
                upload::put(self, key, body, pre).await
            }
            done => done,
        }
    }

    async fn create_container(&self) -> Result<()> {
        let action = format!("creating the container {} of the account {}", self.place.container, self.place.account);
        match self.call(&action, self.client.create(None)).await {
            Err(e) if e.kind() != Kind::Exists => Err(e),
            _ => Ok(()),
        }
    }

    async fn delete_blob(&self, key: &Key) -> Result<()> {
        let action = format!("deleting object {key} in {}", self.place.url());
        match self.call(&action, self.blob(key).delete(None)).await {
            Err(e) if e.kind() != Kind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Lists objects, leases among them.
    fn list_all(&self, prefix: &str) -> BoxStream<'static, Result<Meta>> {
        let action = format!("listing {:?} in {}", prefix, self.place.url());
        let options = BlobContainerClientListBlobsOptions {
            prefix: Some(format!("{}{prefix}", self.place.prefix)).filter(|p| !p.is_empty()),
            ..Default::default()
        };
        let pages = match self.client.list_blobs(Some(options)) {
            Ok(pager) => pager.into_pages(),
            Err(e) => return stream::once(async move { Err(failure(&action, &e)) }).boxed(),
        };
        let azure = self.clone();
        let limit = self.limits.call;
        stream::try_unfold((pages, action), move |(mut pages, action)| async move {
            match tokio::time::timeout(limit, pages.try_next()).await {
                Err(_) => Err(timed_out(&action, limit)),
                Ok(Err(e)) if no_container(&e) => Ok(None),
                Ok(Err(e)) => Err(failure(&action, &e)),
                Ok(Ok(None)) => Ok(None),
                Ok(Ok(Some(page))) => {
                    let page = page.into_model().map_err(|e| failure(&action, &e))?;
                    Ok(Some((page.blob_items, (pages, action))))
                }
            }
        })
        .map_ok(move |items| {
            let metas: Vec<_> = items.into_iter().filter_map(|item| azure.listed(item)).collect();
            stream::iter(metas)
        })
        .try_flatten()
        .boxed()
    }

    fn listed(&self, item: BlobItem) -> Option<Result<Meta>> {
        let name = item.name?;
        let name = name.strip_prefix(&self.place.prefix)?;
        // Blobs that others put there under names that are no keys are no objects.
        let key = Key::new(name).ok()?;
        let properties = item.properties?;
        Some(describe(key, properties.content_length, properties.etag, properties.last_modified))
    }
}

/// Metadata from what the service tells.
fn describe(key: Key, size: Option<u64>, etag: Option<AzureEtag>, modified: Option<OffsetDateTime>) -> Result<Meta> {
    let modified = modified.and_then(|t| Timestamp::from_nanosecond(t.unix_timestamp_nanos()).ok());
    match (size, etag, modified) {
        (Some(size), Some(etag), Some(modified)) => Ok(Meta { key, size, etag: Etag(quoted(&etag)), modified }),
        _ => Err(Error::new(Kind::Internal, format!("the service told no size, version or time of object {key}"))),
    }
}

/// The listing gives versions without the quotes that headers have.
fn quoted(etag: &AzureEtag) -> String {
    let text = etag.to_string();
    if text.starts_with('"') { text } else { format!("\"{text}\"") }
}

#[async_trait]
impl Store for Azure {
    fn url(&self) -> String {
        self.place.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.put_object(key, &body, &pre).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        if range.as_ref().is_some_and(Range::is_empty) {
            return Ok(Object { meta: self.head(key).await?, stream: stream::empty().boxed() });
        }
        let action = format!("reading object {key} in {}", self.place.url());
        let options = BlobClientDownloadOptions {
            range: range.clone().map(|r| (r.start as usize..r.end as usize).into()),
            partition_size: Some(WINDOW),
            parallel: Some(WINDOWS_AT_ONCE),
            ..Default::default()
        };
        let blob = self.blob(key);
        let answer = match self.call(&action, blob.download(Some(options))).await {
            // A range past the end fails in several ways, depending on the object's size.
            Err(e) if range.is_some() && matches!(e.kind(), Kind::Usage | Kind::Internal) => {
                window(key, range, self.head(key).await?.size)?;
                return Err(e);
            }
            answer => answer?,
        };
        let whole = answer.headers.get_optional_str(&HeaderName::from_static("content-range"));
        let whole = whole.and_then(|text| text.rsplit('/').next()?.parse().ok());
        let told = answer.properties;
        let meta = describe(key.clone(), whole.or(told.content_length), told.etag, told.last_modified)?;
        window(key, range, meta.size)?;
        let stream = answer.body.map_err(move |e| failure(&action, &e)).boxed();
        Ok(Object { meta, stream })
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        let action = format!("reading object {key} in {}", self.place.url());
        let told = self.call(&action, self.blob(key).get_properties(None)).await?;
        let header = |e| failure(&action, &e);
        let (size, etag) = (told.content_length().map_err(header)?, told.etag().map_err(header)?);
        describe(key.clone(), size, etag, told.last_modified().map_err(header)?)
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let after = start_after.map(str::to_owned);
        let wanted =
            move |key: &str| !key.starts_with(lease::LEASES) && after.as_deref().is_none_or(|after| key > after);
        self.list_all(prefix).try_filter(move |meta| std::future::ready(wanted(meta.key.as_str()))).boxed()
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        let read = |key: Key| async move {
            match self.get(&key, None).await {
                Ok(object) => Ok(Some(object.bytes().await?)),
                Err(e) if e.kind() == Kind::NotFound => Ok(None),
                Err(e) => Err(e),
            }
        };
        stream::iter(keys).map(read).buffered(READS_AT_ONCE).try_collect().await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.delete_blob(key).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        signed::url(self, key, Timestamp::now(), valid).await.map(Some)
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        lease::hold(self.clone(), name).await
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        lease::lapsed(self, name).await
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        lease::forget(self, name).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        scratch::lazily(&self.scratch, Scratch::temporary)
    }

    async fn sweep(&self) -> Result<u64> {
        lease::sweep(self).await?;
        let swept = tokio::task::spawn_blocking(|| scratch::sweep(&scratch::temporary_parent())).await;
        swept.map_err(|e| Error::new(Kind::Internal, "a thread that sweeps ended early").with_source(e))?
    }
}
