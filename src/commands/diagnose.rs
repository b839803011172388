//! `diagnose`: logs of builds that ended elsewhere. Nothing is recorded.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use super::{
    document, identity,
    options::{absolute, printer, variables},
    session::{exit_status, identity_of},
};
use crate::{
    cli::{DiagnoseOptions, GlobalOptions},
    config,
    diagnose::{LogVerdict, Table, diagnose_log, scan_stream},
    inspection::Inspection,
    mask::MaskSet,
    project::Project,
    report::{
        Confidence, ExitStatus, Finding, FindingId, LogDiagnosis, PhaseName, PhaseReport, Run,
        Severity, Validation, Verdict,
        render::{Printer, count},
    },
};

/// An archive from the standard input is kept in memory, up to here.
const LARGEST_PIPED_ARCHIVE: u64 = 256 * 1024 * 1024;
/// What an archive calls logs.
const LOG_EXTENSIONS: [&str; 3] = ["log", "txt", "out"];

/// What logs are read with.
struct Reader<'a> {
    table: &'a Table,
    inspection: Option<Inspection<'a>>,
}

/// Names the root cause in every log, and prints it.
pub(super) fn run(global: &GlobalOptions, options: &DiagnoseOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Diagnose);
    let variables = variables();
    let folder = absolute(&global.project);
    let mask = MaskSet::from_environment(variables.clone(), &BTreeSet::new());
    let printer = printer(global, Arc::new(mask));
    let identity = identity_of(&identity::resolve(&variables, &folder, phase.name)).clone();
    let mut run = Run::begin(identity);
    match diagnoses(global, options, &folder, run.run.branch.as_deref(), &variables) {
        Ok(diagnoses) => {
            phase.findings = findings(&diagnoses);
            tell(&printer, &diagnoses);
            run.diagnoses = diagnoses;
        }
        Err(finding) => {
            printer.finding(&finding);
            phase.findings = vec![*finding];
        }
    }
    phase.finish();
    let status = exit_status(&phase);
    run.validation = Some(Validation::of(&phase));
    run.record_phase(phase);
    run.settle(Some(status));
    match document::print(&printer, &folder, &run, Some(PhaseName::Diagnose)) {
        ExitStatus::Success => status,
        failed => failed,
    }
}

