//! Expressions of a flow, in CEL: what stands under `when:` and between `{{` and `}}`.
//!
//! **Owns**: the one use of the expression library, which part of CEL a flow may use, the names an expression may
//! read, and its evaluation. **Must not know**: steps, the clock. An expression always ends: it has no loops, and its
//! length is bounded.

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;

use crate::flow::{Pos, Value};
use crate::spoken::{Argument, FORMS, Form};

mod scope;

pub(crate) use scope::{CALL, CUSTOMER, QUEUE, Scope};
use scope::{DURATION, NOW, TIMESTAMP, our_value, why};

/// Longer expressions are refused: nobody reads them, and their cost is bounded by this.
const LONGEST: usize = 500;
/// More brackets in each other, or more `? :` in one expression, are refused. The library reads and evaluates by
/// recursion with large frames, and a stack that overflows ends the process; so depth is bounded before it looks.
const MOST_NESTED: usize = 5;
/// A deeper tree is refused: `a + b + c` is two deep, while `&&` and `||` are balanced.
const DEEPEST: usize = 12;
/// What an expression may use of CEL. No loops over lists, so that each evaluation is short.
const FUNCTIONS: [&str; 26] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::IN,
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "int",
    "string",
    "double",
    DURATION,
    TIMESTAMP,
];
/// The names under which the values of a call stand.
pub(crate) const ROOTS: [&str; 5] = ["vars", "call", "queue", "tags", "customer"];
/// A text worked out in a call may be so long, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;

/// An expression that can be parsed and uses only what a flow may use. Whether its names exist is for the checks.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    tree: Arc<IdedExpr>,
    /// It calls a function of our own.
    own: bool,
    pub(crate) reads: Vec<Read>,
    /// How the value is said, in a text that callers hear.
    pub(crate) form: Option<Form>,
}

/// One value that an expression reads: `vars.reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) root: String,
    /// None: the name stands alone, which only an unknown name can.
    pub(crate) field: Option<String>,
    /// Parts of it are read: `vars.order.status`, `vars.items[0]`.
    pub(crate) parts: bool,
    pub(crate) pos: Pos,
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Characters before the place, from the beginning of the text.
    pub(crate) offset: usize,
    pub(crate) message: String,
}

/// Why an expression has no value in this call. Never holds values: they may be a caller's.
pub(crate) type Failure = &'static str;

impl Expression {
    /// Reads `text`, whose first character stands at `pos`.
    pub(crate) fn parse(text: &str, pos: Pos) -> Result<Self, Fault> {
        Self::read(text, pos, false)
    }

    /// `heard`: it stands in a text that callers hear, so that it may have a form around it.
    fn read(text: &str, pos: Pos, heard: bool) -> Result<Self, Fault> {
        shape(text)?;
        let (tree, places) = Parser::new()
            .parse_with_source_info(text)
            .map_err(|errors| syntax(text, &errors))?;
        let mut walk = Walk {
            places: &places,
            pos,
            reads: Vec::new(),
            own: false,
            depth: 0,
        };
        let (tree, form) = if heard {
            walk.form(tree)?
        } else {
            (tree, None)
        };
        walk.node(&tree)?;
        Ok(Self {
            reads: walk.reads,
            own: walk.own,
            form,
            tree: Arc::new(tree),
        })
    }

    /// Whether it only reads one name, which always has a value.
    pub(crate) fn is_name(&self) -> bool {
        let plain = |read: &Read| !read.parts && read.field.as_deref() != Some(NOW);
        matches!(&self.tree.expr, Expr::Select(_)) && self.reads.iter().all(plain)
    }

    /// The value as `true` or `false`.
    pub(crate) fn truth(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        match self.value(scope)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err("the value is neither `true` nor `false`"),
        }
    }

    /// The value.
    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        let context = scope.context(&self.reads, self.own);
        our_value(cel::Value::resolve(&self.tree, &context).map_err(|error| why(&error))?)
    }
}

