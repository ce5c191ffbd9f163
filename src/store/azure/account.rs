//! Which container a URL names, and which credentials the environment gives for it. Pure: nothing is read but `env`.

use crate::{
    error::{Error, Kind, Result},
    store::{Env, redact},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Url;
use std::fmt;

/// The variable that holds a SAS.
pub const SAS_VARIABLE: &str = "AZURE_STORAGE_SAS_TOKEN";
const CONNECTION_VARIABLE: &str = "AZURE_STORAGE_CONNECTION_STRING";
const KEY_VARIABLE: &str = "AZURE_STORAGE_KEY";
const EMULATOR: &str = "devstoreaccount1";

/// A container, or what lies under a prefix of it.
#[derive(Debug)]
pub struct Place {
    /// The storage account.
    pub account: String,
    /// The container.
    pub container: String,
    /// What every blob's name starts with: empty, or ending in `/`.
    pub prefix: String,
    /// The account's blob endpoint, without secrets.
    pub endpoint: Url,
    /// How requests are authorised.
    pub auth: Auth,
}

/// How requests are authorised.
pub enum Auth {
    /// The account's key.
    Key(Vec<u8>),
    /// A shared access signature, without `?`.
    Sas(String),
    /// A token of Entra ID.
    Entra,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::Key(_) => "Key",
            Auth::Sas(_) => "Sas",
            Auth::Entra => "Entra",
        })
    }
}

impl Place {
    /// The address for people, in the `az://` form.
    pub fn url(&self) -> String {
        format!("az://{}/{}/{}", self.account, self.container, self.prefix).trim_end_matches('/').to_owned()
    }

    /// The container's address for requests.
    pub fn container_url(&self) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.container);
        }
        url
    }
}

