//! `repro show`: everything about one capture but its files.

use crate::{
    capture::{
        catalog,
        details::Details,
        objects::{download, part_key, read_manifest, read_part},
    },
    error::{Error, Kind, Result},
    pipeline::{details::Dump, entry::Entry, record::Record},
    world::World,
};
use std::{collections::HashSet, io::Read};

/// The longest name of a dump's file, without its suffix, in bytes.
const DUMP_NAME_MAX: usize = 60;

/// Suffixes of files whose content is compressed.
const COMPRESSED: [&str; 18] = [
    "7z", "br", "bz2", "gz", "jar", "lz4", "lzma", "nupkg", "rar", "tbz2", "tgz", "txz", "tzst", "war", "whl", "xz",
    "zip", "zst",
];

/// A capture.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its record.
    pub record: Record,
    /// Everything else about it.
    pub details: Details,
}

/// Reads a capture's record and details.
///
/// # Errors
/// As [`catalog::find`]; `Corrupt` when the details are damaged.
pub async fn show(world: &World, id: &str) -> Result<Shown> {
    let record = catalog::find(&world.store, id).await?.record;
    let details = details(world, &record).await?;
    Ok(Shown { record, details })
}

/// Reads a capture's details.
///
/// # Errors
/// `Corrupt`, `Unsupported`, those of the store.
pub async fn details(world: &World, record: &Record) -> Result<Details> {
    let part = record.parts.details.as_ref();
    let part = part.ok_or_else(|| Error::new(Kind::Corrupt, format!("capture {} has no details", record.id)))?;
    Details::from_json(record.id.as_str(), &read_part(&world.store, part).await?)
}

/// Reads a capture's log, of any length, once all of it was checked; `None` when it has none.
///
/// # Errors
/// `Corrupt`, those of the store.
pub async fn log(world: &World, record: &Record) -> Result<Option<Box<dyn Read + Send>>> {
    let Some(part) = &record.parts.log else { return Ok(None) };
    let file = download(&world.store, part).await?;
    let key = part_key(part)?;
    let decoder = zstd::Decoder::new(file);
    let decoder = decoder.map_err(|e| Error::new(Kind::Corrupt, format!("the log {key} is damaged")).with_source(e))?;
    Ok(Some(Box::new(decoder)))
}

/// What each dump is called where it is a file, without its suffix: the command with everything but letters, digits, `.`,
/// `_` and `-` replaced, unique whatever the case of letters.
pub fn dump_names(dumps: &[Dump]) -> Vec<String> {
    let mut taken = HashSet::new();
    dumps
        .iter()
        .map(|dump| {
            let safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            let words = dump.command.split(|c: char| !safe(c)).filter(|word| !word.is_empty());
            let mut name = words.collect::<Vec<_>>().join("-").trim_matches('.').to_owned();
            name.truncate(DUMP_NAME_MAX);
            if name.is_empty() {
                name.push_str("dump");
            }
            let numbered = (2..).map(|n| format!("{name}-{n}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            // The numbers do not end before a free one is found.
            names.find(|name| taken.insert(name.to_lowercase())).unwrap_or(name.clone())
        })
        .collect()
}

/// The dump that is called `name`: by its file, with or without the suffix, or by its command.
///
/// # Errors
/// `NotFound`, with the names there are.
pub fn dump<'a>(shown: &'a Shown, name: &str) -> Result<&'a Dump> {
    let dumps = &shown.details.dumps;
    let names = dump_names(dumps);
    let bare = name.trim_start_matches("dump/").trim_end_matches(".txt");
    let found = dumps.iter().zip(&names).find(|(dump, known)| *known == bare || dump.command == name);
    found.map(|(dump, _)| dump).ok_or_else(|| {
        let error = Error::new(Kind::NotFound, format!("capture {} has no dump {name}", shown.record.id));
        match names.is_empty() {
            true => error.hint("it has none: `repro.dump` in ci-tool.yaml names commands whose output is to be saved"),
            false => error.hint(format!("its dumps are {}", names.join(", "))),
        }
    })
}

/// What of a capture's files could not be searched for secrets because it is compressed: one line a sort, with the number
/// of files, told by their paths.
pub fn unsearched<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<String> {
    let (mut objects, mut archives) = (0_u64, 0_u64);
    for entry in entries.into_iter().filter(|entry| entry.is_file()) {
        let path = String::from_utf8_lossy(&entry.path);
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        if path.split_once("/.git/").is_some_and(|(_, below)| below.split('/').any(|part| part == "objects")) {
            objects += 1;
        } else if name.rsplit_once('.').is_some_and(|(_, suffix)| COMPRESSED.contains(&suffix)) {
            archives += 1;
        }
    }
    let line = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let objects = line(objects, "file of git's objects", "files of git's objects");
    let archives = line(archives, "archive or compressed file", "archives and compressed files");
    objects.into_iter().chain(archives).collect()
}

/// As [`unsearched`], for a capture whose entries are not at hand. One without files has none.
///
/// # Errors
/// `Corrupt`, those of the store.
pub async fn unsearched_in(world: &World, record: &Record) -> Result<Vec<String>> {
    if !record.has_tree() {
        return Ok(Vec::new());
    }
    Ok(unsearched(&read_manifest(&world.store, record).await?.entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::entry::Content;

    #[test]
    fn dumps_have_safe_names_of_their_own() {
        let commands = ["docker ps", "docker  ps", "DOCKER PS", "../../etc/passwd", "|", "é", "dpkg -l | sort"];
        let dumps = commands.map(|c| Dump { command: c.into(), exit_code: None, output: String::new() });
        assert_eq!(
            dump_names(&dumps),
            ["docker-ps", "docker-ps-2", "DOCKER-PS-3", "-..-etc-passwd", "dump", "dump-2", "dpkg-l-sort"]
        );
    }

    #[test]
    fn what_is_compressed_is_counted_by_its_path() {
        let content = || Content::File { hash: [0; 32], sparse: false, link: None, location: Default::default() };
        let entry = |path: &str| Entry { path: path.as_bytes().into(), size: 1, mode: 0, mtime: 0, content: content() };
        let paths = [
            "workspace/.git/objects/ab/cdef",
            "workspace/.git/modules/m/objects/pack/p.pack",
            "workspace/.git/HEAD",
            "workspace/objects/a.o",
            "workspace/dist/app.TAR.GZ",
            "workspace/gz",
        ];
        let entries = paths.map(entry);
        assert_eq!(unsearched(&entries), ["2 files of git's objects", "1 archive or compressed file"]);
        assert_eq!(unsearched(&entries[5..]), Vec::<String>::new());
    }
}
