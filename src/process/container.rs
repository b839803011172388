//! What the container allows, read from the kernel's own files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The memory that this process and its children may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemoryLimit {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Where it was read: `cgroup v2`, `cgroup v1` or `MemTotal`.
    pub(crate) source: &'static str,
}

/// The tightest limit of the machine and the control groups this process is in.
pub(crate) fn memory_limit() -> Option<MemoryLimit> {
    memory_limit_under(Path::new("/"))
}

/// Free space for this user on the disk of a folder, bytes.
pub(crate) fn free_disk(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

fn memory_limit_under(root: &Path) -> Option<MemoryLimit> {
    let total = MemoryLimit { bytes: total_memory(root)?, source: "MemTotal" };
    control_groups(root)
        .into_iter()
        .filter_map(|group| group.limit())
        .chain([total])
        .min_by_key(|limit| (limit.bytes, limit.source == "MemTotal"))
}

fn total_memory(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Kernel out-of-memory kills seen so far by this process's control group, else by the machine.
pub(crate) fn out_of_memory_kills() -> Option<u64> {
    let root = Path::new("/");
    let counted = |file: PathBuf| counter(&file, "oom_kill");
    let groups = control_groups(root);
    let in_group = groups.iter().find_map(|group| match group {
        ControlGroup::Two(directory) => counted(directory.join("memory.events")),
        ControlGroup::One(directory) => counted(directory.join("memory.oom_control")),
    });
    // The machine's counter knows kills in other containers too, so it only stands in for a missing group.
    in_group.or_else(|| counted(root.join("proc/vmstat")))
}

pub(super) fn counter(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(' ')?;
        (key == name).then(|| value.trim().parse().ok())?
    })
}

/// A memory control group.
#[derive(Debug)]
pub(super) enum ControlGroup {
    /// Of version 1.
    One(PathBuf),
    /// Of version 2.
    Two(PathBuf),
}

impl ControlGroup {
    /// Where the kernel shows it.
    pub(super) fn folder(&self) -> &Path {
        let (Self::One(folder) | Self::Two(folder)) = self;
        folder
    }

    fn limit(&self) -> Option<MemoryLimit> {
        let (file, source) = match self {
            Self::One(directory) => (directory.join("memory.limit_in_bytes"), "cgroup v1"),
            Self::Two(directory) => (directory.join("memory.max"), "cgroup v2"),
        };
        // `max` of version 2 does not parse: no limit.
        let bytes = fs::read_to_string(file).ok()?.trim().parse().ok()?;
        Some(MemoryLimit { bytes, source })
    }
}

/// The memory control groups that hold this process, innermost first.
pub(super) fn control_groups(root: &Path) -> Vec<ControlGroup> {
    let Ok(text) = fs::read_to_string(root.join("proc/self/cgroup")) else {
        return Vec::new();
    };
    let mounted = root.join("sys/fs/cgroup");
    let mut groups = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if controllers.split(',').any(|controller| controller == "memory") {
            let hierarchy = mounted.join("memory");
            groups.extend(upwards(&hierarchy, path).map(ControlGroup::One));
        } else if controllers.is_empty() {
            groups.extend(upwards(&mounted, path).map(ControlGroup::Two));
        }
    }
    groups
}

/// The group's folder and all above it. Inside a container the path may be the host's and absent:
/// then the hierarchy's own root is the container's group.
fn upwards(hierarchy: &Path, path: &str) -> impl Iterator<Item = PathBuf> {
    let relative = path.trim_start_matches('/').to_owned();
    let hierarchy = hierarchy.to_path_buf();
    let innermost = hierarchy.join(&relative);
    innermost
        .ancestors()
        .take_while(|folder| folder.starts_with(&hierarchy))
        .map(Path::to_path_buf)
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let meminfo = ("proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n");
        for (path, text) in files.iter().chain([&meminfo]) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_tightest_limit_wins() {
        type Case<'a> = (&'a [(&'a str, &'a str)], u64, &'a str);
        let cases: [Case<'_>; 5] = [
            (&[], 16_384_000 * 1024, "MemTotal"),
            (
                &[
                    ("proc/self/cgroup", "0::/build/inner\n"),
                    ("sys/fs/cgroup/build/memory.max", "8589934592\n"),
                    ("sys/fs/cgroup/build/inner/memory.max", "max\n"),
                ],
                8_589_934_592,
                "cgroup v2",
            ),
            (
                &[("proc/self/cgroup", "0::/absent\n"), ("sys/fs/cgroup/memory.max", "1073741824")],
                1_073_741_824,
                "cgroup v2",
            ),
            (
                &[
                    ("proc/self/cgroup", "9:cpuset,memory:/docker/x\n1:name=systemd:/\n"),
                    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
                ],
                2_147_483_648,
                "cgroup v1",
            ),
            (
                &[
                    ("proc/self/cgroup", "9:memory:/\n"),
                    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
                ],
                16_384_000 * 1024,
                "MemTotal",
            ),
        ];
        for (files, bytes, source) in cases {
            let root = machine(files);
            let limit = memory_limit_under(root.path()).unwrap();
            assert_eq!((limit.bytes, limit.source), (bytes, source), "{files:?}");
        }
    }
}
