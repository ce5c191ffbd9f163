//! Writes files below a directory: whole or not at all, never outside of it.

use super::File;
use crate::{
    engine::Engine,
    error::{Error, Kind, Result},
    pipeline::entry::{check_path, check_windows_path},
};
use serde::Serialize;
use std::{
    collections::HashSet,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// Where a file goes.
#[derive(Debug)]
pub struct Target<'f> {
    /// The file.
    pub file: &'f File,
    /// Its place relative to the directory: `JOB/RUN/NAME`; `Corrupt` for a name that could leave it.
    pub path: Result<PathBuf>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was written.
    Written,
    /// Something of its name was there already, and stays.
    Kept,
}

/// Finds a place for each file. No two have the same, whatever the disk thinks of case. Pure.
pub fn targets(files: &[File]) -> Vec<Target<'_>> {
    let mut taken = HashSet::new();
    let mut target = |file| {
        let path = place(file).map(|place| {
            let tries = (1..).map(|nth| if nth == 1 { place.clone() } else { format!("{place}~{nth}") });
            // There are more numbers than files.
            let free = tries.into_iter().find(|path| taken.insert(path.to_lowercase()));
            PathBuf::from(free.unwrap_or(place))
        });
        Target { file, path }
    };
    files.iter().map(&mut target).collect()
}

fn place(file: &File) -> Result<String> {
    // Of a run's id, what tells it from others.
    let run = file.artifact.run.rsplit('/').find(|part| !part.is_empty()).unwrap_or("run");
    let path = format!("{}/{}/{}", segment(&file.job), segment(run), file.artifact.name);
    let check = || {
        check_path(path.as_bytes())?;
        // A name is a path here, whatever the system that the engine runs on.
        if path.contains('\\') {
            return Err(Error::new(Kind::Corrupt, "it holds a backslash"));
        }
        if cfg!(windows) { check_windows_path(path.as_bytes()) } else { Ok(()) }
    };
    match check() {
        Ok(()) => Ok(path),
        Err(error) => Err(error
            .context(format!("the file {:?} of {} could land outside of the directory", file.artifact.name, file.job))
            .hint("look at it where the engine shows it")),
    }
}

/// A name as one part of a path.
fn segment(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-+=@ ".contains(c) { c } else { '_' };
    let text: String = name.chars().map(plain).collect();
    if text.trim_matches(['.', ' ']).is_empty() { "_".repeat(text.len().max(1)) } else { text }
}

/// Writes a file to its place below `directory`, which is made. Another one of that name stays unless `force`.
///
/// # Errors
/// Those of the engine; I/O. Nothing is left then of what was read.
pub async fn download(engine: &dyn Engine, target: &Target<'_>, directory: &Path, force: bool) -> Result<Fate> {
    let path = match &target.path {
        Ok(path) => directory.join(path),
        Err(error) => return Err(Error::new(error.kind(), error.message())),
    };
    if !force && path.symlink_metadata().is_ok() {
        return Ok(Fate::Kept);
    }
    let parent = path.parent().unwrap_or(directory);
    fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ci-tool-").suffix(".unfinished");
    // As any other program would make it: what the umask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(parent).map_err(|e| Error::io("writing to", parent, e))?;
    engine.fetch(&target.file.artifact, &mut file).await?;
    file.flush().map_err(|e| Error::io("writing", &path, e))?;
    if let Some(size) = target.file.artifact.size {
        let written = file.as_file().metadata().map_err(|e| Error::io("reading", &path, e))?.len();
        if written != size {
            let message = format!("{} has {size} bytes, and {written} came", target.file.artifact.name);
            return Err(Error::new(Kind::Transient, message).hint("run the command again"));
        }
    }
    match force {
        true => file.persist(&path).map(drop).map_err(|e| Error::io("writing", &path, e.error))?,
        false => match file.persist_noclobber(&path) {
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok(Fate::Kept),
            written => written.map(drop).map_err(|e| Error::io("writing", &path, e.error))?,
        },
    }
    Ok(Fate::Written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Artifact;

    fn file(job: &str, run: &str, name: &str) -> File {
        let artifact = Artifact { id: name.into(), run: run.into(), name: name.into(), size: None, url: None };
        File { job: job.into(), artifact }
    }

    #[test]
    fn no_name_leaves_the_directory() {
        for name in ["../x", "a/../../x", "/etc/passwd", "", "a//b", "./a", "a/.", "..\\x", "C:\\x", "a\0b"] {
            let files = [file("unit", "1", name)];
            assert_eq!(targets(&files)[0].path.as_ref().unwrap_err().kind(), Kind::Corrupt, "{name:?}");
        }
        for (job, run, expected) in [
            ("unit", "1", "unit/1/out.txt"),
            ("../..", "..", ".._../__/out.txt"),
            ("a/b c", "definition/revision/ci-tool-x-1", "a_b c/ci-tool-x-1/out.txt"),
            ("", "/", "_/run/out.txt"),
        ] {
            let files = [file(job, run, "out.txt")];
            assert_eq!(targets(&files)[0].path.as_ref().unwrap(), Path::new(expected), "{job} {run}");
        }
    }

    #[test]
    fn no_two_files_have_one_place() {
        let files = [file("a/b", "1", "x"), file("a_b", "1", "X"), file("a_b", "1", "x"), file("a", "1", "deep/x")];
        let places: Vec<String> =
            targets(&files).iter().map(|target| target.path.as_ref().unwrap().display().to_string()).collect();
        assert_eq!(places, ["a_b/1/x", "a_b/1/X~2", "a_b/1/x~3", "a/1/deep/x"]);
    }
}
