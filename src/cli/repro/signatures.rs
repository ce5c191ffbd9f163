//! `ci-tool repro list --by-signature`: failures that repeat, counted.

use super::list::age;
use crate::{
    cli::{
        Session,
        out::{Align, Table},
    },
    pipeline::record::Record,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prints how often each failure was recorded, the most frequent first, and which captures of it have its files. `captures` are in order, the latest first.
pub(super) fn print(session: &Session, captures: &[Record], now: Timestamp) {
    let mut groups: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in captures {
        if let Some(signature) = &record.signature {
            groups.entry(signature).or_default().push(record);
        }
    }
    let mut groups: Vec<(&str, Vec<&Record>)> = groups.into_iter().collect();
    groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| b.1[0].created.cmp(&a.1[0].created)));
    if session.out.is_json() {
        let value = |(signature, records): &(&str, Vec<&Record>)| -> Value {
            let ids: Vec<_> = records.iter().map(|r| &r.id).collect();
            let whole: Vec<_> = whole(records).map(|r| &r.id).collect();
            let job = &records[0].job.name;
            json!({ "signature": signature, "job": job, "count": records.len(), "captures": ids, "whole": whole })
        };
        let list: Vec<Value> = groups.iter().map(value).collect();
        return session.out.json(&json!({ "schema": 1, "signatures": list }));
    }
    let mut table = Table::new(&[
        ("SIGNATURE", Align::Left),
        ("COUNT", Align::Right),
        ("WHOLE", Align::Right),
        ("JOB", Align::Left),
        ("OUTCOME", Align::Left),
        ("LATEST WHOLE", Align::Left),
        ("AGE", Align::Right),
    ]);
    for (signature, records) in &groups {
        let latest = records[0];
        table.row([
            (*signature).to_owned(),
            records.len().to_string(),
            whole(records).count().to_string(),
            latest.job.name.clone(),
            latest.outcome.show(),
            whole(records).next().map_or_else(|| "-".into(), |r| r.id.to_string()),
            age(latest.created, now),
        ]);
    }
    session.out.table(&table);
    if groups.is_empty() {
        session.out.note("no capture here is of a failure");
    }
}

/// Those that have files: only they can be restored.
fn whole<'a>(records: &'a [&Record]) -> impl Iterator<Item = &'a Record> {
    records.iter().copied().filter(|record| record.has_tree())
}
