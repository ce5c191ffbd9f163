//! Stopping what runs, and taking back what waits.

use super::{
    api::{Api, status},
    id::Id,
    lists::{self, Place},
};
use crate::{
    error::{Error, Kind, Result},
    http::{Answer, Repeat},
    pipeline::run::Run,
};

/// What waits may begin while it is taken out of the queue.
const TRIES: usize = 3;

/// Stops a run, or takes it back. One that is over, or that the server does not know any more, stays as it is.
///
/// # Errors
/// Those of [`Api::post`]; `Denied` without the permission.
pub async fn cancel(api: &Api, run: &Run) -> Result<()> {
    let Some(id) = Id::parse(&run.id) else {
        return Err(Error::new(Kind::NotFound, format!("the id {:?} is none of Jenkins", run.id)));
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let (url, item) = match lists::resolve(api, &run.job, &id).await? {
            Place::Gone => return Ok(()),
            Place::Build(build) if !build.building => return Ok(()),
            Place::Item(item) if item.cancelled == Some(true) => return Ok(()),
            Place::Build(build) => (api.job_url(&run.job, &[&build.number.to_string(), "stop"]), None),
            Place::Item(item) => (api.url(&["queue", "cancelItem"]), Some(item.id.to_string())),
        };
        let fields: Vec<(&str, &str)> = item.iter().map(|item| ("id", item.as_str())).collect();
        // Stopping twice is stopping.
        match api.post(&url, &fields, Repeat::Safe).await {
            Ok(answer) if is_done(&answer) => return Ok(()),
            Ok(answer) => {
                return Err(Error::new(Kind::Denied, format!("{} answered {}", api.name, answer.status))
                    .hint("it sends callers elsewhere, perhaps to sign in: check the address and the credentials"));
            }
            Err(error) if tries < TRIES && matches!(status(&error), Some(404 | 500)) => {}
            Err(error) if status(&error) == Some(422) => {
                return Err(Error::new(Kind::Denied, "the item of the queue may not be taken back")
                    .with_source(error)
                    .hint("ask for the permission Job/Cancel"));
            }
            Err(error) => return Err(error),
        }
    }
}

/// A stop is answered with the way back: to the build, to the queue.
fn is_done(answer: &Answer) -> bool {
    let back = |to: &str| to == "." || to.contains("/job/") || to.contains("/queue");
    answer.status < 300 || answer.header("location").is_some_and(back)
}
