//! The job's environment on another machine: what is set there, and what stays the user's own.

use crate::pipeline::{
    details::SavedRoot,
    env::{EnvMap, is_own},
};

/// A value as pieces: text, and the places where a saved tree now is.
pub type Pieces = Vec<Piece>;

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it was.
    Text(String),
    /// Where the saved tree with this number is now.
    Root(usize),
}

/// The environment to set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Names and values.
    pub set: Vec<(String, Pieces)>,
    /// Variables that were saved and are left as the user has them.
    pub own: Vec<String>,
    /// Variables whose value named a saved tree and now names its new place.
    pub moved: Vec<String>,
}

/// Decides what is set: everything saved but what is the user's own, with the places of the saved trees rewritten.
pub fn rewrite(env: &EnvMap, roots: &[SavedRoot]) -> Rewritten {
    let mut out = Rewritten::default();
    for (name, value) in env {
        if is_own(name) {
            out.own.push(name.clone());
            continue;
        }
        let pieces = pieces(value, roots);
        if pieces.iter().any(|p| matches!(p, Piece::Root(_))) {
            out.moved.push(name.clone());
        }
        out.set.push((name.clone(), pieces));
    }
    out
}

/// Cuts a text at the places where it names a saved tree: the whole path, not the beginning of a longer name.
pub fn pieces(text: &str, roots: &[SavedRoot]) -> Pieces {
    let mut out = Pieces::new();
    let (mut rest, mut done) = (text, 0);
    while done < rest.len() {
        let here = &rest[done..];
        // The longest path first: a tree inside another is its own.
        let whole = |path: &str| {
            !path.is_empty()
                && path != "/"
                && here.strip_prefix(path).is_some_and(|after| {
                    !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                })
        };
        let root = roots.iter().enumerate().filter(|(_, r)| whole(&r.path)).max_by_key(|(_, r)| r.path.len());
        let Some((number, root)) = root else {
            done += here.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if done > 0 {
            out.push(Piece::Text(rest[..done].into()));
        }
        out.push(Piece::Root(number));
        (rest, done) = (&here[root.path.len()..], 0);
    }
    if !rest.is_empty() || out.is_empty() {
        out.push(Piece::Text(rest.into()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> Vec<SavedRoot> {
        let root = |prefix: &str, path: &str| SavedRoot { prefix: prefix.into(), path: path.into() };
        vec![root("workspace", "/ci/job"), root("also/cache", "/ci/job/cache")]
    }

    fn shown(text: &str) -> String {
        let show = |p: Piece| match p {
            Piece::Text(t) => t,
            Piece::Root(r) => format!("<{}>", roots()[r].prefix),
        };
        pieces(text, &roots()).into_iter().map(show).collect()
    }

    #[test]
    fn only_whole_paths_are_rewritten() {
        for (text, expected) in [
            ("/ci/job", "<workspace>"),
            ("/ci/job/bin:/usr/bin:/ci/job/lib", "<workspace>/bin:/usr/bin:<workspace>/lib"),
            ("/ci/job2:/ci/job-old:/ci/job.d:/ci/job_x", "/ci/job2:/ci/job-old:/ci/job.d:/ci/job_x"),
            ("-I/ci/job/include", "-I<workspace>/include"),
            ("/ci/job/cache/x", "<also/cache>/x"),
            ("é/ci/job", "é<workspace>"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_users_own_stays() {
        let env = [("HOME", "/ci"), ("PATH", "/ci/job/bin:/bin"), ("LANG", "C")];
        let env = env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let out = rewrite(&env, &roots());
        assert_eq!((out.own, out.moved), (vec!["HOME".to_owned()], vec!["PATH".to_owned()]));
        assert_eq!(out.set.len(), 2);
    }
}
