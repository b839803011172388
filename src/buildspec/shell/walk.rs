use std::{collections::BTreeSet, ops::Range};

use brush_parser::ast;

use super::{
    blocks::merged,
    commands::{Commands, Unreadable},
    folder,
    guard::{self, Refusal},
    invocation::{Invocation, Output},
    parts::{Parts, Source, test_word, test_words},
    scope::Scope,
    script::Script,
};
use crate::buildspec::node::Place;

/// How deep command substitutions are read.
const MAXIMUM_NESTING: usize = 6;
/// Stands for the next part of a pipeline until it is known.
const NEXT: usize = usize::MAX;

/// Follows the commands of one section in the order in which they run.
pub(super) struct Walk<'w> {
    pub(super) commands: &'w mut Commands,
    pub(super) folder: Option<String>,
    /// Functions whose body changes the folder.
    pub(super) moving_functions: BTreeSet<String>,
    nesting: usize,
}

impl<'w> Walk<'w> {
    pub(super) fn new(commands: &'w mut Commands) -> Self {
        Self {
            commands,
            folder: Some(String::new()),
            moving_functions: BTreeSet::new(),
            nesting: 0,
        }
    }

    /// To be called for a command that cannot be read: it may have changed the folder.
    pub(super) fn lose_track(&mut self) {
        self.folder = None;
    }

    /// Reads one script.
    pub(super) fn program(&mut self, script: &Script<'_>, program: &ast::Program) {
        let source = Source { script, base: 0 };
        let items: Vec<_> = program.complete_commands.iter().flat_map(|list| &list.0).collect();
        let item_of = |entry: &ast::CompoundListItem| {
            let location = ast::SourceLocation::location(&entry.0);
            location.map(|span| script.item(script.byte(0, span.start.index)))
        };
        for (index, entry) in items.iter().enumerate() {
            let next = items.get(index + 1).map(|next| item_of(next));
            let ends_item = next.is_none_or(|next| next != item_of(entry));
            self.entry(source, entry, &Scope { fails_item: ends_item, ..Scope::default() });
        }
    }

    pub(super) fn list(&mut self, source: Source<'_>, list: &ast::CompoundList, scope: &Scope) {
        for (index, entry) in list.0.iter().enumerate() {
            let fails_item = scope.fails_item && index + 1 == list.0.len();
            self.entry(source, entry, &Scope { fails_item, is_chained: false, ..scope.clone() });
        }
    }

    fn entry(&mut self, source: Source<'_>, entry: &ast::CompoundListItem, scope: &Scope) {
        if matches!(entry.1, ast::SeparatorOperator::Async) {
            let scope = Scope { fails_item: false, in_background: true, ..scope.clone() };
            self.aside(|walk| walk.and_or(source, &entry.0, &scope));
        } else {
            self.and_or(source, &entry.0, scope);
        }
    }

    fn and_or(&mut self, source: Source<'_>, list: &ast::AndOrList, scope: &Scope) {
        let last_or = list.additional.iter().rposition(|next| matches!(next, ast::AndOr::Or(_)));
        let fails_item = scope.fails_item && last_or.is_none();
        // Where the shell is after a part that failed, and whether that part was to change it.
        let mut failed = vec![(self.folder.clone(), false)];
        self.pipeline(source, &list.first, &Scope { fails_item, ..scope.clone() });
        failed[0].1 = failed[0].0 != self.folder;
        for (index, next) in list.additional.iter().enumerate() {
            let rescued = last_or.is_some_and(|last| last > index);
            let fails_item = scope.fails_item && !rescued;
            match next {
                ast::AndOr::And(pipeline) => {
                    let conditional = scope.conditional || !fails_item;
                    let before = self.folder.clone();
                    let scope =
                        Scope { fails_item, conditional, is_chained: true, ..scope.clone() };
                    self.pipeline(source, pipeline, &scope);
                    let moved = before != self.folder;
                    failed.push((before, moved));
                }
                ast::AndOr::Or(pipeline) => {
                    let well = self.folder.take();
                    self.folder = merged(failed.drain(..).map(|(folder, _)| folder));
                    let first = self.commands.invocations.len();
                    let scope =
                        Scope { fails_item, conditional: true, is_chained: true, ..scope.clone() };
                    self.pipeline(source, pipeline, &scope);
                    let leaves = self.commands.invocations.get(first).is_some_and(|invocation| {
                        matches!(invocation.program(), Some("exit" | "return"))
                    });
                    if leaves {
                        self.folder = well;
                    } else {
                        failed.push((self.folder.clone(), false));
                        self.folder = merged([well, self.folder.take()]);
                    }
                }
            }
        }
        // Where a failure stops the build, only success goes on. A `cd` of which nobody asks whether it fails does not.
        if !scope.fails_item {
            let stayed = failed.into_iter().filter(|(_, moves)| !moves).map(|(folder, _)| folder);
            self.folder = merged(std::iter::once(self.folder.take()).chain(stayed));
        }
    }

