//! What a capture knows beside its tree and its record: one JSON object, read when it is shown or restored.

use crate::{
    capture::{machine::Machine, tools::Tool},
    error::{Error, Kind, Result},
    pipeline::{
        ci::CiIdentity,
        details::{Dump, FailedTestRecord, Problem, Ready, Removed, SavedRoot},
        env::EnvMap,
    },
};
use serde::{Deserialize, Serialize};

/// The format's version.
pub const SCHEMA: u32 = 1;

/// The document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The format's version.
    pub schema: u32,
    /// The CI and what it says of the job.
    pub ci: CiIdentity,
    /// What makes two runs the same job, as text.
    pub job_key: String,
    /// The trees that were saved, the workspace first.
    pub roots: Vec<SavedRoot>,
    /// The directory the command ran in.
    pub directory: String,
    /// The command's program and arguments, secrets replaced. Empty when there was none.
    pub command: Vec<String>,
    /// The command as text, where it was only told (`--failed-command`).
    pub failed_command: Option<String>,
    /// The environment, without what was removed.
    pub environment: EnvMap,
    /// The machine it ran on.
    pub machine: Machine,
    /// The tools found there.
    pub tools: Vec<Tool>,
    /// What was removed for secrecy.
    pub removed: Vec<Removed>,
    /// Values that were removed and are too short or too common to be searched for elsewhere, with the reason.
    pub not_searched: Vec<String>,
    /// What could not be saved, or not as it was.
    pub problems: Vec<Problem>,
    /// The patterns that were excluded.
    pub excluded: Vec<String>,
    /// Files that hold the workspace's path, and would differ at another.
    pub embedding: Vec<String>,
    /// How many there are, also where the list was cut.
    pub embedding_count: u64,
    /// Output of the commands named in `repro.dump`.
    pub dumps: Vec<Dump>,
    /// Failed tests found in reports.
    pub failed_tests: Vec<FailedTestRecord>,
    /// What the job says of working on it.
    pub ready: Ready,
}

impl Details {
    /// Each tool's version, or its path where it told none.
    pub fn tool_versions(&self) -> EnvMap {
        let version = |tool: &Tool| tool.version.clone().unwrap_or_else(|| tool.path.display().to_string());
        self.tools.iter().map(|tool| (tool.name.clone(), version(tool))).collect()
    }

    /// What the machine is, name by name.
    pub fn machine_facts(&self) -> EnvMap {
        let machine = &self.machine;
        let facts = [
            ("os", Some(machine.os.clone())),
            ("distribution", machine.distribution.clone()),
            ("kernel", machine.kernel.clone()),
            ("architecture", Some(machine.architecture.clone())),
            ("cpu", machine.cpu_model.clone()),
            ("cpus", machine.cpus.map(|n| n.to_string())),
            ("memory", machine.memory.map(|n| n.to_string())),
            ("host", machine.hostname.clone()),
            ("container", machine.container.as_ref().map(|c| c.image.clone().unwrap_or_else(|| c.kind.clone()))),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// `Internal`: a defect.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| Error::new(Kind::Internal, "writing the capture's details").with_source(e))
    }

    /// Reads the document; `id` is what messages call the capture.
    ///
    /// # Errors
    /// `Unsupported` when a newer version wrote it, `Corrupt` when it is none.
    pub fn from_json(id: &str, bytes: &[u8]) -> Result<Details> {
        let details: Details = serde_json::from_slice(bytes)
            .map_err(|e| Error::new(Kind::Corrupt, format!("the details of {id} are damaged")).with_source(e))?;
        if details.schema > SCHEMA {
            return Err(Error::new(Kind::Unsupported, format!("the details of {id} have format {}", details.schema))
                .hint("a newer ci-tool wrote it: use that version to read it"));
        }
        Ok(details)
    }
}
