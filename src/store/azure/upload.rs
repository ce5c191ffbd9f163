//! Writes a blob: at once when it is small, else in blocks that are uploaded side by side and committed at the end.

use super::Azure;
use crate::{
    error::{Error, Kind, Result},
    store::{Body, Etag, Key, Precondition},
};
use azure_core::http::Etag as AzureEtag;
use azure_storage_blob::{
    BlobClient,
    models::{
        BlobClientUploadOptions, BlockBlobClientCommitBlockListOptions, BlockBlobClientCommitBlockListResultHeaders,
        BlockLookupList,
    },
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    num::NonZero,
    path::Path,
};
use tokio::task::spawn_blocking;

/// Bytes of a block, unless the blob needs larger ones to stay within the service's 50,000.
const BLOCK: u64 = 8 << 20;
const MOST_BLOCKS: u64 = 50_000;
/// Blocks under way at a time; times their size is the memory of an upload.
const AT_ONCE: usize = 4;

/// Writes one object.
///
/// # Errors
/// Those of [`crate::store::Store::put`].
pub async fn put(azure: &Azure, key: &Key, body: &Body, pre: &Precondition) -> Result<Etag> {
    let blob = azure.blob(key);
    let action = format!("writing object {key} to {}", azure.place.url());
    let written = if body.len() <= BLOCK {
        small(azure, &blob, read_block(body, 0, body.len()).await?, pre, &action).await
    } else {
        in_blocks(azure, &blob, body, pre, &action).await
    };
    written.map_err(|e| match (e.kind(), pre) {
        (Kind::Precondition, Precondition::MustNotExist) | (Kind::Exists, _) => {
            Error::new(Kind::Exists, format!("object {key} exists already")).with_source(e)
        }
        // If-Match on a blob that is gone.
        (Kind::NotFound, Precondition::IfMatch(_)) => {
            Error::new(Kind::Precondition, format!("writing object {key}: it does not exist any more")).with_source(e)
        }
        _ => e,
    })
}

async fn small(azure: &Azure, blob: &BlobClient, bytes: Bytes, pre: &Precondition, action: &str) -> Result<Etag> {
    let (if_match, if_none_match) = conditions(pre);
    let options = BlobClientUploadOptions {
        if_match,
        if_none_match,
        // Whatever fits is sent in one request.
        partition_size: NonZero::new(BLOCK),
        ..Default::default()
    };
    let uploaded = azure.call(action, blob.upload(bytes.into(), Some(options))).await?;
    required(uploaded.etag, action)
}

async fn in_blocks(azure: &Azure, blob: &BlobClient, body: &Body, pre: &Precondition, action: &str) -> Result<Etag> {
    let client = blob.block_blob_client();
    let size = BLOCK.max(body.len().div_ceil(MOST_BLOCKS));
    let mut writer = [0; 8];
    getrandom::fill(&mut writer)
        .map_err(|e| Error::new(Kind::Internal, "drawing a random number").with_source(e.to_string()))?;
    // Two writers of one blob share its list of uncommitted blocks; their names must differ.
    let id = |nth: u64| [writer, nth.to_be_bytes()].concat();
    let blocks = body.len().div_ceil(size);
    let client_ref = &client;
    stream::iter(0..blocks)
        .map(|nth| async move {
            let (start, end) = (nth * size, ((nth + 1) * size).min(body.len()));
            let bytes = read_block(body, start, end - start).await?;
            let id = id(nth);
            azure.call(action, client_ref.stage_block(&id, end - start, bytes.into(), None)).await
        })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    let (if_match, if_none_match) = conditions(pre);
    let options = BlockBlobClientCommitBlockListOptions { if_match, if_none_match, ..Default::default() };
    let list = BlockLookupList { latest: Some((0..blocks).map(id).collect()), ..Default::default() };
    let list = list.try_into().map_err(|e: azure_core::Error| super::failure(action, &e))?;
    let committed = azure.call(action, client.commit_block_list(list, Some(options))).await?;
    required(committed.etag().ok().flatten(), action)
}

fn conditions(pre: &Precondition) -> (Option<AzureEtag>, Option<AzureEtag>) {
    match pre {
        Precondition::None => (None, None),
        Precondition::MustNotExist => (None, Some("*".into())),
        Precondition::IfMatch(etag) => (Some(etag.0.as_str().into()), None),
    }
}

/// The version that the service reports.
///
/// # Errors
/// `Internal` when it reports none.
pub fn required(etag: Option<AzureEtag>, action: &str) -> Result<Etag> {
    let etag = etag.ok_or_else(|| Error::new(Kind::Internal, format!("{action}: the answer has no ETag")))?;
    Ok(Etag(etag.to_string()))
}

/// Whether a file is as long as its writer said.
///
/// # Errors
/// `Internal` when it is not; I/O.
pub async fn check_length(body: &Body) -> Result<()> {
    let Body::File { path, len, .. } = body else { return Ok(()) };
    let found = tokio::fs::metadata(path).await.map_err(|e| Error::io("reading", path, e))?.len();
    if found == *len { Ok(()) } else { Err(changed(path)) }
}

async fn read_block(body: &Body, start: u64, len: u64) -> Result<Bytes> {
    let path = match body {
        Body::Bytes(bytes) => return Ok(bytes.slice(start as usize..(start + len) as usize)),
        Body::File { path, .. } => path.clone(),
    };
    let read = move || {
        let mut block = vec![0; len as usize];
        let mut fill = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut block)
        };
        match fill() {
            Ok(()) => Ok(Bytes::from(block)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(changed(&path)),
            Err(e) => Err(Error::io("reading", &path, e)),
        }
    };
    let failed = |e| Error::new(Kind::Internal, "a thread that reads a file ended early").with_source(e);
    spawn_blocking(read).await.map_err(failed)?
}

fn changed(path: &Path) -> Error {
    Error::new(Kind::Internal, format!("{} changed while being stored: its length is another", path.display()))
}
