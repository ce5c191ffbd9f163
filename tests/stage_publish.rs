//! Handing files over and publishing them: whatever happens in between, nothing wrong gets out and nothing is put twice.

#[path = "support/counting.rs"]
mod counting;
#[allow(dead_code, reason = "each suite uses its part")]
mod support;

use ci_tool::{
    error::{Error, Kind, Result},
    ops::stage::{
        content::{self, Content},
        handover::{self, Handover, Origin, Resigned, download_all},
        pipeline::{Pipeline, Profile},
        publish::{self, Plan, Publication, Published, Publisher, Why, check, destinations, upload},
        run::{HandoverId, Made},
    },
    pipeline::{env::EnvMap, id::Id, id::LEN, progress::Silent},
    process::Stop,
    store::{
        Body, Handle, Key, Precondition, Store,
        azure::Azure,
        fault::{Fault, Plan as FaultPlan},
        local::Local,
        retry::Retry,
    },
    world::World,
};
use counting::Counting;
use futures::{FutureExt, TryStreamExt, future::BoxFuture};
use jiff::Timestamp;
use libtest_mimic::Trial;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};
use support::azurite;

/// Names the directory and the fault plan of a publisher that is to die.
const CHILD: &str = "CI_TOOL_TEST_PUBLISHER";
const ID: HandoverId = HandoverId { bar_build_id: 269_450, build_id: 2_503_100 };

type Check = fn(Stand) -> BoxFuture<'static, ()>;

macro_rules! checks {
    ($($name:ident),* $(,)?) => { [$((stringify!($name), (|stand| $name(stand).boxed()) as Check)),*] };
}

const ANYWHERE: [(&str, Check); 9] = checks![
    publishing_again_puts_nothing,
    other_content_in_the_way_is_refused_before_anything_is_put,
    a_target_of_another_profile_is_refused,
    a_file_of_another_container_is_refused,
    altered_content_never_gets_out,
    what_a_killed_publisher_put_is_adopted,
    publishers_at_once_put_each_file_once,
    handovers_are_found_by_either_build_and_replaced_only_on_purpose,
    a_download_goes_on_where_it_stood_and_refuses_what_is_wrong,
];
const LOCALLY: [(&str, Check); 3] = checks![
    a_publisher_killed_at_any_call_is_completed_by_the_next,
    links_lead_nothing_out_of_the_directory,
    ten_thousand_small_files_go_through,
];

fn main() -> ExitCode {
    if let Ok(spec) = std::env::var(CHILD) {
        return child(&spec);
    }
    let mut own = trials("local", local, &ANYWHERE);
    own.extend(trials("local", local, &LOCALLY));
    support::run(own, trials("azurite", azure, &ANYWHERE), azurite::stop)
}

fn trials(name: &str, make: fn() -> Stand, checks: &'static [(&'static str, Check)]) -> Vec<Trial> {
    let trial = |(check_name, check): &'static (&'static str, Check)| {
        Trial::test(format!("{name}::{check_name}"), move || {
            block_on(check(make()));
            Ok(())
        })
    };
    checks.iter().map(trial).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// A store of content, two targets, and a directory on this machine.
struct Stand {
    world: World,
    one: Arc<Counting>,
    two: Arc<Counting>,
    dir: tempfile::TempDir,
}

fn local() -> Stand {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| -> Handle { Arc::new(Local::open(&dir.path().join(name)).unwrap()) };
    let (store, one, two) = (open("store"), open("one"), open("two"));
    Stand { world: world(store), one: Counting::new(one), two: Counting::new(two), dir }
}

fn azure() -> Stand {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let open = || -> Handle {
        let url = format!("az://{}/publish{}", azurite::ACCOUNT, COUNT.fetch_add(1, Ordering::Relaxed));
        let connection = azurite::connection_string();
        let env = move |name: &str| (name == "AZURE_STORAGE_CONNECTION_STRING").then(|| connection.clone());
        Arc::new(Retry::new(Arc::new(Azure::open(&url, &env).unwrap())))
    };
    let dir = tempfile::tempdir().unwrap();
    Stand { world: world(open()), one: Counting::new(open()), two: Counting::new(open()), dir }
}

