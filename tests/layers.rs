//! The rooms import downward only. Reads every `crate::` and `super::` path of every source file.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms, from the bottom up. Rooms of one layer do not know each other.
const LAYERS: [&[&str]; 9] = [
    &["error"],
    &["pipeline"],
    &["process", "http"],
    &["store", "vcs", "cloud"],
    &["journal", "archive", "world"],
    &["capture", "engine"],
    &["ops"],
    &["config"],
    &["cli"],
];
/// What only `cli` may name: the command line, terminals, and the two streams that people read.
const OF_THE_SCREEN: [&str; 12] = [
    "clap::",
    "clap_complete::",
    "clap_mangen::",
    "indicatif::",
    "comfy_table::",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "io::stdout",
    "io::stderr",
];
const LONGEST: usize = 500;

/// A source file: its path below `src`, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

#[test]
fn every_room_imports_downward_and_only_cli_knows_the_screen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "{} files were found in {}", files.len(), root.display());
    let problems: Vec<String> = files.iter().flat_map(problems).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn planted_violations_are_found() {
    let cases = [
        ("store/mod.rs", "use crate::capture::walk;", "store must not know capture"),
        ("store/mod.rs", "use crate::{\n    error::Error,\n    cli::{out},\n};", "store must not know cli"),
        ("store/local/mod.rs", "fn f() { crate::vcs::git::f() }", "store must not know vcs"),
        ("store/mod.rs", "use super::ops::World;", "store must not know ops"),
        ("store/local/mod.rs", "use super::super::{error, journal};", "store must not know journal"),
        ("error.rs", "use crate::pipeline::id::Id;", "error must not know pipeline"),
        ("http.rs", "use crate::process::run;", "http must not know process"),
        ("ops/repro/save/mod.rs", "use crate::ops::{World, stage::plan};", "repro must not know stage"),
        ("ops/repro/save.rs", "use super::super::stage::plan;", "repro must not know stage"),
        ("ops/repro/mod.rs", "use super::stage;", "repro must not know stage"),
        ("ops/repro/mod.rs", "fn f() { println!(\"x\") }", "println! belongs to cli"),
        ("process/tee.rs", "let out = std::io::stdout();", "io::stdout belongs to cli"),
        ("store/mod.rs", "#[derive(clap::ValueEnum)]", "clap:: belongs to cli"),
        ("surprise/mod.rs", "", "surprise is in no layer"),
        ("store/mod.rs", &"\n".repeat(LONGEST + 1), "501 lines"),
    ];
    for (path, text, expected) in cases {
        let found = problems(&Source { path: path.into(), text: text.into() });
        assert!(found.len() == 1 && found[0].contains(expected), "{path}: {text:?} gave {found:?}");
    }
}

#[test]
fn what_is_allowed_is_left_alone() {
    let cases = [
        ("cli/repro/mod.rs", "use crate::{ops::repro, store}; fn f() { std::io::stdout(); clap::x(); }"),
        (
            "capture/walk.rs",
            "//! As crate::ops does.\nuse crate::{pipeline::manifest, archive::{self, zip}}; // crate::cli",
        ),
        ("ops/repro/mod.rs", "use super::{World, repro::save}; use crate::ops::repro::save::When;"),
        ("store/mod.rs", "mod tests { use super::*; } /* crate::cli */ const A: &str = \"crate::cli println!\";"),
        ("main.rs", "fn main() { ci_tool::cli::run() }"),
        ("lib.rs", "pub mod cli;"),
        ("capture/secrets/tests.rs", &"\n".repeat(LONGEST + 1)),
    ];
    for (path, text) in cases {
        assert_eq!(problems(&Source { path: path.into(), text: text.into() }), Vec::<String>::new(), "{path}");
    }
}

/// Cargo.toml turns the search for tests off, so that a directory of tests can be one program: what it does not name
/// would never run.
#[test]
fn every_file_of_tests_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for entry in fs::read_dir(root.join("tests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_program = path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").is_file();
        let named = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
        assert!(!is_program || named, "Cargo.toml has no [[test]] with the name {name}");
    }
}