/// Resolves `az://ACCOUNT/CONTAINER[/PREFIX]` or `https://ACCOUNT.blob.…/CONTAINER[/PREFIX]`. Credentials, first found:
/// a SAS, a connection string for this account, the account's key, Entra ID.
///
/// # Errors
/// `Usage` for a URL that names no container or holds a secret, and for variables that cannot be read.
pub fn resolve(url: &str, env: &Env<'_>) -> Result<Place> {
    const FORM: &str =
        "write az://ACCOUNT/CONTAINER[/PREFIX] or https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX]";
    let wrong = |why: &str| Error::new(Kind::Usage, format!("store {:?} {why}", redact(url)));
    let parsed = Url::parse(url).map_err(|e| wrong("is not a URL").with_source(e).hint(FORM))?;
    if parsed.query().is_some() || parsed.password().is_some() || !parsed.username().is_empty() {
        return Err(wrong("holds a secret or options")
            .hint(format!("put a shared access signature into the environment variable {SAS_VARIABLE}")));
    }
    let host = parsed.host_str().unwrap_or_default();
    let (account, endpoint) = match parsed.scheme() {
        "az" => (host.to_owned(), None),
        "https" => match host.split_once('.') {
            Some((account, rest)) if rest.starts_with("blob.") => (account.to_owned(), Some(origin(&parsed))),
            _ => return Err(wrong("is not the address of an Azure Blob Storage account").hint(FORM)),
        },
        _ => return Err(wrong("is neither az:// nor https://").hint(FORM)),
    };
    let mut path = parsed.path().trim_matches('/').splitn(2, '/');
    let container = path.next().unwrap_or_default().to_owned();
    if account.is_empty() || container.is_empty() {
        return Err(wrong("names no container").hint(FORM));
    }
    if !is_container_name(&container) {
        return Err(wrong("names a container that cannot exist").hint(
            "a container's name has 3 to 63 of a-z, 0-9 and single hyphens, and begins and ends with a letter or digit",
        ));
    }
    let prefix = match path.next() {
        Some(prefix) => format!("{}/", crate::store::Key::new(prefix)?),
        None => String::new(),
    };
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let connection = set(CONNECTION_VARIABLE).map(|text| Connection::parse(&text)).transpose()?;
    let connection = connection.filter(|c| c.account == account);
    let auth = if let Some(sas) = set(SAS_VARIABLE) {
        Auth::Sas(sas.trim_start_matches('?').to_owned())
    } else if let Some(auth) = connection.as_ref().and_then(Connection::auth).transpose()? {
        auth
    } else if let Some(key) = set(KEY_VARIABLE) {
        Auth::Key(decode(&key, KEY_VARIABLE)?)
    } else {
        Auth::Entra
    };
    let endpoint = match (endpoint, connection) {
        (Some(endpoint), _) => endpoint,
        (None, Some(connection)) => connection.endpoint,
        (None, None) => format!("https://{account}.blob.core.windows.net/"),
    };
    let endpoint = Url::parse(&endpoint).map_err(|e| wrong("has no usable blob endpoint").with_source(e))?;
    Ok(Place { account, container, prefix, endpoint, auth })
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What a connection string says.
struct Connection {
    account: String,
    endpoint: String,
    key: Option<String>,
    sas: Option<String>,
}

impl Connection {
    fn parse(text: &str) -> Result<Connection> {
        let field = |name: &str| {
            text.split(';').filter_map(|part| part.split_once('=')).find_map(|(key, value)| {
                (key.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then(|| value.trim().to_owned())
            })
        };
        if field("UseDevelopmentStorage").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Ok(Connection {
                account: EMULATOR.into(),
                endpoint: format!("http://127.0.0.1:10000/{EMULATOR}"),
                key: Some(emulator_key()),
                sas: None,
            });
        }
        let endpoint = field("BlobEndpoint");
        let account = field("AccountName").or_else(|| account_of(endpoint.as_deref()?)).ok_or_else(|| {
            Error::new(Kind::Usage, format!("{CONNECTION_VARIABLE} names neither AccountName nor BlobEndpoint"))
        })?;
        let endpoint = endpoint.unwrap_or_else(|| {
            let protocol = field("DefaultEndpointsProtocol").unwrap_or_else(|| "https".into());
            let suffix = field("EndpointSuffix").unwrap_or_else(|| "core.windows.net".into());
            format!("{protocol}://{account}.blob.{suffix}/")
        });
        let sas = field("SharedAccessSignature").map(|sas| sas.trim_start_matches('?').to_owned());
        Ok(Connection { account, endpoint, key: field("AccountKey"), sas })
    }

    fn auth(&self) -> Option<Result<Auth>> {
        match (&self.sas, &self.key) {
            (_, Some(key)) => Some(decode(key, CONNECTION_VARIABLE).map(Auth::Key)),
            (Some(sas), None) => Some(Ok(Auth::Sas(sas.clone()))),
            (None, None) => None,
        }
    }
}

/// The account that an endpoint names: its first label, or its path where the host is an address.
fn account_of(endpoint: &str) -> Option<String> {
    let url = Url::parse(endpoint).ok()?;
    match url.domain().and_then(|domain| domain.split_once(".blob.")) {
        Some((account, _)) => Some(account.to_owned()),
        None => url.path_segments()?.next().filter(|s| !s.is_empty()).map(str::to_owned),
    }
}

fn decode(key: &str, variable: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD
        .decode(key)
        .map_err(|_| Error::new(Kind::Usage, format!("the account key in {variable} is not base64")))
}

/// The published key of the emulator's account, in parts because it looks like a secret.
/// <https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key>
fn emulator_key() -> String {
    ["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50u", "SRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="].concat()
}

/// Whether Azure allows the name (Naming and Referencing Containers, Blobs, and Metadata; `$root`, `$logs` and `$web` aside).
fn is_container_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, vars: &[(&str, &str)]) -> Result<Place> {
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        resolve(url, &env)
    }

    #[test]
    fn urls_name_an_account_a_container_and_a_prefix() {
        for (url, expected) in [
            ("az://acct/box", ("acct", "box", "", "https://acct.blob.core.windows.net/box")),
            ("az://acct/box/a/b/", ("acct", "box", "a/b/", "https://acct.blob.core.windows.net/box")),
            (
                "https://acct.blob.core.windows.net/box/p",
                ("acct", "box", "p/", "https://acct.blob.core.windows.net/box"),
            ),
            (
                "https://acct.blob.core.chinacloudapi.cn/box",
                ("acct", "box", "", "https://acct.blob.core.chinacloudapi.cn/box"),
            ),
        ] {
            let place = place(url, &[]).unwrap();
            let found = (&*place.account, &*place.container, &*place.prefix, place.container_url());
            assert_eq!((found.0, found.1, found.2, found.3.as_str()), expected);
        }
    }

    #[test]
    fn what_is_no_container_is_refused_without_showing_its_secret() {
        for url in [
            "az://acct",
            "az://",
            "https://example.com/box",
            "https://acct.blob.core.windows.net/",
            "az://a/b/UPPER",
            "az://a/c1",
            "az://a/Box",
            "az://a/-box",
        ] {
            assert_eq!(place(url, &[]).unwrap_err().kind(), Kind::Usage, "{url}");
        }
        let error = place("https://acct.blob.core.windows.net/box?sv=1&sig=abc", &[]).unwrap_err();
        assert!(!error.message().contains("abc"), "{error}");
        assert!(error.hints()[0].contains(SAS_VARIABLE));
    }

    #[test]
    fn credentials_come_from_the_first_variable_that_fits_the_account() {
        let key = "AccountName=acct;AccountKey=a2V5;EndpointSuffix=core.example";
        let sas = "BlobEndpoint=http://127.0.0.1:9/acct;SharedAccessSignature=?sv=1";
        let other = "AccountName=other;AccountKey=a2V5";
        for (vars, expected) in [
            (&[][..], "Entra https://acct.blob.core.windows.net/"),
            (&[(CONNECTION_VARIABLE, key)], "Key https://acct.blob.core.example/"),
            (&[(CONNECTION_VARIABLE, sas)], "Sas http://127.0.0.1:9/acct"),
            (&[(CONNECTION_VARIABLE, other)], "Entra https://acct.blob.core.windows.net/"),
            (&[(CONNECTION_VARIABLE, other), (KEY_VARIABLE, "a2V5")], "Key https://acct.blob.core.windows.net/"),
            (&[(CONNECTION_VARIABLE, key), (SAS_VARIABLE, "?sv=1")], "Sas https://acct.blob.core.example/"),
        ] {
            let place = place("az://acct/box", vars).unwrap();
            assert_eq!(format!("{:?} {}", place.auth, place.endpoint), expected);
        }
        let emulator =
            place("az://devstoreaccount1/box", &[(CONNECTION_VARIABLE, "UseDevelopmentStorage=true")]).unwrap();
        assert_eq!(emulator.container_url().as_str(), "http://127.0.0.1:10000/devstoreaccount1/box");
        assert_eq!(place("az://acct/box", &[(KEY_VARIABLE, "%%")]).unwrap_err().kind(), Kind::Usage);
    }
}
