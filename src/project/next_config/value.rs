use std::{collections::BTreeMap, rc::Rc};

use oxc_ast::ast::{ArrowFunctionExpression, Function};

/// Alternatives above which nothing is gained by telling them apart.
const MAXIMUM_ALTERNATIVES: usize = 16;

/// What an expression may be when the build runs.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// `undefined` or `null`, which Next treats alike.
    Undefined,
    /// `true` or `false`
    Boolean(bool),
    /// A string.
    Text(String),
    /// An object.
    Object(Rc<Object<'a>>),
    /// A function of the file itself.
    Function(Callable<'a>),
    /// One of these.
    Choice(Vec<Self>),
    /// Anything.
    Unknown,
}

/// A function of the file itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callable<'a> {
    /// `() => ..`
    Arrow(&'a ArrowFunctionExpression<'a>),
    /// `function () {..}`
    Function(&'a Function<'a>),
}

/// An object as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'a> {
    pub(super) entries: BTreeMap<String, Value<'a>>,
    /// Whether it may have further keys.
    pub(super) open: bool,
    /// Whether it went through a function that is not of the file.
    pub(super) wrapped: bool,
}

impl<'a> Value<'a> {
    pub(super) fn object(object: Object<'a>) -> Self {
        Self::Object(Rc::new(object))
    }

    /// One of several values.
    pub(super) fn choice(values: impl IntoIterator<Item = Self>) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for value in values {
            let alternatives = match value {
                Self::Choice(alternatives) => alternatives,
                other => vec![other],
            };
            for alternative in alternatives {
                if flat.len() >= MAXIMUM_ALTERNATIVES {
                    return Self::Unknown;
                }
                if !flat.iter().any(|known| known.same(&alternative)) {
                    flat.push(alternative);
                }
            }
        }
        if flat.len() == 1 {
            return flat.swap_remove(0);
        }
        if flat.is_empty() { Self::Unknown } else { Self::Choice(flat) }
    }

    /// Whether both are certainly one value; objects only when they are one object.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Unknown, Self::Unknown) => true,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => Rc::ptr_eq(left, right),
            (Self::Choice(left), Self::Choice(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Self::Function(left), Self::Function(right)) => match (left, right) {
                (Callable::Arrow(left), Callable::Arrow(right)) => std::ptr::eq(*left, *right),
                (Callable::Function(left), Callable::Function(right)) => {
                    std::ptr::eq(*left, *right)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The alternatives; itself where there is but one.
    pub(super) fn alternatives(&self) -> &[Self] {
        match self {
            Self::Choice(alternatives) => alternatives,
            other => std::slice::from_ref(other),
        }
    }

    /// The alternatives, each replaced.
    pub(super) fn map(self, replace: impl FnMut(Self) -> Self) -> Self {
        match self {
            Self::Choice(alternatives) => Self::choice(alternatives.into_iter().map(replace)),
            other => Self::choice(std::iter::once(other).map(replace)),
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Self {
        Self::choice(self.alternatives().iter().map(|alternative| match alternative {
            Self::Object(object) => object.get(key),
            _ => Self::Unknown,
        }))
    }

    /// The value after a key of it was assigned.
    pub(super) fn with(self, key: &str, value: &Self) -> Self {
        self.map(|alternative| match alternative {
            Self::Object(mut object) => {
                Rc::make_mut(&mut object).entries.insert(key.to_owned(), value.clone());
                Self::Object(object)
            }
            Self::Unknown => Self::object(Object {
                entries: BTreeMap::from([(key.to_owned(), value.clone())]),
                open: true,
                wrapped: true,
            }),
            other => other,
        })
    }

    /// Whether a condition holds; nothing where it cannot be told.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Undefined => Some(false),
            Self::Boolean(value) => Some(*value),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Object(_) | Self::Function(_) => Some(true),
            Self::Choice(alternatives) => {
                let first = alternatives.first()?.truth()?;
                alternatives
                    .iter()
                    .all(|alternative| alternative.truth() == Some(first))
                    .then_some(first)
            }
            Self::Unknown => None,
        }
    }

    /// The value after code that cannot be followed had its hands on it.
    pub(super) fn touched(self) -> Self {
        match self {
            Self::Object(mut object) => {
                Rc::make_mut(&mut object).loosen();
                Self::Object(object)
            }
            Self::Function(function) => Self::Function(function),
            other => Self::choice([other, Self::Unknown]),
        }
    }

    /// The value as a function of a package hands it on.
    pub(super) fn wrapped(self) -> Self {
        self.map(|alternative| match alternative {
            Self::Object(mut object) => {
                Rc::make_mut(&mut object).wrapped = true;
                Self::Object(object)
            }
            other => other,
        })
    }
}

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Value<'a> {
        match self.entries.get(key) {
            Some(value) => value.clone(),
            None if self.open => Value::Unknown,
            None => Value::Undefined,
        }
    }

    /// Any key may be there, and any known one may have changed.
    pub(super) fn loosen(&mut self) {
        self.open = true;
        for value in self.entries.values_mut() {
            *value = Value::choice([std::mem::replace(value, Value::Unknown), Value::Unknown]);
        }
    }

    /// `...value`: later keys win.
    pub(super) fn spread(&mut self, value: &Value<'a>) {
        if let [Value::Object(other)] = value.alternatives() {
            if other.open {
                self.loosen();
            }
            self.wrapped |= other.wrapped;
            self.entries.extend(other.entries.clone());
            return;
        }
        let mut keys = std::collections::BTreeSet::new();
        for alternative in value.alternatives() {
            match alternative {
                Value::Object(object) => {
                    if object.open {
                        self.loosen();
                    }
                    self.wrapped |= object.wrapped;
                    keys.extend(object.entries.keys().cloned());
                }
                // Nothing is spread of these.
                Value::Undefined | Value::Boolean(_) => {}
                _ => self.loosen(),
            }
        }
        for key in keys {
            let before = self.get(&key);
            let values = value.alternatives().iter().map(|alternative| match alternative {
                Value::Object(object) => {
                    object.entries.get(&key).cloned().unwrap_or_else(|| before.clone())
                }
                _ => before.clone(),
            });
            let merged = Value::choice(values.collect::<Vec<_>>());
            self.entries.insert(key, merged);
        }
    }
}
