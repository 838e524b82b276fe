//! What the tests of a flow could come by.
//!
//! **Owns**: the list of a flow's steps and of the ways out that stand in the file.
//! **Must not know**: what a test did; [`super::Outcome`] says that in the same words.

use crate::flow::{Action, Exits, Flow, Pos, Step, Target};
use crate::port::{Way, WayOf};

/// Every step of a flow: block by name, step from 0, and where it stands.
#[must_use]
pub fn steps(flow: &Flow) -> Vec<(String, u32, Pos)> {
    let each = numbered(flow).map(|(block, number, step)| (block.to_owned(), number, step.pos));
    each.collect()
}

/// Every way out of a step that stands in the file, and where: exits, keys of menus, cases of branches, the exits of
/// waits and of `defaults:`. Waits that no `queue` uses and exits that no step can take are among them too.
#[must_use]
pub fn ways(flow: &Flow) -> Vec<(Way, Pos)> {
    let mut all = Vec::new();
    for (block, number, step) in numbered(flow) {
        let of = WayOf::Step {
            block: block.to_owned(),
            step: number,
        };
        of_step(&of, step, &mut all);
    }
    for (name, wait) in &flow.waits {
        let of = WayOf::Wait(name.clone());
        of_exits(&of, &wait.exits, wait.pos, &mut all);
        all.extend(wait.keys.iter().map(|key| {
            let (of, name) = (of.clone(), key.key.to_string());
            (Way { of, name }, wait.pos)
        }));
    }
    let top = Pos { line: 1, column: 1 };
    of_exits(&WayOf::Defaults, &flow.defaults.exits, top, &mut all);
    all
}

fn numbered(flow: &Flow) -> impl Iterator<Item = (&str, u32, &Step)> {
    flow.blocks.iter().flat_map(|block| {
        let steps = (0..).zip(&block.steps);
        steps.map(|(number, step)| (block.name.text.as_str(), number, step))
    })
}

fn of_step(of: &WayOf, step: &Step, all: &mut Vec<(Way, Pos)>) {
    let mut add = |name: String, pos: Pos| {
        let of = of.clone();
        all.push((Way { of, name }, pos));
    };
    match &step.action {
        Action::Menu(menu) => {
            for choice in &menu.choices {
                add(choice.keys.clone(), choice.pos);
            }
        }
        Action::Branch(branch) => {
            for (number, (_, target)) in (1_u32..).zip(&branch.cases) {
                add(format!("case {number}"), place(target, step.pos));
            }
            if let Some(target) = &branch.otherwise {
                add("else".to_owned(), place(target, step.pos));
            }
        }
        Action::Call(call) => {
            for (word, (pos, _)) in &call.returns {
                add(word.clone(), *pos);
            }
        }
        Action::Http(http) => {
            for (word, (pos, _)) in http.remote.iter().flat_map(|call| &call.returns) {
                add(word.clone(), *pos);
            }
        }
        _ => {}
    }
    if let Some(exits) = step.action.exits() {
        of_exits(of, exits, step.pos, all);
    }
}

fn of_exits(of: &WayOf, exits: &Exits, near: Pos, all: &mut Vec<(Way, Pos)>) {
    for (exit, target) in exits {
        let way = Way {
            of: of.clone(),
            name: exit.as_str().to_owned(),
        };
        all.push((way, place(target, near)));
    }
}

/// Where a target stands; `hangup` and `return` have no place of their own.
fn place(target: &Target, near: Pos) -> Pos {
    match target {
        Target::Block(name) => name.pos,
        Target::Hangup | Target::Return => near,
    }
}
