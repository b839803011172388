use super::{
    guard::{self, Refusal},
    invocation::{Invocation, Output},
    script::Script,
    walk::Walk,
};
use crate::buildspec::{
    model::{App, Section},
    node::{Place, Spanned},
    source_map::{Lines, SourceMap},
};

/// The sections, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SectionName {
    /// `backend`
    Backend,
    /// `frontend`
    Frontend,
    /// `test`
    Test,
}

/// Every command of an app, read.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// The list items.
    pub(crate) items: Vec<Item>,
    /// What they run, in order.
    pub(crate) invocations: Vec<Invocation>,
    /// The items that could not be read on their own.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// One item of a `commands` list.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its section.
    pub(crate) section: SectionName,
    /// The command.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// An item that the parser does not take for a complete script.
#[derive(Debug, Clone)]
pub(crate) struct Unreadable {
    /// Index of the item.
    pub(crate) item: usize,
    /// Where it was refused, the whole item where that is not known.
    pub(crate) place: Place,
    /// Whether only a limit of the reader was hit; it may be perfectly good.
    pub(crate) beyond_limit: bool,
    /// Whether it becomes readable when the items of its section are put in one script.
    pub(crate) readable_with_section: bool,
}

impl Commands {
    /// Reads the commands of an app; `text` is the file that they were read from.
    pub(crate) fn read(app: &App, text: &str) -> Self {
        let lines = Lines::new(text);
        let mut commands = Self::default();
        let frontend = app.frontend.as_ref().map(|frontend| &frontend.section);
        let sections = [
            (SectionName::Backend, app.backend.as_ref()),
            (SectionName::Frontend, frontend),
            (SectionName::Test, app.test.as_ref()),
        ];
        for (name, section) in sections {
            if let Some(section) = section {
                commands.read_section(name, section, text, &lines);
            }
        }
        commands
    }

    /// What reads the output of an invocation: the parts of the pipeline that follow it.
    pub(crate) fn readers(&self, invocation: &Invocation) -> impl Iterator<Item = &Invocation> {
        let next = |invocation: &Invocation| match invocation.output {
            Output::Pipe(index) => self.invocations.get(index),
            _ => None,
        };
        std::iter::successors(next(invocation), move |reader| next(reader))
    }

    fn read_section(
        &mut self,
        name: SectionName,
        section: &Section,
        text: &str,
        lines: &Lines<'_>,
    ) {
        let first = self.items.len();
        let mut scripts = Vec::new();
        let commands = section.phases.iter().flat_map(|phase| &phase.commands);
        for Spanned { value, place } in commands {
            let index = self.items.len();
            let scalar = Spanned { value: value.clone(), place: *place };
            let mut script = Script::new(lines);
            script.push(index, value, *place, SourceMap::new(&scalar, text));
            let script = script.seal();
            let program = guard::parse(&script.text);
            scripts.push((script, program));
            self.items.push(Item { section: name, text: value.clone(), place: *place });
        }
        let before = self.unreadable.len();
        for (index, (script, program)) in scripts.iter().enumerate() {
            if let Err(refusal) = program {
                self.unreadable.push(unreadable(first + index, script, *refusal));
            }
        }
        if self.unreadable.len() > before
            && let Some((script, program)) = joined(&self.items[first..], first, text, lines)
        {
            // What one item begins another one ends.
            for unreadable in &mut self.unreadable[before..] {
                unreadable.readable_with_section = true;
            }
            Walk::new(self).program(&script, &program);
            return;
        }
        let mut walk = Walk::new(self);
        for (script, program) in &scripts {
            match program {
                Ok(program) => walk.program(script, program),
                Err(_) => walk.lose_track(),
            }
        }
    }
}

fn unreadable(item: usize, script: &Script<'_>, refusal: Refusal) -> Unreadable {
    let (character, beyond_limit) = match refusal {
        Refusal::Syntax { character } => (character, false),
        Refusal::Limit => (None, true),
    };
    let place = match character.map(|character| script.byte(0, character)) {
        Some(byte) if byte + 1 < script.text.len() => {
            let length = script.text[byte..].chars().next().map_or(1, char::len_utf8);
            script.place(byte..byte + length)
        }
        _ => script.place(0..script.text.trim_end().len()),
    };
    Unreadable { item, place, beyond_limit, readable_with_section: false }
}

/// All items of a section as one script, where that parses.
fn joined<'a>(
    items: &[Item],
    first: usize,
    text: &str,
    lines: &'a Lines<'a>,
) -> Option<(Script<'a>, brush_parser::ast::Program)> {
    let mut script = Script::new(lines);
    for (index, item) in items.iter().enumerate() {
        let scalar = Spanned { value: item.text.clone(), place: item.place };
        script.push(first + index, &item.text, item.place, SourceMap::new(&scalar, text));
    }
    let script = script.seal();
    let program = guard::parse(&script.text).ok()?;
    Some((script, program))
}
