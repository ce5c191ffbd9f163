//! What Treeherder answers, as far as it is used.

use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// `GET /api/project/P/push/`.
#[derive(Debug, Deserialize)]
pub(super) struct Pushes {
    pub results: Vec<Push>,
}

/// A push; its revision is its last one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Push {
    pub id: u64,
    pub revision: String,
    /// Seconds since the epoch.
    pub push_timestamp: i64,
}

/// `GET /api/project/P/jobs/?return_type=list`: the names of the columns once, then rows of values.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    /// Left out where there are no rows.
    #[serde(default)]
    job_property_names: Vec<String>,
    results: Vec<Vec<Value>>,
}

/// A job that ran or is to run at a push.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub id: u64,
    pub job_type_name: String,
    pub platform: String,
    pub push_id: u64,
    pub state: Progress,
    pub result: Outcome,
    pub tier: Option<u8>,
    /// Seconds since the epoch; 0 where it did not happen.
    pub submit_timestamp: i64,
    pub start_timestamp: i64,
    pub end_timestamp: i64,
    pub job_coalesced_to_guid: Option<String>,
    pub task_id: Option<String>,
    pub retry_id: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Progress {
    Unscheduled,
    Pending,
    Running,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Success,
    Testfailed,
    Busted,
    Skipped,
    Exception,
    Retry,
    Usercancel,
    Superseded,
    Unknown,
}

/// An element of `GET /api/project/P/job-log-url/?job_id=`.
#[derive(Debug, Deserialize)]
pub(super) struct LogUrl {
    pub name: String,
    pub url: String,
}

impl Table {
    /// Its rows, read by the names of the columns, whose order is not promised.
    ///
    /// # Errors
    /// `Corrupt`, naming the column.
    pub fn rows(self) -> Result<Vec<Row>> {
        let names = &self.job_property_names;
        let row = |values: Vec<Value>| {
            if values.len() != names.len() {
                let text = format!("a job has {} values for {} columns", values.len(), names.len());
                return Err(Error::new(Kind::Corrupt, text));
            }
            let object = names.iter().cloned().zip(values).collect();
            serde_json::from_value(Value::Object(object))
                .map_err(|e| Error::new(Kind::Corrupt, "a job is not as it is known").with_source(e))
        };
        self.results.into_iter().map(row).collect()
    }
}

impl Row {
    /// Its name as a job: that of its type and its platform.
    pub fn job(&self) -> String {
        format!("{}@{}", self.job_type_name, self.platform)
    }
}

/// A time, where there is one.
pub(super) fn time(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let names = json!([
            "tier",
            "id",
            "job_type_name",
            "platform",
            "push_id",
            "state",
            "result",
            "submit_timestamp",
            "start_timestamp",
            "end_timestamp",
            "who"
        ]);
        let row = json!([3, 7, "unit", "linux", 5, "completed", "busted", 1, 2, 3, "me"]);
        let table = |row: &Value| {
            let table = json!({ "job_property_names": names, "results": [row], "meta": {} });
            serde_json::from_value::<Table>(table).unwrap().rows()
        };
        let read = table(&row).unwrap().remove(0);
        assert_eq!((read.id, read.job().as_str(), read.tier), (7, "unit@linux", Some(3)));
        for (column, value) in [(1, json!("seven")), (5, json!("WEIRD")), (6, json!("WEIRD")), (6, Value::Null)] {
            let mut row = row.clone();
            row[column] = value;
            assert_eq!(table(&row).unwrap_err().kind(), Kind::Corrupt, "{row}");
        }
        assert_eq!(table(&json!([1])).unwrap_err().kind(), Kind::Corrupt);
        assert!(serde_json::from_value::<Table>(json!({ "results": [] })).unwrap().rows().unwrap().is_empty());
    }
}
