//! The tools that are asked for unless the configuration names others.

/// A tool and how it is asked for its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolSpec<'a> {
    /// The program's name, without an ending.
    pub name: &'a str,
    /// The arguments that make it print its version and nothing else.
    pub args: &'a [&'a str],
}

const fn tool(name: &'static str, args: &'static [&'static str]) -> ToolSpec<'static> {
    ToolSpec { name, args }
}

const LONG: &[&str] = &["--version"];
const SHORT: &[&str] = &["-version"];
const WORD: &[&str] = &["version"];

/// The usual tools of build machines, slow starters first, so that they run beside all others.
pub const DEFAULT: &[ToolSpec<'static>] = &[
    tool("gradle", LONG),
    tool("mvn", LONG),
    tool("ansible", LONG),
    tool("pwsh", LONG),
    tool("poetry", LONG),
    tool("msbuild", SHORT),
    tool("dotnet", LONG),
    tool("javac", SHORT),
    tool("java", SHORT),
    tool("npm", LONG),
    tool("yarn", LONG),
    tool("pnpm", LONG),
    tool("pip3", LONG),
    tool("xcodebuild", SHORT),
    tool("swift", LONG),
    tool("kubectl", &["version", "--client"]),
    tool("terraform", WORD),
    tool("docker", LONG),
    tool("podman", LONG),
    tool("go", WORD),
    tool("rustc", LONG),
    tool("cargo", LONG),
    tool("uv", LONG),
    tool("node", LONG),
    tool("python3", LONG),
    tool("ruby", LONG),
    tool("perl", LONG),
    tool("php", LONG),
    tool("gdb", LONG),
    tool("apt", LONG),
    tool("dpkg", LONG),
    tool("rpm", LONG),
    tool("git", LONG),
    tool("hg", LONG),
    tool("gcc", LONG),
    tool("g++", LONG),
    tool("clang", LONG),
    tool("ld", LONG),
    tool("cmake", LONG),
    tool("ctest", LONG),
    tool("make", LONG),
    tool("ninja", LONG),
    tool("meson", LONG),
    tool("bazel", LONG),
    tool("ccache", LONG),
    tool("bash", LONG),
    tool("curl", LONG),
    tool("openssl", WORD),
    tool("tar", LONG),
];
