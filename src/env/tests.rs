use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{contract::*, files::*, *};
use crate::{
    config,
    report::{Finding, FindingId, Severity},
};

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn contract(root: &Path) -> Contract {
    Contract::new(&config::load(root, None, None).unwrap(), root)
}

fn findings(files: &[(&str, &str)], process: &[(&str, &str)], spec: &[&str]) -> Vec<Finding> {
    let folder = project(files);
    check(&CheckRequest {
        contract: &contract(folder.path()),
        process: &variables(process),
        app_root: folder.path(),
        set_by_spec: &spec.iter().map(|name| (*name).into()).collect::<BTreeSet<_>>(),
    })
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let place = finding.location.as_ref().map_or("-".into(), ToString::to_string);
            format!("{:?} {place} {}", finding.severity, finding.message)
        })
        .collect()
}

#[test]
fn the_first_file_wins_and_the_process_wins_over_all() {
    let folder = project(&[
        (".env", "A=1\nB=1\nC=1\nD=1\nE=1\n"),
        (".env.production", "A=2\nB=2\nC=2\n"),
        (".env.local", "A=3\nB=3\n"),
        (".env.production.local", "A=4\n"),
        (".env.development", "F=1\n"),
    ]);
    let environment = load_environment(folder.path(), &variables(&[("E", "")]));
    let value = |name: &str| environment.variables.get(name).map(|setting| setting.value.as_str());
    assert_eq!(
        ["A", "B", "C", "D", "E", "F"].map(value),
        [Some("4"), Some("3"), Some("2"), Some("1"), Some(""), None]
    );
    assert_eq!(
        environment.variables["C"].origin,
        Origin::File { path: ".env.production", line: 3 }
    );
}

#[test]
fn the_contract_is_held_against_what_is_set() {
    let settings = "environment:\n  A: { type: url }\n  B: { required: false }\n  C: { type: integer, default: 3 }\n  D: { default: fake-value, secret: true }\n  E: {}\n  F: { minLength: 0 }\n  G: {}\n";
    let found = findings(
        &[("deployfix.yml", settings), (".env", "A=localhost:3000\n")],
        &[("C", "many"), ("E", ""), ("F", "")],
        &["G"],
    );
    assert_eq!(
        lines(&found),
        [
            "Error deployfix.yml:2 `A` is not an absolute URL such as `https://example.com`",
            "Error deployfix.yml:4 `C` is not a whole number such as `3000`",
            "Info deployfix.yml:5 `D` is not set",
            "Error deployfix.yml:6 `E` is set to the empty string",
        ]
    );
    assert_eq!(found[0].evidence[0].text, "A=localhost:3000");
    assert_eq!(found[0].hints, ["change `A` in .env:1"]);
    assert_eq!(found[2].recovery.as_deref(), Some("uses the declared default"));
}

#[test]
fn a_secret_value_is_never_shown() {
    let settings = "environment:\n  A: { type: integer, secret: true }\n  B: { type: integer }\n  NEXT_PUBLIC_C: { secret: true }\n";
    let found = findings(
        &[("deployfix.yml", settings)],
        &[
            ("A", "fake-secret"),
            ("B", "https://u:fake-secret@example.com"),
            ("NEXT_PUBLIC_C", "fake-secret"),
            ("NEXT_PUBLIC_D", "postgres://u:fake-secret@db/app"),
        ],
        &[],
    );
    assert_eq!(
        lines(&found),
        [
            "Error deployfix.yml:2 `A` is not a whole number such as `3000`",
            "Error deployfix.yml:3 `B` is not a whole number such as `3000`",
            "Error deployfix.yml:4 `NEXT_PUBLIC_C` is declared secret and has a name that makes it public",
            "Warning - the value of `NEXT_PUBLIC_D` looks like a URL with a password",
        ]
    );
    assert!(!format!("{found:?}").contains("fake-secret"));
}

