//! A full heap and a full container.

use std::{fs, path::PathBuf};

use crate::{
    app::{ATTEMPT, app, attempts, configuration, recovered},
    support::Project,
};

/// Keeps about 400 MiB of heap.
const HUNGRY: &str = "const kept = [];
for (let index = 0; index < 50; index++) {
  kept.push(new Array(250000).fill(0).map((_, at) => ({ at })));
}
";

#[test]
fn a_configuration_that_fills_the_heap_gets_a_larger_one() {
    let project = app()
        .file(
            "next.config.js",
            format!("{HUNGRY}{}", configuration("env: { N: `${kept.length}` }")),
        )
        .variable("NODE_OPTIONS", "--max-old-space-size=300");
    let ran = project.run(&["build"]).exits(0);
    recovered(
        &ran,
        &["build/out-of-memory-heap raise-heap"],
        &["`NODE_OPTIONS=--max-old-space-size=300 --max-old_space-size="],
    );
    let raised = attempts(&ran)[1]["variables"]["NODE_OPTIONS"].as_str().unwrap();
    let heap: u64 = raised.rsplit('=').next().unwrap().parse().unwrap();
    let container = ran.report()["environment"]["memoryLimit"].as_u64().unwrap() / 1024 / 1024;
    assert!(heap > 300 && heap < container, "{heap} of {container}");
}

#[test]
fn a_page_that_fills_the_heap_of_its_worker_gets_a_larger_one_there() {
    // Next 15 takes the usual spellings of the flag from these workers; the limit must arrive in spite of that.
    let project = app()
        .file(
            "app/large/page.jsx",
            format!("export default function Page() {{ {HUNGRY} return <p>{{kept.length}} {{process.env.NODE_OPTIONS}}</p>; }}"),
        )
        .variable("NODE_OPTIONS", "--max-old_space-size=300");
    let ran = project.run(&["build"]).exits(0);
    recovered(&ran, &["build/out-of-memory-heap raise-heap"], &["NODE_OPTIONS="]);
    let page = project.read(".next/server/app/large.html");
    assert!(page.matches("--max-old_space-size=").count() > 1, "{page}");
}

#[test]
fn a_killed_build_gets_one_worker_and_a_smaller_heap() {
    // Kills the whole build, as the kernel does with its largest process, while its first attempt renders a page.
    let project = app()
        .file(
            "app/killed/page.jsx",
            format!("export const dynamic = 'force-static';
export default function Page() {{
  const attempt = {ATTEMPT};
  if (attempt === 1) {{ process.kill(process.ppid, 'SIGKILL'); process.kill(process.pid, 'SIGKILL'); }}
  return <p>{{process.env.CIRCLE_NODE_TOTAL}} {{process.env.NODE_OPTIONS}}</p>;
}}"),
        )
        .variable("CIRCLE_NODE_TOTAL", "4");
    let ran = project.run(&["build"]).exits(0);
    recovered(&ran, &["build/out-of-memory-killed lower-memory"], &["CIRCLE_NODE_TOTAL=2"]);
    let reason = attempts(&ran)[0]["decision"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("one worker instead of 3") && reason.contains("lowers the V8 heap"),
        "{reason}"
    );
    let heap = |index: usize| -> u64 {
        let options = attempts(&ran)[index]["variables"]["NODE_OPTIONS"].as_str().unwrap();
        options.rsplit('=').next().unwrap().parse().unwrap()
    };
    assert!(heap(1) < heap(0));
    let page = project.read(".next/server/app/killed.html");
    assert!(page.contains(&format!("--max-old_space-size={}", heap(1))), "{page}");
}

/// As many processes of 150 MB as Next would start workers.
const WORKERS: &str = "const { spawnSync, spawn } = require('child_process');
if (process.argv[2]) { const kept = Buffer.alloc(150e6, 1); setTimeout(() => kept, 3000); }
else for (let worker = 1; worker < process.env.CIRCLE_NODE_TOTAL; worker++) {
  spawn(process.execPath, [__filename, 'worker'], { stdio: 'inherit' })
    .on('exit', (code, signal) => { if (signal) process.kill(process.pid, signal); });
}";

#[test]
fn what_the_kernel_kills_for_memory_fits_with_one_worker() {
    let Some(group) = Group::create(500_000_000) else {
        eprintln!("skipped: no memory control group can be made here");
        return;
    };
    let project = Project::with_build("node workers.js")
        .file("workers.js", WORKERS)
        .variable("CIRCLE_NODE_TOTAL", "6");
    let mut command = std::process::Command::new("sh");
    let deployfix = project.command(&["build"]);
    command
        .args(["-c", "echo 0 > \"$0/cgroup.procs\"; exec \"$@\""])
        .arg(&group.0)
        .arg(deployfix.get_program())
        .args(deployfix.get_args())
        .env_clear()
        .envs(deployfix.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(project.root())
        .stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let report = project.report();
    let attempts = report["phases"][0]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{text}");
    assert_eq!(attempts[0]["finding"]["id"], "build/out-of-memory-killed");
    assert!(attempts[0]["outcome"]["outOfMemoryKills"].as_u64().unwrap() > 0);
    assert_eq!(attempts[1]["variables"]["CIRCLE_NODE_TOTAL"], "2");
    assert_eq!(report["environment"]["memoryLimitSource"], "cgroup v1");
    let advice = report["recommendations"].to_string();
    assert!(advice.contains("CIRCLE_NODE_TOTAL=2") && advice.contains("`Standard`"), "{advice}");
}

/// A memory control group of version 1, removed at the end.
struct Group(PathBuf);

impl Group {
    fn create(bytes: u64) -> Option<Self> {
        let folder =
            PathBuf::from(format!("/sys/fs/cgroup/memory/builds-of-{}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        let group = Self(folder);
        fs::write(group.0.join("memory.limit_in_bytes"), bytes.to_string()).ok()?;
        Some(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
