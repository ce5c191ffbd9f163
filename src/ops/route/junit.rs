//! Cases as a JUnit report, which every CI system shows.

use super::cases::{Difference, Held};
use crate::error::{Error, Kind, Result};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use std::io;

/// Writes the report: one suite, a case each, and a failure with what was expected.
///
/// # Errors
/// `Internal`, should XML not be writable.
pub fn junit(suite: &str, cases: &[Held]) -> Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, suite, cases).map_err(|e| Error::new(Kind::Internal, "writing the report").with_source(e))?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn write(writer: &mut Writer<Vec<u8>>, suite: &str, cases: &[Held]) -> io::Result<()> {
    let failures = cases.iter().filter(|held| !held.passed()).count().to_string();
    let (total, suite) = (cases.len().to_string(), allowed(suite));
    let counts = [("name", &*suite), ("tests", &*total), ("failures", &*failures), ("errors", "0")];
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element("testsuites").with_attributes(counts).write_inner_content(|writer| {
        writer
            .create_element("testsuite")
            .with_attributes(counts)
            .write_inner_content(|writer| cases.iter().try_for_each(|held| case(writer, &suite, held)))?;
        Ok(())
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, suite: &str, held: &Held) -> io::Result<()> {
    let (name, file) = (allowed(&held.case.name), allowed(&held.case.place.file.display().to_string()));
    let line = held.case.place.line.to_string();
    let place = [("name", &*name), ("classname", suite), ("file", &*file), ("line", &*line)];
    let element = writer.create_element("testcase").with_attributes(place);
    if held.passed() {
        return element.write_empty().map(drop);
    }
    let differences: Vec<String> = held.differences.iter().map(sentence).collect();
    let message = allowed(&differences.join("; "));
    let steps = held.trace.iter().map(|step| format!("{}: {}", step.rule, step.why));
    let text: Vec<String> = differences.iter().cloned().chain(steps).collect();
    let text = allowed(&text.join("\n"));
    element
        .write_inner_content(|writer| {
            let failure = writer.create_element("failure").with_attribute(("message", &*message));
            failure.write_text_content(BytesText::new(&text)).map(drop)
        })
        .map(drop)
}

/// A difference in words.
pub fn sentence(difference: &Difference) -> String {
    format!("{}: expected {}, got {}", difference.field, difference.expected, difference.got)
}

/// Without the characters that XML 1.0 does not allow even when they are escaped.
fn allowed(text: &str) -> String {
    let good = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if good(c) { c } else { '\u{fffd}' }).collect()
}
