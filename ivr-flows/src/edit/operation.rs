//! The operations, and what each makes of a tree without layout.
//!
//! **Owns**: what an operation means. **Must not know**: text.

use serde::Deserialize;

use super::{Refused, Tree};

/// One edit. Places are paths from the top of the file: `/blocks/main/0/menu/prompt`; steps are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Gives a place a value, or takes away what stands there.
    Set {
        /// Where. Everything above it must be there.
        path: String,
        /// What; none: nothing.
        value: Option<Tree>,
    },
    /// Puts a step into a list of steps.
    InsertStep {
        /// The list: `/blocks/main`.
        list: String,
        /// In front of the step that has this number now; behind the last one when there is none.
        at: usize,
        /// The step.
        step: Tree,
    },
    /// Takes a step out of a list.
    RemoveStep {
        /// The list.
        list: String,
        /// Which.
        at: usize,
    },
    /// Moves a step, with the comments inside it.
    MoveStep {
        /// The list it stands in.
        list: String,
        /// Which.
        at: usize,
        /// The list it goes to, as that is named before the move.
        to_list: String,
        /// Its number in that list afterwards.
        to: usize,
    },
    /// Renames a block, wherever it is a target.
    RenameBlock {
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// Adds a block.
    AddBlock {
        /// Its name.
        name: String,
        /// Behind this one; none: behind the last.
        after: Option<String>,
        /// Its steps.
        steps: Tree,
    },
    /// Gives a prompt its text in a language, or its `file`; makes the prompt when it is not there.
    SetPrompt {
        /// Its name.
        name: String,
        /// A language, or `file`.
        part: String,
        /// None: takes the part away, with the last one the prompt.
        text: Option<String>,
    },
}

/// The parts of a path.
pub(super) fn parts(path: &str) -> Result<Vec<&str>, Refused> {
    let parts: Option<Vec<&str>> = path.strip_prefix('/').map(|rest| rest.split('/').collect());
    parts.ok_or_else(|| Refused::unfit(format!("`{path}` is no path: write /blocks/main/0")))
}

impl Operation {
    /// What becomes of a tree.
    pub(super) fn on(&self, mut tree: Tree) -> Result<Tree, Refused> {
        match self {
            Self::Set { path, value } => set(&mut tree, &parts(path)?, value.as_ref())?,
            Self::InsertStep { list, at, step } => {
                insert(&mut tree, &parts(list)?, *at, step.clone())?;
            }
            Self::RemoveStep { list, at } => drop(remove(&mut tree, &parts(list)?, *at)?),
            Self::MoveStep {
                list,
                at,
                to_list,
                to,
            } => relocate(&mut tree, list, *at, to_list, *to)?,
            Self::AddBlock { name, after, steps } => {
                add_block(&mut tree, name, after.as_deref(), steps)?
            }
            Self::SetPrompt { name, part, text } => {
                let (path, value) = prompt(&tree, name, part, text.as_deref())?;
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                set(&mut tree, &path, value.as_ref())?;
            }
            Self::RenameBlock { .. } => {}
        }
        Ok(tree)
    }
}

fn nothing_there(path: &[&str]) -> Refused {
    Refused::unfit(format!("there is nothing at /{}", path.join("/")))
}

fn list<'t>(tree: &'t mut Tree, path: &[&str]) -> Result<&'t mut Vec<Tree>, Refused> {
    let place = tree.at_mut(path).ok_or_else(|| nothing_there(path))?;
    if *place == Tree::Empty {
        *place = Tree::List(Vec::new());
    }
    match place {
        Tree::List(items) => Ok(items),
        _ => Err(Refused::unfit(format!("/{} is no list", path.join("/")))),
    }
}

fn set(tree: &mut Tree, path: &[&str], value: Option<&Tree>) -> Result<(), Refused> {
    let Some((last, above)) = path.split_last() else {
        return Err(Refused::unfit("a path names something inside the file"));
    };
    let parent = tree.at_mut(above).ok_or_else(|| nothing_there(above))?;
    if *parent == Tree::Empty && value.is_some() {
        *parent = Tree::Map(Vec::new());
    }
    match (parent, value) {
        (Tree::Map(entries), Some(value)) => {
            match entries.iter_mut().find(|(key, _)| key == last) {
                Some((_, own)) => *own = value.clone(),
                None => entries.push(((*last).to_owned(), value.clone())),
            }
        }
        (Tree::Map(entries), None) => {
            let place = entries.iter().position(|(key, _)| key == last);
            drop(entries.remove(place.ok_or_else(|| nothing_there(path))?));
        }
        (Tree::List(items), value) => {
            let place = last
                .parse()
                .ok()
                .filter(|place: &usize| *place < items.len());
            let place = place.ok_or_else(|| nothing_there(path))?;
            match (value, items.get_mut(place)) {
                (Some(value), Some(own)) => *own = value.clone(),
                _ => drop(items.remove(place)),
            }
        }
        _ => return Err(nothing_there(path)),
    }
    Ok(())
}

