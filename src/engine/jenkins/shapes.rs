//! What Jenkins answers, as far as it is read, and the `tree=` that asks for just that. Fields are those of the core's
//! exported beans and of the git plugin's `BuildData`.

use serde::Deserialize;

/// What is read of an action: parameters, causes, and the revision that the git plugin checked out.
macro_rules! actions {
    () => {
        "actions[_class,parameters[name,value],causes[_class,shortDescription],lastBuiltRevision[SHA1]]"
    };
}

/// What is read of a job; `jobs` is there for a folder only.
pub const JOB: &str = concat!(
    "fullName,url,buildable,scm[_class],jobs[name],lastSuccessfulBuild[",
    actions!(),
    "],property[parameterDefinitions[name,type,choices,defaultParameterValue[value]]]"
);
/// What is read of a build.
pub const BUILD: &str = concat!("number,url,queueId,building,result,timestamp,duration,", actions!());
/// What is read of an item of the queue.
pub const ITEM: &str = concat!("id,why,inQueueSince,cancelled,task[name,url],executable[number],", actions!());

/// A job, or a folder of jobs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub full_name: String,
    pub url: Option<String>,
    /// Not there for a folder.
    pub buildable: Option<bool>,
    /// Not there for a pipeline.
    pub scm: Option<Classy>,
    /// There for a folder only.
    pub jobs: Option<Vec<serde::de::IgnoredAny>>,
    pub last_successful_build: Option<Checkout>,
    #[serde(default)]
    pub property: Vec<Property>,
}

/// An object of which only the class matters.
#[derive(Debug, Clone, Deserialize)]
pub struct Classy {
    #[serde(rename = "_class")]
    pub class: Option<String>,
}

/// A build of which only the actions matter.
#[derive(Debug, Clone, Deserialize)]
pub struct Checkout {
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// A property of a job; most are of other sorts, and come back empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    #[serde(default)]
    pub parameter_definitions: Vec<Definition>,
}

/// A parameter that a job declares.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub name: String,
    /// `StringParameterDefinition`, `ChoiceParameterDefinition`, …
    #[serde(rename = "type")]
    pub sort: String,
    #[serde(default)]
    pub choices: Vec<String>,
    pub default_parameter_value: Option<Value>,
}

/// A value: text, a truth, or something that is not told.
#[derive(Debug, Clone, Deserialize)]
pub struct Value {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    value: serde_json::Value,
}

impl Value {
    /// As text, where it is told.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Bool(truth) => Some(truth.to_string()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Something that hangs on a build; those of no sort that is read come back empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    #[serde(rename = "_class")]
    pub class: Option<String>,
    #[serde(default)]
    pub parameters: Vec<Value>,
    #[serde(default)]
    pub causes: Vec<Cause>,
    pub last_built_revision: Option<Revision>,
}

/// Why something happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    #[serde(rename = "_class")]
    pub class: Option<String>,
    pub short_description: Option<String>,
}

/// What was checked out.
#[derive(Debug, Clone, Deserialize)]
pub struct Revision {
    #[serde(rename = "SHA1")]
    pub sha1: String,
}

/// A build.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    pub number: u64,
    pub url: Option<String>,
    pub queue_id: u64,
    pub building: bool,
    /// `null` until it is known.
    #[serde(deserialize_with = "present")]
    pub result: Option<String>,
    /// When it began, in milliseconds.
    pub timestamp: i64,
    /// In milliseconds; 0 while it runs.
    pub duration: i64,
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// A field that may be null, but not missing.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// A page of builds, the latest first.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Builds {
    pub all_builds: Vec<Build>,
}

/// An item of the queue, or one that left it in the last five minutes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub id: u64,
    pub why: Option<String>,
    /// In milliseconds.
    pub in_queue_since: i64,
    pub task: Option<Task>,
    /// Only for one that left.
    pub cancelled: Option<bool>,
    /// The build that it became.
    pub executable: Option<Executable>,
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// What an item of the queue is to run; not told without the permission to see it.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    pub url: Option<String>,
}

/// A build that an item became.
#[derive(Debug, Clone, Deserialize)]
pub struct Executable {
    pub number: u64,
}

/// The queue.
#[derive(Debug, Clone, Deserialize)]
pub struct Queue {
    pub items: Vec<Item>,
}

/// The jobs of a folder, or of the server.
#[derive(Debug, Clone, Deserialize)]
pub struct Folder {
    /// Not there for what is no folder.
    pub jobs: Vec<Job>,
}

/// What a build made.
#[derive(Debug, Clone, Deserialize)]
pub struct Made {
    pub artifacts: Vec<File>,
}

/// A file that a build made.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub relative_path: String,
}

/// Who calls.
#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    pub name: String,
    pub anonymous: bool,
}

/// What a `POST` with a password has to carry.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Crumb {
    pub crumb: String,
    pub crumb_request_field: String,
}

/// The value of a parameter among actions.
pub fn parameter<'a>(actions: &'a [Action], name: &str) -> Option<&'a Value> {
    actions.iter().flat_map(|action| &action.parameters).find(|value| value.name == name)
}

/// The revisions that were checked out, as the git plugin tells.
pub fn checked_out(actions: &[Action]) -> impl Iterator<Item = &str> {
    actions.iter().filter_map(|action| action.last_built_revision.as_ref()).map(|revision| revision.sha1.as_str())
}
