use oxc_ast::ast::{Expression, IfStatement, Statement, VariableDeclaration};
use oxc_span::GetSpan;

use super::{
    scope::Evaluation,
    value::{Callable, Value},
};

impl<'a> Evaluation<'a> {
    /// What statements of a function return.
    pub(super) fn returned(&mut self, statements: &'a [Statement<'a>]) -> Value<'a> {
        let mut returns = Vec::new();
        if self.statements(statements, &mut returns) {
            returns.push(Value::Undefined);
        }
        Value::choice(returns)
    }

    /// Follows statements; answers whether what stands after them is reached.
    pub(super) fn statements(
        &mut self,
        statements: &'a [Statement<'a>],
        returns: &mut Vec<Value<'a>>,
    ) -> bool {
        for statement in statements {
            if let Statement::FunctionDeclaration(function) = statement
                && let Some(name) = &function.id
            {
                self.declare(name.name.as_str(), Value::Function(Callable::Function(function)));
            }
        }
        for statement in statements {
            let goes_on = self.deeper(|evaluation| evaluation.statement(statement, returns));
            match goes_on {
                Some(true) => {}
                Some(false) => return false,
                None => {
                    self.touch(statement.span());
                    returns.push(Value::Unknown);
                }
            }
        }
        true
    }

    pub(super) fn statement(
        &mut self,
        statement: &'a Statement<'a>,
        returns: &mut Vec<Value<'a>>,
    ) -> bool {
        match statement {
            Statement::ReturnStatement(statement) => {
                let value = match &statement.argument {
                    Some(argument) => self.expression(argument),
                    None => Value::Undefined,
                };
                returns.push(value);
                return false;
            }
            Statement::ThrowStatement(_) => return false,
            Statement::BlockStatement(block) => {
                self.scopes.push(std::collections::BTreeMap::new());
                let goes_on = self.statements(&block.body, returns);
                self.scopes.pop();
                return goes_on;
            }
            Statement::IfStatement(statement) => return self.condition(statement, returns),
            Statement::VariableDeclaration(declaration) => self.variables(declaration),
            Statement::ExpressionStatement(statement) => {
                self.effect(&statement.expression);
            }
            Statement::EmptyStatement(_)
            | Statement::DebuggerStatement(_)
            | Statement::FunctionDeclaration(_)
            | Statement::TSTypeAliasDeclaration(_)
            | Statement::TSInterfaceDeclaration(_) => {}
            other if self.module_statement(other) => {}
            other => {
                // A loop, a `try`, a `switch`: it may do anything to what it names, and may return.
                self.touch(other.span());
                if self.scopes.len() > 1 && self.text(other.span()).contains("return") {
                    returns.push(Value::Unknown);
                }
            }
        }
        true
    }

    fn condition(&mut self, statement: &'a IfStatement<'a>, returns: &mut Vec<Value<'a>>) -> bool {
        match (self.expression(&statement.test).truth(), &statement.alternate) {
            (Some(true), _) => self.statement(&statement.consequent, returns),
            (Some(false), Some(alternate)) => self.statement(alternate, returns),
            (Some(false), None) => true,
            (None, alternate) => {
                let branch = |statement: Option<&'a Statement<'a>>| {
                    move |evaluation: &mut Self| {
                        let mut returns = Vec::new();
                        let goes_on = match statement {
                            Some(statement) => evaluation
                                .deeper(|evaluation| evaluation.statement(statement, &mut returns))
                                .unwrap_or(true),
                            None => true,
                        };
                        (returns, goes_on)
                    }
                };
                let (first, second, goes_on) =
                    self.fork(branch(Some(&statement.consequent)), branch(alternate.as_ref()));
                returns.extend(first);
                returns.extend(second);
                goes_on
            }
        }
    }

    pub(super) fn variables(&mut self, declaration: &'a VariableDeclaration<'a>) {
        for declarator in &declaration.declarations {
            let value = match &declarator.init {
                Some(init) => self.expression(init),
                None => Value::Undefined,
            };
            self.bind(&declarator.id, &value);
        }
    }

    /// An expression that stands for what it does.
    fn effect(&mut self, expression: &'a Expression<'a>) {
        let inner = expression.get_inner_expression();
        self.expression(expression);
        let followed = match inner {
            Expression::AssignmentExpression(_) | Expression::StringLiteral(_) => true,
            Expression::CallExpression(call) => {
                let callee = self.text(call.callee.span());
                callee == "Object.assign" || callee.starts_with("console.")
            }
            _ => false,
        };
        if !followed {
            self.touch(expression.span());
        }
    }
}
