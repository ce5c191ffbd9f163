//! pyenv's shims: shell scripts that look for the chosen Python through a dozen others, for a third of a second. Where what
//! they would find is plain, it is asked itself.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// A larger file is neither a shim nor a choice, in bytes.
const MAX: u64 = 4096;

/// The program that pyenv's shim at `path` would run in `dir`. `named` is what `PYENV_VERSION` says, empty where it is not
/// set. None when `path` is no such shim, or when only running it tells: several versions, a prefix, the system's own.
///
/// The order is that of pyenv's "Choosing the Python version": the variable, `.python-version` upward, the file `version` of
/// pyenv.
pub(super) fn target(path: &Path, dir: &Path, named: &str) -> Option<PathBuf> {
    let shims = path.parent().filter(|parent| parent.ends_with("shims"))?;
    let root = shims.parent()?;
    let script = text(path)?;
    if !script.contains("PYENV_ROOT") || !script.trim_end().ends_with("libexec/pyenv\" exec \"$program\" \"$@\"") {
        return None;
    }
    let chosen = match named {
        "" => dir
            .ancestors()
            .find_map(|dir| text(&dir.join(".python-version")))
            .or_else(|| text(&root.join("version")))?,
        named => named.to_owned(),
    };
    let version = chosen.trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if version.is_empty() || version.starts_with('.') || !version.bytes().all(plain) {
        return None;
    }
    let program = root.join("versions").join(version).join("bin").join(path.file_name()?);
    fs::metadata(&program).is_ok_and(|found| found.is_file()).then_some(program)
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_choice_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("pyenv");
        let work = dir.path().join("work/deep");
        for made in ["shims", "versions/3.11.7/bin", "versions/3.12.1/bin"] {
            fs::create_dir_all(root.join(made)).unwrap();
        }
        fs::create_dir_all(&work).unwrap();
        let script = "#!/usr/bin/env bash\nprogram=\"${0##*/}\"\nexport PYENV_ROOT=\"/p\"\n\
                      exec \"/p/libexec/pyenv\" exec \"$program\" \"$@\"\n";
        fs::write(root.join("shims/python3"), script).unwrap();
        fs::write(root.join("shims/other"), "#!/bin/sh\nexec something\n").unwrap();
        for version in ["3.11.7", "3.12.1"] {
            fs::write(root.join(format!("versions/{version}/bin/python3")), "").unwrap();
        }
        fs::write(root.join("versions/3.11.7/bin/other"), "").unwrap();
        let found = |name: &str, named: &str| {
            let program = target(&root.join("shims").join(name), &work, named)?;
            let program = program.strip_prefix(root.join("versions")).unwrap();
            Some(program.parent()?.parent()?.to_str()?.to_owned())
        };
        assert_eq!(found("python3", ""), None, "nothing is chosen");
        fs::write(root.join("version"), "3.11.7\n").unwrap();
        assert_eq!(found("python3", "").as_deref(), Some("3.11.7"));
        assert_eq!(found("other", ""), None, "no shim");
        fs::write(dir.path().join("work/.python-version"), "3.12.1\n").unwrap();
        assert_eq!(found("python3", "").as_deref(), Some("3.12.1"));
        assert_eq!(found("python3", "3.11.7").as_deref(), Some("3.11.7"));
        for unclear in ["system", "3.12", "3.12.1:3.11.7", "../3.11.7", "3.12.1\n3.11.7"] {
            assert_eq!(found("python3", unclear), None, "{unclear}");
        }
    }
}
