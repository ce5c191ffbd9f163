//! A capture's record: the one small object that says what was saved, whether it is complete, and when it goes.

use crate::{
    error::{Error, Kind, Result},
    pipeline::{id::Id, manifest::Top},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The record format that this version writes.
pub const SCHEMA: u32 = 1;
/// The required features that this version knows.
pub const FEATURES: [&str; 4] = ["chunks", "zip", "7z", REPEATS];
/// The feature of a record that has no tree, because the same failure was saved before.
pub const REPEATS: &str = "repeats";

/// Where a capture is in its life: `open → complete → retiring`, or `open → aborted`. Each step is one conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being saved; invisible.
    Open,
    /// Whole.
    Complete,
    /// Being removed; invisible.
    Retiring,
    /// Its save died; invisible, to be removed.
    Aborted,
}

/// How the tree is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Frames in packs, shared with other captures.
    Chunks,
    /// One zip archive.
    #[serde(rename = "zip")]
    Zip,
    /// One 7z archive.
    #[serde(rename = "7z")]
    SevenZ,
}

impl Format {
    /// The format's name, which is also its file extension.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Chunks => "chunks",
            Format::Zip => "zip",
            Format::SevenZ => "7z",
        }
    }
}

/// What the job is and which run of it this was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Job {
    /// Hash of what is stable across runs (system, server, project, job name, matrix values): 16 hex digits.
    pub key: String,
    /// The job's name.
    pub name: String,
    /// The CI system, for example `github`; `none` outside CI.
    pub system: String,
    /// The run's number or id.
    pub build: Option<String>,
    /// The run's page.
    pub url: Option<String>,
}

/// Which sources the job ran on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Revision {
    /// The repository's address, without credentials.
    pub repository: Option<String>,
    /// The whole commit id.
    pub commit: Option<String>,
    /// The branch built.
    pub branch: Option<String>,
    /// The pull request's number.
    pub pull_request: Option<String>,
    /// The pull request's target branch.
    pub target: Option<String>,
    /// Whether tracked files differed from the commit; unknown without a repository.
    pub dirty: Option<bool>,
}

/// What the command did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// The command, ready to be pasted into a POSIX shell, secrets replaced.
    pub command: Option<String>,
    /// Its exit code; 128 + signal when a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why ci-tool stopped it: `timeout`, `interrupt`, `terminate`.
    pub stopped: Option<String>,
    /// How long it ran, in milliseconds.
    pub duration_ms: Option<u64>,
}

impl Outcome {
    /// One phrase: `exit 2`, `signal 11`, `timeout`, `-` when nothing is known.
    pub fn show(&self) -> String {
        match (&self.stopped, self.signal, self.exit_code) {
            (Some(why), _, _) => why.clone(),
            (_, Some(signal), _) => format!("signal {signal}"),
            (_, _, Some(code)) => format!("exit {code}"),
            _ => "-".into(),
        }
    }
}

/// How much was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Entries in the manifest.
    pub entries: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Bytes in the store, everything of the capture included.
    pub stored: u64,
    /// Removals for secrecy.
    pub removed: u64,
    /// Entries that could not be saved or changed while they were read.
    pub problems: u64,
}

/// An object of the capture beside its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// BLAKE3 of its bytes, in hex.
    pub blake3: String,
}

/// The objects of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// The archive of the tree.
    pub archive: Option<Part>,
    /// The packs that this capture wrote.
    pub packs: Vec<Part>,
    /// Objects of other captures that this one needs: packs and manifests.
    pub needs: Vec<String>,
    /// The manifest's tiles.
    pub manifest: Option<Part>,
    /// Environment, tools, machine and the rest: one JSON document.
    pub details: Option<Part>,
    /// The command's output, one zstd frame.
    pub log: Option<Part>,
    /// The manifest's top index, base64.
    pub top: Option<String>,
}

impl Parts {
    /// All objects, in the order in which they are written.
    pub fn all(&self) -> impl Iterator<Item = &Part> {
        self.packs.iter().chain([&self.archive, &self.manifest, &self.log, &self.details].into_iter().flatten())
    }

