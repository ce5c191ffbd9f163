//! What the answer to a submission means.

use super::id::Id;

/// What became of a submission.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It waits as a new item of the queue.
    New(u64),
    /// It was folded into an item that was there: same job, same parameters.
    Folded(u64),
    /// Nothing was queued: a plugin of the server decided against it.
    Refused,
    /// The caller was sent elsewhere: to sign in, most likely.
    Elsewhere,
    /// It was taken, but where it is was not said.
    Lost,
}

/// Reads status and `Location`. A new item is 201; one that was there is 303, but 201 before JENKINS-66105 (2021), where only an
/// item that was handed out before (`is_known`) tells. A request that the queue refuses is redirected to the job (`.`).
pub fn taken(status: u16, location: Option<&str>, is_known: impl Fn(u64) -> bool) -> Taken {
    match (status, location.and_then(Id::of_location)) {
        (303, Some(item)) => Taken::Folded(item),
        (200..=302, Some(item)) if is_known(item) => Taken::Folded(item),
        (200..=302, Some(item)) => Taken::New(item),
        (200..=299, None) => Taken::Lost,
        _ if location.is_some_and(|to| to == "." || to.contains("/job/")) => Taken::Refused,
        _ => Taken::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_request_is_never_taken_for_a_new_one() {
        for (status, location, expected) in [
            (201, Some("http://h/queue/item/7/"), Taken::New(7)),
            (201, Some("http://h/queue/item/1/"), Taken::Folded(1)),
            (303, Some("http://h/queue/item/7/"), Taken::Folded(7)),
            (302, Some("http://h/queue/item/7/"), Taken::New(7)),
            (302, Some("http://h/job/a/"), Taken::Refused),
            (302, Some("."), Taken::Refused),
            (302, Some("http://h/login?from=x"), Taken::Elsewhere),
            (302, None, Taken::Elsewhere),
            (200, None, Taken::Lost),
            (201, Some("http://h/"), Taken::Lost),
        ] {
            assert_eq!(taken(status, location, |item| item == 1), expected, "{status} {location:?}");
        }
    }
}
