//! Files of variables that stand for what is set in the Amplify console.

use std::{collections::BTreeMap, path::Path};

use super::{
    dotenv,
    files::{decode, read},
    problem::ProblemKind,
};
use crate::report::{Finding, FindingId, Location};

/// Reads `NAME=value` lines as dotenv does, without expanding `$`. Whoever names a file wants all of it, so whatever would
/// be misread is an error with its line.
pub(crate) fn console_file(path: &Path) -> Result<BTreeMap<String, String>, Box<Finding>> {
    let shown = path.display().to_string();
    let refused = |message: String, line: Option<u64>| {
        Box::new(
            Finding::new(
                FindingId::Usage,
                message,
                "`--env-file` names a file of `NAME=value` lines, one for each variable of the Amplify console",
            )
            .location(Location::line(&shown, line)),
        )
    };
    let bytes = match read(path, &shown) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            return Err(refused(format!("`{shown}` is not there, or no regular file"), None));
        }
        Err(problem) => return Err(refused(problem.kind.to_string(), problem.line)),
    };
    let mut problems = Vec::new();
    let parsed = dotenv::parse(&decode(&bytes, &shown, &mut problems));
    problems.extend(parsed.problems);
    if let Some(problem) = problems.iter().min_by_key(|problem| problem.line) {
        let message = match &problem.kind {
            ProblemKind::NoEquals => "a line has no `=`".to_owned(),
            ProblemKind::InvalidName => "what stands before `=` is no name".to_owned(),
            kind => kind.to_string(),
        };
        return Err(refused(message, problem.line));
    }
    Ok(parsed.entries.into_iter().map(|entry| (entry.name, entry.value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_stand_and_mistakes_have_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.env");
        let of = |text: &[u8]| {
            std::fs::write(&path, text).unwrap();
            console_file(&path)
                .map(|variables| {
                    let pairs =
                        variables.into_iter().map(|(name, value)| format!("{name}={value};"));
                    pairs.collect::<Vec<_>>().concat()
                })
                .map_err(|finding| (finding.message, finding.location.and_then(|place| place.line)))
        };
        assert_eq!(
            of(b"\xef\xbb\xbfA=1\r\nB=\"two words\" # why\nC=$A\nA=2\n").unwrap(),
            "A=2;B=two words;C=$A;"
        );
        assert_eq!(of(b"").unwrap(), "");
        assert_eq!(
            of(b"A=1\njust words\n").unwrap_err(),
            ("a line has no `=`".to_owned(), Some(2))
        );
        assert_eq!(of(b"A=\"open\nB=2\n").unwrap_err().1, Some(1));
        assert_eq!(of(b"A=a#b\n").unwrap_err().1, Some(1));
        assert!(of(&[0xff, 0xfe, b'A', 0]).is_err());
        assert!(console_file(folder.path()).is_err());
        assert!(console_file(&folder.path().join("absent")).is_err());
    }
}
