//! How logs are handed over, and what is said of them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::{diagnose, diagnose_in};

const FAILED: &str = "\
2025-10-08T22:22:34.059Z [INFO]: # Executing command: npm ci
2025-10-08T22:22:35.059Z [WARNING]: npm warn deprecated glob@7.2.3: no longer supported
2025-10-08T22:22:36.059Z [INFO]: added 26 packages in 2s
2025-10-08T22:22:37.059Z [INFO]: # Executing command: npm run build
2025-10-08T22:22:38.059Z [INFO]: Failed to compile.
                                 ./src/app/page.tsx:3:7
                                 Type error: Type 'string' is not assignable to type 'number'.
2025-10-08T22:22:39.059Z [ERROR]: !!! Build failed
2025-10-08T22:22:39.059Z [ERROR]: !!! Error: Command failed with exit code 1
";
const SUCCEEDED: &str = "\
2025-10-08T22:22:37.059Z [INFO]: # Executing command: npm run build
2025-10-08T22:22:38.059Z [WARNING]: TypeError: fetch failed
2025-10-08T22:22:39.059Z [INFO]: ## Build completed successfully
";

#[test]
fn a_failure_is_told_with_its_place_its_proof_and_what_to_do() {
    let ran = diagnose(&["-"], FAILED.as_bytes());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    for part in [
        "- (9 lines): failed",
        "error[build/type-error]",
        "--> src/app/page.tsx:3:7",
        "Type error: Type 'string' is not assignable to type 'number'.  (-:7)",
        "hint: ",
    ] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    let report = diagnose(&["-", "--format", "json"], FAILED.as_bytes()).json();
    assert_eq!(report["diagnoses"][0]["verdict"], "failed");
    assert_eq!(report["diagnoses"][0]["confidence"], "high");
    assert_eq!(report["diagnoses"][0]["primary"]["evidence"][0]["line"], 7);
    assert_eq!(report["phases"][0]["findings"][0]["id"], "build/type-error");
    assert_eq!(report["exitCode"], 1);
}

#[test]
fn success_has_no_error_and_neither_has_a_log_that_says_nothing() {
    let ran = diagnose(&["-"], SUCCEEDED.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("the build succeeded"), "{}", ran.stdout);
    let ran = diagnose(&["-"], b"hello\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("no failure found"), "{}", ran.stdout);
}

#[test]
fn a_part_of_a_log_that_does_not_tell_its_end_is_no_failure() {
    let log = "   Collecting page data ...\nTypeError: fetch failed\n    at node:internal/deps/undici/undici:13185:13\n";
    let ran = diagnose(&["-"], log.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    for part in ["if it failed, this is the most likely cause", "warning[build/data-fetch-failed]"]
    {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    let report = diagnose(&["-", "--format", "json"], log.as_bytes()).json();
    assert_eq!(report["diagnoses"][0]["verdict"], "unclear");
    assert_eq!(report["diagnoses"][0]["confidence"], "low");
}

#[test]
fn what_nobody_knows_is_quoted_and_not_guessed() {
    let log = "> web@1.0.0 build\n> make-site\n\nfrobnicate: starting\nError: the flux is misaligned\n  in stage 3\n\nnpm error Lifecycle script `build` failed with error:\n";
    let report = diagnose(&["-", "--format", "json"], log.as_bytes()).json();
    let diagnosis = &report["diagnoses"][0];
    assert_eq!(diagnosis["primary"]["id"], "build/failed");
    assert_eq!(diagnosis["confidence"], "low");
    assert_eq!(diagnosis["primary"]["evidence"][0]["text"], "Error: the flux is misaligned");
    assert_eq!(diagnosis["primary"]["evidence"][0]["line"], 5);
}

#[test]
fn archives_and_compressed_logs_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [("1-build.txt", FAILED), ("2-other.txt", SUCCEEDED), ("x.json", "{}")] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let arguments = ["logs.zip", "--format", "json"];
    let report = diagnose_in(folder.path(), &arguments, b"").json();
    let verdicts: Vec<_> =
        report["diagnoses"].as_array().unwrap().iter().map(|log| &log["verdict"]).collect();
    assert_eq!(verdicts, ["failed", "succeeded"]);
    assert_eq!(report["diagnoses"][0]["log"], "logs.zip/1-build.txt");
    // The same archive, and a compressed log, through the standard input.
    let piped = diagnose(&["-"], &std::fs::read(&path).unwrap());
    assert!(piped.stdout.contains("build/type-error"), "{}", piped.stdout);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(FAILED.as_bytes()).unwrap();
    let piped = diagnose(&["-"], &packed.finish().unwrap());
    assert!(piped.stdout.contains("build/type-error"), "{}", piped.stdout);
}

#[test]
fn what_cannot_be_read_is_a_wrong_command_line() {
    for (log, reason) in [("absent.log", "No such file"), (".", "it is a folder")] {
        let ran = diagnose(&[log], b"");
        assert_eq!(ran.code, Some(2));
        assert!(ran.stdout.contains(&format!("cannot read `{log}`: {reason}")), "{}", ran.stdout);
        assert!(ran.stdout.contains("hint: deployfix diagnose build.log"), "{}", ran.stdout);
    }
    let ran = diagnose(&["-"], b"PK\x03\x04 and no archive");
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
}

#[test]
fn a_secret_in_a_log_is_not_repeated() {
    let token = format!("ghp_{}", "0123456789abcdefghij0123456789ABCDEF");
    let log =
        format!("# Executing command: x\nError: cannot log in with {token}\n!!! Build failed\n");
    for arguments in [&["-"][..], &["-", "--format", "json"]] {
        let ran = diagnose(arguments, log.as_bytes());
        assert!(ran.stdout.contains("cannot log in with"), "{}", ran.stdout);
        assert!(!ran.stdout.contains(&token), "{}", ran.stdout);
    }
}

const OWN: &str = r#"
signatures:
  - name: flux
    id: build/page-data-failed
    pattern: '^Error: the (?P<what>\w+) is misaligned$'
    message: "the {what} is misaligned"
    resolution: it must be aligned before the build
    hints: ["run `npm run align`"]
"#;

#[test]
fn a_project_adds_signatures_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deployfix.yml"), OWN).unwrap();
    let log = b"Error: the flux is misaligned\nFATAL: build failed\n";
    let ran = diagnose_in(folder.path(), &["-"], log);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("error[build/page-data-failed]: the flux is misaligned"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("hint: run `npm run align`"), "{}", ran.stdout);
}

#[test]
fn a_wrong_signature_is_named_with_its_place() {
    for (from, to, expected) in [
        ("(?P<what>", "(?P<what", "signatures[0].pattern"),
        ("{what}", "{thing}", "captures `thing`"),
        ("build/page-data-failed", "build/page-data", "build/page-data-failed"),
        ("    resolution: it must be aligned before the build\n", "", "resolution"),
        (
            "pattern: '^Error: the (?P<what>\\w+) is misaligned$'",
            "pattern: '(?P<what>x)*'",
            "empty",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        assert!(OWN.contains(from), "{from}");
        std::fs::write(folder.path().join("deployfix.yml"), OWN.replace(from, to)).unwrap();
        let ran = diagnose_in(folder.path(), &["-"], b"x\n");
        assert_eq!(ran.code, Some(2), "{to}: {}", ran.stdout);
        assert!(ran.stdout.contains("deployfix.yml:"), "{to}: {}", ran.stdout);
        assert!(ran.stdout.contains(expected), "{to}: {}", ran.stdout);
    }
}
