//! Pipelines whose stages Azure DevOps runs, and builds that are adopted, against strict servers.

#[path = "support/bar.rs"]
mod bar;
#[path = "support/azure_devops.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;
#[path = "support/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;

use ci_tool::{
    engine::{
        EngineKind, Found, Spec, Submitted, Surroundings,
        azure_devops::pipelines::{Answer, Pipelines},
        bar::{Bar, LocationKind, Query},
    },
    error::{Error, Kind},
    http::{Client, Token},
    ops::stage::{
        adopt::{Adopted, Adoption, adopt},
        pipeline::{Pipeline, Profile},
        remote::{Observed, Remote, Request},
        run::HandoverId,
        select::Reason,
        state::State,
    },
    pipeline::id::{Id, LEN},
    process::Stop,
};
use fake::Fake;
use http::Reply;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::Future, io::Write, path::Path, pin::Pin, process::ExitCode};

type Test = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! trials {
    ($($name:ident),* $(,)?) => { vec![$(trial(stringify!($name), || Box::pin($name()))),*] };
}

fn trial(name: &str, test: Test) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test());
        Ok(())
    })
}

fn main() -> ExitCode {
    let trials = trials![
        a_run_is_started_with_just_what_was_asked,
        a_preview_starts_nothing,
        stages_are_told_as_they_are_and_a_failed_one_is_tried_again,
        a_retry_whose_answer_was_lost_is_done_once,
        an_approval_is_waited_for_and_answered,
        a_result_that_is_not_known_is_named,
        a_lost_start_is_found_again,
        a_sign_in_page_is_a_denial,
        the_registry_is_read_page_by_page,
        a_build_whose_files_are_its_assets_is_adopted,
        a_build_whose_files_are_others_is_refused,
    ];
    support::run(trials, vec![], || ())
}

