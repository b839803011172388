//! What a verified installation spares: `deployfix install` that is skipped, against `npm ci` on a warm cache and against
//! `sha256sum` of the same files, in one run on a real app of at least 20,000 files.
//!
//! `cargo bench --bench install`; `DEPLOYFIX_BENCH_RUNS` sets the number of rounds (7). The app is installed once below the
//! target folder. Figures of a machine that is busy with something else mean nothing.
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
/// The dependencies of an ordinary app.
const PACKAGES: [&str; 9] = [
    "next@15.5.9",
    "react@19.2.3",
    "react-dom@19.2.3",
    "typescript@5.6.3",
    "tailwindcss@3.4.19",
    "lucide-react@0.562.0",
    "date-fns@4.1.0",
    "zod@3.25.76",
    "@tanstack/react-query@5.90.12",
];
const LEAST_FILES: usize = 20_000;
/// `npm ci` takes so much longer that fewer runs tell enough.
const NPM_RUNS: usize = 2;

fn main() {
    let runs =
        std::env::var("DEPLOYFIX_BENCH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let app = prepared_app();
    let files = files_below(&app.join("node_modules"));
    assert!(files >= LEAST_FILES, "{files} files are too few");
    println!("{files} files in node_modules");

    let npm = (0..NPM_RUNS)
        .map(|_| measured(Command::new("npm").arg("ci").current_dir(&app)))
        .min()
        .unwrap();
    // Records, because npm has removed the record with everything else.
    measured(&mut deployfix(&app, &[]));
    assert_skips(&app);
    let (mut full, mut stat, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        full.push(measured(&mut deployfix(&app, &["--verify", "full"])));
        hashes.push(measured(&mut two_processes_of_sha256sum(&app)));
        stat.push(measured(&mut deployfix(&app, &["--verify", "stat"])));
    }
    let (full, stat, hashes) = (median(&mut full), median(&mut stat), median(&mut hashes));
    let seconds = |duration: Duration| duration.as_secs_f64();
    println!("npm ci on a warm cache: {:.2} s, the best of {NPM_RUNS}", seconds(npm));
    println!("sha256sum in 2 processes: median {:.3} s of {runs}", seconds(hashes));
    println!("skip, full: median {:.3} s of {runs}", seconds(full));
    println!("skip, stat: median {:.0} ms of {runs}", seconds(stat) * 1000.0);
    println!(
        "skip against npm ci: {:.1} times as fast; against sha256sum: {:.2} times",
        seconds(npm) / seconds(full),
        seconds(hashes) / seconds(full)
    );
}

fn deployfix(app: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("install").args(arguments).current_dir(app);
    command
}

fn two_processes_of_sha256sum(app: &Path) -> Command {
    let line = "find node_modules -type f -print0 | xargs -0 -P2 -n 500 sha256sum";
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(app);
    command
}

fn assert_skips(app: &Path) {
    let output = deployfix(app, &[]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("skipped: verified"), "{text}");
    println!("{}", text.lines().next().unwrap_or_default());
}

fn measured(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?} failed");
    started.elapsed()
}

fn files_below(folder: &Path) -> usize {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .count()
}

/// The app with its lockfile and everything installed, made once.
fn prepared_app() -> PathBuf {
    let app = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-install");
    if app.join("complete").is_file() {
        return app;
    }
    let _ = fs::remove_dir_all(&app);
    fs::create_dir_all(&app).unwrap();
    fs::write(app.join("package.json"), r#"{"name":"app","version":"1.0.0","private":true}"#)
        .unwrap();
    measured(
        Command::new("npm")
            .args(["install", "--save-exact", "--no-audit", "--no-fund"])
            .args(PACKAGES)
            .current_dir(&app),
    );
    fs::write(app.join("complete"), "").unwrap();
    app
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
