//! What deployfix costs: `deployfix build` against the bare build command, alternating, on a copy of
//! the fixture app; its own memory; and the time of `validate`.
//!
//! `cargo bench --bench overhead`; `DEPLOYFIX_BENCH_RUNS` sets the number of pairs (5).
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when something is wrong"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const BINARY: &str = env!("CARGO_BIN_EXE_deployfix");

fn main() {
    let runs =
        std::env::var("DEPLOYFIX_BENCH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let app = prepared_app();
    validate(&app);
    builds(&app, runs);
}

fn validate(app: &Path) {
    let mut times: Vec<_> = (0..21)
        .map(|_| measured(Command::new(BINARY).arg("validate").current_dir(app)).0)
        .collect();
    let (median, worst) = (median(&mut times), times.iter().max().copied().unwrap());
    println!(
        "validate: median {:.1} ms, worst {:.1} ms of 21",
        milliseconds(median),
        milliseconds(worst)
    );
}

fn builds(app: &Path, runs: usize) {
    let mut ratios = Vec::new();
    let (mut bare_times, mut wrapped_times, mut memory) = (Vec::new(), Vec::new(), 0);
    for pair in 0..=runs {
        clean(app);
        let (bare, _) = measured(Command::new("npm").args(["run", "build"]).current_dir(app));
        clean(app);
        let (wrapped, peak) = measured(Command::new(BINARY).arg("build").current_dir(app));
        if pair == 0 {
            // Warms the disk cache.
            continue;
        }
        println!(
            "pair {pair}: bare {:.2} s, deployfix {:.2} s",
            bare.as_secs_f64(),
            wrapped.as_secs_f64()
        );
        ratios.push(wrapped.as_secs_f64() / bare.as_secs_f64());
        bare_times.push(bare);
        wrapped_times.push(wrapped);
        memory = memory.max(peak);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "build: bare median {:.2} s, deployfix median {:.2} s, median ratio {:.3} of {runs} pairs",
        median(&mut bare_times).as_secs_f64(),
        median(&mut wrapped_times).as_secs_f64(),
        ratios[ratios.len() / 2],
    );
    println!("deployfix itself: peak {memory} KiB");
}

/// Time of a command and the highest resident memory of its own process, KiB.
fn measured(command: &mut Command) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = command
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} failed");
            return (started.elapsed(), peak);
        }
        let status = fs::read_to_string(&status_file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line
            .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0)
            .max(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn prepared_app() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/next-app");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-app");
    if !target.join("node_modules").is_dir() {
        let _ = fs::remove_dir_all(&target);
        // Tracked files only: a build beside them must not be measured.
        let archive = Command::new("git")
            .args(["archive", "HEAD", "."])
            .current_dir(source)
            .output()
            .unwrap();
        fs::create_dir_all(&target).unwrap();
        let tar = target.join("sources.tar");
        fs::write(&tar, archive.stdout).unwrap();
        assert!(
            Command::new("tar")
                .arg("-xf")
                .arg(&tar)
                .arg("-C")
                .arg(&target)
                .status()
                .unwrap()
                .success()
        );
        measured(Command::new("npm").arg("ci").current_dir(&target));
    }
    target
}

fn clean(app: &Path) {
    let _ = fs::remove_dir_all(app.join(".next"));
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