fn diagnoses(
    global: &GlobalOptions,
    options: &DiagnoseOptions,
    folder: &Path,
    branch: Option<&str>,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<LogDiagnosis>, Box<Finding>> {
    let config = config::load(folder, global.config.as_deref(), branch)?;
    let table = Table::with(&config.signatures);
    // A log that lies beside an app is most likely of that app; what the app does not confirm stays as the log says it.
    let project = folder.join("package.json").is_file().then(|| Project::read(folder));
    let inspection = project.as_ref().map(|project| Inspection { project, variables });
    let reader = Reader { table: &table, inspection };
    let mut all = Vec::new();
    for log in &options.logs {
        let read = if log == Path::new("-") {
            read_stream(&reader, io::stdin().lock(), "-")
        } else {
            read_file(&reader, log)
        };
        all.extend(read.map_err(|error| Box::new(unreadable(log, &error)))?);
    }
    Ok(all)
}

fn read_file(reader: &Reader<'_>, path: &Path) -> io::Result<Vec<LogDiagnosis>> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut begin = [0; 4];
    let size = read_up_to(&mut file, &mut begin)?;
    let name = path.to_string_lossy();
    if is_archive(&begin[..size]) {
        return read_archive(reader, file, &name);
    }
    file.seek(SeekFrom::Start(0))?;
    read_stream(reader, file, &name)
}

/// A stream of a log, of a compressed log, or of an archive of logs.
fn read_stream(
    reader: &Reader<'_>,
    mut stream: impl Read,
    name: &str,
) -> io::Result<Vec<LogDiagnosis>> {
    let mut begin = [0; 4];
    let size = read_up_to(&mut stream, &mut begin)?;
    let begin = &begin[..size];
    if is_archive(begin) {
        let mut archive = begin.to_vec();
        stream.take(LARGEST_PIPED_ARCHIVE).read_to_end(&mut archive)?;
        return read_archive(reader, io::Cursor::new(archive), name);
    }
    if begin.starts_with(&[0x1f, 0x8b]) {
        let packed = flate2::read::MultiGzDecoder::new(begin.chain(stream));
        return Ok(vec![read_log(reader, packed, name)?]);
    }
    Ok(vec![read_log(reader, begin.chain(stream), name)?])
}

fn is_archive(begin: &[u8]) -> bool {
    begin == b"PK\x03\x04"
}

fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut size = 0;
    while size < buffer.len() {
        match stream.read(&mut buffer[size..]) {
            Ok(0) => break,
            Ok(read) => size += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(size)
}

/// Every log of an archive, in the order of their names.
fn read_archive(
    reader: &Reader<'_>,
    archive: impl Read + Seek,
    name: &str,
) -> io::Result<Vec<LogDiagnosis>> {
    let mut archive = zip::ZipArchive::new(archive).map_err(io::Error::other)?;
    let names = archive.file_names().map(|entry| entry.map(Cow::into_owned));
    let mut entries: Vec<String> = names.collect::<Result<_, _>>().map_err(io::Error::other)?;
    entries.retain(|entry| {
        let extension = Path::new(entry).extension().unwrap_or_default().to_ascii_lowercase();
        LOG_EXTENSIONS.iter().any(|known| extension == *known)
    });
    entries.sort();
    if entries.is_empty() {
        let reason = format!(
            "the archive holds no file that ends in {}",
            LOG_EXTENSIONS.map(|known| format!(".{known}")).join(", ")
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut all = Vec::new();
    for entry in entries {
        let log = archive.by_name(&entry).map_err(io::Error::other)?;
        all.push(read_log(reader, log, &format!("{name}/{entry}"))?);
    }
    Ok(all)
}

fn read_log(reader: &Reader<'_>, log: impl Read, name: &str) -> io::Result<LogDiagnosis> {
    let scan = scan_stream(reader.table, log)?;
    let lines = scan.lines;
    let (verdict, diagnosis) = match diagnose_log(reader.table, scan, name) {
        LogVerdict::Succeeded => (Verdict::Succeeded, None),
        LogVerdict::Unclear(diagnosis) => (Verdict::Unclear, diagnosis),
        LogVerdict::Failed(diagnosis) => (Verdict::Failed, Some(diagnosis)),
    };
    let mut told = LogDiagnosis {
        log: name.to_owned(),
        lines,
        verdict,
        confidence: None,
        primary: None,
        contributing: Vec::new(),
    };
    if let Some(mut diagnosis) = diagnosis {
        if let Some(inspection) = &reader.inspection {
            inspection.refine(&mut diagnosis);
        }
        told.confidence = Some(diagnosis.confidence);
        told.primary = Some(diagnosis.primary);
        told.contributing = diagnosis.contributing;
    }
    Ok(told)
}

/// Causes first; what only follows from them is worth knowing. Logs of one archive repeat each other.
fn findings(diagnoses: &[LogDiagnosis]) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let causes = diagnoses.iter().filter_map(|log| log.primary.clone());
    let others = diagnoses
        .iter()
        .flat_map(|log| &log.contributing)
        .map(|finding| finding.clone().severity(Severity::Info));
    for finding in causes.chain(others) {
        if all.iter().all(|known| known.id != finding.id || known.message != finding.message) {
            all.push(finding);
        }
    }
    all
}

fn tell(printer: &Printer, diagnoses: &[LogDiagnosis]) {
    for diagnosis in diagnoses {
        let lines = count(usize::try_from(diagnosis.lines).unwrap_or(usize::MAX), "line");
        let said = match (diagnosis.verdict, diagnosis.confidence) {
            (Verdict::Succeeded, _) => "the build succeeded",
            (Verdict::Unclear, None) => {
                "no failure found; the log tells neither of one nor of success"
            }
            (Verdict::Unclear, Some(_)) => {
                "the log does not tell how it ended; if it failed, this is the most likely cause"
            }
            (Verdict::Failed, Some(Confidence::Low)) => "failed, and deployfix does not know why",
            (Verdict::Failed, Some(Confidence::Medium)) => {
                "failed, as a consequence of something that the log may not show"
            }
            (Verdict::Failed, _) => "failed",
        };
        printer.important(&format!("{} ({lines}): {said}", diagnosis.log));
        if let Some(finding) = &diagnosis.primary {
            printer.finding(finding);
        }
        for finding in &diagnosis.contributing {
            let place = finding.evidence.last().and_then(|evidence| evidence.line);
            let place = place.map(|line| format!(", line {line}")).unwrap_or_default();
            printer.line(&format!("  also: {} [{}]{place}", finding.message, finding.id));
        }
    }
}

fn unreadable(log: &Path, error: &io::Error) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("cannot read `{}`: {error}", log.display()),
        "`diagnose` reads a build log, a zip of logs, or `-` for the standard input",
    )
    .hint("deployfix diagnose build.log")
}
