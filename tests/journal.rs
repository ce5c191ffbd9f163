//! Both journals keep one contract, and each survives the crashes it can meet.

#[path = "support/memory.rs"]
mod memory;

use async_trait::async_trait;
use ci_tool::{
    error::{Kind, Result},
    journal::{FileJournal, StoreJournal},
    pipeline::id::Id,
    store::{Key, Precondition, Store},
};
use futures::future::join_all;
use memory::{Fault, Memory};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Record {
    Submit { job: String, number: u64 },
    Done(u64),
}

fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    let job = |number| format!("line\none, \"{number}\" \u{1f980}\0");
    numbers.flat_map(|number| [Record::Submit { job: job(number), number }, Record::Done(number)]).collect()
}

// The contract.

#[async_trait]
trait Journal: Send {
    async fn append(&mut self, record: &Record) -> Result<()>;
}

#[async_trait]
impl Journal for FileJournal<Record> {
    async fn append(&mut self, record: &Record) -> Result<()> {
        self.append_synced(record)
    }
}

#[async_trait]
impl Journal for StoreJournal<Record> {
    async fn append(&mut self, record: &Record) -> Result<()> {
        StoreJournal::append(self, record).await
    }
}

/// A place where one journal lives.
#[async_trait]
trait Place {
    async fn open(&self) -> Result<(Box<dyn Journal>, Vec<Record>)>;
    async fn read(&self) -> Result<Vec<Record>>;
    /// Writes the journal's bytes behind its back, as an earlier or a later version, or a broken disk, would have.
    async fn plant(&self, bytes: &str);
}

struct InFile(tempfile::TempDir);

impl InFile {
    fn path(&self) -> PathBuf {
        self.0.path().join("session.ndjson")
    }
}

#[async_trait]
impl Place for InFile {
    async fn open(&self) -> Result<(Box<dyn Journal>, Vec<Record>)> {
        let (journal, records) = FileJournal::open(&self.path(), "a test")?;
        Ok((Box::new(journal), records))
    }

    async fn read(&self) -> Result<Vec<Record>> {
        FileJournal::read(&self.path())
    }

    async fn plant(&self, bytes: &str) {
        fs::write(self.path(), bytes).unwrap();
    }
}

struct InStore {
    store: Arc<Memory>,
    opened: Mutex<u8>,
}

impl InStore {
    fn new() -> Self {
        InStore { store: Memory::new(), opened: Mutex::new(0) }
    }

    async fn journal(&self) -> Result<(StoreJournal<Record>, Vec<Record>)> {
        let number = {
            let mut opened = self.opened.lock().unwrap();
            *opened += 1;
            *opened
        };
        StoreJournal::open(self.store.clone(), prefix(), Id::from_random([number; 10])).await
    }

    async fn segments(&self) -> usize {
        use futures::StreamExt;
        self.store.list("sessions/one/", None).count().await
    }
}

#[async_trait]
impl Place for InStore {
    async fn open(&self) -> Result<(Box<dyn Journal>, Vec<Record>)> {
        let (journal, records) = self.journal().await?;
        Ok((Box::new(journal), records))
    }

    async fn read(&self) -> Result<Vec<Record>> {
        StoreJournal::read(&(self.store.clone() as _), &prefix()).await
    }

    async fn plant(&self, bytes: &str) {
        let key = Key::new("sessions/one/00000000.ndjson").unwrap();
        self.store.put(&key, bytes.to_owned().into(), Precondition::None).await.unwrap();
    }
}

fn prefix() -> Key {
    Key::new("sessions/one").unwrap()
}

fn places() -> [Box<dyn Place>; 2] {
    [Box::new(InFile(tempfile::tempdir().unwrap())), Box::new(InStore::new())]
}

#[tokio::test]
async fn what_was_appended_is_read_back_in_order_by_all_who_come_after() {
    for place in places() {
        assert_eq!(place.read().await.unwrap(), []);
        for round in 0..3 {
            let (mut journal, before) = place.open().await.unwrap();
            assert_eq!(before, records(0..round));
            for record in records(round..round + 1) {
                journal.append(&record).await.unwrap();
            }
            assert_eq!(place.read().await.unwrap(), records(0..round + 1), "a reader needs no lock");
        }
    }
}

