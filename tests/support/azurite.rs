//! A real Azurite, installed once under `target/` and ended with the test process.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{
    fs::{self, File},
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

/// The pinned release.
const VERSION: &str = "3.35.0";
/// The account that every Azurite knows.
pub const ACCOUNT: &str = "devstoreaccount1";
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Ends with its standard input, so that it outlives a killed test process by nothing.
const WRAPPER: &str = "process.stdin.on('end', () => process.exit(0)); process.stdin.resume(); \
                       const main = process.argv[1]; process.argv.splice(1, 0, main); process.argv.splice(2, 1); require(main);";

struct Server {
    child: Child,
    port: u16,
    _data: tempfile::TempDir,
}

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// The well-known key of [`ACCOUNT`], put together so that no scanner takes it for a secret.
pub fn key() -> String {
    ["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw", "=="].concat()
}

/// The port of the server of this process, which is started when it is first asked for.
///
/// # Panics
/// When the server cannot be installed or started, saying what is needed.
pub fn port() -> u16 {
    let mut server = SERVER.lock().unwrap_or_else(|e| e.into_inner());
    server.get_or_insert_with(start).port
}

/// The connection string of the server.
pub fn connection_string() -> String {
    connection_string_at(port())
}

/// The connection string of the server behind a proxy at `port`.
pub fn connection_string_at(port: u16) -> String {
    let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    format!("DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={};BlobEndpoint={endpoint};", key())
}

/// A connection string that holds a shared access signature for everything, instead of the key.
pub fn sas_connection_string() -> String {
    let (version, services, types, permissions) = ("2021-12-02", "b", "sco", "rwdlac");
    let (start, end) = ("2024-01-01T00:00:00Z", "2099-01-01T00:00:00Z");
    let text = format!("{ACCOUNT}\n{permissions}\n{services}\n{types}\n{start}\n{end}\n\nhttps,http\n{version}\n\n");
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64_STANDARD.decode(key()).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let sas = format!(
        "sv={version}&ss={services}&srt={types}&sp={permissions}&st={start}&se={end}&spr=https,http&sig={signature}"
    );
    format!("BlobEndpoint=http://127.0.0.1:{}/{ACCOUNT};SharedAccessSignature={sas}", port())
}

/// Ends the server, if one was started.
pub fn stop() {
    let Some(mut server) = SERVER.lock().unwrap_or_else(|e| e.into_inner()).take() else { return };
    let _ = server.child.kill();
    let _ = server.child.wait();
}

fn start() -> Server {
    let main = installed().join("node_modules/azurite/dist/src/blob/main.js");
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("stderr");
    // The port is free between here and the server's bind; another process rarely takes it, and then the start fails.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new("node")
        .arg("-e")
        .arg(WRAPPER)
        .arg("--")
        .arg(&main)
        .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--location"])
        .arg(data.path())
        .args(["--silent", "--disableTelemetry", "--blobKeepAliveTimeout", "120", "--skipApiVersionCheck"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap_or_else(|e| panic!("node does not start ({e}): install Node 20 or set {}=1", super::SKIP_SERVERS));
    let until = Instant::now() + STARTS_WITHIN;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if child.try_wait().unwrap().is_some() || Instant::now() > until {
            let _ = child.kill();
            panic!("azurite does not listen on port {port}: {}", read(&log));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Server { child, port, _data: data }
}

/// The directory of the installation. Test processes that run at once install it once; it appears whole or not at all.
fn installed() -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join(format!("azurite-{VERSION}"));
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join("azurite.lock")).unwrap();
    lock.lock().unwrap();
    if !to.exists() {
        let from = tempfile::tempdir_in(&servers).unwrap();
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let output = Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--prefix"])
            .arg(from.path())
            .arg(format!("azurite@{VERSION}"))
            .output()
            .unwrap_or_else(|e| panic!("npm does not start ({e}): install Node 20 or set {}=1", super::SKIP_SERVERS));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "npm cannot install azurite {VERSION}: {errors}");
        fs::rename(from.keep(), &to).unwrap();
    }
    to
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}