fn around() -> Surroundings {
    Surroundings {
        name: "ado".into(),
        env: BTreeMap::from([("TOKEN".into(), fake::token()), ("STALE".into(), "stale".into())]),
        client: Client::new(),
        directory: ".".into(),
        cache: ".".into(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    }
}

fn spec(url: &str, token: &str) -> Spec {
    Spec {
        kind: Some(EngineKind::AzureDevops),
        url: Some(url.into()),
        project: Some(fake::world::PROJECT.into()),
        token_env: Some(token.into()),
        ..Spec::default()
    }
}

fn remote(fake: &Fake, name: &str) -> Remote {
    let text = format!(
        "engine: ado\nremote:\n  pipeline: {name}\n  branch: main\n  resource: build\n  parameters: {{bar: '{{bar_build_id}}'}}\nstages: {{validation: {{}}, publish: {{needs: [validation]}}}}\n"
    );
    let pipeline = Pipeline::parse(Path::new("release.yaml"), &text).unwrap();
    Remote::open(&pipeline, &spec(&fake.url(), "TOKEN"), &around()).unwrap()
}

fn id() -> Id {
    Id::from_random([3; LEN])
}

/// Starts a run without some stages.
async fn started(remote: &Remote, skip: &[&str]) -> (u64, BTreeMap<String, Reason>) {
    let left_out: BTreeMap<String, Reason> = skip.iter().map(|name| ((*name).to_owned(), Reason::Skip)).collect();
    match submit(remote, &left_out).await.unwrap() {
        Submitted::Run(run) => (run.id.parse().unwrap(), left_out),
        other => panic!("{other:?}"),
    }
}

async fn submit(remote: &Remote, left_out: &BTreeMap<String, Reason>) -> Result<Submitted, Error> {
    let (run, parameters) = (id(), BTreeMap::new());
    let handover = Some(&HANDOVER);
    remote.start(&Request { run: &run, profile: Profile::Test, left_out, handover, parameters: &parameters }).await
}

const HANDOVER: HandoverId = HandoverId { bar_build_id: 1, build_id: 101 };

/// A build that something can be pinned to: the first of all.
fn handed(fake: &Fake) {
    assert_eq!(fake.push("pass", &fake.revisions()[0]), "101");
}

fn states(observed: &Observed) -> BTreeMap<&str, State> {
    observed.stages.iter().map(|stage| (stage.name.as_str(), stage.state)).collect()
}

fn sent(fake: &Fake, method: &str, path: &str) -> Vec<Value> {
    let asked = fake.asked().into_iter().filter(|a| a.method == method && a.target.contains(path));
    asked.map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect()
}

async fn a_run_is_started_with_just_what_was_asked() {
    let fake = Fake::start();
    handed(&fake);
    for name in ["release", "13"] {
        let remote = remote(&fake, name);
        let left_out = BTreeMap::from([
            ("validation".to_owned(), Reason::Skip),
            ("publish".to_owned(), Reason::NotAmong("--only".into())),
        ]);
        let (run, handover) = (id(), HandoverId { bar_build_id: 269_450, build_id: 101 });
        let parameters = BTreeMap::from([("build".to_owned(), "{build_id}".to_owned())]);
        let request = Request {
            run: &run,
            profile: Profile::Test,
            left_out: &left_out,
            handover: Some(&handover),
            parameters: &parameters,
        };
        let Submitted::Run(begun) = remote.start(&request).await.unwrap() else { panic!("it was taken") };
        assert_eq!((begun.job.as_str(), begun.key.as_deref()), ("release", Some(run.as_str())));
        let expected = json!({
            "stagesToSkip": ["publish", "validation"],
            "templateParameters": { "bar": "269450", "build": "101" },
            "variables": { "ci_tool_run": { "value": run.as_str() } },
            "resources": { "repositories": { "self": { "refName": "refs/heads/main" } },
                           "pipelines": { "build": { "version": "20240501.101" } } },
        });
        assert_eq!(sent(&fake, "POST", "/13/runs?").pop(), Some(expected));
    }
    // What the pipeline does not have is refused, and nothing begins.
    let before = fake.runs().len();
    let strange = BTreeMap::from([("dorp".to_owned(), Reason::Skip)]);
    let error = submit(&remote(&fake, "release"), &strange).await.unwrap_err();
    assert_eq!((error.kind(), error.causes().join(" ").contains("Stage dorp")), (Kind::Usage, true), "{error:?}");
    for (name, kind) in [("releese", Kind::NotFound), ("nightly/classic", Kind::Unsupported), ("12", Kind::Usage)] {
        let error = submit(&remote(&fake, name), &BTreeMap::new()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error:?}");
    }
    assert_eq!(fake.runs().len(), before);
}

async fn a_preview_starts_nothing() {
    let fake = Fake::start();
    handed(&fake);
    let (run, nothing, parameters) = (id(), BTreeMap::new(), BTreeMap::new());
    let request = Request {
        run: &run,
        profile: Profile::Test,
        left_out: &nothing,
        handover: Some(&HANDOVER),
        parameters: &parameters,
    };
    let text = remote(&fake, "release").preview(&request).await.unwrap();
    assert!(text.contains("steps:"), "{text}");
    assert_eq!(
        (fake.runs().len(), sent(&fake, "POST", "/runs?").len(), sent(&fake, "POST", "/preview?").len()),
        (1, 0, 1)
    );
    let error = remote(&fake, "release").preview(&Request { handover: None, ..request }).await.unwrap_err();
    assert_eq!((error.kind(), error.message().contains("parameter bar")), (Kind::Usage, true), "{error:?}");
}

async fn stages_are_told_as_they_are_and_a_failed_one_is_tried_again() {
    let fake = Fake::start();
    handed(&fake);
    let remote = remote(&fake, "release");
    let (run, left_out) = started(&remote, &["validation"]).await;
    let mut observed = remote.observe(run, &left_out).await.unwrap();
    assert_eq!(states(&observed)["required_validation"], State::Running);
    let error = remote.retry(run, "sign_off").await.unwrap_err();
    assert_eq!((error.kind(), error.causes().join(" ").contains("has not ended")), (Kind::Usage, true), "{error:?}");
    for _ in 0..3 {
        observed = remote.observe(run, &left_out).await.unwrap();
    }
    let expected = BTreeMap::from([
        ("validation", State::Skipped),
        ("required_validation", State::Failed),
        ("publish", State::Blocked),
        ("sign_off", State::WaitingForApproval),
        ("finalize", State::Waiting),
    ]);
    assert_eq!(states(&observed), expected);
    // The same run, of which nobody knows what was deselected: a stage that was skipped satisfies nothing.
    let unknown = remote.observe(run, &BTreeMap::new()).await.unwrap();
    assert_eq!(states(&unknown)["validation"], State::Blocked);
    let failed = observed.stages.iter().find(|stage| stage.name == "required_validation").unwrap();
    assert!(failed.why.as_deref().unwrap_or_default().contains("exited with code '1'"), "{failed:?}");

    remote.retry(run, "required_validation").await.unwrap();
    assert_eq!(
        sent(&fake, "PATCH", "/stages/required_validation?"),
        [json!({ "state": "retry", "forceRetryAllJobs": false })]
    );
    for _ in 0..5 {
        observed = remote.observe(run, &left_out).await.unwrap();
    }
    let states = states(&observed);
    assert_eq!((states["required_validation"], states["publish"]), (State::Succeeded, State::Succeeded));
    let again = observed.stages.iter().find(|stage| stage.name == "required_validation").unwrap();
    let told: Vec<State> = again.told.attempts.iter().map(|attempt| attempt.state).collect();
    assert_eq!((again.attempt, told), (2, vec![State::Failed, State::Succeeded]));
    let error = remote.retry(run, "dorp").await.unwrap_err();
    assert_eq!((error.kind(), error.hints().join(" ").contains("sign_off")), (Kind::NotFound, true), "{error:?}");

    remote.cancel(run, Some("sign_off")).await.unwrap();
    observed = remote.observe(run, &left_out).await.unwrap();
    let sign_off = observed.stages.iter().find(|stage| stage.name == "sign_off").unwrap();
    assert_eq!((sign_off.state, sign_off.told.state()), (State::Cancelled, State::Cancelled));
    remote.cancel(run, None).await.unwrap();
}

async fn a_retry_whose_answer_was_lost_is_done_once() {
    let fake = Fake::start();
    handed(&fake);
    let remote = remote(&fake, "release");
    let (run, left_out) = started(&remote, &[]).await;
    for _ in 0..3 {
        remote.observe(run, &left_out).await.unwrap();
    }
    fake.lose();
    remote.retry(run, "required_validation").await.unwrap();
    assert_eq!(sent(&fake, "PATCH", "/stages/").len(), 1);
    let observed = remote.observe(run, &left_out).await.unwrap();
    assert_eq!(observed.stages.iter().find(|stage| stage.name == "required_validation").unwrap().attempt, 2);
}

async fn an_approval_is_waited_for_and_answered() {
    for (answer, expected) in [(Answer::Approve, State::SucceededWithIssues), (Answer::Reject, State::Blocked)] {
        let fake = Fake::start();
        handed(&fake);
        let remote = remote(&fake, "release");
        let (run, left_out) = started(&remote, &[]).await;
        let observed = remote.observe(run, &left_out).await.unwrap();
        assert_eq!(states(&observed)["sign_off"], State::WaitingForApproval);
        let error = remote.answer(run, "publish", answer, "").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{error:?}");
        let given = remote.answer(run, "sign_off", answer, "looked at it").await.unwrap();
        assert_eq!((given.len(), given[0].by.clone()), (1, vec!["Release managers".to_owned()]));
        let status = if answer == Answer::Approve { "approved" } else { "rejected" };
        let body = json!([{ "approvalId": "approval-sign_off", "status": status, "comment": "looked at it" }]);
        assert_eq!(sent(&fake, "PATCH", "/pipelines/approvals?"), [body]);
        // The same answer again is the same answer; another one comes too late.
        let pipelines = remote.pipelines();
        pipelines.answer("approval-sign_off", answer, "").await.unwrap();
        let other = if answer == Answer::Approve { Answer::Reject } else { Answer::Approve };
        assert_eq!(pipelines.answer("approval-sign_off", other, "").await.unwrap_err().kind(), Kind::Usage);
        let mut observed = remote.observe(run, &left_out).await.unwrap();
        for _ in 0..8 {
            observed = remote.observe(run, &left_out).await.unwrap();
        }
        assert_eq!(states(&observed)["finalize"], expected);
        let signed = if answer == Answer::Approve { State::Succeeded } else { State::Failed };
        assert_eq!(states(&observed)["sign_off"], signed);
    }
}

async fn a_result_that_is_not_known_is_named() {
    let fake = Fake::start();
    handed(&fake);
    let pipeline = "engine: ado\nremote: {pipeline: strange}\nstages: {odd: {}}\n";
    let pipeline = Pipeline::parse(Path::new("p.yaml"), pipeline).unwrap();
    let remote = Remote::open(&pipeline, &spec(&fake.url(), "TOKEN"), &around()).unwrap();
    let left_out = BTreeMap::new();
    let parameters = BTreeMap::new();
    let run = id();
    let request =
        Request { run: &run, profile: Profile::Test, left_out: &left_out, handover: None, parameters: &parameters };
    let Submitted::Run(begun) = remote.start(&request).await.unwrap() else { panic!("it was taken") };
    let begun = begun.id.parse().unwrap();
    remote.observe(begun, &left_out).await.unwrap();
    let error = remote.observe(begun, &left_out).await.unwrap_err();
    let said = error.causes().join(" ");
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(said.contains("the stage odd has the result \"WEIRD\""), "{error:?}");
}

async fn a_lost_start_is_found_again() {
    let fake = Fake::start();
    handed(&fake);
    let remote = remote(&fake, "release");
    let since = jiff::Timestamp::now();
    assert_eq!(remote.find(&id(), since).await.unwrap(), Found::Absent);
    fake.lose();
    let taken = submit(&remote, &BTreeMap::new()).await.unwrap();
    assert!(matches!(taken, Submitted::Uncertain(_)), "{taken:?}");
    assert_eq!(sent(&fake, "POST", "/runs?").len(), 1, "it is sent once");
    let Found::Run(found) = remote.find(&id(), since).await.unwrap() else { panic!("it is there") };
    assert_eq!((found.id.as_str(), found.key.as_deref()), ("102", Some(id().as_str())));
    let other = Id::from_random([4; LEN]);
    assert_eq!(remote.find(&other, since).await.unwrap(), Found::Absent);
}

async fn a_sign_in_page_is_a_denial() {
    let fake = Fake::start();
    let pipelines = Pipelines::open(&spec(&fake.url(), "STALE"), &around()).unwrap();
    assert_eq!(pipelines.look(101).await.unwrap_err().kind(), Kind::Denied);
    let pipelines = Pipelines::open(&spec(&fake.url(), "TOKEN"), &around()).unwrap();
    fake.next(Reply::Answer(200, "content-type: text/html\r\n".into(), b"<html>Sign In".into()));
    assert_eq!(pipelines.look(101).await.unwrap_err().kind(), Kind::Denied);
    let server = bar::Bar::start();
    let error = Bar::new(Client::new(), &server.server.url(""), None).unwrap().build(1).await.unwrap_err();
    assert_eq!((error.kind(), error.hints().join(" ").contains("bar_token_env")), (Kind::Denied, true), "{error:?}");
}

fn registry(server: &bar::Bar) -> Bar {
    Bar::new(Client::new(), &server.server.url(""), Some(Token::new(&bar::token()).unwrap())).unwrap()
}

async fn the_registry_is_read_page_by_page() {
    let server = bar::Bar::start();
    let bar = registry(&server);
    server.build(7, 101, "20240501.101", "c");
    server.build(8, 102, "20240501.102", "c");
    (0..250).for_each(|n| server.asset(7, &format!("p{n}"), n % 2 == 0));
    server.asset(8, "other", false);
    let assets = bar.assets(7).await.unwrap();
    assert_eq!((assets.len(), assets.iter().filter(|asset| asset.non_shipping).count()), (250, 125));
    assert_eq!(assets[0].locations.as_ref().unwrap()[0].kind, LocationKind::NugetFeed);
    let ids = |builds: Vec<ci_tool::engine::bar::Build>| builds.iter().map(|build| build.id).collect::<Vec<_>>();
    let commit = Query { commit: Some("c".into()), ..Query::default() };
    assert_eq!(ids(bar.builds(&commit).await.unwrap()), [7, 8]);
    assert_eq!(ids(bar.builds(&Query { azdo_build_id: Some(102), ..commit }).await.unwrap()), [8]);
    assert_eq!(bar.build(9).await.unwrap_err().kind(), Kind::NotFound);
    assert!(!bar.build(7).await.unwrap().released);
    assert!(bar.set_released(7, true).await.unwrap().released && bar.build(7).await.unwrap().released);
    // What is not known is named.
    server.world.lock().unwrap().assets[250]["locations"][0]["type"] = "moon".into();
    let error = bar.assets(8).await.unwrap_err();
    assert_eq!((error.kind(), error.message().contains("\"type\"")), (Kind::Corrupt, true), "{error:?}");
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let stored = zip::CompressionMethod::Stored;
        writer.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(stored)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const PACKAGE: (&str, &[u8]) = ("Packages/Shipping/Some.Package.1.0.0.nupkg", b"some package");
const SYMBOLS: (&str, &[u8]) = ("Packages/NonShipping/Some.Symbols.1.0.0.nupkg", b"some symbols");

/// A build that succeeded, its files, and the same build in the registry.
async fn built(packages: Vec<u8>) -> (Fake, bar::Bar, Pipelines, u64) {
    let (fake, server) = (Fake::start(), bar::Bar::start());
    let commit = fake.revisions()[2].clone();
    let build = fake.push("pass", &commit);
    fake.leave(&build, "Packages", packages);
    fake.leave(&build, "Blobs", zipped(&[("runtime.zip", b"a blob")]));
    server.build(7, build.parse().unwrap(), &format!("20240501.{build}"), &commit);
    server.asset(7, "Some.Package", false);
    server.asset(7, "Some.Symbols", true);
    server.asset(7, "Runtime/1.0.0/runtime.zip", false);
    let pipelines = Pipelines::open(&spec(&fake.url(), "TOKEN"), &around()).unwrap();
    for _ in 0..2 {
        pipelines.look(build.parse().unwrap()).await.unwrap();
    }
    let build = build.parse().unwrap();
    (fake, server, pipelines, build)
}

async fn adopted(
    server: &bar::Bar,
    pipelines: &Pipelines,
    ids: (Option<u64>, Option<u64>),
    into: &Path,
) -> Result<Adopted, Error> {
    let (bar_build_id, build_id) = ids;
    adopt(&Adoption { pipelines, bar: &registry(server), bar_build_id, build_id, artifacts: &[], into }).await
}

async fn a_build_whose_files_are_its_assets_is_adopted() {
    let (fake, server, pipelines, build) = built(zipped(&[PACKAGE, SYMBOLS])).await;
    for ids in [(Some(7), None), (None, Some(build)), (Some(7), Some(build))] {
        let folder = tempfile::tempdir().unwrap();
        let adopted = adopted(&server, &pipelines, ids, folder.path()).await.unwrap();
        assert_eq!(adopted.id, HandoverId { bar_build_id: 7, build_id: build });
        assert!(adopted.said.contains("adopted 3 files"), "{}", adopted.said);
        let files: Vec<(&str, u64, bool)> =
            adopted.files.iter().map(|(made, _)| (made.path.as_str(), made.size, made.shipping)).collect();
        let expected = [
            ("NonShipping/Some.Symbols.1.0.0.nupkg", 12, false),
            ("Shipping/Some.Package.1.0.0.nupkg", 12, true),
            ("runtime.zip", 6, true),
        ];
        assert_eq!(files, expected);
        let (made, at) = &adopted.files[1];
        assert_eq!(std::fs::read(at).unwrap(), PACKAGE.1);
        assert_eq!(made.sha256, sha256(PACKAGE.1));
        let error = self::adopted(&server, &pipelines, ids, folder.path()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Exists, "nothing is put among what is there");
    }
    let signed = fake.asked().into_iter().filter(|asked| asked.target.contains("/_signed/"));
    assert!(signed.into_iter().all(|asked| asked.header("authorization").is_empty()));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_build_whose_files_are_others_is_refused() {
    let good = zipped(&[PACKAGE, SYMBOLS]);
    let mut tampered = good.clone();
    let at = tampered.windows(12).position(|w| w == PACKAGE.1).unwrap();
    tampered[at] ^= 1;
    let escaping = zipped(&[PACKAGE, SYMBOLS, ("../../evil", b"")]);
    for (packages, kind, said) in [
        (zipped(&[PACKAGE]), Kind::Corrupt, "missing from the artifacts: Some.Symbols 1.0.0"),
        (
            zipped(&[PACKAGE, SYMBOLS, ("Packages/extra.txt", b"")]),
            Kind::Corrupt,
            "no assets of the registry: extra.txt",
        ),
        (tampered, Kind::Corrupt, "Some.Package.1.0.0.nupkg in the archive is not what"),
        (escaping, Kind::Corrupt, "evil"),
        (good[..good.len() - 1].to_vec(), Kind::Corrupt, "its end is missing"),
        (b"<html>".to_vec(), Kind::Corrupt, "its end is missing"),
    ] {
        let (_fake, server, pipelines, build) = built(packages).await;
        let folder = tempfile::tempdir().unwrap();
        let error = adopted(&server, &pipelines, (None, Some(build)), folder.path()).await.unwrap_err();
        assert_eq!((error.kind(), format!("{error:?}").contains(said)), (kind, true), "{said}: {error:?}");
    }
    let (_fake, server, pipelines, build) = built(good).await;
    let folder = tempfile::tempdir().unwrap();
    server.build(8, build, "20240501.999", "c");
    server.build(9, 4711, "20240501.1", "c");
    for (ids, kind, said) in [
        ((None, Some(build)), Kind::Usage, "several builds"),
        ((Some(8), None), Kind::Corrupt, "azureDevOpsBuildNumber"),
        ((Some(7), Some(4711)), Kind::Usage, "not 4711"),
        ((None, Some(12)), Kind::NotFound, "no build 12"),
        ((Some(9), None), Kind::NotFound, "4711"),
        ((None, None), Kind::Usage, "which build"),
    ] {
        let error = adopted(&server, &pipelines, ids, folder.path()).await.unwrap_err();
        assert_eq!((error.kind(), format!("{error:?}").contains(said)), (kind, true), "{said}: {error:?}");
    }
}