fn world(store: Handle) -> World {
    World {
        store,
        env: EnvMap::new(),
        progress: Arc::new(Silent),
        now: Timestamp::now,
        random: || {
            let mut bytes = [0; LEN];
            getrandom::fill(&mut bytes).unwrap();
            bytes
        },
        stop: Stop::never(),
        dry_run: false,
    }
}

const PIPELINE: &str = "stages:\n  assets: {publish: [{to: {production: one, test: test-one}, under: v1, files: ['*.txt']}, \
                        {to: {production: two, test: test-two}, container: symbols}]}\n";

/// A large file besides small ones: it takes another way.
fn files() -> Vec<(&'static str, Vec<u8>, Option<&'static str>)> {
    vec![
        ("Readme.txt", b"read me".to_vec(), None),
        ("sub/empty.txt", Vec::new(), None),
        ("sub/big.txt", (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(), None),
        ("a.pdb", b"symbols".to_vec(), Some("symbols")),
        ("b.pdb", b"more symbols".to_vec(), Some("symbols")),
    ]
}

async fn kept(world: &World, files: &[(&str, Vec<u8>, Option<&str>)]) -> Vec<Made> {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|n| dir.path().join(n.to_string())).collect();
    paths.iter().zip(files).for_each(|(path, (_, bytes, _))| fs::write(path, bytes).unwrap());
    let contents = content::keep_all(world, &paths).await.unwrap();
    let made = |((path, _, container), Content { size, sha256 }): (&(&str, Vec<u8>, Option<&str>), Content)| Made {
        path: (*path).into(),
        size,
        sha256,
        container: container.map(str::to_owned),
        shipping: true,
        signed_by: None,
    };
    files.iter().zip(contents).map(made).collect()
}

fn made_by(run: &str, files: Vec<Made>) -> Handover {
    let run = Id::try_from(run.to_owned()).unwrap();
    Handover::new(ID, Origin { run, pipeline: "hash".into(), at: Timestamp::UNIX_EPOCH, inputs: None }, files).unwrap()
}

async fn handed(world: &World) -> Handover {
    made_by("aaaaaaaaaa", kept(world, &files()).await)
}

impl Stand {
    async fn check(&self, handover: &Handover, profile: Profile) -> Result<Plan> {
        let (one, two): (Handle, Handle) = (self.one.clone(), self.two.clone());
        check_with(&self.world, handover, profile, &one, &two).await
    }

    async fn publish(&self, handover: &Handover, run: &str) -> Result<Published> {
        let plan = self.check(handover, Profile::Production).await?;
        upload(&self.world, &plan, &publisher(run)).await
    }

    fn written(&self) -> Vec<String> {
        [self.one.written(), self.two.written()].concat()
    }
}

async fn check_with(world: &World, handover: &Handover, profile: Profile, one: &Handle, two: &Handle) -> Result<Plan> {
    let pipeline = Pipeline::parse(Path::new("p.yaml"), PIPELINE).unwrap();
    let to = destinations(&pipeline, 0, profile).unwrap();
    let open = |url: &str| match url.trim_start_matches("test-") {
        "one" => Ok(one.clone()),
        "two" => Ok(two.clone()),
        _ => Err(Error::new(Kind::Internal, "a store that nobody named")),
    };
    check(world, &Publication { to: &to, profile, handover }, &open).await
}

fn publisher(run: &str) -> Publisher {
    Publisher { run: Id::try_from(run.to_owned()).unwrap(), stage: "assets".into(), by: None }
}

async fn put(store: &dyn Store, key: &str, bytes: &'static [u8]) {
    store.put(&Key::new(key).unwrap(), Body::from(bytes), Precondition::None).await.unwrap();
}

async fn names(store: &dyn Store) -> Vec<String> {
    let all: Vec<_> = store.list("", None).try_collect().await.unwrap();
    all.iter().map(|meta| meta.key.to_string()).filter(|key| !key.starts_with("ci-tool-")).collect()
}

