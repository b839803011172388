use std::collections::BTreeMap;

use oxc_ast::ast::AssignmentOperator;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BinaryExpression, BinaryOperator, Expression,
    LogicalExpression, LogicalOperator, ObjectExpression, ObjectPropertyKind, PropertyKey,
    PropertyKind, TemplateLiteral, UnaryOperator,
};
use oxc_span::GetSpan;

use super::{
    scope::Evaluation,
    value::{Callable, Object, Value},
};

impl<'a> Evaluation<'a> {
    /// What an expression may be.
    pub(super) fn expression(&mut self, expression: &'a Expression<'a>) -> Value<'a> {
        self.deeper(|evaluation| evaluation.any_expression(expression)).unwrap_or(Value::Unknown)
    }

    fn any_expression(&mut self, expression: &'a Expression<'a>) -> Value<'a> {
        match expression {
            Expression::BooleanLiteral(literal) => Value::Boolean(literal.value),
            Expression::NullLiteral(_) => Value::Undefined,
            Expression::StringLiteral(literal) => Value::Text(literal.value.to_string()),
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::Identifier(identifier) => self.lookup(identifier.name.as_str()),
            Expression::ArrowFunctionExpression(arrow) => Value::Function(Callable::Arrow(arrow)),
            Expression::FunctionExpression(function) if !function.generator => {
                Value::Function(Callable::Function(function))
            }
            Expression::ObjectExpression(object) => self.object(object),
            Expression::ConditionalExpression(conditional) => {
                match self.expression(&conditional.test).truth() {
                    Some(true) => self.expression(&conditional.consequent),
                    Some(false) => self.expression(&conditional.alternate),
                    None => Value::choice([
                        self.expression(&conditional.consequent),
                        self.expression(&conditional.alternate),
                    ]),
                }
            }
            Expression::LogicalExpression(logical) => self.logical(logical),
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::UnaryExpression(unary) => match unary.operator {
                UnaryOperator::LogicalNot => self
                    .expression(&unary.argument)
                    .truth()
                    .map_or(Value::Unknown, |truth| Value::Boolean(!truth)),
                UnaryOperator::Void => Value::Undefined,
                _ => Value::Unknown,
            },
            Expression::AssignmentExpression(assignment) => self.assignment(assignment),
            Expression::AwaitExpression(inner) => self.expression(&inner.argument),
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression),
            Expression::TSAsExpression(inner) => self.expression(&inner.expression),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression),
            Expression::TSTypeAssertion(inner) => self.expression(&inner.expression),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression),
            Expression::SequenceExpression(sequence) => sequence
                .expressions
                .iter()
                .map(|one| self.expression(one))
                .last()
                .unwrap_or(Value::Unknown),
            Expression::StaticMemberExpression(member) => {
                self.expression(&member.object).get(member.property.name.as_str())
            }
            Expression::ComputedMemberExpression(member) => {
                match self.expression(&member.expression) {
                    Value::Text(key) => self.expression(&member.object).get(&key),
                    _ => Value::Unknown,
                }
            }
            Expression::CallExpression(call) => self.call(call),
            _ => Value::Unknown,
        }
    }

    fn template(&mut self, template: &'a TemplateLiteral<'a>) -> Value<'a> {
        let mut text = String::new();
        for (index, part) in template.quasis.iter().enumerate() {
            let Some(cooked) = &part.value.cooked else { return Value::Unknown };
            text.push_str(cooked.as_str());
            if let Some(expression) = template.expressions.get(index) {
                let Value::Text(value) = self.expression(expression) else {
                    return Value::Unknown;
                };
                text.push_str(&value);
            }
        }
        Value::Text(text)
    }

    fn object(&mut self, expression: &'a ObjectExpression<'a>) -> Value<'a> {
        let mut object = Object { entries: BTreeMap::new(), open: false, wrapped: false };
        for property in &expression.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let value = self.expression(&spread.argument);
                    object.spread(&value);
                }
                ObjectPropertyKind::ObjectProperty(property) => {
                    let value = match property.kind {
                        PropertyKind::Init => self.expression(&property.value),
                        PropertyKind::Get => Value::Unknown,
                        PropertyKind::Set => continue,
                    };
                    match self.key(&property.key) {
                        Some(key) => {
                            object.entries.insert(key, value);
                        }
                        None => object.loosen(),
                    }
                }
            }
        }
        Value::object(object)
    }

    /// The name of a property; nothing where it is computed from what is not known.
    pub(super) fn key(&mut self, key: &'a PropertyKey<'a>) -> Option<String> {
        if let Some(name) = key.static_name() {
            return Some(name.into_owned());
        }
        match self.expression(key.as_expression()?) {
            Value::Text(key) => Some(key),
            _ => None,
        }
    }

    fn logical(&mut self, logical: &'a LogicalExpression<'a>) -> Value<'a> {
        let left = self.expression(&logical.left);
        let truth = left.truth();
        match (logical.operator, truth) {
            (LogicalOperator::And, Some(false))
            | (LogicalOperator::Or | LogicalOperator::Coalesce, Some(true)) => left,
            (LogicalOperator::And, Some(true)) | (LogicalOperator::Or, Some(false)) => {
                self.expression(&logical.right)
            }
            // Whatever is falsy is no setting, and spreads nothing.
            (LogicalOperator::And, None) => {
                let right = self.expression(&logical.right);
                Value::choice([Value::Boolean(false), right])
            }
            (LogicalOperator::Coalesce, _) if matches!(left, Value::Undefined) => {
                self.expression(&logical.right)
            }
            (LogicalOperator::Or | LogicalOperator::Coalesce, _) => {
                let right = self.expression(&logical.right);
                Value::choice([left, right])
            }
        }
    }

    fn binary(&mut self, binary: &'a BinaryExpression<'a>) -> Value<'a> {
        let left = self.expression(&binary.left);
        let right = self.expression(&binary.right);
        let equal = match (&left, &right) {
            (Value::Text(left), Value::Text(right)) => Some(left == right),
            (Value::Boolean(left), Value::Boolean(right)) => Some(left == right),
            (Value::Undefined, Value::Text(_)) | (Value::Text(_), Value::Undefined) => Some(false),
            _ => None,
        };
        match (binary.operator, equal) {
            (BinaryOperator::Equality | BinaryOperator::StrictEquality, Some(equal)) => {
                Value::Boolean(equal)
            }
            (BinaryOperator::Inequality | BinaryOperator::StrictInequality, Some(equal)) => {
                Value::Boolean(!equal)
            }
            (BinaryOperator::Addition, _) => match (left, right) {
                (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn assignment(&mut self, assignment: &'a AssignmentExpression<'a>) -> Value<'a> {
        let value = self.expression(&assignment.right);
        if assignment.operator != AssignmentOperator::Assign {
            self.touch(assignment.left.span());
            return Value::Unknown;
        }
        match &assignment.left {
            AssignmentTarget::AssignmentTargetIdentifier(identifier) => {
                if let Some(variable) = self.variable(identifier.name.as_str()) {
                    *variable = value.clone();
                }
            }
            AssignmentTarget::StaticMemberExpression(member) => {
                let key = member.property.name.as_str();
                self.assign_member(&member.object, key, &value);
                if self.text(assignment.left.span()) == "module.exports" {
                    self.export(&assignment.right);
                }
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                match self.expression(&member.expression) {
                    Value::Text(key) => self.assign_member(&member.object, &key, &value),
                    _ => self.touch(member.object.span()),
                }
            }
            other => self.touch(other.span()),
        }
        value
    }

    /// `owner.key = value`; below the first level only the first level is told.
    fn assign_member(&mut self, owner: &'a Expression<'a>, key: &str, value: &Value<'a>) {
        match owner.get_inner_expression() {
            Expression::Identifier(identifier) => match identifier.name.as_str() {
                "module" if key == "exports" => self.exports = value.clone(),
                "exports" => self.exports = self.exports.clone().with(key, value),
                name => {
                    if let Some(variable) = self.variable(name) {
                        let before = std::mem::replace(variable, Value::Unknown);
                        *variable = before.with(key, value);
                    }
                }
            },
            Expression::StaticMemberExpression(member) => {
                let inner = self.expression(owner).with(key, value);
                let name = member.property.name.as_str();
                self.assign_member(&member.object, name, &inner);
                // Only the value at hand has the new key.
                self.exported =
                    self.exported.filter(|_| self.text(owner.span()) != "module.exports");
            }
            other => self.touch(other.span()),
        }
    }
}