fn collect(directory: &Path, files: &mut Vec<Source>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(directory).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let below: Vec<_> =
                path.strip_prefix(&root).unwrap().iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            files.push(Source { path: below.join("/"), text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn problems(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |what: String| problems.push(format!("src/{}: {what}", source.path));
    let lines = source.text.lines().count();
    // A table of test cases may be long; nobody has to hold it in mind at once.
    if lines > LONGEST && !source.path.ends_with("tests.rs") {
        problem(format!("{lines} lines; split it before it has more than {LONGEST}"));
    }
    let module = module(&source.path);
    let Some(room) = module.first() else { return problems };
    let Some(own) = layer(room) else {
        problem(format!("{room} is in no layer; put it into the list in tests/layers.rs"));
        return problems;
    };
    let code = code(&source.text);
    for path in paths(&code, &module) {
        let Some(other) = path.first() else { continue };
        if layer(other).is_some_and(|layer| layer >= own && other != room) {
            problem(format!("{room} must not know {other}: {}", path.join("::")));
        }
        let (noun, others) = (module.get(1), path.get(1));
        if room == "ops" && other == "ops" && noun.is_some() && others.is_some_and(|o| is_module(o) && Some(o) != noun)
        {
            problem(format!("{} must not know {}: move down what two nouns need", module[1], path[1]));
        }
    }
    if room != "cli" {
        for name in OF_THE_SCREEN.iter().filter(|name| names(&code, name)) {
            problem(format!("{name} belongs to cli"));
        }
    }
    problems
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// The module a file is: `store/local/mod.rs` is `store::local`. `main.rs` and `lib.rs` are the crate itself.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').filter(|part| !["main", "lib"].contains(part)).map(str::to_owned).collect()
}

/// A type or function starts with a capital letter or is the star; a module does neither.
fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "self"
}

fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The text without comments and without what stands in quotes.
fn code(text: &str) -> String {
    let token = r##"(?s)//[^\n]*|/\*.*?\*/|r#+".*?"#+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'"##;
    regex::Regex::new(token).unwrap().replace_all(text, "\"\"").into_owned()
}

/// Every path that starts at `crate` or leaves `module` by `super`, from the crate's root.
fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let start = regex::Regex::new(r"\b(crate|super(?:\s*::\s*super)*)\s*::\s*").unwrap();
    let mut found = Vec::new();
    for start in start.captures_iter(code) {
        let supers = start[1].matches("super").count();
        // In a module inside the file, `super` goes one less far up than this takes it: what it then finds is the
        // file's own or has a room's name, and no module has one.
        let root = if supers == 0 { Some(&[][..]) } else { module.len().checked_sub(supers).map(|n| &module[..n]) };
        let Some(root) = root else { continue };
        let mut rest = &code[start.get(0).unwrap().end()..];
        let mut inner = Vec::new();
        tree(&mut rest, &mut Vec::new(), &mut inner);
        found.extend(inner.into_iter().map(|path| [root, &path[..]].concat()));
    }
    found
}

/// Reads one tree of a `use`, `a::{b, c::d}`, and adds its paths below `prefix`.
fn tree(rest: &mut &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let depth = prefix.len();
    loop {
        *rest = rest.trim_start();
        if let Some(group) = rest.strip_prefix('{') {
            *rest = group;
            while !rest.is_empty() && !rest.trim_start().starts_with('}') {
                tree(rest, prefix, found);
                // An alias, and what separates the trees.
                *rest = rest.trim_start_matches(|c: char| !",}".contains(c)).trim_start_matches(',');
            }
            *rest = rest.trim_start().strip_prefix('}').unwrap_or("");
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        prefix.push(rest[..end].to_owned());
        *rest = rest[end..].trim_start();
        let Some(next) = rest.strip_prefix("::") else {
            found.push(prefix.clone());
            break;
        };
        *rest = next;
    }
    prefix.truncate(depth);
}
