//! Secrets never leave: planted wherever a job keeps them, none is found in any byte of the store.

#[path = "support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use sandbox::{Call, Sandbox, tree};
use std::{collections::BTreeMap, fs, io::Read, path::Path};

const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Characters that nobody could guess and that are the same in every run. The last one is a digit.
fn noise(what: &str, alphabet: &str, len: usize) -> String {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(what.as_bytes()).finalize_xof().fill(&mut bytes);
    let mut text: String =
        bytes.iter().map(|b| alphabet.as_bytes()[usize::from(*b) % alphabet.len()] as char).collect();
    if alphabet.contains('7') {
        text.replace_range(len - 1.., "7");
    }
    text
}

/// One planted secret.
struct Canary {
    /// What it is.
    kind: &'static str,
    /// The variable that holds it, where one does.
    variable: Option<&'static str>,
    /// The value of the variable, or what is written into files.
    value: String,
    /// What nobody may see: the unguessable parts of the value.
    secret: Vec<String>,
}

fn canary(kind: &'static str, variable: Option<&'static str>, make: impl Fn(&str) -> String, secret: String) -> Canary {
    Canary { kind, variable, value: make(&secret), secret: vec![secret] }
}

/// Secrets in the environment: by the variable's name, by the CI that sets it, by how the value looks.
fn environment() -> Vec<Canary> {
    let named = |kind, variable| canary(kind, Some(variable), str::to_owned, noise(kind, ALNUM, 24));
    let looks = |kind, variable, len, make: &dyn Fn(&str) -> String| {
        canary(kind, Some(variable), make, noise(kind, ALNUM, len))
    };
    let prefixed = |kind, variable, len, parts: &[&str]| {
        let prefix = parts.concat();
        canary(kind, Some(variable), |s| format!("{prefix}{s}"), noise(kind, ALNUM, len))
    };
    let mut all = vec![
        named("a token by name", "DEPLOY_TOKEN"),
        named("a password by name", "DB_PASSWORD"),
        named("a secret by name", "CLIENT_SECRET"),
        named("a key by name", "SERVICE_API_KEY"),
        named("a passphrase by name", "GPG_PASSPHRASE"),
        named("Azure Pipelines' token", "SYSTEM_ACCESSTOKEN"),
        named("an Azure Pipelines endpoint", "ENDPOINT_AUTH_PARAMETER_X"),
        named("an Azure Pipelines secure file", "SECUREFILE_TICKET_X"),
        named("GitLab's job token", "CI_JOB_TOKEN"),
        named("a GitHub runtime token", "ACTIONS_RUNTIME_TOKEN"),
        prefixed("a GitHub token", "PLAIN_A", 36, &["gh", "p_"]),
        prefixed("a fine-grained GitHub token", "PLAIN_B", 82, &["github_", "pat_"]),
        prefixed("a GitLab token", "PLAIN_C", 20, &["gl", "pat-"]),
        prefixed("an npm token", "PLAIN_D", 36, &["np", "m_"]),
        prefixed("a PyPI token", "PLAIN_E", 60, &["py", "pi-", "AgE"]),
        prefixed("a Stripe key", "PLAIN_F", 24, &["sk_", "live_"]),
        prefixed("a Docker Hub token", "PLAIN_G", 27, &["dckr_", "pat_"]),
        prefixed("an Anthropic key", "PLAIN_H", 60, &["sk-", "ant-"]),
        prefixed("an OpenAI key", "PLAIN_I", 60, &["sk-", "proj-"]),
        prefixed("a Vault token", "PLAIN_J", 30, &["hv", "s."]),
        prefixed("a Hugging Face token", "PLAIN_K", 34, &["h", "f_"]),
        prefixed("a Google API key", "PLAIN_L", 35, &["AI", "za"]),
        prefixed("a Slack token", "PLAIN_M", 40, &["xo", "xb-"]),
        looks("an Azure DevOps token", "PLAIN_N", 76, &|s| format!("{s}{}DO{}", "AZ", "abcd")),
        looks("a SAS signature", "PLAIN_O", 43, &|s| {
            format!("https://a.blob.core.windows.net/c?sv=2024&si{}={s}%3D&sp=r", "g")
        }),
        looks("an Azure connection string", "PLAIN_P", 86, &|s| {
            format!("DefaultEndpointsProtocol=https;AccountName=a;Account{}={s}==;EndpointSuffix=x", "Key")
        }),
        looks("a password in a URL", "PLAIN_Q", 20, &|s| format!("postgres://bob:{s}@db.example.org/app")),
    ];
    all.push(canary("an AWS access key", Some("PLAIN_R"), |s| format!("{}IA{s}", "AK"), noise("aws", UPPER, 16)));
    all.push(canary("a DigitalOcean token", Some("PLAIN_S"), |s| format!("dop_{}_{s}", "v1"), noise("do", HEX, 64)));
    let web_token = ["header", "payload", "signature"].map(|part| noise(part, ALNUM, 40));
    all.push(Canary {
        kind: "a JSON web token",
        variable: Some("PLAIN_T"),
        value: format!("{e}h{}.{e}{}.{}", web_token[0], web_token[1], web_token[2], e = "eyJ"),
        secret: web_token.to_vec(),
    });
    let lines: Vec<String> = (0..6).map(|n| noise(&format!("key line {n}"), ALNUM, 64)).collect();
    let title = ["RSA PRIVATE", "KEY"].join(" ");
    all.push(Canary {
        kind: "a private key of many lines",
        variable: Some("PLAIN_U"),
        value: format!("-----BEGIN {title}-----\n{}\n-----END {title}-----\n", lines.join("\n")),
        secret: lines,
    });
    let lines: Vec<String> = (0..3).map(|n| noise(&format!("other line {n}"), ALNUM, 40)).collect();
    all.push(Canary {
        kind: "a secret of many lines",
        variable: Some("KEYSTORE_SECRET"),
        value: lines.join("\n"),
        secret: lines,
    });
    let quoted = [noise("quoted 1", ALNUM, 20), noise("quoted 2", ALNUM, 20)];
    all.push(Canary {
        kind: "a password with odd characters",
        variable: Some("ADMIN_PASSWORD"),
        value: format!("{}'\"\\ $é&{}", quoted[0], quoted[1]),
        secret: quoted.to_vec(),
    });
    all
}