async fn publishing_again_puts_nothing(stand: Stand) {
    let handover = handed(&stand.world).await;
    let first = stand.publish(&handover, "aaaaaaaaaa").await.unwrap();
    assert_eq!((first.uploaded, first.same, first.bytes), (5, 0, handover.size()));
    assert_eq!(names(&*stand.one).await, ["v1/readme.txt", "v1/sub/big.txt", "v1/sub/empty.txt"]);
    assert_eq!(names(&*stand.two).await, ["a.pdb", "b.pdb"]);
    let big = stand.one.get_many(vec![Key::new("v1/sub/big.txt").unwrap()]).await.unwrap();
    assert!(big[0].as_deref() == Some(&files()[2].1[..]));
    let before = stand.written();
    let read = stand.one.cost(async { Ok(stand.publish(&handover, "aaaaaaaaaa").await.unwrap()) }).await;
    assert_eq!(read.0, Published { uploaded: 0, same: 5, bytes: 0 });
    assert!(read.1.bytes < 10_000, "the ledger vouches for what is there: {:?}", read.1);
    assert_eq!(stand.written(), before);
}

async fn other_content_in_the_way_is_refused_before_anything_is_put(stand: Stand) {
    let handover = handed(&stand.world).await;
    stand.publish(&handover, "bbbbbbbbbb").await.unwrap();
    let mut changed = files();
    changed[0].1 = b"READ ME".to_vec();
    changed.push(("new.txt", b"new".to_vec(), None));
    let changed = made_by("cccccccccc", kept(&stand.world, &changed).await);
    let before = stand.written();
    let error = stand.publish(&changed, "cccccccccc").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Exists);
    assert!(error.message().contains("Readme.txt") && error.message().contains("the run bbbbbbbbbb"), "{error}");
    assert_eq!(stand.written(), before, "new.txt is not put either");

    // Replaced behind the ledger's back, by as many bytes.
    put(&*stand.two, "a.pdb", b"SYMBOLS").await;
    let plan = stand.check(&handover, Profile::Production).await.unwrap();
    assert_eq!(plan.refused.len(), 1);
    assert_eq!(plan.refused[0].why, Why::Different { run: None });
}

async fn a_target_of_another_profile_is_refused(stand: Stand) {
    let handover = handed(&stand.world).await;
    stand.publish(&handover, "aaaaaaaaaa").await.unwrap();
    let before = stand.written();
    let plan = stand.check(&handover, Profile::Test).await.unwrap();
    let error = upload(&stand.world, &plan, &publisher("bbbbbbbbbb")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("it is for production"), "{error}");
    assert_eq!(stand.written(), before);

    let shared = "stages:\n  a: {publish: [{to: {test: ./x}}]}\n  b: {publish: [{to: {production: ./x/y}}]}\n";
    let pipeline = Pipeline::parse(Path::new("p.yaml"), shared).unwrap();
    for (stage, profile) in [(0, Profile::Test), (1, Profile::Production)] {
        let error = destinations(&pipeline, stage, profile).unwrap_err();
        assert!(error.message().contains(&format!("p.yaml:{}", stage + 2)), "{error}");
    }
    assert!(destinations(&pipeline, 0, Profile::Production).unwrap_err().message().contains("no store"));
}

async fn a_file_of_another_container_is_refused(stand: Stand) {
    let made = kept(&stand.world, &files()).await;
    let pipeline = |publish: &str| format!("stages:\n  a: {{publish: [{{to: {{production: one}}, {publish}}}]}}\n");
    let one: Handle = stand.one.clone();
    for (publish, expected) in [
        ("container: symbols, files: ['*']", Why::Container { declared: None, target: "symbols".into() }),
        (
            "container: Symbols, files: ['a.pdb']",
            Why::Container { declared: Some("symbols".into()), target: "Symbols".into() },
        ),
        ("container: nobody", Why::Nothing),
        ("files: ['*.msi']", Why::Nothing),
    ] {
        let pipeline = Pipeline::parse(Path::new("p.yaml"), &pipeline(publish)).unwrap();
        let to = destinations(&pipeline, 0, Profile::Production).unwrap();
        let handover = made_by("aaaaaaaaaa", made.clone());
        let publication = Publication { to: &to, profile: Profile::Production, handover: &handover };
        let plan = check(&stand.world, &publication, &|_: &str| Ok(one.clone())).await.unwrap();
        assert_eq!(plan.refused[0].why, expected, "{publish}");
        assert!(publish::upload(&stand.world, &plan, &publisher("aaaaaaaaaa")).await.is_err());
    }
    assert_eq!(stand.written(), [""; 0]);
}

