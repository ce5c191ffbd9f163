//! Approvals that a run waits for.

use super::Pipelines;
use crate::{
    engine::azure_devops::{
        shapes::{self, List},
        status,
    },
    error::{Error, Kind, Result},
    http::{Failure, Repeat},
};
use serde_json::json;

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its number.
    pub id: String,
    /// `pending`, `approved`, `rejected`, `timedOut`, …
    pub status: String,
    /// What people are told.
    pub instructions: Option<String>,
    /// Who is asked, where that is told.
    pub by: Vec<String>,
}

/// What is said to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

impl Answer {
    fn status(self) -> &'static str {
        match self {
            Answer::Approve => "approved",
            Answer::Reject => "rejected",
        }
    }
}

impl Pipelines {
    /// Approvals by their numbers.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn approvals(&self, ids: &[String]) -> Result<Vec<Approval>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = [("approvalIds", ids.join(",")), ("$expand", "steps".to_owned())];
        let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
        let api = &self.engine.api;
        let list: List<shapes::Approval> =
            api.get(&api.url(&["pipelines", "approvals"], &query), "what waits for approval").await?;
        Ok(list.value.into_iter().map(approval).collect())
    }

    /// Answers an approval. It may still wait afterwards: for others who have to say yes as well.
    ///
    /// # Errors
    /// `NotFound` for one that is not there; `Usage` for one that was answered otherwise; `Denied` for who may not;
    /// `Transient`, `Corrupt`.
    pub async fn answer(&self, id: &str, answer: Answer, comment: &str) -> Result<Approval> {
        let api = &self.engine.api;
        let url = api.url(&["pipelines", "approvals"], &[]);
        let body = json!([{ "approvalId": id, "status": answer.status(), "comment": comment }]);
        let what = "an answer to an approval";
        let given = match api.patch(&url, &body, Repeat::Unsafe, what).await {
            Ok(given) => api.read::<List<shapes::Approval>>(&given, what)?.value.into_iter().map(approval).next(),
            // It was taken before, by this call or by another, or nobody knows.
            Err(error) if unsure(&error) => {
                let now = self.approvals(&[id.to_owned()]).await?.pop();
                return match now.filter(|now| now.status == answer.status()) {
                    Some(now) => Ok(now),
                    None => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        let given = given.ok_or_else(|| {
            Error::new(Kind::Corrupt, format!("the engine {} says nothing of the approval {id}", self.name()))
        })?;
        match given.status == answer.status() || given.status == "pending" {
            true => Ok(given),
            false => Err(Error::new(Kind::Usage, format!("the approval {id} is {} already", given.status))
                .hint("look at the run in Azure DevOps")),
        }
    }
}

fn unsure(error: &Error) -> bool {
    let lost = error.cause::<Failure>().is_some_and(Failure::may_have_arrived);
    lost || matches!(status(error), Some(400 | 409))
}

fn approval(told: shapes::Approval) -> Approval {
    let names = told.steps.into_iter().filter_map(|step| step.assigned_approver?.display_name);
    Approval { id: told.id, status: told.status, instructions: told.instructions, by: names.collect() }
}
