//! Versions that installations hold in a file. Starting a JVM, Node.js or Python to hear the same costs more processor time
//! than saving a small workspace; whatever is not laid out as expected here is asked as all other tools are.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

/// A larger file is none of those that are looked at, in bytes.
const MAX: u64 = 1 << 20;

/// What the tool at `path` would print as its version, where its installation tells. None when only running it does.
pub(super) fn version(name: &str, path: &Path) -> Option<String> {
    match name {
        "javac" => javac(path),
        "mvn" => maven(path),
        "npm" => npm(path),
        "pip3" => pip(path),
        _ => None,
    }
}

/// `JAVA_VERSION` of the file `release` in the home of every JDK since 7.
fn javac(path: &Path) -> Option<String> {
    let program = path.canonicalize().ok()?;
    let release = text(&program.parent()?.parent()?.join("release"))?;
    let quoted = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    number(quoted.trim().trim_matches('"')).map(|version| format!("javac {version}"))
}

/// The `pom.properties` that Maven's build put into its core, for the script of Maven itself: it takes the home from its own
/// place, whatever the environment says.
fn maven(path: &Path) -> Option<String> {
    let program = path.canonicalize().ok()?;
    if !text(&program)?.contains("org.codehaus.plexus.classworlds.launcher.Launcher") {
        return None;
    }
    let lib = program.parent()?.parent()?.join("lib");
    let core = only(&lib, |name| name.starts_with("maven-core-") && name.ends_with(".jar"))?;
    let mut jar = Vec::new();
    File::open(lib.join(core)).ok()?.take(MAX).read_to_end(&mut jar).ok()?;
    let properties = unzipped(&jar, b"META-INF/maven/org.apache.maven/maven-core/pom.properties")?;
    let version = properties.lines().find_map(|line| line.strip_prefix("version="))?;
    number(version.trim()).map(|version| format!("Apache Maven {version}"))
}

/// A text in a zip archive (APPNOTE.TXT, sections 4.3.7 and 4.3.12), by its name.
fn unzipped(zip: &[u8], name: &[u8]) -> Option<String> {
    let number = |at: usize, len: usize| {
        zip.get(at..at + len).map(|bytes| bytes.iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte)))
    };
    // The last one is in the directory at the archive's end.
    let central = memchr::memmem::rfind(zip, name)?.checked_sub(46)?;
    let (method, len, local) = (number(central + 10, 2)?, number(central + 20, 4)?, number(central + 42, 4)?);
    let start = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
    let data = zip.get(start..start + len)?;
    let mut text = String::new();
    match method {
        0 => text.push_str(std::str::from_utf8(data).ok()?),
        8 => drop(flate2::read::DeflateDecoder::new(data).take(MAX).read_to_string(&mut text).ok()?),
        _ => return None,
    }
    Some(text)
}

/// The `package.json` above `npm/bin/npm-cli.js`.
fn npm(path: &Path) -> Option<String> {
    let program = path.canonicalize().ok()?;
    if !program.ends_with("bin/npm-cli.js") {
        return None;
    }
    let package = text(&program.parent()?.parent()?.join("package.json"))?;
    let package: serde_json::Value = serde_json::from_str(&package).ok()?;
    (package.get("name")? == "npm").then_some(())?;
    number(package.get("version")?.as_str()?).map(str::to_owned)
}

/// The name of the directory in which pip is described (`pip-23.2.1.dist-info`, PyPA's "Recording installed projects") below
/// the interpreter `PREFIX/bin/python3.N` that pip's script names in its first line.
fn pip(path: &Path) -> Option<String> {
    let script = text(path)?;
    let python = Path::new(script.lines().next()?.strip_prefix("#!")?.trim());
    let version = python.file_name()?.to_str()?;
    if !python.is_absolute() || !version.starts_with("python3.") || !script.contains("from pip._internal.cli.main") {
        return None;
    }
    let packages = python.parent()?.parent()?.join("lib").join(version).join("site-packages");
    let info = only(&packages, |name| name.starts_with("pip-") && name.ends_with(".dist-info"))?;
    number(info.strip_prefix("pip-")?.strip_suffix(".dist-info")?).map(|version| format!("pip {version}"))
}

/// The one name in a directory for which `wanted` holds. None when there are several: only running it tells which counts.
fn only(dir: &Path, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let names = fs::read_dir(dir).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names = names.filter(|name| wanted(name));
    names.next().filter(|_| names.next().is_none())
}

fn number(version: &str) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
    (version.starts_with(|c: char| c.is_ascii_digit()) && version.len() < 64 && version.bytes().all(plain))
        .then_some(version)
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{io::Write, os::unix::fs::symlink};

    fn put(root: &Path, name: &str, content: impl AsRef<[u8]>) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A Maven core with the given properties.
    fn jar(properties: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("META-INF/maven/org.apache.maven/maven-core/pom.properties", options).unwrap();
        zip.write_all(properties.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn installations_tell_their_versions() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        put(&root, "jdk/bin/javac", "");
        put(&root, "jdk/release", "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"17.0.15\"\nOS_NAME=\"Linux\"\n");
        put(&root, "maven/bin/mvn", "exec java org.codehaus.plexus.classworlds.launcher.Launcher \"$@\"");
        put(&root, "maven/lib/maven-core-3.x.jar", jar("artifactId=maven-core\nversion=3.8.7\n"));
        put(&root, "node_modules/npm/bin/npm-cli.js", "#!/usr/bin/env node\n");
        put(&root, "node_modules/npm/package.json", r#"{"version": "11.19.1", "name": "npm"}"#);
        let python = root.join("py/bin/python3.11");
        put(&root, "py/bin/pip3", format!("#!{}\nfrom pip._internal.cli.main import main\n", python.display()));
        put(&root, "py/lib/python3.11/site-packages/pip-23.2.1.dist-info/METADATA", "");
        fs::create_dir(root.join("bin")).unwrap();
        for (name, program, expected) in [
            ("javac", "jdk/bin/javac", "javac 17.0.15"),
            ("mvn", "maven/bin/mvn", "Apache Maven 3.8.7"),
            ("npm", "node_modules/npm/bin/npm-cli.js", "11.19.1"),
            ("pip3", "py/bin/pip3", "pip 23.2.1"),
        ] {
            let link = root.join("bin").join(name);
            symlink(root.join(program), &link).unwrap();
            assert_eq!(version(name, &link).as_deref(), Some(expected), "{name}");
        }
        // A second one of a kind: nobody but the tool knows which counts.
        put(&root, "maven/lib/maven-core-4.0.0.jar", jar("version=4.0.0\n"));
        put(&root, "py/lib/python3.11/site-packages/pip-24.0.dist-info/METADATA", "");
        for name in ["mvn", "pip3"] {
            assert_eq!(version(name, &root.join("bin").join(name)), None, "{name}");
        }
    }

    #[test]
    fn whatever_chooses_another_program_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        put(root, "release", "JAVA_VERSION=\"$(x)\"\n");
        for (name, script) in [
            ("javac", "#!/bin/sh\nexec other\n"),
            ("mvn", "#!/bin/sh\nexec mvnd\n"),
            ("npm", "#!/usr/bin/env node\nrequire('./corepack')\n"),
            ("pip3", "#!/usr/bin/env bash\nexec pyenv exec pip3\n"),
            ("git", ""),
        ] {
            put(root, &format!("bin/{name}"), script);
            assert_eq!(version(name, &root.join("bin").join(name)), None, "{name}");
        }
    }
}
