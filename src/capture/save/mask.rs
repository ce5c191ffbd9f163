//! Masking secrets in what is told of a capture.

use crate::{
    capture::{
        details::Details,
        secrets::{Hits, Scrubber},
    },
    error::{Error, Kind, Result},
    pipeline::{
        details::{Removed, SavedRoot},
        record::Record,
    },
};

/// What masking takes out of the command line.
pub(super) fn removed_of_command(details: &Details, scrubber: &Scrubber) -> Vec<Removed> {
    let mut hits = Hits::default();
    for text in details.command.iter().chain(&details.failed_command) {
        hits.add(&scrubber.scrub_whole(&mut text.clone().into_bytes()));
    }
    let removed = hits.counts.iter().map(|(kind, n)| Removed {
        place: "command".into(),
        name: "command".into(),
        action: "redacted".into(),
        reason: format!("it holds {kind} ({n}×)"),
    });
    removed.collect()
}

/// Masks secrets in everything that the details say, file names and command lines included.
pub(super) fn details(details: &Details, scrubber: &Scrubber) -> Result<Details> {
    let json: serde_json::Value = serde_json::from_slice(&details.to_json()?)
        .map_err(|e| Error::new(Kind::Internal, "masking the details").with_source(e))?;
    let masked = mask_value(json, scrubber).to_string();
    let masked = Details::from_json("this capture", masked.as_bytes())?;
    // Names of ours that a secret may equal by chance are none.
    let roots = masked.roots.into_iter().zip(&details.roots);
    let roots = roots.map(|(root, own)| SavedRoot { prefix: own.prefix.clone(), ..root }).collect();
    Ok(Details { roots, ..masked })
}

/// Masks the texts in a value: never its keys, which are ours, but for the names of variables, which are the job's own.
fn mask_value(value: serde_json::Value, scrubber: &Scrubber) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(mask_text(text, scrubber)),
        Value::Array(values) => values.into_iter().map(|v| mask_value(v, scrubber)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                // Words of the format, such as the kind of a problem, have to stay what they are.
                .map(|(key, v)| if WORDS.contains(&key.as_str()) { (key, v) } else { (key, mask_value(v, scrubber)) })
                .collect(),
        ),
        other => other,
    }
}

/// Fields whose values are words of the format.
const WORDS: [&str; 4] = ["kind", "place", "action", "system"];

fn mask_text(text: String, scrubber: &Scrubber) -> String {
    let mut bytes = text.into_bytes();
    scrubber.scrub_whole(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Masks secrets in what a record says of the job.
pub(super) fn record(mut record: Record, scrubber: &Scrubber) -> Record {
    for field in [
        &mut record.outcome.command,
        &mut record.job.url,
        &mut record.job.build,
        &mut record.revision.repository,
        &mut record.revision.commit,
        &mut record.revision.branch,
        &mut record.revision.pull_request,
        &mut record.revision.target,
        &mut record.owner,
    ] {
        *field = field.take().map(|text| mask_text(text, scrubber));
    }
    record.job.name = mask_text(std::mem::take(&mut record.job.name), scrubber);
    record
}
