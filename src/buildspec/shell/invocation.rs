use super::{commands::SectionName, word::Word};
use crate::buildspec::node::Place;

/// One simple command, or one `[[ ... ]]`, as bash would run it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one command")]
pub(crate) struct Invocation {
    /// The section that runs it.
    pub(crate) section: SectionName,
    /// Index of the list item in `Commands::items`.
    pub(crate) item: usize,
    /// `NAME=value` before the command, or alone.
    pub(crate) assignments: Vec<Assignment>,
    /// The program and its arguments; none where it only assigns or redirects.
    pub(crate) words: Vec<Word>,
    /// Its own redirections, in order.
    pub(crate) redirections: Vec<Redirection>,
    /// From its first to its last word.
    pub(crate) place: Place,
    /// Whether its places are exact; false where only that of the whole item is known.
    pub(crate) is_exact: bool,
    /// Where its standard output goes in the end.
    pub(crate) output: Output,
    /// The invocation whose output it reads.
    pub(crate) piped_from: Option<usize>,
    /// Whether its failure alone makes the list item fail, which stops the build.
    pub(crate) fails_item: bool,
    /// Whether it follows another one after `&&` or `||`.
    pub(crate) is_chained: bool,
    /// Whether it runs only in some cases: in a branch, a loop or a function, after `||`, or after `&&` without consequence.
    pub(crate) conditional: bool,
    /// Whether its status only decides what runs next: `if`, `while`, `until`.
    pub(crate) is_condition: bool,
    /// Whether what it changes in the shell is lost: a subshell, a part of a pipeline, a substitution.
    pub(crate) in_subshell: bool,
    /// Whether it stands in `$(...)`, `<(...)` or backquotes.
    pub(crate) in_substitution: bool,
    /// Whether it stands in the body of a function, which may never be called.
    pub(crate) in_function: bool,
    /// Whether the shell does not wait for it.
    pub(crate) in_background: bool,
    /// The folder in which it runs, relative to the one in which the section starts, which is `""`; nothing where
    /// that cannot be known.
    pub(crate) folder: Option<String>,
}

/// `NAME=value`.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    /// The variable.
    pub(crate) name: String,
    /// What it is set to; all of the parentheses for an array.
    pub(crate) value: Word,
    /// From the name to the end of the value.
    pub(crate) place: Place,
}

/// `2>> file` and its kin.
#[derive(Debug, Clone)]
pub(crate) struct Redirection {
    /// The number before the operator.
    pub(crate) descriptor: Option<i32>,
    /// `<`, `>`, `>>`, `<>`, `>|`, `<&`, `>&`, `&>`, `&>>`, `<<<` or `<<`.
    pub(crate) operator: &'static str,
    /// The file, the descriptor, or the text that is read.
    pub(crate) target: Word,
}

/// Where the standard output of a command goes.
#[derive(Debug, Clone)]
pub(crate) enum Output {
    /// Into the build log.
    Log,
    /// Into a file.
    File(Word),
    /// To the invocation of that index.
    Pipe(usize),
    /// Into a command substitution.
    Captured,
}

/// Programs that run the command that follows their own options, and their options that take an argument.
const PREFIXES: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-T", "--user", "--group"]),
    ("env", &["-u", "-C", "-S", "--unset", "--chdir"]),
    ("command", &[]),
    ("builtin", &[]),
    ("exec", &["-a"]),
    ("time", &["-f", "-o"]),
    ("nohup", &[]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("dotenv", &["-e", "-v"]),
    ("dotenvx", &["-f"]),
    ("cross-env", &[]),
];

impl Invocation {
    /// The words without the programs that only run another one: `sudo`, `env A=b`, `command`, `time`.
    pub(crate) fn command(&self) -> &[Word] {
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first()
            && let Some((_, with_argument)) =
                first.fixed().and_then(|text| PREFIXES.iter().find(|(name, _)| *name == base(text)))
        {
            let mut inner = rest;
            // `timeout 5m command`; `dotenvx run -- command`
            let skips_one = matches!(base(&first.text), "timeout" | "dotenvx");
            let mut to_skip = usize::from(skips_one);
            while let Some((word, rest)) = inner.split_first() {
                let is_option = word.text.starts_with('-') && word.text.len() > 1;
                let is_assignment =
                    word.text.split_once('=').is_some_and(|(name, _)| is_name(name));
                if !is_option && !is_assignment && to_skip == 0 {
                    break;
                }
                if !is_option && !is_assignment {
                    to_skip -= 1;
                }
                inner = rest;
                if with_argument.contains(&word.text.as_str()) {
                    inner = inner.get(1..).unwrap_or_default();
                }
            }
            if inner.is_empty() {
                break;
            }
            words = inner;
        }
        words
    }

    /// The name of the program, without its folder; nothing where it is not known.
    pub(crate) fn program(&self) -> Option<&str> {
        self.command().first().and_then(Word::fixed).map(base)
    }

    /// Whether the program has that name.
    pub(crate) fn runs(&self, program: &str) -> bool {
        self.program() == Some(program)
    }

    /// The words after the program's name.
    pub(crate) fn arguments(&self) -> &[Word] {
        self.command().get(1..).unwrap_or_default()
    }

    /// Whether one of the arguments is exactly that.
    pub(crate) fn has(&self, argument: &str) -> bool {
        self.arguments().iter().any(|word| word.is(argument))
    }

    /// Whether the first argument that is no option is that: `install` in `npm --silent install`.
    pub(crate) fn subcommand(&self) -> Option<&str> {
        self.operands().next().and_then(Word::fixed)
    }

    /// The arguments that do not begin with `-`.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Word> {
        self.arguments().iter().filter(|word| !word.text.starts_with('-'))
    }

    /// Whether it runs in the shell itself, so that what it changes there lasts.
    pub(crate) fn changes_shell(&self) -> bool {
        !self.in_subshell && !self.in_substitution && !self.in_background && !self.in_function
    }
}

impl Redirection {
    /// Whether standard output goes there.
    pub(crate) fn takes_output(&self) -> bool {
        match self.operator {
            ">" | ">>" | ">|" | "<>" => {
                matches!(self.descriptor, Some(1)) || {
                    self.descriptor.is_none() && self.operator != "<>"
                }
            }
            "&>" | "&>>" => true,
            // `>& file`
            ">&" => self.descriptor.is_none() && !self.is_descriptor(),
            _ => false,
        }
    }

    fn is_descriptor(&self) -> bool {
        self.target.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    }
}

/// Whether the shell takes it for the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|character: char| character.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}
