//! Builds that another pipeline made and signed: their files, taken as a handover when they are just what the build asset
//! registry says was made.

use super::run::{HandoverId, Made};
use crate::{
    archive::zip::foreign::{self, Member},
    engine::{
        Artifact,
        azure_devops::pipelines::Pipelines,
        bar::{self, Asset, Bar},
    },
    error::{Context, Error, Kind, Result},
    pipeline::run::State,
};
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// How many artifacts are fetched at once.
const AT_ONCE: usize = 4;
/// How many names of a sort a refusal tells.
const TOLD: usize = 5;

/// What is to be adopted. One of the two numbers is enough.
pub struct Adoption<'a> {
    /// Where the build is.
    pub pipelines: &'a Pipelines,
    /// Who says what it made.
    pub bar: &'a Bar,
    /// The build's number in the registry.
    pub bar_build_id: Option<u64>,
    /// The build's number in Azure DevOps.
    pub build_id: Option<u64>,
    /// The artifacts that hold its assets; all where empty.
    pub artifacts: &'a [String],
    /// An empty directory for its files.
    pub into: &'a Path,
}

/// What was adopted.
#[derive(Debug)]
pub struct Adopted {
    /// What it is known by.
    pub id: HandoverId,
    /// The build, as the registry knows it.
    pub build: bar::Build,
    /// Its files by path, and where each one is now.
    pub files: Vec<(Made, PathBuf)>,
    /// What was done, in a sentence.
    pub said: String,
}

/// Fetches the files of a build, and adopts them when they are those of the registry, each one once, and no others.
///
/// # Errors
/// `NotFound` for a build or an artifact that is not there; `Usage` when the numbers mean no build, several, or one that has
/// not succeeded; `Corrupt`, naming the files, when some are missing, too many or broken, or when the registry's build is
/// another one; `Exists` for a directory that holds something; `Denied`, `Transient`.
pub async fn adopt(adoption: &Adoption<'_>) -> Result<Adopted> {
    empty(adoption.into)?;
    let (build, id) = identify(adoption).await?;
    let seen = adoption.pipelines.look(id.build_id).await;
    let seen = seen.context(|| format!("looking at the build {} that is to be adopted", id.build_id))?;
    if !matches!(seen.state, State::Succeeded | State::SucceededWithIssues) {
        let message = format!("the build {} cannot be adopted: it has not succeeded", id.build_id);
        return Err(Error::new(Kind::Usage, message).hint("wait for it, or name another build"));
    }
    for (field, here, there) in [
        ("azureDevOpsBuildNumber", build.azure_dev_ops_build_number.as_ref(), Some(&seen.number)),
        ("commit", Some(&build.commit), seen.version.as_ref()),
    ] {
        if let (Some(here), Some(there)) = (here, there)
            && here != there
        {
            let message = format!(
                "the build {} of the registry is not the build {}: its {field} is {here}, not {there}",
                id.bar_build_id, id.build_id
            );
            return Err(Error::new(Kind::Corrupt, message).hint("check the numbers and the engine's address"));
        }
    }
    let assets = adoption.bar.assets(id.bar_build_id).await?;
    let zips = fetch(adoption, id.build_id, seen.pipeline).await?;
    let into = adoption.into.to_path_buf();
    let (bar, of) = (id.bar_build_id, id.build_id);
    let unpacked = tokio::task::spawn_blocking(move || unpack(&zips, &assets, &into));
    let files = unpacked.await.map_err(|e| Error::new(Kind::Internal, "unpacking the artifacts").with_source(e))?;
    let files = files.context(|| format!("adopting the build {of}"))?;
    let said = format!(
        "adopted {} files of the Azure DevOps build {of}: they are the assets of the BAR build {bar}, and nobody here made or signed them",
        files.len()
    );
    Ok(Adopted { id, build, files, said })
}

fn empty(into: &Path) -> Result<()> {
    fs::create_dir_all(into).map_err(|e| Error::io("making", into, e))?;
    match fs::read_dir(into).map_err(|e| Error::io("reading", into, e))?.next() {
        Some(_) => Err(Error::new(Kind::Exists, format!("{} is not empty", into.display()))),
        None => Ok(()),
    }
}

