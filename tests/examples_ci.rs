//! What `examples/ci` holds works: the bootstrap script is run, the rest is parsed by what it is meant for.

#[path = "support/commands.rs"]
mod commands;

use ci_tool::{
    cli::definitions,
    pipeline::{ci, env::EnvMap},
};
use std::{fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a directory of the repository, by name.
fn files(directory: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(root().join(directory))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_command_line_is_accepted() {
    let mut problems = Vec::new();
    for (name, text) in files("examples/ci") {
        for line in commands::lines(&text) {
            if let Err(error) = definitions().try_get_matches_from(&line) {
                problems.push(format!("{name}: {line:?}: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn command_lines_are_found_and_taken_apart_as_a_shell_does() {
    let cases: [(&str, &[&str]); 9] = [
        ("  - run: ./ci-tool repro save -- ./b.sh", &["repro", "save", "--", "./b.sh"]),
        ("sh './ci-tool repro save --job \"a b\" -- make'", &["repro", "save", "--job", "a b", "--", "make"]),
        ("\"$DIR/ci-tool\" repro save \\\n  --exit-code \"$?\"", &["repro", "save", "--exit-code", "1"]),
        ("x || ci-tool repro save --job=${{ a.b }} | tee log", &["repro", "save", "--job=1"]),
        ("<Command>$P/ci-tool repro save -- ./b.sh</Command>", &["repro", "save", "--", "./b.sh"]),
        ("command=\"ci-tool --quiet config show\",", &["--quiet", "config", "show"]),
        ("# ci-tool repro save", &[]),
        ("https://example.org/ci-tool 0.1.0 SUMS", &[]),
        ("fetch-ci-tool repro", &[]),
    ];
    for (text, expected) in cases {
        let found: Vec<String> = commands::lines(text).into_iter().flat_map(|line| line.into_iter().skip(1)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn every_ci_shows_both_ways_and_where_the_credentials_come_from() {
    let cis = [
        &["Jenkinsfile"][..],
        &["azure-pipelines.yml"],
        &["buildbot.cfg"],
        &["buildkite.yml", "buildkite-pre-exit.sh"],
        &["github.yml"],
        &["gitlab-ci.yml"],
        &["helix.proj"],
    ];
    let files = files("examples/ci");
    for names in cis {
        let texts: Vec<&str> = names
            .iter()
            .map(|name| {
                files.iter().find(|(n, _)| n == name).map_or_else(|| panic!("{name} is missing"), |(_, t)| &**t)
            })
            .collect();
        let text = texts.join("\n");
        let lines = commands::lines(&text);
        let wraps = lines.iter().filter(|words| words.iter().any(|w| w == "--")).count();
        let after = lines.iter().filter(|words| words.iter().any(|w| w == "--exit-code")).count();
        assert_eq!((wraps, after), (1, 1), "{names:?}: {lines:?}");
        assert!(text.contains("Credentials: ") && text.contains("CI_TOOL_STORE"), "{names:?}");
    }
}

#[test]
fn yaml_files_are_yaml() {
    let all = [files("examples/ci"), files(".github/workflows")].concat();
    let yaml: Vec<_> = all.iter().filter(|(name, _)| name.ends_with(".yml")).collect();
    assert!(yaml.len() >= 6, "{}", yaml.len());
    for (name, text) in yaml {
        let value: serde_json::Value = serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(value.is_object(), "{name}: {value}");
    }
}

#[test]
fn the_helix_project_is_xml() {
    let text = fs::read_to_string(root().join("examples/ci/helix.proj")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut elements = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(_) => elements += 1,
            _ => {}
        }
    }
    assert!(elements > 10, "{elements}");
}

/// What the fragment sets is what detection reads, and nothing that detection reads is left out.
#[test]
fn the_buildbot_fragment_sets_what_is_detected() {
    let text = fs::read_to_string(root().join("examples/ci/buildbot.cfg")).unwrap();
    let set = regex::Regex::new(r#""(BUILDBOT\w*)": "#).unwrap();
    let env: EnvMap =
        set.captures_iter(&text).map(|name| (name[1].to_owned(), format!("value of {}", &name[1]))).collect();
    let found = ci::detect(&env, |_| None);
    assert_eq!(found.system, ci::CiSystem::Buildbot);
    let told = [
        ("server", &found.server),
        ("project", &found.project),
        ("job", &found.job),
        ("number", &found.build_number),
        ("agent", &found.agent),
        ("workspace", &found.workspace),
        ("repository", &found.repository),
        ("commit", &found.commit),
        ("branch", &found.branch),
        ("requester", &found.requester),
    ];
    for (what, value) in told {
        assert!(value.is_some(), "the {what} is not told");
    }
    // Each variable but the one that says who is there.
    assert_eq!(env.len(), told.len() + 1, "a variable is set that nothing reads: {env:?}");
}

#[cfg(unix)]
mod bootstrap {
    use super::root;
    use sha2::{Digest, Sha256};
    use std::{
        fs,
        io::{BufRead, BufReader, Write},
        net::{TcpListener, TcpStream},
        os::unix::fs::{PermissionsExt, symlink},
        path::{Path, PathBuf},
        process::{Command, Output},
        sync::Arc,
        thread,
    };

    const PROGRAM: &str = "#!/bin/sh\necho it runs\n";
    const VERSION: &str = "1.2.3";

    fn hash(text: &str) -> String {
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The name that the script asks for on this machine.
    fn asked() -> String {
        let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-musl" };
        format!("ci-tool-{VERSION}-{}-{system}", std::env::consts::ARCH)
    }

    /// A file on the server: what it promises, in bytes, and what it sends.
    #[derive(Clone)]
    struct Served {
        name: String,
        promised: usize,
        text: String,
    }

    fn whole(name: &str, text: &str) -> Served {
        Served { name: name.into(), promised: text.len(), text: text.into() }
    }

    /// Serves the files on a port of its own until the process ends.
    fn serve(files: Vec<Served>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/releases", listener.local_addr().unwrap());
        let files = Arc::new(files);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = files.clone();
                // A client that goes away in the middle is what some of the tests are about.
                thread::spawn(move || drop(answer(stream, &files)));
            }
        });
        address
    }

    fn answer(mut stream: TcpStream, files: &[Served]) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        match files.iter().find(|file| path == format!("/releases/{}", file.name)) {
            Some(file) => write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                file.promised, file.text
            ),
            None => write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        }
    }

    /// An agent's directory, and a PATH on which only `fetcher` can fetch.
    struct Agent {
        dir: tempfile::TempDir,
    }

    impl Agent {
        fn with(fetcher: Option<&str>) -> Agent {
            let dir = tempfile::tempdir().unwrap();
            let bin = dir.path().join("bin");
            fs::create_dir(&bin).unwrap();
            fs::create_dir(dir.path().join("work")).unwrap();
            let tools = ["sh", "uname", "mktemp", "mkdir", "mv", "cp", "rm", "chmod", "cat", "tr"];
            for tool in tools.into_iter().chain(fetcher) {
                let path = find(tool).unwrap_or_else(|| panic!("{tool} is needed: install the package {tool}"));
                symlink(path, bin.join(tool)).unwrap();
            }
            let sum = ["sha256sum", "shasum"].iter().find_map(|tool| Some((tool, find(tool)?)));
            let (tool, path) = sum.expect("sha256sum or shasum is needed: install the package coreutils");
            symlink(path, bin.join(tool)).unwrap();
            Agent { dir }
        }

        fn work(&self) -> PathBuf {
            self.dir.path().join("work")
        }

        fn run(&self, args: &[&str]) -> Output {
            Command::new(self.dir.path().join("bin/sh"))
                .arg(root().join("examples/ci/bootstrap.sh"))
                .args(args)
                .current_dir(self.work())
                .env_clear()
                .env("PATH", self.dir.path().join("bin"))
                .output()
                .unwrap()
        }

        /// Checks that the script failed with a hint, said `expected`, and left nothing behind.
        fn refuses(&self, args: &[&str], expected: &str) {
            let output = self.run(args);
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
            assert!(text.contains(expected) && text.contains("hint: "), "{args:?}: {text}");
            assert!(output.stdout.is_empty(), "{args:?}: {output:?}");
            let left: Vec<_> = fs::read_dir(self.work()).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert!(left.is_empty(), "{args:?} left {left:?}");
        }
    }

    fn find(tool: &str) -> Option<PathBuf> {
        std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(tool)).find(|path| path.is_file())
    }

    fn fetchers() -> &'static [&'static str] {
        // macOS has no wget.
        if cfg!(target_os = "macos") { &["curl"] } else { &["curl", "wget"] }
    }

    fn runs(path: &Path) {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o755);
        let output = Command::new(path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it runs\n");
    }

    #[test]
    fn a_binary_with_the_right_sum_is_put_in_place_whichever_way_the_sum_is_told() {
        let name = asked();
        let sums = format!("{}  another\n{} *{name}\n", hash("another"), hash(PROGRAM));
        let base = serve(vec![whole(&name, PROGRAM), whole("SHA256SUMS", &sums)]);
        for fetcher in fetchers() {
            let agent = Agent::with(Some(fetcher));
            fs::write(agent.dir.path().join("sums"), &sums).unwrap();
            let address = format!("{base}/SHA256SUMS");
            let ways: [&[&str]; 5] = [
                &[&base, VERSION],
                &[&format!("{base}/"), "v1.2.3"],
                &[&base, VERSION, &hash(PROGRAM).to_uppercase()],
                &[&base, VERSION, &address],
                &[&base, VERSION, "../sums"],
            ];
            for args in ways {
                let output = agent.run(args);
                assert!(output.status.success(), "{args:?}: {output:?}");
                assert_eq!(String::from_utf8_lossy(&output.stdout), "./ci-tool\n");
                runs(&agent.work().join("ci-tool"));
                let left: Vec<_> = fs::read_dir(agent.work()).unwrap().map(|e| e.unwrap().file_name()).collect();
                assert_eq!(left, ["ci-tool"], "{args:?}");
                fs::remove_file(agent.work().join("ci-tool")).unwrap();
            }
        }
    }

    #[test]
    fn what_cannot_be_trusted_leaves_nothing_behind() {
        let name = asked();
        let base = serve(vec![whole(&name, PROGRAM), whole("SHA256SUMS", &format!("{}  other\n", hash(PROGRAM)))]);
        let cut = Served { name: name.clone(), promised: PROGRAM.len() + 100, text: PROGRAM.into() };
        let cut = serve(vec![cut]);
        let (right, wrong) = (hash(PROGRAM), hash("another"));
        for fetcher in fetchers() {
            let agent = Agent::with(Some(fetcher));
            agent.refuses(&[&base, VERSION, &wrong], &format!("has the SHA-256 {right}, not {wrong}"));
            agent.refuses(&[&base, VERSION, "abc123"], "abc123 is no SHA-256");
            agent.refuses(&[&base, VERSION], &format!("has no sum of {name}"));
            agent.refuses(&[&base, "9.9.9", &right], "cannot fetch");
            agent.refuses(&[&base, VERSION, &format!("{base}/missing")], "cannot fetch");
            agent.refuses(&[&cut, VERSION, &right], "cannot fetch");
        }
    }

    #[test]
    fn a_binary_that_is_there_survives_a_failure() {
        let base = serve(vec![whole(&asked(), "bad")]);
        let agent = Agent::with(Some("curl"));
        fs::write(agent.work().join("ci-tool"), "the old one").unwrap();
        assert!(!agent.run(&[&base, VERSION, &hash(PROGRAM)]).status.success());
        assert_eq!(fs::read_to_string(agent.work().join("ci-tool")).unwrap(), "the old one");
    }

    #[test]
    fn without_anything_to_fetch_with_it_says_what_to_install() {
        Agent::with(None).refuses(&["http://127.0.0.1:1", VERSION], "neither curl nor wget is here");
    }

    #[test]
    fn a_call_with_too_few_arguments_is_refused() {
        Agent::with(Some("curl")).refuses(&["http://127.0.0.1:1"], "takes 2 or 3 arguments");
    }
}
