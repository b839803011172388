use std::collections::BTreeMap;

use oxc_ast::ast::{
    ArrowFunctionBody, BindingPattern, CallExpression, Expression, FormalParameters,
};
use oxc_span::GetSpan;

use super::{
    scope::{BUILD_PHASE, Evaluation, imported},
    value::{Callable, Object, Value},
};

impl<'a> Evaluation<'a> {
    /// A call: of a function of the file, of a known built-in, else of a wrapper around the configuration.
    pub(super) fn call(&mut self, call: &'a CallExpression<'a>) -> Value<'a> {
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            arguments.push(match argument.as_expression() {
                Some(expression) => self.expression(expression),
                None => Value::Unknown,
            });
        }
        match self.text(call.callee.span()) {
            "require" => {
                return match arguments.first() {
                    Some(Value::Text(module)) => imported(module),
                    _ => Value::Unknown,
                };
            }
            "Object.assign" => return self.object_assign(call, &arguments),
            "Object.freeze" | "structuredClone" | "Promise.resolve" => {
                return arguments.into_iter().next().unwrap_or(Value::Undefined);
            }
            _ => {}
        }
        match self.expression(&call.callee) {
            Value::Function(function) => self.run(function, arguments),
            _ => self.wrapper(arguments),
        }
    }

    fn object_assign(
        &mut self,
        call: &'a CallExpression<'a>,
        arguments: &[Value<'a>],
    ) -> Value<'a> {
        let Some((target, sources)) = arguments.split_first() else { return Value::Unknown };
        let merged = target.clone().map(|target| match target {
            Value::Object(object) => {
                let mut object = (*object).clone();
                for source in sources {
                    object.spread(source);
                }
                Value::object(object)
            }
            _ => Value::Unknown,
        });
        let target = call.arguments.first().and_then(|argument| argument.as_expression());
        match target.map(Expression::get_inner_expression) {
            Some(Expression::Identifier(identifier)) => {
                if let Some(variable) = self.variable(identifier.name.as_str()) {
                    *variable = merged.clone();
                }
            }
            Some(Expression::ObjectExpression(_)) | None => {}
            Some(other) => {
                if self.text(other.span()) == "module.exports" {
                    self.exports = merged.clone();
                } else {
                    self.touch(other.span());
                }
            }
        }
        merged
    }

    /// A function that is not of the file: by custom it hands on the configuration that it is given.
    fn wrapper(&mut self, arguments: Vec<Value<'a>>) -> Value<'a> {
        let is_object = |value: &Value<'a>| {
            value.alternatives().iter().any(|alternative| matches!(alternative, Value::Object(_)))
        };
        let mut objects = arguments.iter().filter(|value| is_object(value));
        if let Some(first) = objects.next() {
            let mut result = first.clone();
            for other in objects {
                // Options of the wrapper, or a second configuration that is merged.
                let keys = other.alternatives().iter().flat_map(|alternative| match alternative {
                    Value::Object(object) => object.entries.keys().cloned().collect(),
                    _ => Vec::new(),
                });
                for key in keys.collect::<Vec<_>>() {
                    let value = Value::choice([result.get(&key), other.get(&key)]);
                    result = result.with(&key, &value);
                }
            }
            return result.wrapped();
        }
        let function = arguments.into_iter().find_map(|value| match value {
            Value::Function(function) => Some(function),
            _ => None,
        });
        match function {
            Some(function) => self.configure(function).wrapped(),
            None => Value::Unknown,
        }
    }

    /// A configuration that is a function, called as `next build` does.
    pub(super) fn configure(&mut self, function: Callable<'a>) -> Value<'a> {
        // Next's own defaults name neither `output` nor another dist dir.
        let defaults =
            BTreeMap::from([("defaultConfig".to_owned(), Value::object(Object::default()))]);
        let context = Object { entries: defaults, open: true, wrapped: false };
        self.run(function, vec![Value::Text(BUILD_PHASE.to_owned()), Value::object(context)])
    }

    /// What a function of the file returns.
    fn run(&mut self, function: Callable<'a>, arguments: Vec<Value<'a>>) -> Value<'a> {
        self.deeper(|evaluation| {
            // The body sees the module and its own variables, not those of the caller.
            let callers = evaluation.scopes.split_off(1);
            evaluation.scopes.push(BTreeMap::new());
            let result = evaluation.body(function, arguments);
            evaluation.scopes.truncate(1);
            evaluation.scopes.extend(callers);
            result
        })
        .unwrap_or(Value::Unknown)
    }

    fn body(&mut self, function: Callable<'a>, arguments: Vec<Value<'a>>) -> Value<'a> {
        match function {
            Callable::Arrow(arrow) => {
                self.parameters(&arrow.params, arguments);
                match &arrow.body {
                    ArrowFunctionBody::FunctionBody(body) => self.returned(&body.statements),
                    body => {
                        body.as_expression().map_or(Value::Unknown, |body| self.expression(body))
                    }
                }
            }
            Callable::Function(function) => {
                self.parameters(&function.params, arguments);
                match &function.body {
                    Some(body) if !function.generator => self.returned(&body.statements),
                    _ => Value::Unknown,
                }
            }
        }
    }

    fn parameters(&mut self, parameters: &'a FormalParameters<'a>, arguments: Vec<Value<'a>>) {
        let mut arguments = arguments.into_iter();
        for parameter in &parameters.items {
            let value = match (arguments.next(), &parameter.initializer) {
                (None | Some(Value::Undefined), Some(initial)) => self.expression(initial),
                (value, _) => value.unwrap_or(Value::Undefined),
            };
            self.bind(&parameter.pattern, &value);
        }
        if let Some(rest) = &parameters.rest {
            self.bind(&rest.rest.argument, &Value::Unknown);
        }
    }

    /// Declares the names of a pattern.
    pub(super) fn bind(&mut self, pattern: &'a BindingPattern<'a>, value: &Value<'a>) {
        match pattern {
            BindingPattern::BindingIdentifier(identifier) => {
                self.declare(identifier.name.as_str(), value.clone());
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let inner = match self.key(&property.key) {
                        Some(key) => value.get(&key),
                        None => Value::Unknown,
                    };
                    self.bind(&property.value, &inner);
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, &Value::Unknown);
                }
            }
            BindingPattern::AssignmentPattern(assignment) => {
                let value = match value {
                    Value::Undefined => self.expression(&assignment.right),
                    Value::Unknown | Value::Choice(_) => {
                        Value::choice([value.clone(), self.expression(&assignment.right)])
                    }
                    other => other.clone(),
                };
                self.bind(&assignment.left, &value);
            }
            BindingPattern::ArrayPattern(array) => {
                for element in array.elements.iter().flatten() {
                    self.bind(element, &Value::Unknown);
                }
            }
        }
    }
}
