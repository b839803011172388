//! What a log of 100 MB costs: time, and memory of the process.
//!
//! `cargo bench --bench diagnose`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when something is wrong"
)]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const BINARY: &str = env!("CARGO_BIN_EXE_deployfix");
const SIZE: usize = 100_000_000;
const RUNS: usize = 7;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-diagnose");
    fs::create_dir_all(&folder).unwrap();
    measure("a build's log, 100 MB", &folder.join("build.log"), build_log().as_bytes());
    let error = "npm error code E404\nnpm error 404  'nope@1.0.0' is not in this registry.\n";
    measure(
        "one error, 100,000 times",
        &folder.join("error.log"),
        error.repeat(100_000).as_bytes(),
    );
    let mut long = vec![b'x'; 10_000_000];
    long.extend_from_slice(b"\nFATAL ERROR: Reached heap limit Allocation failed\n");
    measure("a line of 10 MB", &folder.join("line.log"), &long);
}

/// Lines as npm and Next.js write them, in Amplify's framing, hardly two of them alike.
fn build_log() -> String {
    let mut log = String::with_capacity(SIZE + 1000);
    let mut number = 0_u64;
    while log.len() < SIZE {
        number += 1;
        let second = number % 60;
        let _ = writeln!(
            log,
            "2025-10-08T22:22:{second:02}.059Z [INFO]: npm http fetch GET 200 /package-{number} {}ms (cache miss)",
            number % 977
        );
        let _ = writeln!(
            log,
            "2025-10-08T22:22:{second:02}.060Z [WARNING]: npm warn deprecated package-{number}@1.{second}.0: no longer supported"
        );
        let _ =
            writeln!(log, "                                 ./src/components/part-{number}.tsx");
        let _ = writeln!(
            log,
            "\u{1b}[33m                                 {second}:7  Warning: 'value{number}' is assigned a value but never used.\u{1b}[39m"
        );
    }
    log.push_str("2025-10-08T22:22:59.059Z [INFO]: Failed to compile.\n                                 ./src/app/page.tsx:3:7\n                                 Type error: No.\n2025-10-08T22:23:00.059Z [ERROR]: !!! Build failed\n");
    log
}

fn measure(what: &str, path: &Path, log: &[u8]) {
    fs::write(path, log).unwrap();
    let mut times = Vec::new();
    let mut memory = 0.0_f64;
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut child = Command::new(BINARY)
            .args(["diagnose", "--quiet"])
            .arg(path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            memory = memory.max(peak(child.id()));
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(started.elapsed());
    }
    times.sort();
    println!(
        "{what}: median {:.3} s of {RUNS}, worst {:.3} s, peak memory {:.1} MB",
        times[RUNS / 2].as_secs_f64(),
        times[RUNS - 1].as_secs_f64(),
        memory / 1000.0
    );
    fs::remove_file(path).unwrap();
}

/// Peak memory of a process in kB, as the kernel counts it.
fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0)
}
