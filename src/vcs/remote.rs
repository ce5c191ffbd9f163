//! Addresses of remote repositories.

/// An address without what lets somebody in: user and password of a URL, its query and fragment. The user of `ssh` stays,
/// because it is part of the name (`git@host`).
pub fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return scp_without_credentials(address) };
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else { return format!("{scheme}://{authority}{path}") };
    let user = user.split(':').next().unwrap_or_default();
    let is_ssh = scheme.eq_ignore_ascii_case("ssh") || scheme.to_ascii_lowercase().ends_with("+ssh");
    if is_ssh && !user.is_empty() {
        format!("{scheme}://{user}@{host}{path}")
    } else {
        format!("{scheme}://{host}{path}")
    }
}

/// `user@host:path` and local paths. A `:` before the `@` is a mistake that would show a password.
fn scp_without_credentials(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((user, host)) if user.contains(':') && !user.contains(['/', '\\']) => host.into(),
        _ => address.into(),
    }
}

/// Of the settings `remote.*.url` and `branch.*.remote`, the address that a branch comes from: its own remote, else
/// `origin`, else the only one there is.
pub fn choose(settings: &[(String, String)], branch: Option<&str>) -> Option<String> {
    let setting = |key: String| settings.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    let url = |remote: &str| setting(format!("remote.{remote}.url"));
    let own = || url(&setting(format!("branch.{}.remote", branch?))?);
    let only = || {
        let mut urls = settings.iter().filter(|(name, _)| name.starts_with("remote."));
        urls.next().filter(|_| urls.next().is_none()).map(|(_, url)| url.clone())
    };
    own().or_else(|| url("origin")).or_else(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_every_form() {
        let secret = "s3".repeat(8);
        for (address, expected) in [
            (format!("https://user:{secret}@host:8443/a/b.git"), "https://host:8443/a/b.git"),
            (format!("https://{secret}@host/a"), "https://host/a"),
            (format!("https://u:{secret}@x@host/a@b"), "https://host/a@b"),
            (format!("https://host/a?private_token={secret}"), "https://host/a"),
            (format!("https://user:{secret}@host#x"), "https://host"),
            (format!("ssh://git:{secret}@host:22/a"), "ssh://git@host:22/a"),
            (format!("git+ssh://git@host/{}", "a"), "git+ssh://git@host/a"),
            (format!("user:{secret}@host:a"), "host:a"),
            ("git@host:a/b.git".into(), "git@host:a/b.git"),
            ("/srv/git/a@b".into(), "/srv/git/a@b"),
            (r"C:\git\a@b".into(), r"C:\git\a@b"),
            ("file:///srv/a".into(), "file:///srv/a"),
            (String::new(), ""),
        ] {
            assert_eq!(without_credentials(&address), expected);
        }
    }

    #[test]
    fn a_branch_comes_from_its_own_remote_then_origin_then_the_only_one() {
        let remote = |name: &str| (format!("remote.{name}.url"), format!("/{name}"));
        let tracks = |remote: &str| ("branch.main.remote".to_owned(), remote.to_owned());
        for (settings, branch, expected) in [
            (vec![remote("origin"), remote("fork"), tracks("fork")], Some("main"), Some("/fork")),
            (vec![remote("origin"), remote("fork"), tracks("fork")], Some("other"), Some("/origin")),
            (vec![remote("origin"), remote("fork"), tracks("fork")], None, Some("/origin")),
            (vec![remote("origin"), tracks(".")], Some("main"), Some("/origin")),
            (vec![remote("fork")], None, Some("/fork")),
            (vec![remote("fork"), remote("other")], None, None),
            (vec![], Some("main"), None),
        ] {
            assert_eq!(choose(&settings, branch).as_deref(), expected);
        }
    }
}