/// Secrets that only a file of the workspace holds: its path, its content, the secret.
fn in_files() -> Vec<(&'static str, String, Canary)> {
    let make = |path: &'static str, content: &dyn Fn(&str) -> String| {
        let secret = noise(path, ALNUM, 40);
        let canary = Canary { kind: path, variable: None, value: secret.clone(), secret: vec![secret.clone()] };
        (path, content(&secret), canary)
    };
    let title = ["OPENSSH PRIVATE", "KEY"].join(" ");
    vec![
        make(".git/config", &|s| {
            let basic = STANDARD.encode(format!("x-access-token:{s}"));
            format!(
                "[core]\n\tbare = false\n[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic {basic}\n"
            )
        }),
        make("sub/.git/config", &|s| format!("[remote \"origin\"]\n\turl = https://bot:{s}@example.org/r.git\n")),
        make(".npmrc", &|s| format!("registry=https://r.example.org/\n//r.example.org/:_authToken={s}\n")),
        make(".netrc", &|s| format!("machine example.org\n  login bob\n  password {s}\n")),
        make("nuget.config", &|s| {
            format!(
                "<configuration><packageSourceCredentials><x><add key=\"ClearTextPassword\" value=\"{s}\" /></x></packageSourceCredentials></configuration>\n"
            )
        }),
        make(".kube/config", &|s| format!("users:\n- name: ci\n  user:\n    token: {s}\n")),
        make(".aws/credentials", &|s| format!("[default]\naws_secret_access_key = {s}\n")),
        make(".docker/config.json", &|s| format!("{{\"auths\":{{\"r\":{{\"auth\":\"{s}\"}}}}}}\n")),
        make(".m2/settings.xml", &|s| {
            format!("<settings><servers><server><password>{s}</password></server></servers></settings>\n")
        }),
        make(".env", &|s| format!("DEBUG=1\nexport APP_SECRET=\"{s}\"\n")),
        make("pip.conf", &|s| format!("[global]\nindex-url = https://bob:{s}@pypi.example.org/simple\n")),
        make(".cargo/credentials.toml", &|s| format!("[registry]\ntoken = \"{s}\"\n")),
        make(".ssh/id_ed25519", &|s| format!("-----BEGIN {title}-----\n{s}\n-----END {title}-----\n")),
        make("keys/any-name.txt", &|s| format!("-----BEGIN {title}-----\n{s}\n-----END {title}-----\n")),
        make("gcloud/application_default_credentials.json", &|s| format!("{{\"refresh\": \"{s}\"}}\n")),
        make(".azure/msal_token_cache.json", &|s| format!("{{\"AccessToken\": {{\"x\": \"{s}\"}}}}\n")),
        make("curl.sh", &|s| format!("curl -H 'Author{}: Bearer {s}' https://example.org\n", "ization")),
    ]
}

