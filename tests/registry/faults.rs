//! Every fault with every manager: what passes is recovered, what does not is named.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use crate::{
    app::{Manager, app, clean_tree, registry, tree},
    proxy::{Fault, Proxy, Rule},
    support::{Project, Ran},
};

/// How many requests a passing fault spoils: the first attempt of a manager with one retry of its own.
const PASSING: usize = 2;

/// What must come of it.
#[derive(Debug, Clone, Copy)]
pub enum Ends {
    /// Installed, at the first attempt or a later one.
    Well,
    /// Failed with this id, this exit code, after so many attempts.
    As(&'static str, i32, usize),
}

const UNREACHABLE: Ends = Ends::As("dependency/registry-unreachable", 75, 3);
const INTEGRITY: Ends = Ends::As("dependency/integrity-mismatch", 20, 2);
const AUTH: Ends = Ends::As("dependency/registry-auth", 20, 1);
const STALLED: Ends = Ends::As("dependency/install-timeout", 20, 2);
const NOT_FOUND: Ends = Ends::As("dependency/package-not-found", 20, 2);

struct Case {
    name: &'static str,
    rules: Vec<Rule>,
    ends: Ends,
}

fn case(name: &'static str, rules: &[Rule], ends: Ends) -> Case {
    Case { name, rules: rules.to_vec(), ends }
}

/// Each fault for a while and for ever.
fn table(manager: Manager) -> Vec<Case> {
    let leaf = |fault| Rule::tarball("tiny-leaf", fault);
    // pnpm 9 waits for the rest of a body for ever; deployfix does not.
    let half_way = if manager == Manager::Pnpm { STALLED } else { UNREACHABLE };
    let faults = [
        ("reset at once", Fault::Reset(0), UNREACHABLE),
        ("reset half way", Fault::Reset(50), UNREACHABLE),
        ("stall at once", Fault::Stall(0), UNREACHABLE),
        ("stall half way", Fault::Stall(50), half_way),
        ("429", Fault::TooMany(0), UNREACHABLE),
        ("503", Fault::Status(503), UNREACHABLE),
        ("cut", Fault::Cut, UNREACHABLE),
        ("short", Fault::Short, INTEGRITY),
        ("changed", Fault::Changed, INTEGRITY),
        ("sign-in page", Fault::SignIn, INTEGRITY),
        ("401", Fault::Status(401), AUTH),
        ("403", Fault::Status(403), AUTH),
        ("404", Fault::Status(404), NOT_FOUND),
    ];
    let mut cases = vec![
        case("500", &[leaf(Fault::Status(500)).first(PASSING)], Ends::Well),
        case("502", &[leaf(Fault::Status(502)).first(PASSING)], Ends::Well),
        case("drip", &[leaf(Fault::Drip), Rule::tarball("@tiny/scoped", Fault::Drip)], Ends::Well),
    ];
    for (name, fault, ends) in faults {
        cases.push(case(name, &[leaf(fault)], ends));
        match ends {
            Ends::As(_, _, 1) => {}
            // It may answer rightly the second time.
            Ends::As(_, _, 2) => cases.push(case(name, &[leaf(fault).first(1)], Ends::Well)),
            _ => cases.push(case(name, &[leaf(fault).first(PASSING)], Ends::Well)),
        }
    }
    cases
}

fn check(manager: Manager, case: &Case) {
    let proxy = Proxy::start(registry().port(), &case.rules);
    let project = app(manager, &proxy.url()).file("deployfix.yml", "build: { stall: 10s }\n");
    let ran = project.run(&["install"]);
    ends(manager, &project, ran, case.ends);
}

/// Also: never more attempts than the policy, and what is installed is what a clean installation installs.
pub fn ends(manager: Manager, project: &Project, ran: Ran, ends: Ends) {
    match ends {
        Ends::Well => {
            let ran = ran.exits(0);
            let phase = ran.phase("install");
            let attempts = phase["attempts"].as_array().unwrap().len();
            assert!((1..=3).contains(&attempts), "{attempts} attempts");
            assert_eq!(phase["status"], if attempts == 1 { "passed" } else { "recovered" });
            let (tree, clean) = (tree(&project.root()), clean_tree(manager));
            let differ = |path: &&String| tree.get(*path) != clean.get(*path);
            let different: Vec<_> = tree.keys().chain(clean.keys()).filter(differ).collect();
            assert!(different.is_empty(), "not as a clean installation: {different:?}");
        }
        Ends::As(id, code, attempts) => {
            let phase = ran.phase("install");
            let found = phase["findings"][0]["id"].as_str().unwrap_or("nothing");
            let made = phase["attempts"].as_array().unwrap().len();
            assert_eq!(
                (found, ran.code, made),
                (id, code, attempts),
                "\n--- stdout\n{}\n--- stderr\n{}",
                ran.stdout,
                ran.stderr
            );
        }
    }
}

/// Most of the time is waiting, so several cases run at once.
fn check_all(manager: Manager) {
    clean_tree(manager);
    let cases = table(manager);
    let queue = Mutex::new(cases.iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().unwrap().next() else { return };
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(manager, case))) {
                        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        failed
                            .lock()
                            .unwrap()
                            .push(format!("== {} {:?}: {text}", case.name, case.rules));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn npm_meets_every_fault() {
    check_all(Manager::Npm);
}

#[test]
fn pnpm_meets_every_fault() {
    check_all(Manager::Pnpm);
}

#[test]
fn yarn_classic_meets_every_fault() {
    check_all(Manager::Yarn);
}

#[test]
fn yarn_berry_meets_every_fault() {
    check_all(Manager::Berry);
}