/// What can be said before the library reads the text: its length, its signs and how deep its brackets go.
fn shape(text: &str) -> Result<(), Fault> {
    let fault = |offset: usize, message: String| Err(Fault { offset, message });
    if text.chars().count() > LONGEST {
        let message = format!("the expression is longer than {LONGEST} characters");
        return fault(0, message);
    }
    if text.trim().is_empty() {
        return fault(0, "the expression is empty".to_owned());
    }
    // Without these, where a quoted text ends is plain to see.
    for sign in ["\\", "`", "//", "\"\"\"", "'''"] {
        if let Some((before, _)) = text.split_once(sign) {
            let message = format!("`{sign}` may not stand in an expression of a flow");
            return fault(before.chars().count(), message);
        }
    }
    let (mut quote, mut brackets, mut choices) = (None, 0_usize, 0_usize);
    for (offset, sign) in text.chars().enumerate() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => brackets = brackets.saturating_add(1),
            (None, ')' | ']' | '}') => brackets = brackets.saturating_sub(1),
            (None, '?') => choices = choices.saturating_add(1),
            (None, _) => {}
        }
        if brackets > MOST_NESTED || choices > MOST_NESTED {
            return fault(offset, "the expression is nested too deeply".to_owned());
        }
    }
    Ok(())
}

/// The first complaint of the parser, without the list of everything it would have taken instead.
fn syntax(text: &str, errors: &cel::ParseErrors) -> Fault {
    let Some(first) = errors.errors.first() else {
        return Fault {
            offset: 0,
            message: "this is no expression".to_owned(),
        };
    };
    let line = usize::try_from(first.pos.0).unwrap_or(1).max(1);
    let column = usize::try_from(first.pos.1).unwrap_or(1).max(1);
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    let words = first.msg.trim_start_matches("Syntax error: ");
    let words = words.split(" expecting").next().unwrap_or(words);
    let words = words.replace("<EOF>", "the end");
    Fault {
        offset: before.saturating_add(column.saturating_sub(1)),
        message: format!("the expression does not parse: {words}"),
    }
}

/// Looks at every part of an expression once.
struct Walk<'a> {
    places: &'a SourceInfo,
    pos: Pos,
    reads: Vec<Read>,
    own: bool,
    depth: usize,
}

impl Walk<'_> {
    fn node(&mut self, node: &IdedExpr) -> Result<(), Fault> {
        if self.depth >= DEEPEST {
            return Err(self.fault(
                node,
                "the expression has too many parts in a row".to_owned(),
            ));
        }
        self.depth = self.depth.saturating_add(1);
        let outcome = self.part(node);
        self.depth = self.depth.saturating_sub(1);
        outcome
    }

    fn part(&mut self, node: &IdedExpr) -> Result<(), Fault> {
        match &node.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) if ROOTS.contains(&name.as_str()) => Err(self.fault(
                node,
                format!("`{name}` holds several values: write `{name}.NAME`"),
            )),
            Expr::Ident(name) => {
                self.read(node, name, None);
                Ok(())
            }
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(root) => {
                    self.read(&select.operand, root, Some(&select.field));
                    Ok(())
                }
                inner if rooted(inner) => self.inside(&select.operand),
                _ => Err(self.fault(node, format!("nothing has a part `{}`", select.field))),
            },
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => list.elements.iter().try_for_each(|item| self.node(item)),
            Expr::Comprehension(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                let message = "an expression of a flow has no loops, maps or structures";
                Err(self.fault(node, message.to_owned()))
            }
        }
    }

    /// The form around a value, and the value: `amount(vars.total, "EUR")` or `vars.total.amount("EUR")`.
    fn form(&self, tree: IdedExpr) -> Result<(IdedExpr, Option<Form>), Fault> {
        let call = match &tree.expr {
            Expr::Call(call) if FORMS.contains(&call.func_name.as_str()) => call,
            _ => return Ok((tree, None)),
        };
        let mut parts = call.target.as_deref().into_iter().chain(&call.args);
        let (value, argument, more) = (parts.next(), parts.next(), parts.next());
        let Some(value) = value.filter(|_| more.is_none()) else {
            let message = format!(
                "`{}` takes a value and at most one word about it",
                call.func_name
            );
            return Err(self.fault(&tree, message));
        };
        let argument = match argument.map(|argument| &argument.expr) {
            None => None,
            Some(Expr::Literal(LiteralValue::String(text))) => Some(Argument::Text(text.inner())),
            Some(Expr::Literal(LiteralValue::Int(number))) => Some(Argument::Int(*number.inner())),
            Some(_) => {
                let message = format!(
                    "what stands behind the value in `{}` is written out",
                    call.func_name
                );
                return Err(self.fault(&tree, message));
            }
        };
        match Form::of(&call.func_name, argument) {
            Ok(form) => Ok((value.clone(), Some(form))),
            Err(message) => Err(self.fault(&tree, message)),
        }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Result<(), Fault> {
        if call.func_name == operators::INDEX {
            // `vars["odd-name"]`: for names that are no words to CEL.
            if let [base, key] = call.args.as_slice()
                && let Expr::Ident(root) = &base.expr
                && let Expr::Literal(LiteralValue::String(key)) = &key.expr
            {
                self.read(base, root, Some(key.inner()));
                return Ok(());
            }
            if let [base, key] = call.args.as_slice()
                && rooted(&base.expr)
            {
                self.inside(base)?;
                return self.node(key);
            }
            let message = "only a name in quotes may stand in `[ ]`, as in `vars[\"odd-name\"]`";
            return Err(self.fault(node, message.to_owned()));
        }
        if !FUNCTIONS.contains(&call.func_name.as_str()) {
            let name = &call.func_name;
            let message = if FORMS.contains(&name.as_str()) {
                format!(
                    "`{name}` is how a value is said: it stands around everything in `{{{{ }}}}`, in texts that are heard"
                )
            } else {
                format!("there is no function `{name}` in a flow")
            };
            return Err(self.fault(node, message));
        }
        self.own |= matches!(call.func_name.as_str(), DURATION | TIMESTAMP);
        let target = call.target.as_deref();
        target
            .into_iter()
            .chain(&call.args)
            .try_for_each(|part| self.node(part))
    }

    /// What a part is taken of.
    fn inside(&mut self, whole: &IdedExpr) -> Result<(), Fault> {
        let at = self.reads.len();
        self.node(whole)?;
        if let Some(read) = self.reads.get_mut(at) {
            read.parts = true;
        }
        Ok(())
    }

    fn read(&mut self, node: &IdedExpr, root: &str, field: Option<&str>) {
        let pos = Pos {
            column: self.pos.column.saturating_add(self.offset(node)),
            ..self.pos
        };
        self.reads.push(Read {
            root: root.to_owned(),
            field: field.map(ToOwned::to_owned),
            parts: false,
            pos,
        });
    }

    fn fault(&self, node: &IdedExpr, message: String) -> Fault {
        Fault {
            offset: self.offset(node),
            message,
        }
    }

    fn offset(&self, node: &IdedExpr) -> usize {
        let (start, _) = self.places.offset_for(node.id).unwrap_or((0, 0));
        usize::try_from(start).unwrap_or(0)
    }
}

