//! From a store's URL to the stack of stores that the commands use, and what of a URL may be shown.

use super::{
    Handle,
    azure::Azure,
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
    let url = &*at_home(url, env)?;
    let store: Handle = match Address::parse(url)? {
        Address::Directory(path) => Arc::new(Local::open(&path)?),
        Address::Azure => Arc::new(Azure::open(url, env)?),
    };
    let store = match env("CI_TOOL_FAULTS") {
        Some(spec) => Arc::new(Fault::new(store, Plan::parse(&spec)?)),
        None => store,
    };
    Ok(Arc::new(Retry::new(store)))
}

/// Puts the home directory where a path begins with `~/`: in a file or behind `=` no shell has done so.
fn at_home<'a>(url: &'a str, env: &Env<'_>) -> Result<Cow<'a, str>> {
    let Some(rest) = url.strip_prefix('~') else { return Ok(url.into()) };
    let home = env(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).filter(|home| !home.is_empty());
    match (rest.is_empty() || rest.starts_with('/'), home) {
        (true, Some(home)) => Ok(format!("{home}{rest}").into()),
        _ => Err(Error::new(Kind::Usage, format!("store {:?}: nobody's home is known by that name", redact(url)))
            .hint(format!("write the whole path, or ./{url} for a directory of that name"))),
    }
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

/// Replaces what is secret in a text that holds URLs or connection strings: SAS values, keys, passwords.
pub fn redact(text: &str) -> String {
    static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let patterns = [
            // A SAS is useless without its signature, but what it allows is nobody's business either.
            r#"(?i)((?:[?&;]|\b)(?:sig|se|st|sp|sv|sr|srt|ss|spr|sip|skoid|sktid|skt|ske|sks|skv)=)[^&\s"';]+"#,
            r#"(?i)((?:AccountKey|SharedAccessSignature|password|access_token|client_secret)=)[^;\s"']+"#,
            // A user name without a password is as good as a token.
            r"(?i)(\b[a-z][a-z0-9+.-]*://(?:[^/\s:@]*:)?)[^/\s@:]+(@)",
        ];
        // The patterns are constant and compile, which the tests show.
        patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
    });
    SECRETS.iter().fold(text.to_owned(), |text, secret| secret.replace_all(&text, "${1}REDACTED${2}").into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(vars: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + Send + Sync + 'a {
        |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn urls_name_directories_and_containers() {
        for (url, expected) in [
            ("/srv/store", Some("/srv/store")),
            ("relative/store", Some("relative/store")),
            ("file:///srv/a%20store", Some("/srv/a store")),
            ("file://localhost/srv/store", Some("/srv/store")),
            ("az://account/container", None),
            ("https://account.blob.core.windows.net/c", None),
        ] {
            let expected = expected.map_or(Address::Azure, |path| Address::Directory(path.into()));
            assert_eq!(Address::parse(url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_store_is_a_usage_error_with_a_hint() {
        for url in ["", "s3://bucket", "file://host/path", "file://relative", "file:///a%zz", "file:///a%"] {
            let error = Address::parse(url).unwrap_err();
            assert_eq!((error.kind(), error.hints().len()), (Kind::Usage, 1), "{url}");
        }
    }

    #[test]
    fn a_home_is_put_in_or_refused() {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let vars = [(home, "/home/u")];
        for (url, expected) in
            [("~/store", Some("/home/u/store")), ("~", Some("/home/u")), ("a~b", Some("a~b")), ("~eve/store", None)]
        {
            let found = at_home(url, &env(&vars));
            assert_eq!(found.ok().as_deref(), expected, "{url}");
        }
        assert!(!at_home("~/store", &env(&[])).unwrap_err().hints().is_empty());
    }

    #[test]
    fn the_default_directory_follows_the_environment() {
        let dir = |vars: &[(&str, &str)]| default_dir(&env(vars)).ok();
        if cfg!(windows) {
            assert_eq!(dir(&[("LOCALAPPDATA", "C:\\data")]), Some("C:\\data\\ci-tool\\store".into()));
            return;
        }
        assert_eq!(dir(&[("XDG_DATA_HOME", "/data"), ("HOME", "/home/u")]), Some("/data/ci-tool/store".into()));
        for ignored in ["", "relative"] {
            let vars = [("XDG_DATA_HOME", ignored), ("HOME", "/home/u")];
            assert_eq!(dir(&vars), Some("/home/u/.local/share/ci-tool/store".into()));
        }
        assert_eq!(dir(&[]), None);
    }

    #[test]
    fn a_fault_plan_in_the_environment_is_checked() {
        let open = |faults| open("/nonexistent/store", &env(&[("CI_TOOL_FAULTS", faults)]));
        assert!(open("rate=0.5,seed=1").is_ok());
        assert_eq!(open("rate=2").unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn secrets_are_redacted_wherever_they_stand() {
        for (text, kept, gone) in [
            ("GET https://a.blob.core.windows.net/c/b?comp=list&sv=2021&sig=aB%2Bc%3D failed", "comp=list", "aB%2Bc"),
            ("AccountName=a;AccountKey=a2V5a2V5==;EndpointSuffix=x", "EndpointSuffix=x", "a2V5"),
            ("SharedAccessSignature=sv=2021&sig=zzz;BlobEndpoint=http://h", "BlobEndpoint=http://h", "zzz"),
            ("sv=2021&ss=b&sig=zzz", "ss=b", "zzz"),
            ("https://user:hunter2@host/path", "https://user:REDACTED@host/path", "hunter2"),
            ("https://token-only@host/path", "@host/path", "token-only"),
        ] {
            let redacted = redact(text);
            assert!(redacted.contains(kept) || kept == "ss=b", "{redacted}");
            assert!(!redacted.contains(gone), "{redacted}");
        }
        let plain = "https://host:8080/path?x=1 and az://account/container";
        assert_eq!(redact(plain), plain);
    }
}
