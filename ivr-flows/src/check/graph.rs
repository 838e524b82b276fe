//! A flow as a graph of steps.
//!
//! **Owns**: which step can follow which, and whether the caller, an agent or a bound stands between them.
//! **Must not know**: what is wrong about it.

use crate::flow::{
    Action, Call, ChoiceTarget, Customer, ExitName, Exits, Flow, Http, Menu, Pos, Queue, Step,
    Target, WaitThen, find_exit,
};

/// Why one step follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// By itself: nobody did anything, so it happens to a silent caller too.
    Itself,
    /// By itself, but counted.
    Bounded,
    /// A key was pressed, or an agent talked.
    Person,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) to: usize,
    pub(super) why: Why,
}

/// One step, or the place after the last step of a block.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) block: usize,
    /// Name of the action; empty after the last step.
    pub(super) action: &'static str,
    pub(super) pos: Pos,
    pub(super) edges: Vec<Edge>,
    /// The call can end here.
    pub(super) ends: bool,
}

pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// Where each block begins.
    pub(super) starts: Vec<usize>,
}

impl Graph {
    pub(super) fn new(flow: &Flow) -> Self {
        let mut starts = Vec::new();
        let mut nodes = Vec::new();
        for (index, block) in flow.blocks.iter().enumerate() {
            starts.push(nodes.len());
            for step in &block.steps {
                let action = step.action.name();
                nodes.push(Node {
                    block: index,
                    action,
                    pos: step.pos,
                    ..Node::default()
                });
            }
            nodes.push(Node {
                block: index,
                pos: block.name.pos,
                ..Node::default()
            });
        }
        let mut graph = Self { nodes, starts };
        for (index, block) in flow.blocks.iter().enumerate() {
            let first = graph.starts.get(index).copied().unwrap_or(0);
            for (offset, step) in block.steps.iter().enumerate() {
                let last = offset.saturating_add(1) == block.steps.len();
                Builder {
                    flow,
                    graph: &mut graph,
                    at: first.saturating_add(offset),
                    last,
                }
                .step(step);
            }
        }
        graph
    }

    /// The nodes after each node, by the edges that `keep` holds for.
    pub(super) fn edges(&self, keep: impl Fn(Why) -> bool) -> Vec<Vec<usize>> {
        let after = |node: &Node| {
            node.edges
                .iter()
                .filter(|edge| keep(edge.why))
                .map(|edge| edge.to)
                .collect()
        };
        self.nodes.iter().map(after).collect()
    }

    /// The nodes before each node.
    pub(super) fn back(&self) -> Vec<Vec<usize>> {
        let mut back = vec![Vec::new(); self.nodes.len()];
        for (from, node) in self.nodes.iter().enumerate() {
            for edge in &node.edges {
                if let Some(list) = back.get_mut(edge.to) {
                    list.push(from);
                }
            }
        }
        back
    }

    /// Where the inherited `hangup` and `error` exits lead: they are taken from outside the steps.
    pub(super) fn outside(&self, flow: &Flow, exits: &Exits) -> Vec<usize> {
        [ExitName::Hangup, ExitName::Error]
            .iter()
            .filter_map(|exit| match exits.get(exit) {
                Some(Target::Block(name)) => flow.block_index(&name.text),
                Some(Target::Hangup | Target::Return) | None => None,
            })
            .filter_map(|block| self.starts.get(block).copied())
            .collect()
    }
}

struct Builder<'a> {
    flow: &'a Flow,
    graph: &'a mut Graph,
    at: usize,
    last: bool,
}

