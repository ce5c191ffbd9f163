//! Which files are known to hold credentials.

/// A file format in which credentials are found by the names of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `.git/config`: `extraheader` and URLs.
    GitConfig,
    /// Lines of `name = value` (`.npmrc`, `.env`, `.pypirc`, `gradle.properties`, `.aws/credentials`, …): by name.
    Settings,
    /// YAML, one `name: value` a line (kube config, `.yarnrc.yml`, `hosts.yml`): by name.
    Yaml,
    /// `.netrc`: the word behind `password`.
    Netrc,
    /// `nuget.config`: passwords and API keys in attributes.
    NuGet,
    /// `.docker/config.json`: `auth`, `identitytoken`, `registrytoken`, `password`.
    DockerConfig,
    /// `settings.xml` of Maven: passwords and passphrases.
    Maven,
    /// URLs with passwords, and nothing else (`.git-credentials`, `pip.conf`).
    Urls,
}

/// What is to be done with a file, judged by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRule {
    /// Nothing beyond what is done to every file.
    Keep,
    /// Its credentials are redacted, see [`super::redact`].
    Redact(FileKind),
    /// It is a credential as a whole: it is not saved, for this reason.
    LeaveOut(&'static str),
}

/// Directories that hold credentials and little else.
const CREDENTIAL_DIRS: [&str; 9] =
    [".ssh", ".gnupg", ".aws", ".azure", ".kube", "secrets", ".secrets", "credentials", ".credentials"];
/// Endings of key stores: test fixtures mostly, so they are left out in [`CREDENTIAL_DIRS`] only.
const KEY_STORES: [&str; 8] = [".pfx", ".p12", ".jks", ".keystore", ".key", ".pem", ".ppk", ".kdbx"];

/// Decides by its path, relative to any directory and with `/` or `\` between its parts, what is done with a file.
pub fn file_rule(path: &[u8]) -> FileRule {
    let path = String::from_utf8_lossy(path).replace('\\', "/").to_ascii_lowercase();
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let dirs: Vec<&str> = dir.split('/').collect();
    let parent = dirs.last().copied().unwrap_or_default();
    let inside = |wanted: &str| dirs.contains(&wanted);
    if let Some(reason) = whole_credential(&dirs, parent, name) {
        return FileRule::LeaveOut(reason);
    }
    let kind = match name {
        "config" | "config.worktree" if inside(".git") || parent.ends_with(".git") => FileKind::GitConfig,
        ".gitconfig" => FileKind::GitConfig,
        ".git-credentials" | "pip.conf" | "pip.ini" | "fetch_head" => FileKind::Urls,
        "credentials" if parent == "git" => FileKind::Urls,
        ".npmrc" | "npmrc" | ".pypirc" | "gradle.properties" | ".envrc" | ".s3cfg" | ".boto" => FileKind::Settings,
        "credentials" | "config" if parent == ".aws" => FileKind::Settings,
        "credentials" | "credentials.toml" if parent == ".cargo" => FileKind::Settings,
        ".env" => FileKind::Settings,
        _ if name.starts_with(".env.") => FileKind::Settings,
        ".yarnrc.yml" | "kubeconfig" => FileKind::Yaml,
        "config" if parent == ".kube" => FileKind::Yaml,
        "hosts.yml" | "hosts.yaml" if parent == "gh" || parent == "glab-cli" => FileKind::Yaml,
        ".netrc" | "_netrc" => FileKind::Netrc,
        "nuget.config" => FileKind::NuGet,
        "config.json" if parent == ".docker" => FileKind::DockerConfig,
        ".dockercfg" | ".dockerconfigjson" => FileKind::DockerConfig,
        "settings.xml" | "settings-security.xml" if parent == ".m2" => FileKind::Maven,
        _ => return FileRule::Keep,
    };
    FileRule::Redact(kind)
}

fn whole_credential(dirs: &[&str], parent: &str, name: &str) -> Option<&'static str> {
    let inside = |wanted: &str| dirs.contains(&wanted);
    let azure = ["msal_token_cache", "accesstokens", "service_principal_entries", "msal_http_cache"];
    let gcloud = ["application_default_credentials.json", "credentials.db", "access_tokens.db"];
    match name {
        _ if parent == ".ssh" && name.starts_with("id_") && !name.ends_with(".pub") => Some("a private SSH key"),
        ".vault-token" => Some("a Vault token"),
        _ if parent == ".azure" && azure.iter().any(|p| name.starts_with(p)) => Some("a cache of Azure tokens"),
        _ if (inside("gcloud") && (gcloud.contains(&name) || inside("legacy_credentials"))) || name == gcloud[0] => {
            Some("Google Cloud credentials")
        }
        _ if parent == ".terraform.d" && name.starts_with("credentials") => Some("Terraform credentials"),
        _ if inside("private-keys-v1.d") || name == "secring.gpg" => Some("a private GnuPG key"),
        _ if inside(".aws") && (inside("sso") || inside("cli")) && inside("cache") => Some("a cache of AWS tokens"),
        _ if dirs.iter().any(|d| CREDENTIAL_DIRS.contains(d)) && KEY_STORES.iter().any(|end| name.ends_with(end)) => {
            Some("a key in a directory of credentials")
        }
        _ => None,
    }
}
