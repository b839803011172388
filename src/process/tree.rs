//! The descendants of this process, read from /proc.

use std::{
    collections::{HashMap, HashSet},
    fs,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};

/// Orphans of the child become children of this process, so that a `setsid` one is found as well.
pub(crate) fn become_subreaper() -> rustix::io::Result<()> {
    set_child_subreaper(Some(getpid()))
}

/// One look at all descendants.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    process: Pid,
    parent: i32,
    zombie: bool,
    /// User and system time so far, its ended children's included, clock ticks.
    processor_ticks: u64,
}

impl Snapshot {
    /// Reads the process table.
    pub(crate) fn take() -> Self {
        let own = getpid().as_raw_nonzero().get();
        let mut children: HashMap<i32, Vec<Member>> = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let is_process = entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            if is_process
                && let Ok(stat) = fs::read_to_string(entry.path().join("stat"))
                && let Some(member) = parse_stat(&stat)
            {
                children.entry(member.parent).or_default().push(member);
            }
        }
        let mut members = Vec::new();
        let mut seen = HashSet::from([own]);
        let mut open = vec![own];
        while let Some(parent) = open.pop() {
            for member in children.remove(&parent).unwrap_or_default() {
                let process = member.process.as_raw_nonzero().get();
                if seen.insert(process) {
                    open.push(process);
                    members.push(member);
                }
            }
        }
        Self { members }
    }

    /// Whether nothing is left alive.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.iter().all(|member| member.zombie)
    }

    /// Memory of the tree, bytes: everything private, and the largest shared part once, because
    /// processes of one program share its text.
    pub(crate) fn memory(&self) -> u64 {
        let page = rustix::param::page_size() as u64;
        let (mut private, mut shared) = (0, 0);
        for member in &self.members {
            let path = format!("/proc/{}/statm", member.process.as_raw_nonzero());
            if let Ok(text) = fs::read_to_string(path) {
                let mut numbers =
                    text.split(' ').skip(1).map_while(|part| part.parse::<u64>().ok());
                let resident = numbers.next().unwrap_or(0);
                let of_files = numbers.next().unwrap_or(0);
                private += resident.saturating_sub(of_files);
                shared = shared.max(of_files);
            }
        }
        (private + shared) * page
    }

    /// Processor time that the living members have used so far, clock ticks.
    pub(crate) fn processor_ticks(&self) -> u64 {
        self.members.iter().map(|member| member.processor_ticks).sum()
    }

    /// Sends a signal to every living member.
    pub(crate) fn signal(&self, signal: Signal) {
        for member in self.members.iter().filter(|member| !member.zombie) {
            // It may have ended since the look; that is what was wanted.
            let _ = kill_process(member.process, signal);
        }
    }

    /// Takes the exit status of adopted orphans, never of the supervised child itself.
    pub(crate) fn reap_orphans(&self, child: Option<u32>) {
        let own = getpid().as_raw_nonzero().get();
        for member in &self.members {
            let is_child = child.is_some_and(|child| {
                u32::try_from(member.process.as_raw_nonzero().get()) == Ok(child)
            });
            if member.zombie && member.parent == own && !is_child {
                let _ = waitpid(Some(member.process), WaitOptions::NOHANG);
            }
        }
    }
}

/// Ends every descendant: asks, waits up to the grace, then kills. Whoever was asked before, with
/// `asked` as the end of its grace, is not asked again: a second request means haste.
pub(crate) async fn end_descendants(asked: Option<Instant>, grace: Duration, child: Option<u32>) {
    let mut snapshot = Snapshot::take();
    if asked.is_none() {
        snapshot.signal(Signal::TERM);
    }
    let kill_at = asked.unwrap_or_else(|| Instant::now() + grace);
    let give_up = kill_at.max(Instant::now()) + Duration::from_secs(5);
    loop {
        snapshot.reap_orphans(child);
        if snapshot.is_empty() || Instant::now() >= give_up {
            return;
        }
        if Instant::now() >= kill_at {
            snapshot.signal(Signal::KILL);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        snapshot = Snapshot::take();
    }
}

/// Kills every descendant at once; for the way out of a panic.
pub(crate) fn end_descendants_now() {
    for _ in 0..5 {
        let snapshot = Snapshot::take();
        if snapshot.is_empty() {
            break;
        }
        snapshot.signal(Signal::KILL);
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// proc(5): the name in parentheses may hold anything, also `) `.
fn parse_stat(stat: &str) -> Option<Member> {
    let (process, rest) = stat.split_once(' ')?;
    let (_, fields) = rest.rsplit_once(") ")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Member {
        process: Pid::from_raw(process.parse().ok()?)?,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        processor_ticks: ticks(11)? + ticks(12)? + ticks(13)? + ticks(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses_and_spaces() {
        let stat = "42 (next (v15) build) S 7 42 42 0 -1 4194304 1 2 3 4 30 12 2 1 20 0 1 0 5 6 7";
        let member = parse_stat(stat).unwrap();
        assert_eq!(member.parent, 7);
        assert_eq!(member.processor_ticks, 45);
        assert!(!member.zombie);
        assert!(parse_stat("").is_none() && parse_stat("1 (x").is_none());
    }
}
