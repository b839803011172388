use super::invocation::Invocation;

/// The folder after a command that was run in `folder`; both relative to where the section started, nothing where
/// they cannot be known.
pub(super) fn after(folder: Option<&str>, invocation: &Invocation) -> Option<String> {
    match invocation.program() {
        Some("cd") => {
            let mut operands = invocation
                .arguments()
                .iter()
                .filter(|word| !matches!(word.text.as_str(), "-L" | "-P" | "-e" | "-@" | "--"));
            let target = operands.next().and_then(|word| word.fixed())?;
            join(folder?, target)
        }
        Some("pushd" | "popd") => None,
        _ => folder.map(str::to_owned),
    }
}

/// A folder and a way from it; nothing for what leaves the project in an unknown direction.
pub(crate) fn join(folder: &str, way: &str) -> Option<String> {
    if way.is_empty() {
        return Some(folder.to_owned());
    }
    if way.starts_with(['/', '~', '-']) || way.contains(['*', '?', '[', '{']) {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in way.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                None | Some(&"..") => parts.push(".."),
                Some(_) => {
                    parts.pop();
                }
            },
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