/// Files of which only the credential as a whole is known, not the value in it.
const FORGOTTEN: [&str; 5] = [
    ".ssh/id_ed25519",
    "keys/any-name.txt",
    "gcloud/application_default_credentials.json",
    ".azure/msal_token_cache.json",
    "curl.sh",
];

/// What must come back byte for byte, however much it talks of secrets.
fn harmless() -> Vec<(&'static str, String)> {
    let hash = noise("a hash", HEX, 40);
    vec![
        ("README.md", "Set the password in PASSWORD; never commit a token. Bearer tokens expire.\n".into()),
        ("docs/url.md", "psql postgres://user:password@localhost/db and https://example.org/a:b@c\n".into()),
        ("package-lock.json", format!("{{\"integrity\": \"sha512-{}==\"}}\n", noise("integrity", ALNUM, 86))),
        ("commits.txt", format!("{hash} fix the token parser\n")),
        ("uuid.txt", "6ba7b810-9dad-11d1-80b4-00c04fd430c8\n".into()),
        ("ci.yml", "token: ${{ secrets.TOKEN }}\npassword: $PASSWORD\nurl: https://$USER:$PASS@example.org\n".into()),
        ("web/.npmrc", "registry=https://r.example.org/\n//r.example.org/:_authToken=${NPM_TOKEN}\n".into()),
        ("cert.pem", format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", noise("cert", ALNUM, 64))),
        ("id.pub", format!("ssh-ed25519 AAAA{} bob@example.org\n", noise("public", ALNUM, 64))),
        ("prefixes.txt", "ghp_ AKIA sk_live_ xoxb- eyJ are how they begin; 12345678 is a number\n".into()),
        ("short.txt", "the pin is 1234 and the mode is x-1\n".into()),
        ("binary.bin", noise("bytes", &(1..=127).map(char::from).collect::<String>(), 5000)),
    ]
}

const HARMLESS_VARIABLES: [(&str, &str); 8] = [
    ("MAX_TOKENS", "4096"),
    ("PASSWORD_FILE", "/run/secrets/db"),
    ("TOKEN_TYPE", "bearer-like"),
    ("GIT_AUTHOR_NAME", "Ada Lovelace"),
    ("BUILD_FLAGS", "-O2 -DKEY=VALUE"),
    ("HOMEPAGE", "https://example.org/a?b=c"),
    ("MONKEY_PATCH", "patches/monkey.patch"),
    ("COMMIT", "0123456789abcdef0123456789abcdef01234567"),
];

/// The large file: the secret lies across every border at which a reader may cut.
fn large(secret: &str) -> Vec<u8> {
    let mut bytes = b"line of a log without anything in it\n".repeat(60_000);
    for border in (1..=8).map(|n| n * 256 * 1024).chain([1 << 16, (1 << 20) + 16_386, (1 << 18) + 16_386]) {
        let at = border - secret.len() / 2;
        bytes[at..at + secret.len()].copy_from_slice(secret.as_bytes());
    }
    bytes
}

/// Everything is planted; `FAILED` is what the command prints.
struct Planted {
    sandbox: Sandbox,
    canaries: Vec<Canary>,
    files: Vec<&'static str>,
}

fn plant() -> Planted {
    let sandbox = Sandbox::new();
    let mut canaries = environment();
    let all: String = canaries.iter().map(|c| format!("{}\n", c.value)).collect();
    sandbox.write("all.txt", &all);
    sandbox.write("many.log", all.repeat(200));
    sandbox.write("large.log", large(&canaries[0].value));
    let encoded: String = canaries
        .iter()
        .flat_map(|c| {
            let with = |text: &str| STANDARD.encode(format!("{text}{}", c.value));
            [with(""), with("u:"), with("user:"), URL_SAFE_NO_PAD.encode(&c.value), percent(&c.value)]
        })
        .map(|line| format!("{line}\n"))
        .collect();
    sandbox.write("encoded.txt", encoded);
    sandbox
        .write("values.json", serde_json::to_string(&canaries.iter().map(|c| &c.value).collect::<Vec<_>>()).unwrap());
    sandbox.write(
        "build/TEST-x.xml",
        format!(
            "<testsuite name=\"s\"><testcase classname=\"s\" name=\"t\"><failure message=\"got {} from {}\"/></testcase></testsuite>",
            canaries[0].value, canaries[10].value
        ),
    );
    sandbox.write("ci-tool.yaml", "repro:\n  dump: ['env', 'cat all.txt']\n");
    let mut files = vec!["all.txt", "many.log", "large.log", "encoded.txt", "values.json", "build/TEST-x.xml"];
    for (path, content, canary) in in_files() {
        sandbox.write(path, content);
        files.push(path);
        canaries.push(canary);
    }
    for (path, content) in harmless() {
        sandbox.write(path, content);
    }
    assert!(canaries.len() >= 30);
    Planted { sandbox, canaries, files }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

impl Planted {
    fn call(&self, args: &[&str]) -> Call {
        let env = self.canaries.iter().filter_map(|c| Some((c.variable?, c.value.as_str())));
        let call = env.fold(self.sandbox.tool(args), |call, (name, value)| call.env(name, value));
        call.env("SHORT_PASSWORD", "1234").envs(&HARMLESS_VARIABLES)
    }

    /// Saves with a command that prints every secret, has them in its arguments, and fails.
    fn save(&self, format: &str) -> String {
        let script = "cat all.txt encoded.txt values.json; cat large.log >&2; exit 9";
        let args = ["repro", "save", "--format", format, "--job", "unit", "--", "sh", "-c", script];
        // What only a file of its own or its looks give away cannot be known in another shape.
        let known = |c: &&Canary| !FORGOTTEN.contains(&c.kind);
        let arguments = self.canaries.iter().filter(known).map(|c| format!("--with={}", c.value));
        self.call(&args).args(arguments).run().code(9);
        self.sandbox.ids()[0].clone()
    }
}

/// The bytes by which a secret would be known: both ends of every part, plain and in base64 at each alignment.
fn needles(canary: &Canary) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for secret in &canary.secret {
        let end = secret.len().min(14);
        for part in [&secret[..end], &secret[secret.len() - end..]] {
            found.push(part.as_bytes().to_vec());
        }
        for align in 0..3 {
            let text = STANDARD_NO_PAD.encode([&vec![0; align], secret.as_bytes()].concat());
            let inner = &text.as_bytes()[4..text.len() - 4];
            found.push(inner[..inner.len().min(16)].to_vec());
        }
    }
    found
}

/// Every byte of a store: as it lies there, and as what it holds once unpacked.
fn everything(store: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (path, bytes) in tree(store) {
        let name = path.strip_prefix(store).unwrap().display().to_string();
        match path.file_name().unwrap().to_str().unwrap() {
            "workspace.zip" => unzip(&name, &path, &mut found),
            "workspace.7z" => un7z(&name, &path, &mut found),
            "log.zst" | "manifest" => {
                let raw = zstd::decode_all(&bytes[..]).unwrap();
                assert!(!raw.is_empty(), "{name}");
                found.insert(format!("{name} (unpacked)"), raw);
            }
            _ if name.contains("captures+/") => {
                let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                let top = STANDARD.decode(record["parts"]["top"].as_str().unwrap()).unwrap();
                found.insert(format!("{name} (top)"), zstd::decode_all(&top[..]).unwrap());
            }
            "details.json" => {
                let mut text = String::new();
                strings(&serde_json::from_slice(&bytes).unwrap(), &mut text);
                found.insert(format!("{name} (strings)"), text.into_bytes());
            }
            _ => {}
        }
        found.insert(name, bytes);
    }
    found
}

fn unzip(name: &str, path: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    assert!(archive.len() > 30, "{name}");
    for n in 0..archive.len() {
        let mut entry = archive.by_index(n).unwrap();
        let mut bytes = entry.name().unwrap().as_bytes().to_vec();
        entry.read_to_end(&mut bytes).unwrap();
        found.insert(format!("{name}/{}", entry.name().unwrap()), bytes);
    }
}

fn un7z(name: &str, path: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let before = found.len();
    let mut archive = sevenz_rust2::ArchiveReader::open(path, sevenz_rust2::Password::empty()).unwrap();
    let read = archive.for_each_entries(|entry, content| {
        let mut bytes = entry.name().as_bytes().to_vec();
        content.read_to_end(&mut bytes)?;
        found.insert(format!("{name}/{}", entry.name()), bytes);
        Ok(true)
    });
    read.unwrap();
    assert!(found.len() > before + 30, "{name}");
}

fn strings(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::String(text) => out.push_str(&format!("{text}\n")),
        serde_json::Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        serde_json::Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            out.push_str(&format!("{name}\n"));
            strings(field, out);
        }),
        _ => {}
    }
}

