//! The statement: <https://in-toto.io/Statement/v1> with the predicate <https://slsa.dev/provenance/v1>.

use crate::{
    error::{Error, Kind, Result},
    ops::stage::run::Made,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The type of a statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of its predicate.
pub const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// What the parameters of a build mean: those of a run of a pipeline.
pub const BUILD_TYPE: &str = "urn:ci-tool:stage-run:1";
/// The algorithm that subjects are known by.
const SHA256: &str = "sha256";

/// A statement about files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// The files.
    pub subject: Vec<Subject>,
    /// [`PREDICATE`].
    pub predicate_type: String,
    /// What is said of them.
    pub predicate: Predicate,
}

/// A file, known by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its path, with `/`.
    pub name: String,
    /// Hexadecimal digits by algorithm; `sha256` is always there.
    pub digest: BTreeMap<String, String>,
}

/// How files came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// What was to be done.
    pub build_definition: BuildDefinition,
    /// Who did it, and when.
    pub run_details: RunDetails,
}

/// What was to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// What the parameters mean: [`BUILD_TYPE`].
    pub build_type: String,
    /// What whoever began it chose: the pipeline, the builds, what was left out.
    pub external_parameters: Map<String, Value>,
    /// What the machine chose.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub internal_parameters: Map<String, Value>,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<Dependency>,
}

/// Something that files were made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dependency {
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Hexadecimal digits by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// Who did it, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDetails {
    /// Who.
    pub builder: Builder,
    /// When.
    #[serde(default)]
    pub metadata: Metadata,
}

/// Who builds: what is trusted to say what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// A URI.
    pub id: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<Timestamp>,
}

impl Subject {
    /// A file that is known by its hash.
    pub fn made(made: &Made) -> Subject {
        Subject::known(&made.path, made.sha256.clone())
    }

    /// A document that is at hand: the manifest of a handover.
    pub fn document(name: &str, content: &[u8]) -> Subject {
        Subject::known(name, format!("{:x}", Sha256::digest(content)))
    }

    fn known(name: &str, sha256: String) -> Subject {
        Subject { name: name.to_owned(), digest: BTreeMap::from([(SHA256.to_owned(), sha256)]) }
    }

    fn sha256(&self) -> Option<&str> {
        self.digest.get(SHA256).map(String::as_str)
    }
}

impl Statement {
    /// A statement about `subject`, in the order of names.
    pub fn new(mut subject: Vec<Subject>, predicate: Predicate) -> Statement {
        subject.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Statement { kind: STATEMENT.into(), subject, predicate_type: PREDICATE.into(), predicate }
    }

    /// Reads a payload whose signature was verified.
    ///
    /// # Errors
    /// `Unsupported` for another type of statement or predicate; `Corrupt` for what is none.
    pub(super) fn parse(payload: &[u8]) -> Result<Statement> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Types {
            #[serde(rename = "_type")]
            kind: String,
            predicate_type: String,
        }
        let corrupt = |e| Error::new(Kind::Corrupt, "the attestation's payload is no statement").with_source(e);
        let types: Types = serde_json::from_slice(payload).map_err(corrupt)?;
        for (is, wanted) in [(types.kind, STATEMENT), (types.predicate_type, PREDICATE)] {
            if is != wanted {
                return Err(Error::new(Kind::Unsupported, format!("the attestation is of the type {is:?}"))
                    .hint(format!("{wanted} is what can be checked")));
            }
        }
        serde_json::from_slice(payload).map_err(corrupt)
    }

    /// Proves that the statement is about exactly these files.
    ///
    /// # Errors
    /// `Corrupt`, naming the first file that is another, that the statement does not know, or that is not among them.
    pub fn covers(&self, files: &[Subject]) -> Result<()> {
        let differs = |name: &str, why: &str| {
            Error::new(Kind::Corrupt, format!("the attestation does not fit: {name} {why}"))
                .hint("these are not the files that were attested: fetch them again, or prepare anew")
        };
        let mut attested = BTreeMap::new();
        for subject in &self.subject {
            let sha256 = subject.sha256().ok_or_else(|| differs(&subject.name, "is attested without a SHA-256"))?;
            if attested.insert(subject.name.as_str(), sha256).is_some() {
                return Err(differs(&subject.name, "is attested twice"));
            }
        }
        for file in files {
            match attested.remove(file.name.as_str()) {
                None => return Err(differs(&file.name, "is not attested, or is there twice")),
                Some(sha256) if file.sha256() != Some(sha256) => {
                    return Err(differs(&file.name, "has another content"));
                }
                Some(_) => {}
            }
        }
        attested.keys().next().map_or(Ok(()), |name| Err(differs(name, "is attested and is not there")))
    }
}
