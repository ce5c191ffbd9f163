//! How a run is found again.

use std::fmt;

/// A run's id: `queue/N` until it is known to have begun, then `JOB#NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// An item of the queue. Jenkins forgets it five minutes after it left; the build it became keeps its number.
    Queue(u64),
    /// A build of a job.
    Build(String, u64),
}

impl Id {
    /// Reads an id; `None` for what is none.
    pub fn parse(text: &str) -> Option<Id> {
        if let Some(item) = text.strip_prefix("queue/").and_then(|item| item.parse().ok()) {
            return Some(Id::Queue(item));
        }
        let (job, number) = text.rsplit_once('#')?;
        Some(Id::Build(job.to_owned(), number.parse().ok()?))
    }

    /// The item of the queue that an address ends with, as the header `Location` of a submission names it.
    pub fn of_location(location: &str) -> Option<u64> {
        let (_, item) = location.trim_end_matches('/').rsplit_once("queue/item/")?;
        item.parse().ok()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Queue(item) => write!(f, "queue/{item}"),
            Id::Build(job, number) => write!(f, "{job}#{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        for id in [
            Id::Queue(7),
            Id::Build("a".into(), 1),
            Id::Build("team/a#b/main".into(), 120),
            Id::Build("queue/3".into(), 4),
        ] {
            assert_eq!(Id::parse(&id.to_string()), Some(id));
        }
        for none in ["", "queue/", "queue/x", "a", "a#", "a#x", "#"] {
            assert_eq!(Id::parse(none), None, "{none}");
        }
    }

    #[test]
    fn the_item_is_read_from_a_location_whatever_the_server_thinks_its_address_is() {
        for (location, item) in [
            ("http://ci.example.org/jenkins/queue/item/25/", Some(25)),
            ("/queue/item/3", Some(3)),
            ("http://ci.example.org/job/a/", None),
            ("queue/item/x/", None),
        ] {
            assert_eq!(Id::of_location(location), item, "{location}");
        }
    }
}