/// The places where secrets are seen.
fn leaks(canaries: &[Canary], haystack: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let labelled: Vec<(&str, Vec<u8>)> =
        canaries.iter().flat_map(|c| needles(c).into_iter().map(|needle| (c.kind, needle))).collect();
    let searcher = aho_corasick::AhoCorasick::new(labelled.iter().map(|(_, needle)| needle)).unwrap();
    let mut found = Vec::new();
    for (place, bytes) in haystack {
        for hit in searcher.find_overlapping_iter(bytes) {
            let around = &bytes[hit.start().saturating_sub(20)..bytes.len().min(hit.end() + 20)];
            let kind = labelled[hit.pattern().as_usize()].0;
            found.push(format!("{kind} in {place} at {}: {}", hit.start(), String::from_utf8_lossy(around)));
        }
    }
    found.dedup();
    found
}

#[test]
fn the_search_finds_what_is_planted() {
    let planted = plant();
    let found = leaks(&planted.canaries, &everything_of(&planted.sandbox.work()));
    for canary in &planted.canaries {
        assert!(found.iter().any(|leak| leak.starts_with(&format!("{} in ", canary.kind))), "{}", canary.kind);
    }
}

fn everything_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    tree(dir).into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)).collect()
}

#[test]
fn no_secret_is_in_any_byte_of_the_store() {
    for format in ["chunks", "zip", "7z"] {
        let planted = plant();
        planted.save(format);
        let found = leaks(&planted.canaries, &everything(&planted.sandbox.store()));
        assert!(found.is_empty(), "{format}: {} leaks\n{}", found.len(), found[..found.len().min(40)].join("\n"));
    }
}