async fn identify(adoption: &Adoption<'_>) -> Result<(bar::Build, HandoverId)> {
    let build = match (adoption.bar_build_id, adoption.build_id) {
        (Some(id), _) => adoption.bar.build(id).await?,
        (None, Some(azdo)) => {
            let query = bar::Query { azdo_build_id: Some(azdo), ..bar::Query::default() };
            let mut found = adoption.bar.builds(&query).await?;
            match (found.pop(), found.len()) {
                (Some(one), 0) => one,
                (None, _) => {
                    return Err(Error::new(Kind::NotFound, format!("the registry knows no build {azdo}"))
                        .hint("it is known once it was published to a channel; or name it: --bar-build-id N"));
                }
                (Some(one), _) => {
                    let ids: Vec<String> = found.iter().chain([&one]).map(|build| build.id.to_string()).collect();
                    return Err(Error::new(Kind::Usage, format!("the registry knows several builds {azdo}"))
                        .hint(format!("name one of {}: --bar-build-id N", ids.join(", "))));
                }
            }
        }
        (None, None) => {
            return Err(Error::new(Kind::Usage, "nothing says which build is to be adopted")
                .hint("--bar-build-id N, --build-id N, or both"));
        }
    };
    let bar_build_id = build.id;
    match (build.azure_dev_ops_build_id, adoption.build_id) {
        (Some(of), Some(asked)) if of != asked => {
            let message = format!("the build {bar_build_id} of the registry is the build {of}, not {asked}");
            Err(Error::new(Kind::Usage, message).hint("leave one of the two numbers away"))
        }
        (Some(build_id), _) => Ok((build, HandoverId { bar_build_id, build_id })),
        (None, _) => {
            let message = format!("the build {bar_build_id} of the registry is none of Azure DevOps");
            Err(Error::new(Kind::Usage, message).hint("only builds of Azure DevOps can be adopted"))
        }
    }
}

/// The artifacts, each a file without a name.
async fn fetch(adoption: &Adoption<'_>, build: u64, pipeline: Option<u64>) -> Result<Vec<(String, File)>> {
    let all = adoption.pipelines.artifacts(build).await?;
    let wanted = match adoption.artifacts {
        [] => all,
        names => {
            let find = |name: &String| {
                all.iter().find(|artifact| artifact.name == *name).cloned().ok_or_else(|| {
                    let there: Vec<&str> = all.iter().map(|artifact| artifact.name.as_str()).collect();
                    Error::new(Kind::NotFound, format!("the build {build} has no artifact {name}"))
                        .hint(format!("it has {}", there.join(", ")))
                })
            };
            names.iter().map(find).collect::<Result<Vec<Artifact>>>()?
        }
    };
    let one = |artifact: Artifact| async move {
        let mut file =
            tempfile::tempfile_in(adoption.into).map_err(|e| Error::io("making a file in", adoption.into, e))?;
        adoption.pipelines.fetch(pipeline, &artifact, &mut file).await?;
        Ok((artifact.name, file))
    };
    stream::iter(wanted).map(one).buffered(AT_ONCE).try_collect().await
}

fn unpack(zips: &[(String, File)], assets: &[Asset], into: &Path) -> Result<Vec<(Made, PathBuf)>> {
    let mut found = Vec::new();
    for (name, zip) in zips {
        let members = foreign::members(zip).context(|| format!("reading the artifact {name}"))?;
        found.extend(below_root(name, members).into_iter().map(|(path, member)| (path, member, zip)));
    }
    let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
    let assets = matched(assets, &paths)?;
    let mut files = Vec::new();
    for ((path, member, zip), asset) in found.iter().zip(assets) {
        let at = into.join(path);
        let sha256 = write(zip, member, &at)?;
        let (path, shipping) = (path.clone(), !asset.non_shipping);
        files.push((Made { path, size: member.size, sha256, container: None, shipping, signed_by: None }, at));
    }
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    Ok(files)
}

/// Members by their paths in the artifact: Azure DevOps puts them all below a folder of its name.
fn below_root(name: &str, members: Vec<Member>) -> Vec<(String, Member)> {
    let root = format!("{name}/");
    let all = members.iter().all(|member| member.path.starts_with(&root));
    let path = |member: &Member| member.path[if all { root.len() } else { 0 }..].to_owned();
    members.into_iter().map(|member| (path(&member), member)).collect()
}