    /// The manifest's top index.
    ///
    /// # Errors
    /// `Corrupt` or `Unsupported`, as [`Top::decode`].
    pub fn top(&self) -> Result<Top> {
        let Some(text) = &self.top else { return Ok(Top::default()) };
        let bytes = BASE64.decode(text).map_err(|e| damaged_index().with_source(e))?;
        Top::decode(&bytes)
    }

    /// Sets the manifest's top index.
    ///
    /// # Errors
    /// As [`Top::encode`].
    pub fn set_top(&mut self, top: &Top) -> Result<()> {
        self.top = Some(BASE64.encode(top.encode()?));
        Ok(())
    }
}

/// The record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The format's version.
    pub schema: u32,
    /// Features without which it cannot be read.
    #[serde(default)]
    pub requires: Vec<String>,
    /// The capture's id.
    pub id: Id,
    /// Where it is in its life.
    pub state: State,
    /// When the save began.
    pub created: Timestamp,
    /// When it may be removed.
    pub expires: Timestamp,
    /// Who is to be asked about it.
    pub owner: Option<String>,
    /// The job.
    pub job: Job,
    /// The sources.
    pub revision: Revision,
    /// What the command did.
    pub outcome: Outcome,
    /// How the tree is stored, where there is one.
    pub format: Format,
    /// While it is open: the captures whose content it may use.
    #[serde(default)]
    pub bases: Vec<Id>,
    /// What this failure has in common with its repetitions: 16 hex digits. `None` for a job that did not fail.
    #[serde(default)]
    pub signature: Option<String>,
    /// The captures that have the tree of the same failure, the latest first. Where it names any, this one has none: only its
    /// log and its details. Any of them may be gone by now.
    #[serde(default)]
    pub repeats: Vec<Id>,
    /// How much it is.
    #[serde(default)]
    pub totals: Totals,
    /// Its objects.
    #[serde(default)]
    pub parts: Parts,
}

/// The two fields that every version of the format has.
#[derive(Deserialize)]
struct Envelope {
    schema: u32,
    #[serde(default)]
    requires: Vec<String>,
}

impl Record {
    /// Whether the capture has files; else it has only its log and its details.
    pub fn has_tree(&self) -> bool {
        self.repeats.is_empty()
    }

    /// The record as JSON. Its last field, `check`, is the SHA-256 of the document without that field: a record is small
    /// and is trusted by everything, so that a bit that flips in it must not go unnoticed.
    ///
    /// # Errors
    /// `Internal` if it cannot be written as JSON: a defect.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let failed = |e| Error::new(Kind::Internal, format!("writing the record of {}", self.id)).with_source(e);
        let mut json = serde_json::to_vec(self).map_err(failed)?;
        let check = check(&json);
        json.pop();
        json.extend_from_slice(format!("{CHECK}{check}\"}}").as_bytes());
        Ok(json)
    }

    /// Reads a record; `name` is what messages call it.
    ///
    /// # Errors
    /// `Unsupported` when a newer version wrote it, `Corrupt` when it is no record.
    pub fn from_json(name: &str, bytes: &[u8]) -> Result<Record> {
        if !is_sound(bytes) {
            return Err(Error::new(Kind::Corrupt, format!("the record of {name} is damaged: its checksum is wrong"))
                .hint(format!("its data may still be whole: look under data/{name}/ in the store")));
        }
        // Nearly always this version wrote it: only what fails is looked at twice.
        match serde_json::from_slice::<Record>(bytes) {
            Ok(record) if Id::try_from(name.to_owned()).is_ok_and(|id| id != record.id) => {
                Err(Error::new(Kind::Corrupt, format!("the record of {name} is that of {}", record.id))
                    .hint("somebody has copied records within the store: remove the copy"))
            }
            Ok(record) if supported(record.schema, &record.requires) => Ok(record),
            Ok(record) => Err(newer(name, record.schema, &record.requires)),
            Err(cause) => match serde_json::from_slice::<Envelope>(bytes) {
                Ok(envelope) if !supported(envelope.schema, &envelope.requires) => {
                    Err(newer(name, envelope.schema, &envelope.requires))
                }
                _ => Err(Error::new(Kind::Corrupt, format!("the record of {name} is damaged"))
                    .with_source(cause)
                    .hint(format!("its data may still be whole: look under data/{name}/ in the store"))),
            },
        }
    }
}

