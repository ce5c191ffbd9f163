<#
.SYNOPSIS
Fetches a released ci-tool for this machine, checks its SHA-256, and only then puts it in place.

.DESCRIPTION
Puts ci-tool.exe (ci-tool on Linux and macOS) here, or into $env:CI_TOOL_DIR, and prints its path.
Works with Windows PowerShell 5.1 and PowerShell 7. Needs no rights and no package.

.PARAMETER Base
The address that holds ci-tool-VERSION-TARGET: a release's download address, or your own mirror.

.PARAMETER Version
For example 0.1.0.

.PARAMETER Sums
The 64 hexadecimal digits of this machine's binary, or the address or path of the release's list of sums. The default,
BASE/SHA256SUMS, tells a broken download but not a broken server: keep the sums in your repository to be safe from that
as well.

.EXAMPLE
powershell -NoProfile -File bootstrap.ps1 https://mirror.example.org/ci-tool 0.1.0 .ci\SHA256SUMS
#>
param(
    [Parameter(Mandatory = $true)][string]$Base,
    [Parameter(Mandatory = $true)][string]$Version,
    [string]$Sums
)
$ErrorActionPreference = 'Stop'
# The progress bar makes Windows PowerShell's downloads many times slower.
$ProgressPreference = 'SilentlyContinue'

function Fail([string]$Message, [string]$Hint) {
    [Console]::Error.WriteLine("error: $Message")
    [Console]::Error.WriteLine("hint: $Hint")
    exit 1
}

function Get-File([string]$Address, [string]$To, [string]$Hint) {
    foreach ($attempt in 1..3) {
        try {
            Invoke-WebRequest -UseBasicParsing -TimeoutSec 600 -Uri $Address -OutFile $To
            return
        } catch {
            $why = $_.Exception.Message
            if ($attempt -lt 3) { Start-Sleep -Seconds (2 * $attempt) }
        }
    }
    Remove-Scratch
    Fail "cannot fetch ${Address}: $why" $Hint
}

function Remove-Scratch {
    Remove-Item -Recurse -Force -ErrorAction SilentlyContinue $script:scratch
}

# Windows PowerShell 5.1 has none of these variables, and runs on Windows only.
$onLinux = Get-Variable -Name IsLinux -ValueOnly -ErrorAction SilentlyContinue
$onMac = Get-Variable -Name IsMacOS -ValueOnly -ErrorAction SilentlyContinue
$system = 'pc-windows-msvc'
$extension = '.exe'
if ($onLinux) { $system = 'unknown-linux-musl'; $extension = '' }
if ($onMac) { $system = 'apple-darwin'; $extension = '' }

if ($onLinux -or $onMac) {
    $architecture = & uname -m
} elseif ($env:PROCESSOR_ARCHITEW6432) {
    # A 32-bit PowerShell on a 64-bit system is told the truth here only.
    $architecture = $env:PROCESSOR_ARCHITEW6432
} else {
    $architecture = $env:PROCESSOR_ARCHITECTURE
}
switch -Regex ($architecture) {
    '^(AMD64|x86_64)$' { $machine = 'x86_64' }
    '^(ARM64|aarch64)$' { $machine = 'aarch64' }
    default { Fail "there is no binary for $architecture" 'build it: cargo install --git REPOSITORY ci-tool' }
}

$Base = $Base.TrimEnd('/')
$Version = $Version -replace '^v', ''
if (-not $Sums) { $Sums = "$Base/SHA256SUMS" }
$name = "ci-tool-$Version-$machine-$system$extension"
$directory = '.'
if ($env:CI_TOOL_DIR) { $directory = $env:CI_TOOL_DIR }
New-Item -ItemType Directory -Force -Path $directory | Out-Null
# Beside its goal, so that the last step is one rename.
$script:scratch = Join-Path (Resolve-Path $directory) ('.ci-tool.' + [Guid]::NewGuid().ToString('N'))
New-Item -ItemType Directory -Path $script:scratch | Out-Null
try {
    if ($Sums -match '^[0-9a-fA-F]{64}$') {
        $expected = $Sums
    } else {
        $list = Join-Path $script:scratch 'sums'
        if (Test-Path -PathType Leaf $Sums) {
            Copy-Item $Sums $list
        } else {
            Get-File $Sums $list 'check the address, or give the sum itself'
        }
        $expected = Get-Content $list |
            Where-Object { $_ -match '^([0-9a-fA-F]{64}) [ *](.+)$' -and $Matches[2] -eq $name } |
            ForEach-Object { $_.Substring(0, 64) } | Select-Object -First 1
        if (-not $expected) {
            Remove-Scratch
            Fail "$Sums has no sum of $name" 'check the version, and that this machine has a binary'
        }
    }
    $binary = Join-Path $script:scratch 'ci-tool'
    Get-File "$Base/$name" $binary 'check the address and the version; if both are right, run this again'
    $actual = (Get-FileHash -Algorithm SHA256 $binary).Hash
    if ($actual -ne $expected) {
        Remove-Scratch
        Fail "$Base/$name has the SHA-256 $actual, not $expected" 'do not use it; run this again, and if it stays so ask who runs the server'
    }
    if ($onLinux -or $onMac) { & chmod 755 $binary }
    $goal = Join-Path (Resolve-Path $directory) "ci-tool$extension"
    Move-Item -Force $binary $goal
    Write-Output $goal
} finally {
    Remove-Scratch
}
