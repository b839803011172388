//! Killed at any moment, an installation leaves no record, or a true one.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    installed::{Fixture, Kind, replace},
    support::wait,
};

const KILLS: u32 = 20;

/// Numbers that differ from run to run; the seed is shown when a test fails.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// The processes below one, the nearest first.
fn descendants(of: u32) -> Vec<u32> {
    let mut parents: Vec<(u32, u32)> = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(") ").map(|(_, after)| after).unwrap_or_default();
        if let Some(parent) = after.split(' ').nth(1).and_then(|parent| parent.parse::<u32>().ok())
        {
            parents.push((id, parent));
        }
    }
    let mut found = vec![of];
    let mut index = 0;
    while let Some(parent) = found.get(index).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        index += 1;
    }
    found.remove(0);
    found
}

#[test]
fn no_kill_leaves_a_record_of_a_wrong_tree() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut chance = Chance(seed);
    let fixture = Fixture::new(Kind::Npm);
    let project = &fixture.project;
    let began = Instant::now();
    project.run(&["install"]).exits(0);
    let whole = began.elapsed().max(Duration::from_millis(400));
    let clean = fixture.tree();
    let (mut interrupted, mut verified) = (0, 0);
    for kill in 0..KILLS {
        // Half of them begin with a record that is about to be taken back.
        if kill % 2 == 0 {
            project.run(&["install"]).exits(0);
            let file = fixture.file();
            let mut bytes = fs::read(&file).unwrap();
            bytes[0] ^= 1;
            replace(&file, &bytes);
        }
        let mut child = project.start(&["install"]);
        let share = u32::try_from(chance.next() % 1100).unwrap();
        std::thread::sleep(whole * share / 1000);
        // deployfix first, so that it cannot see the others go.
        let ids: Vec<_> = [vec![child.id()], descendants(child.id())].concat();
        let names = ids.iter().map(ToString::to_string);
        let _ = Command::new("kill").arg("-9").args(names).output().unwrap();
        interrupted += u32::from(wait(&mut child) != 0);
        until_gone(&ids);
        let foretold = fixture.foretold(&[]);
        if foretold.contains("verified") {
            verified += 1;
            assert_eq!(fixture.tree(), clean, "kill {kill}");
        }
    }
    println!("{interrupted} of {KILLS} interrupted, {verified} verified afterwards");
    assert!(interrupted >= KILLS / 4, "{interrupted} of {KILLS} were killed in time");
    project.run(&["install"]).exits(0);
    assert_eq!(fixture.tree(), clean);
    assert!(fixture.foretold(&[]).contains("verified"));
}

fn until_gone(ids: &[u32]) {
    let until = Instant::now() + Duration::from_secs(20);
    let alive = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, after)| !after.starts_with(['Z', 'X']))
    };
    while ids.iter().any(alive) {
        assert!(Instant::now() < until, "a killed process is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}
