/// Programs that start what stands behind them.
const PREFIXES: &[&str] = &["npx", "bunx", "pnpx", "exec", "command", "time", "nice", "sudo"];
/// Programs that set variables and then start what stands behind them.
const ENVIRONMENT_PREFIXES: &[&str] = &[
    "env",
    "cross-env",
    "cross-env-shell",
    "dotenv",
    "env-cmd",
    "dotenvx",
    "infisical",
    "doppler",
];
/// A command without assignments and without the programs that only start another.
pub(super) fn strip(words: &[String]) -> &[String] {
    let mut words = words;
    loop {
        let Some((first, rest)) = words.split_first() else { return words };
        let name = first.rsplit('/').next().unwrap_or(first);
        let is_prefix = PREFIXES.contains(&name) || ENVIRONMENT_PREFIXES.contains(&name);
        let runs = |words: &[String]| {
            matches!(words.first().map(String::as_str), Some("exec" | "dlx" | "x" | "run"))
        };
        if is_assignment(first) {
            words = rest;
        } else if matches!(name, "npm" | "pnpm" | "yarn" | "bun") && runs(rest) && rest[0] != "run"
        {
            words = skip_flags(&rest[1..]);
        } else if matches!(name, "yarn" | "pnpm" | "bun")
            && rest.first().is_some_and(|word| word == "next")
        {
            words = rest;
        } else if is_prefix {
            let rest = match rest.iter().position(|word| word == "--") {
                Some(end) => &rest[end + 1..],
                None => skip_flags(rest),
            };
            let rest = if runs(rest) { &rest[1..] } else { rest };
            words = skip_flags(rest);
        } else {
            return words;
        }
    }
}

/// The words from the first on that is no flag; `-f file` and `-e file` take their file along.
fn skip_flags(words: &[String]) -> &[String] {
    let mut words = words;
    while let Some(first) = words.first().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(
            first.as_str(),
            "-f" | "-e" | "--env-file" | "--environments" | "-p" | "--package"
        );
        words = words.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    words
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
    })
}

/// The arguments of a program, whether it is called by name, by path or through `npx`.
pub(super) fn after_program<'a>(words: &'a [String], program: &str) -> Option<&'a [String]> {
    let (first, rest) = strip(words).split_first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let is_node = name == "node";
    if name == program {
        return Some(rest);
    }
    // `node --inspect node_modules/.bin/next build`
    let rest = skip_flags(rest);
    let (first, rest) = rest.split_first().filter(|_| is_node)?;
    first.ends_with(&format!("/{program}")).then_some(rest)
}

/// The simple commands of a line of `sh`, and whether each runs in the background.
pub(super) fn commands(line: &str) -> Vec<(Vec<String>, bool)> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|next| *next != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(next) = characters.next().filter(|next| *next != '"') {
                    word.push(if next == '\\' { characters.next().unwrap_or('\\') } else { next });
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            ' ' | '\t' => words.extend(word.take()),
            // A redirection such as `2>&1` or `&>` ends no command.
            '&' if word.as_ref().is_some_and(|word| word.ends_with('>'))
                || characters.peek() == Some(&'>') =>
            {
                word.get_or_insert_default().push('&');
            }
            '&' | ';' | '|' | '\n' | '(' | ')' => {
                words.extend(word.take());
                let doubled = characters.next_if_eq(&character).is_some();
                if !words.is_empty() {
                    found.push((std::mem::take(&mut words), character == '&' && !doubled));
                }
            }
            '#' if word.is_none() => while characters.next_if(|next| *next != '\n').is_some() {},
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if !words.is_empty() {
        found.push((words, false));
    }
    found
}