#[test]
fn names_of_an_example_are_one_warning() {
    let example = "# needed\nA=\nNODE_ENV=production\nB=x\nC=\nD=\n";
    let found = findings(&[(".env.example", example), (".env", "C=1\n")], &[], &["D"]);
    assert_eq!(
        lines(&found),
        ["Warning .env.example:2 `A`, `B` are listed in `.env.example` and not set"]
    );
}

#[test]
fn files_that_next_misreads() {
    for (text, process, expected) in [
        (
            "A=$A\nB=c\n",
            &[][..],
            "Error .env:1 the value of `A` refers to itself, so Next.js ignores the whole file",
        ),
        (
            "A=fake$Word\n",
            &[],
            "Warning .env:1 a `$` in the value of `A` is read as a variable that is not set",
        ),
        (
            "\nA=\n",
            &[("A", "fake$Word")],
            "Warning .env:2 Next.js expands the `$` in the value that the environment gives `A`",
        ),
        ("A=b#c", &[], "Warning .env:1 the value of `A` is cut at `#`"),
    ] {
        assert_eq!(lines(&findings(&[(".env", text)], process, &[])), [expected], "{text:?}");
    }
    let folder = project(&[]);
    let root = folder.path();
    fs::create_dir(root.join(".env")).unwrap();
    fs::write(root.join(".env.local"), b"\xff\xfeA\0").unwrap();
    fs::write(root.join(".env.production"), b"A=b\nB=\xe9").unwrap();
    std::os::unix::fs::symlink("absent", root.join(".env.production.local")).unwrap();
    let environment = load_environment(root, &BTreeMap::new());
    assert_eq!(
        lines(&environment.findings),
        [
            "Warning .env.production.local `.env.production.local` cannot be read: no such file or directory",
            "Warning .env.local `.env.local` is UTF-16, which Next.js reads as garbage",
            "Warning .env.production:2 the file is not UTF-8 text",
            "Warning .env `.env` is a directory",
        ]
    );
}

const RUNTIME: &str = "environment:\n  A: { runtime: true, secret: true }\n  B: { runtime: true, default: \"b c\" }\n  C: { runtime: true }\n  D: { default: d }\n";

fn write(root: &Path, process: &[(&str, &str)]) -> Result<bool, Box<Finding>> {
    write_production_file(root, &resolved(&contract(root), &variables(process), root))
}

fn production_text(root: &Path) -> String {
    fs::read_to_string(root.join(PRODUCTION_FILE)).unwrap()
}

#[test]
fn defaults_and_sources_are_resolved() {
    let folder = project(&[("deployfix.yml", RUNTIME), (".env", "C=x\n")]);
    let root = folder.path();
    write(root, &[("A", "fake$Word")]).unwrap();
    // A second look must not take the block for a source.
    let resolved = resolved(&contract(root), &variables(&[("A", "fake$Word")]), root);
    let summary: Vec<_> = resolved
        .iter()
        .map(|v| {
            (
                v.name.as_str(),
                v.value.as_str(),
                v.from_default,
                v.needs_production_file(),
                v.withhold_from_next,
            )
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("A", "fake$Word", false, true, true),
            ("B", "b c", true, true, false),
            ("C", "x", false, false, false),
            ("D", "d", true, false, false),
        ]
    );
    assert!(!format!("{resolved:?}").contains("fake"));
}

#[test]
fn the_block_is_added_replaced_and_removed() {
    for own in ["", "X=1\n", "X=1", "X=1\r\n# é\r\nA=old", "\n\n"] {
        let folder = project(&[("deployfix.yml", RUNTIME)]);
        let root = folder.path();
        let path = root.join(PRODUCTION_FILE);
        if !own.is_empty() {
            fs::write(&path, own).unwrap();
        }
        // `A` may stand in the user's lines: the process wins, and the block comes last.
        assert!(write(root, &[("A", "fake one")]).unwrap());
        assert!(!write(root, &[("A", "fake one")]).unwrap(), "{own:?}");
        assert!(write(root, &[("A", "fake two"), ("C", "c")]).unwrap());
        let text = production_text(root);
        assert!(
            text.starts_with(own) && text.contains("A=\"fake two\"\nB=\"b c\"\nC=c\n"),
            "{text}"
        );
        assert!(!text.contains("fake one"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_production_file(root, &[]).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), own);
        assert_eq!(path.exists(), !own.is_empty());
        assert!(!write_production_file(root, &[]).unwrap());
    }
}

