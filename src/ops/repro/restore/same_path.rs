//! Rerunning with the tree at the path it had: a mount namespace of its own (Linux).
//!
//! Nothing outside the namespace changes. A new root is built on a temporary file system: every directory that leads to an
//! old path is made anew there, with what else it holds bound in from the real one, and the restored trees are bound where
//! they were. util-linux's `unshare` makes the namespaces, so that no program of ours needs a privilege.

use super::Restored;
use crate::{
    error::{Error, Kind, Result},
    pipeline::details::SavedRoot,
    process::quote_sh,
};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// Checks that this system can do it.
///
/// # Errors
/// `Unsupported`, with what to do.
pub fn possible() -> Result<()> {
    let refuse = |why: &str, hint: &str| {
        Err(Error::new(Kind::Unsupported, format!("--same-path cannot work here: {why}")).hint(hint))
    };
    if !cfg!(target_os = "linux") {
        return refuse(
            "it needs Linux's mount namespaces",
            "leave out --same-path: values in the environment are rewritten instead",
        );
    }
    match std::process::Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).output() {
        Ok(tried) if tried.status.success() => Ok(()),
        Ok(tried) => {
            let said = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
            refuse(
                &format!("unprivileged namespaces are not allowed ({said})"),
                "run it as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)",
            )
        }
        Err(_) => refuse("there is no `unshare`", "install util-linux"),
    }
}

/// The command that runs the script `name` with the trees where they were.
///
/// # Errors
/// `Unsupported` for a path that cannot be a mount point.
pub fn command(name: &str, restored: &Restored) -> Result<(OsString, Vec<OsString>)> {
    let roots = &restored.shown.details.roots;
    for root in roots {
        let path = Path::new(&root.path);
        if !path.is_absolute()
            || path.components().count() < 2
            || path.components().any(|c| matches!(c, Component::ParentDir))
        {
            return Err(Error::new(
                Kind::Unsupported,
                format!("the tree was at {}, which cannot be mounted over", root.path),
            )
            .hint("leave out --same-path"));
        }
    }
    let script = build_root(roots, &restored.into, name)?;
    let fixed = ["--user", "--map-root-user", "--mount", "sh", "-eu", "-c"].map(OsString::from);
    Ok(("unshare".into(), fixed.into_iter().chain([script.into()]).collect()))
}

/// The script that builds the new root and enters it.
fn build_root(roots: &[SavedRoot], into: &Path, name: &str) -> Result<String> {
    // Every directory on the way to an old path.
    let ways: BTreeSet<PathBuf> = roots
        .iter()
        .flat_map(|r| Path::new(&r.path).ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>())
        .collect();
    let targets: BTreeSet<PathBuf> = roots.iter().map(|r| PathBuf::from(&r.path)).collect();
    let quoted = |path: &Path| quote_sh([path]);
    let mut lines = vec![
        "new=$(mktemp -d)".to_owned(),
        "mount -t tmpfs -o mode=0755 ci-tool \"$new\"".to_owned(),
        "there() { mkdir -p \"$new$1\"; mount --rbind \"$2\" \"$new$1\"; }".to_owned(),
        "file() { : > \"$new$1\"; mount --bind \"$1\" \"$new$1\"; }".to_owned(),
    ];
    for way in &ways {
        lines.push(format!("mkdir -p \"$new\"{}", quoted(way)));
        let Ok(children) = fs::read_dir(way) else { continue };
        for child in children.flatten() {
            let path = child.path();
            if ways.contains(&path) || targets.contains(&path) {
                continue;
            }
            let Ok(kind) = child.file_type() else { continue };
            let path_sh = quoted(&path);
            if kind.is_symlink() {
                let Ok(target) = fs::read_link(&path) else { continue };
                lines.push(format!("ln -s {} \"$new\"{path_sh}", quote_sh([target])));
            } else if kind.is_dir() {
                // What cannot be bound (a directory of another user's) is not there, which is what it was to us.
                lines.push(format!("there {path_sh} {path_sh} 2>/dev/null || true"));
            } else if kind.is_file() {
                lines.push(format!("file {path_sh} 2>/dev/null || true"));
            }
        }
    }
    for root in roots {
        lines.push(format!("there {} {}", quoted(Path::new(&root.path)), quoted(&into.join(&root.prefix))));
    }
    // The scripts find the trees beside themselves; here the environment must name the old paths.
    lines.push(format!(
        "export CI_TOOL_SAME_PATH=1; exec chroot \"$new\" sh {}",
        quoted(&into.join(format!("{name}.sh")))
    ));
    Ok(lines.join("\n"))
}