#[test]
fn no_secret_leaks_from_a_post_steps_flags() {
    let planted = plant();
    let command = format!("deploy --key '{}'", planted.canaries[0].value);
    let args = ["repro", "save", "--log", "many.log", "--failed-command", &command, "--exit-code", "1"];
    planted.call(&args).args(["--job", "unit", "--output", "json"]).run().ok();
    let found = leaks(&planted.canaries, &everything(&planted.sandbox.store()));
    assert!(found.is_empty(), "{}", found[..found.len().min(40)].join("\n"));
}

#[cfg(unix)]
#[test]
fn no_secret_leaks_by_the_name_of_a_file_or_the_target_of_a_link() {
    for format in ["chunks", "zip", "7z"] {
        let planted = plant();
        let (known, looks) = (&planted.canaries[0].value, &planted.canaries[10].value);
        planted.sandbox.write(&format!("cache/{known}/inside.txt"), "x");
        planted.sandbox.write(&format!("cache/response-{looks}.json"), "x");
        std::os::unix::fs::symlink(format!("/tmp/{known}/x"), planted.sandbox.work().join("link")).unwrap();
        let id = planted.save(format);
        let found = leaks(&planted.canaries, &everything(&planted.sandbox.store()));
        assert!(found.is_empty(), "{format}: {}", found[..found.len().min(40)].join("\n"));
        let shown = planted.sandbox.repro(["show", &id]).ok();
        shown.prints(&["file workspace/link: ", "file workspace/cache/response-*"]);
        planted.sandbox.repro(["verify", &id]).ok();
        planted.sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    }
}

