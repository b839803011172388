use regex::RegexBuilder;

use super::{invocation::Invocation, word::Word};

/// What a `grep` lets through.
#[derive(Debug)]
pub(crate) struct Grep {
    /// The expressions; nothing where one is not written in the command.
    pub(crate) expressions: Option<Vec<String>>,
    /// `-q`, `-c` and `-l`: it answers a question and prints no lines.
    pub(crate) answers: bool,
    inverts: bool,
    ignores_case: bool,
    anchors: Anchors,
    syntax: Syntax,
}

/// What an expression has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchors {
    Part,
    Word,
    Line,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Basic,
    Extended,
    Fixed,
}

impl Grep {
    /// Reads the arguments of a `grep`; nothing for another program.
    pub(crate) fn read(invocation: &Invocation) -> Option<Self> {
        let syntax = match invocation.program()? {
            "grep" => Syntax::Basic,
            "egrep" | "rg" => Syntax::Extended,
            "fgrep" => Syntax::Fixed,
            _ => return None,
        };
        let mut grep = Self {
            expressions: Some(Vec::new()),
            answers: false,
            inverts: false,
            ignores_case: false,
            anchors: Anchors::Part,
            syntax,
        };
        let mut operand = None;
        let mut words = invocation.arguments().iter();
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "-e" | "--regexp" => grep.expression(words.next()),
                "-A" | "-B" | "-C" | "-m" | "--max-count" | "--color" => {
                    words.next();
                }
                long if long.starts_with("--") => grep.long(word, long),
                short if short.len() > 1 && short.starts_with('-') => {
                    grep.short(word, &mut words);
                }
                _ => operand = operand.or(Some(word)),
            }
        }
        if grep.expressions.as_ref().is_some_and(Vec::is_empty) {
            grep.expression(operand);
        }
        Some(grep)
    }

    fn long(&mut self, word: &Word, option: &str) {
        match option.split_once('=').map_or(option, |(name, _)| name) {
            "--regexp" if word.is_static => self.add(&option["--regexp=".len()..]),
            "--regexp" | "--file" => self.expressions = None,
            other => self.flag(match other {
                "--invert-match" => 'v',
                "--quiet" | "--silent" => 'q',
                "--count" => 'c',
                "--ignore-case" => 'i',
                "--extended-regexp" | "--perl-regexp" => 'E',
                "--fixed-strings" => 'F',
                "--word-regexp" => 'w',
                "--line-regexp" => 'x',
                _ => return,
            }),
        }
    }

    fn short<'w>(&mut self, word: &'w Word, words: &mut impl Iterator<Item = &'w Word>) {
        let letters = &word.text[1..];
        for (index, letter) in letters.char_indices() {
            match letter {
                'e' => {
                    match &letters[index + 1..] {
                        "" => self.expression(words.next()),
                        rest if word.is_static => self.add(rest),
                        _ => self.expressions = None,
                    }
                    return;
                }
                'f' => {
                    self.expressions = None;
                    return;
                }
                other => self.flag(other),
            }
        }
    }

    fn flag(&mut self, letter: char) {
        match letter {
            'v' => self.inverts = true,
            'q' | 'c' | 'l' | 'L' => self.answers = true,
            'i' | 'y' => self.ignores_case = true,
            'w' => self.anchors = Anchors::Word,
            'x' => self.anchors = Anchors::Line,
            'E' | 'P' => self.syntax = Syntax::Extended,
            'F' => self.syntax = Syntax::Fixed,
            _ => {}
        }
    }

    fn expression(&mut self, word: Option<&Word>) {
        match word.and_then(Word::fixed) {
            Some(expression) => self.add(expression),
            None => self.expressions = None,
        }
    }

    fn add(&mut self, expression: &str) {
        if let Some(expressions) = &mut self.expressions {
            expressions.extend(expression.split('\n').map(str::to_owned));
        }
    }

    /// Whether it lets a line through; nothing where that cannot be told.
    pub(crate) fn selects(&self, line: &str) -> Option<bool> {
        let alternatives: Vec<_> = self
            .expressions
            .as_ref()?
            .iter()
            .map(|expression| match self.syntax {
                Syntax::Fixed => regex::escape(expression),
                Syntax::Basic => translated(expression),
                Syntax::Extended => expression.clone(),
            })
            .map(|expression| match self.anchors {
                Anchors::Line => format!("(?:^(?:{expression})$)"),
                Anchors::Word => format!(r"(?:\b(?:{expression})\b)"),
                Anchors::Part => format!("(?:{expression})"),
            })
            .collect();
        let pattern = RegexBuilder::new(&alternatives.join("|"))
            .case_insensitive(self.ignores_case)
            .size_limit(1 << 20)
            .build()
            .ok()?;
        Some(pattern.is_match(line) != self.inverts)
    }

    /// Whether it lets lines through that have nothing in common.
    pub(crate) fn selects_everything(&self) -> bool {
        ["QZ_UNRELATED=1", "jwxk_other=https://v", "VUOH=8080"]
            .iter()
            .all(|line| self.selects(line) == Some(true))
    }
}

/// A basic regular expression as other engines write it.
fn translated(expression: &str) -> String {
    let mut translated = String::new();
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(special @ ('|' | '(' | ')' | '{' | '}' | '+' | '?')) => {
                    translated.push(special);
                }
                Some(other) => translated.extend(['\\', other]),
                None => {}
            },
            '|' | '(' | ')' | '{' | '}' | '+' | '?' => translated.extend(['\\', character]),
            '*' if translated.is_empty() || translated == "^" => translated.push_str("\\*"),
            other => translated.push(other),
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::shell::tests::phase;

    #[test]
    fn expressions_are_read_as_grep_reads_them() {
        for (command, selected, refused) in [
            ("grep -e API_ -e 'X_'", "MY_API_A=1", "B=1"),
            ("grep NEXT_PUBLIC_", "NEXT_PUBLIC_A=", "A="),
            (r"grep -E '^(A_|B_)'", "B_C=", "C_B_="),
            (r"grep 'A_\|B_'", "B_", "A|B"),
            ("grep 'A_|B_'", "A_|B_", "A_"),
            ("grep -iw --regexp=secret", "A Secret=", "MY_SECRET="),
            ("grep -vE 'A|B'", "C", "A"),
            ("fgrep a.b", "a.b", "axb"),
            ("egrep 'A+'", "AA", "B"),
            ("grep -x 'A='", "A=", "A=1"),
        ] {
            let (_, commands) = phase(&[command]);
            let grep = Grep::read(&commands.invocations[0]).unwrap();
            assert_eq!(grep.selects(selected), Some(true), "{command}");
            assert_eq!(grep.selects(refused), Some(false), "{command}");
        }
        let everything = |command: &str| {
            let (_, commands) = phase(&[command]);
            Grep::read(&commands.invocations[0]).unwrap().selects_everything()
        };
        for command in ["grep .", "grep =", "grep -v AWS_", "grep ''", "grep -E '^[A-Za-z_]+='"] {
            assert!(everything(command), "{command}");
        }
        for command in ["grep A_", "grep \"$X\"", "grep -v .", "grep -f names", "grep '('"] {
            assert!(!everything(command), "{command}");
        }
    }
}
