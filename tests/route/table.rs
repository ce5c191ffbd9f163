//! `cases.yaml`, to the letter. Read here by other code than that of `route test`, which is held against it in turn.

use crate::{file, sandbox::Sandbox};
use ci_tool::ops::route::{decide::decide, job::Job, rules::Rules};
use serde::Deserialize;
use std::collections::HashSet;

/// Fewer cases are not the table.
const LEAST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    cases: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    job: Job,
    expect: Outcome,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Outcome {
    queue: Option<String>,
    subscription: Option<String>,
    rule: Option<String>,
    reason: Option<String>,
    event: Option<String>,
    error: Option<String>,
}

fn load(text: &str) -> Result<Vec<Row>, String> {
    let table: Table = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
    let mut names = HashSet::new();
    if let Some(twice) = table.cases.iter().find(|row| !names.insert(&row.name)) {
        return Err(format!("{:?} is there twice", twice.name));
    }
    let whole = |o: &Outcome| o.error.is_some() || (o.queue.is_some() && o.rule.is_some() && o.reason.is_some());
    if let Some(row) = table.cases.iter().find(|row| !whole(&row.expect)) {
        return Err(format!("{:?} expects too little", row.name));
    }
    match table.cases.len() {
        n if n < LEAST => Err(format!("{n} cases")),
        _ => Ok(table.cases),
    }
}

#[test]
fn every_case_of_the_table_is_decided_as_it_says() {
    let rules = Rules::load(&file("rules.yaml")).unwrap();
    let rows = load(&std::fs::read_to_string(file("cases.yaml")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for Row { name, job, expect } in rows {
        let job = job.settle();
        let got = match decide(&rules, &job) {
            Err(error) => Outcome { error: Some(error.kind().as_str().into()), ..Outcome::default() },
            Ok(decision) => Outcome {
                queue: Some(decision.id().to_string()),
                // Not every case says it.
                subscription: expect.subscription.as_ref().map(|_| rules.queue(decision.queue).subscription.clone()),
                rule: Some(decision.by.rule().into()),
                reason: Some(decision.by.reason().into()),
                event: decision.event.map(|event| event.code().into()),
                error: None,
            },
        };
        if got != expect {
            wrong.push(format!("{name}\n  expected {expect:?}\n  got      {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_table_that_is_empty_or_short_or_says_a_name_twice_is_refused() {
    let row = |n: usize| format!("- {{name: \"{n}\", job: {{queue: q}}, expect: {{error: usage}}}}\n");
    let rows = |numbers: &mut dyn Iterator<Item = usize>| format!("cases:\n{}", numbers.map(row).collect::<String>());
    assert_eq!(load(&rows(&mut (0..LEAST))).map_err(drop).unwrap().len(), LEAST);
    for (text, fault) in [
        (String::new(), ""),
        ("cases: []".into(), "0 cases"),
        (rows(&mut (1..LEAST)), "199 cases"),
        (rows(&mut (0..LEAST).chain([7])), "\"7\" is there twice"),
        ("cases: [{name: a, job: {queue: q}, expect: {queue: q}}]".into(), "expects too little"),
    ] {
        let Err(error) = load(&text) else { panic!("accepted: {text}") };
        assert!(error.contains(fault), "{error}");
    }
}

#[test]
fn the_verb_holds_the_table_and_covers_all_of_its_rules() {
    let sandbox = Sandbox::new();
    let ran =
        sandbox.tool(["route", "test", "--coverage", "100", "--rules"]).args([file("rules.yaml"), file("cases.yaml")]);
    ran.run().ok().silent().prints(&[" 0 failed; ", "(100 %)"]);
}
