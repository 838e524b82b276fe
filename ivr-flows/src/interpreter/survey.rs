//! A survey while it asks and listens.
//!
//! **Owns**: one question after the other by the input rules: when the time begins, separate counts of silence and wrong
//! keys for each question, what was typed ahead; that each question that was asked is told once, answered or not.
//! **Must not know**: what answers mean.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::step_run::StepRun;
use super::{Interpreter, State};
use crate::flow::{Action, ExitName, Question, Saying, Survey};
use crate::port::{FlowOutput, PlayToken};

/// One pass through a survey.
#[derive(Debug, Default)]
pub(super) struct SurveyRun {
    /// From 0.
    question: usize,
    silences: u32,
    wrongs: u32,
    /// The prompt that plays.
    asking: Option<PlayToken>,
    /// Until when the caller may take time; none while the prompt plays.
    until: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum Lost {
    Silence,
    Wrong,
}

impl SurveyRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.until
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        self.asking
    }
}

impl Interpreter {
    pub(super) fn enter_survey(&mut self, survey: &Survey) -> Move {
        self.answer();
        self.state = State::Step(StepRun::Survey(SurveyRun::default()));
        self.ask_question(survey, None)
    }

    fn survey_run(&mut self) -> Option<&mut SurveyRun> {
        match &mut self.state {
            State::Step(StepRun::Survey(run)) => Some(run),
            _ => None,
        }
    }

    fn in_survey(&mut self, act: impl FnOnce(&mut Self, &Survey) -> Move) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Survey(survey)) = Self::action(&flow, self.at) {
            let next = act(self, survey);
            self.go(next);
        }
    }

    fn present<'s>(&mut self, survey: &'s Survey) -> Option<&'s Question> {
        let place = self.survey_run()?.question;
        survey.questions.get(place)
    }

    fn ask_question(&mut self, survey: &Survey, first: Option<&Saying>) -> Move {
        if survey.input.barge_in && !self.keys.is_empty() {
            return self.take_answer(survey);
        }
        let Some(question) = self.present(survey) else {
            return Move::Next;
        };
        let all: Vec<&Saying> = first.into_iter().chain(&question.prompt).collect();
        let token = self.start_sayings(&all);
        if let Some(run) = self.survey_run() {
            run.asking = Some(token);
            run.until = None;
        }
        Move::Stay
    }

    pub(super) fn survey_key(&mut self, key: char) {
        self.in_survey(|this, survey| {
            let asking = this.survey_run().and_then(|run| run.asking);
            this.keep(key);
            if let Some(token) = asking {
                if !survey.input.barge_in {
                    return Move::Stay;
                }
                this.put(FlowOutput::StopPlay { token });
            }
            this.take_answer(survey)
        });
    }

    pub(super) fn survey_asked(&mut self) {
        self.in_survey(Self::take_answer);
    }

    pub(super) fn survey_timeout(&mut self) {
        self.in_survey(|this, survey| this.no_answer(survey, Lost::Silence));
    }

    /// Nobody is there to be asked the rest.
    pub(super) fn survey_cut_off(&mut self) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Survey(survey)) = Self::action(&flow, self.at) {
            self.told_answer(survey, None);
        }
    }

    /// Takes a kept key, or waits for one.
    fn take_answer(&mut self, survey: &Survey) -> Move {
        let until = self.now.saturating_add(survey.input.timeout);
        let key = self.keys.pop_front();
        if let Some(run) = self.survey_run() {
            run.asking = None;
            run.until = Some(until);
        }
        let Some(key) = key else {
            return Move::Stay;
        };
        let answer = self
            .present(survey)
            .and_then(|question| question.answer(key));
        if answer.is_none() {
            // What else was typed belongs to the mistake.
            self.keys.clear();
            return self.no_answer(survey, Lost::Wrong);
        }
        self.limits.failed = false;
        self.told_answer(survey, answer);
        if let Some(run) = self.survey_run() {
            *run = SurveyRun {
                question: run.question.saturating_add(1),
                ..SurveyRun::default()
            };
        }
        self.ask_question(survey, None)
    }

    fn no_answer(&mut self, survey: &Survey, lost: Lost) -> Move {
        let Some(run) = self.survey_run() else {
            return Move::Stay;
        };
        let (counter, words) = match lost {
            Lost::Silence => (&mut run.silences, &survey.no_input),
            Lost::Wrong => (&mut run.wrongs, &survey.no_match),
        };
        *counter = counter.saturating_add(1);
        let count = *counter;
        if count >= survey.input.tries {
            self.told_answer(survey, None);
            return self.exit(ExitName::Skipped).unwrap_or(Move::Next);
        }
        let nth = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
        let first = words.get(nth).or_else(|| words.last());
        self.ask_question(survey, first)
    }

    fn told_answer(&mut self, survey: &Survey, answer: Option<u8>) {
        if let Some(question) = self.present(survey) {
            let question = question.store.text.clone();
            self.put(FlowOutput::SurveyAnswered { question, answer });
        }
    }
}
