//! Failed tests, read from the report files that a workspace holds: JUnit, TRX, xUnit.net, NUnit.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The largest report that is read, in bytes.
pub const MAX_REPORT: usize = 64 << 20;
/// The most failures that are taken from one report.
const MAX_FAILURES: usize = 10_000;
/// The longest message that is kept, in characters.
const MAX_MESSAGE: usize = 500;

/// A test that failed, as a report tells it. Nothing in it is scrubbed: the caller does that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTest {
    /// The class or suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The test's name.
    pub name: String,
    /// The source file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The message's first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whether a file may be a test report, judged by its path alone (`/` or `\` between its parts).
pub fn is_report_name(path: &str) -> bool {
    let path = path.replace('\\', "/").to_ascii_lowercase();
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let dirs = ["test-results", "test-reports", "surefire-reports", "failsafe-reports", "testresults", "junit"];
    let names = ["junit", "testresult", "test-result", "test_result", "xunit", "nunit", "test-report", "pytest"];
    name.ends_with(".trx")
        || (name.ends_with(".xml")
            && (name.starts_with("test-")
                || names.iter().any(|part| name.contains(part))
                || dir.split('/').any(|part| dirs.contains(&part))))
}

/// Reads the failed tests of a report. A report that is broken gives what stands before the break; one that is none,
/// or larger than [`MAX_REPORT`], gives nothing. Entities that a document defines itself are not expanded.
pub fn parse(bytes: &[u8]) -> Vec<FailedTest> {
    if bytes.len() > MAX_REPORT {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut report = Report::default();
    while report.failed.len() < MAX_FAILURES {
        match reader.read_event() {
            Ok(Event::Start(tag)) => report.open(&tag),
            Ok(Event::Empty(tag)) => {
                report.open(&tag);
                report.close(tag.local_name().as_ref());
            }
            Ok(Event::End(tag)) => report.close(tag.local_name().as_ref()),
            Ok(Event::Text(text)) => report.text(&String::from_utf8_lossy(&text)),
            Ok(Event::CData(text)) => report.text(&String::from_utf8_lossy(&text)),
            Ok(Event::GeneralRef(name)) => report.reference(&String::from_utf8_lossy(&name)),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    report.finish()
}

#[derive(Default)]
struct Report {
    suites: Vec<String>,
    test: Option<Test>,
    /// The text of the element that holds a message, while it is open.
    message: Option<String>,
    failed: Vec<Test>,
    /// TRX names the class of a test behind the results, by the test's id.
    classes: HashMap<String, String>,
    definition: Option<String>,
}

#[derive(Default)]
struct Test {
    found: FailedTest,
    id: Option<String>,
    has_failed: bool,
}

impl Report {
    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"testsuite" => self.suites.push(attribute(tag, "name").unwrap_or_default()),
            b"testcase" => {
                let suite = attribute(tag, "classname").or_else(|| self.suites.last().cloned());
                self.begin(tag, "name", suite, false);
            }
            b"UnitTestResult" => {
                let outcome = attribute(tag, "outcome").unwrap_or_default();
                let failed = ["Failed", "Error", "Timeout", "Aborted"].contains(&&*outcome);
                self.begin(tag, "testName", None, failed);
                if let Some(test) = &mut self.test {
                    test.id = attribute(tag, "testId");
                }
            }
            b"test" => {
                let failed = attribute(tag, "result").is_some_and(|r| r == "Fail");
                self.begin(tag, "name", attribute(tag, "type"), failed);
            }
            b"test-case" => {
                let failed = attribute(tag, "result").is_some_and(|r| r == "Failed");
                self.begin(tag, "name", attribute(tag, "classname"), failed);
            }
            b"failure" | b"error" => {
                if let Some(test) = &mut self.test {
                    test.has_failed = true;
                    test.found.message = test.found.message.take().or_else(|| first_line(&attribute(tag, "message")?));
                    self.message = Some(String::new());
                }
            }
            b"Message" | b"message" if self.test.is_some() => self.message = Some(String::new()),
            b"UnitTest" => self.definition = attribute(tag, "id"),
            b"TestMethod" => {
                if let (Some(id), Some(class)) = (self.definition.take(), attribute(tag, "className")) {
                    self.classes.insert(id, class);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>, name: &str, suite: Option<String>, has_failed: bool) {
        let found = FailedTest {
            suite: suite.filter(|s| !s.is_empty()),
            name: attribute(tag, name).unwrap_or_default(),
            file: attribute(tag, "file").or_else(|| attribute(tag, "source-file")),
            message: None,
        };
        self.test = Some(Test { found, id: None, has_failed });
    }

    fn close(&mut self, tag: &[u8]) {
        match tag {
            b"testsuite" => drop(self.suites.pop()),
            b"failure" | b"error" | b"Message" | b"message" => {
                let text = self.message.take().unwrap_or_default();
                if let Some(test) = &mut self.test {
                    test.found.message = test.found.message.take().or_else(|| first_line(&text));
                }
            }
            b"testcase" | b"UnitTestResult" | b"test" | b"test-case" => {
                self.failed.extend(self.test.take().filter(|test| test.has_failed));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(message) = &mut self.message
            && message.len() < 4 * MAX_MESSAGE
        {
            message.extend(text.chars().take(4 * MAX_MESSAGE));
        }
    }

    fn reference(&mut self, name: &str) {
        let text = format!("&{name};");
        self.text(&unescape(&text).unwrap_or_default());
    }

    fn finish(mut self) -> Vec<FailedTest> {
        // What a broken report leaves open counts if it has failed.
        self.failed.extend(self.test.take().filter(|test| test.has_failed));
        let class = |test: &Test| self.classes.get(test.id.as_ref()?).cloned();
        self.failed
            .iter()
            .map(|test| FailedTest { suite: test.found.suite.clone().or_else(|| class(test)), ..test.found.clone() })
            .collect()
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name.as_bytes())?;
    let raw = String::from_utf8_lossy(&attribute.value);
    Some(unescape(&raw).map_or_else(|_| raw.to_string(), |text| text.into_owned()))
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(MAX_MESSAGE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn failed(suite: &str, name: &str, file: Option<&str>, message: &str) -> FailedTest {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FailedTest { suite: some(suite), name: name.into(), file: file.map(Into::into), message: some(message) }
    }

    #[test]
    fn failures_are_read_from_every_format() {
        let cases = [
            (
                r#"<?xml version="1.0"?><testsuites><testsuite name="s"><testcase classname="a.B" name="ok"/>
                <testcase classname="a.B" name="bad" file="b.py"><failure message="1 &lt; 2&#10;more">x</failure></testcase>
                <testcase name="worse"><error type="E"><![CDATA[
                  boom
                  at line 3]]></error><system-out>no</system-out></testcase>
                <testcase name="skipped"><skipped message="later"/></testcase></testsuite></testsuites>"#,
                vec![failed("a.B", "bad", Some("b.py"), "1 < 2"), failed("s", "worse", None, "boom")],
            ),
            (
                "\u{feff}<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"><Results>
                <UnitTestResult testId=\"1\" testName=\"N.C.Ok\" outcome=\"Passed\"/>
                <UnitTestResult testId=\"2\" testName=\"Bad\" outcome=\"Failed\"><Output><StdOut>x</StdOut><ErrorInfo>
                <Message>Assert &amp; fail</Message><StackTrace>y</StackTrace></ErrorInfo></Output></UnitTestResult></Results>
                <TestDefinitions><UnitTest id=\"2\"><TestMethod className=\"N.C\" name=\"Bad\"/></UnitTest></TestDefinitions></TestRun>",
                vec![failed("N.C", "Bad", None, "Assert & fail")],
            ),
            (
                r#"<assemblies><assembly><collection><test name="N.C.M(x: 1)" type="N.C" method="M" result="Fail">
                <failure exception-type="X"><message>no</message></failure></test><test name="b" result="Pass"/>
                </collection></assembly></assemblies>"#,
                vec![failed("N.C", "N.C.M(x: 1)", None, "no")],
            ),
            (
                r#"<testsuite name="s"><testcase name="a"><failure>first</failure></testcase><testcase name="b"><failure>cut"#,
                vec![failed("s", "a", None, "first"), failed("s", "b", None, "")],
            ),
            (
                r#"<!DOCTYPE x [<!ENTITY e "expanded">]><testsuite><testcase name="a"><failure>m&e;n</failure></testcase></testsuite>"#,
                vec![failed("", "a", None, "mn")],
            ),
            ("<project><test>1</test><testcase name='x'/></project>", vec![]),
            ("not xml at all & <", vec![]),
        ];
        for (xml, expected) in cases {
            assert_eq!(parse(xml.as_bytes()), expected, "{xml}");
        }
    }

    #[test]
    fn reports_are_told_by_their_names() {
        for path in [
            "x/a.trx",
            "build/junit.xml",
            "out/my-junit-4.xml",
            "target/surefire-reports/a.xml",
            "TEST-org.a.B.xml",
            "build/test-results/test/a.xml",
            "testResults.xml",
            "a\\TestResults\\b.xml",
        ] {
            assert!(is_report_name(path), "{path}");
        }
        for path in ["pom.xml", "junit.txt", "src/junit.rs", "test-results/a.html", "a.trx.bak"] {
            assert!(!is_report_name(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            parts in prop::collection::vec(prop::sample::select(vec![
                "<testsuite name='a'>", "</testsuite>", "<testcase name=\"b\">", "<failure message='&x;&#0;'>", "</failure>",
                "<![CDATA[", "]]>", "&amp", "<Message>", "</testcase>", "<UnitTestResult outcome='Failed'>", "<!--", "\u{fffd}",
            ]), 0..30),
        ) {
            parse(&bytes);
            let mut mixed = parts.concat().into_bytes();
            mixed.extend(&bytes);
            mixed.extend(parts.concat().bytes());
            parse(&mixed);
        }
    }
}
