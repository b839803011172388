use oxc_ast::ast::{
    Declaration, ExportDefaultDeclarationKind, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, Program, Statement,
};

use super::{
    model::{Known, NextConfig},
    scope::{Evaluation, imported},
    value::{Callable, Value},
};
use crate::project::output::OutputMode;

/// What a parsed next.config says.
pub(super) fn evaluate<'a>(source: &'a str, program: &'a Program<'a>, file: String) -> NextConfig {
    let mut evaluation = Evaluation::new(source);
    let configuration = evaluation.module(program);
    if evaluation.exhausted() {
        return NextConfig::unknown(file);
    }
    let through_wrapper = configuration
        .alternatives()
        .iter()
        .any(|alternative| matches!(alternative, Value::Object(object) if object.wrapped));
    NextConfig {
        file: Some(file),
        output: known(&configuration.get("output"), |text| match text {
            "export" => Some(OutputMode::Export),
            "standalone" => Some(OutputMode::Standalone),
            _ => None,
        }),
        dist_dir: known(&configuration.get("distDir"), |text| {
            let folder = text.trim_start_matches("./").trim_end_matches('/');
            (!folder.is_empty()).then(|| folder.to_owned())
        }),
        through_wrapper,
        decides_workers: decides_workers(&configuration.get("experimental")),
    }
}

/// Whether every alternative of `experimental` names the workers by a setting that outweighs the environment.
fn decides_workers(experimental: &Value<'_>) -> bool {
    experimental.alternatives().iter().all(|alternative| {
        let Value::Object(object) = alternative else { return false };
        let names = |key: &str| {
            let unset =
                |value: &Value<'_>| matches!(value, Value::Undefined | Value::Boolean(false));
            object.entries.get(key).is_some_and(|value| !value.alternatives().iter().any(unset))
        };
        names("cpus") || names("memoryBasedWorkersCount")
    })
}

/// A setting of which every alternative is understood or none is certain.
fn known<T: PartialEq>(value: &Value<'_>, parse: impl Fn(&str) -> Option<T>) -> Known<T> {
    let mut possible = Vec::new();
    let (mut absent, mut unclear) = (false, false);
    for alternative in value.alternatives() {
        match alternative {
            Value::Undefined | Value::Boolean(false) => absent = true,
            Value::Text(text) => match parse(text) {
                Some(value) if possible.contains(&value) => {}
                Some(value) => possible.push(value),
                None => unclear = true,
            },
            _ => unclear = true,
        }
    }
    if unclear || (absent && !possible.is_empty()) || possible.len() > 1 {
        return Known::Unknown { possible };
    }
    possible.pop().map_or(Known::Absent, Known::Value)
}

impl<'a> Evaluation<'a> {
    /// The configuration that a module hands to Next.
    fn module(&mut self, program: &'a Program<'a>) -> Value<'a> {
        for statement in &program.body {
            match statement {
                Statement::ImportDeclaration(import) => self.import(import),
                Statement::ExportDeclaration(export) => self.declare_function(&export.declaration),
                _ => {}
            }
        }
        self.statements(&program.body, &mut Vec::new());
        let value = match (self.exported, self.default.take()) {
            (Some(name), _) => self.expression(name),
            (None, Some(default)) => default,
            (None, None) => self.exports.clone(),
        };
        let value = match value.get("default") {
            // `exports.default = ..`
            default @ (Value::Object(_) | Value::Function(_)) => default,
            _ => value,
        };
        value.map(|alternative| match alternative {
            Value::Function(function) => self.configure(function),
            other => other,
        })
    }

    fn declare_function(&mut self, declaration: &'a Declaration<'a>) {
        if let Declaration::FunctionDeclaration(function) = declaration
            && let Some(name) = &function.id
        {
            self.declare(name.name.as_str(), Value::Function(Callable::Function(function)));
        }
    }

    fn import(&mut self, import: &'a ImportDeclaration<'a>) {
        let module = imported(import.source.value.as_str());
        for specifier in import.specifiers.iter().flatten() {
            let (name, value) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                    (&specifier.local, module.get(specifier.imported.name().as_str()))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                    (&specifier.local, module.clone())
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
                    (&specifier.local, module.clone())
                }
            };
            self.declare(name.name.as_str(), value);
        }
    }

    /// A statement that only stands at the top of a module; answers whether it was one.
    pub(super) fn module_statement(&mut self, statement: &'a Statement<'a>) -> bool {
        match statement {
            Statement::ImportDeclaration(_) => {}
            Statement::ExportDeclaration(export) => {
                if let Declaration::VariableDeclaration(variables) = &export.declaration {
                    self.variables(variables);
                }
            }
            Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                    self.default = Some(Value::Function(Callable::Function(function)));
                }
                declaration => {
                    if let Some(expression) = declaration.as_expression() {
                        self.default = Some(self.expression(expression));
                        self.export(expression);
                    }
                }
            },
            Statement::TSExportAssignment(export) => {
                self.exports = self.expression(&export.expression);
                self.export(&export.expression);
            }
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    if specifier.exported.name() == "default" {
                        self.default = Some(self.lookup(specifier.local.name().as_str()));
                    }
                }
            }
            Statement::ExportFromDeclaration(_) | Statement::ExportAllDeclaration(_) => {
                self.exports = Value::Unknown;
            }
            _ => return false,
        }
        true
    }

    /// Remembers a mere name: what is assigned to it after the export still counts.
    pub(super) fn export(&mut self, expression: &'a Expression<'a>) {
        let inner = expression.get_inner_expression();
        self.exported = matches!(inner, Expression::Identifier(_)).then_some(inner);
    }
}