#[test]
fn every_removal_is_named_with_its_reason() {
    let planted = plant();
    let id = planted.save("zip");
    let shown = planted.sandbox.repro(["show", &id]).ok().text();
    planted.sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    let readme = fs::read_to_string(planted.sandbox.path("again/REPRO.md")).unwrap();
    let named = |place: &str, name: &str| {
        let line = shown.lines().find(|l| l.trim().starts_with(&format!("{place} {name}: re")) && l.ends_with(')'));
        assert!(line.is_some(), "{place} {name} is not in:\n{shown}");
        assert!(readme.contains(&format!("- {place} `{name}` re")), "{place} {name} is not in:\n{readme}");
    };
    planted.canaries.iter().filter_map(|c| c.variable).for_each(|variable| named("environment", variable));
    planted.files.iter().for_each(|file| named("file", &format!("workspace/{file}")));
    named("log", "log");
    assert!(leaks(&planted.canaries, &everything_of(&planted.sandbox.path("again"))).is_empty());
    // A short value is removed too, but is not looked for: that is said.
    assert!(shown.contains("  SHORT_PASSWORD (shorter than 8 bytes)\n"), "{shown}");
}

#[test]
fn what_is_harmless_comes_back_byte_for_byte() {
    let planted = plant();
    let id = planted.save("zip");
    planted.sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    for (path, content) in harmless() {
        let back = fs::read(planted.sandbox.path("again/workspace").join(path)).unwrap();
        assert!(back == content.as_bytes(), "{path}: {}", String::from_utf8_lossy(&back));
    }
    let shown = planted.sandbox.repro(["show", &id, "--output", "json"]).ok().json();
    for (name, value) in HARMLESS_VARIABLES {
        assert_eq!(shown["details"]["environment"][name], value, "{name}");
    }
    let size = |place: &str| fs::metadata(planted.sandbox.path(place).join("large.log")).unwrap().len();
    assert_eq!(size("again/workspace"), size("work"), "masking keeps sizes");
}