/// Whether it is a variable or a part of one: only these have parts.
fn rooted(expression: &Expr) -> bool {
    let whole = match expression {
        Expr::Select(select) => &select.operand.expr,
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.first() {
            Some(base) => &base.expr,
            None => return false,
        },
        _ => return false,
    };
    match whole {
        Expr::Ident(root) => root == "vars",
        other => rooted(other),
    }
}

/// A text with expressions in it: `Hello {{ vars.name }}`.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Reads `text`, whose first character stands at `pos`.
    pub(crate) fn parse(text: &str, pos: Pos) -> Result<Self, Fault> {
        Self::read(text, pos, false)
    }

    /// The same of a text that callers hear: values may have forms.
    pub(crate) fn heard(text: &str, pos: Pos) -> Result<Self, Fault> {
        Self::read(text, pos, true)
    }

    fn read(text: &str, pos: Pos, heard: bool) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut done = 0_usize;
        while let Some((before, after)) = rest.split_once("{{") {
            let at = done
                .saturating_add(before.chars().count())
                .saturating_add(2);
            let Some((inside, more)) = after.split_once("}}") else {
                return Err(Fault {
                    offset: at.saturating_sub(2),
                    message: "`{{` is not closed by `}}`".to_owned(),
                });
            };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let start = Pos {
                column: pos.column.saturating_add(at),
                ..pos
            };
            let expression = Expression::read(inside, start, heard).map_err(|fault| Fault {
                offset: fault.offset.saturating_add(at),
                ..fault
            })?;
            parts.push(Part::Value(expression));
            done = at.saturating_add(inside.chars().count()).saturating_add(2);
            rest = more;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// A text without values.
    pub(crate) fn is_fixed(&self) -> bool {
        self.expressions().next().is_none()
    }

    /// The expressions in it.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }

    /// The text with its values.
    pub(crate) fn text(&self, scope: &Scope<'_>) -> Result<String, Failure> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(expression) => out.push_str(&expression.value(scope)?.text()?),
            }
            if out.len() > LONGEST_TEXT {
                return Err("a text is too long");
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
