use std::collections::BTreeMap;

use oxc_ast::ast::Expression;
use oxc_span::Span;

use super::value::{Object, Value};

/// Expressions and statements above which a file is no longer followed.
const MAXIMUM_STEPS: usize = 50_000;
/// How deep expressions and calls are followed.
const MAXIMUM_DEPTH: usize = 100;
/// The phase in which `next build` asks a function for its configuration.
pub(super) const BUILD_PHASE: &str = "phase-production-build";
/// The names of Next's own constants and their values; the same from Next 12 to 16.
const PHASES: &[(&str, &str)] = &[
    ("PHASE_EXPORT", "phase-export"),
    ("PHASE_ANALYZE", "phase-analyze"),
    ("PHASE_PRODUCTION_BUILD", BUILD_PHASE),
    ("PHASE_PRODUCTION_SERVER", "phase-production-server"),
    ("PHASE_DEVELOPMENT_SERVER", "phase-development-server"),
    ("PHASE_TEST", "phase-test"),
    ("PHASE_INFO", "phase-info"),
];

pub(super) type Variables<'a> = BTreeMap<&'a str, Value<'a>>;

/// A file on its way through the interpreter, which follows every branch that it cannot decide.
pub(super) struct Evaluation<'a> {
    pub(super) source: &'a str,
    /// The variables of the module, then of each function and block within which the evaluation is.
    pub(super) scopes: Vec<Variables<'a>>,
    /// `module.exports`
    pub(super) exports: Value<'a>,
    /// `export default`
    pub(super) default: Option<Value<'a>>,
    /// What is exported, where it is a mere name.
    pub(super) exported: Option<&'a Expression<'a>>,
    steps: usize,
    depth: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            scopes: vec![BTreeMap::new()],
            exports: Value::object(Object::default()),
            default: None,
            exported: None,
            steps: 0,
            depth: 0,
        }
    }

    /// Goes one level deeper; nothing where the bounds are reached.
    pub(super) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.steps += 1;
        if self.steps > MAXIMUM_STEPS || self.depth >= MAXIMUM_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        Some(result)
    }

    /// Whether the file was too long to follow, so that nothing is certain.
    pub(super) fn exhausted(&self) -> bool {
        self.steps > MAXIMUM_STEPS
    }

    pub(super) fn declare(&mut self, name: &'a str, value: Value<'a>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, value);
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Value<'a> {
        if let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return value.clone();
        }
        match name {
            "undefined" => Value::Undefined,
            "process" => process(),
            "exports" => self.exports.clone(),
            "module" => Value::object(Object {
                entries: BTreeMap::from([("exports".to_owned(), self.exports.clone())]),
                open: true,
                wrapped: false,
            }),
            _ => Value::Unknown,
        }
    }

    /// The variable of that name, where the file declares one.
    pub(super) fn variable(&mut self, name: &str) -> Option<&mut Value<'a>> {
        self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name))
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        self.source.get(at(span.start)..at(span.end)).unwrap_or_default()
    }

    /// Whatever a piece of code names may be changed by it.
    pub(super) fn touch(&mut self, span: Span) {
        let is_name = |character: char| character.is_alphanumeric() || "_$".contains(character);
        for name in self.text(span).split(|character| !is_name(character)) {
            match name {
                "exports" => self.exports = self.exports.clone().touched(),
                _ => {
                    if let Some(value) = self.variable(name) {
                        *value = std::mem::replace(value, Value::Unknown).touched();
                    }
                }
            }
        }
    }

    /// Follows two ways that exclude each other, and joins what they did.
    pub(super) fn fork<T>(
        &mut self,
        first: impl FnOnce(&mut Self) -> (T, bool),
        second: impl FnOnce(&mut Self) -> (T, bool),
    ) -> (T, T, bool) {
        let before = self.state();
        let (first, first_goes_on) = first(self);
        let after_first = self.state();
        self.restore(before);
        let (second, second_goes_on) = second(self);
        match (first_goes_on, second_goes_on) {
            (true, true) => self.join(after_first),
            (true, false) => self.restore(after_first),
            (false, _) => {}
        }
        (first, second, first_goes_on || second_goes_on)
    }

    fn state(&self) -> State<'a> {
        State {
            scopes: self.scopes.clone(),
            exports: self.exports.clone(),
            default: self.default.clone(),
            exported: self.exported,
        }
    }

    fn restore(&mut self, state: State<'a>) {
        self.scopes = state.scopes;
        self.exports = state.exports;
        self.default = state.default;
        self.exported = state.exported;
    }

    fn join(&mut self, other: State<'a>) {
        self.steps += self.scopes.iter().map(BTreeMap::len).sum::<usize>();
        for (scope, other) in self.scopes.iter_mut().zip(other.scopes) {
            for (name, value) in other {
                let mine = scope.remove(name).unwrap_or(Value::Unknown);
                scope.insert(name, Value::choice([mine, value]));
            }
        }
        let same = match (self.exported, other.exported) {
            (Some(mine), Some(other)) => std::ptr::eq(mine, other),
            (mine, other) => mine.is_none() && other.is_none(),
        };
        if !same {
            self.exported = None;
        }
        let exports = std::mem::replace(&mut self.exports, Value::Unknown);
        self.exports = Value::choice([exports, other.exports]);
        self.default = match (self.default.take(), other.default) {
            (Some(mine), Some(other)) => Some(Value::choice([mine, other])),
            (mine, other) => mine.or(other),
        };
    }
}

struct State<'a> {
    scopes: Vec<Variables<'a>>,
    exports: Value<'a>,
    default: Option<Value<'a>>,
    exported: Option<&'a Expression<'a>>,
}

/// `next build` sets `NODE_ENV`; every other variable may have any value.
fn process<'a>() -> Value<'a> {
    let open = |entries| Value::object(Object { entries, open: true, wrapped: false });
    let environment =
        BTreeMap::from([("NODE_ENV".to_owned(), Value::Text("production".to_owned()))]);
    open(BTreeMap::from([("env".to_owned(), open(environment))]))
}

/// What a module exports, where it is one of Next's that are known.
pub(super) fn imported<'a>(module: &str) -> Value<'a> {
    match module {
        "next/constants" | "next/constants.js" => Value::object(Object {
            entries: PHASES
                .iter()
                .map(|(name, phase)| ((*name).to_owned(), Value::Text((*phase).to_owned())))
                .collect(),
            open: true,
            wrapped: false,
        }),
        _ => Value::Unknown,
    }
}