fn insert(tree: &mut Tree, path: &[&str], at: usize, step: Tree) -> Result<(), Refused> {
    let items = list(tree, path)?;
    let at = at.min(items.len());
    items.insert(at, step);
    Ok(())
}

fn remove(tree: &mut Tree, path: &[&str], at: usize) -> Result<Tree, Refused> {
    let items = list(tree, path)?;
    if at >= items.len() {
        return Err(Refused::unfit(format!(
            "/{} has no step {at}",
            path.join("/")
        )));
    }
    Ok(items.remove(at))
}

fn relocate(tree: &mut Tree, from: &str, at: usize, to: &str, place: usize) -> Result<(), Refused> {
    let (from_path, to_path) = (parts(from)?, parts(to)?);
    let own = format!("{from}/{at}");
    if to == own || to.starts_with(&format!("{own}/")) {
        return Err(Refused::unfit("a step cannot move into itself"));
    }
    if from_path == to_path {
        let step = remove(tree, &from_path, at)?;
        return insert(tree, &to_path, place, step);
    }
    // The place stays taken until the other list has the step: paths name what is there before the move.
    let items = list(tree, &from_path)?;
    let step = items
        .get_mut(at)
        .map(|step| std::mem::replace(step, Tree::Gone))
        .ok_or_else(|| Refused::unfit(format!("{from} has no step {at}")))?;
    insert(tree, &to_path, place, step)?;
    tree.forget_gone();
    Ok(())
}

fn add_block(
    tree: &mut Tree,
    name: &str,
    after: Option<&str>,
    steps: &Tree,
) -> Result<(), Refused> {
    let Some(Tree::Map(blocks)) = tree.at_mut(&["blocks"]) else {
        return Err(Refused::unfit("the file has no `blocks`"));
    };
    if blocks.iter().any(|(key, _)| key == name) {
        return Err(Refused::unfit(format!("there is a block `{name}` already")));
    }
    let place = match after {
        None => blocks.len(),
        Some(after) => {
            let place = blocks.iter().position(|(key, _)| key == after);
            let place =
                place.ok_or_else(|| Refused::unfit(format!("there is no block `{after}`")))?;
            place.saturating_add(1)
        }
    };
    blocks.insert(place, (name.to_owned(), steps.clone()));
    Ok(())
}

/// `set_prompt` as a `set`.
pub(super) fn prompt(
    tree: &Tree,
    name: &str,
    part: &str,
    text: Option<&str>,
) -> Result<(Vec<String>, Option<Tree>), Refused> {
    let owned = |path: &[&str]| {
        path.iter()
            .map(|&part| part.to_owned())
            .collect::<Vec<String>>()
    };
    let parts = match tree.at(&["prompts", name]) {
        Some(Tree::Map(parts)) => Some(parts),
        _ => None,
    };
    let Some(text) = text else {
        let there = parts.is_some_and(|parts| parts.iter().any(|(key, _)| key == part));
        if !there {
            return Err(nothing_there(&["prompts", name, part]));
        }
        let last = parts.is_some_and(|parts| parts.len() == 1);
        let path = owned(&["prompts", name, part]);
        let path = if last {
            owned(&["prompts", name])
        } else {
            path
        };
        return Ok((path, None));
    };
    let text = Tree::Text(text.to_owned());
    let entry = |key: &str, value: Tree| Tree::Map(vec![(key.to_owned(), value)]);
    Ok(match (tree.at(&["prompts"]), parts) {
        (_, Some(_)) => (owned(&["prompts", name, part]), Some(text)),
        (Some(_), None) => (owned(&["prompts", name]), Some(entry(part, text))),
        (None, None) => (owned(&["prompts"]), Some(entry(name, entry(part, text)))),
    })
}