/// The asset that each file is. Pure.
///
/// An asset is the file with its name as path; or the package of its name and version (`NAME.VERSION.nupkg`); or, as the
/// builds of .NET put away what is no package, the file whose name is the last part of its own.
///
/// # Errors
/// `Corrupt`, naming files that come twice, that no asset is, that several are, and assets that no file is.
fn matched<'a>(assets: &'a [Asset], paths: &[&str]) -> Result<Vec<&'a Asset>> {
    let refuse = |what: &str, names: &[String]| {
        let more = names.len().saturating_sub(TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = names.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
        Error::new(Kind::Corrupt, format!("{what}: {names}{more}")).hint(
            "only a build whose artifacts are just the registry's assets can be adopted; name those that hold them",
        )
    };
    let mut folded = HashSet::new();
    let twice: Vec<String> =
        paths.iter().filter(|path| !folded.insert(path.to_lowercase())).map(|path| (*path).to_owned()).collect();
    if !twice.is_empty() {
        return Err(refuse("two artifacts hold the same file", &twice));
    }
    let by_path: HashMap<&str, usize> = paths.iter().enumerate().map(|(at, path)| (*path, at)).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, path) in paths.iter().enumerate() {
        by_name.entry(last(path)).or_default().push(at);
    }
    let (mut of, mut missing, mut unclear) = (BTreeMap::<usize, &Asset>::new(), Vec::new(), Vec::new());
    for asset in assets {
        let called = asset.version.as_ref().map_or(asset.name.clone(), |version| format!("{} {version}", asset.name));
        let package = asset.version.as_ref().map(|version| format!("{}.{version}.nupkg", asset.name));
        let named = |name: &str| by_name.get(name).map_or(&[][..], Vec::as_slice);
        let candidates = match (by_path.get(asset.name.as_str()), &package) {
            (Some(at), _) => std::slice::from_ref(at),
            (None, Some(package)) if !named(package).is_empty() => named(package),
            _ => named(last(&asset.name)),
        };
        match candidates {
            [] => missing.push(called),
            [at] if !of.contains_key(at) => drop(of.insert(*at, asset)),
            _ => unclear.push(called),
        }
    }
    let extra: Vec<String> =
        paths.iter().enumerate().filter(|(at, _)| !of.contains_key(at)).map(|(_, path)| (*path).to_owned()).collect();
    for (what, names) in [
        ("assets of the registry are missing from the artifacts", missing),
        ("assets of the registry are not one file each", unclear),
        ("files of the artifacts are no assets of the registry", extra),
    ] {
        if !names.is_empty() {
            return Err(refuse(what, &names));
        }
    }
    Ok(of.into_values().collect())
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Unpacks a file, and returns its SHA-256.
fn write(zip: &File, member: &Member, to: &Path) -> Result<String> {
    let failed = |e: io::Error| Error::io("writing", to, e);
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    let mut out = Hashed { file: File::create_new(to).map_err(failed)?, hash: Sha256::new() };
    foreign::extract(zip, member, &mut out)?;
    Ok(out.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Hashed {
    file: File,
    hash: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(name: &str, version: &str) -> Asset {
        let version = Some(version.to_owned());
        Asset { id: 1, name: name.into(), version, build_id: 1, non_shipping: false, locations: None }
    }

    #[test]
    fn files_and_assets_are_the_same_or_nothing_is_adopted() {
        let (a, b) = (asset("Some.Package", "1.2.3"), asset("assets/blob.zip", "1.2.3"));
        let package = "shipping/Some.Package.1.2.3.nupkg";
        for (assets, paths, expected) in [
            (&[&a, &b][..], &[package, "blob.zip"][..], Ok(&["Some.Package", "assets/blob.zip"][..])),
            (&[&b, &a], &["assets/blob.zip", package], Ok(&["assets/blob.zip", "Some.Package"])),
            (&[], &[], Ok(&[])),
            (&[&a], &["Some.Package.1.2.4.nupkg"], Err("missing from the artifacts: Some.Package 1.2.3")),
            (&[&a], &["Other.Package.1.2.3.nupkg"], Err("missing")),
            (&[&a], &[package, "readme.txt"], Err("no assets of the registry: readme.txt")),
            (&[], &["1", "2", "3", "4", "5", "6", "7"], Err("1, 2, 3, 4, 5 and 2 more")),
            (&[&b], &["x/blob.zip", "y/blob.zip"], Err("not one file each: assets/blob.zip")),
            (&[&b, &b], &["blob.zip"], Err("not one file each")),
            (&[&b], &["blob.zip", "BLOB.zip"], Err("two artifacts hold the same file: BLOB.zip")),
        ] {
            let assets: Vec<Asset> = assets.iter().map(|asset| (*asset).clone()).collect();
            match (matched(&assets, paths), expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(found.iter().map(|asset| asset.name.as_str()).collect::<Vec<_>>(), expected);
                }
                (Err(error), Err(expected)) => {
                    assert_eq!((error.kind(), error.message().contains(expected)), (Kind::Corrupt, true), "{error}");
                }
                (found, expected) => panic!("{paths:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}