    fn pipeline(&mut self, source: Source<'_>, pipeline: &ast::Pipeline, scope: &Scope) {
        let fails_item = scope.fails_item && !pipeline.bang;
        if let [command] = pipeline.seq.as_slice() {
            self.command(source, command, &Scope { fails_item, ..scope.clone() });
            return;
        }
        let mut previous: Option<Range<usize>> = None;
        for (index, command) in pipeline.seq.iter().enumerate() {
            let is_last = index + 1 == pipeline.seq.len();
            let inner = Scope {
                fails_item: fails_item && is_last,
                in_subshell: true,
                output: if is_last { scope.output.clone() } else { Output::Pipe(NEXT) },
                ..scope.clone()
            };
            let first = self.commands.invocations.len();
            self.aside(|walk| walk.command(source, command, &inner));
            let produced = first..self.commands.invocations.len();
            if let (Some(previous), false) = (previous, produced.is_empty()) {
                let writer = previous.start;
                for invocation in &mut self.commands.invocations[previous] {
                    if matches!(invocation.output, Output::Pipe(NEXT)) {
                        invocation.output = Output::Pipe(first);
                    }
                }
                self.commands.invocations[first].piped_from = Some(writer);
            }
            previous = Some(produced);
        }
    }

    pub(super) fn command(&mut self, source: Source<'_>, command: &ast::Command, scope: &Scope) {
        match command {
            ast::Command::Simple(simple) => self.simple(source, simple, scope),
            ast::Command::Compound(compound, redirections) => {
                let scope = Self::redirected(source, redirections.as_ref(), scope);
                self.compound(source, compound, &scope);
            }
            ast::Command::Function(function) => self.function(source, function, scope),
            ast::Command::ExtendedTest(test, _) => {
                let mut words = vec![test_word(source, &test.loc)];
                test_words(source, &test.expr, &mut words);
                let place = source.script.place(source.range(&test.loc));
                let start = source.range(&test.loc).start;
                self.push(source, start, place, scope, |invocation| invocation.words = words);
            }
        }
    }

    fn simple(&mut self, source: Source<'_>, command: &ast::SimpleCommand, scope: &Scope) {
        let mut parts = Parts::default();
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        for item in prefix {
            parts.add(source, item, true);
        }
        if let Some(name) = &command.word_or_name {
            parts.word(source, name);
        }
        for item in suffix {
            parts.add(source, item, false);
        }
        let Some(range) = parts.range.clone() else { return };
        let place = source.script.place(range.clone());
        let output = parts.output();
        let index = self.commands.invocations.len();
        let Parts { words, assignments, redirections, substitutions, .. } = parts;
        let only_assigns = words.is_empty();
        self.push(source, range.start, place, scope, |invocation| {
            invocation.words = words;
            invocation.assignments = assignments;
            invocation.redirections = redirections;
            if let Some(output) = output {
                invocation.output = output;
            }
        });
        // An assignment alone has the status of its last substitution.
        let last = substitutions.len().saturating_sub(1);
        for (number, range) in substitutions.into_iter().enumerate() {
            let fails_item = scope.fails_item && only_assigns && number == last;
            let scope = Scope { fails_item, ..scope.substitution() };
            self.substitution(source, range, &scope);
        }
        let Some(invocation) = self.commands.invocations.get(index) else { return };
        let calls_moving =
            invocation.program().is_some_and(|program| self.moving_functions.contains(program));
        self.folder =
            if calls_moving { None } else { folder::after(self.folder.as_deref(), invocation) };
    }

    /// Reads the commands of a substitution.
    fn substitution(&mut self, source: Source<'_>, range: Range<usize>, scope: &Scope) {
        let Some(text) = source.script.text.get(range.clone()) else { return };
        if self.nesting >= MAXIMUM_NESTING {
            return;
        }
        let program = match guard::parse(text) {
            Ok(program) => program,
            Err(refusal) => {
                let beyond_limit = refusal == Refusal::Limit;
                let item = source.script.item(range.start);
                let place = source.script.place(range);
                self.commands.unreadable.push(Unreadable {
                    item,
                    place,
                    beyond_limit,
                    readable_with_section: false,
                });
                return;
            }
        };
        let source = Source { script: source.script, base: range.start };
        self.nesting += 1;
        self.aside(|walk| {
            let last = program.complete_commands.len().saturating_sub(1);
            for (index, list) in program.complete_commands.iter().enumerate() {
                let fails_item = scope.fails_item && index == last;
                walk.list(source, list, &Scope { fails_item, ..scope.clone() });
            }
        });
        self.nesting -= 1;
    }

    /// Runs something whose change of folder is lost.
    pub(super) fn aside(&mut self, run: impl FnOnce(&mut Self)) {
        let folder = self.folder.clone();
        run(self);
        self.folder = folder;
    }

    /// Adds an invocation that begins at a byte of the script.
    fn push(
        &mut self,
        source: Source<'_>,
        byte: usize,
        place: Place,
        scope: &Scope,
        fill: impl FnOnce(&mut Invocation),
    ) {
        let item = source.script.item(byte);
        let Some(list_item) = self.commands.items.get(item) else { return };
        let mut invocation = Invocation {
            section: list_item.section,
            item,
            assignments: Vec::new(),
            words: Vec::new(),
            redirections: Vec::new(),
            place,
            is_exact: source.script.is_exact(byte),
            output: scope.output.clone(),
            piped_from: None,
            fails_item: scope.fails_item,
            is_chained: scope.is_chained,
            conditional: scope.conditional,
            is_condition: scope.is_condition,
            in_subshell: scope.in_subshell,
            in_substitution: scope.in_substitution,
            in_function: scope.in_function,
            in_background: scope.in_background,
            folder: self.folder.clone(),
        };
        fill(&mut invocation);
        self.commands.invocations.push(invocation);
    }
}
