use brush_parser::ast;

use super::{
    invocation::Invocation,
    parts::{Parts, Source},
    scope::Scope,
    walk::Walk,
};

/// Commands that hold other commands.
impl Walk<'_> {
    pub(super) fn compound(
        &mut self,
        source: Source<'_>,
        command: &ast::CompoundCommand,
        scope: &Scope,
    ) {
        let test = Scope { fails_item: false, is_condition: true, ..scope.clone() };
        let branch = Scope { conditional: true, ..scope.clone() };
        match command {
            ast::CompoundCommand::BraceGroup(group) => self.list(source, &group.list, scope),
            ast::CompoundCommand::Subshell(subshell) => {
                let scope = Scope { in_subshell: true, ..scope.clone() };
                self.aside(|walk| walk.list(source, &subshell.list, &scope));
            }
            ast::CompoundCommand::IfClause(clause) => {
                self.list(source, &clause.condition, &test);
                let elses = clause.elses.as_deref().unwrap_or_default();
                let before = self.folder.clone();
                self.list(source, &clause.then, &branch);
                let mut ends = vec![std::mem::replace(&mut self.folder, before.clone())];
                for part in elses {
                    if let Some(condition) = &part.condition {
                        let test = Scope { conditional: true, ..test.clone() };
                        self.list(source, condition, &test);
                    }
                    self.list(source, &part.body, &branch);
                    ends.push(std::mem::replace(&mut self.folder, before.clone()));
                }
                if elses.last().is_none_or(|part| part.condition.is_some()) {
                    ends.push(before);
                }
                self.folder = merged(ends);
            }
            ast::CompoundCommand::CaseClause(clause) => {
                let before = self.folder.clone();
                let mut ends = vec![before.clone()];
                for case in &clause.cases {
                    if let Some(list) = &case.cmd {
                        self.list(source, list, &branch);
                        ends.push(std::mem::replace(&mut self.folder, before.clone()));
                    }
                }
                self.folder = merged(ends);
            }
            ast::CompoundCommand::WhileClause(clause)
            | ast::CompoundCommand::UntilClause(clause) => {
                self.looped(|walk| {
                    walk.list(source, &clause.0, &test);
                    walk.list(source, &clause.1.list, &branch);
                });
            }
            ast::CompoundCommand::ForClause(clause) => {
                self.looped(|walk| walk.list(source, &clause.body.list, &branch));
            }
            ast::CompoundCommand::ArithmeticForClause(clause) => {
                self.looped(|walk| walk.list(source, &clause.body.list, &branch));
            }
            ast::CompoundCommand::Coprocess(process) => {
                let scope = Scope { in_background: true, fails_item: false, ..scope.clone() };
                self.aside(|walk| walk.command(source, &process.body, &scope));
            }
            ast::CompoundCommand::Arithmetic(_) => {}
        }
    }

    pub(super) fn function(
        &mut self,
        source: Source<'_>,
        function: &ast::FunctionDefinition,
        scope: &Scope,
    ) {
        let inner = Scope {
            in_function: true,
            conditional: true,
            fails_item: false,
            ..Self::redirected(source, function.body.1.as_ref(), scope)
        };
        let first = self.commands.invocations.len();
        let folder = self.folder.take();
        self.compound(source, &function.body.0, &inner);
        self.folder = folder;
        let moves =
            |invocation: &Invocation| matches!(invocation.program(), Some("cd" | "pushd" | "popd"));
        if self.commands.invocations[first..].iter().any(moves) {
            self.moving_functions.insert(function.fname.value.clone());
        }
    }

    /// Runs the body of a loop, which may run any number of times.
    fn looped(&mut self, run: impl FnOnce(&mut Self)) {
        let before = self.folder.clone();
        let first = self.commands.invocations.len();
        run(self);
        if self.folder != before {
            self.folder = None;
            for invocation in &mut self.commands.invocations[first..] {
                invocation.folder = None;
            }
        }
    }

    /// What surrounds the inside of a compound command that has redirections of its own.
    pub(super) fn redirected(
        source: Source<'_>,
        redirections: Option<&ast::RedirectList>,
        scope: &Scope,
    ) -> Scope {
        let mut parts = Parts::default();
        for redirection in redirections.iter().flat_map(|list| &list.0) {
            parts.redirection(source, redirection);
        }
        Scope { output: parts.output().unwrap_or_else(|| scope.output.clone()), ..scope.clone() }
    }
}

/// The folder where all agree on it.
pub(super) fn merged(folders: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let mut folders = folders.into_iter();
    let first = folders.next()??;
    folders.all(|folder| folder.as_ref() == Some(&first)).then_some(first)
}