#[tokio::test]
async fn at_most_one_of_two_owners_goes_on() {
    for place in places() {
        let (mut first, _) = place.open().await.unwrap();
        let mut appended = 0;
        let mut kinds = Vec::new();
        match place.open().await {
            Ok((mut second, _)) => {
                for journal in [&mut second, &mut first] {
                    match journal.append(&Record::Done(1)).await {
                        Ok(()) => appended += 1,
                        Err(e) => kinds.push(e.kind()),
                    }
                }
            }
            Err(e) => {
                kinds.push(e.kind());
                first.append(&Record::Done(1)).await.unwrap();
                appended += 1;
            }
        }
        assert_eq!(appended, 1);
        assert!(matches!(kinds[..], [Kind::Exists | Kind::Precondition]), "{kinds:?}");
        assert_eq!(place.read().await.unwrap(), [Record::Done(1)]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let good = r#"{"schema":1,"requires":[],"from":"a later minor version"}"#;
    for (bytes, kind, says) in [
        (format!("{good}\n{{\"Done\":1}}\n{{\"Done\":\n"), Kind::Corrupt, "line 3"),
        (format!("{good}\n\n"), Kind::Corrupt, "line 2"),
        (format!("{good}\n\0\0\0\0\n{{\"Done\":1}}\n"), Kind::Corrupt, "line 2"),
        ("{\"Done\":1}\n".into(), Kind::Corrupt, "line 1"),
        ("{\"schema\":1,\"requires\":[\"zstd\"]}\n?\n".into(), Kind::Unsupported, "\"zstd\""),
        ("{\"schema\":2,\"requires\":[]}\n?\n".into(), Kind::Unsupported, "schema 2"),
    ] {
        for place in places() {
            place.plant(&bytes).await;
            let opened = place.open().await.err().unwrap();
            let read = place.read().await.unwrap_err();
            for error in [opened, read] {
                assert_eq!(error.kind(), kind, "{bytes}");
                assert!(error.message().contains(says) && error.message().contains("ndjson"), "{}", error.message());
                assert_eq!(error.hints().len(), 1);
            }
        }
    }
    for place in places() {
        place.plant(&format!("{good}\n{{\"Done\":1}}\n")).await;
        assert_eq!(place.read().await.unwrap(), [Record::Done(1)], "an unknown field is read over");
    }
}

// The file.

#[test]
fn the_second_opener_learns_who_holds_the_file() {
    let place = InFile(tempfile::tempdir().unwrap());
    let (first, _) = FileJournal::<Record>::open(&place.path(), "bisecting, process 4711").unwrap();
    let error = FileJournal::<Record>::open(&place.path(), "resuming").unwrap_err();
    assert_eq!(error.kind(), Kind::Exists);
    if cfg!(unix) {
        assert!(error.message().contains("bisecting, process 4711"), "{}", error.message());
    }
    drop(first);
    FileJournal::<Record>::open(&place.path(), "resuming").unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]
    #[test]
    fn whatever_prefix_of_the_file_survives_gives_a_prefix_of_the_records_and_can_be_continued(
        texts in prop::collection::vec(".{0,12}", 1..5),
    ) {
        let place = InFile(tempfile::tempdir().unwrap());
        let all: Vec<Record> = texts.into_iter().map(|job| Record::Submit { job, number: 0 }).collect();
        let (mut journal, _) = FileJournal::open(&place.path(), "a test").unwrap();
        all.iter().for_each(|record| journal.append(record).unwrap());
        drop(journal);
        let bytes = fs::read(place.path()).unwrap();
        for cut in 0..=bytes.len() {
            fs::write(place.path(), &bytes[..cut]).unwrap();
            let lines = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            let expected = &all[..lines.saturating_sub(1)];
            prop_assert_eq!(FileJournal::<Record>::read(&place.path()).unwrap(), expected);
            let (mut journal, survived) = FileJournal::open(&place.path(), "a test").unwrap();
            prop_assert_eq!(survived, expected);
            journal.append(&Record::Done(9)).unwrap();
            drop(journal);
            let continued = [expected, &[Record::Done(9)]].concat();
            prop_assert_eq!(FileJournal::<Record>::read(&place.path()).unwrap(), continued);
        }
    }
}

#[test]
fn a_torn_line_is_not_read_by_others_and_does_not_spoil_the_next() {
    let place = InFile(tempfile::tempdir().unwrap());
    drop(FileJournal::<Record>::open(&place.path(), "a test").unwrap());
    fs::OpenOptions::new().append(true).open(place.path()).unwrap().write_all(b"{\"Done\":1}").unwrap();
    assert_eq!(FileJournal::<Record>::read(&place.path()).unwrap(), []);
    let (mut journal, _) = FileJournal::open(&place.path(), "a test").unwrap();
    journal.append(&Record::Done(2)).unwrap();
    assert_eq!(FileJournal::<Record>::read(&place.path()).unwrap(), [Record::Done(2)]);
}

// The store.

#[tokio::test]
async fn records_appended_while_a_segment_is_written_share_the_next() {
    let place = InStore::new();
    let (journal, _) = place.journal().await.unwrap();
    let all = records(0..50);
    let appends = join_all(all.iter().map(|record| journal.append(record)));
    assert!(appends.await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(place.read().await.unwrap(), all);
    let segments = place.segments().await;
    assert!(segments <= 3, "{segments} segments for 100 records appended at once");
}

#[tokio::test]
async fn of_writers_that_race_one_wins_and_the_others_stop_for_good() {
    let place = InStore::new();
    let mut journals = Vec::new();
    for _ in 0..4 {
        journals.push(place.journal().await.unwrap().0);
    }
    let race = journals.iter().zip(0..).map(|(journal, number)| async move {
        let mut done = Vec::new();
        for step in 0..5 {
            let record = Record::Done(number * 100 + step);
            match journal.append(&record).await {
                Ok(()) => done.push(record),
                Err(e) => {
                    assert_eq!(e.kind(), Kind::Precondition);
                    assert!(e.message().contains("another process took over"));
                }
            }
        }
        done
    });
    let done: Vec<_> = join_all(race).await.into_iter().filter(|done| !done.is_empty()).collect();
    assert_eq!(done.len(), 1, "one winner");
    assert_eq!(done[0].len(), 5);
    assert_eq!(place.read().await.unwrap(), done[0]);
}

#[tokio::test]
async fn a_new_opener_takes_over_from_an_owner_in_the_middle() {
    let place = InStore::new();
    let (old, _) = place.journal().await.unwrap();
    old.append(&Record::Done(1)).await.unwrap();
    let (new, before) = place.journal().await.unwrap();
    assert_eq!(before, [Record::Done(1)]);
    new.append(&Record::Done(2)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(old.append(&Record::Done(3)).await.unwrap_err().kind(), Kind::Precondition);
    }
    new.append(&Record::Done(4)).await.unwrap();
    assert_eq!(place.read().await.unwrap(), [Record::Done(1), Record::Done(2), Record::Done(4)]);
}

#[tokio::test]
async fn a_lost_answer_neither_loses_the_session_nor_repeats_a_record() {
    for (fault, again, expected) in [
        (Fault::Refused, 1, vec![1, 2]),
        (Fault::AnswerLost, 1, vec![1, 2]),
        (Fault::Refused, 7, vec![7, 2]),
        (Fault::AnswerLost, 7, vec![1, 7, 2]),
    ] {
        let place = InStore::new();
        let (journal, _) = place.journal().await.unwrap();
        place.store.faults.lock().unwrap().push_back(fault);
        assert_eq!(journal.append(&Record::Done(1)).await.unwrap_err().kind(), Kind::Transient);
        journal.append(&Record::Done(again)).await.unwrap();
        journal.append(&Record::Done(2)).await.unwrap();
        let expected: Vec<Record> = expected.into_iter().map(Record::Done).collect();
        assert_eq!(place.read().await.unwrap(), expected, "{fault:?}, then {again}");
    }
}

#[tokio::test]
async fn a_missing_segment_is_corrupt_and_strange_objects_are_read_over() {
    let place = InStore::new();
    let (journal, _) = place.journal().await.unwrap();
    for number in 0..3 {
        journal.append(&Record::Done(number)).await.unwrap();
    }
    let key = |name: &str| Key::new(format!("sessions/one/{name}")).unwrap();
    place.store.put(&key("notes.txt"), "x".into(), Precondition::None).await.unwrap();
    assert_eq!(place.read().await.unwrap().len(), 3);
    place.store.delete(&key("00000001.ndjson")).await.unwrap();
    let error = place.read().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.message().contains("00000001.ndjson"));
}

#[tokio::test]
async fn a_crash_at_any_point_keeps_what_was_answered_and_an_unbroken_row() {
    let all = records(0..4);
    for writes_before_the_crash in 0..=all.len() {
        let place = InStore::new();
        let (journal, _) = place.journal().await.unwrap();
        place.store.writes.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
        place.store.writes.add_permits(writes_before_the_crash);
        let mut answered = 0;
        let work = async {
            for record in &all {
                journal.append(record).await.unwrap();
                answered += 1;
            }
        };
        let stuck = async {
            let start = Instant::now();
            while place.segments().await < writes_before_the_crash {
                assert!(start.elapsed() < Duration::from_secs(20));
                tokio::task::yield_now().await;
            }
            // Lets the append that cannot go on get as far as it can.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = work => {}
            () = stuck => {}
        }
        drop(journal);
        place.store.writes.add_permits(100);
        let (next, survived) = place.journal().await.unwrap();
        assert_eq!(survived, all[..survived.len()]);
        assert!(survived.len() >= answered && survived.len() == writes_before_the_crash);
        next.append(&all[0]).await.unwrap();
        assert_eq!(place.read().await.unwrap().len(), survived.len() + 1, "what was in flight does not come back");
    }
}