/// Flips a bit of content in the store.
async fn flip(world: &World, made: &Made) {
    let key = Key::new(format!("stage/content/{}/{}", &made.sha256[..2], made.sha256)).unwrap();
    let mut bytes = world.store.get(&key, None).await.unwrap().bytes().await.unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    world.store.put(&key, bytes.into(), Precondition::None).await.unwrap();
}

async fn altered_content_never_gets_out(stand: Stand) {
    let handover = handed(&stand.world).await;
    for path in ["Readme.txt", "sub/big.txt"] {
        let made = handover.files.iter().find(|made| made.path == path).unwrap();
        flip(&stand.world, made).await;
        let error = stand.publish(&handover, "aaaaaaaaaa").await.unwrap_err();
        assert!(error.kind() == Kind::Corrupt && error.message().contains(path), "{error}");
        // A place of its own: what is whole arrives, and is not fetched again.
        let into = stand.dir.path().join("into").join(path.replace('/', "-"));
        let error = download_all(&stand.world, &handover, &into, 4).await.unwrap_err();
        assert!(error.kind() == Kind::Corrupt && error.message().contains(path), "{error}");
        assert!(!into.join(path).exists());
        let name = format!("v1/{}", path.to_lowercase());
        assert!(!names(&*stand.one).await.contains(&name));
        flip(&stand.world, made).await;
    }
    stand.publish(&handover, "aaaaaaaaaa").await.unwrap();
    let key =
        Key::new(format!("stage/content/{}/{}", &handover.files[0].sha256[..2], handover.files[0].sha256)).unwrap();
    stand.world.store.delete(&key).await.unwrap();
    stand.one.delete(&Key::new("v1/readme.txt").unwrap()).await.unwrap();
    let plan = stand.check(&handover, Profile::Production).await.unwrap();
    assert_eq!(plan.refused.iter().map(|refusal| &refusal.why).collect::<Vec<_>>(), [&Why::Gone]);
}

async fn what_a_killed_publisher_put_is_adopted(stand: Stand) {
    let handover = handed(&stand.world).await;
    put(&*stand.one, "v1/readme.txt", b"read me").await;
    let done = stand.publish(&handover, "bbbbbbbbbb").await.unwrap();
    assert_eq!((done.uploaded, done.same), (4, 1));
    let entry = stand.one.get_many(vec![Key::new("ci-tool-ledger/files/v1/readme.txt").unwrap()]).await.unwrap();
    let entry: serde_json::Value = serde_json::from_slice(entry[0].as_ref().unwrap()).unwrap();
    assert_eq!((&entry["run"], &entry["adopted"]), (&"bbbbbbbbbb".into(), &true.into()));
    assert_eq!(stand.publish(&handover, "cccccccccc").await.unwrap().same, 5);
}

async fn publishers_at_once_put_each_file_once(stand: Stand) {
    let stand = Arc::new(stand);
    let handover = Arc::new(handed(&stand.world).await);
    let publish = |run: &'static str| {
        let (stand, handover) = (stand.clone(), handover.clone());
        tokio::spawn(async move { stand.publish(&handover, run).await.unwrap() })
    };
    let (one, two) = (publish("aaaaaaaaaa"), publish("bbbbbbbbbb"));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert_eq!((one.uploaded + two.uploaded, one.same + two.same), (5, 5));
    let mut put: Vec<_> = stand.written().into_iter().filter(|key| !key.starts_with("ci-tool-")).collect();
    put.sort_unstable();
    assert_eq!(put, ["a.pdb", "b.pdb", "v1/readme.txt", "v1/sub/big.txt", "v1/sub/empty.txt"]);
}

