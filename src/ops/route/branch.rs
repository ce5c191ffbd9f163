//! Which branch a job is for, and whether it is a servicing branch.
//!
//! A servicing branch is `[internal/]release/X.Y…`, where X and Y are numbers and what follows is a band (`.1xx`), a patch
//! (`.100`), or a suffix that begins with `-` and names no pre-release (`-alpha`, `-beta`, `-preview`, `-rc`). Anything else
//! that has `release` in its name is none.

/// What a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A servicing branch.
    Servicing,
    /// A release branch before its release: `release/10.0-preview3`.
    PreRelease,
    /// Any other.
    Other,
}

impl Class {
    /// What the class is called in a trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Servicing => "a servicing branch",
            Class::PreRelease => "the branch of a pre-release",
            Class::Other => "no release branch",
        }
    }
}

/// A branch's name without what the CI puts before it: GitHub gives `main`, Azure Repos gives `refs/heads/main`, and a merge
/// queue builds `gh-readonly-queue/main/pr-12-…`. A tag, and the merge commit of a pull request, are no branch.
pub fn short(branch: &str) -> Option<&str> {
    let branch = branch.trim();
    let name = match branch.strip_prefix("refs/") {
        Some(rest) => rest.strip_prefix("heads/")?,
        None => branch,
    };
    let name = match name.strip_prefix("gh-readonly-queue/") {
        Some(queued) => queued.rsplit_once("/pr-").map_or(queued, |(target, _)| target),
        None => name,
    };
    Some(name).filter(|name| !name.is_empty())
}

/// Classifies a branch's short name.
pub fn classify(name: &str) -> Class {
    let name = strip(name, "internal/").unwrap_or(name);
    let Some(rest) = strip(name, "release/") else { return Class::Other };
    let Some(rest) = digits(rest).and_then(|rest| rest.strip_prefix('.')).and_then(digits) else { return Class::Other };
    let (version, suffix) = rest.split_at(rest.find('-').unwrap_or(rest.len()));
    if !is_band(version) {
        return Class::Other;
    }
    if suffix.contains('/') {
        return Class::Other;
    }
    let marks = ["alpha", "beta", "preview", "rc"];
    match suffix.split('-').skip(1).any(|word| marks.iter().any(|mark| strip(word, mark).is_some())) {
        true => Class::PreRelease,
        false => Class::Servicing,
    }
}

/// `text` after a prefix that is compared without case.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// `text` after at least one digit.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// Nothing, a patch (`.100`) or a band (`.1xx`), possibly several.
fn is_band(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix('.').is_some_and(|rest| {
            rest.split('.').all(|part| {
                let tail = digits(part).unwrap_or(part);
                !part.is_empty() && tail.chars().all(|c| c.eq_ignore_ascii_case(&'x'))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_the_ci_put_before_them() {
        for (given, expected) in [
            ("main", Some("main")),
            ("refs/heads/main", Some("main")),
            ("refs/heads/release/5.0", Some("release/5.0")),
            ("refs/pull/12/merge", None),
            ("refs/tags/v5.0.1", None),
            ("refs/heads/gh-readonly-queue/release/8.0/pr-12-9f1c", Some("release/8.0")),
            ("gh-readonly-queue/main/pr-7-aa", Some("main")),
            ("", None),
            ("refs/heads/", None),
        ] {
            assert_eq!(short(given), expected, "{given}");
        }
    }
}
