//! Taking the credentials out of the files that are known to hold them.

use super::{Action, FileKind, Options, Removal, Scrubber, SecretValue, names::secret_name, scrubber::mask};
use base64::{Engine, engine::general_purpose::STANDARD};
use regex::bytes::Regex;
use std::{ops::Range, sync::LazyLock};

/// A file without its credentials.
#[derive(Debug, Clone, Default)]
pub struct Redacted {
    /// The new content, of the same length.
    pub bytes: Vec<u8>,
    /// What was redacted, named after the setting.
    pub removed: Vec<Removal>,
    /// The values that were redacted, to be searched for elsewhere.
    pub values: Vec<SecretValue>,
}

/// How a format names its values: group 1 is the name, group 2 the value.
struct Format {
    pattern: Option<Regex>,
    /// Whether every match is a secret; otherwise its name decides.
    always: bool,
}

/// A literal expression; the tests use every one, so that a broken one is noticed.
fn format(pattern: &str, always: bool) -> Format {
    Format { pattern: Regex::new(&format!("(?mi-u){pattern}")).ok(), always }
}

static GIT: LazyLock<Format> = LazyLock::new(|| format(r"^[ \t]*(extraheader)[ \t]*=[ \t]*([^\r\n]+)", true));
static SETTINGS: LazyLock<Format> = LazyLock::new(|| {
    format(r#"^[ \t]*(?:export[ \t]+|set[ \t]+)?([^=\s#;][^=\r\n]*?)[ \t]*=[ \t]*["']?([^\r\n"']+)"#, false)
});
static YAML: LazyLock<Format> =
    LazyLock::new(|| format(r#"^[ \t-]*["']?([\w.-]+)["']?[ \t]*:[ \t]+["']?([^\r\n"'#]+)"#, false));
static NETRC: LazyLock<Format> = LazyLock::new(|| format(r"\b(password|account)\s+(\S+)", true));
static NUGET: LazyLock<Format> = LazyLock::new(|| {
    format(
        concat!(
            r#"<add[^>]*?key\s*=\s*"((?:ClearText)?Password|[^"]*apikey[^"]*|https?://[^"]*)"[^>]*?"#,
            r#"value\s*=\s*"([^"]+)""#
        ),
        false,
    )
});
static DOCKER: LazyLock<Format> =
    LazyLock::new(|| format(r#""(auth|identitytoken|registrytoken|password)"\s*:\s*"([^"]+)""#, true));
static MAVEN: LazyLock<Format> =
    LazyLock::new(|| format(r"<(password|passphrase|privateKeyPassphrase|master)>\s*([^<]+?)\s*</", true));
/// Names that say "secret" in configuration files and mean something else, or nothing, in an environment.
const FILE_NAMES: [&str; 9] = [
    "_auth",
    "auth",
    "cleartextpassword",
    "client-key-data",
    "npmauthident",
    "npmauthtoken",
    "password",
    "token",
    "aws_access_key_id",
];

/// Redacts the credentials that a file of this kind is known to hold, and those that can be told by their looks. The
/// length stays, so that offsets noted elsewhere hold.
pub fn redact(kind: FileKind, bytes: &[u8]) -> Redacted {
    let mut out = Redacted { bytes: bytes.to_vec(), ..Redacted::default() };
    for (name, range) in named_secrets(kind, bytes) {
        out.take(name, range, bytes);
    }
    let by_looks = Scrubber::new(&[], &Options::default());
    for (range, what) in by_looks.secrets_of_a_setting(bytes) {
        if out.bytes[range.clone()] == bytes[range.clone()] {
            out.take(what, range, bytes);
        }
    }
    out
}

impl Redacted {
    fn take(&mut self, name: String, range: Range<usize>, bytes: &[u8]) {
        let value = String::from_utf8_lossy(&bytes[range.clone()]).trim().to_owned();
        let value = match value.rsplit_once(' ') {
            // `extraheader = AUTHORIZATION: basic …`: elsewhere the credential stands without its scheme.
            Some((_, credential)) if name.eq_ignore_ascii_case("extraheader") => credential.to_owned(),
            _ => value,
        };
        mask(&mut self.bytes[range]);
        let reason = format!("the file keeps a credential in {name}");
        // `basic` and Docker's `auth` are base64 of `user:password`; elsewhere the password stands as it is.
        if let Some(password) = basic_password(&value) {
            self.values.push(SecretValue { name: name.clone(), value: password });
        }
        self.values.push(SecretValue { name: name.clone(), value });
        self.removed.push(Removal { name, action: Action::Redacted, reason });
    }
}

fn basic_password(value: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

fn named_secrets(kind: FileKind, bytes: &[u8]) -> Vec<(String, Range<usize>)> {
    let format: &Format = match kind {
        FileKind::GitConfig => &GIT,
        FileKind::Settings => &SETTINGS,
        FileKind::Yaml => &YAML,
        FileKind::Netrc => &NETRC,
        FileKind::NuGet => &NUGET,
        FileKind::DockerConfig => &DOCKER,
        FileKind::Maven => &MAVEN,
        FileKind::Urls => return Vec::new(),
    };
    let Some(pattern) = &format.pattern else { return Vec::new() };
    let mut found = Vec::new();
    for captures in pattern.captures_iter(bytes) {
        let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) else { continue };
        let text = String::from_utf8_lossy(value.as_bytes());
        let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
        // npm writes the registry before the setting: `//registry.example.org/:_authToken`.
        let setting = name.rsplit(':').next().unwrap_or(&name).trim();
        let listed = FILE_NAMES.iter().any(|n| setting.eq_ignore_ascii_case(n));
        // A reference to a variable holds no secret.
        let reference =
            text.starts_with("${") || text.starts_with("$(") || text.starts_with('%') && text.ends_with('%');
        let api_key = kind == FileKind::NuGet;
        if !reference && (format.always || listed || api_key || secret_name(setting, text.trim()).is_some()) {
            found.push((setting.to_owned(), value.range()));
        }
    }
    found
}