async fn handovers_are_found_by_either_build_and_replaced_only_on_purpose(stand: Stand) {
    let world = &stand.world;
    assert_eq!(handover::find(world, Some(ID.bar_build_id), None).await.unwrap_err().kind(), Kind::NotFound);
    let first = handover::write(world, handed(world).await).await.unwrap();
    assert_eq!(first.number, 1);
    // The same files from another run: nothing changes.
    let again = made_by("bbbbbbbbbb", first.handover.files.clone());
    assert_eq!(handover::write(world, again).await.unwrap(), first);
    for (bar, build) in
        [(Some(ID.bar_build_id), None), (None, Some(ID.build_id)), (Some(ID.bar_build_id), Some(ID.build_id))]
    {
        assert_eq!(handover::find(world, bar, build).await.unwrap(), first);
    }
    assert_eq!(handover::find(world, None, None).await.unwrap_err().kind(), Kind::Usage);
    assert_eq!(handover::find(world, Some(26_945), None).await.unwrap_err().kind(), Kind::NotFound, "no prefix of one");

    let mut other = made_by("bbbbbbbbbb", first.handover.files[1..].to_vec());
    let error = handover::write(world, other.clone()).await.unwrap_err();
    assert!(error.kind() == Kind::Exists && error.message().contains("Readme.txt"), "{error}");
    other.resigned = Some(Resigned { by: "me".into(), reason: "the certificate ran out".into() });
    assert_eq!(handover::write(world, other).await.unwrap().number, 2);
    assert_eq!(handover::find(world, None, Some(ID.build_id)).await.unwrap().number, 2);
    let history = handover::history(world, &ID).await.unwrap();
    assert_eq!((history.len(), &history[0]), (2, &first));

    let sibling = Handover { id: HandoverId { build_id: 7, ..ID }, ..first.handover.clone() };
    handover::write(world, sibling).await.unwrap();
    let error = handover::find(world, Some(ID.bar_build_id), None).await.unwrap_err();
    assert!(error.kind() == Kind::Usage && error.message().contains("build 7"), "{error}");
}

async fn a_download_goes_on_where_it_stood_and_refuses_what_is_wrong(stand: Stand) {
    let (world, into) = (&stand.world, stand.dir.path().join("into"));
    let handover = handed(world).await;
    fs::create_dir_all(into.join("sub")).unwrap();
    fs::write(into.join("Readme.txt"), "read me").unwrap();
    fs::write(into.join("sub/stranger"), "hello").unwrap();
    fs::write(into.join("sub/.left-behind.ci-tool-part"), "half").unwrap();
    let done = download_all(world, &handover, &into, 4).await.unwrap();
    assert_eq!((done.brought, done.hashed, done.unchanged), (4, 1, 0));
    assert_eq!(done.extra, ["sub/stranger"]);
    assert!(!into.join("sub/.left-behind.ci-tool-part").exists());
    assert!(fs::read(into.join("sub/big.txt")).unwrap() == files()[2].1);

    // What was written long ago is not hashed again.
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for (path, _, _) in files() {
        fs::File::options().write(true).open(into.join(path)).unwrap().set_modified(long_ago).unwrap();
    }
    assert_eq!(download_all(world, &handover, &into, 4).await.unwrap().hashed, 5);
    assert_eq!(download_all(world, &handover, &into, 4).await.unwrap().unchanged, 5);

    // Other bytes of the same length, and a time that was set back.
    fs::write(into.join("a.pdb"), "SYMBOLS").unwrap();
    let file = fs::File::options().write(true).open(into.join("a.pdb")).unwrap();
    file.set_modified(if cfg!(unix) { long_ago } else { SystemTime::now() }).unwrap();
    fs::remove_file(into.join("b.pdb")).unwrap();
    let error = download_all(world, &handover, &into, 4).await.unwrap_err();
    assert!(error.kind() == Kind::Corrupt && error.message().starts_with("a.pdb in"), "{error}");
    assert!(!into.join("b.pdb").exists(), "nothing is fetched beside what is wrong");
}

/// Publishes from and to the directory that `spec` names, with the fault plan that it names.
fn child(spec: &str) -> ExitCode {
    let (dir, plan) = spec.split_once('|').unwrap();
    let open = |name: &str| -> Handle { Arc::new(Local::open(&Path::new(dir).join(name)).unwrap()) };
    let faulty = |name| -> Handle { Arc::new(Fault::new(open(name), FaultPlan::parse(plan).unwrap())) };
    block_on(async {
        let world = world(open("store"));
        let handover = handover::find(&world, Some(ID.bar_build_id), None).await.unwrap().handover;
        let plan = check_with(&world, &handover, Profile::Production, &faulty("one"), &open("two")).await.unwrap();
        upload(&world, &plan, &publisher("aaaaaaaaaa")).await.unwrap();
    });
    ExitCode::SUCCESS
}

