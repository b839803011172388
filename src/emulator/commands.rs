//! What single commands of amplify.yml do to the shell that all of them share.

/// A program and the first arguments with which it counts; none means any.
type Row = (&'static str, &'static [&'static str]);

/// What sets folder, variables or Node for the commands after it.
const STATE: &[Row] = &[
    ("cd", &[]),
    ("export", &[]),
    ("nvm", &["use", "install"]),
    ("source", &[]),
    (".", &[]),
    ("unset", &[]),
    ("set", &[]),
];

/// What brings dependencies or the program that does; a bare `yarn` installs, hence the empty argument.
const INSTALL: &[Row] = &[
    ("npm", &["ci", "install", "i", "clean-install"]),
    ("yarn", &["", "install", "--"]),
    ("pnpm", &["install", "i"]),
    ("bun", &["install", "i"]),
    ("corepack", &[]),
    ("deployfix", &["install"]),
];

/// Words that begin a construct which cannot be taken apart here.
const CONSTRUCTS: &[&str] =
    &["if", "for", "while", "until", "case", "select", "function", "{", "(", "((", "[[", "!"];

/// Whether a command brings dependencies, as a whole or in a part of it.
pub(super) fn installs(command: &str) -> bool {
    parts(command)
        .is_some_and(|parts| parts.iter().any(|part| is_in(INSTALL, part) && !installs_tools(part)))
}

/// The parts of a command that set the state of the shell; nothing where there is none.
pub(super) fn state_of(command: &str) -> Option<String> {
    kept(command, |part| is_in(STATE, part))
}

/// The parts of a command that set the state of the shell or bring dependencies.
pub(super) fn state_and_install_of(command: &str) -> Option<String> {
    kept(command, |part| is_in(STATE, part) || is_in(INSTALL, part))
}

fn kept(command: &str, keeps: impl Fn(&str) -> bool) -> Option<String> {
    let parts: Vec<_> = parts(command)?.into_iter().filter(|part| keeps(part)).collect();
    (!parts.is_empty()).then(|| parts.join(" && "))
}

fn is_in(table: &[Row], part: &str) -> bool {
    // Assignments before a program belong to it: `CI=1 npm ci`.
    let mut words = part.split_whitespace().skip_while(|word| is_assignment(word));
    let Some(program) = words.next() else { return false };
    let first = words.next().unwrap_or_default();
    table.iter().any(|(name, arguments)| {
        *name == program
            && (arguments.is_empty()
                || arguments.iter().any(|argument| match *argument {
                    "--" => first.starts_with("--"),
                    other => other == first,
                }))
    })
}

/// `npm install -g pnpm` brings a program, not the app's dependencies.
fn installs_tools(part: &str) -> bool {
    part.starts_with("corepack")
        || part.split_whitespace().any(|word| matches!(word, "-g" | "--global"))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The commands of a line or list that run one after the other; nothing where one decides whether or how the others
/// run: `||`, pipes, loops, here-documents.
fn parts(command: &str) -> Option<Vec<&str>> {
    let bytes = command.as_bytes();
    let (mut parts, mut start, mut index) = (Vec::new(), 0, 0);
    let mut quote: Option<u8> = None;
    let mut depth = 0_usize;
    while let Some(&byte) = bytes.get(index) {
        let next = bytes.get(index + 1).copied();
        let mut width = 1;
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => width = 2,
            (_, b'$') if next == Some(b'(') => {
                depth += 1;
                width = 2;
            }
            (_, b')') if depth > 0 => depth -= 1,
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, _) if depth > 0 => {}
            (None, b'&') if next == Some(b'&') => {
                parts.push(&command[start..index]);
                width = 2;
                start = index + width;
            }
            // `2>&1` and `&>` redirect.
            (None, b'&') if next == Some(b'>') || index > 0 && bytes[index - 1] == b'>' => {}
            (None, b';' | b'\n') => {
                parts.push(&command[start..index]);
                start = index + 1;
            }
            (None, b'|' | b'&' | b'(') => return None,
            (None, b'<') if next == Some(b'<') => return None,
            (None, b'#') if index == 0 || bytes[index - 1].is_ascii_whitespace() => {
                // A comment ends with its line.
                parts.push(&command[start..index]);
                width = bytes[index..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(bytes.len() - index);
                start = index + width;
            }
            (Some(_) | None, _) => {}
        }
        index += width;
    }
    if quote.is_some() || depth > 0 {
        return None;
    }
    parts.push(command.get(start..).unwrap_or_default());
    let parts: Vec<_> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    let construct =
        |part: &&str| part.split_whitespace().next().is_some_and(|word| CONSTRUCTS.contains(&word));
    (!parts.iter().any(construct)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_sets_the_shell_or_installs_is_kept() {
        type Case<'a> = (&'a str, Option<&'a str>, Option<&'a str>);
        let cases: [Case<'_>; 17] = [
            ("cd apps/web && npm ci", Some("cd apps/web"), Some("cd apps/web && npm ci")),
            (
                "export A=\"x; y && z\" B=$(node -p 'a|b')",
                Some("export A=\"x; y && z\" B=$(node -p 'a|b')"),
                Some("export A=\"x; y && z\" B=$(node -p 'a|b')"),
            ),
            ("nvm use 20\nnvm ls", Some("nvm use 20"), Some("nvm use 20")),
            ("npm run build 2>&1; cd ..", Some("cd .."), Some("cd ..")),
            ("npx ampx pipeline-deploy --branch x", None, None),
            ("npm ci || npm install", None, None),
            ("cd x || exit 1", None, None),
            ("if [ -f x ]; then cd x; fi", None, None),
            ("(cd x && npm ci)", None, None),
            ("cat <<END\ncd x\nEND", None, None),
            ("yarn", None, Some("yarn")),
            ("yarn build", None, None),
            ("yarn --frozen-lockfile", None, Some("yarn --frozen-lockfile")),
            ("CI=1 npm ci # export X=1", None, Some("CI=1 npm ci")),
            ("echo 'cd x' \"&& cd y\"", None, None),
            ("export A='open", None, None),
            ("", None, None),
        ];
        for (command, state, both) in cases {
            assert_eq!(state_of(command).as_deref(), state, "{command}");
            assert_eq!(state_and_install_of(command).as_deref(), both, "{command}");
        }
        assert!(installs("cd ../.. && pnpm install --frozen-lockfile"));
        assert!(!installs("npm install -g pnpm") && !installs("corepack enable"));
    }
}
