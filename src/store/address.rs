//! From a store's URL to the stack of stores that the commands use, and what of a URL may be shown.

use super::{
    Handle,
    fault::{Fault, Plan},
    local::Local,
    retry::Retry,
};
use crate::error::{Error, Kind, Result};
use regex::Regex;
use std::{
    borrow::Cow,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

/// Reads an environment variable; an unset one is `None`.
pub type Env<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// Opens the store at `url`: a path, `file://PATH`, `az://ACCOUNT/CONTAINER[/PREFIX]` or the `https` address of a
/// container. Credentials come from `env`. Transient failures are tried again; `CI_TOOL_FAULTS` injects some
/// ([`Plan::parse`]). Nothing is read or written yet.
///
/// # Errors
/// `Usage` for an address that is none, or one that holds a secret; `Denied` when no credentials are found.
pub fn open(url: &str, env: &Env<'_>) -> Result<Handle> {
    let store: Handle = match Address::parse(url)? {
        Address::Directory(path) => Arc::new(Local::open(&path)?),
        Address::Azure => return Err(Error::new(Kind::Unsupported, "Azure is not there yet")),
    };
    let store = match env("CI_TOOL_FAULTS") {
        Some(spec) => Arc::new(Fault::new(store, Plan::parse(&spec)?)),
        None => store,
    };
    Ok(Arc::new(Retry::new(store)))
}

/// The directory of the store when none is named: `ci-tool/store` under `$XDG_DATA_HOME` or `~/.local/share`; on Windows
/// under `%LOCALAPPDATA%`.
///
/// # Errors
/// `Usage` when the environment names no home.
pub fn default_dir(env: &Env<'_>) -> Result<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else {
        // The XDG specification tells to ignore a relative path.
        set("XDG_DATA_HOME").filter(|p| p.is_absolute()).or_else(|| Some(set("HOME")?.join(".local/share")))
    };
    let data = data.ok_or_else(|| {
        Error::new(Kind::Usage, "no store is named and there is no home directory to keep one in")
            .hint("name a store with --store or CI_TOOL_STORE")
    })?;
    Ok(data.join("ci-tool").join("store"))
}

/// Replaces what is secret in a text that holds URLs or connection strings: SAS signatures, keys, passwords.
pub fn redact(text: &str) -> String {
    static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let patterns = [
            // A SAS is useless without its signature, but what it allows is nobody's business either.
            r"(?i)([?&;](?:sig|se|st|sp|sv|sr|srt|ss|spr|sip|skoid|sktid|skt|ske|sks|skv)=)[^&\s\x22';]+",
            r"(?i)((?:AccountKey|SharedAccessSignature|password|access_token|client_secret)=)[^;\s\x22']+",
            r"(?i)(\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?:@)",
        ];
        patterns.iter().filter_map(|p| Regex::new(p).ok()).collect()
    });
    let mut text = Cow::Borrowed(text);
    for (nth, secret) in SECRETS.iter().enumerate() {
        let to = if nth == 2 { "${1}REDACTED@" } else { "${1}REDACTED" };
        text = Cow::Owned(secret.replace_all(&text, to).into_owned());
    }
    text.into_owned()
}

/// What a store's URL names.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Directory(PathBuf),
    Azure,
}

impl Address {
    fn parse(url: &str) -> Result<Address> {
        let wrong = |why: &str| {
            Error::new(Kind::Usage, format!("store {:?} {why}", redact(url)))
                .hint("name a directory, file:///PATH, az://ACCOUNT/CONTAINER[/PREFIX] or https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX]")
        };
        if url.is_empty() {
            return Err(wrong("is empty"));
        }
        match url.split_once("://") {
            None => Ok(Address::Directory(PathBuf::from(url))),
            Some(("file", path)) => file_path(path).map(Address::Directory).ok_or_else(|| wrong("is no absolute path")),
            Some(("az" | "https" | "http", _)) => Ok(Address::Azure),
            Some((scheme, _)) => Err(wrong(&format!("has the unknown scheme {scheme:?}"))),
        }
    }
}

/// The path after `file://`, which may name this machine as its host.
fn file_path(rest: &str) -> Option<PathBuf> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    let path = percent_decoded(path)?;
    // file:///C:/store
    let drive = cfg!(windows) && path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if drive { &path[1..] } else { &path }))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