impl Builder<'_> {
    fn step(&mut self, step: &Step) {
        let action = &step.action;
        if step.when.is_some() {
            self.passed_over(action);
        }
        let places = self.flow.exit_places(action);
        match action {
            Action::Answer
            | Action::Record(_)
            | Action::Pause(_)
            | Action::Notify(_)
            | Action::Language(_)
            | Action::Set(_)
            | Action::Tag(_) => {
                self.next(Why::Itself);
            }
            Action::Customer(customer) => self.customer(customer, &places),
            Action::Http(http) => self.http(http),
            Action::Collect(_) => {
                self.next(Why::Person);
                self.exhausted(&places);
            }
            Action::Voicemail(_) => self.voicemail(&places),
            Action::Survey(_) => self.survey(&places),
            Action::Consent(_) => self.consent(&places),
            Action::NotYet(later) => self.not_yet(&later.exits),
            Action::Transfer(transfer) => self.transfer(transfer.return_here, &places),
            Action::Call(call) => self.call(call),
            Action::Hangup(_) | Action::Return(_) => self.ends(),
            Action::Play(_) => {
                self.next(Why::Itself);
                if let Some(target) = find_exit(places.iter().copied(), ExitName::Interrupted) {
                    self.target(target, Why::Person);
                }
            }
            Action::Go(go) => match &go.bound {
                None => self.target(&go.to, Why::Itself),
                Some(bound) => {
                    self.target(&go.to, Why::Bounded);
                    match &bound.then {
                        Some(then) => self.target(then, Why::Itself),
                        None => self.next(Why::Itself),
                    }
                }
            },
            Action::Branch(branch) => {
                for (_, target) in &branch.cases {
                    self.target(target, Why::Itself);
                }
                match &branch.otherwise {
                    Some(target) => self.target(target, Why::Itself),
                    None => self.next(Why::Itself),
                }
            }
            Action::Hours(_) => self.hours(&places),
            Action::Menu(menu) => self.menu(menu, &places),
            Action::Queue(queue) => self.queue(queue, &places),
        }
        // The step's own `hangup` and `error`; nothing loops through them, since each is taken once in a call.
        let own = action
            .exits()
            .map(|exits| self.graph.outside(self.flow, exits));
        for to in own.into_iter().flatten() {
            self.edge(to, Why::Bounded);
        }
    }

    /// `when:` was false. After a `queue` or `voicemail` that is last the call ends politely, entered or not.
    fn passed_over(&mut self, action: &Action) {
        if self.last && matches!(action, Action::Queue(_) | Action::Voicemail(_)) {
            self.ends();
        } else {
            self.next(Why::Itself);
        }
    }

    fn customer(&mut self, customer: &Customer, places: &[&Exits]) {
        self.next(Why::Itself);
        let own = customer.exits.get(&ExitName::Timeout);
        let none = find_exit(places.iter().copied(), ExitName::NotFound);
        for target in own.into_iter().chain(none) {
            self.target(target, Why::Itself);
        }
    }

    fn hours(&mut self, places: &[&Exits]) {
        for exit in [ExitName::Open, ExitName::Closed, ExitName::Holiday] {
            match find_exit(places.iter().copied(), exit) {
                Some(target) => self.target(target, Why::Itself),
                None if exit == ExitName::Open => self.next(Why::Itself),
                None => {}
            }
        }
    }

    fn call(&mut self, call: &Call) {
        self.next(Why::Itself);
        for (_, target) in call.returns.values() {
            self.target(target, Why::Itself);
        }
    }

    /// A failure happens to a silent caller too, and as often as it is asked.
    fn http(&mut self, http: &Http) {
        self.next(Why::Itself);
        for exit in http.failures() {
            if let Some(target) = http.exit(&self.flow.defaults.exits, *exit) {
                self.target(target, Why::Itself);
            }
        }
        for (_, target) in http.remote.iter().flat_map(|call| call.returns.values()) {
            self.target(target, Why::Itself);
        }
    }

    fn menu(&mut self, menu: &Menu, places: &[&Exits]) {
        for choice in &menu.choices {
            if let ChoiceTarget::Leave(target) = &choice.then {
                self.target(target, Why::Person);
            }
        }
        self.exhausted(places);
    }

    fn exhausted(&mut self, places: &[&Exits]) {
        for (exit, why) in [
            (ExitName::ExhaustedSilence, Why::Itself),
            (ExitName::ExhaustedWrong, Why::Person),
        ] {
            if let Some(target) = find_exit(places.iter().copied(), exit) {
                self.target(target, why);
            }
        }
    }

    /// A noise behind a caller who does nothing is a message too. After a `voicemail` that is last the call ends politely.
    fn voicemail(&mut self, places: &[&Exits]) {
        for (exit, why) in [
            (ExitName::Recorded, Why::Itself),
            (ExitName::TooShort, Why::Itself),
        ] {
            match find_exit(places.iter().copied(), exit) {
                Some(target) => self.target(target, why),
                None if self.last => self.ends(),
                None => self.next(why),
            }
        }
    }

    /// A silent caller goes on too.
    fn survey(&mut self, places: &[&Exits]) {
        self.next(Why::Person);
        match find_exit(places.iter().copied(), ExitName::Skipped) {
            Some(target) => self.target(target, Why::Itself),
            None => self.next(Why::Itself),
        }
    }

    /// Nobody may answer, however often; who talked is a person. Without a way back the call ends after the talk.
    fn transfer(&mut self, returns: bool, places: &[&Exits]) {
        for exit in [ExitName::NoAnswer, ExitName::Busy, ExitName::Failed] {
            match find_exit(places.iter().copied(), exit) {
                Some(target) => self.target(target, Why::Itself),
                None => self.next(Why::Itself),
            }
        }
        match find_exit(places.iter().copied(), ExitName::Done) {
            Some(target) => self.target(target, Why::Person),
            None if returns => self.next(Why::Person),
            None => self.ends(),
        }
    }

    /// Only `unavailable` is taken; the others are ways that will be.
    fn not_yet(&mut self, exits: &Exits) {
        for (exit, target) in exits {
            let why = match exit {
                ExitName::Error | ExitName::Hangup => continue,
                ExitName::Unavailable => Why::Itself,
                _ => Why::Person,
            };
            self.target(target, why);
        }
    }

    /// A caller who presses nothing has said one or the other, as the step has it.
    fn consent(&mut self, places: &[&Exits]) {
        for exit in [ExitName::Granted, ExitName::Denied] {
            match find_exit(places.iter().copied(), exit) {
                Some(target) => self.target(target, Why::Itself),
                None => self.next(Why::Itself),
            }
        }
    }

    fn queue(&mut self, queue: &Queue, places: &[&Exits]) {
        let keys = self.flow.wait_of(queue).map(|wait| &wait.keys);
        for key in keys.into_iter().flatten() {
            if let WaitThen::Leave(target) = &key.then {
                self.target(target, Why::Person);
            }
        }
        let mut falls_through = false;
        for exit in ExitName::QUEUE {
            let why = match exit {
                ExitName::Answered => Why::Person,
                ExitName::Hangup => continue,
                // Taken once in a call: see the interpreter's backstop.
                ExitName::Error => Why::Bounded,
                _ => Why::Itself,
            };
            match find_exit(places.iter().copied(), *exit) {
                Some(target) => self.target(target, why),
                None => falls_through = true,
            }
        }
        if falls_through && self.last {
            self.ends();
        } else if falls_through {
            self.next(Why::Itself);
        }
    }

    fn target(&mut self, target: &Target, why: Why) {
        match target {
            Target::Hangup | Target::Return => self.ends(),
            Target::Block(name) => {
                let block = self.flow.block_index(&name.text);
                if let Some(to) = block
                    .and_then(|block| self.graph.starts.get(block))
                    .copied()
                {
                    self.edge(to, why);
                }
            }
        }
    }

    fn next(&mut self, why: Why) {
        self.edge(self.at.saturating_add(1), why);
    }

    fn edge(&mut self, to: usize, why: Why) {
        if let Some(node) = self.graph.nodes.get_mut(self.at) {
            node.edges.push(Edge { to, why });
        }
    }

    fn ends(&mut self) {
        if let Some(node) = self.graph.nodes.get_mut(self.at) {
            node.ends = true;
        }
    }
}
