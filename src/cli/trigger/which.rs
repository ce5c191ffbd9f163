//! The flags that say which revisions.

use crate::{
    error::{Error, Kind, Result},
    ops::trigger::{
        revisions::revisions,
        select::{Selection, Which, names},
    },
    vcs::{Revision, Vcs, Walk},
};
use std::{
    io::{self, Read},
    num::{NonZeroUsize, ParseIntError},
    path::{Path, PathBuf},
    str::FromStr,
};

/// Which revisions a command is about.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Revisions")]
pub(super) struct WhichArgs {
    /// A range, without GOOD and with BAD, or one revision. A hash, a branch, a tag, a push number, or a date: 2026-11-20 is
    /// the last revision before that day (UTC)
    #[arg(value_name = "GOOD..BAD|REV", required_unless_present = "revisions_file")]
    pub revisions: Option<String>,
    /// Also so many revisions before REV
    #[arg(long, value_name = "N", group = "reach", value_parser = few::<usize>)]
    pub back: Option<usize>,
    /// Also so many revisions before and after REV
    #[arg(long, value_name = "N", group = "reach", value_parser = few::<usize>)]
    pub delta: Option<usize>,
    /// Everything from this revision up to REV, both included
    #[arg(long, value_name = "REV", group = "reach")]
    pub from: Option<String>,
    /// The revisions named in this file, one a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["revisions", "reach"])]
    pub revisions_file: Option<PathBuf>,
    /// Of so many revisions only one, the newest always
    #[arg(long, value_name = "K")]
    pub every: Option<NonZeroUsize>,
    /// At most so many revisions, the newest
    #[arg(long, value_name = "N", value_parser = few::<NonZeroUsize>)]
    pub max_revisions: Option<NonZeroUsize>,
    /// So many revisions, evenly spaced, both ends among them
    #[arg(long, value_name = "N")]
    pub slices: Option<NonZeroUsize>,
    /// Follow only the first parent of a merge
    #[arg(long)]
    pub first_parent: bool,
    /// Only revisions that changed this path or glob, from the top of the tree; can be repeated
    #[arg(long, value_name = "GLOB")]
    pub path: Vec<String>,
}

/// Reads a number of revisions. More than git counts, which is to 2^31 − 1, are none.
pub(super) fn few<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    match text.parse::<u64>() {
        Ok(many) if many > i32::MAX as u64 => Err(format!("it may be {} at most", i32::MAX)),
        _ => text.parse().map_err(|error: ParseIntError| error.to_string()),
    }
}

impl WhichArgs {
    /// The revisions, the oldest first; with the paths that each changed where `with_paths`.
    ///
    /// # Errors
    /// `Usage` for flags that do not fit the range or a file that cannot be read; those of the version control system.
    pub async fn select(&self, vcs: &dyn Vcs, with_paths: bool) -> Result<Vec<Revision>> {
        let walk = Walk { first_parent: self.first_parent, paths: self.path.clone(), with_paths };
        revisions(vcs, &self.which()?, &walk, &self.selection()).await
    }

    /// What is asked for, before anything is looked up. Reads the file of revisions.
    ///
    /// # Errors
    /// As [`WhichArgs::select`].
    pub fn which(&self) -> Result<Which> {
        if let Some(file) = &self.revisions_file {
            return Ok(Which::Named(names(&read(file)?)));
        }
        let which = Which::read(self.revisions.as_deref().unwrap_or_default())?;
        let to = match which {
            Which::One(to) => to,
            range => {
                let flags =
                    [self.back.map(|_| "--back"), self.delta.map(|_| "--delta"), self.from.as_ref().map(|_| "--from")];
                let Some(flag) = flags.into_iter().flatten().next() else { return Ok(range) };
                return Err(Error::new(Kind::Usage, format!("{flag} needs one revision, not a range"))
                    .hint(format!("name the newest alone, or leave {flag} away")));
            }
        };
        Ok(match (self.back, self.delta, &self.from) {
            (Some(count), ..) => Which::Back { to, count },
            (_, Some(count), _) => Which::Around { of: to, count },
            (.., Some(from)) => Which::From { from: from.clone(), to },
            _ => Which::One(to),
        })
    }

    /// Which of them are taken.
    pub fn selection(&self) -> Selection {
        let count = |flag: Option<NonZeroUsize>| flag.map(NonZeroUsize::get);
        Selection { every: count(self.every), max: count(self.max_revisions), slices: count(self.slices) }
    }
}

fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => io::stdin().lock().read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    let shown = if file.as_os_str() == "-" { Path::new("standard input") } else { file };
    match read {
        Ok(_) => Ok(text),
        Err(e) => Err(Error::new(Kind::Usage, format!("reading revisions from {}", shown.display()))
            .with_source(e)
            .hint("name a text file with a revision a line")),
    }
}