fn damaged_index() -> Error {
    Error::new(Kind::Corrupt, "the manifest's index is damaged")
        .hint("`ci-tool repro show ID` still tells of the job; its files cannot be found any more")
}

/// How the last field of a record begins.
const CHECK: &str = ",\"check\":\"";

fn check(json: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(json).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a record is what its checksum says. One without a checksum was written by hand.
fn is_sound(bytes: &[u8]) -> bool {
    let Some(at) = bytes.windows(CHECK.len()).rposition(|window| window == CHECK.as_bytes()) else { return true };
    let mut without = bytes[..at].to_vec();
    without.push(b'}');
    bytes[at + CHECK.len()..] == *format!("{}\"}}", check(&without)).as_bytes()
}

fn supported(schema: u32, requires: &[String]) -> bool {
    schema <= SCHEMA && requires.iter().all(|f| FEATURES.contains(&f.as_str()))
}

fn newer(name: &str, schema: u32, requires: &[String]) -> Error {
    let unknown: Vec<_> = requires.iter().filter(|f| !FEATURES.contains(&f.as_str())).map(String::as_str).collect();
    let why =
        if unknown.is_empty() { format!("format {schema}") } else { format!("the feature {}", unknown.join(", ")) };
    Error::new(Kind::Unsupported, format!("capture {name} needs {why}, which this ci-tool does not know"))
        .hint("a newer ci-tool wrote it: use that version to read it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record {
        Record {
            schema: SCHEMA,
            requires: vec!["zip".into()],
            id: Id::from_random(*b"0123456789"),
            state: State::Complete,
            created: Timestamp::UNIX_EPOCH,
            expires: Timestamp::UNIX_EPOCH,
            owner: None,
            job: Job::default(),
            revision: Revision::default(),
            outcome: Outcome::default(),
            format: Format::Zip,
            bases: Vec::new(),
            signature: None,
            repeats: Vec::new(),
            totals: Totals::default(),
            parts: Parts::default(),
        }
    }

    fn altered(change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> Result<Record> {
        let mut value: serde_json::Value = serde_json::from_slice(&sample().to_json().unwrap()).unwrap();
        value.as_object_mut().unwrap().remove("check");
        change(value.as_object_mut().unwrap());
        Record::from_json("x", value.to_string().as_bytes())
    }

    #[test]
    fn unknown_fields_pass_and_unknown_features_do_not() {
        assert_eq!(altered(|r| drop(r.insert("novel".into(), 1.into()))).unwrap(), sample());
        let newer =
            altered(|r| drop(r.insert("requires".into(), serde_json::json!(["zip", "holograms"])))).unwrap_err();
        assert_eq!(newer.kind(), Kind::Unsupported);
        assert!(newer.message().contains("holograms"), "{}", newer.message());
        // A later version may also change what this one cannot even parse.
        let reshaped = altered(|r| {
            r.insert("schema".into(), 9.into());
            r.insert("format".into(), "cubes".into());
        });
        assert_eq!(reshaped.unwrap_err().kind(), Kind::Unsupported);
    }

    #[test]
    fn every_flipped_byte_of_a_record_is_noticed_or_harmless() {
        let json = sample().to_json().unwrap();
        for at in 0..json.len() {
            let mut bad = json.clone();
            bad[at] ^= 1;
            assert!(
                Record::from_json("x", &bad).is_err_and(|e| e.kind() == Kind::Corrupt)
                    || Record::from_json("x", &bad).is_ok_and(|r| r == sample())
            );
        }
        let other = Record::from_json("zzzzzzzzzz", &json).unwrap_err();
        assert_eq!(other.kind(), Kind::Corrupt);
    }

    #[test]
    fn damage_is_corrupt() {
        assert_eq!(altered(|r| drop(r.remove("id"))).unwrap_err().kind(), Kind::Corrupt);
        assert_eq!(Record::from_json("x", b"").unwrap_err().kind(), Kind::Corrupt);
    }
}