#[test]
fn lines_after_the_block_stay() {
    let folder = project(&[("deployfix.yml", RUNTIME), (PRODUCTION_FILE, "X=1\n")]);
    let root = folder.path();
    write(root, &[("A", "a")]).unwrap();
    fs::write(root.join(PRODUCTION_FILE), production_text(root) + "Y=2\n").unwrap();
    write(root, &[("A", "b")]).unwrap();
    assert!(production_text(root).starts_with("X=1\nY=2\n# >>> deployfix"));
}

#[test]
fn a_file_that_cannot_take_the_block_stays_untouched() {
    for (own, line) in [
        ("X=1\n# >>> deployfix (generated, replaced at every build)\nA=b\n", Some(2)),
        ("# <<< deployfix\n", Some(1)),
        ("# >>> deployfix\n# <<< deployfix\n# >>> deployfix\n# <<< deployfix\n", Some(3)),
        ("Z=1\nX=$X\n", Some(2)),
        ("X=\"open\nY='\n", None),
    ] {
        let folder = project(&[("deployfix.yml", RUNTIME), (PRODUCTION_FILE, own)]);
        let result = write(folder.path(), &[("A", "x'y\" z"), ("C", "\"\n'")]);
        if let Err(finding) = result {
            assert_eq!(
                (finding.id, finding.severity),
                (FindingId::EnvFileInvalid, Severity::Error)
            );
            assert_eq!(finding.location.unwrap().line, line, "{own:?}");
            assert_eq!(production_text(folder.path()), own);
        } else {
            assert_eq!(own, "X=\"open\nY='\n", "an open quote may be harmless");
        }
    }
    let folder = project(&[("deployfix.yml", RUNTIME), (PRODUCTION_FILE, "X=1\n")]);
    let path = folder.path().join(PRODUCTION_FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let finding = write(folder.path(), &[("A", "a")]).unwrap_err();
    assert_eq!(finding.message, "`.env.production` is read-only");
    let finding = write(folder.path(), &[("A", "'\"`#")]).unwrap_err();
    assert_eq!(finding.id, FindingId::VariableNotAtRuntime);
    assert_eq!(production_text(folder.path()), "X=1\n");
}

#[test]
fn the_file_behind_a_symlink_is_replaced() {
    let folder = project(&[("deployfix.yml", RUNTIME), ("shared.env", "X=1\n")]);
    let link = folder.path().join(PRODUCTION_FILE);
    std::os::unix::fs::symlink("shared.env", &link).unwrap();
    write(folder.path(), &[("A", "a")]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(folder.path().join("shared.env")).unwrap().contains("A=a\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn next_reads_back_what_was_written(
        own in "(X=1\n|Y='q'\n|# it's\n|Z=\"a\nb\"\n|W=x){0,4}",
        value in "(a|b|'|\"|\n|#| |\\$|\\{|\\}|\\\\|=|n|\u{e9}){1,20}",
    ) {
        let folder = project(&[("deployfix.yml", RUNTIME), (PRODUCTION_FILE, &own)]);
        let root = folder.path();
        if write(root, &[("A", &value), ("C", "c")]).is_ok() {
            // A file without markers is read as a whole, as Next.js does.
            let text = production_text(root).replace("deployfix", "other");
            fs::write(root.join(PRODUCTION_FILE), &text).unwrap();
            let environment = load_environment(root, &BTreeMap::new());
            prop_assert_eq!(&environment.variables["A"].value, &value);
            prop_assert_eq!(&environment.variables["C"].value, "c");
        }
    }
}
