//! Calendars under `hours:`, and the step `hours`.
//!
//! **Owns**: how a week, its spans and single days are written.
//! **Must not know**: what the time is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, shortened};
use crate::calendar::{Calendar, DAYS, Day, Span, days, zones};
use crate::flow::{ExitName, Hours, Name, Pos};
use crate::nearest::suggest;
use crate::yaml::{Entry, Kind, Node};

const SPAN_HELP: &str = "write `\"08:30-19:00\"`, or a list of them; what goes past midnight ends at 24:00 and begins anew";

impl Reader<'_> {
    /// `hours: NAME`, `hours: { check: NAME, exits: { … } }`.
    pub(super) fn hours(&mut self, node: &Node, block: &str) -> Option<Hours> {
        let Kind::Map(_) = &node.kind else {
            return Some(Hours {
                check: self.name(node, "the name of a calendar")?,
                exits: BTreeMap::new(),
            });
        };
        let fields = self.fields(node, "`hours`", &["check", "exits"], &[])?;
        let Some(check) = fields.get("check") else {
            self.missing(fields.pos, "`hours`", "check", "write `check: CALENDAR`");
            return None;
        };
        Some(Hours {
            check: self.name(check, "the name of a calendar")?,
            exits: self.exits(fields.get("exits"), "`hours`", ExitName::HOURS, block),
        })
    }

    /// The calendars of the flow.
    pub(super) fn calendars(&mut self, node: &Node) -> BTreeMap<String, Calendar> {
        let help = "write a name and below it `zone:` and `week:`";
        let mut calendars = BTreeMap::new();
        for entry in self.entries(node, "calendars", help) {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            let good = self.is_name(&name, "the name of a calendar");
            if let (true, Some(calendar)) = (good, self.calendar(entry)) {
                calendars.insert(name.text, calendar);
            }
        }
        calendars
    }

    fn calendar(&mut self, entry: &Entry) -> Option<Calendar> {
        let known = ["zone", "week", "closed_on", "also_open", "holidays"];
        let fields = self.fields(&entry.value, "a calendar", &known, &[])?;
        if let Some(node) = fields.get("holidays") {
            let message =
                "a flow has no files of holidays: `holidays` belongs to a calendar of the company";
            let help = "write the calendar into the company file as [[calendars]], or the days here under `closed_on:`";
            self.error("F101", node.pos, message, help);
        }
        let zone = match fields.get("zone") {
            Some(zone) => {
                let help = "write a zone such as `Europe/Madrid`";
                let text = self.text(zone, "a time zone", help)?;
                Some((text, zone.pos))
            }
            None => {
                let help = "write `zone: Europe/Madrid`: opening hours are local times";
                self.missing(entry.pos, "the calendar", "zone", help);
                None
            }
        };
        if fields.get("week").is_none() {
            let help = "write `week: { mon-fri: \"08:30-19:00\" }`";
            self.missing(entry.pos, "the calendar", "week", help);
        }
        let (zone, zone_pos) = zone?;
        let Some(mut calendar) = Calendar::new(entry.pos, &zone) else {
            let message = format!("there is no time zone `{}`", shortened(&zone));
            let help = suggest(&zone, zones().iter().map(String::as_str));
            self.error("F104", zone_pos, message, help);
            return None;
        };
        if let Some(week) = fields.get("week") {
            self.week(week, &mut calendar);
        }
        calendar.closed_on = fields.get("closed_on").map(|node| self.closed_on(node));
        if let Some(node) = fields.get("also_open") {
            self.also_open(node, &mut calendar);
        }
        Some(calendar)
    }

    fn week(&mut self, node: &Node, calendar: &mut Calendar) {
        let help = "write lines such as `mon-fri: \"08:30-19:00\"`";
        let mut said = [false; DAYS.len()];
        for entry in self.entries(node, "days", help) {
            let spans = self.spans(&entry.value);
            let Some(places) = days(&entry.key) else {
                let message = format!("`{}` is no day of the week", shortened(&entry.key));
                let help = "days are `mon` to `sun`, or `mon-fri`";
                self.error("F104", entry.pos, message, help);
                continue;
            };
            for place in places {
                let twice = said
                    .get_mut(place)
                    .is_some_and(|said| std::mem::replace(said, true));
                if twice {
                    let day = DAYS.get(place).copied().unwrap_or_default();
                    let message = format!("`{day}` stands in two lines");
                    let help = "write all spans of a day in one list";
                    self.error("F104", entry.pos, message, help);
                    break;
                }
                if let Some(day) = calendar.week.get_mut(place) {
                    day.clone_from(&spans);
                }
            }
        }
    }

    /// One span, or a list of them.
    fn spans(&mut self, node: &Node) -> Vec<Span> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut spans: Vec<Span> = Vec::new();
        for item in items {
            let text = match &item.kind {
                Kind::Text { text, .. } => text.as_str(),
                _ => "",
            };
            let Some(span) = Span::read(text) else {
                self.wrong_kind(item, "a span of a day", SPAN_HELP);
                continue;
            };
            if spans.iter().any(|other| other.meets(span)) {
                self.error(
                    "F104",
                    item.pos,
                    format!("`{text}` overlaps another span"),
                    SPAN_HELP,
                );
            }
            spans.push(span);
        }
        spans
    }

    fn closed_on(&mut self, node: &Node) -> BTreeSet<Day> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items
            .iter()
            .filter_map(|item| {
                let text = match &item.kind {
                    Kind::Text { text, .. } => text.as_str(),
                    _ => "",
                };
                let day = self.day(text, item.pos);
                day.map(|(day, _)| day)
            })
            .collect()
    }

    fn also_open(&mut self, node: &Node, calendar: &mut Calendar) {
        let help = "write lines such as `\"2026-12-24\": \"10:00-14:00\"`";
        for entry in self.entries(node, "days", help) {
            let spans = self.spans(&entry.value);
            let Some((day, pos)) = self.day(&entry.key, entry.pos) else {
                continue;
            };
            if calendar
                .closed_on
                .as_ref()
                .is_some_and(|closed| closed.contains(&day))
            {
                let message = format!("`{}` stands under `closed_on:` too", entry.key);
                self.error("F104", pos, message, "keep one of the two");
            }
            calendar.also_open.insert(day, spans);
        }
    }

    fn day(&mut self, text: &str, pos: Pos) -> Option<(Day, Pos)> {
        let Some(day) = Day::read(text) else {
            let message = format!("`{}` is no date", shortened(text));
            self.error(
                "F104",
                pos,
                message,
                "write `\"2026-12-24\"`: year, month, day",
            );
            return None;
        };
        Some((day, pos))
    }
}
