//! The pushlog of a real Mercurial: its names, its files, its refusals.

#[path = "support/mercurial.rs"]
mod mercurial;
#[allow(dead_code, reason = "shared with other suites")]
mod support;

use ci_tool::{
    error::Kind,
    http::Client,
    vcs::{Vcs, Walk, pushlog::Pushlog},
};
use libtest_mimic::Trial;
use mercurial::Mercurial;
use serde_json::json;
use std::process::ExitCode;

fn main() -> ExitCode {
    let name = "a_real_mercurial_is_read";
    let trial = Trial::test(name, || {
        tokio::runtime::Runtime::new().unwrap().block_on(a_real_mercurial_is_read());
        Ok(())
    });
    support::run(Vec::new(), vec![trial], || ())
}

async fn a_real_mercurial_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mercurial = Mercurial::init(dir.path());
    let nodes = mercurial.line(40);
    assert_eq!(nodes.len(), 40);
    // Two changesets a push, around the number that grows a digit.
    let pushes: Vec<_> = nodes
        .chunks(2)
        .enumerate()
        .map(|(at, nodes)| json!([99_990 + at, 1_700_000_000 + 60 * at, "ada@example.org", nodes]))
        .collect();
    let served = mercurial.serve(&json!(pushes));
    let pushlog = Pushlog::open(&served.url, Client::new()).unwrap();

    let walk = Walk { with_paths: true, ..Walk::default() };
    let found = pushlog.range("99998", &nodes[22][..12], &walk).await.unwrap();
    let told: Vec<_> = found.iter().map(|r| (r.number.unwrap(), r.id.as_str(), r.subject.as_str())).collect();
    let expected: Vec<_> =
        (9..=11).map(|at| (99_990 + at as u64, nodes[2 * at + 1].as_str(), format!("r{}", 2 * at + 1))).collect();
    assert_eq!(told, expected.iter().map(|(number, id, subject)| (*number, *id, subject.as_str())).collect::<Vec<_>>());
    assert_eq!(found[1].paths, ["nf20", "nf21"]);
    let all = pushlog.back("tip", usize::MAX, &Walk::default()).await.unwrap();
    assert_eq!(
        all.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
        nodes.iter().skip(1).step_by(2).rev().collect::<Vec<_>>()
    );

    for name in [nodes[3].as_str(), &nodes[2], &nodes[2][..12], "99991", "push:99991"] {
        let found = pushlog.resolve(name).await.unwrap();
        assert_eq!((found.number, found.id.as_str()), (Some(99_991), nodes[3].as_str()), "{name}");
    }
    assert_eq!(pushlog.branch_of(&nodes[3]).await.unwrap().as_deref(), Some("default"));
    assert_eq!(pushlog.file(&nodes[3], "nf2").await.unwrap().unwrap(), b"r2\n");
    assert_eq!(pushlog.file(&nodes[3], "nf4").await.unwrap(), None);

    // One digit means several of forty changesets.
    let mut digits: Vec<&str> = nodes.iter().map(|node| &node[..1]).filter(|d| d.parse::<u8>().is_err()).collect();
    digits.sort_unstable();
    let shared = digits.windows(2).find(|w| w[0] == w[1]).unwrap()[0];
    for name in ["nothing", "0123456789ab", "-x", "--output=x", shared] {
        let error = pushlog.resolve(name).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{name}: {error}: {:?}", error.causes());
    }
    assert_eq!(pushlog.file(&"0123456789".repeat(4), "a").await.unwrap_err().kind(), Kind::NotFound);
}
