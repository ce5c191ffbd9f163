//! The page that `stage graph --format html` draws, opened in a real browser, which is asked what it drew.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Keeps the browser from calling anybody, and from reading what another one left.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--proxy-server=127.0.0.1:9",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Draws a pipeline into a file.
fn draw(directory: &Path, args: &[&str]) -> PathBuf {
    let page = Command::new(env!("CARGO_BIN_EXE_ci-tool"))
        .args(["stage", "plan"])
        .args(args)
        .args(["--format", "html"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(page.status.success(), "{}", String::from_utf8_lossy(&page.stderr));
    let path = directory.join("page.html");
    fs::write(&path, page.stdout).unwrap();
    path
}

/// What a browser makes of a page, with what a script of ours reads back: the stages that have a size on the screen.
fn opened(page: &Path) -> String {
    let profile = tempfile::tempdir().unwrap();
    // The page forbids scripts: the copy that is measured allows ours.
    let read = fs::read_to_string(page)
        .unwrap()
        .replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'");
    let script = "<script>for (const e of document.querySelectorAll('[data-stage]')) { const b = e.getBoundingClientRect(); \
                  const p = document.createElement('p'); p.textContent = ['drawn', e.dataset.stage, e.dataset.state, \
                  b.width > 50 && b.height > 20, getComputedStyle(e.querySelector('rect')).fill, \
                  e.querySelector('text').textContent].join('|'); document.body.append(p); }</script></body>";
    let measured = page.with_file_name("measured.html");
    fs::write(&measured, read.replace("</body>", script)).unwrap();
    let output = Command::new("chromium")
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", measured.display()))
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .output()
        .expect("chromium is needed: install the package chromium");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The stages that the browser drew: name → state.
fn stages(dom: &str) -> BTreeMap<String, String> {
    let lines = dom.split("<p>drawn|").skip(1).map(|rest| rest.split_once("</p>").unwrap().0);
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split('|').collect();
            let [name, state, has_size, fill, shown] = parts[..] else { panic!("{line}") };
            assert_eq!(has_size, "true", "{name} cannot be seen");
            assert!(fill.starts_with("rgb("), "{name} has no colour: {fill}");
            assert!(shown.starts_with(&name[..3]), "{name} is called {shown}");
            (name.to_owned(), state.to_owned())
        })
        .collect()
}

#[test]
fn a_browser_draws_every_stage_of_the_example_in_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let example = root().join("examples/release/validate-publish.yaml");
    let page = draw(directory.path(), &[example.to_str().unwrap(), "--skip", "validation", "--profile", "test"]);
    let dom = opened(&page);
    let stages = stages(&dom);
    assert_eq!(stages.len(), 18, "{stages:?}");
    for (name, state) in &stages {
        assert_eq!(state, if name == "validation" { "skipped" } else { "waiting" }, "{name}");
    }
    assert_eq!(dom.matches("data-bar=").count(), 7, "each stage that takes time has a bar");
    assert!(dom.contains("aria-label=\"vs_insertion: waiting, 50m, on the critical path\""), "{dom}");
}

/// Were a text taken for markup, the browser would load, draw or run something.
#[test]
fn a_browser_takes_no_text_for_markup() {
    let directory = tempfile::tempdir().unwrap();
    let title = "</title></text></svg><img src=x onerror=\"document.title='run'\"><p>drawn|'&quot;";
    let text = format!("stages:\n  bad:\n    title: {}\n    run: x\n", serde_json::Value::from(title));
    fs::write(directory.path().join("p.yaml"), text).unwrap();
    let dom = opened(&draw(directory.path(), &["p.yaml"]));
    assert!(!dom.contains("<img") && dom.contains("<title>p</title>"), "{dom}");
    assert_eq!(stages(&dom).into_keys().collect::<Vec<_>>(), ["bad"]);
}
