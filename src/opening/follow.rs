//! What follows a refusal: a redirect (RFC 9110 §15.4), authorization (§11), or the end of the opening.

use super::account::MAX_ATTEMPTS;
use super::dial::Party;
use super::failure::{DeadEnd, Failure};
use super::progress::Point;
use super::{Answer, Ask, AuthRequest, Dial, Opening, explanation};
use crate::grammar::quote;
use crate::http::{Challenge, Response, isomorphic_decode, location, to_readable};
use crate::status::Status;

impl<D: Dial, A: Ask<Cause = D::Cause>> Opening<D, A> {
    /// Prepares the plan for the next connection, or says why there is none.
    pub(super) async fn follow(&mut self, refusal: Response, party: Party) -> Result<(), Failure<D::Cause>> {
        let peer = self.plan.peer(party);
        let Err(DeadEnd { status, message, cause }) = self.next(&refusal, party).await else { return Ok(()) };
        let (own_status, own_message) = explanation::of_refusal(&peer, refusal.status);
        let (status, message) = match status {
            Some(status) => (status, message),
            None if message.is_empty() => (own_status, own_message),
            None => (own_status, format!("{own_message} {message}")),
        };
        Err(Failure { http: Some(refusal), cause, ..Failure::new(status, message) })
    }

    async fn next(&mut self, refusal: &Response, party: Party) -> Result<(), DeadEnd<D::Cause>> {
        match (party, refusal.status) {
            (Party::Proxy, 407) | (Party::Server, 401) => self.authorize(refusal, party).await,
            (Party::Server, status) => match location(refusal) {
                Some(location) if self.plan.follows_redirects() => self.redirect(&location, status).await,
                Some(location) => {
                    let target = quote(&self.plan.shown(&location));
                    let message = format!("It redirects to {target}. Open that URI, or raise the option redirects.");
                    Err(DeadEnd::new(message))
                }
                None => Err(DeadEnd::PLAIN),
            },
            _ => Err(DeadEnd::PLAIN),
        }
    }

    async fn redirect(&mut self, location: &str, status: u16) -> Result<(), DeadEnd<D::Cause>> {
        let target = self.plan.target(location)?;
        self.progress.reach(Point::OnRedirect);
        let allowed = self.ask.may_redirect(&self.plan.uri.href, &target.href, status).await;
        let forbidden = |reason| self.plan.not_followed(Status::BAD_URI, location, reason);
        match allowed {
            Ok(true) => {}
            Ok(false) => return Err(forbidden("onRedirect does not allow it.")),
            Err(cause) => return Err(DeadEnd { cause: Some(cause), ..forbidden("onRedirect failed.") }),
        }
        self.plan.follow(location, target)?;
        self.ask.moved(&self.plan.uri);
        Ok(())
    }

    /// Answers the challenge with the credentials that are known, or asks the user.
    async fn authorize(&mut self, refusal: &Response, party: Party) -> Result<(), DeadEnd<D::Cause>> {
        let field = match party {
            Party::Proxy => "Proxy-Authenticate",
            Party::Server => "WWW-Authenticate",
        };
        let values: Vec<_> = refusal.values(field).map(isomorphic_decode).collect();
        let Some(challenge) = Challenge::strongest(values.iter().map(String::as_str)) else {
            return Err(unknown_scheme(party, &to_readable(&values.join(", "))));
        };
        if !self.plan.account(party).try_again(&challenge) {
            self.ask_user(&challenge, party).await?;
        }
        let random = (self.plan.settings.random)();
        self.plan.account(party).challenged(challenge, random);
        Ok(())
    }

    async fn ask_user(&mut self, challenge: &Challenge, party: Party) -> Result<(), DeadEnd<D::Cause>> {
        let origin = self.plan.origin(party);
        let account = self.plan.account(party);
        let (scheme, realm, attempt) =
            (challenge.scheme(), challenge.realm.clone(), account.attempts.saturating_add(1));
        let request = AuthRequest { scheme, realm, origin, party, attempt };
        if attempt > MAX_ATTEMPTS {
            return Err(DeadEnd::new(format!(
                "onAuthRequired was asked {MAX_ATTEMPTS} times. Check the user name and password that it returns."
            )));
        }
        account.attempts = attempt;
        let has_credentials = account.credentials().is_some();
        self.progress.reach(Point::OnAuthRequired);
        let credentials = match self.ask.credentials(&request).await {
            Answer::Credentials(credentials) => credentials,
            Answer::GaveUp => return Err(DeadEnd::new("onAuthRequired gave up.")),
            Answer::NoCallback => return Err(nobody_to_ask(has_credentials, &request)),
            Answer::Failed(cause) => {
                return Err(DeadEnd { cause: Some(cause), ..DeadEnd::new("onAuthRequired failed.") });
            }
        };
        credentials.check(scheme).map_err(|problem| DeadEnd::new(format!("onAuthRequired: {problem}")))?;
        self.plan.account(party).set(credentials);
        Ok(())
    }
}

fn unknown_scheme<C>(party: Party, asked: &str) -> DeadEnd<C> {
    let advice = match party {
        Party::Proxy => "Use a proxy that accepts Basic or Digest.", // the option headers is for the server
        Party::Server => "Pass it in the option headers.",
    };
    DeadEnd::new(match asked {
        "" => format!("It does not say which authorization it accepts. {advice}"),
        _ => format!("It accepts no authorization that is supported, only {}. {advice}", quote(asked)),
    })
}

fn nobody_to_ask<C>(has_credentials: bool, request: &AuthRequest) -> DeadEnd<C> {
    if has_credentials {
        return DeadEnd::new("It does not accept the user name and password.");
    }
    let (scheme, realm) = (request.scheme.name(), quote(&request.realm));
    let place = match request.party {
        Party::Proxy => "the option proxy",
        Party::Server => "the URI",
    };
    DeadEnd::new(format!(
        "It asks for a user name and password ({scheme}, {realm}). Put them in {place}, or return them from \
         notificationCallbacks.onAuthRequired."
    ))
}
