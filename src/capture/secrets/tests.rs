use super::*;
use crate::pipeline::env::EnvMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use std::io::Read;

/// A run of letters and digits that differs by seed, made here so that no file holds anything like a secret.
fn run(seed: u64, len: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text: String = (1..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet[(state >> 33) as usize % alphabet.len()] as char
        })
        .collect();
    text.push('7');
    text
}

fn pem(title: &str) -> (String, String) {
    let lines: Vec<String> = (0..6).map(|i| run(40 + i, 64)).collect();
    (format!("-----BEGIN {title}-----\n{}\n-----END {title}-----", lines.join("\n")), lines[3].clone())
}

/// Kinds of credential: a name, the whole as it would stand somewhere, and the part that must never be seen again.
fn credentials() -> Vec<(&'static str, String, String)> {
    let mut all: Vec<(&'static str, String, String)> = Vec::new();
    for (kind, title) in [
        ("RSA key", "RSA PRIVATE KEY"),
        ("PKCS8 key", "PRIVATE KEY"),
        ("OpenSSH key", "OPENSSH PRIVATE KEY"),
        ("PGP key", "PGP PRIVATE KEY BLOCK"),
    ] {
        let (whole, line) = pem(title);
        all.push((kind, whole, line));
    }
    let (whole, line) = pem("EC PRIVATE KEY");
    all.push(("key on one line", whole.replace('\n', "\\n"), line));
    all.push(("PuTTY key", format!("Private-Lines: 2\n{}\n{}\n", run(1, 64), run(2, 40)), run(2, 40)));
    let jwt =
        |seed| format!("eyJ{}.eyJ{}.{}", format_args!("h{}", run(seed, 30)), run(seed + 1, 60), run(seed + 2, 43));
    let prefixed: Vec<(&'static str, String)> = vec![
        ("JWT", jwt(3)),
        ("GitHub ghp", format!("gh{}_{}", 'p', run(10, 36))),
        ("GitHub gho", format!("gh{}_{}", 'o', run(11, 36))),
        ("GitHub ghu", format!("gh{}_{}", 'u', run(12, 36))),
        ("GitHub ghs", format!("gh{}_{}", 's', run(13, 36))),
        ("GitHub ghr", format!("gh{}_{}", 'r', run(14, 76))),
        ("GitHub fine-grained", format!("github_{}_{}", "pat", run(15, 82))),
        ("GitLab personal", format!("gl{}-{}", "pat", run(16, 20))),
        ("GitLab CI build", format!("gl{}-64_{}", "cbt", run(17, 20))),
        ("AWS permanent", format!("AK{}{}", "IA", "Q2".repeat(8))),
        ("AWS session", format!("AS{}{}", "IA", "R3".repeat(8))),
        ("Slack bot", format!("xox{}-{}", 'b', run(18, 40))),
        ("Slack app", format!("xap{}-1-{}", 'p', run(19, 40))),
        ("Google API", format!("AI{}{}", "za", run(20, 35))),
        ("Google OAuth", format!("ya{}.{}", 29, run(21, 60))),
        ("npm", format!("np{}_{}", 'm', run(22, 36))),
        ("PyPI", format!("py{}-AgE{}", "pi", run(23, 80))),
        ("Stripe", format!("sk_{}_{}", "live", run(24, 24))),
        ("SendGrid", format!("S{}.{}.{}", 'G', run(25, 22), run(26, 43))),
        ("Hugging Face", format!("h{}_{}", 'f', run(27, 34))),
        ("Docker Hub", format!("dckr_{}_{}", "pat", run(28, 27))),
        ("Azure DevOps", format!("{}AZ{}{}", run(29, 76), "DO", run(30, 4))),
        ("Azure storage key", format!("{}+A{}{}==", run(31, 76), "St", run(32, 6))),
        ("Anthropic", format!("sk-{}-{}", "ant", run(33, 90))),
        ("OpenAI", format!("sk-{}-{}", "proj", run(34, 90))),
        ("Vault", format!("hv{}.{}", 's', run(35, 90))),
        ("Terraform", format!("{}.atlas{}.{}", run(36, 14), "v1", run(37, 67))),
    ];
    all.extend(prefixed.into_iter().map(|(kind, whole)| (kind, whole.clone(), whole)));
    for (kind, prefix, secret, suffix) in [
        ("Azure SAS", "https://a.blob.core.windows.net/c?sv=2024&sp=r&sig=", run(50, 43) + "%3D", "&se=2026"),
        ("storage connection string", "EndpointsProtocol=https;AccountName=a;AccountKey=", run(51, 86) + "==", ";X=y"),
        ("bus connection string", "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=", run(52, 43) + "=", ""),
        ("URL", "https://bot:", run(53, 12), "@git.example.org/r.git"),
        ("token URL", "https://", run(54, 40), "@git.example.org/r.git"),
        ("database URL", "postgres://app:", run(55, 12), "@db.example.org:5432/app?sslmode=require"),
        ("header", "Authorization: Basic ", run(56, 40), ""),
        ("bare header", "authorization: ", run(62, 40), ""),
        ("JSON header", r#"{"authorization": "Bearer "#, run(57, 40), "\"}"),
        ("bearer", "sent bearer ", run(58, 40), ""),
        ("Slack webhook", "https://hooks.slack.com/services/", format!("T0{0}/B0{0}/{1}", 1, run(59, 24)), ""),
    ] {
        all.push((kind, format!("{prefix}{secret}{suffix}"), secret));
    }
    all
}

fn rules() -> Rules {
    Rules::new(&["MY_OWN_*".into()], &["PUBLIC_TOKEN".into()]).unwrap()
}

fn env(pairs: &[(&str, &str)]) -> EnvMap {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(secret)
}

fn secret(value: &str) -> SecretValue {
    SecretValue { name: "X".into(), value: value.into() }
}

fn streamed(scrubber: &Scrubber, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ScrubReader::new(bytes, scrubber).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn every_kind_of_credential_goes_from_environment_file_and_log() {
    let scrubber = Scrubber::new(&[], &Options::default());
    let all = credentials();
    assert!(all.len() >= 30);
    for (kind, whole, secret) in &all {
        let scrubbed = environment(&env(&[("HARMLESS", whole), ("OTHER", "kept")]), &rules(), &Options::default());
        assert!(!scrubbed.kept.get("HARMLESS").is_some_and(|v| v.contains(secret)), "{kind} in the environment");
        assert_eq!(scrubbed.kept["OTHER"], "kept");
        assert_eq!(scrubbed.removed.len(), 1, "{kind}");
        assert!(scrubbed.values.iter().any(|v| v.value.contains(secret)), "{kind} is searched for elsewhere");

        let log = format!("2026-01-01 step 3: {whole}\nnext line\n");
        let mut bytes = log.clone().into_bytes();
        let hits = scrubber.scrub_whole(&mut bytes);
        assert!(hits.total() > 0 && !contains(&bytes, secret), "{kind} in a log");
        assert_eq!(bytes.len(), log.len(), "{kind}");
        assert!(contains(&bytes, "\nnext line\n") && contains(&bytes, "2026-01-01 step 3: "), "{kind}");

        let file = format!("{{\"a\": \"{whole}\"}}");
        assert!(!contains(&streamed(&scrubber, file.as_bytes()), secret), "{kind} in a file");
    }
}

#[test]
fn names_that_say_secret_drop_their_variable() {
    for name in [
        "SYSTEM_ACCESSTOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "CI_JOB_JWT",
        "CI_JOB_JWT_V2",
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "AZURE_CLIENT_SECRET",
        "ARM_CLIENT_SECRET",
        "ARM_ACCESS_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "DB_PASSWD",
        "PGPASSWORD",
        "PASSWORD1",
        "API_KEY_2",
        "GH_PAT_2",
        "MYSQL_PWD",
        "GPG_PASSPHRASE",
        "SOME_API_KEY",
        "someApiKey",
        "servicePrincipalKey",
        "DEPLOY_PRIVATE_KEY",
        "GCP_CREDENTIALS",
        "BLOB_SAS",
        "AZURE_STORAGE_CONNECTION_STRING",
        "NPM_AUTH",
        "DOCKER_AUTH_CONFIG",
        "AZURE_DEVOPS_EXT_PAT",
        "GITHUBTOKEN",
        "JENKINS_AGENT_COOKIE",
        "ENDPOINT_AUTH_SYSTEMVSSCONNECTION",
        "SECUREFILE_TICKET_1",
        "MY_OWN_THING",
        "my_own_thing",
    ] {
        let value = run(7, 24);
        let scrubbed = environment(&env(&[(name, &value)]), &rules(), &Options::default());
        assert!(scrubbed.kept.is_empty(), "{name}");
        assert_eq!(scrubbed.removed[0].action, Action::Dropped);
        assert_eq!(scrubbed.values, [SecretValue { name: name.into(), value }]);
        assert!(!format!("{:?}", scrubbed.values).contains(&run(7, 24)), "a value is never printed");
    }
}

#[test]
fn what_is_no_secret_stays() {
    let kept = [
        ("PWD", "/home/ci/work"),
        ("OLDPWD", "/home/ci"),
        ("PROJECT_PWD", "/home/ci/work"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-x/agent.1"),
        ("GPG_KEY_PATH", "/etc/keys/pub.asc"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/tmp/gcp.json"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
        ("KEYBOARD", "us-international"),
        ("GIT_AUTHOR_NAME", "Ada Lovelace"),
        ("AUTHOR", "Ada Lovelace the First"),
        ("TOKENIZERS_PARALLELISM", "disabled-by-us"),
        ("MAX_TOKENS", "4096"),
        ("USE_TOKEN", "true"),
        ("AUTH_TYPE", "kerberos-v5"),
        ("BYPASS", "everything-else"),
        ("COMPASS", "north-north-east"),
        ("ghprbCredentialsId", "github-bot-credentials"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://vstoken.example/x"),
        ("CACHE_KEY", "linux-cargo-0123456789abcdef"),
        ("SASL_LIB", "libsasl2.so.2"),
        ("PUBLIC_TOKEN", "a-public-thing"),
        ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567"),
        ("SECRET_NAME", "the-name-of-it"),
        ("PATH", "/usr/bin:/bin"),
        ("URL", "https://example.org/a@b?c=d"),
        ("REPO", "git@github.com:o/r.git"),
        ("TEMPLATE", "https://user:${PASSWORD}@host/"),
        ("SHA256", "sig=0123456789abcdef0123456789abcdef0123456789ab"),
        ("UUID", "0b8e2d7e-8a0b-4a53-9b8f-1f0d3c2b1a99"),
        ("EMPTY_TOKEN", ""),
    ];
    let scrubbed = environment(&env(&kept), &rules(), &Options::default());
    let names: Vec<&str> = scrubbed.removed.iter().map(|r| &*r.name).collect();
    assert_eq!(names, Vec::<&str>::new());
    assert_eq!(scrubbed.kept, env(&kept));

    let certificate = pem("CERTIFICATE").0;
    let scrubber = Scrubber::new(&[], &Options::default());
    for text in [
        &*certificate,
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "the bearer of this letter; Authorization: required for everyone",
        "\"Authorization\": \"Bearer \" + token",
        "http://localhost:8080/x?y=user:pass@host shelf_abcdefghijklmnopqrstuvwxyzabcdefgh",
        "https://user:********@host/ https://user:xxxx@host/ http://[::1]:80/ mailto:a@b",
        "AKIAabc ghp_short sk_test_4eC39HqLyjWDarjtT1zdp7dc xoxb-nothing-here glpat-not-a-token-at-all-no",
        "http://user:password@host http://a:b@c:29/ scheme://[user:passwd@]proxy pub Authorization: WINBIO_PRESENCE_0_X,",
        "eyJhbGciOiJIUzI1NiJ9 without a payload. std::collections::BTreeMap<String, Vec<u8>>",
    ] {
        let mut bytes = text.as_bytes().to_vec();
        assert_eq!(scrubber.scrub_whole(&mut bytes), Hits::default(), "{text}");
        assert_eq!(bytes, text.as_bytes());
    }
}

#[test]
fn a_dropped_value_goes_wherever_another_variable_shows_it() {
    let token = run(8, 20);
    let basic = STANDARD.encode(format!("user:{token}"));
    let url = format!("https://host/x?k={token}&y=1");
    let variables =
        env(&[("A_URL", &url), ("B_TOKEN", &token), ("C_BASIC", &basic), ("D", "x"), ("E_PASSWORD", "production")]);
    let scrubbed = environment(&variables, &rules(), &Options::default());
    assert_eq!(scrubbed.kept["A_URL"], format!("https://host/x?k={}&y=1", "*".repeat(20)));
    assert!(scrubbed.kept["C_BASIC"].starts_with(&basic[..6]) && scrubbed.kept["C_BASIC"].contains("********"));
    assert_eq!(scrubbed.kept["D"], "x");
    let actions: Vec<(&str, Action)> = scrubbed.removed.iter().map(|r| (&*r.name, r.action)).collect();
    use Action::{Dropped, Redacted};
    assert_eq!(actions, [("A_URL", Redacted), ("B_TOKEN", Dropped), ("C_BASIC", Redacted), ("E_PASSWORD", Dropped)]);
}

#[test]
fn a_url_keeps_all_but_its_password() {
    let password = run(9, 10);
    let url = format!("https://bot:{password}@host/x");
    let scrubbed = environment(&env(&[("MIRROR", &url)]), &rules(), &Options::default());
    assert_eq!(scrubbed.kept["MIRROR"], "https://bot:**********@host/x");
    assert_eq!(scrubbed.values, [SecretValue { name: "MIRROR".into(), value: password }]);
    let scrubbed = environment(&env(&[("MIRROR", "https://bot:pw@host/x")]), &rules(), &Options::default());
    assert_eq!(scrubbed.kept["MIRROR"], "https://bot:**@host/x", "in an environment even a short one goes");
}

#[test]
fn a_value_is_found_in_every_encoding() {
    let value = format!("a\"b/{}+&%ü?", run(60, 15));
    let scrubber = Scrubber::new(&[secret(&value)], &Options::default());
    let percent: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
    let kept_letters = |b: u8| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02x}") };
    let mut forms = vec![value.clone(), value.bytes().map(kept_letters).collect(), value.replace('"', "\\\"")];
    for user in ["", "u", "us", "use", "x-access-token", "oauth2"] {
        for tail in ["", "\n", ":extra"] {
            let text = format!("{user}:{value}{tail}");
            forms.push(STANDARD.encode(&text));
            forms.push(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&text));
        }
    }
    for form in forms {
        let text = format!("before {form} after");
        let mut bytes = text.clone().into_bytes();
        assert!(scrubber.scrub_whole(&mut bytes).counts.contains_key("the value of X"), "{form}");
        assert_eq!(bytes.len(), text.len());
        assert!(contains(&bytes, "before ") && contains(&bytes, " after"));
        // Nothing of the value can be decoded from what is left.
        let left = String::from_utf8_lossy(&bytes).replace('*', "");
        assert!(left.len() < text.len() - value.len() + 2, "{left}");
    }
    assert_ne!(percent, value);
}

#[test]
fn each_long_line_of_a_value_is_found_alone() {
    let (key, line) = pem("OPENSSH PRIVATE KEY");
    let scrubber = Scrubber::new(&[secret(&key), secret("short\nlines")], &Options::default());
    let mut bytes = format!("debug: {line}\nlines -----BEGIN OPENSSH").into_bytes();
    scrubber.scrub_whole(&mut bytes);
    assert_eq!(bytes, format!("debug: {}\nlines -----BEGIN OPENSSH", "*".repeat(64)).into_bytes());
}

#[test]
fn a_masked_key_keeps_its_frame_and_lines() {
    let (key, _) = pem("RSA PRIVATE KEY");
    let mut bytes = format!("{key}\n").into_bytes();
    Scrubber::new(&[], &Options::default()).scrub_whole(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines[7]), ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"));
    assert!(lines[1..7].iter().all(|l| *l == "*".repeat(64)), "{text}");
}

#[test]
fn common_values_are_listed_and_not_searched_for() {
    let values = ["short", "production", "12345678", "aaaaaaaaaa", "/home/ci/work", "long enough"].map(secret);
    let options = Options { path_exists: &|path| path == "/home/ci/work" };
    let scrubber = Scrubber::new(&values, &options);
    let reasons: Vec<&str> = scrubber.not_searched().iter().map(|n| &*n.reason).collect();
    let expected = [
        "shorter than 8 bytes",
        "a common word",
        "a number",
        "one repeated character",
        "the path of something that exists",
    ];
    assert_eq!(reasons, expected);
    let mut bytes = b"production 12345678 /home/ci/work long enough".to_vec();
    scrubber.scrub_whole(&mut bytes);
    assert_eq!(bytes, b"production 12345678 /home/ci/work ***********");
}

#[test]
fn hundreds_of_values_are_all_found() {
    let values: Vec<SecretValue> = (0..300).map(|i| secret(&run(1000 + i, 20))).collect();
    let scrubber = Scrubber::new(&values, &Options::default());
    let mut bytes = values.iter().map(|v| v.value.clone()).collect::<Vec<_>>().join(" ").into_bytes();
    assert_eq!(scrubber.scrub_whole(&mut bytes).total(), 300);
    assert!(bytes.iter().all(|b| matches!(b, b'*' | b' ')));
}

#[test]
fn known_files_are_told_by_their_path() {
    use FileKind::*;
    for (path, kind) in [
        (".git/config", GitConfig),
        ("sub/.git/modules/a/b/config", GitConfig),
        (".git/worktrees/w/config.worktree", GitConfig),
        ("srv/r.git/config", GitConfig),
        (".npmrc", Settings),
        ("a/b/.env", Settings),
        (".env.production", Settings),
        (".pypirc", Settings),
        (".aws/credentials", Settings),
        (".cargo/credentials.toml", Settings),
        (".gradle/gradle.properties", Settings),
        (".yarnrc.yml", Yaml),
        (".kube/config", Yaml),
        ("kubeconfig", Yaml),
        (".config/gh/hosts.yml", Yaml),
        (".netrc", Netrc),
        ("_netrc", Netrc),
        ("src/NuGet.Config", NuGet),
        (".docker/config.json", DockerConfig),
        (".m2/settings.xml", Maven),
        (".git-credentials", Urls),
        (".config/pip/pip.conf", Urls),
        (".git/FETCH_HEAD", Urls),
        ("dir\\.git\\config", GitConfig),
    ] {
        assert_eq!(file_rule(path.as_bytes()), FileRule::Redact(kind), "{path}");
    }
    for path in [
        ".ssh/id_ed25519",
        "home/.ssh/id_rsa",
        ".vault-token",
        ".azure/msal_token_cache.json",
        ".config/gcloud/application_default_credentials.json",
        ".config/gcloud/credentials.db",
        ".ssh/agent.pem",
        ".terraform.d/credentials.tfrc.json",
        ".gnupg/private-keys-v1.d/A.key",
        "secrets/server.pfx",
        ".aws/sso/cache/x.json",
    ] {
        assert!(matches!(file_rule(path.as_bytes()), FileRule::LeaveOut(_)), "{path}");
    }
    for path in [
        ".ssh/id_ed25519.pub",
        ".ssh/known_hosts",
        "tests/fixtures/server.pfx",
        "src/config",
        "config",
        "terraform.tfstate",
        "src/environment.rs",
        "docs/.environment",
        "tests/certs/ca.pem",
        ".git/HEAD",
        ".azure/config",
        "settings.xml",
    ] {
        assert_eq!(file_rule(path.as_bytes()), FileRule::Keep, "{path}");
    }
}

#[test]
fn known_files_lose_their_credentials_and_nothing_else() {
    use FileKind::*;
    let s = run(70, 24);
    for (kind, before, after) in [
        (
            GitConfig,
            "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic ",
            "\n[core]\n\tbare = false\n",
        ),
        (GitConfig, "[remote \"origin\"]\n\turl = https://x:", "@host/r.git\n"),
        (Settings, "registry=https://r.example.org/\n//r.example.org/:_authToken=", "\nfund=false\n"),
        (Settings, "//r/:_auth=", "\n//r/:username=ada\n"),
        (Settings, "_password = \"", "\"\n"),
        (Settings, "# x\nexport DB_HOST=db.example.org\nexport DB_PASSWORD='", "'\n"),
        (Settings, "[pypi]\nusername = __token__\npassword = ", "\n"),
        (Settings, "[default]\nregion = eu\naws_secret_access_key = ", "\n"),
        (Settings, "org.gradle.jvmargs=-Xmx2g\nsigning.password=", "\n"),
        (Settings, "[registry]\ntoken = \"", "\"\n"),
        (Yaml, "npmScopes:\n  a:\n    npmAuthToken: \"", "\"\n    npmAlwaysAuth: true\n"),
        (Yaml, "users:\n- name: ci\n  user:\n    token: ", "\n    username: ci\n"),
        (Yaml, "    client-key-data: ", "\n"),
        (Yaml, "github.com:\n    oauth_token: ", "\n    git_protocol: https\n"),
        (Netrc, "machine host login ada password ", " port 22\n"),
        (
            NuGet,
            "<packageSourceCredentials><f><add key=\"Username\" value=\"ada\" />\n<add key=\"ClearTextPassword\" value=\"",
            "\" /></f>",
        ),
        (DockerConfig, "{\"auths\": {\"r.example.org\": {\"auth\": \"", "\"}}, \"credsStore\": \"desktop\"}"),
        (Maven, "<server><id>r</id><username>ada</username><password>", "</password></server>"),
        (Urls, "https://ada:", "@host\n"),
        (Urls, "[global]\nindex-url = https://__token__:", "@pypi.example.org/simple\n"),
    ] {
        let redacted = redact(kind, format!("{before}{s}{after}").as_bytes());
        let text = String::from_utf8(redacted.bytes).unwrap();
        assert!(!text.contains(&s), "{text}");
        assert_eq!(text.len(), before.len() + 24 + after.len());
        let masked = text.split("****").next().unwrap();
        assert!(before.starts_with(masked) && text.ends_with(after), "{text}");
        assert!(redacted.values.iter().any(|v| v.value == s), "{kind:?}: {:?}", redacted.removed);
        assert_eq!(redacted.removed.len(), 1, "{:?}", redacted.removed);
    }
    let harmless = "A_TOKEN=${TOKEN}\nPATH=/usr/bin\n# PASSWORD=x is a comment\nDEBUG=true\nAUTH_TYPE=x\n";
    let kept = redact(Settings, harmless.as_bytes());
    assert_eq!((String::from_utf8(kept.bytes).unwrap().as_str(), kept.removed.len()), (harmless, 0));
}

/// Hands out at most the next size of a cycle of sizes at a time.
struct Cut<'a>(&'a [u8], std::iter::Cycle<std::vec::IntoIter<usize>>);

impl Read for Cut<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.1.next().unwrap_or(1).min(out.len()).min(self.0.len());
        out[..size].copy_from_slice(&self.0[..size]);
        self.0 = &self.0[size..];
        Ok(size)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The source has several blocks of 256 KiB, with secrets at random places and so across their borders.
    #[test]
    fn a_stream_and_a_whole_give_the_same(
        places in prop::collection::vec((0usize..600_000, any::<prop::sample::Index>()), 0..60),
        at_border in any::<prop::sample::Index>(),
        sizes in prop::collection::vec(1usize..100_000, 1..8),
        wanted in 1usize..70_000,
        len in 0usize..600_000,
    ) {
        let value = run(80, 5000);
        let mut secrets: Vec<String> = credentials().into_iter().map(|(_, whole, _)| whole).collect();
        secrets.extend([value.clone(), STANDARD.encode(format!("u:{value}")), run(81, 9)]);
        let mut bytes = b"some text, ".iter().copied().cycle().take(len).collect::<Vec<u8>>();
        // A border that is certain to be crossed.
        let border = (256 * 1024 - 700, at_border);
        for (place, which) in places.into_iter().chain([border]) {
            let secret = which.get(&secrets).as_bytes();
            if let Some(room) = bytes.get_mut(place..place + secret.len()) {
                room.copy_from_slice(secret);
            }
        }
        let scrubber = Scrubber::new(&[secret(&value), secret(&run(81, 9))], &Options::default());
        let mut reader = ScrubReader::new(Cut(&bytes, sizes.into_iter().cycle()), &scrubber);
        let (mut streamed, mut buffer) = (Vec::new(), vec![0; wanted]);
        loop {
            let got = reader.read(&mut buffer).unwrap();
            if got == 0 { break }
            streamed.extend_from_slice(&buffer[..got]);
        }
        let hits = reader.hits().clone();
        let whole_hits = scrubber.scrub_whole(&mut bytes);
        prop_assert!(streamed == bytes);
        prop_assert_eq!(hits, whole_hits);
    }

    #[test]
    fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), anchor in any::<prop::sample::Index>(), at in 0usize..2000) {
        let mut bytes = bytes;
        let anchors = super::shapes::anchors();
        let at = at.min(bytes.len());
        bytes.splice(at..at, anchor.get(&anchors).bytes());
        let len = bytes.len();
        for kind in [FileKind::GitConfig, FileKind::Settings, FileKind::Yaml, FileKind::Netrc, FileKind::NuGet, FileKind::DockerConfig, FileKind::Maven, FileKind::Urls] {
            prop_assert_eq!(redact(kind, &bytes).bytes.len(), len);
        }
        let scrubber = Scrubber::new(&[], &Options::default());
        scrubber.scrub_whole(&mut bytes);
        prop_assert_eq!(bytes.len(), len);
    }
}