async fn a_publisher_killed_at_any_call_is_completed_by_the_next(stand: Stand) {
    let made = handed(&stand.world).await;
    let handover = handover::write(&stand.world, made).await.unwrap().handover;
    let mut deaths = 0;
    for when in ["kill-at", "kill-after"] {
        for call in 1.. {
            for name in ["one", "two"] {
                drop(fs::remove_dir_all(stand.dir.path().join(name)));
            }
            let spec = format!("{}|{when}={call}", stand.dir.path().display());
            let ended = Command::new(std::env::current_exe().unwrap()).env(CHILD, spec).output().unwrap();
            let fresh = local_again(stand.dir.path());
            let before = fresh.one_names().await;
            if !ended.status.success() {
                deaths += 1;
                assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
            }
            let done = fresh.publish(&handover, "aaaaaaaaaa").await.unwrap();
            assert_eq!(done.uploaded + done.same, 5, "{when}={call}");
            assert!(fresh.written().iter().all(|key| !before.contains(key)), "{when}={call}: a file was put twice");
            let again = fresh.written();
            assert_eq!(fresh.publish(&handover, "aaaaaaaaaa").await.unwrap().same, 5);
            assert_eq!(fresh.written(), again);
            if ended.status.success() {
                break;
            }
        }
    }
    assert!(deaths > 20, "{deaths}");
}

fn local_again(dir: &Path) -> Again {
    let open = |name: &str| -> Handle { Arc::new(Local::open(&dir.join(name)).unwrap()) };
    Again { world: world(open("store")), one: Counting::new(open("one")), two: Counting::new(open("two")) }
}

/// The stores of a stand, as another process finds them.
struct Again {
    world: World,
    one: Arc<Counting>,
    two: Arc<Counting>,
}

impl Again {
    async fn one_names(&self) -> Vec<String> {
        names(&*self.one).await
    }

    async fn publish(&self, handover: &Handover, run: &str) -> Result<Published> {
        let (one, two): (Handle, Handle) = (self.one.clone(), self.two.clone());
        let plan = check_with(&self.world, handover, Profile::Production, &one, &two).await?;
        upload(&self.world, &plan, &publisher(run)).await
    }

    fn written(&self) -> Vec<String> {
        self.one.written()
    }
}

async fn links_lead_nothing_out_of_the_directory(stand: Stand) {
    #[cfg(unix)]
    {
        let (into, outside) = (stand.dir.path().join("into"), stand.dir.path().join("outside"));
        fs::create_dir_all(&into).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, into.join("sub")).unwrap();
        let handover = handed(&stand.world).await;
        assert!(download_all(&stand.world, &handover, &into, 4).await.is_err());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
    drop(stand);
}

async fn ten_thousand_small_files_go_through(stand: Stand) {
    let dir = stand.dir.path().join("many");
    fs::create_dir(&dir).unwrap();
    let paths: Vec<PathBuf> = (0..10_000).map(|n| dir.join(format!("{n}.txt"))).collect();
    paths.iter().enumerate().for_each(|(n, path)| fs::write(path, n.to_string()).unwrap());
    let contents = content::keep_all(&stand.world, &paths).await.unwrap();
    let made = |(n, Content { size, sha256 })| {
        let (container, signed_by) = (Some("symbols".to_owned()).filter(|_| n == 0), None);
        Made { path: format!("{n}.txt"), size, sha256, container, shipping: true, signed_by }
    };
    let handover = made_by("aaaaaaaaaa", contents.into_iter().enumerate().map(made).collect());
    let done = download_all(&stand.world, &handover, &stand.dir.path().join("into"), 16).await.unwrap();
    assert_eq!(done.brought, 10_000);
    let done = stand.publish(&handover, "aaaaaaaaaa").await.unwrap();
    assert_eq!(done.uploaded, 10_001, "one of them is for both targets");
}
