//! A memory control group of our own for one child, made where the kernel lets us.

use std::{fs, io, path::Path, time::Duration};

use super::container::{ControlGroup, control_groups, counter};

/// What the folders begin with; the rest is the number of the process that made them.
const PREFIX: &str = "deployfix-";
/// How often the end of the last process in the group is waited for.
const REMOVAL_TRIES: u32 = 40;
const REMOVAL_PAUSE: Duration = Duration::from_millis(25);

/// A group with a limit of memory and no swap beyond it; removed when dropped.
#[derive(Debug)]
pub(crate) struct MemoryGroup {
    group: ControlGroup,
    /// Whether swap counts against the limit.
    pub(crate) swap_limited: bool,
}

impl MemoryGroup {
    /// Makes a group of at most that many bytes, below the one this process is in: never a way out of its limits.
    /// The error says why it cannot be made, for people.
    pub(crate) fn create(bytes: u64) -> Result<Self, String> {
        Self::create_under(Path::new("/"), bytes)
    }

    fn create_under(root: &Path, bytes: u64) -> Result<Self, String> {
        let mut reasons = Vec::new();
        for parent in parents(root) {
            remove_abandoned(root, parent.folder());
            match Self::create_in(&parent, bytes) {
                Ok(group) => return Ok(group),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons.into_iter().next().unwrap_or_else(|| {
            "the kernel shows no memory control group (`/proc/self/cgroup`)".to_owned()
        }))
    }

    fn create_in(parent: &ControlGroup, bytes: u64) -> Result<Self, String> {
        let folder = parent.folder().join(format!("{PREFIX}{}", std::process::id()));
        let failed = |path: &Path, error: &io::Error| format!("`{}`: {error}", path.display());
        fs::create_dir(&folder).map_err(|error| failed(&folder, &error))?;
        let group = match parent {
            ControlGroup::One(_) => ControlGroup::One(folder),
            ControlGroup::Two(_) => ControlGroup::Two(folder),
        };
        let mut made = Self { group, swap_limited: true };
        let (limit, swap, swap_bytes) = match &made.group {
            // Version 1 counts memory and swap together there.
            ControlGroup::One(_) => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes),
            ControlGroup::Two(_) => ("memory.max", "memory.swap.max", 0),
        };
        let path = made.folder().join(limit);
        // An error drops, and thereby removes, what was made.
        fs::write(&path, bytes.to_string()).map_err(|error| failed(&path, &error))?;
        made.swap_limited = fs::write(made.folder().join(swap), swap_bytes.to_string()).is_ok();
        Ok(made)
    }

    /// Its folder, in whose `cgroup.procs` a process enters it.
    pub(crate) fn folder(&self) -> &Path {
        self.group.folder()
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        for _ in 0..REMOVAL_TRIES {
            match fs::remove_dir(self.folder()) {
                // Whoever was killed last may still be on its way out.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    std::thread::sleep(REMOVAL_PAUSE);
                }
                _ => return,
            }
        }
        tracing::debug!(folder = %self.folder().display(), "the memory control group was not removed");
    }
}

/// Kernel out-of-memory kills in a group, by its folder.
pub(super) fn kills_in(folder: &Path) -> Option<u64> {
    ["memory.oom_control", "memory.events"]
        .iter()
        .find_map(|file| counter(&folder.join(file), "oom_kill"))
}

/// Groups below which a new one stays under the limits of this process, best first.
fn parents(root: &Path) -> Vec<ControlGroup> {
    let groups = control_groups(root);
    let Some(own) = groups.into_iter().find(|group| group.folder().is_dir()) else {
        return Vec::new();
    };
    let ControlGroup::Two(folder) = &own else { return vec![own] };
    // Version 2 hands a controller to children only where no process sits in the group itself: the group of
    // this process seldom qualifies, the one above it does, and is no way out unless the own one has a limit.
    let hands_on = |folder: &Path| {
        let file = folder.join("cgroup.subtree_control");
        let has = || {
            fs::read_to_string(&file)
                .is_ok_and(|text| text.split_whitespace().any(|name| name == "memory"))
        };
        has() || (fs::write(&file, "+memory").is_ok() && has())
    };
    let unlimited =
        fs::read_to_string(folder.join("memory.max")).is_ok_and(|text| text.trim() == "max");
    let above = folder.parent().filter(|_| unlimited).map(Path::to_path_buf);
    [Some(folder.clone()), above]
        .into_iter()
        .flatten()
        .filter(|folder| hands_on(folder))
        .map(ControlGroup::Two)
        .collect()
}

/// Removes empty groups whose makers are gone.
fn remove_abandoned(root: &Path, parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if maker.is_some_and(|maker| !root.join("proc").join(maker).exists()) {
            // One that still holds processes stays.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    /// Folders of the file system keep their files, so the drop cannot remove them; the kernel's can.
    fn made(root: &tempfile::TempDir) -> Result<(std::path::PathBuf, String), String> {
        let group = MemoryGroup::create_under(root.path(), 1024)?;
        let folder = group.folder().to_path_buf();
        let text = [
            "memory.max",
            "memory.swap.max",
            "memory.limit_in_bytes",
            "memory.memsw.limit_in_bytes",
        ]
        .iter()
        .filter_map(|file| Some(format!("{file}={} ", fs::read_to_string(folder.join(file)).ok()?)))
        .collect();
        fs::remove_dir_all(&folder).unwrap();
        Ok((folder.parent().unwrap().strip_prefix(root.path()).unwrap().to_path_buf(), text))
    }

    #[test]
    fn a_group_is_made_below_the_own_one_and_never_out_of_its_limit() {
        let one = machine(&[
            ("proc/self/cgroup", "4:memory:/session\n0::/\n"),
            ("sys/fs/cgroup/memory/session/memory.limit_in_bytes", "1"),
        ]);
        let (parent, files) = made(&one).unwrap();
        assert_eq!(parent, Path::new("sys/fs/cgroup/memory/session"));
        assert_eq!(files, "memory.limit_in_bytes=1024 memory.memsw.limit_in_bytes=1024 ");

        let two = |maximum: &str| {
            machine(&[
                ("proc/self/cgroup", "0::/user/shell\n"),
                ("sys/fs/cgroup/user/cgroup.subtree_control", "cpu memory pids\n"),
                ("sys/fs/cgroup/user/shell/memory.max", maximum),
            ])
        };
        let (parent, files) = made(&two("max\n")).unwrap();
        assert_eq!(parent, Path::new("sys/fs/cgroup/user"));
        assert_eq!(files, "memory.max=1024 memory.swap.max=0 ");
        assert!(made(&two("4096\n")).is_err());
        assert!(made(&machine(&[])).unwrap_err().contains("/proc/self/cgroup"));
    }
}
