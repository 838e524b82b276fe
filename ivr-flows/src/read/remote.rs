//! The step `remote`.
//!
//! **Owns**: its keys. **Must not know**: what steps the other side may answer with: that is judged when they come.

use super::Reader;
use crate::flow::{Call, ExitName, Given, Http, Name, Pos, SecretUse};
use crate::port::HttpMethod;
use crate::yaml::Node;

const HELP: &str = "write `remote: { url: \"https://bot.example/steps\", secret: NAME, exits: { timeout: BLOCK, invalid: BLOCK } }`";

impl Reader<'_> {
    /// `remote: { url: URL, secret: NAME, … }`: a question as `http` asks it, whose answer is gone through as another flow.
    pub(super) fn remote(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Http> {
        let known = [
            "url", "secret", "with", "into", "timeout", "filler", "exits",
        ];
        let fields = self.fields(node, "`remote`", &known, &[])?;
        let url = match fields.get("url") {
            Some(node) => self.url(node),
            None => {
                self.missing(pos, "`remote`", "url", HELP);
                None
            }
        };
        let secret = match fields.get("secret") {
            Some(node) => self.name(node, "a secret"),
            None => {
                let help = "name a secret: it signs the question, so that the other side knows that we ask";
                self.missing(pos, "`remote`", "secret", help);
                None
            }
        };
        let with = match fields.get("with") {
            Some(node) => self.given_names(node, "values", "a value", HELP),
            None => Vec::new(),
        };
        let with = with.into_iter().map(|(name, value)| (name.text, value));
        let filler = fields.get("filler").map(|node| self.sayings(node));
        let timeout = self.one_try(&fields);
        let (returns, exits) = self.returns(fields.get("exits"), block, ExitName::REMOTE);
        let call = Call {
            flow: Name {
                text: "remote".to_owned(),
                pos,
            },
            with: Vec::new(),
            into: self.outputs_into(fields.get("into")),
            returns,
            exits: Default::default(),
        };
        Some(Http {
            method: HttpMethod::Post,
            url: url?,
            headers: Vec::new(),
            body: Some(Given::Map(with.collect())),
            secret: Some(SecretUse {
                name: secret?,
                header: None,
            }),
            timeout,
            retries: 0,
            into: None,
            filler: filler.unwrap_or_default(),
            exits,
            remote: Some(Box::new(call)),
        })
    }
}
